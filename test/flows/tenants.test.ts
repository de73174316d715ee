// A URL for each tenant: each with a resource, metadata, people and upstream of its own, and no tenant ever another one.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inProcessUpstream, type Tenant, type TenantConnectorOptions } from '../../src/index.ts'
import { readClientMetadata } from '../../src/oauth/client-metadata.ts'
import { findBearerChallenge } from '../../src/oauth/www-authenticate.ts'
import { hashToken } from '../../src/platform/crypto.ts'
import {
  authorizeUrl,
  callMcp,
  claudeCallback,
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
const status = async (response: Promise<Response>): Promise<number> => (await response).status
const at = (door: Door, path: string): Door => ({ ...door, mcpUrl: `${origin}${path}` })
const ofTenant = (door: Door, tenant: string): Door => at(door, `/t/${tenant}/mcp`)

/** Answers every call with the name of its tenant. */
function tenantUpstream(tenant: string): Tenant['upstream'] {
  return inProcessUpstream({
    async handler(request) {
      if (request.method !== 'POST') return new Response(null, { status: 405 })
      const { id, method } = (await request.json()) as { id?: unknown; method: string }
      const result =
        method === 'initialize'
          ? { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: tenant, version: '1' } }
          : { tools: [{ name: `tool-of-${tenant}`, inputSchema: { type: 'object' } }] }
      return id === undefined
        ? new Response(null, { status: 202 })
        : Response.json({ jsonrpc: '2.0', id, result })
    },
  })
}

interface Asked {
  door: Door
  /** What `tenant` was asked for, in order. */
  asked: string[]
}

async function openTenants(
  tenants: Readonly<Record<string, Partial<Tenant>>>,
  changes: Partial<TenantConnectorOptions> = {},
): Promise<Asked> {
  const asked: string[] = []
  const template: TenantConnectorOptions = {
    name: 'Notes of',
    path: '/t/{tenant}/mcp',
    tenant(name) {
      asked.push(name)
      const own = Object.hasOwn(tenants, name) ? tenants[name] : undefined
      return own && { upstream: tenantUpstream(name), ...own }
    },
    ...changes,
  }
  return { door: await openDoor({ connectors: [template] }), asked }
}

