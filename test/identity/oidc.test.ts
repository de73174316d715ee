// Signing in at a real OpenID provider: who gets in, as whom, and that nobody else comes by another's way back (house rule 11, OpenID Connect Core 1.0).

import { beforeEach, describe, expect, test } from 'vitest'
import { localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { type OidcOptions, oidc } from '../../src/index.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { cheapArgon2 } from '../cheap-argon2.ts'
import {
  authorizeUrl,
  type Browser,
  callMcp,
  claudeCallback,
  type Door,
  notesUpstream,
  openDoor,
  pkce,
  readForm,
  register,
  token,
} from '../door.ts'
import { type OpenIdProvider, relyingParty, startOpenIdProvider } from './openid-provider.ts'

const origin = 'http://localhost:8787'

let provider: OpenIdProvider
beforeEach(async () => {
  provider = await startOpenIdProvider(origin)
  provider.people.ada = {
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    email_verified: true,
    groups: ['staff'],
  }
  provider.people.bob = { name: 'Bob', email: 'bob@evil.example', email_verified: true, groups: ['guests'] }
})

function open(options: Partial<OidcOptions> = {}, withLocal = false): Promise<Door> {
  const storage = memoryStorage()
  const elsewhere = oidc({ label: 'Example SSO', issuer: provider.issuer, ...relyingParty, ...options })
  const identity = withLocal ? [localAccounts({ storage, argon2: cheapArgon2 }), elsewhere] : elsewhere
  return openDoor({ storage, identity })
}

/** From the page to the provider: where its link leads. */
async function leave(door: Door, browser: Browser, page = '/login'): Promise<URL> {
  const html = await (await browser.get(page)).text()
  const link =
    /<a class="button[^"]*" href="([^"]+)"><span>Sign in with <bdi>Example SSO<\/bdi><\/span><\/a>/.exec(
      html,
    )?.[1]
  if (link === undefined) throw new Error('no link to the provider')
  const gone = await browser.get(link.replaceAll('&amp;', '&'))
  return new URL(gone.headers.get('location') ?? '', door.origin)
}

async function signIn(door: Door, browser: Browser, login: string, page?: string): Promise<Response> {
  const back = await provider.signIn(await leave(door, browser, page), login)
  return browser.get(back.href)
}

/** As whom this browser is signed in, if at all. */
async function whoIs(browser: Browser): Promise<string | undefined> {
  const html = await (await browser.get('/account')).text()
  return /<bdi>([^<]*)<\/bdi>/.exec(/class="visitor">(.*?)<\/div>/s.exec(html)?.[1] ?? '')?.[1]
}

describe('signing in', () => {
  test('the page has a link and no password; the way there has PKCE, a nonce and a state; the way back ends at the consent', async () => {
    const door = await open()
    const browser = door.browser()
    const clientId = String((await register(door)).client_id)
    const { verifier, challenge } = pkce()
    const asked = await browser.get(authorizeUrl(door, clientId, challenge))
    const request = await browser.get(asked.headers.get('location') ?? '')
    const login = request.headers.get('location') ?? ''
    expect(await (await browser.get(login)).text()).not.toContain('type="password"')
    const there = await leave(door, browser, login)
    expect(there.origin).toBe(provider.issuer)
    expect(Object.fromEntries(there.searchParams)).toMatchObject({
      response_type: 'code',
      redirect_uri: `${origin}/login/oidc/callback`,
      scope: 'openid profile email',
      code_challenge_method: 'S256',
      nonce: expect.stringMatching(/.{20,}/),
      state: expect.stringMatching(/.{40,}/),
    })
    // What Claude asked for is Claude's: nothing of it goes on to the provider.
    expect(there.href).not.toContain('claude')
    expect(there.searchParams.has('prompt')).toBe(false)

    const entered = await browser.get((await provider.signIn(there, 'ada')).href)
    expect(entered.status).toBe(303)
    const consent = await browser.openConsent(`${origin}${entered.headers.get('location')}`)
    expect(consent.html).toContain('Ada Lovelace')
    consent.fields.set('decision', 'approve')
    const answer = await browser.post(consent.action, consent.fields)
    const redirect = new URL(answer.headers.get('location') ?? '')
    expect(redirect.searchParams.get('iss')).toBe(origin)
    expect(redirect.href).not.toContain(encodeURIComponent(provider.issuer))
    const { status, body } = await token(door, {
      grant_type: 'authorization_code',
      code: redirect.searchParams.get('code') ?? '',
      client_id: clientId,
      code_verifier: verifier,
      redirect_uri: claudeCallback,
      resource: door.mcpUrl,
    })
    expect(status).toBe(200)
    expect((await callMcp(door, String(body.access_token), { id: 1, method: 'tools/list' })).status).toBe(200)
  })

  test('the same person is the same account at every sign-in, whatever name and address they have by then', async () => {
    const door = await open()
    await signIn(door, door.browser(), 'ada')
    const before = await door.storage.listUsers(10)
    provider.people.ada = {
      name: 'Ada King',
      email: 'countess@example.com',
      email_verified: true,
      groups: ['nobility'],
    }
    await signIn(door, door.browser(), 'ada')
    const after = await door.storage.listUsers(10)
    // One of them is the account that every door of these tests has.
    expect(after.map(({ userId }) => userId)).toEqual(before.map(({ userId }) => userId))
    const ada = after.find(({ outside }) => outside !== undefined)
    expect(ada).toMatchObject({
      displayName: 'Ada King',
      role: 'member',
      passwordHash: undefined,
      outside: { provider: 'oidc', email: 'countess@example.com', groups: ['nobility'] },
    })
  })

  test('nobody becomes somebody else by an address: a local account of that name stays another', async () => {
    const door = await open({}, true)
    provider.people.imposter = { name: 'ada', email: 'ada', email_verified: true, preferred_username: 'ada' }
    const browser = door.browser()
    await signIn(door, browser, 'imposter')
    const local = await door.storage.findUserByName('ada')
    const session = (await door.storage.listUsers(10)).find(({ outside }) => outside !== undefined)
    expect(session?.userId).not.toBe(local?.userId)
    expect(local?.outside).toBeUndefined()
  })

  test('where there are accounts of this server too, the page has both', async () => {
    const door = await open({}, true)
    const browser = door.browser()
    const html = await (await browser.get('/login')).text()
    expect(html).toContain('Sign in with <bdi>Example SSO</bdi>')
    const { action, fields } = readForm(html)
    fields.set('username', 'ada')
    fields.set('password', 'correct horse battery')
    expect((await browser.post(action, fields)).status).toBe(303)
  })

  test('a provider that keeps its ID token short is asked for the rest', async () => {
    provider = await startOpenIdProvider(origin, { isIdTokenShort: true })
    provider.people.ada = { name: 'Ada', email: 'ada@example.com', email_verified: true, groups: ['staff'] }
    const door = await open({ enter: { groups: ['staff'], domains: ['example.com'] } })
    const browser = door.browser()
    expect((await signIn(door, browser, 'ada')).headers.get('location')).toBe('/')
    expect(await whoIs(browser)).toContain('Ada')
  })
})

describe('who may enter', () => {
  const rules: [string, OidcOptions['enter'], boolean, boolean][] = [
    ['everybody whom the provider lets in', undefined, true, true],
    ['a domain', { domains: ['example.com'] }, true, false],
    ['a domain in other letters', { domains: ['EXAMPLE.com'] }, true, false],
    ['an address', { emails: ['ada@example.com', 'x@y.example'] }, true, false],
    ['a group', { groups: ['staff'] }, true, false],
    ['a group of almost that name', { groups: ['Staff', 'staf'] }, false, false],
    ['a claim', { claims: { name: ['Ada Lovelace', 'Grace Hopper'] } }, true, false],
    ['all of what is asked', { domains: ['example.com'], groups: ['guests'] }, false, false],
    ['a tenant where there are none', { tenants: ['t'] }, false, false],
    ['a function', { mayEnter: ({ subject }) => subject === 'bob' }, false, true],
  ]
  test.each(rules)('%s', async (_, enter, ada, bob) => {
    const door = await open({ enter })
    for (const [login, mayEnter] of [
      ['ada', ada],
      ['bob', bob],
    ] as const) {
      const browser = door.browser()
      const location = (await signIn(door, browser, login)).headers.get('location') ?? ''
      expect([login, location.startsWith('/login?problem=not-welcome')]).toEqual([login, !mayEnter])
      expect([login, (await whoIs(browser)) !== undefined]).toEqual([login, mayEnter])
      if (!mayEnter) {
        const page = await browser.get(location)
        expect(page.status).toBe(403)
        expect(await page.text()).toContain('this server does not let that account in')
      }
    }
    const outsiders = (await door.storage.listUsers(10)).filter(({ outside }) => outside !== undefined)
    expect(outsiders).toHaveLength(Number(ada) + Number(bob))
  })

  test('an address that the provider does not vouch for counts as none', async () => {
    provider.people.ada = { email: 'ada@example.com', email_verified: false }
    const door = await open({ enter: { domains: ['example.com'] } })
    const location = (await signIn(door, door.browser(), 'ada')).headers.get('location')
    expect(location).toContain('problem=not-welcome')
  })

  test('the domain of an address is what stands at its end, whatever stands before it', async () => {
    provider.people.ada = { email: 'ada@example.com@evil.example', email_verified: true }
    const door = await open({ enter: { domains: ['example.com'] } })
    const location = (await signIn(door, door.browser(), 'ada')).headers.get('location')
    expect(location).toContain('problem=not-welcome')
  })

  test('who runs this server is named by address or group, and only for as long as that is so', async () => {
    const door = await open({ enter: { admins: { groups: ['staff'] } } })
    await signIn(door, door.browser(), 'ada')
    await signIn(door, door.browser(), 'bob')
    const roles = async () =>
      Object.fromEntries(
        (await door.storage.listUsers(10)).flatMap(({ outside, displayName, role }) =>
          outside === undefined ? [] : [[displayName, role]],
        ),
      )
    expect(await roles()).toEqual({ 'Ada Lovelace': 'admin', Bob: 'member' })
    provider.people.ada = { ...provider.people.ada, groups: [] }
    await signIn(door, door.browser(), 'ada')
    expect(await roles()).toEqual({ 'Ada Lovelace': 'member', Bob: 'member' })
  })

  test('groups stand deeper, or under names with dots', async () => {
    provider.people.ada = { realm_access: { roles: ['staff'] } }
    const door = await open({ groupsClaim: 'realm_access.roles', enter: { groups: ['staff'] } })
    expect((await signIn(door, door.browser(), 'ada')).headers.get('location')).toBe('/')
  })
})

describe('the way back', () => {
  test('is good once, and in the browser that was sent', async () => {
    const door = await open()
    const [ada, stranger] = [door.browser(), door.browser()]
    const back = await provider.signIn(await leave(door, ada), 'ada')
    expect((await stranger.get(back.href)).status).toBe(400)
    expect(await whoIs(stranger)).toBeUndefined()
    expect((await ada.get(back.href)).status).toBe(303)
    expect((await ada.get(back.href)).status).toBe(400)
  })

  test('a stranger cannot sign a victim in as the stranger', async () => {
    const door = await open()
    const [bob, victim] = [door.browser(), door.browser()]
    await victim.get('/login')
    const planted = await provider.signIn(await leave(door, bob), 'bob')
    expect((await victim.get(planted.href)).status).toBe(400)
    expect(await whoIs(victim)).toBeUndefined()
  })

  test('one sign-in’s code under another’s state is refused: the nonce and the verifier are of the other', async () => {
    const door = await open()
    const browser = door.browser()
    const first = await provider.signIn(await leave(door, browser), 'ada')
    const second = await provider.signIn(await leave(door, browser), 'bob')
    const mixed = new URL(second)
    mixed.searchParams.set('code', first.searchParams.get('code') ?? '')
    const response = await browser.get(mixed.href)
    expect(response.headers.get('location')).toContain('problem=failed')
    expect(await whoIs(browser)).toBeUndefined()
  })

  test('an answer of another issuer is refused (RFC 9207)', async () => {
    const door = await open()
    const browser = door.browser()
    const back = await provider.signIn(await leave(door, browser), 'ada')
    back.searchParams.set('iss', 'https://evil.example')
    expect((await browser.get(back.href)).headers.get('location')).toContain('problem=failed')
    expect(await whoIs(browser)).toBeUndefined()
  })

  test('who cancels there is told so, in words of ours, and may try again', async () => {
    const door = await open()
    const browser = door.browser()
    const back = await provider.cancel(await leave(door, browser))
    const location = (await browser.get(back.href)).headers.get('location') ?? ''
    expect(location).toBe('/login?problem=declined&at=oidc&then=%2F')
    const html = await (await browser.get(location)).text()
    expect(html).toContain('You did not sign in at Example SSO.')
    expect(html).not.toContain('End-User')
    expect((await signIn(door, browser, 'ada')).status).toBe(303)
    expect(await whoIs(browser)).toContain('Ada')
  })

  test('a problem or provider that somebody wrote into the address says nothing', async () => {
    const door = await open()
    for (const query of ['problem=toString&at=oidc', 'problem=declined&at=evil', 'problem=%3Cb%3E&at=oidc'])
      expect((await door.browser().get(`/login?${query}`)).status).toBe(200)
  })

  test.each(['https://evil.example/', '//evil.example', '/oauth/authorize?request=x&y=z', '/logout'])(
    'nobody is sent to %s afterwards',
    async (then) => {
      const door = await open()
      const browser = door.browser()
      const gone = await browser.get(`/login/oidc?then=${encodeURIComponent(then)}`)
      const back = await provider.signIn(new URL(gone.headers.get('location') ?? ''), 'ada')
      expect((await browser.get(back.href)).headers.get('location')).toBe('/')
    },
  )
})

describe('the provider', () => {
  test('that does not answer costs a sentence, and is asked again at the next try', async () => {
    const door = await open({ issuer: 'http://127.0.0.1:9' })
    const browser = door.browser()
    const response = await browser.get('/login/oidc')
    expect(response.headers.get('location')).toContain('problem=unavailable')
    const html = await (await browser.get(response.headers.get('location') ?? '')).text()
    expect(html).toContain('does not answer just now')
  })

  test('signing out goes on to it where that is wanted', async () => {
    const door = await open({ signOut: 'there' })
    const browser = door.browser()
    await signIn(door, browser, 'ada')
    const home = await (await browser.get('/')).text()
    const csrf = /action="\/logout"><input type="hidden" name="csrf" value="([^"]+)"/.exec(home)?.[1] ?? ''
    const out = await browser.post('/logout', new URLSearchParams({ csrf }))
    const html = await out.text()
    const target = new URL((/content="0;url=([^"]+)"/.exec(html)?.[1] ?? '').replaceAll('&amp;', '&'))
    expect(target.origin).toBe(provider.issuer)
    expect(target.searchParams.get('post_logout_redirect_uri')).toBe(`${origin}/`)
    expect(await whoIs(browser)).toBeUndefined()
  })
})

