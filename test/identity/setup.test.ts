/** The first account: by a link that works once, for half an hour, and not at all when there is an account (docs/security.md rule 14). */

import { describe, expect, test } from 'vitest'
import { createSetupLink, formatSetupLink } from '../../src/identity/setup-link.ts'
import { hashToken } from '../../src/platform/crypto.ts'
import { ada, type House, hiddenFields, openHouse } from './visitor.ts'

function linkOf(house: House): Promise<string> {
  return createSetupLink({ storage: house.storage, clock: () => house.clock.now })
}

function formFor(setup: string, changes: Record<string, string> = {}): Record<string, string> {
  const { username, displayName, password } = ada
  return { setup, username, display_name: displayName, password, password_again: password, ...changes }
}

describe('the setup link [HS-14]', () => {
  test('makes the first account, signs it in, and leads home', async () => {
    const house = openHouse()
    const token = await linkOf(house)
    const visitor = house.visitor()
    const response = await visitor.submit('/setup', formFor(token))
    expect([response.status, response.headers.get('location')]).toEqual([303, '/'])
    const user = await house.login.whoIsThere(visitor.request('/'))
    expect(user).toMatchObject({ username: 'ada', displayName: 'Ada Lovelace', role: 'admin' })
    expect(user?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[\w+/]{22}\$[\w+/]{43}$/)
    expect(house.events).toMatchObject([{ name: 'setup.completed', userId: user?.userId }])
  })

  test('carries its token in the fragment, and only its hash is stored', async () => {
    const house = openHouse()
    const saved: unknown[] = []
    const storage = {
      async saveSetupLink(...args: unknown[]) {
        saved.push(...args)
      },
    }
    const token = await createSetupLink({ storage, clock: () => house.clock.now })
    expect(saved).toEqual([hashToken(token), house.clock.now + 1800])
    const link = new URL(formatSetupLink('https://door.example', token))
    expect([link.pathname, link.search, link.hash]).toEqual(['/setup', '', `#${token}`])
  })

  test('is not consumed by looking at the page', async () => {
    const house = openHouse()
    const token = await linkOf(house)
    for (let look = 0; look < 3; look++) expect((await house.visitor().get('/setup')).status).toBe(200)
    expect((await house.visitor().submit('/setup', formFor(token))).status).toBe(303)
  })

  test('goes on to the request that waits, if it was opened from there', async () => {
    const house = openHouse()
    const token = await linkOf(house)
    const goOn = '/oauth/authorize?request=abc'
    const response = await house.visitor().submit(`/setup?then=${encodeURIComponent(goOn)}`, formFor(token))
    expect(response.headers.get('location')).toBe(goOn)
  })

  test('is gone once there is an account: replayed, opened again, or with a link made later', async () => {
    const house = openHouse()
    const token = await linkOf(house)
    const late = house.visitor()
    const form = hiddenFields(await (await late.get('/setup')).text())
    await house.visitor().submit('/setup', formFor(token))
    const mallory = { ...form, ...formFor(token, { username: 'mallory' }) }
    expect((await late.post('/setup', mallory)).status).toBe(404)
    expect((await late.get('/setup')).status).toBe(404)
    const another = await linkOf(house)
    expect((await late.post('/setup', { ...mallory, setup: another })).status).toBe(404)
    const opened = await late.get('/setup')
    expect(opened.status).toBe(404)
    expect(await opened.text()).toContain('already set up')
    expect(await house.storage.findUserByName('mallory')).toBeUndefined()
  })

  test('two submissions at once make one account, and one of them is signed in', async () => {
    const house = openHouse()
    const token = await linkOf(house)
    const [first, second] = [house.visitor(), house.visitor()]
    const responses = await Promise.all([
      first.submit('/setup', formFor(token)),
      second.submit('/setup', formFor(token, { username: 'bob' })),
    ])
    expect(responses.map(({ status }) => status).sort()).toEqual([303, 404])
    expect(await house.storage.listUsers(10)).toHaveLength(1)
    const signedIn = [first, second].filter(({ cookies }) => cookies.has('__Host-postern'))
    expect(signedIn).toHaveLength(1)
  })

  test('runs out after half an hour, to the second, and says so', async () => {
    const house = openHouse()
    const token = await linkOf(house)
    const visitor = house.visitor()
    const form = hiddenFields(await (await visitor.get('/setup')).text())
    house.clock.now += 1799
    expect((await visitor.get('/setup')).status).toBe(200)
    house.clock.now += 1
    const closed = await visitor.get('/setup')
    expect(closed.status).toBe(404)
    expect(await closed.text()).toContain('Start Postern again')
    expect((await visitor.post('/setup', { ...form, ...formFor(token) })).status).toBe(403)
    expect(await house.storage.hasUsers()).toBe(false)
  })

  test('a new one, as each start makes, replaces the last', async () => {
    const house = openHouse()
    const old = await linkOf(house)
    const token = await linkOf(house)
    expect((await house.visitor().submit('/setup', formFor(old))).status).toBe(403)
    expect((await house.visitor().submit('/setup', formFor(token))).status).toBe(303)
  })

  test.each(['', 'pst_su_', `pst_su_${'A'.repeat(43)}`])('a wrong code %j is refused', async (setup) => {
    const house = openHouse()
    await linkOf(house)
    const response = await house.visitor().submit('/setup', formFor(setup))
    expect(response.status).toBe(403)
    expect(await response.text()).toContain('This setup code is not valid')
    expect(await house.storage.hasUsers()).toBe(false)
  })

  test.each([
    ['without a token', (form: Record<string, string>) => ({ ...form, csrf: '' }), {}],
    [
      'from another site',
      (form: Record<string, string>) => form,
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    ],
  ])('a form %s makes no account', async (_, change, headers) => {
    const house = openHouse()
    const token = await linkOf(house)
    const visitor = house.visitor()
    const form = hiddenFields(await (await visitor.get('/setup')).text())
    const response = await visitor.post('/setup', change({ ...form, ...formFor(token) }), headers)
    expect(response.status).toBe(403)
    expect(await house.storage.hasUsers()).toBe(false)
  })
})