describe('a tenant', () => {
  test('[HS-08] [ASU-03] [ASU-04] [R9728-01] [R9728-02] has its own 401, metadata in the form that was asked, and copies of the server’s', async () => {
    const { door } = await openTenants({ acme: {}, globex: { name: 'Globex notes' } })
    const probe = await callMcp(ofTenant(door, 'acme'), undefined, list)
    expect(probe.status).toBe(401)
    const wellKnown = `${origin}/.well-known/oauth-protected-resource`
    expect(findBearerChallenge(probe.headers.get('www-authenticate'))?.resourceMetadata).toBe(
      `${wellKnown}/t/acme/mcp`,
    )
    for (const [path, name] of [
      ['/t/acme/mcp', 'Notes of acme'],
      ['/t/acme/mcp/', 'Notes of acme'],
      ['/t/globex/mcp?utm_source=plugin', 'Globex notes'],
    ] as const) {
      const document = await (await door.fetch(`/.well-known/oauth-protected-resource${path}`)).json()
      expect(document).toMatchObject({
        resource: origin + path,
        resource_name: name,
        authorization_servers: [origin],
      })
    }
    const root = await (await door.fetch('/.well-known/oauth-authorization-server')).text()
    for (const kind of ['oauth-authorization-server', 'openid-configuration']) {
      expect(await (await door.fetch(`/.well-known/${kind}/t/acme/mcp`)).text()).toBe(root)
    }
    expect(await status(door.fetch('/.well-known/oauth-protected-resource'))).toBe(404)
  })

  test('[HS-08] is connected to like any connector, and reaches its own upstream', async () => {
    const { door, asked } = await openTenants({ acme: {}, globex: {} })
    for (const tenant of ['acme', 'globex']) {
      const { accessToken, refreshToken, clientId } = await connect(ofTenant(door, tenant))
      const answer = await callMcp(ofTenant(door, tenant), accessToken, list)
      expect(await answer.text()).toContain(`tool-of-${tenant}"`)
      const refreshed = await token(door, {
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: clientId,
        resource: `${origin}/t/${tenant}/mcp`,
      })
      expect(refreshed.status).toBe(200)
    }
    expect(asked, 'once for each').toEqual(['acme', 'globex'])
  })

  test('[HS-08] the consent page names the tenant and its tools', async () => {
    const { door } = await openTenants({ acme: {}, globex: {} })
    const id = String((await register(door)).client_id)
    const { html } = await door
      .browser()
      .openConsent(authorizeUrl(ofTenant(door, 'globex'), id, pkce().challenge))
    expect(html).toContain('Notes of globex')
    expect(html).toContain(`${origin}/t/globex/mcp`)
    expect(html).toContain('tool-of-globex')
    expect(html).not.toContain('acme')
  })

  test('each has its own people and its own way in', async () => {
    const { door } = await openTenants({
      acme: { people: ['grace'] },
      open: { access: 'none' },
      lazy: { access: 'lazy' },
    })
    const id = String((await register(door)).client_id)
    const browser = door.browser()
    await browser.openConsent(authorizeUrl(ofTenant(door, 'lazy'), id, pkce().challenge))
    const begun = await browser.get(authorizeUrl(ofTenant(door, 'acme'), id, pkce().challenge))
    expect((await browser.get(begun.headers.get('location') ?? '')).status).toBe(403)
    expect(await status(callMcp(ofTenant(door, 'open'), undefined, list))).toBe(200)
    expect(await status(door.fetch('/.well-known/oauth-protected-resource/t/open/mcp'))).toBe(404)
    const { accessToken } = await connect(ofTenant(door, 'lazy'))
    const call = { id: 1, method: 'tools/call', params: { name: 'x' } }
    expect(await status(callMcp(ofTenant(door, 'lazy'), undefined, list))).toBe(200)
    expect(await status(callMcp(ofTenant(door, 'lazy'), undefined, call))).toBe(401)
    expect(await status(callMcp(ofTenant(door, 'lazy'), accessToken, call))).toBe(200)
  })

  test('[ASU-14] that does not exist is 404 in JSON, for its endpoint and its metadata, and no resource', async () => {
    const { door } = await openTenants({ acme: {} })
    for (const path of [
      '/t/other/mcp',
      '/.well-known/oauth-protected-resource/t/other/mcp',
      '/.well-known/oauth-authorization-server/t/other/mcp',
    ]) {
      const response = await door.fetch(path)
      expect(response.status).toBe(404)
      expect(response.headers.get('content-type')).toMatch(/json/)
      expect(await response.text()).not.toContain('acme')
    }
    const id = String((await register(door)).client_id)
    const refused = await door
      .browser()
      .get(authorizeUrl(ofTenant(door, 'other'), id, pkce().challenge, { redirect_uri: claudeCallback }))
    expect(new URL(refused.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_target')
  })

  test('[HS-12] nobody is asked about tenants under a name that is not ours', async () => {
    const { door, asked } = await openTenants({ acme: {} })
    for (const path of ['/t/acme/mcp', '/.well-known/oauth-protected-resource/t/acme/mcp']) {
      expect(await status(door.fetch(path, { headers: { host: 'evil.example' } }))).toBe(421)
    }
    expect(asked).toEqual([])
  })

  test('the home page tells no tenant', async () => {
    const { door } = await openTenants({ acme: {} })
    await connect(ofTenant(door, 'acme'))
    const home = await (await door.browser().get('/')).text()
    expect(home).not.toContain('acme')
    expect(home).not.toContain('{tenant}')
  })

  test('a program that fails to say is a fault of ours with an id, and is asked again', async () => {
    let fails = true
    const door = await openDoor({
      connectors: [
        {
          name: 'Notes',
          path: '/t/{tenant}/mcp',
          tenant: async (tenant) => {
            if (fails) throw new Error('no connection to db-7.internal')
            return { upstream: tenantUpstream(tenant) }
          },
        },
      ],
    })
    const broken = await callMcp(ofTenant(door, 'acme'), undefined, list)
    expect(broken.status).toBe(500)
    const body = await broken.text()
    expect(body).not.toContain('db-7')
    const event = door.events.find(({ name }) => name === 'request.failed')
    expect(event?.reason).toContain('db-7')
    expect(body).toContain(event?.errorId)
    fails = false
    expect(await status(callMcp(ofTenant(door, 'acme'), undefined, list))).toBe(401)
  })

  test('is asked for once however many come at once, and again when it was forgotten', async () => {
    const known: Record<string, Partial<Tenant>> = { acme: {} }
    const { door, asked } = await openTenants(known)
    const many = Array.from({ length: 20 }, () => callMcp(ofTenant(door, 'acme'), undefined, list))
    await Promise.all(many)
    expect(asked).toEqual(['acme'])
    const { accessToken } = await connect(ofTenant(door, 'acme'))
    delete known.acme
    expect(await status(callMcp(ofTenant(door, 'acme'), accessToken, list))).toBe(200)
    await door.postern.forgetTenant('/t/acme/mcp')
    expect(await status(callMcp(ofTenant(door, 'acme'), accessToken, list))).toBe(404)
    known.acme = {}
    expect(await status(callMcp(ofTenant(door, 'acme'), accessToken, list))).toBe(200)
  })

  test('names that are merely tried do not close what people work with', async () => {
    let closed = 0
    const { door } = await openTenants(
      {},
      {
        tenant: (tenant) => {
          const upstream = tenantUpstream(tenant)
          const close = (): Promise<void> => {
            closed++
            return upstream.close()
          }
          return { upstream: { ...upstream, close } }
        },
      },
    )
    const { accessToken } = await connect(ofTenant(door, 'acme'))
    expect(await status(callMcp(ofTenant(door, 'acme'), accessToken, list))).toBe(200)
    for (let index = 0; index < 1100; index++) {
      await door.fetch(`/.well-known/oauth-protected-resource/t/guess-${index}/mcp`)
    }
    await expect.poll(() => closed).toBe(101)
    expect(await status(callMcp(ofTenant(door, 'acme'), accessToken, list))).toBe(200)
    await door.postern.close()
    expect(closed).toBe(1101)
  })
})

describe('clients of a tenant', () => {
  /** As `postern clients create --connector` enters one, whose id and secret are typed in at Claude. */
  async function enter(door: Door, clientId: string, resource?: string, secret?: string): Promise<void> {
    const outcome = await door.storage.addPreRegisteredClient({
      clientId,
      kind: 'pre-registered',
      metadata: readClientMetadata({
        client_name: 'Claude',
        redirect_uris: [claudeCallback],
        token_endpoint_auth_method: secret === undefined ? 'none' : 'client_secret_post',
      }),
      secretHash: secret === undefined ? undefined : hashToken(secret),
      similarityKey: clientId,
      createdAt: door.clock.now,
      lastUsedAt: door.clock.now,
      confirmedAt: undefined,
      expiresAt: undefined,
      resource,
    })
    expect(outcome).toBe('created')
  }
  /** What a client is told without a page having been shown, or undefined if there is one. */
  async function refusal(door: Door, tenant: string, clientId: string): Promise<string | undefined> {
    const begun = await door.browser().get(authorizeUrl(ofTenant(door, tenant), clientId, pkce().challenge))
    const location = new URL(begun.headers.get('location') ?? '', origin)
    return location.searchParams.get('error') ?? undefined
  }

  test('[HS-08] the id and secret that one tenant types in connect there, and are refused at every other', async () => {
    const { door } = await openTenants({ acme: {}, globex: {} })
    await enter(door, 'client-acme', `${origin}/t/acme/mcp/`, 'a secret of acme')
    const { verifier, challenge } = pkce()
    const acme = ofTenant(door, 'acme')
    const redirect = await door.browser().approve(authorizeUrl(acme, 'client-acme', challenge))
    const exchange = {
      grant_type: 'authorization_code',
      code: redirect.searchParams.get('code') ?? '',
      client_id: 'client-acme',
      code_verifier: verifier,
    }
    expect((await token(door, { ...exchange, client_secret: 'of globex' })).body.error).toBe('invalid_client')
    const { body } = await token(door, { ...exchange, client_secret: 'a secret of acme' })
    expect(await status(callMcp(acme, String(body.access_token), list))).toBe(200)
    expect(await status(callMcp(ofTenant(door, 'globex'), String(body.access_token), list))).toBe(401)
    expect(await refusal(door, 'globex', 'client-acme')).toBe('unauthorized_client')
    expect(await refusal(door, 'Acme', 'client-acme')).toBe('invalid_target')
    const pushed = await door.fetch('/oauth/par', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        ...Object.fromEntries(
          new URL(authorizeUrl(ofTenant(door, 'globex'), 'client-acme', challenge)).searchParams,
        ),
        client_secret: 'a secret of acme',
      }).toString(),
    })
    expect(await pushed.json()).toMatchObject({ error: 'unauthorized_client' })
  })

  test('[HS-08] a tenant may take no clients but its own', async () => {
    const { door } = await openTenants({ acme: { clients: 'own' }, globex: {} })
    await enter(door, 'client-acme', `${origin}/t/acme/mcp`)
    await enter(door, 'client-of-all')
    const registered = String((await register(door)).client_id)
    expect(await refusal(door, 'acme', 'client-acme')).toBeUndefined()
    expect(await refusal(door, 'acme', 'client-of-all')).toBe('unauthorized_client')
    expect(await refusal(door, 'acme', registered)).toBe('unauthorized_client')
    for (const clientId of ['client-of-all', registered])
      expect(await refusal(door, 'globex', clientId)).toBeUndefined()
    const { accessToken } = await connect(ofTenant(door, 'acme'), { clientId: 'client-acme' })
    expect(await status(callMcp(ofTenant(door, 'acme'), accessToken, list))).toBe(200)
  })
})

