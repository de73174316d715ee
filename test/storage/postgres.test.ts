/** The PostgreSQL adapter keeps every promise of the storage contract, against a real server. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
import { type Network, startNetwork } from './network.ts'
import { type PostgresServer, query, startPostgres } from './postgres-server.ts'

let server: PostgresServer
/** Has the tables, so that not every case has to make them. */
let model: string
const urls = new WeakMap<Storage, string>()
beforeAll(async () => {
  server = await startPostgres()
  model = await server.newDatabase()
  await (await postgresStorage({ url: model })).close()
}, 120_000)
afterAll(() => server.stop())

async function open(url: string): Promise<Storage> {
  const storage = await postgresStorage({ url })
  urls.set(storage, url)
  return storage
}

const harness = {
  open: async () => open(await server.newDatabase(model)),
  reopen: async (closed: Storage) => open(urls.get(closed) ?? ''),
}

describe('PostgreSQL storage', () => {
  test.each(storageConformance)('$name', ({ run }) => run(harness))
  test.each(durableStorageConformance)('$name', ({ run }) => run(harness))
})

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
  async function staleFor(break_: (network: Network, url: string) => Promise<void>): Promise<number> {
    const url = await server.newDatabase()
    const network = await startNetwork(Number(new URL(url).port))
    const one = await postgresStorage({ url })
    const other = await postgresStorage({ url: network.through(url) })
    try {
      const tokens = tokensOf('g')
      await storeGrant(one, tokens)
      const { tokenHash } = tokens.accessToken
      expect(await other.findAccessToken(tokenHash, start)).toBeDefined()
      await break_(network, url)
      await one.revokeGrant('g', start, 'by-operator')
      const revokedAt = performance.now()
      const look = (): Promise<unknown> => other.findAccessToken(tokenHash, start)
      await expect.poll(look, { interval: 20, timeout: 50_000 }).toBeUndefined()
      return performance.now() - revokedAt
    } finally {
      await Promise.all([one.close(), other.close()])
      await network.close()
    }
  }

  test('in silence: what was read is believed for five seconds, and no longer', async () => {
    const milliseconds = await staleFor(async (network) => network.swallow('LISTEN'))
    // It is believed at all, so that this shows the limit and not the lack of a cache.
    expect(milliseconds).toBeGreaterThan(1_000)
    expect(milliseconds).toBeLessThan(5_500)
  }, 15_000)

  test('and known to be: nothing is believed', async () => {
    const milliseconds = await staleFor(async (_, url) => {
      const ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
      await query(url, ends)
      await new Promise((resolve) => setTimeout(resolve, 100))
    })
    expect(milliseconds).toBeLessThan(1_000)
  })
})

test('every character comes back, also the one that PostgreSQL cannot hold', async () => {
  const storage = await open(await server.newDatabase())
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
    const storage = await open(await server.newDatabase())
    await storeGrant(storage, tokensOf('g'))
    const writes = Array.from({ length: 200 }, (_, index) =>
      storage.revokeGrant(`none-${index}`, start, 'x').then(
        () => 'done',
        (error: { kind?: string }) => error.kind,
      ),
    )
    await server.crash()
    const outcomes = new Set(await Promise.all(writes))
    expect([...outcomes].every((outcome) => outcome === 'done' || outcome === 'unreachable')).toBe(true)
    await expect(storage.findGrant('g')).rejects.toMatchObject({ kind: 'unreachable' })
    await server.start()
    expect((await storage.findGrant('g'))?.grantId).toBe('g')
    await storage.close()
  }, 120_000)
})
