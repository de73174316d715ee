/** Removal, in memory, of records whose time has passed. */

import {
  auditKeptSeconds,
  connectionKeptSeconds,
  hourCountKeptSeconds,
  silentInstanceKeptSeconds,
  staleDocumentKeptSeconds,
  takenCodeKeptSeconds,
} from '../limits.ts'
import type { Held } from './held.ts'
import { dropGeneration, hasLiveGrant } from './tokens.ts'

/** Up to `limit` records of all kinds together; a grant's tokens go with it and count as one. */
export function removeExpiredRecords(held: Held, now: number, limit: number): number {
  let left = limit
  function removeWhere<K, V>(map: Map<K, V>, isOver: (value: V) => boolean, forget?: (value: V) => void) {
    for (const [key, value] of map) {
      if (left === 0) return
      if (!isOver(value)) continue
      map.delete(key)
      forget?.(value)
      left--
    }
  }
  const isPast = (record: { expiresAt: number }) => record.expiresAt <= now
  removeWhere(held.pending, isPast)
  removeWhere(held.browserSessions, isPast)
  removeWhere(held.mcpSessions, isPast)
  removeWhere(held.codes, (code) =>
    code.grantId === undefined ? isPast(code) : code.expiresAt + takenCodeKeptSeconds <= now,
  )
  removeWhere(
    held.families,
    (family) => isPast(family.grant),
    (family) => {
      for (const row of family.generations) dropGeneration(held, row)
      held.toolUses.delete(family.grant.grantId)
    },
  )
  removeWhere(held.clients, ({ clientId, expiresAt }) => {
    return expiresAt !== undefined && expiresAt <= now && !hasLiveGrant(held, clientId, now)
  })
  removeWhere(held.documents, ({ clientId, freshUntil }) => {
    return freshUntil + staleDocumentKeptSeconds <= now && !hasLiveGrant(held, clientId, now)
  })
  if (left > 0 && held.setupLink !== undefined && isPast(held.setupLink)) {
    held.setupLink = undefined
    left--
  }
  removeWhere(held.invitations, isPast)
  removeWhere(held.uniqueIds, isPast)
  removeWhere(held.pushedRequests, isPast)
  removeWhere(held.detours, isPast)
  removeWhere(held.connections, ({ lastAt }) => lastAt + connectionKeptSeconds <= now)
  removeWhere(held.homes, isPast)
  removeWhere(held.instances, ({ beatAt }) => beatAt + silentInstanceKeptSeconds <= now)
  removeWhere(held.hourCounts, ({ hourAt }) => hourAt + hourCountKeptSeconds <= now)
  removeWhere(held.audit, ({ at }) => at + auditKeptSeconds <= now)
  return limit - left
}
