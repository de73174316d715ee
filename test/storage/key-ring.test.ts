/** Keys: the database holds none that could be used, the master key is in a file for its owner alone (house rule 5). */

import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { encodeBase64Url, systemRandom } from '../../src/platform/crypto.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import { start } from '../../src/storage/conformance/records.ts'
import { createKeyRing, masterKeyId, rotateMasterKey } from '../../src/storage/key-ring.ts'
import { readOrCreateMasterKey } from '../../src/storage/master-key-node.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { temporaryDatabases } from './temporary-databases.ts'

const databases = temporaryDatabases()
afterAll(() => databases.remove())

const purposes = ['refresh-token', 'csrf'] as const

function ringOf(storage: Storage, masterKey: Uint8Array) {
  return createKeyRing({ storage, masterKey, purposes, now: start })
}

describe('key ring', () => {
  test('a key is made once for each purpose, 32 bytes, the same after a new start', async () => {
    const path = databases.newPath()
    const masterKey = systemRandom(32)
    const first = sqliteStorage({ path })
    const ring = await ringOf(first, masterKey)
    expect(ring.get('csrf')).toHaveLength(32)
    expect(ring.get('csrf')).not.toEqual(ring.get('refresh-token'))
    await first.close()
    const second = sqliteStorage({ path })
    const again = await ringOf(second, masterKey)
    for (const purpose of purposes) expect(again.get(purpose)).toEqual(ring.get(purpose))
    await second.close()
  })

  test('rings made at the same time hold the same keys', async () => {
    const storage = sqliteStorage({ path: databases.newPath() })
    const masterKey = systemRandom(32)
    const rings = await Promise.all(Array.from({ length: 10 }, () => ringOf(storage, masterKey)))
    for (const purpose of purposes) {
      expect(new Set(rings.map((ring) => encodeBase64Url(ring.get(purpose)))).size).toBe(1)
    }
    await storage.close()
  })

  test('neither a data key nor the master key is in any byte of the database', async () => {
    const path = databases.newPath()
    const masterKey = systemRandom(32)
    const storage = sqliteStorage({ path })
    const ring = await ringOf(storage, masterKey)
    const secrets = [masterKey, ...purposes.map((purpose) => ring.get(purpose))]
    const dump = Buffer.concat(
      readdirSync(dirname(path)).map((file) => readFileSync(join(dirname(path), file))),
    )
    for (const purpose of purposes) expect(dump.includes(purpose)).toBe(true)
    for (const secret of secrets) {
      const bytes = Buffer.from(secret)
      for (const form of [bytes, encodeBase64Url(secret), bytes.toString('base64'), bytes.toString('hex')]) {
        expect(dump.includes(form)).toBe(false)
      }
    }
    await storage.close()
  })

  test('another master key is refused, with the names of both and nothing of either', async () => {
    const storage = memoryStorage()
    const [right, wrong] = [systemRandom(32), systemRandom(32)]
    await ringOf(storage, right)
    const error: Error = await ringOf(storage, wrong).then(
      () => expect.unreachable(),
      (refusal: Error) => refusal,
    )
    expect(error).toMatchObject({ name: 'StorageError', kind: 'wrong-master-key' })
    expect(error.message).toContain(masterKeyId(right))
    expect(error.message).toContain(masterKeyId(wrong))
    for (const key of [right, wrong]) expect(error.message).not.toContain(encodeBase64Url(key))
  })

  test('a stored key that was moved to another purpose, or changed, does not open', async () => {
    const masterKey = systemRandom(32)
    const source = memoryStorage()
    await ringOf(source, masterKey)
    const [one, two] = await source.listKeys()
    if (one === undefined || two === undefined) return expect.unreachable()
    const changed = Uint8Array.from(one.wrapped, (byte, index) => (index === 20 ? byte ^ 1 : byte))
    for (const wrapped of [two.wrapped, changed]) {
      const storage = memoryStorage()
      await storage.addKeyIfAbsent({ ...one, wrapped })
      await expect(ringOf(storage, masterKey)).rejects.toMatchObject({ kind: 'damaged-key' })
    }
  })

  test('a master key of another length, and a purpose the ring was not made for, are mistakes of the program', async () => {
    await expect(ringOf(memoryStorage(), systemRandom(16))).rejects.toThrow(TypeError)
    const ring = await ringOf(memoryStorage(), systemRandom(32))
    expect(() => ring.get('session' as 'csrf')).toThrow(TypeError)
  })
})

