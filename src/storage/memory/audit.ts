/** The audit log in memory. */

import { chained } from '../audit-chain.ts'
import type { AuditRecord, AuditStorage } from '../storage.ts'
import type { Held } from './held.ts'

export function memoryAudit(held: Held): AuditStorage {
  const { audit: log } = held
  return {
    async appendAudit(entries) {
      for (const record of chained(entries, held.auditTail)) {
        log.set(record.number, structuredClone(record))
        held.auditTail = record
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
