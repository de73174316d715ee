/** The stories of all connections, with a pause between many of them. */

import { type Story, tellStory } from '../connections/story.ts'
import type { Clock } from '../platform/clock.ts'
import type { Storage, StoredConnection } from '../storage/storage.ts'
import { sparing } from './sparing.ts'

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
export function createStories(storage: Pick<Storage, 'listConnections'>, clock: Clock): Stories {
  return sparing(async () => {
    const now = clock()
    const found = await storage.listConnections({}, maximumStories)
    const told: Told[] = []
    for (let at = 0; at < found.length; at += stretch) {
      for (const connection of found.slice(at, at + stretch))
        told.push({ connection, story: tellStory(connection, now) })
      if (at + stretch < found.length) await new Promise((resolve) => setTimeout(resolve, 0))
    }
    return told
  })
}
