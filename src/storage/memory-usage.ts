/** What was used and how much, and the audit log, in memory. */

import { type AuditTail, chained, emptyChain } from './audit-chain.ts'
import { maximumToolsOfGrant } from './limits.ts'
import type { AuditRecord, AuditStorage, HourCount, ToolUse, UsageStorage } from './storage.ts'

/** By grant and tool; by hour, connector and measure. */
export interface HeldUsage {
  readonly tools: Map<string, Map<string, ToolUse>>
  readonly counts: Map<string, HourCount>
}

export function memoryUsage(
  { tools, counts }: HeldUsage,
  hasGrant: (grantId: string) => boolean,
): UsageStorage {
  function add(use: ToolUse): void {
    if (!hasGrant(use.grantId)) return
    const ofGrant = tools.get(use.grantId) ?? new Map<string, ToolUse>()
    tools.set(use.grantId, ofGrant)
    const standing = ofGrant.get(use.tool)
    if (standing === undefined) {
      if (ofGrant.size < maximumToolsOfGrant) ofGrant.set(use.tool, { ...use })
      return
    }
    standing.calls += use.calls
    standing.firstAt = Math.min(standing.firstAt, use.firstAt)
    standing.lastAt = Math.max(standing.lastAt, use.lastAt)
  }
  return {
    async recordUsage(uses, added) {
      for (const use of uses) add(use)
      for (const one of added) {
        const key = JSON.stringify([one.hourAt, one.connector, one.measure])
        const standing = counts.get(key)
        if (standing === undefined) counts.set(key, { ...one })
        else standing.count += one.count
      }
    },
    async listToolUses(grantId) {
      const uses = [...(tools.get(grantId)?.values() ?? [])]
      return uses.sort((a, b) => b.lastAt - a.lastAt || (a.tool < b.tool ? -1 : 1)).map((use) => ({ ...use }))
    },
    async listHourCounts(since) {
      const found = [...counts.values()].filter(({ hourAt }) => hourAt >= since)
      return found.sort((a, b) => a.hourAt - b.hourAt).map((one) => ({ ...one }))
    },
  }
}

/** In order of their number. */
export function memoryAudit(log: Map<number, AuditRecord>): AuditStorage {
  let tail: AuditTail = emptyChain
  return {
    async appendAudit(entries) {
      for (const record of chained(entries, tail)) {
        log.set(record.number, structuredClone(record))
        tail = record
      }
    },
    async listAudit({ before = Number.POSITIVE_INFINITY, action, actorId }, limit) {
      const found: AuditRecord[] = []
      for (const record of [...log.values()].reverse()) {
        if (found.length === limit) break
        if (record.number >= before) continue
        if (action !== undefined && record.action !== action) continue
        if (actorId !== undefined && record.actorId !== actorId) continue
        found.push(structuredClone(record))
      }
      return found
    },
    async readAudit(after, limit) {
      const following = [...log.values()].filter(({ number }) => number > after)
      return structuredClone(following.slice(0, limit))
    },
  }
}
