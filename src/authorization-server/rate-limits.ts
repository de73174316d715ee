/** How much of one thing is done in a time: per registration, person and connection, with the address as a hint and never alone (house rules 12 and 17). */

import { OAuthError } from '../oauth/errors.ts'
import { createBoundedMap } from '../platform/bounded-map.ts'
import type { Clock } from '../platform/clock.ts'
import type { RequestSource } from './settings.ts'

/** So many at once, and so many a minute after that. */
export interface RateRule {
  burst: number
  perMinute: number
}

export type RateLimitName =
  /** Stored rows of clients, by source; renewals are free, and Claude's registrations are all one row, so that a flood of invented clients never reaches them. */
  | 'newClients'
  /** The same from Anthropic's published range, which many people share. */
  | 'newClientsOfClaude'
  /** The same from everywhere. */
  | 'newClientsInAll'
  /** Requests to authorize, by client and source. */
  | 'authorizations'
  /** Pages shown to one person and answers of that person. */
  | 'decisions'
  /** Requests to the token and revocation endpoints, by registration and source; ids that everybody shares are left out. */
  | 'tokenRequests'
  /** Refreshes of one connection. */
  | 'refreshes'
  /** Requests to change a registration, by registration. */
  | 'changes'
  /** Documents fetched from one host, so that nobody makes a hammer of us. */
  | 'documents'

export type RateRules = Readonly<Record<RateLimitName, RateRule>>

/** So high that no honest client meets them: two registrations a second from one address, without end, never do. */
export const defaultRateRules: RateRules = {
  newClients: { burst: 240, perMinute: 240 },
  newClientsOfClaude: { burst: 1200, perMinute: 1200 },
  newClientsInAll: { burst: 2400, perMinute: 2400 },
  authorizations: { burst: 300, perMinute: 300 },
  decisions: { burst: 120, perMinute: 120 },
  tokenRequests: { burst: 6000, perMinute: 6000 },
  refreshes: { burst: 1200, perMinute: 600 },
  changes: { burst: 60, perMinute: 60 },
  documents: { burst: 60, perMinute: 60 },
}

export interface RateLimits {
  /** Throws `too_many_requests`, with the time to wait. */
  take(name: RateLimitName, ...key: readonly string[]): void
  mayTake(name: RateLimitName, ...key: readonly string[]): boolean
}

/** Of so many keys; who was not heard of for longest has a full measure again. */
const maximumKeys = 20_000

/** `undefined` rules limit nothing. */
export function createRateLimits(rules: RateRules | undefined, clock: Clock): RateLimits {
  const buckets = createBoundedMap<string, { left: number; at: number }>(maximumKeys)

  /** Seconds to wait; 0 where it was taken. */
  function tryTake(name: RateLimitName, key: readonly string[]): number {
    if (rules === undefined) return 0
    const { burst, perMinute } = rules[name]
    const now = clock()
    const id = [name, ...key].join('\n')
    const bucket = buckets.get(id) ?? { left: burst, at: now }
    // A clock that was set back gives nothing, and takes nothing.
    const refilled = (Math.max(0, now - bucket.at) * perMinute) / 60
    const left = Math.min(burst, bucket.left + refilled)
    if (left < 1) return Math.max(1, Math.ceil(((1 - left) * 60) / perMinute))
    buckets.set(id, { left: left - 1, at: now })
    return 0
  }

  return {
    take(name, ...key) {
      const retryAfterSeconds = tryTake(name, key)
      if (retryAfterSeconds > 0) {
        const detail = `${name} of ${key.join(', ') || 'all'}`
        throw new OAuthError('too_many_requests', says[name], { detail, retryAfterSeconds })
      }
    },
    mayTake: (name, ...key) => tryTake(name, key) === 0,
  }
}

/** One more stored row. What everybody makes together is counted too, so that many addresses are no way around. */
export function takeNewClient(limits: RateLimits, source: RequestSource): void {
  if (source.isClaude) limits.take('newClientsOfClaude')
  else limits.take('newClients', source.name)
  limits.take('newClientsInAll')
}

const says: Readonly<Record<RateLimitName, string>> = {
  newClients: 'too many new clients register at the moment; try again later',
  newClientsOfClaude: 'too many new clients register at the moment; try again later',
  newClientsInAll: 'too many new clients register at the moment; try again later',
  authorizations: 'too many requests of this application; try again in a moment',
  decisions: 'too many requests; try again in a moment',
  tokenRequests: 'too many requests of this client; try again later',
  refreshes: 'too many refreshes of this connection; try again later',
  changes: 'too many changes of this registration; try again later',
  documents: 'too many client documents of one host are read at the moment; try again later',
}
