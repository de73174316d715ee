/** Challenges that an authenticator signs. Nothing is stored of one until it was answered, so that strangers who ask for many fill nothing; each is good once, for its own browser (WebAuthn Level 3 §13.4.3). */

import type { Clock } from '../platform/clock.ts'
import {
  decodeBase64Url,
  encodeBase64Url,
  equalInConstantTime,
  hashToken,
  keyedHash,
  systemRandom,
  type TokenHash,
} from '../platform/crypto.ts'
import type { UniqueIdStorage } from '../storage/storage.ts'

export interface Challenges {
  make(purpose: string, browserHash: TokenHash): string
  /** Ours, for this browser and purpose, and not too old. That it was not answered before is told by `take`. */
  isOurs(challenge: string, purpose: string, browserHash: TokenHash): boolean
  /** Of any number of answers to one challenge, one succeeds. */
  take(challenge: string, userId: string): Promise<boolean>
}

/** A person may have to look for the device. */
const challengeSeconds = 600

export function createChallenges(options: {
  storage: UniqueIdStorage
  key: Uint8Array
  clock: Clock
}): Challenges {
  const { storage, key, clock } = options

  function sealOf(content: Uint8Array, purpose: string, browserHash: TokenHash): Uint8Array {
    return keyedHash(key, 'passkey challenge', encodeBase64Url(content), purpose, browserHash)
  }

  return {
    make(purpose, browserHash) {
      const content = new Uint8Array(contentBytes)
      content.set(systemRandom(nonceBytes))
      new DataView(content.buffer).setFloat64(nonceBytes, clock() + challengeSeconds)
      return encodeBase64Url(new Uint8Array([...content, ...sealOf(content, purpose, browserHash)]))
    },
    isOurs(challenge, purpose, browserHash) {
      const bytes = decodeBase64Url(challenge)
      if (bytes === undefined || bytes.length <= contentBytes) return false
      const content = bytes.slice(0, contentBytes)
      const seal = encodeBase64Url(bytes.slice(contentBytes))
      if (!equalInConstantTime(seal, encodeBase64Url(sealOf(content, purpose, browserHash)))) return false
      return clock() < new DataView(content.buffer).getFloat64(nonceBytes)
    },
    async take(challenge, userId) {
      const now = clock()
      const id = { idHash: hashToken(`challenge ${challenge}`), owner: `passkeys of ${userId}` }
      const expiresAt = now + challengeSeconds
      return (await storage.takeUniqueId({ ...id, expiresAt }, maximumAnswers, now)) === 'taken'
    },
  }
}

/** What is random in it, then when it ends. */
const nonceBytes = 16
const contentBytes = nonceBytes + 8

/** Of one account within the life of a challenge. */
const maximumAnswers = 1000
