// Several connectors behind one door: each with a name, a path, metadata and tokens of its own, and people who may use it.

import { beforeEach, describe, expect, test } from 'vitest'
import { localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { createPostern, type PosternOptions } from '../../src/index.ts'
import { findBearerChallenge } from '../../src/oauth/www-authenticate.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import {
  authorizeUrl,
  callMcp,
  connect,
  type Door,
  notesUpstream,
  openDoor,
  pkce,
  register,
  token,
} from '../door.ts'

const origin = 'http://localhost:8787'
const list = { id: 1, method: 'tools/list' }
const three = (): PosternOptions['connectors'] => [
  { name: 'Notes', path: '/notes', upstream: notesUpstream() },
  { name: 'Calendar', path: '/calendar', upstream: notesUpstream() },
  { name: 'Weather', path: '/weather/mcp', upstream: notesUpstream(), access: 'none' },
]

/** The same door, as a client of one of its connectors sees it. */
const at = (door: Door, path: string): Door => ({ ...door, mcpUrl: `${origin}${path}` })
const status = async (response: Promise<Response>): Promise<number> => (await response).status
const json = async (door: Door, path: string): Promise<Record<string, unknown>> =>
  (await door.fetch(path)).json() as Promise<Record<string, unknown>>

let door: Door
beforeEach(async () => {
  door = await openDoor({ connectors: three() })
})

