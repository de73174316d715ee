/** The data keys of this installation: made at first use, wrapped by the master key in storage, plain only in memory (house rule 5). */

import {
  encodeBase64Url,
  importSealingKey,
  keyedHash,
  openBox,
  sealBox,
  systemRandom,
} from '../platform/crypto.ts'
import type { Storage, WrappedKeyRecord } from './storage.ts'
import { StorageError } from './storage-error.ts'
import { otherMasterKey } from './wrapped-keys.ts'

export const masterKeyBytes = 32

export interface KeyRing<Purpose extends string> {
  /** 32 bytes, always the same for a purpose, without waiting: every key was loaded when the ring was made. */
  get(purpose: Purpose): Uint8Array
}

export interface KeyRingOptions<Purpose extends string> {
  storage: Storage
  masterKey: MasterKeys
  /** All that the ring will be asked for; a key is made for each that has none. */
  purposes: readonly Purpose[]
  now: number
}

/** Rejects with `wrong-master-key` when the stored keys were wrapped by another. */
export async function createKeyRing<const Purpose extends string>(
  options: KeyRingOptions<Purpose>,
): Promise<KeyRing<Purpose>> {
  const { storage, now } = options
  const stored = new Map((await storage.listKeys()).map((key) => [key.purpose, key]))
  const master = standingMasterKey(await readMasterKeys(options.masterKey), [...stored.values()])
  const keys = new Map<Purpose, Uint8Array>()
  for (const purpose of options.purposes) {
    const standing = stored.get(purpose) ?? (await addKey(storage, purpose, master, now))
    keys.set(purpose, await openWrappedKey(standing, master))
  }
  return {
    get(purpose) {
      const key = keys.get(purpose)
      if (key === undefined) throw new TypeError(`the key ring was made without the purpose ${purpose}`)
      return key
    },
  }
}

/** One, or while it is being replaced two: the one that wraps what is stored is used. */
export type MasterKeys = Uint8Array | readonly Uint8Array[]

export interface MasterKeyRotation {
  storage: Storage
  from: MasterKeys
  to: Uint8Array
}

/**
 * Wraps every data key by another master key, all or none. Data keys stay what they are, so a server that runs
 * goes on; it needs the new master key at its next start. Gives the number of keys.
 */
export async function rotateMasterKey({ storage, from, to }: MasterKeyRotation): Promise<number> {
  const known = await readMasterKeys(from)
  const next = await readMasterKey(to)
  for (let attempt = 0; attempt < rotationAttempts; attempt++) {
    const stored = await storage.listKeys()
    const old = standingMasterKey(known, stored)
    const rewrapped: WrappedKeyRecord[] = []
    for (const key of stored) {
      const plain = await openWrappedKey(key, old)
      rewrapped.push({ ...key, masterKeyId: next.id, wrapped: await wrapKeyFor(plain, key.purpose, next) })
    }
    if (await storage.rewrapKeys(old.id, rewrapped)) return stored.length
  }
  throw new StorageError('locked', 'keys were added all the while; rotate the master key again')
}

/** A key added between listing and rewrapping makes the rewrap be refused; that a server starts thrice in that instant is no accident. */
const rotationAttempts = 3

/** Names a master key in messages and records; 80 bits of a keyed hash, of no use to find it. */
export function masterKeyId(masterKey: Uint8Array): string {
  return encodeBase64Url(keyedHash(masterKey, 'postern master key id').subarray(0, 10))
}

export interface MasterKey {
  id: string
  key: CryptoKey
}

export async function readMasterKeys(keys: MasterKeys): Promise<MasterKey[]> {
  const list = keys instanceof Uint8Array ? [keys] : keys
  if (list.length === 0) throw new TypeError('no master key was given')
  return Promise.all(list.map(readMasterKey))
}

/** The one that wraps all that is stored; while nothing is, the first. */
export function standingMasterKey(
  known: readonly MasterKey[],
  stored: readonly WrappedKeyRecord[],
): MasterKey {
  const [first] = known
  if (first === undefined) throw new TypeError('no master key was given')
  const standing = known.find(({ id }) => stored.every(({ masterKeyId }) => masterKeyId === id))
  if (standing !== undefined) return standing
  const strange = stored.find(({ masterKeyId }) => masterKeyId !== first.id)
  throw otherMasterKey(strange?.masterKeyId ?? '', first.id)
}

export async function readMasterKey(bytes: Uint8Array): Promise<MasterKey> {
  if (bytes.length !== masterKeyBytes) {
    throw new TypeError(`the master key must be ${masterKeyBytes} bytes, it is ${bytes.length}`)
  }
  return { id: masterKeyId(bytes), key: await importSealingKey(bytes) }
}

/** Another process may add the same one at the same time; the one that stands is everybody's. */
async function addKey(
  storage: Storage,
  purpose: string,
  master: MasterKey,
  now: number,
): Promise<WrappedKeyRecord> {
  const wrapped = await wrapKeyFor(systemRandom(32), purpose, master)
  return storage.addKeyIfAbsent({ purpose, masterKeyId: master.id, wrapped, createdAt: now })
}

export function wrapKeyFor(plain: Uint8Array, purpose: string, master: MasterKey): Promise<Uint8Array> {
  return sealBox(master.key, plain, wrappingContext(purpose, master))
}

export async function openWrappedKey(key: WrappedKeyRecord, master: MasterKey): Promise<Uint8Array> {
  refuseOtherMasterKey(key, master)
  const plain = await openBox(master.key, key.wrapped, wrappingContext(key.purpose, master))
  if (plain === undefined) {
    throw new StorageError('damaged-key', `the stored key for ${key.purpose} was changed or damaged`)
  }
  return plain
}

/** A key moved to another purpose, or under another master key's name, does not open. */
function wrappingContext(purpose: string, master: MasterKey): string {
  return JSON.stringify(['postern data key', purpose, master.id])
}

function refuseOtherMasterKey(key: WrappedKeyRecord, master: MasterKey): void {
  if (key.masterKeyId !== master.id) throw otherMasterKey(key.masterKeyId, master.id)
}
