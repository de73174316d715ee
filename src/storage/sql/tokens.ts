/** Grants and tokens in SQL; a refresh token and the access token issued with it are one row. */

import type { TokenHash } from '../../platform/crypto.ts'
import { revokedBecause } from '../limits.ts'
import {
  accessTokenOf,
  firstGenerationKept,
  type Generation,
  generationOf,
  generationsLookedAt,
  judgeRotation,
  keyAfter,
  nextGeneration,
  refreshTokenOf,
  repeatedAccessExpiresAt,
} from '../rotation-rule.ts'
import type { GrantRecord, IssuedTokens, Rotation, RotationRequest, TokenStorage } from '../storage.ts'
import {
  columnList,
  formatNames,
  insertInto,
  readInteger,
  readNames,
  readOptionalInteger,
  readOptionalText,
  readText,
  type SqlDriver,
  type SqlRow,
  type SqlTransaction,
  type SqlValue,
} from './driver.ts'

const grantColumns = [
  'grant_id',
  'flow_id',
  'client_id',
  'client_row_id',
  'client_name',
  'user_id',
  'resource',
  'scope',
  'redirect_uri',
  'created_at',
  'last_used_at',
  'expires_at',
  'revoked_at',
  'revoked_reason',
  'key_thumbprint',
] as const
const generationColumns = [
  'grant_id',
  'generation',
  'refresh_hash',
  'access_hash',
  'issued_at',
  'first_used_at',
  'rotated_at',
  'access_expires_at',
  'access_first_used_at',
] as const

const insertGrant = insertInto('grants', grantColumns)
const insertGeneration = insertInto('token_generations', generationColumns)
const selectGrants = `SELECT ${columnList(grantColumns)} FROM grants`
const selectWithGrant = `SELECT ${columnList(generationColumns, 't', 't_')}, ${columnList(grantColumns, 'g')}
  FROM token_generations t JOIN grants g ON g.grant_id = t.grant_id`
const selectByAccessToken = `${selectWithGrant}
  WHERE t.access_hash = ? AND t.access_expires_at > ? AND g.revoked_at IS NULL AND g.expires_at > ?`
const selectByRefreshToken = `${selectWithGrant} WHERE t.refresh_hash = ?`
const selectGeneration = `SELECT ${columnList(generationColumns, 't', 't_')} FROM token_generations t
  WHERE t.grant_id = ? AND t.generation = ?`
const selectOldest = `SELECT ${columnList(generationColumns, 't', 't_')} FROM token_generations t
  WHERE t.grant_id = ? ORDER BY t.generation LIMIT ?`

export function sqlTokens(driver: SqlDriver): TokenStorage {
  return {
    saveGrant: (tokens) => driver.write((transaction) => insertTokens(transaction, tokens)),
    async findRefreshToken(tokenHash) {
      const [row] = await driver.read(selectByRefreshToken, [tokenHash])
      return row && { refreshToken: refreshTokenOf(readGeneration(row)), grant: readGrant(row) }
    },
    rotateRefreshToken: (request, now) =>
      driver.write((transaction) => rotateRefreshToken(transaction, request, now)),
    async findAccessToken(tokenHash, now) {
      const [row] = await driver.read(selectByAccessToken, [tokenHash, now, now])
      return row && { accessToken: accessTokenOf(readGeneration(row)), grant: readGrant(row) }
    },
    markAccessTokenUsed: (tokenHash, at) =>
      driver.write(async (transaction) => {
        const [row] = await transaction.read(
          `UPDATE token_generations SET
            first_used_at = COALESCE(first_used_at, ?), access_first_used_at = COALESCE(access_first_used_at, ?)
          WHERE access_hash = ? RETURNING grant_id`,
          [at, at, tokenHash],
        )
        if (row === undefined) return
        await transaction.run('UPDATE grants SET last_used_at = ? WHERE grant_id = ? AND last_used_at < ?', [
          at,
          readText(row, 'grant_id'),
          at,
        ])
      }),
    async findGrant(grantId) {
      const [row] = await driver.read(`${selectGrants} WHERE grant_id = ?`, [grantId])
      return row && readGrant(row)
    },
    async listGrants({ userId, clientId }, limit) {
      const conditions: string[] = []
      const values: SqlValue[] = []
      if (userId !== undefined) {
        conditions.push('user_id = ?')
        values.push(userId)
      }
      if (clientId !== undefined) {
        conditions.push('(client_row_id = ? OR client_id = ?)')
        values.push(clientId, clientId)
      }
      const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
      const newest = `${selectGrants} ${where} ORDER BY created_at DESC, grant_id DESC LIMIT ?`
      return (await driver.read(newest, [...values, limit])).map(readGrant)
    },
    revokeGrant: (grantId, at, reason) =>
      driver.write(
        async (transaction) => (await revokeWhere(transaction, 'grant_id = ?', [grantId], at, reason)) > 0,
      ),
  }
}

