/** What upstreams are called with for each person, and browsers that were sent elsewhere, in memory. */

import type { TokenHash } from '../platform/crypto.ts'
import { maximumDetours } from './limits.ts'
import type {
  CredentialRecord,
  CredentialStorage,
  CredentialVersion,
  DetourRecord,
  DetourStorage,
} from './storage.ts'

export interface HeldCredential {
  record: CredentialRecord
  renewingUntil: number | undefined
}

/** By person and connector. */
export type HeldCredentials = Map<string, HeldCredential>

export function memoryCredentials(held: HeldCredentials): CredentialStorage {
  function thisVersion(wanted: CredentialVersion): HeldCredential | undefined {
    const found = held.get(keyOf(wanted.userId, wanted.connector))
    const isSame =
      found?.record.credentialId === wanted.credentialId && found.record.version === wanted.version
    return isSame ? found : undefined
  }

  return {
    async saveCredential(record) {
      const key = keyOf(record.userId, record.connector)
      held.delete(key)
      held.set(key, { record: { ...record }, renewingUntil: undefined })
    },
    async findCredential(userId, connector) {
      const found = held.get(keyOf(userId, connector))
      return found && { ...found.record }
    },
    async listCredentials({ userId, connector }, limit) {
      const wanted = [...held.values()]
        .map(({ record }) => record)
        .filter((record) => userId === undefined || record.userId === userId)
        .filter((record) => connector === undefined || record.connector === connector)
      const newest = wanted.reverse().sort((a, b) => b.createdAt - a.createdAt)
      return newest.slice(0, limit).map((record) => ({ ...record }))
    },
    async removeCredential(userId, connector) {
      return held.delete(keyOf(userId, connector))
    },
    async takeCredentialRenewal(credential, until, now) {
      const found = thisVersion(credential)
      if (found === undefined || found.record.refusedAt !== undefined) return false
      if (found.renewingUntil !== undefined && found.renewingUntil > now) return false
      found.renewingUntil = until
      return true
    },
    async dropCredentialRenewal(credential) {
      const found = thisVersion(credential)
      if (found !== undefined) found.renewingUntil = undefined
    },
    async renewCredential({ sealed, changedAt, ...renewed }) {
      const found = thisVersion(renewed)
      if (found === undefined) return false
      const version = found.record.version + 1
      found.record = { ...found.record, sealed, changedAt, version, refusedAt: undefined }
      found.renewingUntil = undefined
      return true
    },
    async refuseCredential(credential, at) {
      const found = thisVersion(credential)
      if (found === undefined || found.record.refusedAt !== undefined) return false
      found.record.refusedAt = at
      found.renewingUntil = undefined
      return true
    },
  }
}

export function forgetCredentialsOf(held: HeldCredentials, userId: string): void {
  for (const [key, { record }] of held) if (record.userId === userId) held.delete(key)
}

export function memoryDetours(detours: Map<TokenHash, DetourRecord>): DetourStorage {
  return {
    async saveDetour(record) {
      if (detours.has(record.stateHash)) throw new TypeError('a detour is saved once')
      detours.set(record.stateHash, { ...record })
      for (const oldest of detours.keys()) {
        if (detours.size <= maximumDetours) return
        detours.delete(oldest)
      }
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

function keyOf(userId: string, connector: string): string {
  return JSON.stringify([userId, connector])
}
