/** Keys, encrypted under the master key. */

/** A data key, encrypted under the master key, which is never here (house rule 5). */
export interface WrappedKeyRecord {
  purpose: string
  /** Names the master key that wraps it; derived from it, tells nothing about it. */
  masterKeyId: string
  wrapped: Uint8Array
  createdAt: number
}

export interface KeyStorage {
  listKeys(): Promise<WrappedKeyRecord[]>
  /**
   * Inserts unless the purpose has a key, and returns the one that stands. Rejects while any stored key is wrapped by
   * another master key: a server that still holds the old one must not add a key that the new one cannot open.
   */
  addKeyIfAbsent(key: WrappedKeyRecord): Promise<WrappedKeyRecord>
  /** False when nothing was there. */
  removeKey(purpose: string): Promise<boolean>
  /** All or none; refused (false) if any stored key is not wrapped by `fromMasterKeyId`, or is not among `keys`. */
  rewrapKeys(fromMasterKeyId: string, keys: readonly WrappedKeyRecord[]): Promise<boolean>
}