describe('several connectors', () => {
  test('[HS-08] [R8707-02] [AUTH-2025-06-18-10] a token of one is 401 at the other, and the other way round', async () => {
    const notes = await connect(at(door, '/notes'))
    const calendar = await connect(at(door, '/calendar'))
    expect(await status(callMcp(at(door, '/notes'), notes.accessToken, list))).toBe(200)
    expect(await status(callMcp(at(door, '/calendar'), calendar.accessToken, list))).toBe(200)
    const strayed = await callMcp(at(door, '/calendar'), notes.accessToken, list)
    expect(strayed.status).toBe(401)
    expect(findBearerChallenge(strayed.headers.get('www-authenticate'))).toMatchObject({
      error: 'invalid_token',
      resourceMetadata: `${origin}/.well-known/oauth-protected-resource/calendar`,
    })
    expect(await status(callMcp(at(door, '/notes'), calendar.accessToken, list))).toBe(401)
    expect(await status(callMcp(at(door, '/weather/mcp'), undefined, list))).toBe(200)
  })

  test('[HS-08] neither a refresh nor a code of one leads to the other', async () => {
    const { refreshToken, clientId } = await connect(at(door, '/notes'))
    const fields = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
    const strayed = await token(door, { ...fields, resource: `${origin}/calendar` })
    expect(strayed.body.error).toBe('invalid_target')
    expect((await token(door, { ...fields, resource: `${origin}/notes/?x=y` })).status).toBe(200)

    const id = String((await register(door)).client_id)
    const { verifier, challenge } = pkce()
    const redirect = await door.browser().approve(authorizeUrl(at(door, '/notes'), id, challenge))
    const exchange = {
      grant_type: 'authorization_code',
      code: redirect.searchParams.get('code') ?? '',
      client_id: id,
      code_verifier: verifier,
    }
    expect((await token(door, { ...exchange, resource: `${origin}/calendar` })).body.error).toBe(
      'invalid_target',
    )
    expect((await token(door, exchange)).status).toBe(200)
  })

  test('[ASU-04] [HS-08] [R9728-02] each has its metadata at its own path and in the form that was asked, and there is none at the root', async () => {
    for (const path of ['/notes', '/calendar', '/calendar/', '/notes?utm_source=plugin', '/notes/?a=b']) {
      const document = await json(door, `/.well-known/oauth-protected-resource${path}`)
      expect(document).toMatchObject({ resource: origin + path, authorization_servers: [origin] })
    }
    const names = await Promise.all(
      ['/notes', '/calendar'].map(async (path) => json(door, `/.well-known/oauth-protected-resource${path}`)),
    )
    expect(names.map(({ resource_name }) => resource_name)).toEqual(['Notes', 'Calendar'])
    for (const path of ['', '/weather/mcp', '/notes/calendar', '/Notes']) {
      expect(await status(door.fetch(`/.well-known/oauth-protected-resource${path}`)), path).toBe(404)
    }
  })

  test('[ASU-03] the server’s metadata is at the root and at each path, and equal', async () => {
    const root = await json(door, '/.well-known/oauth-authorization-server')
    expect(root.issuer).toBe(origin)
    for (const kind of ['oauth-authorization-server', 'openid-configuration']) {
      for (const path of ['', '/notes', '/calendar']) {
        expect(await json(door, `/.well-known/${kind}${path}`)).toEqual(root)
      }
      expect(await status(door.fetch(`/.well-known/${kind}/weather/mcp`))).toBe(404)
    }
  })

  test('[ASU-07] a request that names none of them is invalid_target; with a default it means that one', async () => {
    const id = String((await register(door)).client_id)
    const nameless = { resource: undefined }
    const refused = await door.browser().get(authorizeUrl(door, id, pkce().challenge, nameless))
    const answer = new URL(refused.headers.get('location') ?? '')
    expect(answer.searchParams.get('error')).toBe('invalid_target')
    expect(answer.searchParams.get('error_description')).toContain(`${origin}/notes, ${origin}/calendar`)

    const withDefault = await openDoor({ connectors: three(), defaultConnector: 'Calendar' })
    expect(withDefault.mcpUrl).toBe(`${origin}/calendar`)
    const document = await json(withDefault, '/.well-known/oauth-protected-resource')
    expect(document, '[ASU-04]').toMatchObject({ resource: `${origin}/calendar`, resource_name: 'Calendar' })
    const clientId = String((await register(withDefault)).client_id)
    const url = authorizeUrl(withDefault, clientId, pkce().challenge, nameless)
    const page = await withDefault.browser().openConsent(url)
    expect(page.html).toContain('Calendar')
    expect(page.html).not.toContain('Notes')
  })

  test('the pages name the right one: home all, consent the one that is asked for, a lost client its own', async () => {
    const browser = door.browser()
    const home = await (await browser.get('/')).text()
    for (const words of [
      'Notes',
      `${origin}/notes`,
      'Calendar',
      `${origin}/calendar`,
      `${origin}/weather/mcp`,
    ]) {
      expect(home).toContain(words)
    }
    const id = String((await register(door)).client_id)
    for (const [path, name] of [
      ['/notes', 'Notes'],
      ['/calendar', 'Calendar'],
    ] as const) {
      const { html } = await browser.openConsent(authorizeUrl(at(door, path), id, pkce().challenge))
      expect(html).toContain(`<bdi>${name}</bdi>`)
      expect(html).toContain(`${origin}${path}`)
    }
    const elsewhere = { redirect_uri: 'https://somewhere.example/callback' }
    const lost = authorizeUrl(at(door, '/calendar'), 'client-of-old', pkce().challenge, elsewhere)
    const page = await (await browser.get(lost)).text()
    expect(page).toContain(`claude mcp remove calendar`)
    const nameless = { ...elsewhere, resource: undefined }
    const unknown = await browser.get(authorizeUrl(door, 'client-of-old', pkce().challenge, nameless))
    const words = await unknown.text()
    expect(words).toContain('Remove the connector')
    expect(words).not.toContain('claude mcp')
  })

  test('events, grants and stories say which', async () => {
    await connect(at(door, '/calendar'))
    await door.fetch('/.well-known/oauth-protected-resource/notes')
    expect(door.events.findLast(({ name }) => name === 'discovery.read')?.connector).toBe('/notes')
    expect(door.events.find(({ name }) => name === 'authorization.requested')?.connector).toBe('/calendar')
    expect((await door.storage.listGrants({}, 10)).map(({ resource }) => resource)).toEqual([
      `${origin}/calendar`,
    ])
    await door.postern.close()
    const stories = await door.storage.listConnections({}, 10)
    expect(stories.find(({ grantId }) => grantId !== undefined)?.connector, 'before its first call').toBe(
      '/calendar',
    )
  })

  test('[HS-06] [HS-08] a session of one opens nothing at another', async () => {
    const initialize = {
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
    }
    const { accessToken } = await connect(at(door, '/notes'))
    const opened = await callMcp(at(door, '/notes'), accessToken, initialize)
    const other = await connect(at(door, '/calendar'))
    const authorization = `Bearer ${other.accessToken}`
    const ended = await door.fetch('/calendar', {
      method: 'DELETE',
      headers: { authorization, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' },
    })
    expect(ended.status).toBe(404)
  })

  test('where none of them wants a sign-in there is nothing to discover', async () => {
    const open = await openDoor({
      connectors: [
        { name: 'A', path: '/a', upstream: notesUpstream(), access: 'none' },
        { name: 'B', path: '/b', upstream: notesUpstream(), access: 'none' },
      ],
    })
    for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/oauth-protected-resource/a'])
      expect(await status(open.fetch(path))).toBe(404)
    for (const path of ['/a', '/b']) expect(await status(callMcp(at(open, path), undefined, list))).toBe(200)
  })
})

describe('people of a connector', () => {
  const people = (allowed: PosternOptions['connectors']): Promise<Door> => openDoor({ connectors: allowed })

  test('who is not among them is told so on a page, may sign in as somebody else, and gets no code', async () => {
    const own = await people([
      { name: 'Notes', path: '/notes', upstream: notesUpstream(), people: ['Grace'] },
      { name: 'Calendar', path: '/calendar', upstream: notesUpstream(), people: ['ADA'] },
    ])
    const id = String((await register(own)).client_id)
    const browser = own.browser()
    await browser.openConsent(authorizeUrl(at(own, '/calendar'), id, pkce().challenge))
    const begun = await browser.get(authorizeUrl(at(own, '/notes'), id, pkce().challenge))
    const request = begun.headers.get('location') ?? ''
    const page = await browser.get(request)
    expect(page.status).toBe(403)
    const html = await page.text()
    expect(html).toMatch(/signed in as .*ada.*has not opened .*Notes/)
    expect(html).toContain('action="/logout"')
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self'")
    expect(own.events.find(({ name }) => name === 'consent.refused')).toMatchObject({ connector: '/notes' })
    expect(await own.storage.listGrants({}, 10)).toEqual([])
  })

  test('who is taken off the list between the page and its answer gets no code either', async () => {
    let isOpen = true
    const own = await people([
      { name: 'Notes', path: '/notes', upstream: notesUpstream(), people: () => isOpen },
    ])
    const id = String((await register(own)).client_id)
    const browser = own.browser()
    const { action, fields } = await browser.openConsent(
      authorizeUrl(at(own, '/notes'), id, pkce().challenge),
    )
    isOpen = false
    fields.set('decision', 'approve')
    const answer = await browser.post(action, fields)
    expect(answer.status).toBe(403)
    expect(answer.headers.get('location')).toBeNull()
    isOpen = true
    expect((await browser.post(action, fields)).status).toBe(303)
  })

  test('a token is worth nothing from the moment its person is off the list', async () => {
    const allowed = new Set(['ada'])
    const own = await people([
      {
        name: 'Notes',
        path: '/notes',
        upstream: notesUpstream(),
        people: async ({ username }) => allowed.has(username),
      },
    ])
    const { accessToken } = await connect(at(own, '/notes'))
    expect(await status(callMcp(at(own, '/notes'), accessToken, list))).toBe(200)
    allowed.clear()
    expect(await status(callMcp(at(own, '/notes'), accessToken, list))).toBe(401)
  })
})

describe('connectors that no request could make right', () => {
  const upstream = notesUpstream()
  const tenant = (): undefined => undefined
  test.each<[string, Partial<PosternOptions>]>([
    ['none at all', { connectors: [] }],
    ['one and several', { connector: { name: 'A', upstream }, connectors: [{ name: 'B', upstream }] }],
    [
      'two without a path',
      {
        connectors: [
          { name: 'A', upstream },
          { name: 'B', upstream },
        ],
      },
    ],
    [
      'one path in two cases',
      {
        connectors: [
          { name: 'A', path: '/a', upstream },
          { name: 'B', path: '/A', upstream },
        ],
      },
    ],
    [
      'one name in two cases',
      {
        connectors: [
          { name: 'A', path: '/a', upstream },
          { name: ' a', path: '/b', upstream },
        ],
      },
    ],
    ['a default that is none', { connectors: [{ name: 'A', upstream }], defaultConnector: 'B' }],
    [
      'a default without a sign-in',
      { connectors: [{ name: 'A', upstream, access: 'none' }], defaultConnector: 'A' },
    ],
    ['public tools where all need a token', { connector: { name: 'A', upstream, publicTools: ['a'] } }],
    [
      'a tool both public and hidden',
      { connector: { name: 'A', upstream, access: 'lazy', publicTools: ['a'], hiddenTools: ['a'] } },
    ],
    ['a tenant in no path', { connectors: [{ name: 'A', path: '/mcp', tenant }] }],
    ['a tenant as the first segment', { connectors: [{ name: 'A', path: '/{tenant}/mcp', tenant }] }],
    ['a tenant as a part of a segment', { connectors: [{ name: 'A', path: '/t/x-{tenant}/mcp', tenant }] }],
    ['a tenant twice', { connectors: [{ name: 'A', path: '/t/{tenant}/{tenant}', tenant }] }],
    [
      'tenants among Postern’s own addresses',
      { connectors: [{ name: 'A', path: '/oauth/{tenant}', tenant }] },
    ],
    [
      'a path that could be a tenant’s',
      {
        connectors: [
          { name: 'A', path: '/t/{tenant}/mcp', tenant },
          { name: 'B', path: '/T/acme/mcp', upstream },
        ],
      },
    ],
    [
      'tenants that could be each other’s',
      {
        connectors: [
          { name: 'A', path: '/t/{tenant}/mcp', tenant },
          { name: 'B', path: '/t/notes/{tenant}', tenant },
        ],
      },
    ],
  ])('%s is a TypeError at construction', (_, options) => {
    const storage = memoryStorage()
    const base = {
      storage,
      masterKey: new Uint8Array(32),
      identity: localAccounts({ storage }),
      publicUrl: origin,
    }
    expect(() => createPostern({ ...base, ...options })).toThrow(TypeError)
  })
})
