/** The PostgreSQL adapter keeps every promise of the storage contract, against a real server. */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { postgresStorage } from '../../src/storage/adapters/postgres.ts'
import { aConnection } from '../../src/storage/conformance/connections.ts'
import {
  aPending,
  aUser,
  rotationOf,
  start,
  storeGrant,
  tokensOf,
} from '../../src/storage/conformance/records.ts'
import { durableStorageConformance, storageConformance } from '../../src/storage/conformance.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { maximumStalenessMs } from '../../src/storage/token-cache.ts'
import { type Network, startNetwork } from './network.ts'
import { type PostgresServer, query, startPostgres } from './postgres-server.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
}, 120_000)
afterAll(() => server.stop())

describe('PostgreSQL storage', () => {
  /** Made as new for each case: a database of its own takes ten times as long. */
  let url: string
  beforeAll(async () => {
    url = await server.newDatabase()
    await (await postgresStorage({ url })).close()
    await query(url, keepAsNew)
  })
  const harness = {
    async open() {
      await query(url, makeAsNew)
      return postgresStorage({ url })
    },
    reopen: () => postgresStorage({ url }),
  }

  test.each(storageConformance)('$name', ({ run }) => run(harness))
  test.each(durableStorageConformance)('$name', ({ run }) => run(harness))
})

const ofEachTable = (statements: string): string => `DO $$ DECLARE found text; BEGIN
  FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
  LOOP EXECUTE format('${statements}', found); END LOOP; END $$`

/** Some tables are not empty when they are made. */
const keepAsNew = `CREATE SCHEMA made; ${ofEachTable('CREATE TABLE made.%1$I AS TABLE public.%1$I')}`
const makeAsNew = ofEachTable(
  'DELETE FROM %1$I; INSERT INTO %1$I OVERRIDING SYSTEM VALUE SELECT * FROM made.%1$I',
)

describe('several instances on one database', () => {
  async function instances<Result>(count: number, use: (all: Storage[]) => Promise<Result>): Promise<Result> {
    const url = await server.newDatabase()
    const all = await Promise.all(Array.from({ length: count }, () => postgresStorage({ url })))
    try {
      return await use(all)
    } finally {
      await Promise.all(all.map((storage) => storage.close()))
    }
  }

  test('start at once, and one of them makes the tables', async () => {
    const versions = await instances(5, async (all) => Promise.all(all.map((storage) => storage.hasUsers())))
    expect(versions).toEqual([false, false, false, false, false])
  })

  test('[HS-02] of four refreshes spread over three, one rotates and three get the same answer', async () => {
    await instances(3, async (all) => {
      const [first] = all
      if (first === undefined) throw new Error('no instance')
      await storeGrant(first, tokensOf('g'))
      const rotations = await Promise.all(
        [0, 1, 2, 0].map((index) => all[index]?.rotateRefreshToken(rotationOf('g', 0, start), start)),
      )
      expect(rotations.map((rotation) => rotation?.outcome).sort()).toEqual([
        'repeated',
        'repeated',
        'repeated',
        'rotated',
      ])
    })
  })

  test('a connection and the beginning that it takes in, written at once by two of them, are one story', async () => {
    await instances(2, async ([one, other]) => {
      if (one === undefined || other === undefined) throw new Error('no instance')
      const names = Array.from({ length: 200 }, (_, index) => `connection ${index}`)
      for (const name of names) {
        await Promise.all([
          one.recordConnections([aConnection(`beginning of ${name}`)], start),
          other.recordConnections([aConnection(name, { joined: [`beginning of ${name}`] })], start),
        ])
      }
      const told = await one.listConnections({}, 1_000)
      expect(told.map(({ connectionId }) => connectionId).sort()).toEqual(names.sort())
      expect(told.every(({ steps }) => steps[0]?.count === 2)).toBe(true)
    })
  })

  test('a revocation on one is heard on another, and refused there, by whatever verb it was made', async () => {
    await instances(2, async ([one, other]) => {
      if (one === undefined || other === undefined) throw new Error('no instance')
      const user = { ...aUser('u'), userId: 'u' }
      await one.createUser(user)
      const ways: Record<string, (grantId: string) => Promise<unknown>> = {
        revokeGrant: (grantId) => one.revokeGrant(grantId, start, 'by-operator'),
        removeUser: () => one.removeUser('u', start),
      }
      for (const [grantId, revoke] of Object.entries(ways)) {
        const tokens = tokensOf(grantId, { userId: 'u' })
        await storeGrant(one, tokens)
        const { tokenHash } = tokens.accessToken
        expect(await other.findAccessToken(tokenHash, start)).toBeDefined()
        await revoke(grantId)
        expect(await one.findAccessToken(tokenHash, start)).toBeUndefined()
        await expect
          .poll(() => other.findAccessToken(tokenHash, start), { interval: 5, timeout: 50_000 })
          .toBeUndefined()
      }
    })
  })
})

