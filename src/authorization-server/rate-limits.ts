/** How much of one thing is done in a time (house rule 17): per what identifies itself, never per address alone. */

import type { Clock } from '../platform/clock.ts'

export interface RateLimits {
  /** Stored rows of clients. */
  newClients: Budget
}

/** So many per period, no queue. */
export interface Budget {
  take(): boolean
}

/** Stored rows that may be made in a minute. Renewals are free, and Claude's registrations are all one row, so that a flood of invented clients never reaches them. */
const newClientsPerMinute = 120

export function createRateLimits(clock: Clock): RateLimits {
  return { newClients: createBudget(newClientsPerMinute, 60, clock) }
}

function createBudget(limit: number, periodSeconds: number, clock: Clock): Budget {
  let periodStart = clock()
  let left = limit
  return {
    take() {
      const now = clock()
      if (now - periodStart >= periodSeconds) {
        periodStart = now
        left = limit
      }
      if (left <= 0) return false
      left -= 1
      return true
    },
  }
}