describe('names and passwords', () => {
  test.each([
    [{ username: '' }, 'Choose a user name'],
    [{ username: 'ada lovelace' }, 'without blanks'],
    [{ username: 'a'.repeat(65) }, 'At most 64 characters'],
    [{ display_name: 'A'.repeat(101) }, 'At most 100 characters'],
    [{ password: 'seven77', password_again: 'seven77' }, 'at least 8 characters'],
    [{ password: 'é'.repeat(257), password_again: 'é'.repeat(257) }, 'At most 256 characters'],
    [
      { username: 'ada.lovelace', password: 'Ada.Lovelace', password_again: 'Ada.Lovelace' },
      'must not be the user name',
    ],
    [{ password: 'Password123!', password_again: 'Password123!' }, 'first that an attacker tries'],
    [{ password: '19121815', password_again: '19121815' }, 'first that an attacker tries'],
    [{ password: 'qwertyuiop', password_again: 'qwertyuiop' }, 'first that an attacker tries'],
    [{ password_again: 'something else' }, 'The two passwords are not the same'],
  ])('%j is refused beside its field, and nothing typed is lost', async (changes, sentence) => {
    const house = openHouse()
    const token = await linkOf(house)
    const visitor = house.visitor()
    const sent = formFor(token, changes as Record<string, string>)
    const response = await visitor.submit('/setup', sent)
    expect(response.status).toBe(400)
    const page = await response.text()
    expect(page).toContain(sentence)
    expect(page).toContain('aria-invalid="true"')
    expect(page).toContain(`value="${token}"`)
    expect(page).not.toContain(`value="${sent.password}"`)
    expect(await house.storage.hasUsers()).toBe(false)
    expect((await visitor.submit('/setup', formFor(token))).status).toBe(303)
  })

  test('eight characters are enough, and so are words in any script', async () => {
    for (const password of ['kd8-Wq0z', 'сорок тысяч обезьян', '雨にも負けず風にも負けず']) {
      const house = openHouse()
      const token = await linkOf(house)
      const sent = formFor(token, { password, password_again: password, username: 'Ådа' })
      expect((await house.visitor().submit('/setup', sent)).status).toBe(303)
    }
  })
})