export async function insertTokens(transaction: SqlTransaction, tokens: IssuedTokens): Promise<void> {
  await transaction.run(insertGrant, grantValuesOf(tokens.grant))
  await transaction.run(insertGeneration, generationValuesOf(generationOf(tokens)))
}

async function rotateRefreshToken(
  transaction: SqlTransaction,
  request: RotationRequest,
  now: number,
): Promise<Rotation> {
  const [row] = await transaction.lock(selectByRefreshToken, [request.presented])
  if (row === undefined) return { outcome: 'unknown' }
  const presented = readGeneration(row)
  const grant = readGrant(row)
  const successor =
    presented.rotatedAt === undefined ? undefined : await findSuccessor(transaction, presented)
  const judgement = judgeRotation(grant, presented, successor, request, now)
  switch (judgement) {
    case 'rotate':
      return {
        outcome: 'rotated',
        grant: await rotate(transaction, grant, presented, request, now),
        accessTokenExpiresAt: request.accessTokenExpiresAt,
      }
    case 'repeat':
      return successor === undefined
        ? { outcome: 'unknown' }
        : {
            outcome: 'repeated',
            grant,
            accessTokenExpiresAt: await repeat(transaction, successor, request, now),
          }
    case 'reused': {
      const reason = revokedBecause.refreshTokenReused
      await revokeWhere(transaction, 'grant_id = ?', [grant.grantId], now, reason)
      return { outcome: 'reused', grant: { ...grant, revokedAt: now, revokedReason: reason } }
    }
    case 'revoked':
    case 'expired':
    case 'unknown':
    case 'other-key':
      return { outcome: judgement }
  }
}

async function findSuccessor(
  transaction: SqlTransaction,
  presented: Generation,
): Promise<Generation | undefined> {
  const [row] = await transaction.read(selectGeneration, [presented.grantId, presented.generation + 1])
  return row && readGeneration(row)
}

async function rotate(
  transaction: SqlTransaction,
  grant: GrantRecord,
  presented: Generation,
  request: RotationRequest,
  now: number,
): Promise<GrantRecord> {
  const { grantId } = grant
  const next = nextGeneration(presented, request, now)
  const moved = {
    lastUsedAt: Math.max(grant.lastUsedAt, now),
    expiresAt: request.grantExpiresAt,
    keyThumbprint: keyAfter(grant, request),
  }
  await transaction.run(
    `UPDATE token_generations SET rotated_at = ?, first_used_at = COALESCE(first_used_at, ?)
    WHERE grant_id = ? AND generation = ?`,
    [now, now, grantId, presented.generation],
  )
  await transaction.run(insertGeneration, generationValuesOf(next))
  await transaction.run(
    'UPDATE grants SET last_used_at = ?, expires_at = ?, key_thumbprint = ? WHERE grant_id = ?',
    [moved.lastUsedAt, moved.expiresAt, moved.keyThumbprint ?? null, grantId],
  )
  const oldest = await transaction.read(selectOldest, [grantId, generationsLookedAt + 1])
  const rows = oldest.map(readGeneration)
  const firstKept = firstGenerationKept(rows, next.generation, request, now)
  if (rows[0] !== undefined && rows[0].generation < firstKept) {
    await transaction.run('DELETE FROM token_generations WHERE grant_id = ? AND generation < ?', [
      grantId,
      firstKept,
    ])
  }
  return { ...grant, ...moved }
}

