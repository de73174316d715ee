/** Ids that count once: of signed assertions and proofs, which are not to be accepted a second time. */

import type { TokenHash } from '../../platform/crypto.ts'

export interface UniqueIdRecord {
  /** Of the id and of all that it belongs to. */
  idHash: TokenHash
  /** Who signed it. */
  owner: string
  expiresAt: number
}

export interface UniqueIdStorage {
  /**
   * Of any number at the same time one gets `taken`; the others, and whoever comes before it expires, `already-taken`.
   * `full`, and nothing is remembered, where its owner has `maximumOfOwner` that have not expired.
   */
  takeUniqueId(
    id: UniqueIdRecord,
    maximumOfOwner: number,
    now: number,
  ): Promise<'taken' | 'already-taken' | 'full'>
}
