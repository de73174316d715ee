// A person's own account at another provider: connected after consent, renewed once for all who wait, asked for again when it is dead (house rules 10 and 11).

import { beforeEach, describe, expect, test } from 'vitest'
import { inProcessUpstream, type UpstreamOauthOptions, upstreamOauth } from '../../src/index.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { callMcp, type Door, openDoor, token } from '../door.ts'
import { type AccountProvider, providerClient, startProvider } from './account-provider.ts'
import { type Answer, type Visitor, visitor, whoami } from './people.ts'

let provider: AccountProvider
let door: Door
/** What reached the MCP server: whose token, or undefined for one that is not good. */
let seen: (string | undefined)[]

beforeEach(async () => {
  provider = await startProvider()
  seen = []
  door = await open()
})

function open(changes: Partial<UpstreamOauthOptions> = {}, storage?: Storage): Promise<Door> {
  const credential = upstreamOauth({
    provider: 'Example',
    authorizationEndpoint: `${provider.origin}/authorize`,
    tokenEndpoint: `${provider.origin}/token`,
    ...providerClient,
    scopes: ['notes:read', 'offline'],
    parameters: { access_type: 'offline' },
    account: { url: `${provider.origin}/me`, accountName: 'user.name' },
    ...changes,
  })
  const connector = { name: 'Example', upstream: inProcessUpstream({ handler }), credential }
  return openDoor({ connector, ...(storage === undefined ? {} : { storage }) })
}

async function handler(request: Request): Promise<Response> {
  const person = provider.personOf(request.headers.get('authorization')?.replace('Bearer ', '') ?? '')
  seen.push(person)
  if (person === undefined) return Response.json({ error: 'token expired' }, { status: 401 })
  const { id, method } = (await request.json()) as { id?: number; method: string }
  if (id === undefined) return new Response(null, { status: 202 })
  const tools = [{ name: 'whoami', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } }]
  const results: Record<string, unknown> = {
    initialize: {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'notes', version: '1' },
    },
    'tools/list': { tools },
    'tools/call': { content: [{ type: 'text', text: `you are ${person}` }] },
  }
  return Response.json({ jsonrpc: '2.0', id, result: results[method] })
}

/** Where the page sends the browser by itself. */
function departureOf({ html }: Pick<Answer, 'html'>): URL {
  const address = /<meta http-equiv="refresh" content="0;url=([^"]+)">/.exec(html)?.[1]
  if (address === undefined) throw new Error(`nobody is sent anywhere:\n${html}`)
  return new URL(address.replaceAll('&amp;', '&'))
}

/** Approves, visits the provider as this person, and comes back. */
async function connected(person: Visitor, name: string, at: Door = door) {
  const asked = await person.ask()
  const answer = await asked.answer({})
  provider.person = name
  const back = await person.browser.get(provider.visit(departureOf(answer)).href)
  return { ...(await answer.connect(back)), at }
}

const refreshes = (): URLSearchParams[] =>
  provider.asked.filter((form) => form.get('grant_type') === 'refresh_token')

