/** Signing in and out through the endpoints, and everything that must be refused there. */

import { describe, expect, test } from 'vitest'
import { localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { hashToken } from '../../src/platform/crypto.ts'
import { cheapArgon2 } from '../cheap-argon2.ts'
import { ada, hiddenFields, openHouse } from './visitor.ts'

/** The field that says where to go afterwards. */
const returnField = 'then'

const signIn = { username: ada.username, password: ada.password }

describe('signing in', () => {
  test('the right name and password begin a session, by a 303 [OA21-23] [ASU-15]', async () => {
    const house = openHouse()
    const user = await house.addUser()
    const visitor = house.visitor()
    const response = await visitor.submit('/login?then=/oauth/authorize?request=abc_123', signIn)
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/oauth/authorize?request=abc_123')
    expect(await house.login.whoIsThere(visitor.request('/'))).toEqual(user)
    expect(await house.login.whoIsThere(house.visitor().request('/'))).toBeUndefined()
    expect(house.events.map(({ name }) => name)).toEqual(['login.succeeded'])
  })

  test('names are compared without case and without stray blanks', async () => {
    const house = openHouse()
    await house.addUser()
    const response = await house.visitor().submit('/login', { ...signIn, username: ' ADA ' })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/')
  })

  test.each([
    ['a wrong password', { username: 'ada', password: 'analytical engine 1844' }],
    ['an unknown name', { username: 'bob', password: ada.password }],
    ['nothing at all', { username: '', password: '' }],
    ['a password of a megabyte less a little', { username: 'ada', password: 'x'.repeat(15_000) }],
  ])('%s is refused with one and the same sentence', async (_, fields) => {
    const house = openHouse()
    await house.addUser()
    const visitor = house.visitor()
    const response = await visitor.submit('/login', fields)
    expect(response.status).toBe(403)
    const page = await response.text()
    expect(page).toContain('That user name and password do not go together')
    expect(page).not.toContain(ada.password)
    expect(await house.login.whoIsThere(visitor.request('/'))).toBeUndefined()
  })

  test('no database is asked for a name that it cannot take', async () => {
    const house = openHouse()
    const asked: string[] = []
    const storage = {
      ...house.storage,
      async findUserByName(name: string) {
        asked.push(name)
        return undefined
      },
      hasUsers: async () => true,
    }
    const provider = localAccounts({ storage, argon2: cheapArgon2 })
    const other = openHouse({ storage, provider })
    expect((await other.visitor().submit('/login', { username: 'a\0da', password: 'x' })).status).toBe(403)
    expect(asked).toEqual(['a\ufffdda'])
  })

  test('what was typed as a name comes back escaped', async () => {
    const house = openHouse()
    await house.addUser()
    const response = await house.visitor().submit('/login', { ...signIn, username: '"><script>' })
    expect(await response.text()).toContain('value="&quot;&gt;&lt;script&gt;"')
  })

  test('with a session the page goes on at once; without any account it says how to make one', async () => {
    const house = openHouse()
    const early = await house.visitor().get('/login?then=/oauth/authorize?request=abc')
    expect(early.status).toBe(503)
    expect(await early.text()).toContain('setup link')
    await house.addUser()
    const visitor = house.visitor()
    await visitor.submit('/login', signIn)
    const again = await visitor.get('/login?then=/oauth/authorize?request=abc')
    expect([again.status, again.headers.get('location')]).toEqual([303, '/oauth/authorize?request=abc'])
  })

  test('sign-in joins the flow of the request that the browser comes from', async () => {
    const house = openHouse()
    await house.addUser()
    const visitor = house.visitor()
    await visitor.get('/login')
    await house.storage.savePendingAuthorization({
      pendingId: 'pending-1',
      browserHash: house.login.browserOf(visitor.request('/')).browserHash,
      flowId: 'the-flow',
      clientId: 'client',
      redirectUri: 'https://claude.ai/api/mcp/auth_callback',
      state: undefined,
      resource: 'https://door.example/mcp',
      scope: ['read'],
      codeChallenge: '',
      createdAt: house.clock.now,
      expiresAt: house.clock.now + 600,
      decision: undefined,
    })
    const goOn = '/login?then=/oauth/authorize?request=pending-1'
    await visitor.submit(goOn, signIn)
    await house.visitor().submit(goOn, signIn)
    const flows = house.events.map(({ flowId }) => flowId === 'the-flow')
    expect(flows).toEqual([true, false])
  })
})

describe('where a signed-in browser may be sent', () => {
  test.each([
    '//evil.example',
    'https://evil.example/',
    '/\\evil.example',
    '/%2f/evil.example',
    'javascript:alert(1)',
    '/oauth/authorize?request=abc&next=//evil.example',
    '/oauth/authorize?request=abc\r\nlocation: https://evil.example',
    '/oauth/authorize?request=',
    '/oauth/authorize/../../evil?request=abc',
    '/logout',
    '/oauth/token',
    '',
  ])('%j leads home [OA21-25]', async (asked) => {
    const house = openHouse()
    await house.addUser()
    const visitor = house.visitor()
    const response = await visitor.submit('/login', { ...signIn, [returnField]: asked })
    expect([response.status, response.headers.get('location')]).toEqual([303, '/'])
    const again = await visitor.get(`/login?then=${encodeURIComponent(asked)}`)
    expect([again.status, again.headers.get('location')]).toEqual([303, '/'])
    const sent = house.login.sendToLogin(visitor.request('/'), asked)
    expect(sent.headers.get('location')).toBe('/login?then=%2F')
  })

  test('behind a base path, only paths under it', async () => {
    const house = openHouse({ basePath: '/door' })
    await house.addUser()
    const visitor = house.visitor()
    const inside = '/door/oauth/authorize?request=abc'
    const response = await visitor.submit(`/door/login?then=${encodeURIComponent(inside)}`, signIn)
    expect(response.headers.get('location')).toBe(inside)
    const outside = await visitor.get('/door/login?then=/oauth/authorize?request=abc')
    expect(outside.headers.get('location')).toBe('/door/')
  })
})

describe('cookies', () => {
  test('over TLS they are __Host-, Secure, HttpOnly and SameSite=Lax, and only hashes are stored [SBP-03]', async () => {
    const house = openHouse()
    const user = await house.addUser()
    const visitor = house.visitor()
    const page = await visitor.get('/login')
    const flow = page.headers.getSetCookie()
    expect(flow).toEqual([
      expect.stringMatching(
        /^__Host-postern-flow=pst_bf_[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ])
    const session = (await visitor.submit('/login', signIn)).headers.getSetCookie()
    expect(session).toEqual([
      expect.stringMatching(
        /^__Host-postern=pst_bs_[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ])
    const token = visitor.cookies.get('__Host-postern') ?? ''
    const stored = await house.storage.findBrowserSession(hashToken(token), house.clock.now)
    expect(stored).toMatchObject({ userId: user.userId, sessionHash: hashToken(token) })
    expect(JSON.stringify(stored)).not.toContain(token)
  })

  test('on plain http they are not Secure, and two servers on one machine do not share them', async () => {
    const first = openHouse({ origin: 'http://localhost:8787' })
    const second = openHouse({ origin: 'http://localhost:8788' })
    await first.addUser()
    const visitor = first.visitor()
    const response = await visitor.submit('/login', signIn)
    expect(response.headers.getSetCookie().join()).not.toContain('Secure')
    expect([...visitor.cookies.keys()]).toEqual(['postern-flow-8787', 'postern-8787'])
    const other = second.visitor()
    await second.addUser()
    await other.submit('/login', signIn)
    expect([...other.cookies.keys()].some((name) => visitor.cookies.has(name))).toBe(false)
  })

  test('a session ends twelve hours after sign-in, to the second, however much it is used', async () => {
    const house = openHouse()
    await house.addUser()
    const visitor = house.visitor()
    await visitor.submit('/login', signIn)
    house.clock.now += 12 * 3600 - 1
    expect(await house.login.whoIsThere(visitor.request('/'))).toBeDefined()
    house.clock.now += 1
    expect(await house.login.whoIsThere(visitor.request('/'))).toBeUndefined()
  })

  test('sign-in never keeps a session id that was there before, and ends that session', async () => {
    const house = openHouse()
    await house.addUser()
    const visitor = house.visitor()
    await visitor.submit('/login', signIn)
    const before = visitor.cookies.get('__Host-postern') ?? ''
    const { csrf } = hiddenFields(await (await openLoginAsNobody(house, visitor)).text())
    await visitor.post('/login', { ...signIn, csrf: csrf ?? '' })
    const after = visitor.cookies.get('__Host-postern') ?? ''
    expect(after).not.toBe(before)
    expect(await house.storage.findBrowserSession(hashToken(before), house.clock.now)).toBeUndefined()
    const planted = house.visitor()
    planted.cookies.set('__Host-postern', `pst_bs_${'A'.repeat(43)}`)
    await planted.submit('/login', signIn)
    expect(planted.cookies.get('__Host-postern')).not.toBe(`pst_bs_${'A'.repeat(43)}`)
  })

  test('a flow cookie that we could not have made is replaced', async () => {
    const house = openHouse()
    const visitor = house.visitor()
    visitor.cookies.set('__Host-postern-flow', 'guessable')
    const browser = house.login.browserOf(visitor.request('/'))
    expect(browser.setCookie).toMatch(/^__Host-postern-flow=pst_bf_/)
    expect(browser.browserHash).not.toBe(hashToken('guessable'))
  })

  test('the flow cookie outlives sign-in, so that the request it is bound to goes on', async () => {
    const house = openHouse()
    await house.addUser()
    const visitor = house.visitor()
    const sent = house.login.sendToLogin(visitor.request('/'), '/oauth/authorize?request=abc')
    expect(sent.status).toBe(303)
    const [name = '', value = ''] = (sent.headers.getSetCookie()[0] ?? '').split(';')[0]?.split('=') ?? []
    visitor.cookies.set(name, value)
    const before = house.login.browserOf(visitor.request('/'))
    expect(before.setCookie).toBeUndefined()
    await visitor.submit(sent.headers.get('location') ?? '', signIn)
    expect(house.login.browserOf(visitor.request('/')).browserHash).toBe(before.browserHash)
  })
})

describe('a POST that is not our own is refused [SBP-02]', () => {
  test.each<[string, Record<string, string | null>, string]>([
    ['cross-site by Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }, 'sec-fetch-site'],
    ['from a sister host', { 'sec-fetch-site': 'same-site' }, 'sec-fetch-site'],
    ['cross-site with our Origin', { 'sec-fetch-site': 'cross-site', origin: null }, 'sec-fetch-site'],
    [
      'of a foreign Origin, by an old browser',
      { 'sec-fetch-site': null, origin: 'https://evil.example' },
      'origin',
    ],
    ['of Origin null', { 'sec-fetch-site': null, origin: 'null' }, 'origin'],
    ['of our name over http', { 'sec-fetch-site': null, origin: 'http://door.example' }, 'origin'],
    [
      'of our name on another port',
      { 'sec-fetch-site': null, origin: 'https://door.example:8443' },
      'origin',
    ],
    ['of no origin at all', { 'sec-fetch-site': null, origin: null }, 'origin'],
  ])('%s', async (_, headers, reason) => {
    const house = openHouse()
    await house.addUser()
    const visitor = house.visitor()
    const response = await visitor.submit('/login', signIn, headers)
    expect(response.status).toBe(403)
    expect(await house.login.whoIsThere(visitor.request('/'))).toBeUndefined()
    expect(house.events).toMatchObject([{ name: 'form.refused', reason, path: '/login' }])
  })

  test('without Sec-Fetch-Site our own Origin is enough, as on a LAN name over http', async () => {
    const house = openHouse()
    await house.addUser()
    const response = await house.visitor().submit('/login', signIn, { 'sec-fetch-site': null })
    expect(response.status).toBe(303)
  })

  test.each([
    ['http://127.0.0.1:8787', 303],
    ['http://[::1]:8787', 303],
    ['http://localhost:8788', 403],
    ['http://localhost.evil.example:8787', 403],
    ['https://localhost:8787', 403],
  ])('for http://localhost:8787 the Origin %s gives %i', async (origin, status) => {
    const house = openHouse({ origin: 'http://localhost:8787' })
    await house.addUser()
    const response = await house.visitor().submit('/login', signIn, { 'sec-fetch-site': null, origin })
    expect(response.status).toBe(status)
  })

  test.each([
    ['https://mcp.lan:8443', 'mcp.lan:8443', 303],
    ['https://mcp.lan:8443', 'MCP.lan:8443', 303],
    ['http://mcp.lan:8443', 'mcp.lan:8443', 403],
    ['https://mcp.lan', 'mcp.lan:8443', 403],
    ['https://evil.example', 'mcp.lan:8443', 403],
    ['https://mcp.lan:8443/', 'mcp.lan:8443', 403],
  ])(
    'under a further name of ours the Origin %s, for the Host %s, gives %i',
    async (origin, host, status) => {
      const house = openHouse()
      await house.addUser()
      const headers = { 'sec-fetch-site': null, origin, host }
      expect((await house.visitor().submit('/login', signIn, headers)).status).toBe(status)
    },
  )

  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['a made-up one', 'A'.repeat(43)],
  ])('with %s for a token', async (_, csrf) => {
    const house = openHouse()
    await house.addUser()
    const visitor = house.visitor()
    await visitor.get('/login')
    const response = await visitor.post('/login', csrf === undefined ? signIn : { ...signIn, csrf })
    expect(response.status).toBe(403)
    expect(house.events).toMatchObject([{ name: 'form.refused', reason: 'csrf-token' }])
    expect(await house.login.whoIsThere(visitor.request('/'))).toBeUndefined()
  })

  test('with the token of another browser, of another purpose, or without the cookie it belongs to', async () => {
    const house = openHouse()
    await house.addUser()
    const visitor = house.visitor()
    const stranger = house.visitor()
    const mine = hiddenFields(await (await visitor.get('/login')).text())
    const theirs = hiddenFields(await (await stranger.get('/login')).text())
    const forLogout = house.login.browserOf(visitor.request('/')).csrf('logout')
    expect((await visitor.post('/login', { ...signIn, ...theirs })).status).toBe(403)
    expect((await visitor.post('/login', { ...signIn, csrf: forLogout })).status).toBe(403)
    expect((await house.visitor().post('/login', { ...signIn, ...mine })).status).toBe(403)
    expect((await visitor.post('/login', { ...signIn, ...mine })).status).toBe(303)
  })

  test('for other rooms: only the purpose, browser and headers that belong together', async () => {
    const house = openHouse()
    const visitor = house.visitor()
    await house.addUser()
    await visitor.get('/login')
    const csrf = house.login.browserOf(visitor.request('/')).csrf('consent:1')
    const post = (headers: Record<string, string>): Request =>
      visitor.request('/oauth/authorize?request=1', { method: 'POST', headers })
    const form = new URLSearchParams({ csrf })
    expect(house.login.isGenuinePost(post({ origin: house.origin }), form, 'consent:1')).toBe(true)
    expect(house.login.isGenuinePost(post({ origin: house.origin }), form, 'consent:2')).toBe(false)
    expect(house.login.isGenuinePost(post({ origin: 'https://claude.ai' }), form, 'consent:1')).toBe(false)
  })

  test('a body of another type or beyond the limit is not read', async () => {
    const house = openHouse()
    const json = house.visitor().request('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: house.origin },
      body: JSON.stringify(signIn),
    })
    await expect(house.login.endpoints.login(json)).rejects.toMatchObject({ code: 'invalid_request' })
    const large = house.visitor().post('/login', { ...signIn, filler: 'x'.repeat(20_000) })
    await expect(large).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

describe('signing out', () => {
  test('ends the session here and in storage, and goes back to where another person can sign in', async () => {
    const house = openHouse()
    await house.addUser()
    const visitor = house.visitor()
    await visitor.submit('/login', signIn)
    const token = visitor.cookies.get('__Host-postern') ?? ''
    const form = house.login.signOutForm(visitor.request('/'), '/oauth/authorize?request=abc')
    const response = await visitor.post(form.action, { csrf: form.csrf, [returnField]: form.returnTo })
    expect([response.status, response.headers.get('location')]).toEqual([303, '/oauth/authorize?request=abc'])
    expect(visitor.cookies.has('__Host-postern')).toBe(false)
    expect(await house.storage.findBrowserSession(hashToken(token), house.clock.now)).toBeUndefined()
  })

  test('is refused to others, who could else sign a person out', async () => {
    const house = openHouse()
    await house.addUser()
    const visitor = house.visitor()
    await visitor.submit('/login', signIn)
    await expect(visitor.post('/logout', {})).rejects.toMatchObject({ occasion: 'not-genuine' })
    const { csrf } = house.login.signOutForm(visitor.request('/'), '/')
    const crossSite = visitor.post('/logout', { csrf }, { 'sec-fetch-site': 'cross-site' })
    await expect(crossSite).rejects.toMatchObject({ occasion: 'not-genuine' })
    expect((await visitor.get('/logout')).status).toBe(405)
    expect(await house.login.whoIsThere(visitor.request('/'))).toBeDefined()
  })

  test('a removed account is nobody at once', async () => {
    const house = openHouse()
    const user = await house.addUser()
    const visitor = house.visitor()
    await visitor.submit('/login', signIn)
    await house.storage.removeUser(user.userId, house.clock.now)
    expect(await house.login.whoIsThere(visitor.request('/'))).toBeUndefined()
  })
})

describe('guessing', () => {
  const wrong = { username: 'ada', password: 'not the password' }

  test('is braked after ten failures for one name, without a look at the password, until the window ends', async () => {
    const house = openHouse()
    await house.addUser()
    const visitor = house.visitor()
    for (let guess = 0; guess < 10; guess++) {
      expect((await visitor.submit('/login', { ...wrong, username: guess % 2 ? 'ADA' : 'ada' })).status).toBe(
        403,
      )
    }
    const braked = await house.visitor().submit('/login', signIn)
    expect(braked.status).toBe(429)
    expect(braked.headers.get('retry-after')).toBe('900')
    expect(await braked.text()).toContain('waits 15 minutes')
    expect(house.events.at(-1)?.name).toBe('login.braked')
    house.clock.now += 899
    expect((await house.visitor().submit('/login', signIn)).status).toBe(429)
    house.clock.now += 1
    expect((await house.visitor().submit('/login', signIn)).status).toBe(303)
  })

  test('all at once gains nothing: no more than ten are looked at', async () => {
    const house = openHouse()
    await house.addUser()
    const visitor = house.visitor()
    const { csrf = '' } = hiddenFields(await (await visitor.get('/login')).text())
    const guesses = Array.from({ length: 30 }, () => visitor.post('/login', { ...wrong, csrf }))
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 403)).toHaveLength(10)
    expect(statuses.filter((status) => status === 429)).toHaveLength(20)
  })

  test('with ever new names is braked overall; other names are not held up before that', async () => {
    const house = openHouse({ guessLimits: { windowSeconds: 900, perName: 3, overall: 12 } })
    await house.addUser()
    const stranger = house.visitor()
    for (let guess = 0; guess < 12; guess++) {
      if (guess === 6) expect((await house.visitor().submit('/login', signIn)).status).toBe(303)
      expect((await stranger.submit('/login', { ...wrong, username: `user${guess}` })).status).toBe(403)
    }
    expect((await stranger.submit('/login', { ...wrong, username: 'another' })).status).toBe(429)
  })

  test('by strangers does not lock out the browser in which the owner signed in before', async () => {
    const house = openHouse()
    await house.addUser()
    const owner = house.visitor()
    await owner.submit('/login', signIn)
    const form = house.login.signOutForm(owner.request('/'), '/')
    await owner.post('/logout', { csrf: form.csrf })
    const stranger = house.visitor()
    for (let guess = 0; guess < 11; guess++) await stranger.submit('/login', wrong)
    expect((await stranger.submit('/login', signIn)).status).toBe(429)
    expect((await owner.submit('/login', signIn)).status).toBe(303)
  })

  test('the owner’s own browser is braked too', async () => {
    const house = openHouse()
    await house.addUser()
    const owner = house.visitor()
    await owner.submit('/login', signIn)
    const form = house.login.signOutForm(owner.request('/'), '/')
    await owner.post('/logout', { csrf: form.csrf })
    for (let guess = 0; guess < 10; guess++) await owner.submit('/login', wrong)
    expect((await owner.submit('/login', signIn)).status).toBe(429)
  })
})

/** The sign-in page sends a signed-in person on, so its form is fetched without the session. */
async function openLoginAsNobody(
  house: ReturnType<typeof openHouse>,
  visitor: ReturnType<ReturnType<typeof openHouse>['visitor']>,
): Promise<Response> {
  const flow = visitor.cookies.get('__Host-postern-flow') ?? ''
  const nobody = house.visitor()
  nobody.cookies.set('__Host-postern-flow', flow)
  return nobody.get('/login')
}
