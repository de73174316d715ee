/** Instances and homes in memory, where there is only one, for what is embedded and for tests. */

import type { TokenHash } from '../../platform/crypto.ts'
import type { InstanceRecord, InstanceStorage } from '../storage.ts'
import { copyOf, type Held } from './held.ts'

export function memoryInstances({ instances, homes }: Held): InstanceStorage {
  const holderOf = (callerHash: TokenHash): InstanceRecord | undefined =>
    instances.get(homes.get(callerHash)?.instanceId ?? '')

  return {
    async beatInstance(instance) {
      instances.set(instance.instanceId, { ...instance })
    },
    async findHome(callerHash) {
      return copyOf(holderOf(callerHash))
    },
    async claimHome({ callerHash, claimant, aliveSince, gone, expiresAt }) {
      const home = homes.get(callerHash)
      const holder = holderOf(callerHash)
      if (home && holder && holder.instanceId !== gone && holder.beatAt >= aliveSince) {
        home.expiresAt = Math.max(home.expiresAt, expiresAt)
        return { ...holder }
      }
      homes.set(callerHash, { instanceId: claimant.instanceId, expiresAt })
      return { ...claimant }
    },
    async removeInstance(instanceId) {
      instances.delete(instanceId)
    },
  }
}
