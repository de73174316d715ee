/** Grants and tokens in memory. */

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
import { copyOf, type Family, type Held, newestFirst } from './held.ts'

export function memoryTokens(held: Held): TokenStorage {
  const { families, byRefreshToken, byAccessToken } = held
  return {
    async saveGrant(tokens) {
      storeTokens(held, tokens)
    },
    async findRefreshToken(tokenHash) {
      const row = byRefreshToken.get(tokenHash)
      const family = row && families.get(row.grantId)
      return family && { refreshToken: refreshTokenOf(row), grant: { ...family.grant } }
    },
    async rotateRefreshToken(request, now): Promise<Rotation> {
      const presented = byRefreshToken.get(request.presented)
      const family = presented && families.get(presented.grantId)
      if (presented === undefined || family === undefined) return { outcome: 'unknown' }
      const successor = family.generations.find((row) => row.generation === presented.generation + 1)
      const judgement = judgeRotation(family.grant, presented, successor, request, now)
      if (judgement === 'rotate') {
        rotate(held, family, presented, request, now)
        const { accessTokenExpiresAt } = request
        return { outcome: 'rotated', grant: { ...family.grant }, accessTokenExpiresAt }
      }
      if (judgement === 'repeat' && successor !== undefined) {
        successor.accessExpiresAt = repeatedAccessExpiresAt(successor, request, now)
        const accessTokenExpiresAt = successor.accessExpiresAt
        return { outcome: 'repeated', grant: { ...family.grant }, accessTokenExpiresAt }
      }
      if (judgement === 'reused') {
        family.grant.revokedAt = now
        family.grant.revokedReason = revokedBecause.refreshTokenReused
        return { outcome: 'reused', grant: { ...family.grant } }
      }
      const isPlain = judgement === 'revoked' || judgement === 'expired' || judgement === 'other-key'
      return { outcome: isPlain ? judgement : 'unknown' }
    },
    async findAccessToken(tokenHash, now) {
      const row = byAccessToken.get(tokenHash)
      const grant = row && families.get(row.grantId)?.grant
      if (row === undefined || grant === undefined || grant.revokedAt !== undefined) return undefined
      if (row.accessExpiresAt <= now || grant.expiresAt <= now) return undefined
      return { accessToken: accessTokenOf(row), grant: { ...grant } }
    },
    async markAccessTokenUsed(tokenHash, at) {
      const row = byAccessToken.get(tokenHash)
      const grant = row && families.get(row.grantId)?.grant
      if (row === undefined || grant === undefined) return
      row.accessFirstUsedAt ??= at
      row.firstUsedAt ??= at
      grant.lastUsedAt = Math.max(grant.lastUsedAt, at)
    },
    async findGrant(grantId) {
      return copyOf(families.get(grantId)?.grant)
    },
    async listGrants(filter, limit) {
      const grants = [...families.values()].map((family) => family.grant)
      const matching = grants.filter(
        (grant) =>
          (filter.clientId === undefined || isGrantOf(grant, filter.clientId)) &&
          (filter.userId === undefined || grant.userId === filter.userId),
      )
      return newestFirst(matching, limit)
    },
    async revokeGrant(grantId, at, reason) {
      const grant = families.get(grantId)?.grant
      if (grant === undefined || grant.revokedAt !== undefined) return false
      grant.revokedAt = at
      grant.revokedReason = reason
      return true
    },
  }
}

export function storeTokens(held: Held, tokens: IssuedTokens): void {
  refuseKnown(held, tokens.refreshToken.tokenHash, tokens.accessToken.tokenHash)
  const first = generationOf(tokens)
  held.families.set(tokens.grant.grantId, { grant: { ...tokens.grant }, generations: [first] })
  held.byRefreshToken.set(first.refreshHash, first)
  held.byAccessToken.set(first.accessHash, first)
}

/** Before anything is changed: what SQL's unique columns refuse, a Map would overwrite. */
function refuseKnown(held: Held, refreshHash: TokenHash, accessHash: TokenHash): void {
  if (held.byRefreshToken.has(refreshHash) || held.byAccessToken.has(accessHash)) {
    throw new TypeError('a token is stored once')
  }
}

function rotate(
  held: Held,
  family: Family,
  presented: Generation,
  request: RotationRequest,
  now: number,
): void {
  refuseKnown(held, request.successor, request.accessToken)
  presented.rotatedAt = now
  presented.firstUsedAt ??= now
  const next = nextGeneration(presented, request, now)
  family.generations.push(next)
  held.byRefreshToken.set(next.refreshHash, next)
  held.byAccessToken.set(next.accessHash, next)
  family.grant.expiresAt = request.grantExpiresAt
  family.grant.keyThumbprint = keyAfter(family.grant, request)
  family.grant.lastUsedAt = Math.max(family.grant.lastUsedAt, now)
  const oldest = family.generations.slice(0, generationsLookedAt + 1)
  const firstKept = firstGenerationKept(oldest, next.generation, request, now)
  for (const row of oldest) {
    if (row.generation >= firstKept) break
    family.generations.shift()
    dropGeneration(held, row)
  }
}

export function dropGeneration(held: Held, row: Generation): void {
  held.byRefreshToken.delete(row.refreshHash)
  held.byAccessToken.delete(row.accessHash)
}

export function revokeWhere(
  held: Held,
  matches: (grant: GrantRecord) => boolean,
  at: number,
  reason: string,
): number {
  let count = 0
  for (const { grant } of held.families.values()) {
    if (!matches(grant) || grant.revokedAt !== undefined) continue
    grant.revokedAt = at
    grant.revokedReason = reason
    count++
  }
  return count
}

export function hasLiveGrant(held: Held, clientId: string, now: number): boolean {
  for (const { grant } of held.families.values()) {
    if (isGrantOf(grant, clientId) && grant.revokedAt === undefined && grant.expiresAt > now) return true
  }
  return false
}

export function isGrantOf(grant: GrantRecord, clientId: string): boolean {
  return grant.clientRowId === clientId || grant.clientId === clientId
}