async function repeat(
  transaction: SqlTransaction,
  successor: Generation,
  request: RotationRequest,
  now: number,
): Promise<number> {
  const expiresAt = repeatedAccessExpiresAt(successor, request, now)
  if (expiresAt !== successor.accessExpiresAt) {
    await transaction.run(
      'UPDATE token_generations SET access_expires_at = ? WHERE grant_id = ? AND generation = ?',
      [expiresAt, successor.grantId, successor.generation],
    )
  }
  return expiresAt
}

/** Gives the number of grants that were revoked: those on which the condition holds and that were not before. */
export function revokeWhere(
  transaction: SqlTransaction,
  condition: string,
  values: readonly SqlValue[],
  at: number,
  reason: string,
): Promise<number> {
  return transaction.run(
    `UPDATE grants SET revoked_at = ?, revoked_reason = ? WHERE (${condition}) AND revoked_at IS NULL`,
    [at, reason, ...values],
  )
}

function grantValuesOf(grant: GrantRecord): SqlValue[] {
  return [
    grant.grantId,
    grant.flowId,
    grant.clientId,
    grant.clientRowId ?? null,
    grant.clientName,
    grant.userId,
    grant.resource,
    formatNames(grant.scope),
    grant.redirectUri,
    grant.createdAt,
    grant.lastUsedAt,
    grant.expiresAt,
    grant.revokedAt ?? null,
    grant.revokedReason ?? null,
    grant.keyThumbprint ?? null,
  ]
}

function readGrant(row: SqlRow): GrantRecord {
  return {
    grantId: readText(row, 'grant_id'),
    flowId: readText(row, 'flow_id'),
    clientId: readText(row, 'client_id'),
    clientRowId: readOptionalText(row, 'client_row_id'),
    clientName: readText(row, 'client_name'),
    userId: readText(row, 'user_id'),
    resource: readText(row, 'resource'),
    scope: readNames(row, 'scope'),
    redirectUri: readText(row, 'redirect_uri'),
    createdAt: readInteger(row, 'created_at'),
    lastUsedAt: readInteger(row, 'last_used_at'),
    expiresAt: readInteger(row, 'expires_at'),
    revokedAt: readOptionalInteger(row, 'revoked_at'),
    revokedReason: readOptionalText(row, 'revoked_reason'),
    keyThumbprint: readOptionalText(row, 'key_thumbprint'),
  }
}

function generationValuesOf(row: Generation): SqlValue[] {
  return [
    row.grantId,
    row.generation,
    row.refreshHash,
    row.accessHash,
    row.issuedAt,
    row.firstUsedAt ?? null,
    row.rotatedAt ?? null,
    row.accessExpiresAt,
    row.accessFirstUsedAt ?? null,
  ]
}

function readGeneration(row: SqlRow): Generation {
  return {
    grantId: readText(row, 't_grant_id'),
    generation: readInteger(row, 't_generation'),
    refreshHash: readText(row, 't_refresh_hash') as TokenHash,
    accessHash: readText(row, 't_access_hash') as TokenHash,
    issuedAt: readInteger(row, 't_issued_at'),
    firstUsedAt: readOptionalInteger(row, 't_first_used_at'),
    rotatedAt: readOptionalInteger(row, 't_rotated_at'),
    accessExpiresAt: readInteger(row, 't_access_expires_at'),
    accessFirstUsedAt: readOptionalInteger(row, 't_access_first_used_at'),
  }
}
