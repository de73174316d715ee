/** Ids that count once, in memory. */

import type { UniqueIdStorage } from '../storage.ts'
import type { Held } from './held.ts'

export function memoryUniqueIds({ uniqueIds: ids }: Held): UniqueIdStorage {
  return {
    async takeUniqueId(id, maximumOfOwner, now) {
      let count = 0
      for (const { owner, expiresAt } of ids.values()) if (owner === id.owner && expiresAt > now) count++
      if (count >= maximumOfOwner) return 'full'
      const standing = ids.get(id.idHash)
      if (standing !== undefined && standing.expiresAt > now) return 'already-taken'
      ids.set(id.idHash, { ...id })
      return 'taken'
    },
  }
}
