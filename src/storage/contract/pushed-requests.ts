/** Authorization requests that were pushed and wait for their browser (RFC 9126). */

import type { TokenHash } from '../../platform/crypto.ts'

export interface PushedRequestRecord {
  referenceHash: TokenHash
  clientId: string
  /** As a query string, without what authenticated its client. */
  parameters: string
  createdAt: number
  expiresAt: number
}

export interface PushedRequestStorage {
  /** Beyond 10 000 the oldest go. */
  savePushedRequest(record: PushedRequestRecord): Promise<void>
  /** Succeeds once, and only for its own client: another who asks leaves it where it is. */
  takePushedRequest(
    referenceHash: TokenHash,
    clientId: string,
    now: number,
  ): Promise<PushedRequestRecord | undefined>
}