describe('connecting', () => {
  test('our own consent comes first; then the provider, with PKCE and a state, and the code for the client at once', async () => {
    const ada = await visitor(door, 'ada')
    const page = await ada.ask()
    expect(page.html).toContain('Your account at <bdi>Example</bdi>')
    expect(page.html).not.toContain(provider.origin)

    const answer = await page.answer({})
    expect(answer.status).toBe(200)
    const departure = departureOf(answer)
    expect(departure.origin + departure.pathname).toBe(`${provider.origin}/authorize`)
    expect(Object.fromEntries(departure.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'postern',
      redirect_uri: `${door.origin}/oauth/upstream/callback`,
      scope: 'notes:read offline',
      access_type: 'offline',
      code_challenge_method: 'S256',
    })
    expect(departure.searchParams.get('prompt')).toBeNull()
    expect(answer.html).not.toContain(providerClient.clientSecret)

    const back = await ada.browser.get(provider.visit(departure).href)
    const { accessToken } = await answer.connect(back)
    expect(await whoami(door, accessToken)).toBe('you are Ada')
    expect((await ada.ask()).html).toMatch(/Your account <bdi>Ada<\/bdi>, connected on/)
  })

  test('what was unticked before the detour is missing in the token after it', async () => {
    const ada = await visitor(door, 'ada')
    const page = await ada.ask()
    page.fields.delete('scope')
    const answer = await page.answer({})
    const back = await ada.browser.get(provider.visit(departureOf(answer)).href)
    const { accessToken } = await answer.connect(back)
    const write = { id: 1, method: 'tools/call', params: { name: 'erase', arguments: {} } }
    expect((await callMcp(door, accessToken, write)).status).toBe(403)
  })

  test('who declines there sees the page again, and may try once more or deny', async () => {
    const ada = await visitor(door, 'ada')
    const answer = await (await ada.ask()).answer({})
    const declined = { code: '', error: 'access_denied', error_description: 'Ada <b>said</b> no' }
    const back = await ada.browser.get(provider.visit(departureOf(answer), declined).href)
    expect(back.status).toBe(303)
    const location = back.headers.get('location') ?? ''
    expect(location).toMatch(/^\/oauth\/authorize\?request=[\w-]+&account=declined$/)
    const html = await (await ada.browser.get(location)).text()
    expect(html).toContain('You declined there')
    expect(html).not.toContain('Ada <b>')
    expect(html).not.toContain('Ada &lt;b')
    expect(await door.storage.listCredentials({}, 1)).toEqual([])
  })

  test.each([
    ['a code that the provider does not know', { code: 'made-up' }],
    ['an error of the provider', { code: '', error: 'server_error' }],
    ['neither code nor error', { code: '' }],
  ])('%s leads back to the page, and nothing of it to the client', async (_, changes) => {
    const ada = await visitor(door, 'ada')
    const answer = await (await ada.ask()).answer({})
    const back = await ada.browser.get(provider.visit(departureOf(answer), changes).href)
    expect(back.headers.get('location')).toMatch(/&account=failed$/)
    expect(await door.storage.listCredentials({}, 1)).toEqual([])
  })

  test('another account takes the place of the first where that is ticked', async () => {
    const ada = await visitor(door, 'ada')
    const { accessToken } = await connected(ada, 'Ada')
    const answer = await (await ada.ask()).answer({ credential_another: 'yes' })
    provider.person = 'Ada at work'
    const back = await ada.browser.get(provider.visit(departureOf(answer)).href)
    await answer.connect(back)
    expect(await whoami(door, accessToken)).toBe('you are Ada at work')
    expect(await door.storage.listCredentials({}, 9)).toHaveLength(1)
  })
})