describe('rotation of the master key', () => {
  test('while a ring is loaded: it goes on, the new master key opens the same keys, the old one none', async () => {
    const storage = sqliteStorage({ path: databases.newPath() })
    const [from, to] = [systemRandom(32), systemRandom(32)]
    const running = await ringOf(storage, from)
    const before = purposes.map((purpose) => running.get(purpose))
    expect(await rotateMasterKey({ storage, from, to })).toBe(2)
    expect(purposes.map((purpose) => running.get(purpose))).toEqual(before)
    const restarted = await ringOf(storage, to)
    expect(purposes.map((purpose) => restarted.get(purpose))).toEqual(before)
    await expect(ringOf(storage, from)).rejects.toMatchObject({ kind: 'wrong-master-key' })
    await expect(rotateMasterKey({ storage, from, to })).rejects.toMatchObject({ kind: 'wrong-master-key' })
    await storage.close()
  })

  test('a key added at the same moment is either rotated too or refused: never left under the old master key', async () => {
    for (let round = 0; round < 10; round++) {
      const storage = memoryStorage()
      const [from, to] = [systemRandom(32), systemRandom(32)]
      await ringOf(storage, from)
      const added = createKeyRing({ storage, masterKey: from, purposes: ['late'], now: start })
      await Promise.allSettled([added, rotateMasterKey({ storage, from, to })])
      const ids = new Set((await storage.listKeys()).map((key) => key.masterKeyId))
      expect([...ids]).toEqual([masterKeyId(to)])
      await expect(ringOf(storage, to)).resolves.toBeDefined()
    }
  })

  test('from a key that is not the one in use changes nothing', async () => {
    const storage = memoryStorage()
    const [right, wrong] = [systemRandom(32), systemRandom(32)]
    await ringOf(storage, right)
    const before = await storage.listKeys()
    await expect(rotateMasterKey({ storage, from: wrong, to: systemRandom(32) })).rejects.toMatchObject({
      kind: 'wrong-master-key',
    })
    expect(await storage.listKeys()).toEqual(before)
  })
})

describe('master key file', () => {
  const newPath = () => `${databases.newPath()}.key`

  test('is made at first start with its directory, for its owner alone, and read from then on', async () => {
    const path = newPath()
    const umask = process.umask(0)
    const made = await readOrCreateMasterKey(path).finally(() => process.umask(umask))
    expect(made).toHaveLength(32)
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
    expect((statSync(dirname(path)).mode & 0o777).toString(8)).toBe('700')
    expect(readFileSync(path, 'utf8')).toBe(`${encodeBase64Url(made)}\n`)
    expect(await readOrCreateMasterKey(path)).toEqual(made)
  })

  test.each([0o640, 0o604, 0o620, 0o666])(
    'that others can use is refused, with the way to mend it (%o)',
    async (mode) => {
      const path = newPath()
      await readOrCreateMasterKey(path)
      chmodSync(path, mode)
      const refusal = readOrCreateMasterKey(path)
      await expect(refusal).rejects.toMatchObject({
        kind: 'unsafe-key-file',
        message: expect.stringContaining(`run: chmod 600 "${path}"`),
      })
      chmodSync(path, 0o400)
      await expect(readOrCreateMasterKey(path)).resolves.toHaveLength(32)
    },
  )

  test.each([
    ['something else', 'hunter2-hunter2'],
    ['a key of another length', encodeBase64Url(systemRandom(16))],
    ['two keys', `${encodeBase64Url(systemRandom(32))}\n${encodeBase64Url(systemRandom(32))}`],
  ])('that holds %s is refused without a word of what is in it', async (_what, text) => {
    const path = newPath()
    mkdirSync(dirname(path))
    writeFileSync(path, text, { mode: 0o600 })
    const error: Error = await readOrCreateMasterKey(path).then(
      () => expect.unreachable(),
      (refusal: Error) => refusal,
    )
    expect(error).toMatchObject({ kind: 'unsafe-key-file' })
    expect(error.message).toContain('does not hold a master key')
    for (const line of text.split('\n')) expect(error.message).not.toContain(line)
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('that a crash left empty is refused with a sentence, and not filled', async () => {
    const path = newPath()
    mkdirSync(dirname(path))
    writeFileSync(path, '', { mode: 0o600 })
    await expect(readOrCreateMasterKey(path)).rejects.toThrow(/is empty.*delete it and start again/)
    expect(readFileSync(path, 'utf8')).toBe('')
  })

  test('that cannot be made says so', async () => {
    const path = newPath()
    mkdirSync(dirname(path))
    writeFileSync(path, '', { mode: 0o600 })
    await expect(readOrCreateMasterKey(join(path, 'master.key'))).rejects.toThrow(/cannot be made/)
  })
})
