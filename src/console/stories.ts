/** The stories of all connections, told anew as often as that costs little: whoever watches the console must not slow down what it shows. */

import { type Story, tellStory } from '../connections/story.ts'
import type { Clock } from '../platform/clock.ts'
import type { Storage, StoredConnection } from '../storage/storage.ts'

export interface Told {
  connection: StoredConnection
  story: Story
}

/** The latest first. */
export type Stories = () => Promise<readonly Told[]>

/** Beyond them nobody looks; storage keeps twice as many. */
const maximumStories = 5_000
/** Told at a stretch, before others have their turn. */
const stretch = 100
/** What takes longer is not done for every page. */
const cheapMs = 50
/** Of all time, what telling may take while somebody watches. */
const share = 0.1

export function createStories(storage: Pick<Storage, 'listConnections'>, clock: Clock): Stories {
  let latest: Promise<readonly Told[]> | undefined
  let goodUntil = 0

  async function tellAll(): Promise<readonly Told[]> {
    const now = clock()
    const startedAt = performance.now()
    const found = await storage.listConnections({}, maximumStories)
    const told: Told[] = []
    for (let at = 0; at < found.length; at += stretch) {
      for (const connection of found.slice(at, at + stretch))
        told.push({ connection, story: tellStory(connection, now) })
      if (at + stretch < found.length) await new Promise((resolve) => setTimeout(resolve, 0))
    }
    const tookMs = performance.now() - startedAt
    goodUntil = tookMs < cheapMs ? 0 : performance.now() + tookMs / share
    return told
  }

  return function stories() {
    if (latest !== undefined && performance.now() < goodUntil) return latest
    const telling = tellAll()
    latest = telling
    // Whoever comes while it is told waits for the same.
    goodUntil = Number.POSITIVE_INFINITY
    telling.catch(() => {
      latest = undefined
    })
    return telling
  }
}
