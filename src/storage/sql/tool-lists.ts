/** Lists of tools in SQL. */

import { maximumToolLists } from '../limits.ts'
import type { ToolListRecord, ToolListStorage } from '../storage.ts'
import { toolListHash } from '../tool-list-rule.ts'
import { columnList, insertInto, readInteger, readText, type SqlDriver, type SqlRow } from './driver.ts'

const columns = ['connector', 'seen_at', 'list_hash', 'tools'] as const

const newestFirst = `SELECT ${columnList(columns)} FROM tool_lists WHERE connector = ? ORDER BY sequence DESC LIMIT ?`

export function sqlToolLists(driver: SqlDriver): ToolListStorage {
  return {
    noteToolList: ({ connector, seenAt, tools }) =>
      driver.write(async (transaction) => {
        const hash = toolListHash(tools)
        // Every instance sees the same change: the second sees what the first has kept.
        await transaction.hold([`tool list of ${connector}`])
        const [newest] = await transaction.read(newestFirst, [connector, 1])
        if (newest !== undefined && readText(newest, 'list_hash') === hash) return false
        const values = [connector, seenAt, hash, JSON.stringify(tools)]
        await transaction.run(insertInto('tool_lists', columns), values)
        await transaction.run(
          `DELETE FROM tool_lists WHERE connector = ? AND sequence NOT IN
            (SELECT sequence FROM tool_lists WHERE connector = ? ORDER BY sequence DESC LIMIT ?)`,
          [connector, connector, maximumToolLists],
        )
        return true
      }),
    async listToolLists(connector, limit) {
      return (await driver.read(newestFirst, [connector, limit])).map(readList)
    },
  }
}

function readList(row: SqlRow): ToolListRecord {
  return {
    connector: readText(row, 'connector'),
    seenAt: readInteger(row, 'seen_at'),
    tools: JSON.parse(readText(row, 'tools')) as ToolListRecord['tools'],
  }
}
