/** Removal, in SQL, of records whose time has passed. */

import {
  auditKeptSeconds,
  connectionKeptSeconds,
  hourCountKeptSeconds,
  silentInstanceKeptSeconds,
  staleDocumentKeptSeconds,
  takenCodeKeptSeconds,
} from '../limits.ts'
import type { SqlTransaction, SqlValue } from './driver.ts'

/** Up to `limit` rows of all kinds together; a grant's tokens go with it and count as one. */
export async function removeExpiredRows(
  transaction: SqlTransaction,
  now: number,
  limit: number,
): Promise<number> {
  let left = limit
  async function remove(table: string, key: string, isOver: string, values: SqlValue[]): Promise<void> {
    if (left <= 0) return
    left -= await transaction.run(
      `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE ${isOver} LIMIT ?)`,
      [...values, left],
    )
  }
  await remove('pending_authorizations', 'pending_id', 'expires_at <= ?', [now])
  await remove('browser_sessions', 'session_hash', 'expires_at <= ?', [now])
  await remove('ended_mcp_sessions', 'session_hash', 'expires_at <= ?', [now])
  await remove(
    'authorization_codes',
    'code_hash',
    'expires_at <= ? AND (grant_id IS NULL OR expires_at <= ?)',
    [now, now - takenCodeKeptSeconds],
  )
  left -= await removeGrants(transaction, now, left)
  await remove(
    'clients',
    'client_id',
    `expires_at <= ? AND NOT EXISTS (${liveGrant('client_row_id', 'clients')})
      AND NOT EXISTS (${liveGrant('client_id', 'clients')})`,
    [now, now, now],
  )
  await remove(
    'client_documents',
    'client_id',
    `fresh_until <= ? AND NOT EXISTS (${liveGrant('client_id', 'client_documents')})`,
    [now - staleDocumentKeptSeconds, now],
  )
  await remove('setup_links', 'only_one', 'expires_at <= ?', [now])
  await remove('invitations', 'invitation_id', 'expires_at <= ?', [now])
  await remove('pushed_requests', 'reference_hash', 'expires_at <= ?', [now])
  await remove('detours', 'state_hash', 'expires_at <= ?', [now])
  await remove('unique_ids', 'id_hash', 'expires_at <= ?', [now])
  await remove('connections', 'connection_id', 'last_at <= ?', [now - connectionKeptSeconds])
  await remove('joined_connections', 'joined_id', 'expires_at <= ?', [now])
  await remove('homes', 'caller_hash', 'expires_at <= ?', [now])
  await remove('instances', 'instance_id', 'beat_at <= ?', [now - silentInstanceKeptSeconds])
  await remove('hour_counts', 'sequence', 'hour_at <= ?', [now - hourCountKeptSeconds])
  await remove('audit_log', 'number', 'at <= ?', [now - auditKeptSeconds])
  return limit - left
}

function liveGrant(column: string, table: string): string {
  return `SELECT 1 FROM grants g WHERE g.${column} = ${table}.client_id AND g.revoked_at IS NULL AND g.expires_at > ?`
}

async function removeGrants(transaction: SqlTransaction, now: number, limit: number): Promise<number> {
  if (limit <= 0) return 0
  const over = 'SELECT grant_id FROM grants WHERE expires_at <= ? ORDER BY expires_at, grant_id LIMIT ?'
  await transaction.run(`DELETE FROM token_generations WHERE grant_id IN (${over})`, [now, limit])
  await transaction.run(`DELETE FROM tool_uses WHERE grant_id IN (${over})`, [now, limit])
  return transaction.run(`DELETE FROM grants WHERE grant_id IN (${over})`, [now, limit])
}
