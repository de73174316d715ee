/** Instances and homes in memory, where there is only one, for what is embedded and for tests. */

import type { TokenHash } from '../../platform/crypto.ts'
import type { InstanceRecord, InstanceStorage } from '../storage.ts'
import type { Held } from './held.ts'

export function memoryInstances({ instances, homes }: Held): InstanceStorage {
  const holderOf = (callerHash: TokenHash): InstanceRecord | undefined =>
    instances.get(homes.get(callerHash)?.instanceId ?? '')
  return {
    async beatInstance(instance) {
      instances.set(instance.instanceId, { ...instance })
    },
    async findHome(callerHash) {
      return structuredClone(holderOf(callerHash))
    },
    async claimHome({ callerHash, claimant, aliveSince, gone, expiresAt }) {
      const isFree = !homes.has(callerHash)
      const holder = holderOf(callerHash)
      if (!isFree && holder !== undefined && holder.instanceId !== gone && holder.beatAt >= aliveSince)
        return { ...holder }
      homes.set(callerHash, { instanceId: claimant.instanceId, expiresAt })
      return { ...claimant }
    },
    async removeInstance(instanceId) {
      instances.delete(instanceId)
    },
  }
}
