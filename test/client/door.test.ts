// Both halves against each other: every surface comes in through the real door, without a socket.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFetchBrowser } from '../../src/client/browser-fetch.ts'
import { claudeCode, claudeHosted, claudeHosted2025, strict } from '../../src/client/surfaces/index.ts'
import { strictAt } from '../../src/client/surfaces/strict.ts'
import { account, type Door, openDoor } from '../door.ts'
import { household, steps } from './connection.ts'

let door: Door
beforeEach(async () => {
  door = await openDoor()
})
afterEach(() => door.postern.close())

const surfaces = [
  claudeCode,
  claudeHosted,
  claudeHosted2025,
  strict,
  strictAt('2025-03-26'),
  strictAt('2025-06-18'),
  strictAt('2026-07-28'),
].map((surface) => [surface.title, surface] as const)

test.each(surfaces)(
  '%s: signs in, lists, calls, refreshes, and comes back without signing in',
  async (_, surface) => {
    const throughDoor = {
      fetch: (input: string | URL | Request, init?: RequestInit) => door.fetch(String(input), init),
      browser: createFetchBrowser(account),
      clock: () => door.clock.now,
    }
    const home = household({ url: door.mcpUrl }, surface)
    const first = await home.connect({
      ...throughDoor,
      calls: [{ name: 'search', arguments: {} }],
      refresh: true,
    })
    expect(first.failure).toBeUndefined()
    expect(first.tools.map(({ name }) => name)).toEqual(['search', 'erase'])
    expect(first.calls).toHaveLength(2)
    expect(first.transcript.steps.flatMap(({ problems }) => problems)).toEqual([])
    expect(steps(first)).toContain('refresh passed')

    const again = await home.connect({ ...throughDoor, browser: undefined })
    expect(again.failure).toBeUndefined()
    expect(steps(again)).toEqual(['session passed', 'lists passed'])

    door.clock.now += 2 * 3600
    const later = await home.connect({ ...throughDoor, browser: undefined })
    expect(later.failure).toBeUndefined()
    expect(steps(later).filter((step) => step.startsWith('refresh'))).toEqual(['refresh passed'])
  },
)

test('a wrong password is told as such', async () => {
  const home = household({ url: door.mcpUrl }, claudeHosted)
  const fetchDoor = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    door.fetch(String(input), init)
  const wrong = await home.connect({
    fetch: fetchDoor,
    browser: createFetchBrowser({ username: account.username, password: 'not this one' }),
  })
  expect(wrong.failure).toMatchObject({ reason: 'sign-in' })
  expect(wrong.failure?.says).toContain('were not accepted')
})
