/** The audit log in SQL: whoever appends holds the one row that says where its chain ends. */

import { chained } from '../audit-chain.ts'
import type { AuditRecord, AuditStorage } from '../storage.ts'
import {
  columnList,
  insertInto,
  readInteger,
  readOptionalText,
  readText,
  type SqlDriver,
  type SqlRow,
  type SqlValue,
} from './driver.ts'

const columns = [
  'number',
  'at',
  'action',
  'actor',
  'actor_id',
  'flow_id',
  'details',
  'previous_hash',
  'hash',
] as const

const select = `SELECT ${columnList(columns)} FROM audit_log`

export function sqlAudit(driver: SqlDriver): AuditStorage {
  return {
    appendAudit: (entries) =>
      driver.write(async (transaction) => {
        const [row] = await transaction.lock('SELECT number, hash FROM audit_tail WHERE only_one = 1', [])
        if (row === undefined) throw new TypeError('the audit log has lost its end')
        const records = chained(entries, { number: readInteger(row, 'number'), hash: readText(row, 'hash') })
        for (const record of records) {
          await transaction.run(insertInto('audit_log', columns), valuesOf(record))
        }
        const last = records.at(-1)
        if (last === undefined) return
        await transaction.run('UPDATE audit_tail SET number = ?, hash = ? WHERE only_one = 1', [
          last.number,
          last.hash,
        ])
      }),
    async listAudit({ before, action, actorId }, limit) {
      const conditions: string[] = []
      const values: SqlValue[] = []
      const where = (condition: string, value: SqlValue | undefined): void => {
        if (value === undefined) return
        conditions.push(condition)
        values.push(value)
      }
      where('number < ?', before)
      where('action = ?', action)
      where('actor_id = ?', actorId)
      const clause = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
      const newest = `${select} ${clause} ORDER BY number DESC LIMIT ?`
      return (await driver.read(newest, [...values, limit])).map(readRecord)
    },
    async readAudit(after, limit) {
      const oldest = `${select} WHERE number > ? ORDER BY number LIMIT ?`
      return (await driver.read(oldest, [after, limit])).map(readRecord)
    },
  }
}

function valuesOf(record: AuditRecord): SqlValue[] {
  const { number, at, action, actor, actorId, flowId, details, previousHash, hash } = record
  const optional = [actorId ?? null, flowId ?? null]
  return [number, at, action, actor, ...optional, JSON.stringify(details), previousHash, hash]
}

function readRecord(row: SqlRow): AuditRecord {
  return {
    number: readInteger(row, 'number'),
    at: readInteger(row, 'at'),
    action: readText(row, 'action'),
    actor: readText(row, 'actor'),
    actorId: readOptionalText(row, 'actor_id'),
    flowId: readOptionalText(row, 'flow_id'),
    details: JSON.parse(readText(row, 'details')) as AuditRecord['details'],
    previousHash: readText(row, 'previous_hash'),
    hash: readText(row, 'hash'),
  }
}