describe('the way back is nobody else’s', () => {
  test('the same answer a second time, another browser, a made-up state: nothing is connected', async () => {
    const ada = await visitor(door, 'ada')
    const answer = await (await ada.ask()).answer({})
    const back = provider.visit(departureOf(answer))
    const stranger = door.browser()
    expect((await stranger.get(back.href)).status).toBe(400)
    const madeUp = new URL(back)
    madeUp.searchParams.set('state', 'pst_dt_made-up')
    expect((await ada.browser.get(madeUp.href)).status).toBe(400)
    const none = new URL(back)
    none.searchParams.delete('state')
    expect((await ada.browser.get(none.href)).status).toBe(400)
    expect(await door.storage.listCredentials({}, 1)).toEqual([])

    expect((await ada.browser.get(back.href)).headers.get('location')).toContain('https://claude.ai')
    expect((await ada.browser.get(back.href)).status).toBe(400)
  })

  test('an attacker’s account cannot be put under a victim: their answer opens nothing in another browser', async () => {
    const [mallory, victim] = [await visitor(door, 'mallory'), await visitor(door, 'victim')]
    const answer = await (await mallory.ask()).answer({})
    provider.person = 'Mallory'
    const planted = provider.visit(departureOf(answer))
    await victim.ask()
    expect((await victim.browser.get(planted.href)).status).toBe(400)
    expect(await door.storage.listCredentials({}, 1)).toEqual([])
  })

  test('who signs in as somebody else meanwhile gets the page, not the account', async () => {
    const ada = await visitor(door, 'ada')
    const answer = await (await ada.ask()).answer({})
    const bob = await visitor(door, 'bob')
    for (const [name, value] of bob.browser.cookies)
      if (!name.includes('flow')) ada.browser.cookies.set(name, value)
    const back = await ada.browser.get(provider.visit(departureOf(answer)).href)
    expect(back.headers.get('location')).toMatch(/^\/oauth\/authorize\?request=[\w-]+$/)
    expect(await door.storage.listCredentials({}, 1)).toEqual([])
  })

  test('it is open for ten minutes', async () => {
    const ada = await visitor(door, 'ada')
    const answer = await (await ada.ask()).answer({})
    const back = provider.visit(departureOf(answer))
    door.clock.now += 600
    expect((await ada.browser.get(back.href)).status).toBe(400)
  })
})

describe('renewing', () => {
  test('[CC-14] fifty calls at the moment of expiry: the provider is asked once, and all succeed', async () => {
    const { accessToken } = await connected(await visitor(door, 'ada'), 'Ada')
    expect(await whoami(door, accessToken)).toBe('you are Ada')
    seen.length = 0
    provider.expireAll()
    provider.delayMs = 60
    door.clock.now += 3590
    const said = await Promise.all(Array.from({ length: 50 }, () => whoami(door, accessToken)))
    expect(said).toEqual(Array(50).fill('you are Ada'))
    expect(refreshes()).toHaveLength(1)
    expect(seen).not.toContain(undefined)
  })

  test('fifty calls on two instances: still once', async () => {
    const { accessToken } = await connected(await visitor(door, 'ada'), 'Ada')
    const other = await open({}, door.storage)
    other.clock.now = door.clock.now += 3590
    provider.expireAll()
    provider.delayMs = 60
    const at = (index: number): Door => (index % 2 === 0 ? door : other)
    const said = await Promise.all(Array.from({ length: 50 }, (_, index) => whoami(at(index), accessToken)))
    expect(said).toEqual(Array(50).fill('you are Ada'))
    expect(refreshes()).toHaveLength(1)
  })

  test('a provider that says nothing of expiry: 401 from the MCP server renews once and is not seen by the client', async () => {
    provider.expiresInSeconds = undefined
    const { accessToken } = await connected(await visitor(door, 'ada'), 'Ada')
    await whoami(door, accessToken)
    provider.expireAll()
    const said = await Promise.all(Array.from({ length: 20 }, () => whoami(door, accessToken)))
    expect(said).toEqual(Array(20).fill('you are Ada'))
    expect(refreshes()).toHaveLength(1)
  })

  test('a provider that does not rotate keeps its refresh token, again and again', async () => {
    provider.rotates = false
    const { clientId, ...first } = await connected(await visitor(door, 'ada'), 'Ada')
    let { accessToken, refreshToken } = first
    for (let hour = 0; hour < 3; hour++) {
      door.clock.now += 3550
      provider.expireAll()
      const fields = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
      const { body } = await token(door, fields)
      accessToken = String(body.access_token)
      refreshToken = String(body.refresh_token)
      expect(await whoami(door, accessToken)).toBe('you are Ada')
    }
    expect(refreshes()).toHaveLength(3)
    expect(new Set(refreshes().map((form) => form.get('refresh_token'))).size).toBe(1)
  })

  test('two people are renewed side by side, each with their own', async () => {
    const a = await connected(await visitor(door, 'ada'), 'Ada')
    const b = await connected(await visitor(door, 'bob'), 'Bob')
    provider.expireAll()
    door.clock.now += 3590
    const rounds = Array.from({ length: 40 }, (_, index) => index % 2)
    const said = await Promise.all(rounds.map((at) => whoami(door, (at === 0 ? a : b).accessToken)))
    expect(said).toEqual(rounds.map((at) => (at === 0 ? 'you are Ada' : 'you are Bob')))
    expect(refreshes()).toHaveLength(2)
  })

  test('a provider that is down costs nothing while the access lives, then an error that says so, and no sign-in', async () => {
    const { accessToken } = await connected(await visitor(door, 'ada'), 'Ada')
    provider.fault = () => new Response('down', { status: 503 })
    door.clock.now += 3545
    expect(await whoami(door, accessToken)).toBe('you are Ada')
    door.clock.now += 54
    expect(await whoami(door, accessToken)).toBe('you are Ada')
    expect(refreshes().length).toBeGreaterThan(0)
    provider.expireAll()
    expect(await whoami(door, accessToken)).toContain('Example does not renew your account')
    provider.fault = undefined
    expect(await whoami(door, accessToken)).toBe('you are Ada')
  })
})

