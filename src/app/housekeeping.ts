/** Removes what has expired, a little at a time, so that no request waits long behind it. */

import type { Clock } from '../platform/clock.ts'
import type { Telemetry } from '../platform/telemetry.ts'
import type { Storage } from '../storage/storage.ts'

export interface Housekeeping {
  stop(): void
}

const intervalMs = 60_000
/** One step of writing; a backlog is worked off in further steps, with a pause for everybody else between them. */
const recordsPerStep = 200
const stepsPerRound = 50
const pauseMs = 100

export function startHousekeeping(storage: Storage, clock: Clock, telemetry: Telemetry): Housekeeping {
  let isStopped = false
  let isRunning = false

  async function round(): Promise<void> {
    if (isRunning) return
    isRunning = true
    let count = 0
    try {
      for (let step = 0; step < stepsPerRound && !isStopped; step++) {
        const removed = await storage.removeExpired(clock(), recordsPerStep)
        count += removed
        if (removed < recordsPerStep) break
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
      if (count > 0) telemetry.emit('storage.expired_removed', 'housekeeping', { count })
    } catch (error) {
      telemetry.emit('storage.housekeeping_failed', 'housekeeping', {
        reason: error instanceof Error ? error.message : String(error),
      })
    } finally {
      isRunning = false
    }
  }

  const timer = setInterval(() => void round(), intervalMs)
  // On Node a timer keeps the process alive; elsewhere it is a number and keeps nothing.
  if (typeof timer === 'object') timer.unref()
  return {
    stop() {
      isStopped = true
      clearInterval(timer)
    },
  }
}
