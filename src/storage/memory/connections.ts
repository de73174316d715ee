/** Connection stories in memory. */

import { grownConnection } from '../connection-rule.ts'
import { maximumConnections, maximumStrangersConnections } from '../limits.ts'
import type { ConnectionStorage, StoredConnection } from '../storage.ts'
import type { Held } from './held.ts'

export function memoryConnections({ connections, wholes }: Held): ConnectionStorage {
  return {
    async recordConnections(changes, now) {
      const before = connections.size
      for (const said of changes) {
        const whole = wholes.get(said.connectionId)
        const change = whole !== undefined && connections.has(whole) ? { ...said, connectionId: whole } : said
        const absorbed = change.joined.filter((id) => id !== change.connectionId)
        const found = absorbed.map((id) => connections.get(id)).filter((one) => one !== undefined)
        for (const id of absorbed) {
          connections.delete(id)
          if (!wholes.has(id)) wholes.set(id, change.connectionId)
        }
        const grown = grownConnection(connections.get(change.connectionId), found, change)
        connections.set(change.connectionId, { ...grown, recordedAt: now })
      }
      if (connections.size <= before) return
      const inOrder = latestFirst(connections).sort((a, b) => Number(b.isKnown) - Number(a.isKnown))
      for (const { connectionId } of surplusOf(inOrder)) connections.delete(connectionId)
      for (const [id, whole] of wholes) if (!connections.has(whole)) wholes.delete(id)
    },
    async listConnections({ recordedSince = 0 }, limit) {
      const matching = latestFirst(connections).filter(({ recordedAt }) => recordedAt >= recordedSince)
      return structuredClone(matching.slice(0, limit))
    },
    async findConnection(connectionId) {
      return structuredClone(connections.get(connectionId))
    },
  }
}

function latestFirst(connections: ReadonlyMap<string, StoredConnection>): StoredConnection[] {
  return [...connections.values()].reverse().sort((a, b) => b.lastAt - a.lastAt)
}

/** Which are too many, of all in the order in which they should stay: known before strange, then the latest first. */
function surplusOf(inOrder: readonly StoredConnection[]): Iterable<StoredConnection> {
  const strangers = inOrder.filter(({ isKnown }) => !isKnown)
  return [...strangers.slice(maximumStrangersConnections), ...inOrder.slice(maximumConnections)]
}
