/** When a server that ends before it has answered anything may be started again: at once at first, then after longer and longer waits. */

import { createBoundedMap } from '../platform/bounded-map.ts'

export interface RestartLimits {
  /** Failures in a row after which there is a wait. */
  freeRestarts: number
  /** The first wait; each is twice the one before. */
  backoffMs: number
  maximumBackoffMs: number
}

export interface Restarts {
  /** Why it is not started now, if it is not. */
  findObstacle(key: string): Obstacle | undefined
  failed(key: string, sentence: string): void
  answered(key: string): void
}

export interface Obstacle {
  /** What it died of the last time. */
  sentence: string
  waitSeconds: number
}

export function createRestarts(limits: RestartLimits): Restarts {
  const failures = createBoundedMap<string, { count: number; until: number; sentence: string }>(4096)
  return {
    findObstacle(key) {
      const failure = failures.get(key)
      if (failure === undefined) return undefined
      const waitSeconds = Math.ceil((failure.until - performance.now()) / 1000)
      return waitSeconds > 0 ? { sentence: failure.sentence, waitSeconds } : undefined
    },
    failed(key, sentence) {
      const count = (failures.get(key)?.count ?? 0) + 1
      const doublings = count - limits.freeRestarts
      const waitMs = doublings < 0 ? 0 : Math.min(limits.backoffMs * 2 ** doublings, limits.maximumBackoffMs)
      failures.set(key, { count, until: performance.now() + waitMs, sentence })
    },
    answered: (key) => void failures.delete(key),
  }
}
