/** Two processes use one SQLite file at once, as the server and the command line do. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import {
  aCode,
  accessHash,
  aUser,
  hashOf,
  rotationOf,
  start,
  storeCode,
  storeGrant,
  tokensOf,
} from '../../src/storage/conformance/records.ts'
import { type StorageProcess, startStorageProcess } from './storage-processes.ts'
import { temporaryDatabases } from './temporary-databases.ts'

const databases = temporaryDatabases()
let processes: StorageProcess[] = []

beforeAll(() => {
  processes = [startStorageProcess(), startStorageProcess()]
})

afterAll(async () => {
  await Promise.all(processes.map((process) => process.stop()))
  databases.remove()
})

/** The same command to both at once, each with its own values. */
function race(path: string, verb: Parameters<StorageProcess['ask']>[1], values: (name: string) => unknown[]) {
  return Promise.all(processes.map((process, index) => process.ask(path, verb, ...values(`p${index}`))))
}

test('a grant revoked by the command line is dead at the server’s next look', async () => {
  const path = databases.newPath()
  const server = sqliteStorage({ path })
  await storeGrant(server, tokensOf('g'))
  expect(await server.findAccessToken(accessHash('g', 0), start)).toBeDefined()
  expect(await processes[0]?.ask(path, 'revokeGrant', 'g', start, 'by the operator')).toBe(true)
  expect(await server.findAccessToken(accessHash('g', 0), start)).toBeUndefined()
  expect(await server.rotateRefreshToken(rotationOf('g', 0, start), start)).toEqual({ outcome: 'revoked' })
  await server.close()
})

test('two processes start on no database, and both find it whole', async () => {
  for (let round = 0; round < 5; round++) {
    const path = databases.newPath()
    await race(path, 'open', () => [])
    expect(await race(path, 'hasUsers', () => [])).toEqual([false, false])
  }
})

test('of two processes that take one code one wins, for each of 100 codes', async () => {
  const path = databases.newPath()
  const storage = sqliteStorage({ path })
  const codes = Array.from({ length: 100 }, (_, index) => `code ${index}`)
  await Promise.all(codes.map((code) => storeCode(storage, aCode(code))))
  const outcomes = await Promise.all(
    codes.map((code) =>
      race(path, 'takeAuthorizationCode', (name) => [hashOf(code), tokensOf(`${name} ${code}`), start]),
    ),
  )
  for (const both of outcomes) expect(both.toSorted()).toEqual(['already-taken', 'taken'])
  const grants = await storage.listGrants({}, 1000)
  expect(grants).toHaveLength(100)
  for (const [index, both] of outcomes.entries()) {
    const winner = `p${both.indexOf('taken')} code ${index}`
    expect((await storage.findAuthorizationCode(hashOf(`code ${index}`)))?.grantId).toBe(winner)
  }
  await storage.close()
})

test('of two processes that refresh one token at once both get the same answer, for each of 50 tokens', async () => {
  const path = databases.newPath()
  const storage = sqliteStorage({ path })
  const grants = Array.from({ length: 50 }, (_, index) => `g${index}`)
  await Promise.all(grants.map((grant) => storeGrant(storage, tokensOf(grant))))
  const outcomes = await Promise.all(
    grants.map((grant) => race(path, 'rotateRefreshToken', () => [rotationOf(grant, 0, start), start])),
  )
  for (const both of outcomes) {
    const kinds = both.map((rotation) => (rotation as { outcome: string }).outcome)
    expect(kinds.toSorted()).toEqual(['repeated', 'rotated'])
  }
  await storage.close()
})

test('of two processes that make the first account one wins, in each of 5 databases', async () => {
  for (let round = 0; round < 5; round++) {
    const path = databases.newPath()
    const storage = sqliteStorage({ path })
    await storage.saveSetupLink(hashOf('link'), start + 1800)
    const outcomes = await race(path, 'createFirstUser', (name) => [aUser(name), hashOf('link'), start])
    expect(outcomes.toSorted()).toEqual(['created', 'not-first'])
    expect(await storage.listUsers(10)).toHaveLength(1)
    await storage.close()
  }
})

test('of two processes that make the master key both get the same one, five times', async () => {
  for (let round = 0; round < 5; round++) {
    const [one, other] = await race(`${databases.newPath()}.key`, 'master-key', () => [])
    expect(one).toHaveLength(32)
    expect(one).toEqual(other)
  }
})
