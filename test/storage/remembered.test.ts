// What SQLite storage remembers of every call is forgotten as soon as anybody has revoked anything, in whatever process.

import { afterAll, expect, test } from 'vitest'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import { accessHash, hashOf, start, storeGrant, tokensOf } from '../../src/storage/conformance/records.ts'
import { openSqliteSource } from '../../src/storage/copy/sqlite-source-node.ts'
import { migrations } from '../../src/storage/migrations.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { temporaryDatabases } from './temporary-databases.ts'

const databases = temporaryDatabases()
afterAll(() => databases.remove())

/** As two processes have it; the first has a token and a session by heart. */
async function two(path = databases.newPath()): Promise<readonly [Storage, Storage]> {
  const [one, other] = [sqliteStorage({ path }), sqliteStorage({ path })]
  await storeGrant(one, tokensOf('g'))
  await one.markAccessTokenUsed(accessHash('g', 0), start)
  for (let count = 0; count < 3; count++) {
    expect(await one.findAccessToken(accessHash('g', 0), start)).toBeDefined()
    expect(await one.findMcpSession(hashOf('session'), start)).toBeUndefined()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return [one, other]
}

/** As requests come: in a later turn of the event loop. */
const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test.each<[string, (storage: Storage) => Promise<unknown>]>([
  ['the grant is revoked', (storage) => storage.revokeGrant('g', start, 'revoked')],
  ['the client is removed', async (storage) => storage.removeClient(tokensOf('g').grant.clientId, start)],
])('%s here, or in another process: the next look-up knows', async (_, revoke) => {
  for (const place of [0, 1] as const) {
    const both = await two()
    await revoke(both[place])
    if (place === 1) await later()
    expect(await both[0].findAccessToken(accessHash('g', 0), start)).toBeUndefined()
    for (const storage of both) await storage.close()
  }
})

test('a session is ended here, or in another process: the next look-up knows', async () => {
  for (const place of [0, 1] as const) {
    const both = await two()
    await both[place].endMcpSession(hashOf('session'), start + 100)
    if (place === 1) await later()
    expect(await both[0].findMcpSession(hashOf('session'), start)).toEqual({ kind: 'ended' })
    for (const storage of both) await storage.close()
  }
})

test('what is remembered ends when it expires, and with the storage', async () => {
  const [one, other] = await two()
  expect(await one.findAccessToken(accessHash('g', 0), tokensOf('g').accessToken.expiresAt)).toBeUndefined()
  expect(await one.findAccessToken(accessHash('g', 0), start)).toBeDefined()
  await one.close()
  await expect(one.findAccessToken(accessHash('g', 0), start)).rejects.toThrow('closed')
  await expect(one.findMcpSession(hashOf('session'), start)).rejects.toThrow('closed')
  await other.close()
})

test('when the records move away, nothing is remembered of where they were', async () => {
  const path = databases.newPath()
  const both = await two(path)
  const source = openSqliteSource(path, migrations.at(-1)?.version ?? 0)
  expect(source.tables.map(({ name }) => name)).not.toContain('revocation_count')
  source.pause()
  source.finish({ target: 'postgres://elsewhere/postern', movedAt: start })
  await expect(both[0].findAccessToken(accessHash('g', 0), start)).rejects.toMatchObject({ kind: 'moved' })
  await expect(both[0].findMcpSession(hashOf('session'), start)).rejects.toMatchObject({ kind: 'moved' })
  for (const storage of both) await storage.close()
})
