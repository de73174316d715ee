/** Authorization requests that wait for a person, and the codes they end in. */

import type { TokenHash } from '../../platform/crypto.ts'
import type { IssuedTokens } from './tokens.ts'

export interface PendingAuthorizationRecord {
  pendingId: string
  /** Of the cookie of the one browser that may go on with it. */
  browserHash: TokenHash
  flowId: string
  clientId: string
  redirectUri: string
  state: string | undefined
  resource: string
  /** Names of the offered scopes that were asked for. */
  scope: readonly string[]
  codeChallenge: string
  /** Of the key that the code is to be bound to, if the request named one (RFC 9449 §10). */
  keyThumbprint?: string | undefined
  createdAt: number
  expiresAt: number
  /** The one that stands: the first. */
  decision: PendingDecision | undefined
}

export type PendingDecision =
  | { kind: 'approved'; scope: readonly string[]; userId: string; decidedAt: number }
  | { kind: 'denied'; decidedAt: number }

export interface AuthorizationCodeRecord {
  codeHash: TokenHash
  flowId: string
  clientId: string
  userId: string
  redirectUri: string
  resource: string
  scope: readonly string[]
  codeChallenge: string
  /** Of the key that must be proved where it is exchanged. */
  keyThumbprint?: string | undefined
  createdAt: number
  expiresAt: number
  wrongVerifiers: number
  /** The grant it was exchanged for, once it was taken. */
  grantId: string | undefined
}

export interface AuthorizationStorage {
  /** Rejects for an id that is there: a second save would undo a decision. */
  savePendingAuthorization(record: PendingAuthorizationRecord): Promise<void>
  findPendingAuthorization(pendingId: string, now: number): Promise<PendingAuthorizationRecord | undefined>
  /**
   * Decides once. The first decision stands, whatever a second submission says; the record comes back as it
   * stands, so that both submissions can give the same answer. With the first approval the code is
   * stored in the same step.
   */
  decidePendingAuthorization(
    pendingId: string,
    decision: PendingDecision,
    code: AuthorizationCodeRecord | undefined,
    now: number,
  ): Promise<PendingAuthorizationRecord | undefined>
  /** Also a code that was taken or is expired, until it is removed: a replay has to be told from a guess. */
  findAuthorizationCode(codeHash: TokenHash): Promise<AuthorizationCodeRecord | undefined>
  /** Adds one and returns the new count; 0 for a code that is not there. */
  countWrongVerifier(codeHash: TokenHash): Promise<number>
  /**
   * Succeeds once: of any number at the same time, one gets `taken`, and grant and tokens are stored in that
   * same step. `gone` when there is no such code, when it expired at `now` without having been taken, and when the
   * stored client that the grant names was removed.
   */
  takeAuthorizationCode(
    codeHash: TokenHash,
    tokens: IssuedTokens,
    now: number,
  ): Promise<'taken' | 'already-taken' | 'gone'>
}
