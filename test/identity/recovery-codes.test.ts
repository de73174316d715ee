/** Recovery codes through the whole door: shown once, good once, and no way in by guessing. */

import { expect, test } from 'vitest'
import { localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { passkeys } from '../../src/identity/providers/passkeys.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { cheapArgon2 } from '../cheap-argon2.ts'
import { openDoor } from '../door.ts'
import { keepPath, makeCodes, openWithPasskey, recover, signInByPassword } from './passkey-visitor.ts'

test('ten are shown once, each lets its owner in once, however it is written', async () => {
  const { door, ada } = await openWithPasskey()
  const codes = await makeCodes(ada)
  expect(codes).toHaveLength(10)
  expect(new Set(codes).size).toBe(10)
  for (const code of codes) expect(code).toMatch(/^(?:[0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/)
  const [first = '', second = ''] = codes
  const browser = door.browser()
  const answer = await recover(browser, 'ada', first)
  expect([answer.status, answer.headers.get('location')]).toEqual([303, keepPath])
  const page = await (await browser.get(keepPath)).text()
  expect(page).toContain('9 are left')
  for (const code of codes) expect(page).not.toContain(code)

  expect((await recover(door.browser(), 'ada', first)).status).toBe(403)
  const written = ` ${second.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O').replaceAll('1', 'l')}`
  const onTheWay = '/oauth/authorize?request=abc'
  const again = await recover(door.browser(), 'ADA', written, onTheWay)
  expect([again.status, again.headers.get('location')]).toEqual([303, onTheWay])
})

test('new ones end the old ones, and one is of one person', async () => {
  const { door, ada } = await openWithPasskey()
  const [old = ''] = await makeCodes(ada)
  const [fresh = ''] = await makeCodes(ada)
  expect((await recover(door.browser(), 'ada', old)).status).toBe(403)
  await door.storage.createUser({
    userId: 'usr_bob',
    username: 'bob',
    displayName: 'Bob',
    role: 'member',
    passwordHash: undefined,
    createdAt: door.clock.now,
  })
  expect((await recover(door.browser(), 'bob', fresh)).status).toBe(403)
  expect((await recover(door.browser(), 'nobody', fresh)).status).toBe(403)
  expect((await recover(door.browser(), 'ada', fresh)).status).toBe(303)
})

test('of eight at once with one code, one gets in', async () => {
  const { door, ada } = await openWithPasskey()
  const [code = ''] = await makeCodes(ada)
  const answers = await Promise.all(Array.from({ length: 8 }, () => recover(door.browser(), 'ada', code)))
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
})

test('guesses are braked, together with those at the password', async () => {
  const { door, ada } = await openWithPasskey()
  const [code = ''] = await makeCodes(ada)
  const thief = door.browser()
  for (let guess = 0; guess < 10; guess++)
    expect((await recover(thief, 'ada', `aaaa-aaaa-aaaa-aaa${guess}`)).status).toBe(403)
  const braked = await recover(thief, 'ada', code)
  expect(braked.status).toBe(429)
  expect(Number(braked.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await signInByPassword(thief)).status).toBe(429)
  door.clock.now += 901
  expect((await recover(thief, 'ada', code)).status).toBe(303)
})

test('the database holds neither a code nor what would make one', async () => {
  const storage = memoryStorage()
  const saved: string[] = []
  const watched = {
    ...storage,
    saveRecoveryCodes(userId: string, hashes: readonly string[]) {
      saved.push(...hashes)
      return storage.saveRecoveryCodes(userId, hashes as never)
    },
  }
  const door = await openDoor({
    storage: watched,
    identity: [localAccounts({ storage, argon2: cheapArgon2 }), passkeys()],
  })
  const ada = door.browser()
  await signInByPassword(ada)
  const codes = await makeCodes(ada)
  expect(saved).toHaveLength(10)
  for (const code of codes) expect(saved.join()).not.toContain(code.replaceAll('-', ''))
  expect(JSON.stringify(door.events)).not.toMatch(new RegExp(codes.join('|')))
})

test('a form from elsewhere is refused, and uses up nothing', async () => {
  const { door, ada } = await openWithPasskey()
  const [code = ''] = await makeCodes(ada)
  const fields = new URLSearchParams({ username: 'ada', code, csrf: 'wrong' })
  expect((await door.browser().post('/login/recovery', fields)).status).toBe(403)
  expect((await recover(door.browser(), 'ada', code)).status).toBe(303)
})