describe('no tenant ever equals another', () => {
  const tenants = {
    acme: {},
    Acme: {},
    'acme.': {},
    'a-cme': {},
    a: {},
    'a.b': {},
    'a~b': {},
    globex: {},
    mcp: {},
    t: {},
    oauth: {},
    constructor: {},
  } as const
  const names = Object.keys(tenants).filter((name) => name !== 'acme.')

  test('[HS-08] [R8707-02] [SBP-02] a token of one is 401 at every other', async () => {
    const { door } = await openTenants(tenants)
    const own = new Map<string, string>()
    for (const name of names) own.set(name, (await connect(ofTenant(door, name))).accessToken)
    for (const [mine, accessToken] of own) {
      for (const theirs of names) {
        const answer = await callMcp(ofTenant(door, theirs), accessToken, list)
        expect(answer.status, `${mine} at ${theirs}`).toBe(mine === theirs ? 200 : 401)
        if (mine === theirs) expect(await answer.text()).toContain(`tool-of-${mine}"`)
      }
    }
  })

  /** Another way to write a path, which some server on the way might take for the same. */
  const disguised = (path: string): fc.Arbitrary<string> =>
    fc.constantFrom(
      path,
      path.toUpperCase(),
      path.toLowerCase(),
      `${path}/`,
      `${path}//`,
      path.replace('/mcp', '//mcp'),
      path.replace('/t/', '/t//'),
      path.replace('/t/', '/t/./'),
      path.replace('/t/', '/x/../t/'),
      path.replace('/t/', '/t/globex/../'),
      path.replace('/t/', '/t/globex/%2e%2e/'),
      path.replace('/t/', '/t/globex%2f..%2f'),
      path.replace('/mcp', '%2fmcp'),
      path.replace('/mcp', '%00/mcp'),
      path.replace('/mcp', '%20/mcp'),
      path.replace('/mcp', './mcp'),
      path.replace('/mcp', ';x/mcp'),
      path.replaceAll('/', '\\'),
      path.replace('a', '%61'),
      path.replace('c', '%63'),
      path.replace('a', 'а'),
      path.replace('/t/', '/%74/'),
      path.replace('/mcp', '/mcp?tenant=globex'),
      path.replace('/mcp', '/mcp/t/globex/mcp'),
      `${path}#/t/globex/mcp`,
      `/t/globex${path}`,
    )

  test('[HS-08] however its path is written: whoever is let in is let in to the tenant of the token', async () => {
    const { door } = await openTenants(tenants)
    const own = new Map<string, string>()
    for (const name of ['acme', 'Acme', 'a', 'a.b']) {
      own.set(name, (await connect(ofTenant(door, name))).accessToken)
    }
    const cases = fc.tuple(
      fc.constantFrom(...own.keys()),
      fc.constantFrom(...names, 'none', 'acme.').chain((name) => disguised(`/t/${name}/mcp`)),
    )
    await fc.assert(
      fc.asyncProperty(cases, async ([mine, path]) => {
        const answer = await callMcp(at(door, path), own.get(mine), list)
        if (answer.status === 200) expect(await answer.text()).toContain(`tool-of-${mine}"`)
        else expect([401, 404]).toContain(answer.status)
      }),
      { numRuns: 2000 },
    )
  })

  test('[HS-08] [R8707-02] however a client writes the resource: a token is for the tenant that the page named', async () => {
    const { door } = await openTenants(tenants)
    const browser = door.browser()
    const clientId = String((await register(door)).client_id)
    await browser.openConsent(authorizeUrl(ofTenant(door, 'acme'), clientId, pkce().challenge))
    const cases = fc
      .constantFrom(...names, 'none', 'acme.')
      .chain((name) => fc.tuple(fc.constant(name), disguised(`/t/${name}/mcp`)))
    await fc.assert(
      fc.asyncProperty(cases, async ([name, path]) => {
        // No faster than the limits allow.
        door.clock.now += 20
        const { verifier, challenge } = pkce()
        const url = authorizeUrl(door, clientId, challenge, { resource: `${origin}${path}` })
        const begun = await browser.get(url)
        const location = new URL(begun.headers.get('location') ?? '', origin)
        if (location.origin !== origin) {
          expect(location.searchParams.get('error')).toBe('invalid_target')
          return
        }
        const redirect = await browser.approve(location.href)
        const answer = await token(door, {
          grant_type: 'authorization_code',
          code: redirect.searchParams.get('code') ?? '',
          client_id: clientId,
          code_verifier: verifier,
        })
        const grants = await door.storage.listGrants({}, 1)
        const tenant = /^http:\/\/localhost:8787\/t\/([^/]+)\/mcp$/.exec(grants[0]?.resource ?? '')?.[1]
        // Only one slash more, or a query, is another way to write the same.
        expect(path.replace(/\/?(?:\?.*)?$/, '')).toBe(`/t/${tenant}/mcp`)
        const called = await callMcp(ofTenant(door, tenant ?? ''), String(answer.body.access_token), list)
        expect(await called.text()).toContain(`tool-of-${tenant}"`)
        expect([name, name.toLowerCase(), name.toUpperCase(), 'globex']).toContain(tenant)
      }),
      { numRuns: 300 },
    )
  })

  test('[HS-08] a session of one is nothing at another, for the same person and client', async () => {
    const { door } = await openTenants(tenants)
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    }
    const { accessToken, clientId } = await connect(ofTenant(door, 'acme'))
    const opened = await callMcp(ofTenant(door, 'acme'), accessToken, { id: 0, method: 'initialize', params })
    const other = await connect(ofTenant(door, 'Acme'), { clientId })
    const ended = await door.fetch('/t/Acme/mcp', {
      method: 'DELETE',
      headers: {
        authorization: `Bearer ${other.accessToken}`,
        'mcp-session-id': opened.headers.get('mcp-session-id') ?? '',
      },
    })
    expect(ended.status).toBe(404)
  })
})

test('tenants stand beside fixed connectors, each judged by its own', async () => {
  const door = await openDoor({
    connectors: [
      { name: 'Notes', path: '/mcp', upstream: notesUpstream() },
      { name: 'Of', path: '/t/{tenant}/mcp', tenant: (name) => ({ upstream: tenantUpstream(name) }) },
    ],
  })
  const fixed = await connect(at(door, '/mcp'))
  const own = await connect(ofTenant(door, 'acme'))
  expect(await status(callMcp(at(door, '/mcp'), fixed.accessToken, list))).toBe(200)
  expect(await status(callMcp(at(door, '/mcp'), own.accessToken, list))).toBe(401)
  expect(await status(callMcp(ofTenant(door, 'acme'), fixed.accessToken, list))).toBe(401)
  expect(await status(door.fetch('/.well-known/oauth-protected-resource'))).toBe(404)
})
