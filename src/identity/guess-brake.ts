/** Slows guessing of passwords by name and overall (NIST SP 800-63B §3.2.2); never by peer address, which behind a tunnel is everybody's (house rule 12). */

import type { Clock } from '../platform/clock.ts'

export interface GuessLimits {
  windowSeconds: number
  /** Failures for one name in one window. */
  perName: number
  /** Failures for all names together in one window. */
  overall: number
}

/** At most 960 guesses a day at one account, of passwords that are not common ones. */
const defaultGuessLimits: GuessLimits = { windowSeconds: 900, perName: 10, overall: 200 }

export interface GuessBrake {
  /** Counts as a failure from the start, so that guesses made at once do not slip through; success takes it back. */
  take(username: string, browser: string): Attempt
}

export type Attempt =
  | { mayTry: true; succeeded(): void; wasNotLookedAt(): void }
  | { mayTry: false; retryAfterSeconds: number }

/**
 * A browser in which this person signed in before has a count of its own: strangers who guess at the name cannot
 * lock its owner out.
 */
export function createGuessBrake(clock: Clock, limits: GuessLimits = defaultGuessLimits): GuessBrake {
  const windows = new Map<string, Window>()
  const trustedBrowsers = new Set<string>()

  function windowOf(key: string): Window {
    const now = clock()
    const known = windows.get(key)
    if (known !== undefined && now < known.startedAt + limits.windowSeconds) return known
    const fresh = { startedAt: now, failures: 0 }
    windows.delete(key)
    windows.set(key, fresh)
    if (windows.size > maximumTracked) dropOldest(windows)
    return fresh
  }

  return {
    take(username, browser) {
      const name = username.normalize('NFKC').trim().toLowerCase()
      const pair = `${browser} ${name}`
      const counts = trustedBrowsers.has(pair)
        ? [{ window: windowOf(`browser ${pair}`), limit: limits.perName }]
        : [
            { window: windowOf('overall'), limit: limits.overall },
            { window: windowOf(`name ${name}`), limit: limits.perName },
          ]
      const full = counts.find(({ window, limit }) => window.failures >= limit)
      if (full !== undefined) {
        return {
          mayTry: false,
          retryAfterSeconds: full.window.startedAt + limits.windowSeconds - clock(),
        }
      }
      for (const { window } of counts) window.failures++
      const takeBack = (): void => {
        for (const { window } of counts) window.failures--
      }
      return {
        mayTry: true,
        wasNotLookedAt: takeBack,
        succeeded() {
          takeBack()
          trustedBrowsers.add(pair)
          if (trustedBrowsers.size > maximumTracked) dropOldest(trustedBrowsers)
        },
      }
    },
  }
}

interface Window {
  startedAt: number
  failures: number
}

/** Names are chosen by whoever sends them; memory is not theirs to fill. */
const maximumTracked = 10_000

function dropOldest(tracked: Map<string, unknown> | Set<string>): void {
  for (const oldest of tracked.keys()) return void tracked.delete(oldest)
}
