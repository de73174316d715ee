/** Live tokens are remembered for a moment, and never longer than it is known that nothing has changed. */

import { expect, test } from 'vitest'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { rotationOf, start, storeGrant, tokensOf } from '../../src/storage/conformance/records.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { maximumStalenessMs, withTokenCache } from '../../src/storage/token-cache.ts'

const tokens = tokensOf('g')
const { tokenHash } = tokens.accessToken

async function cached(): Promise<{
  storage: Storage
  behind: Storage
  cache: ReturnType<typeof withTokenCache>
  reads(): number
  pass(milliseconds: number): void
}> {
  const behind = memoryStorage()
  let reads = 0
  let time = 0
  const counting: Storage = {
    ...behind,
    findAccessToken(hash, now) {
      reads++
      return behind.findAccessToken(hash, now)
    },
  }
  const cache = withTokenCache(counting, () => time)
  const pass = (milliseconds: number): void => {
    time += milliseconds
  }
  cache.setHearing(true)
  pass(1)
  await storeGrant(behind, tokens)
  return { storage: cache.storage, behind, cache, reads: () => reads, pass }
}

test('the second look-up reads nothing, until the time is over', async () => {
  const { storage, reads, pass } = await cached()
  await storage.findAccessToken(tokenHash, start)
  pass(maximumStalenessMs - 1)
  expect(await storage.findAccessToken(tokenHash, start)).toEqual(
    await storage.findAccessToken(tokenHash, start),
  )
  expect(reads()).toBe(1)
  pass(1)
  await storage.findAccessToken(tokenHash, start)
  expect(reads()).toBe(2)
})

test('what is remembered expires all the same, and what is not there is never remembered', async () => {
  const { storage, reads, behind } = await cached()
  await storage.findAccessToken(tokenHash, start)
  expect(await storage.findAccessToken(tokenHash, tokens.accessToken.expiresAt)).toBeUndefined()
  const late = tokensOf('late')
  expect(await storage.findAccessToken(late.accessToken.tokenHash, start)).toBeUndefined()
  await storeGrant(behind, late)
  expect(await storage.findAccessToken(late.accessToken.tokenHash, start)).toBeDefined()
  expect(reads()).toBe(4)
})

test.each([
  [
    'said by another',
    async ({ cache, behind }) => {
      await behind.revokeGrant('g', start, 'x')
      cache.drop('g')
    },
  ],
  ['made here', async ({ storage }) => void (await storage.revokeGrant('g', start, 'x'))],
  [
    'by removal of the person',
    async ({ storage, behind }) => {
      await behind.revokeGrant('g', start, 'x')
      await storage.removeUser('a-user', start)
    },
  ],
  [
    'by a refresh token that was used again',
    async ({ storage, pass }) => {
      const first = rotationOf('g', 0, start)
      await storage.rotateRefreshToken(first, start)
      await storage.rotateRefreshToken(rotationOf('g', 1, start), start)
      await storage.findAccessToken(tokenHash, start)
      pass(1)
      const later = start + 86_400
      expect((await storage.rotateRefreshToken(first, later)).outcome).toBe('reused')
    },
  ],
] as [string, (opened: Awaited<ReturnType<typeof cached>>) => Promise<void>][])(
  'a revocation is seen by the next look-up: %s',
  async (_, revoke) => {
    const opened = await cached()
    expect(await opened.storage.findAccessToken(tokenHash, start)).toBeDefined()
    opened.pass(1)
    await revoke(opened)
    expect(await opened.storage.findAccessToken(tokenHash, start)).toBeUndefined()
  },
)

test('a revocation that is said while the token is being read is not forgotten over the answer', async () => {
  const { storage, behind, cache } = await cached()
  const reading = storage.findAccessToken(tokenHash, start)
  await behind.revokeGrant('g', start, 'x')
  cache.drop('g')
  await reading
  expect(await storage.findAccessToken(tokenHash, start)).toBeUndefined()
})

test('while nothing would be heard, everything is read, and what was remembered before is forgotten', async () => {
  const { storage, cache, reads } = await cached()
  await storage.findAccessToken(tokenHash, start)
  cache.setHearing(false)
  await storage.findAccessToken(tokenHash, start)
  await storage.findAccessToken(tokenHash, start)
  cache.setHearing(true)
  await storage.findAccessToken(tokenHash, start)
  expect(reads()).toBe(4)
})

test('the first use is noted once', async () => {
  const { storage, reads, behind } = await cached()
  await storage.findAccessToken(tokenHash, start)
  await storage.markAccessTokenUsed(tokenHash, start + 1)
  expect((await storage.findAccessToken(tokenHash, start + 1))?.accessToken.firstUsedAt).toBe(start + 1)
  expect((await behind.findAccessToken(tokenHash, start + 1))?.accessToken.firstUsedAt).toBe(start + 1)
  expect(reads()).toBe(1)
})

test('more news than can be kept drop everything', async () => {
  const { storage, cache, behind, reads } = await cached()
  await storage.findAccessToken(tokenHash, start)
  await behind.revokeGrant('g', start, 'x')
  cache.drop('g')
  for (let index = 0; index < 25_000; index++) cache.drop(`another-${index}`)
  expect(await storage.findAccessToken(tokenHash, start)).toBeUndefined()
  expect(reads()).toBe(2)
})
