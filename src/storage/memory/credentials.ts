/** What upstreams are called with for each person, in memory. */

import type { CredentialStorage, CredentialVersion } from '../storage.ts'
import { copyOf, type Held, type HeldCredential, newestFirst } from './held.ts'

export function memoryCredentials({ credentials }: Held): CredentialStorage {
  function thisVersion(wanted: CredentialVersion): HeldCredential | undefined {
    const found = credentials.get(keyOf(wanted.userId, wanted.connector))
    const isSame =
      found?.record.credentialId === wanted.credentialId && found.record.version === wanted.version
    return isSame ? found : undefined
  }

  return {
    async saveCredential(record) {
      const key = keyOf(record.userId, record.connector)
      credentials.delete(key)
      credentials.set(key, { record: { ...record }, renewingUntil: undefined })
    },
    async findCredential(userId, connector) {
      return copyOf(credentials.get(keyOf(userId, connector))?.record)
    },
    async listCredentials({ userId, connector }, limit) {
      const wanted = [...credentials.values()]
        .map(({ record }) => record)
        .filter((record) => userId === undefined || record.userId === userId)
        .filter((record) => connector === undefined || record.connector === connector)
      return newestFirst(wanted, limit)
    },
    async removeCredential(userId, connector) {
      return credentials.delete(keyOf(userId, connector))
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

export function forgetCredentialsOf({ credentials }: Held, userId: string): void {
  for (const [key, { record }] of credentials) if (record.userId === userId) credentials.delete(key)
}

function keyOf(userId: string, connector: string): string {
  return JSON.stringify([userId, connector])
}
