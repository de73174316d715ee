/** How one record of the audit log is chained to the one before, so that a changed, missing or inserted one shows. */

import { encodeBase64Url, sha256 } from '../platform/crypto.ts'
import type { AuditEntry, AuditRecord } from './storage.ts'

/** Of a log in which nothing was written yet. */
export const emptyChain: AuditTail = { number: 0, hash: '' }

export interface AuditTail {
  number: number
  hash: string
}

export function chained(entries: readonly AuditEntry[], tail: AuditTail): AuditRecord[] {
  const records: AuditRecord[] = []
  let { number, hash } = tail
  for (const entry of entries) {
    const record = { ...entry, number: number + 1, previousHash: hash }
    ;({ number, hash } = { number: record.number, hash: hashOf(record) })
    records.push({ ...record, hash })
  }
  return records
}

/** The first that does not fit, in words; undefined for a chain without a fault. `records` are in their order. */
export function findBreak(records: Iterable<AuditRecord>): string | undefined {
  let before: AuditRecord | undefined
  for (const record of records) {
    if (record.hash !== hashOf(record)) return `record ${record.number} was changed`
    if (before !== undefined && record.number !== before.number + 1) {
      return `records between ${before.number} and ${record.number} are missing`
    }
    if (before !== undefined && record.previousHash !== before.hash) {
      return `record ${record.number} does not follow record ${before.number}`
    }
    before = record
  }
  return undefined
}

/** Of every member in a fixed order; of the details, by name. */
function hashOf(record: Omit<AuditRecord, 'hash'>): string {
  const { number, at, action, actor, actorId = null, flowId = null, details, previousHash } = record
  const sorted = Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1))
  const text = JSON.stringify([previousHash, number, at, action, actor, actorId, flowId, sorted])
  return encodeBase64Url(sha256(text))
}
