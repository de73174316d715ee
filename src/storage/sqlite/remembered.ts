/** What every call asks, remembered: live access tokens, and that a session was not ended. A number in the file says whether that is still so, whoever wrote meanwhile. */

import { createBoundedMap } from '../../platform/bounded-map.ts'
import type { LiveAccessToken, Storage } from '../storage.ts'

/** As much of SQLite as this needs. */
export interface SqliteDatabase {
  exec(sql: string): void
  prepare(sql: string): { get(): Record<string, unknown> | undefined }
}

/** Of this file alone: it is not copied to where its records move. */
export const revocationCountTable = 'revocation_count'

const maximumTokens = 50_000
const maximumSessions = 200_000

/**
 * Triggers and no verbs of ours, so that a revocation counts whoever makes it: `postern grants revoke` in another
 * process as well. They are not part of the schema: without them nothing is lost.
 */
export function countRevocations(database: SqliteDatabase): void {
  const move = `UPDATE ${revocationCountTable} SET moved = moved + 1`
  const isOtherGrant =
    'OLD.revoked_at IS NOT NEW.revoked_at OR OLD.key_thumbprint IS NOT NEW.key_thumbprint OR OLD.expires_at > NEW.expires_at'
  database.exec(`
    CREATE TABLE IF NOT EXISTS ${revocationCountTable} (moved INTEGER NOT NULL);
    INSERT INTO ${revocationCountTable} SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM ${revocationCountTable});
    CREATE TRIGGER IF NOT EXISTS grant_changed AFTER UPDATE ON grants WHEN ${isOtherGrant} BEGIN ${move}; END;
    CREATE TRIGGER IF NOT EXISTS session_ended AFTER INSERT ON ended_mcp_sessions BEGIN ${move}; END;
    CREATE TRIGGER IF NOT EXISTS session_ended_after_all AFTER UPDATE ON ended_mcp_sessions BEGIN ${move}; END;
  `)
}

export interface Remembering {
  storage: Storage
  /** To be called after every commit of this process. */
  onCommit(): void
}

/**
 * The same verbs. The number is read once for all requests that arrived in one turn of the event loop, after they
 * arrived: what was revoked before a request came is refused to it.
 */
export function remembering(storage: Storage, reader: SqliteDatabase): Remembering {
  const selectCount = reader.prepare(`SELECT moved FROM ${revocationCountTable}`)
  let tokens = createBoundedMap<string, LiveAccessToken>(maximumTokens)
  let standing = createBoundedMap<string, true>(maximumSessions)
  let count: unknown
  let isCountOfThisTurn = false
  let isClosed = false

  function endTurn(): void {
    isCountOfThisTurn = false
  }

  /** How often anything has been revoked, now. */
  function moved(): unknown {
    if (isClosed || isCountOfThisTurn) return count
    isCountOfThisTurn = true
    setImmediate(endTurn)
    const now = readCount()
    if (now !== count) {
      count = now
      tokens = createBoundedMap(maximumTokens)
      standing = createBoundedMap(maximumSessions)
    }
    return now
  }

  /** One that cannot be read, because the records have moved on, is like no other: nothing is remembered, and the records themselves say why. */
  function readCount(): unknown {
    try {
      return selectCount.get()?.moved
    } catch {
      return Symbol('unread')
    }
  }

  const remembered: Storage = {
    ...storage,
    async findAccessToken(tokenHash, at) {
      if (isClosed) return storage.findAccessToken(tokenHash, at)
      const before = moved()
      const known = tokens.get(tokenHash)
      if (known !== undefined && isLive(known, at)) return known
      const live = await storage.findAccessToken(tokenHash, at)
      // One that was never used is about to be marked, and then is another record.
      const isSettled = live?.accessToken.firstUsedAt !== undefined
      if (live !== undefined && isSettled && moved() === before) tokens.set(tokenHash, frozen(live))
      return live
    },
    async findMcpSession(sessionHash, at) {
      if (isClosed) return storage.findMcpSession(sessionHash, at)
      const before = moved()
      if (standing.get(sessionHash) !== undefined) return undefined
      const mark = await storage.findMcpSession(sessionHash, at)
      if (mark === undefined && moved() === before) standing.set(sessionHash, true)
      return mark
    },
    close() {
      isClosed = true
      return storage.close()
    },
  }
  return { storage: remembered, onCommit: endTurn }
}

function isLive({ accessToken, grant }: LiveAccessToken, at: number): boolean {
  return accessToken.expiresAt > at && grant.expiresAt > at
}

/** Handed out again and again. */
function frozen(live: LiveAccessToken): LiveAccessToken {
  Object.freeze(live.accessToken)
  Object.freeze(live.grant.scope)
  Object.freeze(live.grant)
  return Object.freeze(live)
}
