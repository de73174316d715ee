// The trials of the gateway in short.

import { expect, test } from 'vitest'
import { memoryOverCalls, overload } from './gateway-torture.ts'

test('after a hundred thousand calls in fifty thousand sessions no more memory is held than before', async () => {
  const { growth } = await memoryOverCalls(100_000, () => {})
  expect(growth).toBeLessThan(1.1)
}, 120_000)

test('with ten times as many clients as there is room for, nobody waits inside but those who were let in', async () => {
  const { room, mostInside, answered, turnedAway } = await overload(5)
  expect(mostInside).toBe(room)
  expect(answered).toBeGreaterThan(0)
  expect(turnedAway).toBeGreaterThan(0)
}, 60_000)
