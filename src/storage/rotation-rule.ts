/**
 * Refresh token rotation as every adapter must judge it (OAuth 2.1 §4.3.1, house rule 2): pure, so that
 * engines differ only in how they make the step atomic.
 */

import type { TokenHash } from '../platform/crypto.ts'
import { maximumGenerations, minimumRepeatedSeconds } from './limits.ts'
import type {
  AccessTokenRecord,
  GrantRecord,
  IssuedTokens,
  RefreshTokenRecord,
  RotationRequest,
} from './storage.ts'

/** A refresh token and the access token issued with it: one row, because they live and are judged together. */
export interface Generation {
  grantId: string
  /** 0 for the first of its family. */
  generation: number
  refreshHash: TokenHash
  accessHash: TokenHash
  issuedAt: number
  /** Of either token. */
  firstUsedAt: number | undefined
  rotatedAt: number | undefined
  accessExpiresAt: number
  accessFirstUsedAt: number | undefined
}

export type RotationJudgement =
  | 'rotate'
  | 'repeat'
  | 'reused'
  | 'revoked'
  | 'expired'
  | 'unknown'
  | 'other-key'

/** `successor` is the next generation; undefined when there is none yet, or its row was dropped. */
export function judgeRotation(
  grant: GrantRecord,
  presented: Generation,
  successor: Generation | undefined,
  request: RotationRequest,
  now: number,
): RotationJudgement {
  if (grant.revokedAt !== undefined) return 'revoked'
  if (grant.expiresAt <= now) return 'expired'
  if (!isKeyRight(grant, presented, request)) return 'other-key'
  if (presented.rotatedAt === undefined) return 'rotate'
  if (successor === undefined || isRuleOver(presented.rotatedAt, successor, request, now)) return 'reused'
  // An answer that was derived with another key is not the same answer; giving it would sign the client out.
  const isSameAnswer =
    successor.refreshHash === request.successor && successor.accessHash === request.accessToken
  return isSameAnswer ? 'repeat' : 'unknown'
}

/** A grant without a key asks for none. Another key than the grant's is only for a first answer, never for one that is given again. */
function isKeyRight(grant: GrantRecord, presented: Generation, request: RotationRequest): boolean {
  if (grant.keyThumbprint === undefined || grant.keyThumbprint === request.keyThumbprint) return true
  const mayChange = request.mayChangeKey === true && request.keyThumbprint !== undefined
  return mayChange && presented.rotatedAt === undefined
}

/** The key that the grant is bound to after a rotation. */
export function keyAfter(grant: GrantRecord, request: RotationRequest): string | undefined {
  return grant.keyThumbprint === undefined ? undefined : request.keyThumbprint
}

/** Rule (a) until the successor's first use, rule (b) from then on. A window of 0 s never opens, which is `strict`. */
function isRuleOver(
  rotatedAt: number,
  successor: Generation,
  request: RotationRequest,
  now: number,
): boolean {
  return successor.firstUsedAt === undefined
    ? now - rotatedAt >= request.lostResponseSeconds
    : now - successor.firstUsedAt >= request.reuseGraceSeconds
}

export function nextGeneration(presented: Generation, request: RotationRequest, now: number): Generation {
  return {
    grantId: presented.grantId,
    generation: presented.generation + 1,
    refreshHash: request.successor,
    accessHash: request.accessToken,
    issuedAt: now,
    firstUsedAt: undefined,
    rotatedAt: undefined,
    accessExpiresAt: request.accessTokenExpiresAt,
    accessFirstUsedAt: undefined,
  }
}

/** When the access token of a repeated answer ends: later than it did only if nobody ever used it and it was about to pass. */
export function repeatedAccessExpiresAt(
  successor: Generation,
  request: RotationRequest,
  now: number,
): number {
  const isAboutToPass = successor.accessExpiresAt - now < minimumRepeatedSeconds
  return successor.accessFirstUsedAt === undefined && isAboutToPass
    ? Math.max(successor.accessExpiresAt, request.accessTokenExpiresAt)
    : successor.accessExpiresAt
}

/** How many of a grant's oldest rows each rotation looks at: one comes, so up to two may go, at constant cost. */
export const generationsLookedAt = 2

/**
 * The first generation to keep, given the oldest rows of a grant in order (one more than are looked at, for the
 * last one's successor) and the newest generation. A row goes once its successor's grace is over, so that only
 * `reused` could still be answered, and its access token has ended or it is very old.
 */
export function firstGenerationKept(
  oldest: readonly Generation[],
  newest: number,
  request: RotationRequest,
  now: number,
): number {
  for (const [index, row] of oldest.entries()) {
    const successor = oldest[index + 1]
    if (index === generationsLookedAt || successor === undefined) return row.generation
    const isAnswerKept = row.rotatedAt === undefined || !isRuleOver(row.rotatedAt, successor, request, now)
    const isAccessKept = row.accessExpiresAt > now && row.generation > newest - maximumGenerations
    if (isAnswerKept || isAccessKept) return row.generation
  }
  return 0
}

export function generationOf({ refreshToken, accessToken }: IssuedTokens): Generation {
  return {
    grantId: refreshToken.grantId,
    generation: refreshToken.generation,
    refreshHash: refreshToken.tokenHash,
    accessHash: accessToken.tokenHash,
    issuedAt: refreshToken.issuedAt,
    firstUsedAt: refreshToken.firstUsedAt,
    rotatedAt: refreshToken.rotatedAt,
    accessExpiresAt: accessToken.expiresAt,
    accessFirstUsedAt: accessToken.firstUsedAt,
  }
}

export function refreshTokenOf(row: Generation): RefreshTokenRecord {
  return {
    tokenHash: row.refreshHash,
    grantId: row.grantId,
    generation: row.generation,
    issuedAt: row.issuedAt,
    firstUsedAt: row.firstUsedAt,
    rotatedAt: row.rotatedAt,
  }
}

export function accessTokenOf(row: Generation): AccessTokenRecord {
  return {
    tokenHash: row.accessHash,
    grantId: row.grantId,
    generation: row.generation,
    expiresAt: row.accessExpiresAt,
    firstUsedAt: row.accessFirstUsedAt,
  }
}
