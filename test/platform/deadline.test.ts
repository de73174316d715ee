// Deadlines of one length stand in one row: each is met or missed by itself, in the order in which they began.

import { afterEach, expect, test, vi } from 'vitest'
import { startDeadline } from '../../src/platform/deadline.ts'

afterEach(() => void vi.useRealTimers())

test('what is late is told once, in order, and what was met is not', () => {
  vi.useFakeTimers()
  const late: string[] = []
  startDeadline(1000, () => late.push('first'))
  vi.advanceTimersByTime(400)
  const met = startDeadline(1000, () => late.push('met'))
  startDeadline(1000, () => late.push('second'))
  startDeadline(300, () => late.push('short'))
  met.clear()
  met.clear()
  vi.advanceTimersByTime(599)
  expect(late).toEqual(['short'])
  vi.advanceTimersByTime(2)
  expect(late).toEqual(['short', 'first'])
  vi.advanceTimersByTime(401)
  expect(late).toEqual(['short', 'first', 'second'])
  vi.advanceTimersByTime(10_000)
  expect(late).toHaveLength(3)
})

test('one that is begun while others are told is told in its turn', () => {
  vi.useFakeTimers()
  const late: string[] = []
  startDeadline(700, () => {
    late.push('first')
    startDeadline(700, () => late.push('third'))
  })
  startDeadline(700, () => late.push('second'))
  vi.advanceTimersByTime(701)
  expect(late).toEqual(['first', 'second'])
  vi.advanceTimersByTime(702)
  expect(late).toEqual(['first', 'second', 'third'])
})

test('a row that was empty for long begins anew', () => {
  vi.useFakeTimers()
  const late: string[] = []
  startDeadline(500, () => late.push('met')).clear()
  vi.advanceTimersByTime(5000)
  startDeadline(500, () => late.push('late'))
  vi.advanceTimersByTime(499)
  expect(late).toEqual([])
  vi.advanceTimersByTime(2)
  expect(late).toEqual(['late'])
})

test('a fault of one is told to the process, and takes nobody with it', async () => {
  const { promise: told, resolve } = Promise.withResolvers<unknown>()
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.once('uncaughtException', resolve)
  const { promise: served, resolve: serve } = Promise.withResolvers<void>()
  startDeadline(11, () => {
    throw new Error('a fault')
  })
  startDeadline(11, serve)
  await served
  expect(await told).toMatchObject({ message: 'a fault' })
  for (const listener of others) process.on('uncaughtException', listener)
})
