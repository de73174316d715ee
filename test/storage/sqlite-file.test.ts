/** The SQLite file itself: who may read it, what is refused with which sentence, and what bounds it. */

import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import {
  aClient,
  aPending,
  refreshHash,
  start,
  storeGrant,
  tokensOf,
} from '../../src/storage/conformance/records.ts'
import type { StorageErrorKind } from '../../src/storage/storage-error.ts'
import { temporaryDatabases } from './temporary-databases.ts'

const databases = temporaryDatabases()
afterAll(() => databases.remove())

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

test('the file, its log and its index are for their owner alone, whatever the umask; so is a directory made for them', async () => {
  const umask = process.umask(0)
  try {
    const path = databases.newPath()
    const storage = sqliteStorage({ path })
    await storage.registerClient(aClient('one'), 10)
    const files = readdirSync(dirname(path)).sort()
    expect(files).toEqual(['postern.db', 'postern.db-shm', 'postern.db-wal'])
    for (const file of files) expect([file, modeOf(join(dirname(path), file))]).toEqual([file, '600'])
    expect(modeOf(dirname(path))).toBe('700')
    await storage.close()
  } finally {
    process.umask(umask)
  }
})

test('the directory that was there keeps its mode', async () => {
  const path = databases.newPath()
  mkdirSync(dirname(path), { mode: 0o755 })
  await sqliteStorage({ path }).close()
  expect(modeOf(dirname(path))).toBe('755')
})

describe('refused', () => {
  const refusals: [what: string, kind: StorageErrorKind, sentence: RegExp, make: (path: string) => string][] =
    [
      [
        'a path below a file',
        'not-writable',
        /cannot be made or opened/,
        (path) => {
          writeFileSync(path, '')
          return join(path, 'postern.db')
        },
      ],
      [
        'a directory',
        'not-writable',
        /cannot be made or opened/,
        (path) => {
          mkdirSync(path)
          return path
        },
      ],
      [
        'a file that is something else',
        'not-a-database',
        /is not a database; choose another path/,
        (path) => {
          writeFileSync(path, 'a letter to somebody, longer than a hundred bytes. '.repeat(40))
          return path
        },
      ],
      [
        'the database of another program',
        'not-a-database',
        /is the database of another program/,
        (path) => {
          const other = new DatabaseSync(path)
          other.exec('CREATE TABLE recipes (name TEXT)')
          other.close()
          return path
        },
      ],
    ]
  test.each(refusals)('%s', async (_what, kind, sentence, make) => {
    const path = databases.newPath()
    mkdirSync(dirname(path))
    const made = make(path)
    const before = statSync(path).isFile() ? statSync(path).size : undefined
    expect(() => sqliteStorage({ path: made })).toThrow(
      expect.objectContaining({ name: 'StorageError', kind, message: expect.stringMatching(sentence) }),
    )
    expect(statSync(path).isFile() ? statSync(path).size : undefined).toBe(before)
  })

  test('a database of a newer Postern, with both versions in the sentence', async () => {
    const path = databases.newPath()
    await sqliteStorage({ path }).close()
    const newer = new DatabaseSync(path)
    newer.exec('INSERT INTO schema_version VALUES (999, 0)')
    newer.close()
    expect(() => sqliteStorage({ path })).toThrow(
      /schema version 999, and this Postern knows versions up to \d+;/,
    )
  })

  test('a path that names no file', () => {
    for (const path of ['', ':memory:', 'file:x.db']) expect(() => sqliteStorage({ path })).toThrow(TypeError)
  })

  test('a verb after closing; closing twice is nothing', async () => {
    const storage = sqliteStorage({ path: databases.newPath() })
    await storage.close()
    await storage.close()
    await expect(storage.hasUsers()).rejects.toMatchObject({ kind: 'closed' })
    await expect(storage.revokeGrant('g', start, 'test')).rejects.toMatchObject({ kind: 'closed' })
  })

  test('writes beyond the queue, at once, while those in it are done', async () => {
    const storage = sqliteStorage({ path: databases.newPath() })
    const writes = Array.from({ length: 10_050 }, (_, index) =>
      storage.endMcpSession(refreshHash('s', index), start),
    )
    const outcomes = await Promise.allSettled(writes)
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused).toHaveLength(50)
    expect(refused[0]?.reason).toMatchObject({ kind: 'overloaded' })
    expect(await storage.findMcpSession(refreshHash('s', 9_999), start - 1)).toEqual({ kind: 'ended' })
    await storage.close()
  })
})

describe.concurrent('locked by another process', () => {
  test('for a moment: the write waits, and this process goes on meanwhile', async () => {
    const path = databases.newPath()
    const storage = sqliteStorage({ path })
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    let isWritten = false
    const write = storage.registerClient(aClient('one'), 10).then(() => {
      isWritten = true
    })
    let turns = 0
    while (turns < 20) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(await storage.hasUsers()).toBe(false)
      turns++
    }
    expect(isWritten).toBe(false)
    other.exec('ROLLBACK')
    other.close()
    await write
    expect(await storage.findClient('one')).toBeDefined()
    await storage.close()
  })

  test('for long: the write is refused with a sentence, and the next one goes through', async () => {
    const path = databases.newPath()
    const storage = sqliteStorage({ path })
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    const write = storage.registerClient(aClient('one'), 10)
    await expect(write).rejects.toMatchObject({
      kind: 'locked',
      message: expect.stringContaining('locked by another process'),
    })
    other.exec('ROLLBACK')
    other.close()
    expect(await storage.registerClient(aClient('one'), 10)).toBe('created')
    await storage.close()
  })
})

describe('bounded', () => {
  test('no token stays behind when its grant has passed', async () => {
    const path = databases.newPath()
    const storage = sqliteStorage({ path })
    await storeGrant(storage, tokensOf('over', { expiresAt: start + 10 }))
    await storeGrant(storage, tokensOf('live'))
    await storage.removeExpired(start + 10, 10)
    await storage.close()
    const rows = rowsOf<{ grant_id: string }>(path, 'SELECT grant_id FROM token_generations')
    expect(rows.map((row) => row.grant_id)).toEqual(['live'])
  })

  test('of waiting requests and of unconfirmed clients the newest hundred thousand stay', async () => {
    const path = databases.newPath()
    const storage = sqliteStorage({ path })
    await storage.savePendingAuthorization(aPending('oldest'))
    await storage.savePendingAuthorization(aPending('older'))
    for (const name of ['confirmed', 'oldest', 'older']) await storage.registerClient(aClient(name), 10)
    await storage.confirmClient('confirmed', start, undefined)
    const other = new DatabaseSync(path)
    // As if 99 999 more had come since the last of these.
    other.exec(`UPDATE pending_authorizations SET sequence = 100001 WHERE pending_id = 'older'`)
    other.exec(`UPDATE clients SET sequence = 100003 WHERE client_id = 'older'`)
    other.close()
    await storage.savePendingAuthorization(aPending('newest'))
    await storage.registerClient(aClient('newest'), 10)
    expect(await storage.findPendingAuthorization('oldest', start)).toBeUndefined()
    expect(await storage.findPendingAuthorization('older', start)).toBeDefined()
    const ids = (await storage.listClients(10)).map(({ clientId }) => clientId)
    expect(ids.toSorted()).toEqual(['confirmed', 'newest', 'older'])
    await storage.close()
  })
})

function rowsOf<T>(path: string, sql: string): T[] {
  const database = new DatabaseSync(path)
  try {
    return database.prepare(sql).all() as T[]
  } finally {
    database.close()
  }
}
