/** What may happen to the wrapped keys as a set: they are all under one master key (house rule 5). */

import type { WrappedKeyRecord } from './storage.ts'
import { StorageError } from './storage-error.ts'

/** A server that still holds the old master key must not add a key that the new one cannot open. */
export function refuseAddition(key: WrappedKeyRecord, stored: Iterable<WrappedKeyRecord>): void {
  for (const { masterKeyId } of stored) {
    if (masterKeyId !== key.masterKeyId) throw otherMasterKey(masterKeyId, key.masterKeyId)
  }
}

export function isCompleteRewrap(
  fromMasterKeyId: string,
  stored: readonly WrappedKeyRecord[],
  rewrapped: readonly WrappedKeyRecord[],
): boolean {
  const purposes = new Set(rewrapped.map((key) => key.purpose))
  return (
    purposes.size === stored.length &&
    purposes.size === rewrapped.length &&
    stored.every((key) => key.masterKeyId === fromMasterKeyId && purposes.has(key.purpose))
  )
}

export function otherMasterKey(storedId: string, givenId: string): StorageError {
  return new StorageError(
    'wrong-master-key',
    `the stored keys belong to master key ${storedId}, but this is master key ${givenId}; use the key file that was made with this database`,
  )
}
