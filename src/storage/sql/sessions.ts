/** Browser sessions, and MCP sessions that were ended, in SQL. */

import type { TokenHash } from '../../platform/crypto.ts'
import type { BrowserSessionRecord, SessionStorage } from '../storage.ts'
import { columnList, insertInto, readInteger, readText, type SqlDriver, type SqlRow } from './driver.ts'

const columns = ['session_hash', 'user_id', 'created_at', 'expires_at'] as const

const upsertSession = `${insertInto('browser_sessions', columns)} ON CONFLICT (session_hash) DO UPDATE SET
  user_id = excluded.user_id, created_at = excluded.created_at, expires_at = excluded.expires_at`
const selectSession = `SELECT ${columnList(columns)} FROM browser_sessions WHERE session_hash = ? AND expires_at > ?`

export function sqlSessions(driver: SqlDriver): SessionStorage {
  return {
    saveBrowserSession: ({ sessionHash, userId, createdAt, expiresAt }) =>
      driver.write(async (transaction) => {
        await transaction.run(upsertSession, [sessionHash, userId, createdAt, expiresAt])
      }),
    async findBrowserSession(sessionHash, now) {
      const [row] = await driver.read(selectSession, [sessionHash, now])
      return row && readBrowserSession(row)
    },
    removeBrowserSession: (sessionHash) =>
      driver.write(async (transaction) => {
        await transaction.run('DELETE FROM browser_sessions WHERE session_hash = ?', [sessionHash])
      }),
    endMcpSession: (sessionHash, expiresAt) =>
      driver.write(async (transaction) => {
        await transaction.run(
          `INSERT INTO ended_mcp_sessions (session_hash, expires_at) VALUES (?, ?)
          ON CONFLICT (session_hash) DO UPDATE SET expires_at = excluded.expires_at
          WHERE ended_mcp_sessions.expires_at < excluded.expires_at`,
          [sessionHash, expiresAt],
        )
      }),
    async isMcpSessionEnded(sessionHash, now) {
      const select = 'SELECT session_hash FROM ended_mcp_sessions WHERE session_hash = ? AND expires_at > ?'
      return (await driver.read(select, [sessionHash, now])).length > 0
    },
  }
}

function readBrowserSession(row: SqlRow): BrowserSessionRecord {
  return {
    sessionHash: readText(row, 'session_hash') as TokenHash,
    userId: readText(row, 'user_id'),
    createdAt: readInteger(row, 'created_at'),
    expiresAt: readInteger(row, 'expires_at'),
  }
}
