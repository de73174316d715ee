/** What SQLite storage acknowledged is there after its process was killed at any moment. */

import { afterAll, expect, test } from 'vitest'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import { hashOf, refreshHash } from '../../src/storage/conformance/records.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { writeAndKill } from './storage-processes.ts'
import { temporaryDatabases } from './temporary-databases.ts'

const databases = temporaryDatabases()
afterAll(() => databases.remove())

test('everything acknowledged before each of six kills is there, and nothing is half there', async () => {
  const path = databases.newPath()
  const acknowledged: string[] = []
  for (const [index, delayMs] of [0, 3, 7, 12, 19, 31].entries()) {
    acknowledged.push(...(await writeAndKill(path, `run${index}`, 60, delayMs)))
    const storage = sqliteStorage({ path })
    for (const line of acknowledged) expect(await isThere(storage, line), line).toBe(true)
    expect(await halfThere(storage)).toEqual([])
    await storage.close()
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(360)
})

async function isThere(storage: Storage, acknowledged: string): Promise<boolean> {
  const [kind, id] = acknowledged.split(' ')
  switch (kind) {
    case 'client':
      return (await storage.findClient(`client ${id}`)) !== undefined
    case 'code':
      return (await storage.findAuthorizationCode(hashOf(`untaken ${id}`))) !== undefined
    case 'grant':
      return (await storage.findAuthorizationCode(hashOf(`code of grant ${id}`)))?.grantId === `grant ${id}`
    case 'rotated':
      return (await storage.findRefreshToken(refreshHash(`grant ${id}`, 1)))?.refreshToken.generation === 1
    case 'revoked':
      return (await storage.findGrant(`grant ${id}`))?.revokedAt !== undefined
    default:
      return false
  }
}

/** A code that was taken without its grant, a grant without tokens, a rotated token without its successor. */
async function halfThere(storage: Storage): Promise<string[]> {
  const broken: string[] = []
  for (const { grantId } of await storage.listGrants({}, 100_000)) {
    const first = await storage.findRefreshToken(refreshHash(grantId, 0))
    const next = await storage.findRefreshToken(refreshHash(grantId, 1))
    const code = await storage.findAuthorizationCode(hashOf(`code of ${grantId}`))
    const isRotated = first?.refreshToken.rotatedAt !== undefined
    if (first === undefined || code?.grantId !== grantId || isRotated !== (next !== undefined))
      broken.push(grantId)
  }
  return broken
}
