/** Wrapped keys in memory. */

import type { KeyStorage } from '../storage.ts'
import { isCompleteRewrap, refuseAddition } from '../wrapped-keys.ts'
import type { Held } from './held.ts'

export function memoryKeys({ keys }: Held): KeyStorage {
  return {
    async listKeys() {
      return [...keys.values()].map((key) => ({ ...key }))
    },
    async addKeyIfAbsent(key) {
      refuseAddition(key, keys.values())
      const standing = keys.get(key.purpose) ?? { ...key }
      keys.set(key.purpose, standing)
      return { ...standing }
    },
    async removeKey(purpose) {
      return keys.delete(purpose)
    },
    async rewrapKeys(fromMasterKeyId, rewrapped) {
      if (!isCompleteRewrap(fromMasterKeyId, [...keys.values()], rewrapped)) return false
      for (const key of rewrapped) keys.set(key.purpose, { ...key })
      return true
    },
  }
}
