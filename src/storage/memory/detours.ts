/** Browsers that were sent elsewhere, in memory. */

import { maximumDetours } from '../limits.ts'
import type { DetourStorage } from '../storage.ts'
import { dropOldest, type Held } from './held.ts'

export function memoryDetours({ detours }: Held): DetourStorage {
  return {
    async saveDetour(record) {
      if (detours.has(record.stateHash)) throw new TypeError('a detour is saved once')
      detours.set(record.stateHash, { ...record })
      dropOldest(detours, maximumDetours)
    },
    async takeDetour({ stateHash, browserHash, purpose }, now) {
      const found = detours.get(stateHash)
      if (found === undefined || found.browserHash !== browserHash || found.purpose !== purpose)
        return undefined
      if (found.expiresAt <= now) return undefined
      detours.delete(stateHash)
      return { ...found }
    },
  }
}
