/** The keys that sign access tokens for resource servers elsewhere: published ahead, used for a while, kept until nothing that they signed lives (RFC 7517, RFC 9068 §4). */

import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  importPKCS8,
  type JWK,
} from 'jose'
import type { JsonWebKeySet, PublicJsonWebKey } from '../oauth/json-web-key.ts'
import { accessTokenAlgorithm, type SigningKey } from '../oauth/jwt-access-token.ts'
import type { Clock } from '../platform/clock.ts'
import type { KeyShelf, ShelvedKey } from '../storage/key-shelf.ts'

export interface SigningKeys {
  /** The one that signs now. */
  current(): Promise<SigningKey>
  /** All that may have signed something that lives, and the next one. */
  published(): Promise<JsonWebKeySet>
  /** Made anew where it is asked for by a key that is not among the known ones, as another process may have made it. */
  renewed(): Promise<JsonWebKeySet>
}

export const signingKeyFamily = 'access-token-signing'

/** A key signs for so long. */
const signingKeySeconds = 90 * 86_400
/** And is published for so long before: resource servers keep a key set for a day at most. */
const publishedAheadSeconds = 86_400
/** Other processes may have changed the keys. */
const reloadEverySeconds = 60
/** So often for keys that nobody knows: whoever makes them up must not make us read. */
const renewEverySeconds = 5

interface LoadedKey {
  signing: SigningKey
  published: PublicJsonWebKey
  createdAt: number
  name: string
}

export function createSigningKeys(shelf: KeyShelf, clock: Clock, accessTokenSeconds: number): SigningKeys {
  const imported = new Map<string, LoadedKey>()
  let loaded: readonly LoadedKey[] = []
  let loadedAt: number | undefined
  let loading: Promise<readonly LoadedKey[]> | undefined

  async function keysOf(maximumAgeSeconds: number): Promise<readonly LoadedKey[]> {
    if (loadedAt !== undefined && clock() - loadedAt < maximumAgeSeconds) return loaded
    loading ??= load().finally(() => {
      loading = undefined
    })
    return loading
  }

  async function load(): Promise<readonly LoadedKey[]> {
    const now = clock()
    const shelved = await shelf.list()
    const newest = shelved.at(-1)
    if (newest === undefined || newest.createdAt + signingKeySeconds - publishedAheadSeconds <= now) {
      const added = await shelf.addIfAbsent(nameAfter(newest), newKey, now)
      if (added !== undefined) shelved.push(added)
    }
    for (const old of outlived(shelved, now)) await shelf.remove(old.name)
    const gone = new Set(outlived(shelved, now))
    const kept = shelved.filter((key) => !gone.has(key))
    // The master key was replaced while this runs, so that none can be opened: what is known goes on.
    if (kept.length > 0 || loaded.length === 0) loaded = await Promise.all(kept.map(importOnce))
    loadedAt = now
    return loaded
  }

  /** All whose successor has signed for longer than anything of theirs can live. */
  function outlived(keys: readonly ShelvedKey[], now: number): ShelvedKey[] {
    return keys.filter((_, index) => {
      const successor = keys[index + 1]
      return (
        successor !== undefined && successor.createdAt + publishedAheadSeconds + 2 * accessTokenSeconds <= now
      )
    })
  }

  async function importOnce(key: ShelvedKey): Promise<LoadedKey> {
    const known = imported.get(key.name)
    if (known !== undefined && known.createdAt === key.createdAt) return known
    const privateKey = await importPKCS8(new TextDecoder().decode(key.bytes), accessTokenAlgorithm, {
      extractable: true,
    })
    const jwk = await publicHalf(privateKey)
    const kid = await calculateJwkThumbprint(jwk)
    const published = { ...jwk, kid, alg: accessTokenAlgorithm, use: 'sig' } as PublicJsonWebKey
    const found = { signing: { kid, privateKey }, published, createdAt: key.createdAt, name: key.name }
    imported.set(key.name, found)
    return found
  }

  return {
    async current() {
      const keys = await keysOf(reloadEverySeconds)
      const now = clock()
      const ready = keys.findLast(({ createdAt }) => createdAt + publishedAheadSeconds <= now) ?? keys[0]
      if (ready === undefined) throw new Error('there is no key to sign access tokens with')
      return ready.signing
    },
    published: async () => keySetOf(await keysOf(reloadEverySeconds)),
    renewed: async () => keySetOf(await keysOf(renewEverySeconds)),
  }
}

function keySetOf(keys: readonly LoadedKey[]): JsonWebKeySet {
  return { keys: keys.map(({ published }) => published) }
}

/** Two processes that add the next one at the same time mean the same. */
export function nameAfter(newest: ShelvedKey | undefined): string {
  return String(Number(newest?.name ?? 0) + 1).padStart(6, '0')
}

export async function newKey(): Promise<Uint8Array> {
  const { privateKey } = await generateKeyPair(accessTokenAlgorithm, { extractable: true })
  return new TextEncoder().encode(await exportPKCS8(privateKey))
}

async function publicHalf(privateKey: CryptoKey): Promise<JWK> {
  const { kty, n, e } = await exportJWK(privateKey)
  if (kty !== 'RSA' || n === undefined || e === undefined) throw new TypeError('a signing key is no RSA key')
  return { kty, n, e }
}
