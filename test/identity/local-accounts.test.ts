/** Passwords at rest: Argon2id in PHC form, made anew when the cost changes, and no hint at who has an account. */

import { argon2Sync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  createLocalUser,
  defaultArgon2Cost,
  type LocalAccounts,
  localAccounts,
} from '../../src/identity/providers/local-accounts.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { cheapArgon2 } from '../cheap-argon2.ts'
import { ada } from './visitor.ts'

const clock = (): number => 1_800_000_000

function open(argon2 = cheapArgon2): { storage: Storage; accounts: LocalAccounts } {
  const storage = memoryStorage()
  return { storage, accounts: localAccounts({ storage, clock, argon2 }) }
}

test('the default cost is at least what OWASP asks, and the stored hash is Argon2id of the password', async () => {
  const storage = memoryStorage()
  const made = await createLocalUser({ storage, clock }, { ...ada, role: 'member' })
  expect(made.outcome).toBe('created')
  const stored = (await storage.findUserByName('ada'))?.passwordHash ?? ''
  const [, algorithm, version, cost, nonce = '', tag] = stored.split('$')
  expect([algorithm, version, cost]).toEqual(['argon2id', 'v=19', 'm=19456,t=2,p=1'])
  const parameters = {
    message: ada.password,
    nonce: Buffer.from(nonce, 'base64'),
    memory: defaultArgon2Cost.memoryKibibytes,
    passes: defaultArgon2Cost.passes,
    parallelism: defaultArgon2Cost.parallelism,
    tagLength: 32,
  }
  expect(argon2Sync('argon2id', parameters).toString('base64').replace(/=+$/, '')).toBe(tag)
  expect((await localAccounts({ storage }).signIn('ada', ada.password)).outcome).toBe('signed-in')
})

test('two people with one password have different hashes', async () => {
  const { storage } = open()
  const options = { storage, clock, argon2: cheapArgon2 }
  await createLocalUser(options, { ...ada, role: 'member' })
  await createLocalUser(options, { ...ada, username: 'bob', role: 'member' })
  const [first, second] = await storage.listUsers(2)
  expect(first?.passwordHash).not.toBe(second?.passwordHash)
})

test('a name is taken whatever its case or width', async () => {
  const { storage } = open()
  const options = { storage, clock, argon2: cheapArgon2 }
  await createLocalUser(options, { ...ada, role: 'member' })
  for (const username of ['ADA', 'ａｄａ', ' ada ']) {
    expect(await createLocalUser(options, { ...ada, username, role: 'member' })).toEqual({
      outcome: 'refused',
      problems: ['username-taken'],
    })
  }
})

test('a hash of an older cost still opens, and is made anew at that sign-in', async () => {
  const { storage } = open()
  await createLocalUser({ storage, clock, argon2: cheapArgon2 }, { ...ada, role: 'member' })
  const dearer = localAccounts({ storage, clock, argon2: { ...cheapArgon2, passes: 2 } })
  expect((await dearer.signIn('ada', 'wrong password')).outcome).toBe('refused')
  expect((await storage.findUserByName('ada'))?.passwordHash).toContain('t=1,')
  expect((await dearer.signIn('ada', ada.password)).outcome).toBe('signed-in')
  expect((await storage.findUserByName('ada'))?.passwordHash).toContain('t=2,')
  expect((await dearer.signIn('ada', ada.password)).outcome).toBe('signed-in')
})

test('a composed and a decomposed letter are the same password', async () => {
  const { storage, accounts } = open()
  const wishes = { ...ada, password: 'caf\u00e9 au lait', role: 'member' as const }
  await createLocalUser({ storage, clock, argon2: cheapArgon2 }, wishes)
  expect((await accounts.signIn('ada', 'cafe\u0301 au lait')).outcome).toBe('signed-in')
})

describe('no password opens', () => {
  test.each([
    ['the account of somebody who signs in elsewhere', undefined],
    ['a hash that is not one of ours', '$2b$10$abcdefghijklmnopqrstuv'],
    ['an empty hash', ''],
    ['another Argon2', '$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHRzYWx0c2FsdA$Zm9vYmFyZm9vYmFyZm9vYmFyZm9v'],
  ])('%s', async (_, passwordHash) => {
    const { storage, accounts } = open()
    const person = { userId: 'usr_1', username: 'ada', displayName: 'Ada', role: 'member' as const }
    await storage.createUser({ ...person, passwordHash, createdAt: clock() })
    for (const password of ['', ada.password, passwordHash ?? '']) {
      expect(await accounts.signIn('ada', password)).toEqual({ outcome: 'refused' })
    }
  })
})

test('a flood of sign-ins is not all looked at, and those that wait are answered', async () => {
  const { storage, accounts } = open()
  await createLocalUser({ storage, clock, argon2: cheapArgon2 }, { ...ada, role: 'member' })
  const flood = Array.from({ length: 100 }, () => accounts.signIn('ada', ada.password))
  const outcomes = (await Promise.all(flood)).map(({ outcome }) => outcome)
  expect(outcomes.filter((outcome) => outcome === 'signed-in')).toHaveLength(34)
  expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(66)
  expect((await accounts.signIn('ada', ada.password)).outcome).toBe('signed-in')
})

test('a password can be set anew, by the same rules', async () => {
  const { storage, accounts } = open()
  await createLocalUser({ storage, clock, argon2: cheapArgon2 }, { ...ada, role: 'member' })
  expect(await accounts.setPassword('ADA', 'difference engine')).toEqual({ outcome: 'changed' })
  expect((await accounts.signIn('ada', ada.password)).outcome).toBe('refused')
  expect((await accounts.signIn('ada', 'difference engine')).outcome).toBe('signed-in')
  expect(await accounts.setPassword('ada', 'short')).toEqual({
    outcome: 'refused',
    problems: ['password-too-short'],
  })
  expect(await accounts.setPassword('nobody', 'difference engine')).toEqual({ outcome: 'unknown-user' })
})
