/** Keys that come and go under names of one family, wrapped by the master key as all others are (house rule 5). */

import { type MasterKeys, openWrappedKey, readMasterKeys, wrapKeyFor } from './key-ring.ts'
import type { Storage } from './storage.ts'

export interface KeyShelf {
  /** Oldest first. Those that another master key wraps are left out: after a rotation a server that runs goes on with what it has. */
  list(): Promise<ShelvedKey[]>
  /** The one that stands under this name: what was made, or another process's. Undefined where the master key was replaced. */
  addIfAbsent(name: string, make: () => Promise<Uint8Array>, now: number): Promise<ShelvedKey | undefined>
  remove(name: string): Promise<boolean>
}

export interface ShelvedKey {
  name: string
  bytes: Uint8Array
  createdAt: number
}

export async function createKeyShelf(options: {
  storage: Storage
  masterKey: MasterKeys
  /** What every name begins with in storage. */
  family: string
}): Promise<KeyShelf> {
  const { storage } = options
  const known = await readMasterKeys(options.masterKey)
  const prefix = `${options.family}:`

  async function list(): Promise<ShelvedKey[]> {
    const keys: ShelvedKey[] = []
    for (const record of await storage.listKeys()) {
      const master = known.find(({ id }) => id === record.masterKeyId)
      if (master === undefined || !record.purpose.startsWith(prefix)) continue
      const bytes = await openWrappedKey(record, master)
      keys.push({ name: record.purpose.slice(prefix.length), bytes, createdAt: record.createdAt })
    }
    return keys.sort((a, b) => a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1))
  }

  return {
    list,
    async addIfAbsent(name, make, now) {
      const stored = await storage.listKeys()
      const master = known.find(({ id }) => stored.every(({ masterKeyId }) => masterKeyId === id))
      if (master === undefined) return undefined
      const purpose = prefix + name
      const wrapped = await wrapKeyFor(await make(), purpose, master)
      const standing = await storage.addKeyIfAbsent({
        purpose,
        masterKeyId: master.id,
        wrapped,
        createdAt: now,
      })
      return { name, bytes: await openWrappedKey(standing, master), createdAt: standing.createdAt }
    },
    remove: (name) => storage.removeKey(prefix + name),
  }
}
