/** Grants and tokens. */

import type { TokenHash } from '../../platform/crypto.ts'

/** What one person allowed one installation of a client: a family of refresh tokens and their access tokens. */
export interface GrantRecord {
  grantId: string
  flowId: string
  clientId: string
  /** The stored client it was made with, which many registrations can share; undefined for one known by its document. */
  clientRowId: string | undefined
  clientName: string
  userId: string
  resource: string
  scope: readonly string[]
  redirectUri: string
  createdAt: number
  lastUsedAt: number
  /** Moves on with each refresh. */
  expiresAt: number
  revokedAt: number | undefined
  revokedReason: string | undefined
  /** Of the key that its tokens are bound to (RFC 9449). */
  keyThumbprint?: string | undefined
}

export interface RefreshTokenRecord {
  tokenHash: TokenHash
  grantId: string
  /** 0 for the first of its family. */
  generation: number
  issuedAt: number
  /** When this token, or the access token issued with it, was first used. */
  firstUsedAt: number | undefined
  /** When it was exchanged for its successor. */
  rotatedAt: number | undefined
}

export interface AccessTokenRecord {
  tokenHash: TokenHash
  grantId: string
  /** Of the refresh token it was issued with. */
  generation: number
  expiresAt: number
  firstUsedAt: number | undefined
}

export interface IssuedTokens {
  grant: GrantRecord
  refreshToken: RefreshTokenRecord
  accessToken: AccessTokenRecord
}

/** All that a token check needs, in one look-up. */
export interface LiveAccessToken {
  accessToken: AccessTokenRecord
  grant: GrantRecord
}

export interface RotationRequest {
  presented: TokenHash
  successor: TokenHash
  accessToken: TokenHash
  accessTokenExpiresAt: number
  /** The new end of the grant, epoch seconds. */
  grantExpiresAt: number
  /** How long the same answer is given while nothing of the successor was ever used. */
  lostResponseSeconds: number
  /** How long it is given after the successor's first use. */
  reuseGraceSeconds: number
  /** Of the key that was proved with this request. */
  keyThumbprint?: string | undefined
  /** A client that proves itself otherwise may go on with another key; the grant is then bound to that. */
  mayChangeKey?: boolean | undefined
}

/**
 * `rotated`: the successor now stands. `repeated`: this very token was rotated before and the rule still
 * gives the same answer; `accessTokenExpiresAt` is that answer's, moved to the requested instant if it was about to
 * pass unused (less than 60 s left), and may have passed if it was used. `other-key`: the grant is bound to a key, and
 * this was not it: nothing was changed, since whoever lacks the key must not be able to end the grant either. `reused`: the rule is over; the grant was
 * revoked in this step. `revoked`, `expired`, `unknown`: nothing was changed. `unknown` also where the answer that
 * stands has other hashes than the requested ones, as after a change of the key that successors are derived with.
 */
export type Rotation =
  | { outcome: 'rotated'; grant: GrantRecord; accessTokenExpiresAt: number }
  | { outcome: 'repeated'; grant: GrantRecord; accessTokenExpiresAt: number }
  | { outcome: 'reused'; grant: GrantRecord }
  | { outcome: 'revoked' | 'expired' | 'unknown' | 'other-key' }

export interface TokenStorage {
  /** A grant that no code came before. */
  saveGrant(tokens: IssuedTokens): Promise<void>
  findRefreshToken(
    tokenHash: TokenHash,
  ): Promise<{ refreshToken: RefreshTokenRecord; grant: GrantRecord } | undefined>
  /**
   * Swaps or says why not, in one step (house rule 2). Using a refresh token counts as its first use. A window is
   * open for less than its seconds; 0 never opens. Rows of generations for which the answer can only be `reused` may
   * be dropped once their access token has ended, or once they are more than 256 generations old; such a token is
   * then `unknown` here, and known by its own mac to the caller, who revokes the grant that it names.
   */
  rotateRefreshToken(request: RotationRequest, now: number): Promise<Rotation>
  /** Undefined for an unknown or expired token, or one of an expired or revoked grant. The hot path: one indexed look-up. */
  findAccessToken(tokenHash: TokenHash, now: number): Promise<LiveAccessToken | undefined>
  /** Sets `firstUsedAt` of the access token and of its refresh token where unset, and the grant's `lastUsedAt`. */
  markAccessTokenUsed(tokenHash: TokenHash, at: number): Promise<void>
  findGrant(grantId: string): Promise<GrantRecord | undefined>
  /** Also revoked ones. `clientId` may also be that of a stored client, for all that were made with it. */
  listGrants(filter: { userId?: string; clientId?: string }, limit: number): Promise<GrantRecord[]>
  /** True for the call that revoked it, false when it was revoked or absent. Its tokens are dead when this resolves. */
  revokeGrant(grantId: string, at: number, reason: string): Promise<boolean>
}
