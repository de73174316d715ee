/** Passkeys and recovery codes in memory. */

import type { PasskeyRecord, PasskeyStorage } from '../storage.ts'
import { copyOf, type Held } from './held.ts'
import { endBrowserSessions } from './sessions.ts'

export function memoryPasskeys(held: Held): PasskeyStorage {
  const { passkeys, recoveryCodes } = held
  const of = (userId: string): PasskeyRecord[] =>
    [...passkeys.values()].filter((passkey) => passkey.userId === userId)

  return {
    async addPasskey(passkey, maximum) {
      if (of(passkey.userId).length >= maximum) return 'full'
      if (passkeys.has(passkey.passkeyId)) return 'id-taken'
      passkeys.set(passkey.passkeyId, { ...passkey })
      return 'added'
    },
    async findPasskey(passkeyId) {
      return copyOf(passkeys.get(passkeyId))
    },
    async listPasskeys(userId) {
      const newest = of(userId).sort(
        (a, b) => b.createdAt - a.createdAt || (a.passkeyId < b.passkeyId ? 1 : -1),
      )
      return newest.map((passkey) => ({ ...passkey }))
    },
    async usePasskey(passkeyId, counter, at) {
      const found = passkeys.get(passkeyId)
      const countsOn =
        found !== undefined && (found.counter < counter || (found.counter === 0 && counter === 0))
      if (!countsOn) return false
      found.counter = counter
      found.lastUsedAt = at
      return true
    },
    async removePasskey(userId, passkeyId) {
      if (passkeys.get(passkeyId)?.userId !== userId) return false
      endBrowserSessions(held, userId)
      return passkeys.delete(passkeyId)
    },
    async saveRecoveryCodes(userId, codeHashes) {
      recoveryCodes.set(userId, new Set(codeHashes))
    },
    async takeRecoveryCode(userId, codeHash) {
      return recoveryCodes.get(userId)?.delete(codeHash) ?? false
    },
    async countRecoveryCodes(userId) {
      return recoveryCodes.get(userId)?.size ?? 0
    },
  }
}

export function forgetPasskeysOf({ passkeys, recoveryCodes }: Held, userId: string): void {
  for (const { passkeyId, userId: owner } of passkeys.values())
    if (owner === userId) passkeys.delete(passkeyId)
  recoveryCodes.delete(userId)
}