describe('a channel of news that is cut', () => {
  interface Pair {
    one: Storage
    network: Network
    url: string
    /** What the other instance, behind the network, says of the token. */
    look(): Promise<unknown>
    /** Whether it has that from memory when it was asked a moment ago. */
    remembers(): Promise<boolean>
  }

  /** Two instances, the other behind a network and listening there. The clock of both goes on only by hand. */
  async function withPair(use: (pair: Pair) => Promise<void>): Promise<void> {
    vi.useFakeTimers({ toFake: ['performance'] })
    const url = await server.newDatabase()
    const network = await startNetwork(Number(new URL(url).port))
    const one = await postgresStorage({ url })
    const other = await postgresStorage({ url: network.through(url) })
    const tokens = tokensOf('g')
    const look = (): Promise<unknown> => other.findAccessToken(tokens.accessToken.tokenHash, start)
    const remembers = async (): Promise<boolean> => {
      // What was read in the very moment in which it began to listen is not believed.
      vi.advanceTimersByTime(1)
      await look()
      const before = network.questions()
      await look()
      return network.questions() === before
    }
    try {
      await storeGrant(one, tokens)
      await expect.poll(remembers, { interval: 20, timeout: 50_000 }).toBe(true)
      await use({ one, network, url, look, remembers })
    } finally {
      vi.useRealTimers()
      await Promise.all([one.close(), other.close()])
      await network.close()
    }
  }

  test('in silence: what was read is believed for five seconds, and no longer', () =>
    withPair(async ({ one, network, look }) => {
      network.swallow('LISTEN')
      vi.advanceTimersByTime(maximumStalenessMs)
      expect(await look()).toBeDefined()
      await one.revokeGrant('g', start, 'by-operator')
      vi.advanceTimersByTime(maximumStalenessMs - 1)
      expect(await look()).toBeDefined()
      vi.advanceTimersByTime(1)
      expect(await look()).toBeUndefined()
    }))

  test('and known to be: nothing is believed', () =>
    withPair(async ({ one, network, url, look, remembers }) => {
      // Or it would soon listen again.
      network.swallow('LISTEN')
      await query(url, endListeners)
      await expect.poll(remembers, { interval: 20, timeout: 50_000 }).toBe(false)
      await one.revokeGrant('g', start, 'by-operator')
      expect(await look()).toBeUndefined()
    }))
})

/** A listener asks now and then whether anybody is there. */
const endListeners = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')`

test('every character comes back, also the one that PostgreSQL cannot hold', async () => {
  const storage = await postgresStorage({ url: await server.newDatabase() })
  const state = 'a\0b\uE000c\uE0000\uE0001\u{1F600}%00\\'
  await storage.savePendingAuthorization(aPending('p', { state }))
  expect((await storage.findPendingAuthorization('p', start))?.state).toBe(state)
  await storage.close()
})

describe('a server that is not there', () => {
  test('is told in a sentence: nobody listens, no such database, a URL of something else', async () => {
    await expect(postgresStorage({ url: 'postgres://postern@127.0.0.1:1/x' })).rejects.toMatchObject({
      name: 'StorageError',
      kind: 'unreachable',
    })
    const url = (await server.newDatabase()).replace(/test_\d+$/, 'nowhere')
    await expect(postgresStorage({ url })).rejects.toThrow(/createdb/)
    await expect(postgresStorage({ url: 'mysql://x' })).rejects.toThrow(TypeError)
  })

  test('a newer schema is refused', async () => {
    const url = await server.newDatabase()
    await (await postgresStorage({ url })).close()
    await query(url, 'INSERT INTO schema_version VALUES (9999, 0)')
    await expect(postgresStorage({ url })).rejects.toMatchObject({ kind: 'newer-schema' })
  })

  test('killed while it writes: what was answered stays, and the same storage goes on when it is back', async () => {
    const storage = await postgresStorage({ url: await server.newDatabase() })
    await storeGrant(storage, tokensOf('g'))
    const writes = Array.from({ length: 200 }, (_, index) =>
      storage.revokeGrant(`none-${index}`, start, 'x').then(
        () => 'done',
        (error: { kind?: string }) => error.kind,
      ),
    )
    await server.crash()
    // Asked at once, since each of them waits as long as a restart may take.
    const read = expect(storage.findGrant('g')).rejects.toMatchObject({ kind: 'unreachable' })
    const outcomes = new Set(await Promise.all(writes))
    await read
    expect([...outcomes].every((outcome) => outcome === 'done' || outcome === 'unreachable')).toBe(true)
    await server.start()
    expect((await storage.findGrant('g'))?.grantId).toBe('g')
    await storage.close()
  }, 120_000)
})