describe('a person from elsewhere', () => {
  test('is known to a connector by address and group, and a group that is called as a role gives no role', async () => {
    provider.people.ada = { ...provider.people.ada, groups: ['staff', 'admin'] }
    const door = await openDoor({
      identity: oidc({ label: 'Example SSO', issuer: provider.issuer, ...relyingParty }),
      connectors: [
        {
          name: 'Notes',
          path: '/mcp',
          people: ['ada@example.com'],
          upstream: notesUpstream(),
          policy: [
            { groups: ['staff'], allow: { tools: ['search'] } },
            { groups: ['admin'], allow: { tools: ['*'] } },
          ],
        },
      ],
    })
    const at: Door = { ...door, mcpUrl: `${origin}/mcp` }
    const browser = at.browser()
    await signIn(at, browser, 'ada')
    const clientId = String((await register(at)).client_id)
    const { verifier, challenge } = pkce()
    const redirect = await browser.approve(authorizeUrl(at, clientId, challenge))
    const { body } = await token(at, {
      grant_type: 'authorization_code',
      code: redirect.searchParams.get('code') ?? '',
      client_id: clientId,
      code_verifier: verifier,
      redirect_uri: claudeCallback,
      resource: at.mcpUrl,
    })
    const list = await (await callMcp(at, String(body.access_token), { id: 1, method: 'tools/list' })).text()
    expect(list).toContain('search')
    expect(list).not.toContain('erase')

    const bob = at.browser()
    await signIn(at, bob, 'bob')
    const { challenge: other } = pkce()
    await expect(bob.openConsent(authorizeUrl(at, clientId, other))).rejects.toThrow('403')
  })
})
