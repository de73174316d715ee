/** Detours: a browser was sent to another server, to sign in or to connect an account, and is to come back. */

import type { TokenHash } from '../../platform/crypto.ts'

export interface DetourRecord {
  /** Of the `state` that it was sent with. */
  stateHash: TokenHash
  /** Of the cookie of the one browser that may come back with it. */
  browserHash: TokenHash
  /** What it was sent for, and by whom it may be taken. */
  purpose: string
  /** Encrypted: what has to be known when it comes back. */
  sealed: Uint8Array
  createdAt: number
  expiresAt: number
}

export interface DetourStorage {
  /** Beyond 100 000 the oldest go. */
  saveDetour(record: DetourRecord): Promise<void>
  /** Succeeds once, and only for its own browser and purpose: another who asks leaves it where it is. */
  takeDetour(
    detour: Pick<DetourRecord, 'stateHash' | 'browserHash' | 'purpose'>,
    now: number,
  ): Promise<DetourRecord | undefined>
}