describe('[CC-14] an account that is dead', () => {
  test.each([
    ['before the call, at its expiry', 3590],
    ['in the call, by a 401 of the MCP server', 0],
  ])('%s: HTTP 401, invalid_grant at the refresh, and the page asks to connect again', async (_, seconds) => {
    const ada = await visitor(door, 'ada')
    const { accessToken, refreshToken, clientId } = await connected(ada, 'Ada')
    provider.kill('Ada')
    door.clock.now += seconds
    const calls = await Promise.all(
      Array.from({ length: 10 }, (_, id) => callMcp(door, accessToken, { id, method: 'tools/list' })),
    )
    expect(calls.map(({ status }) => status)).toEqual(Array(10).fill(401))
    expect(calls[0]?.headers.get('www-authenticate')).toContain('resource_metadata=')
    expect(refreshes()).toHaveLength(1)
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
    expect((await token(door, fields)).body.error).toBe('invalid_grant')

    expect((await ada.ask()).html).toContain('not accepted any more')
    const again = await connected(ada, 'Ada')
    expect(await whoami(door, again.accessToken)).toBe('you are Ada')
  })

  test('a renewed token that is refused all the same is not renewed for ever', async () => {
    const { accessToken } = await connected(await visitor(door, 'ada'), 'Ada')
    const all = provider.personOf
    provider.personOf = () => undefined
    expect(await whoami(door, accessToken)).toBe(401)
    expect(refreshes()).toHaveLength(1)
    provider.personOf = all
  })
})

test('nothing of the provider’s tokens is in a row or an event as it is', async () => {
  const { accessToken } = await connected(await visitor(door, 'ada'), 'Ada')
  await whoami(door, accessToken)
  const rows = await door.storage.listCredentials({}, 9)
  expect(Buffer.from(rows[0]?.sealed ?? []).toString('latin1')).not.toMatch(/[ar]t-[0-9a-f]{6}/)
  expect(JSON.stringify(door.events)).not.toMatch(/[ar]t-[0-9a-f]{24}/)
})

test.each<[string, Partial<UpstreamOauthOptions>]>([
  ['an issuer beside endpoints', { issuer: 'https://example.com' }],
  ['one endpoint alone', { tokenEndpoint: undefined }],
  ['an endpoint without TLS', { tokenEndpoint: 'http://example.com/token' }],
  ['a parameter that is ours', { parameters: { redirect_uri: 'https://evil.example' } }],
  ['a header that is the transport’s', { header: 'Host' }],
])('%s is refused when it is made', async (_, changes) => {
  expect(() =>
    upstreamOauth({
      provider: 'Example',
      authorizationEndpoint: 'https://example.com/authorize',
      tokenEndpoint: 'https://example.com/token',
      clientId: 'postern',
      ...changes,
    }),
  ).toThrow(TypeError)
})
