// The standard to the letter: where it looks, what it asks for, and above all what it refuses.

import { afterEach, describe, expect, test } from 'vitest'
import { strict, strictAt, strictRevisions } from '../../src/client/surfaces/strict.ts'
import { household, steps } from './connection.ts'
import { type ScriptedServer, type Seen, type Switches, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer
afterEach(() => server?.close())

const last = (path: string): Seen => {
  const found = server.seen.findLast((seen) => seen.path === path)
  if (found === undefined) throw new Error(`${path} was not asked for`)
  return found
}

describe('finds its way', () => {
  test('[AUTH-2025-11-25-06] the pointer of the challenge, and nothing else beside it', async () => {
    server = await startScriptedServer({ resourceMetadata: 'custom' })
    expect((await household(server, strict).connect()).failure).toBeUndefined()
    expect(server.lines().slice(0, 3)).toEqual([
      'POST /mcp initialize',
      'GET /metadata/of/mcp.json',
      'GET /.well-known/oauth-authorization-server',
    ])
  })

  test('[AUTH-2025-11-25-06] without a pointer the path, then the root', async () => {
    server = await startScriptedServer({ pointer: false, resourceMetadata: 'root' })
    expect((await household(server, strict).connect()).failure).toBeUndefined()
    expect(server.lines().slice(1, 3)).toEqual([
      'GET /.well-known/oauth-protected-resource/mcp',
      'GET /.well-known/oauth-protected-resource',
    ])
  })

  test('[AUTH-2025-11-25-10] an issuer with a path: inserted, inserted, appended', async () => {
    server = await startScriptedServer({ issuerPath: '/as', issuerMetadata: 'openid-appended' })
    expect((await household(server, strict).connect()).failure).toBeUndefined()
    expect(server.lines().slice(2, 5)).toEqual([
      'GET /.well-known/oauth-authorization-server/as',
      'GET /.well-known/openid-configuration/as',
      'GET /as/.well-known/openid-configuration',
    ])
  })

  test('[AUTH-2025-03-26-03, AUTH-2025-03-26-05, AUTH-2025-03-26-06] in 2025-03-26: the root, with the version header, then the default paths', async () => {
    server = await startScriptedServer({ resourceMetadata: 'none', issuerMetadata: 'none' })
    const connection = await household(server, strictAt('2025-03-26')).connect()
    expect(connection.failure).toMatchObject({ reason: 'sign-in' })
    expect(server.lines()).toEqual([
      'POST /mcp initialize',
      'GET /.well-known/oauth-authorization-server',
      'POST /register',
    ])
    expect(last('/.well-known/oauth-authorization-server').headers.get('mcp-protocol-version')).toBe(
      '2025-03-26',
    )
  })

  test('[AUTH-2025-06-18-06] since 2025-06-18 there are no default paths', async () => {
    server = await startScriptedServer({ issuerMetadata: 'none' })
    const connection = await household(server, strictAt('2025-06-18')).connect()
    expect(connection.failure?.says).toContain('no metadata')
    expect(server.lines().at(-1)).toBe('GET /.well-known/oauth-authorization-server')
  })
})

describe('asks for', () => {
  test.each([
    ['the scope of the challenge', { challengeScope: 'a b' }, 'a b'],
    ['else all of scopes_supported', { challengeScope: undefined, resourceScopes: ['x', 'y'] }, 'x y'],
    ['else nothing', { challengeScope: undefined, resourceScopes: undefined }, null],
  ])('[AUTH-2025-11-25-08, AUTH-2025-11-25-17] %s', async (_, switches, scope) => {
    server = await startScriptedServer(switches)
    await household(server, strict).connect()
    expect(last('/auth').query.get('scope')).toBe(scope)
  })

  test('[AUTH-2025-11-25-18, AUTH-2026-07-28-23] the resource as the metadata writes it, at authorization, token and refresh', async () => {
    server = await startScriptedServer()
    server.switches.resource = server.origin
    await household(server, strict).connect({ refresh: true })
    const tokens = server.seen.filter(({ path }) => path === '/token').map(({ form }) => form.get('resource'))
    expect([last('/auth').query.get('resource'), ...tokens]).toEqual([
      server.origin,
      server.origin,
      server.origin,
    ])
  })

  test('[AUTH-2025-11-25-11] given credentials before a document, a document before registration', async () => {
    server = await startScriptedServer()
    const home = household(server, strict)
    const clientMetadataUrl = 'https://client.example/metadata.json'
    await home.connect({ clientId: 'given', clientMetadataUrl, forget: true })
    const given = last('/auth').query.get('client_id')
    await home.connect({ clientMetadataUrl, forget: true })
    const document = last('/auth').query.get('client_id')
    await home.connect({ forget: true })
    expect([given, document]).toEqual(['given', clientMetadataUrl])
    expect(last('/auth').query.get('client_id')).toMatch(/^client-/)
  })

  test('[AUTH-2026-07-28-18] in 2026-07-28 a registration says what kind of application it is', async () => {
    server = await startScriptedServer({ era: 'modern' })
    const connection = await household(server, strictAt('2026-07-28')).connect()
    expect(connection.failure).toBeUndefined()
    expect(last('/reg').json.application_type).toBe('native')
  })

  test.each(['client_secret_basic', 'client_secret_post'])(
    'tokens as it was registered: %s',
    async (method) => {
      server = await startScriptedServer({ registeredMethod: method })
      expect((await household(server, strict).connect()).failure).toBeUndefined()
      expect(last('/token').headers.has('authorization')).toBe(method === 'client_secret_basic')
      expect(last('/token').form.has('client_secret')).toBe(method === 'client_secret_post')
    },
  )
})

describe('refuses', () => {
  const issuerOfOther = 'https://other.example'
  const refusals: [string, Partial<Switches>, string][] = [
    [
      '[AUTH-2026-07-28-13, R9207-03] an iss that is missing though it is promised',
      { iss: 'missing' },
      'iss',
    ],
    ['[AUTH-2026-07-28-13, SBP-13] an iss of another issuer', { iss: 'wrong' }, 'iss'],
    [
      '[AUTH-2026-07-28-13] the same where nothing is promised',
      { iss: 'wrong', metadata: { authorization_response_iss_parameter_supported: undefined } },
      'iss',
    ],
    ['[AUTH-2026-07-28-08] metadata of another issuer', { metadata: { issuer: issuerOfOther } }, 'issuer'],
    [
      '[AUTH-2025-11-25-23] metadata without PKCE methods',
      { metadata: { code_challenge_methods_supported: undefined } },
      'code_challenge_methods_supported',
    ],
    [
      '[AUTH-2025-11-25-23] metadata with plain alone',
      { metadata: { code_challenge_methods_supported: ['plain'] } },
      'code_challenge_methods_supported',
    ],
    ['[R9728-03] a resource elsewhere', { resource: 'https://evil.example/mcp' }, 'resource'],
    ['[R9728-08] the same resource in another spelling', { resource: 'HTTP://LOCALHOST/mcp' }, 'resource'],
    ['[AUTH-2025-06-18-19] a state that was not sent', { state: 'wrong' }, 'state'],
    ['[AUTH-2025-06-18-19] no state', { state: 'missing' }, 'state'],
    [
      '[OA21-30] a token endpoint over http on another host',
      { metadata: { token_endpoint: 'http://tokens.example/token' } },
      'token_endpoint',
    ],
    [
      '[SBP-11] an authorization endpoint that is a script',
      { metadata: { authorization_endpoint: 'javascript:alert(1)' } },
      'authorization_endpoint',
    ],
    ['no authorization server at all', { resourceMetadata: 'none' }, 'resource_metadata'],
  ]
  test.each(refusals)('%s', async (_, switches, at) => {
    server = await startScriptedServer(switches)
    const connection = await household(server, strict).connect()
    expect(connection.failure).toMatchObject({ reason: 'sign-in' })
    expect(connection.failure?.problems.map((problem) => problem.at)).toContain(at)
    expect(server.lines()).not.toContain('POST /token')
  })

  const elsewhere: [string, Partial<Switches>][] = [
    ['metadata of the resource', { pointer: 'http://meta.example/resource' }],
    [
      'a registration endpoint',
      { metadataDocuments: false, metadata: { registration_endpoint: 'http://reg.example/' } },
    ],
  ]
  test.each(elsewhere)(
    '[OA21-30] %s over http on another host: nothing is sent there',
    async (_, switches) => {
      server = await startScriptedServer(switches)
      const asked: string[] = []
      const connection = await household(server, strict).connect({
        fetch: (input, init) => {
          asked.push(new URL(String(input)).host)
          return fetch(input, init)
        },
      })
      expect(connection.failure?.says).toContain('is not https')
      expect(new Set(asked)).toEqual(new Set([new URL(server.url).host]))
    },
  )

  test('[OA21-30] an endpoint that is not used does no harm', async () => {
    server = await startScriptedServer({ metadata: { registration_endpoint: 'http://reg.example/' } })
    const connection = await household(server, strict).connect({ clientId: 'given' })
    expect(connection.failure).toBeUndefined()
  })

  test('[OA21-30] a server over http on another host gets no sign-in', async () => {
    const asked: string[] = []
    const connection = await household({ url: 'http://mcp.example/mcp' }, strictAt('2025-03-26')).connect({
      fetch: async (input) => {
        asked.push(String(input))
        return new Response(null, { status: 401 })
      },
    })
    expect(connection.failure?.says).toContain('is not https')
    expect(asked).toEqual(['http://mcp.example/mcp'])
  })

  test('[AUTH-2026-07-28-13] neither promised nor there: goes on', async () => {
    server = await startScriptedServer({
      iss: 'missing',
      metadata: { authorization_response_iss_parameter_supported: undefined },
    })
    expect((await household(server, strict).connect()).failure).toBeUndefined()
  })

  test('[AUTH-2026-07-28-15] of another issuer not even the error is shown', async () => {
    server = await startScriptedServer({ denies: true, iss: 'wrong' })
    const connection = await household(server, strict).connect()
    expect(connection.failure?.says).not.toContain('not today')
  })

  test('access_denied is told in the server’s words', async () => {
    server = await startScriptedServer({ denies: true })
    const connection = await household(server, strict).connect()
    expect(connection.failure?.says).toContain('access_denied: not today')
    expect(steps(connection).at(-1)).toBe('authorization failed')
  })

  test('a token endpoint that answers a page', async () => {
    server = await startScriptedServer({ tokenStatus: 502 })
    const connection = await household(server, strict).connect()
    expect(connection.failure?.says).toContain('502 without an OAuth error')
  })

  test('a revision that never was', () => {
    expect(() => strictAt('2025-11-26')).toThrow(TypeError)
    expect(strictRevisions.map((revision) => strictAt(revision).revision)).toEqual(strictRevisions)
  })
})

describe('goes on', () => {
  test('[AUTH-2025-11-25-22, AUTH-2026-07-28-31] steps up with the union of scopes', async () => {
    server = await startScriptedServer({ neededScope: 'mcp:extra', challengeScope: 'first' })
    const connection = await household(server, strict).connect()
    expect(connection.failure).toBeUndefined()
    const asked = server.seen.filter(({ path }) => path === '/auth').map(({ query }) => query.get('scope'))
    expect(asked).toEqual(['first', 'first mcp:tools mcp:extra'])
  })

  test('[AUTH-2025-11-25-22] three authorization requests, no more', async () => {
    server = await startScriptedServer({ neededScope: 'never granted' })
    const connection = await household(server, strict).connect()
    expect(connection.failure).toMatchObject({ reason: 'sign-in' })
    expect(server.seen.filter(({ path }) => path === '/auth')).toHaveLength(3)
  })

  test('[AUTH-2025-03-26-09, AUTH-2026-07-28-24] the token is in the header of every request, and in no URL', async () => {
    server = await startScriptedServer()
    await household(server, strict).connect({ calls: [{ name: 'echo', arguments: {} }] })
    const opened = server.seen.findIndex(({ path }) => path === '/token')
    for (const { method, path, headers, query } of server.seen.slice(opened + 1)) {
      expect(`${method} ${path} ${headers.get('authorization')?.slice(0, 10)}`).toBe(
        `${method} /mcp Bearer at-`,
      )
      expect([...query.keys()]).toEqual([])
    }
  })

  test('[HTTP-2025-03-26-25] ends its session', async () => {
    server = await startScriptedServer()
    await household(server, strict).connect()
    expect(server.lines().at(-1)).toBe('DELETE /mcp')
    expect(last('/mcp').headers.get('mcp-session-id')).toMatch(/^session-/)
  })

  test('a server that asks for a token only later: signs in there, and repeats the request', async () => {
    server = await startScriptedServer({ lazy: true })
    const connection = await household(server, strict).connect()
    expect(connection.failure).toBeUndefined()
    expect(steps(connection)).toEqual([
      'probe passed',
      'lists passed',
      'discovery passed',
      'registration passed',
      'authorization passed',
      'token passed',
      'lists passed',
    ])
  })

  test('[AUTH-2026-07-28-09] what one issuer gave is not shown to another', async () => {
    server = await startScriptedServer()
    const home = household(server, strict)
    await home.connect()
    const before = last('/auth').query.get('client_id')
    server.lines()
    server.expireTokens()
    server.switches.issuerPath = '/moved'
    const connection = await home.connect()
    expect(connection.failure).toBeUndefined()
    const grants = server.seen
      .filter(({ path }) => path === '/token')
      .map(({ form }) => form.get('grant_type'))
    expect(grants).toEqual(['authorization_code', 'authorization_code'])
    expect(last('/auth').query.get('client_id')).not.toBe(before)
    expect(Object.keys(home.memory?.clients ?? {})).toEqual([server.origin, `${server.origin}/moved`])
  })

  test('[AUTH-2026-07-28-09] a client that was given is no reason to show a refresh token to another issuer', async () => {
    server = await startScriptedServer()
    const home = household(server, strict)
    await home.connect({ clientId: 'given' })
    server.expireTokens()
    server.switches.issuerPath = '/moved'
    await home.connect({ clientId: 'given' })
    const grants = server.seen
      .filter(({ path }) => path === '/token')
      .map(({ form }) => form.get('grant_type'))
    expect(grants).toEqual(['authorization_code', 'authorization_code'])
  })

  test('[AUTH-2026-07-28-21, AUTH-2026-07-28-31] what was granted in an earlier run is asked for again', async () => {
    server = await startScriptedServer()
    const home = household(server, strict)
    await home.connect({ scope: 'granted:before' })
    server.switches.neededScope = 'mcp:extra'
    expect((await home.connect()).failure).toBeUndefined()
    expect(last('/auth').query.get('scope')?.split(' ').sort()).toEqual([
      'granted:before',
      'mcp:extra',
      'mcp:tools',
    ])
  })

  test('a refresh that gives no new refresh token leaves the old one', async () => {
    server = await startScriptedServer({ rotates: false })
    const home = household(server, strict)
    await home.connect()
    const before = home.memory?.tokens?.refreshToken
    for (let run = 0; run < 2; run++) {
      server.expireTokens()
      expect(steps(await home.connect())).toEqual([
        'session skipped',
        'refresh passed',
        'session passed',
        'lists passed',
      ])
    }
    expect(home.memory?.tokens?.refreshToken).toBe(before)
  })

  test('a refresh that fails otherwise ends the run with the server’s words', async () => {
    server = await startScriptedServer({ refreshAnswer: 'server_error' })
    const connection = await household(server, strict).connect({ refresh: true })
    expect(connection.failure?.says).toContain('500 server_error: said so')
    expect(steps(connection).at(-1)).toBe('refresh failed')
  })
})
