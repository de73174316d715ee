/** Instances: the processes that serve these records at the same time (house rule 13). */

import type { TokenHash } from '../../platform/crypto.ts'

export interface InstanceRecord {
  /** Another one at each start. */
  instanceId: string
  /** Where the others reach it. */
  address: string
  /** When it was last heard of. */
  beatAt: number
}

/** Whose processes run on the claimant. */
export interface HomeClaim {
  callerHash: TokenHash
  claimant: InstanceRecord
  /** Who was last heard of before that is dead. */
  aliveSince: number
  /** Was not reached, whatever it says of itself. */
  gone?: string | undefined
  expiresAt: number
}

export interface InstanceStorage {
  beatInstance(instance: InstanceRecord): Promise<void>
  /** Undefined where there is none, or its instance has left. It may be dead. */
  findHome(callerHash: TokenHash): Promise<InstanceRecord | undefined>
  /**
   * The home that stands, which then does not end before `expiresAt`, or the claimant where none does. Of any number at
   * once all are told the same.
   */
  claimHome(claim: HomeClaim): Promise<InstanceRecord>
  /** It has ended in order. */
  removeInstance(instanceId: string): Promise<void>
}
