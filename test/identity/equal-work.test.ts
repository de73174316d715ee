/** Whether a name has an account cannot be told by how long sign-in takes: the same hashing is done for every name and password. */

import type * as crypto from 'node:crypto'
import type { Argon2Parameters } from 'node:crypto'
import { beforeEach, expect, test, vi } from 'vitest'
import { createLocalUser, localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { cheapArgon2 } from '../cheap-argon2.ts'
import { ada } from './visitor.ts'

/** Work and not time is compared, because a busy machine makes any time true. */
const hashed = vi.hoisted(() => [] as Argon2Parameters[])

vi.mock('node:crypto', async (importOriginal) => {
  const original = await importOriginal<typeof crypto>()
  const argon2: typeof original.argon2 = (algorithm, parameters, done) => {
    hashed.push(parameters)
    original.argon2(algorithm, parameters, done)
  }
  return { ...original, argon2 }
})

beforeEach(() => {
  hashed.length = 0
})

test.each([
  ['a wrong password', 'ada', 'wrong password'],
  ['the right password', 'ada', ada.password],
  ['a name that nobody has', 'nobody', ada.password],
  ['somebody who signs in elsewhere', 'bob', ada.password],
  ['a password beyond the limit', 'ada', 'x'.repeat(10_000)],
  ['nothing', '', ''],
])('%s costs one hash, of the usual cost', async (_, username, password) => {
  const storage = memoryStorage()
  const options = { storage, argon2: cheapArgon2 }
  await createLocalUser(options, { ...ada, role: 'member' })
  const bob = { userId: 'usr_bob', username: 'bob', displayName: 'Bob', role: 'member' as const }
  await storage.createUser({ ...bob, passwordHash: undefined, createdAt: 0 })
  hashed.length = 0
  await localAccounts(options).signIn(username, password)
  expect(hashed).toMatchObject([{ memory: 64, passes: 1, parallelism: 1, tagLength: 32 }])
  expect(String(hashed[0]?.message).length).toBeLessThanOrEqual(256)
})
