/** Browser sessions, and what became of MCP sessions, in SQL. */

import type { TokenHash } from '../../platform/crypto.ts'
import type { BrowserSessionRecord, McpSessionMark, SessionStorage } from '../storage.ts'
import {
  columnList,
  insertInto,
  readInteger,
  readOptionalText,
  readText,
  type SqlDriver,
  type SqlRow,
} from './driver.ts'

const columns = ['session_hash', 'user_id', 'created_at', 'expires_at'] as const

const upsertSession = `${insertInto('browser_sessions', columns)} ON CONFLICT (session_hash) DO UPDATE SET
  user_id = excluded.user_id, created_at = excluded.created_at, expires_at = excluded.expires_at`
const selectSession = `SELECT ${columnList(columns)} FROM browser_sessions WHERE session_hash = ? AND expires_at > ?`

/** A row without an owner is a session that was ended. */
const upsertEnded = `INSERT INTO ended_mcp_sessions (session_hash, expires_at, owner) VALUES (?, ?, NULL)
  ON CONFLICT (session_hash) DO UPDATE SET owner = NULL, expires_at = CASE
    WHEN excluded.expires_at > ended_mcp_sessions.expires_at THEN excluded.expires_at
    ELSE ended_mcp_sessions.expires_at END`
const insertClaimed = `INSERT INTO ended_mcp_sessions (session_hash, expires_at, owner) VALUES (?, ?, ?)
  ON CONFLICT (session_hash) DO NOTHING`
const selectMark = 'SELECT owner FROM ended_mcp_sessions WHERE session_hash = ?'

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
    async findMcpSession(sessionHash, now) {
      const [row] = await driver.read(`${selectMark} AND expires_at > ?`, [sessionHash, now])
      return row && readMark(row)
    },
    endMcpSession: (sessionHash, expiresAt) =>
      driver.write(async (transaction) => {
        await transaction.run(upsertEnded, [sessionHash, expiresAt])
      }),
    claimMcpSession: (sessionHash, owner, expiresAt) =>
      driver.write(async (transaction) => {
        await transaction.run(insertClaimed, [sessionHash, expiresAt, owner])
        const [row] = await transaction.read(selectMark, [sessionHash])
        return row === undefined ? { kind: 'claimed', owner } : readMark(row)
      }),
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

function readMark(row: SqlRow): McpSessionMark {
  const owner = readOptionalText(row, 'owner')
  return owner === undefined ? { kind: 'ended' } : { kind: 'claimed', owner }
}
