/** Which tools were used, and what happened in each hour, in SQL. */

import { maximumToolsOfGrant } from '../limits.ts'
import type { HourCount, ToolUse, UsageStorage } from '../storage.ts'
import {
  columnList,
  insertInto,
  readInteger,
  readText,
  type SqlDriver,
  type SqlRow,
  type SqlTransaction,
} from './driver.ts'

const useColumns = ['grant_id', 'tool', 'calls', 'first_at', 'last_at'] as const
const countColumns = ['hour_at', 'connector', 'measure', 'count'] as const

const addToUse = `UPDATE tool_uses SET calls = calls + ?,
  first_at = CASE WHEN first_at > ? THEN ? ELSE first_at END,
  last_at = CASE WHEN last_at < ? THEN ? ELSE last_at END
  WHERE grant_id = ? AND tool = ?`
/** Another process may have added it since it was looked for; what it counted stands, and this is added to it. */
const insertUse = `${insertInto('tool_uses', useColumns)}
  ON CONFLICT (grant_id, tool) DO UPDATE SET calls = tool_uses.calls + excluded.calls`
const addCount = `${insertInto('hour_counts', countColumns)}
  ON CONFLICT (hour_at, connector, measure) DO UPDATE SET count = hour_counts.count + excluded.count`

export function sqlUsage(driver: SqlDriver): UsageStorage {
  return {
    recordUsage: (uses, counts) =>
      driver.write(async (transaction) => {
        // In one order, so that two processes that record at once wait for each other and never in a circle.
        for (const use of inOrder(uses, ({ grantId, tool }) => `${grantId} ${tool}`)) {
          await add(transaction, use)
        }
        const keyOf = ({ hourAt, connector, measure }: HourCount) => `${hourAt} ${connector} ${measure}`
        for (const { hourAt, connector, measure, count } of inOrder(counts, keyOf)) {
          await transaction.run(addCount, [hourAt, connector, measure, count])
        }
      }),
    async listToolUses(grantId) {
      const sql = `SELECT ${columnList(useColumns)} FROM tool_uses WHERE grant_id = ? ORDER BY last_at DESC, tool`
      return (await driver.read(sql, [grantId])).map(readUse)
    },
    async listHourCounts(since) {
      const sql = `SELECT ${columnList(countColumns)} FROM hour_counts WHERE hour_at >= ? ORDER BY hour_at`
      return (await driver.read(sql, [since])).map(readCount)
    },
  }
}

async function add(transaction: SqlTransaction, use: ToolUse): Promise<void> {
  const { grantId, tool, calls, firstAt, lastAt } = use
  const changed = await transaction.run(addToUse, [calls, firstAt, firstAt, lastAt, lastAt, grantId, tool])
  if (changed > 0) return
  const [grant] = await transaction.read('SELECT grant_id FROM grants WHERE grant_id = ?', [grantId])
  if (grant === undefined) return
  const known = await transaction.read('SELECT tool FROM tool_uses WHERE grant_id = ?', [grantId])
  if (known.length >= maximumToolsOfGrant) return
  await transaction.run(insertUse, [grantId, tool, calls, firstAt, lastAt])
}

function inOrder<T>(all: readonly T[], keyOf: (one: T) => string): T[] {
  return [...all].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

function readUse(row: SqlRow): ToolUse {
  return {
    grantId: readText(row, 'grant_id'),
    tool: readText(row, 'tool'),
    calls: readInteger(row, 'calls'),
    firstAt: readInteger(row, 'first_at'),
    lastAt: readInteger(row, 'last_at'),
  }
}

function readCount(row: SqlRow): HourCount {
  return {
    hourAt: readInteger(row, 'hour_at'),
    connector: readText(row, 'connector'),
    measure: readText(row, 'measure'),
    count: readInteger(row, 'count'),
  }
}
