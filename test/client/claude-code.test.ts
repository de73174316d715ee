// Claude Code's requests, one by one, as they were recorded for 2.1.329 in November 2026.

import { afterEach, expect, test } from 'vitest'
import { claudeCode } from '../../src/client/surfaces/index.ts'
import { household, steps } from './connection.ts'
import { type ScriptedServer, type Seen, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer
afterEach(() => server.close())

const resourcePath = 'GET /.well-known/oauth-protected-resource/mcp'
const resourceRoot = 'GET /.well-known/oauth-protected-resource'
const issuer = 'GET /.well-known/oauth-authorization-server'
const session = [
  'POST /mcp server/discover',
  'POST /mcp initialize',
  'POST /mcp notifications/initialized',
  'GET /mcp',
  'POST /mcp tools/list',
]
const signInWithDocument = [
  'POST /mcp server/discover',
  resourcePath,
  issuer,
  resourcePath,
  issuer,
  resourcePath,
  issuer,
  'GET /auth',
  'POST /token',
]

const find = (path: string, method = 'POST'): Seen => {
  const found = server.seen.findLast((seen) => seen.path === path && seen.method === method)
  if (found === undefined) throw new Error(`${method} ${path} was not asked for`)
  return found
}
const rpc = (method: string): Seen => {
  const found = server.seen.findLast((seen) => seen.rpc?.method === method)
  if (found === undefined) throw new Error(`${method} was not sent`)
  return found
}

test('default run: a metadata document, offline_access with prompt=consent, then the session of 2025', async () => {
  server = await startScriptedServer()
  const connection = await household(server, claudeCode).connect()
  expect(connection.failure).toBeUndefined()
  expect(server.lines()).toEqual([...signInWithDocument, ...session])

  const query = find('/auth', 'GET').query
  expect([...query.keys()]).toEqual([
    'response_type',
    'client_id',
    'code_challenge',
    'code_challenge_method',
    'redirect_uri',
    'state',
    'scope',
    'prompt',
    'resource',
  ])
  expect(query.get('client_id')).toBe('https://claude.ai/oauth/claude-code-client-metadata')
  expect(query.get('scope')).toBe('mcp:tools offline_access')
  expect(query.get('prompt')).toBe('consent')
  expect(query.get('resource')).toBe(server.url)
  expect(query.get('state')).toHaveLength(43)
  expect(query.get('redirect_uri')).toMatch(/^http:\/\/localhost:\d+\/callback$/)

  expect([...find('/token').form.keys()]).toEqual([
    'grant_type',
    'code',
    'code_verifier',
    'redirect_uri',
    'resource',
    'client_id',
  ])
  expect(find('/token').headers.has('authorization')).toBe(false)
})

test('who sends what: the login is another program, MCP requests ask for no compression', async () => {
  server = await startScriptedServer()
  await household(server, claudeCode).connect()
  const agents = server.seen.map(({ headers }) => headers.get('user-agent')?.split('/')[0])
  expect(agents.slice(0, 3)).toEqual(['claude-code', 'claude-code', 'claude-code'])
  expect(agents.slice(3, 7)).toEqual(['Bun', 'Bun', 'Bun', 'Bun'])
  expect(agents[8]).toBe('Bun')
  expect(agents.slice(9)).toEqual(Array(5).fill('claude-code'))
  expect(find('/.well-known/oauth-authorization-server', 'GET').headers.get('mcp-protocol-version')).toBe(
    '2025-11-25',
  )
  expect(rpc('tools/list').headers.get('accept-encoding')).toBe('identity')
})

test('the probe and the session: ids, headers, versions', async () => {
  server = await startScriptedServer()
  await household(server, claudeCode).connect()
  const probe = rpc('server/discover')
  expect(probe.rpc?.id).toBe('server-discover-probe-1')
  expect(probe.headers.get('mcp-protocol-version')).toBe('2026-07-28')
  expect(probe.headers.get('mcp-method')).toBe('server/discover')
  expect(probe.rpc?.params?._meta).toMatchObject({
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'claude-code', version: '2.1.329' },
    'io.modelcontextprotocol/clientCapabilities': {
      roots: { listChanged: true },
      elicitation: { form: {}, url: {} },
    },
  })
  expect(rpc('initialize').rpc?.id).toBe(0)
  expect(rpc('initialize').headers.has('mcp-protocol-version')).toBe(false)
  expect(rpc('tools/list').rpc?.id).toBe(1)
  expect(rpc('tools/list').headers.get('mcp-protocol-version')).toBe('2025-11-25')
  expect(rpc('tools/list').headers.get('mcp-session-id')).toMatch(/^session-/)
  expect(rpc('tools/list').headers.has('mcp-method')).toBe(false)
})

test('registration where no metadata documents are taken, and no offline_access where none is listed', async () => {
  server = await startScriptedServer({ metadataDocuments: false, offlineAccess: false })
  const connection = await household(server, claudeCode).connect()
  expect(connection.failure).toBeUndefined()
  expect(server.lines().slice(7, 10)).toEqual(['POST /reg', 'GET /auth', 'POST /token'])
  const port = new URL(find('/auth', 'GET').query.get('redirect_uri') ?? '').port
  expect(find('/reg').body).toBe(
    JSON.stringify({
      client_name: 'Claude Code (trial)',
      redirect_uris: [`http://localhost:${port}/callback`],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      scope: 'mcp:tools',
    }),
  )
  const query = find('/auth', 'GET').query
  expect(query.get('scope')).toBe('mcp:tools')
  expect(query.has('prompt')).toBe(false)
})

test('the flag alone brings the document, whether or not none is among the methods', async () => {
  server = await startScriptedServer({ authMethods: ['client_secret_basic'] })
  await household(server, claudeCode).connect()
  expect(server.lines()).not.toContain('POST /reg')
})

test('the scope is that of the metadata, not that of the challenge', async () => {
  server = await startScriptedServer({ challengeScope: 'other', resourceScopes: ['mcp:read', 'mcp:write'] })
  await household(server, claudeCode).connect()
  expect(find('/auth', 'GET').query.get('scope')).toBe('mcp:read mcp:write offline_access')
})

test('a server of the 2026 era: no initialize, a listen stream in place of GET', async () => {
  server = await startScriptedServer({ era: 'modern' })
  const connection = await household(server, claudeCode).connect({ calls: [{ name: 'echo', arguments: {} }] })
  expect(connection.failure).toBeUndefined()
  expect(server.lines()).toEqual([
    ...signInWithDocument,
    'POST /mcp server/discover',
    'POST /mcp subscriptions/listen',
    'POST /mcp tools/list',
    'POST /mcp tools/call',
  ])
  expect(rpc('tools/call').headers.get('mcp-name')).toBe('echo')
  expect(rpc('tools/call').headers.get('mcp-method')).toBe('tools/call')
  expect(connection.session).toMatchObject({ era: 'modern', protocolVersion: '2026-07-28' })
})

test('no pointer, metadata at the root, only openid-configuration: the order of one round', async () => {
  server = await startScriptedServer({ pointer: false, resourceMetadata: 'root', issuerMetadata: 'openid' })
  await household(server, claudeCode).connect()
  expect(server.lines().slice(0, 5)).toEqual([
    'POST /mcp server/discover',
    resourcePath,
    resourceRoot,
    issuer,
    'GET /.well-known/openid-configuration',
  ])
})

test('an issuer with a path, answering only at the appended place', async () => {
  server = await startScriptedServer({ issuerPath: '/as', issuerMetadata: 'openid-appended' })
  const connection = await household(server, claudeCode).connect()
  expect(connection.failure).toBeUndefined()
  expect(server.lines().slice(1, 5)).toEqual([
    resourcePath,
    `${issuer}/as`,
    'GET /.well-known/openid-configuration/as',
    'GET /as/.well-known/openid-configuration',
  ])
})

test('no resource metadata at all: the origin, no scope, no resource, and the metadata asked again before the token', async () => {
  server = await startScriptedServer({ resourceMetadata: 'none', metadataDocuments: false })
  const connection = await household(server, claudeCode).connect()
  expect(connection.failure).toBeUndefined()
  const round = [resourcePath, resourceRoot, issuer]
  expect(server.lines()).toEqual([
    'POST /mcp server/discover',
    ...round,
    ...round,
    ...round,
    'POST /reg',
    'GET /auth',
    resourcePath,
    resourceRoot,
    'POST /token',
    ...session,
  ])
  expect(find('/reg').json).not.toHaveProperty('scope')
  expect(find('/auth', 'GET').query.has('scope')).toBe(false)
  expect(find('/auth', 'GET').query.has('resource')).toBe(false)
  expect(find('/token').form.has('resource')).toBe(false)
})

test('a dead token: metadata of the known issuer first, a refresh with resource and without scope, then all anew', async () => {
  server = await startScriptedServer()
  const home = household(server, claudeCode)
  await home.connect()
  server.lines()
  server.expireTokens()
  const connection = await home.connect()
  expect(connection.failure).toBeUndefined()
  expect(server.lines()).toEqual([
    'POST /mcp server/discover',
    issuer,
    resourcePath,
    'POST /token',
    ...session,
  ])
  expect([...find('/token').form.keys()]).toEqual(['grant_type', 'refresh_token', 'resource', 'client_id'])
  expect(find('/token').headers.get('user-agent')).toMatch(/^claude-code\//)
  expect(steps(connection)).toEqual(['session skipped', 'refresh passed', 'session passed', 'lists passed'])
})

test('invalid_grant at the refresh: tokens dropped, the client id and its port kept', async () => {
  server = await startScriptedServer({ metadataDocuments: false })
  const home = household(server, claudeCode)
  await home.connect()
  const before = find('/auth', 'GET').query
  server.lines()
  server.expireTokens()
  server.switches.refreshAnswer = 'invalid_grant'
  const connection = await home.connect()
  expect(connection.failure).toBeUndefined()
  expect(server.lines()).toEqual([
    'POST /mcp server/discover',
    issuer,
    resourcePath,
    'POST /token',
    'POST /mcp server/discover',
    issuer,
    resourcePath,
    resourcePath,
    issuer,
    issuer,
    resourcePath,
    'GET /auth',
    'POST /token',
    ...session,
  ])
  const after = find('/auth', 'GET').query
  expect(after.get('client_id')).toBe(before.get('client_id'))
  expect(after.get('redirect_uri')).toBe(before.get('redirect_uri'))
})

test('invalid_client at the refresh: the client is forgotten and registers anew', async () => {
  server = await startScriptedServer({ metadataDocuments: false })
  const home = household(server, claudeCode)
  await home.connect()
  const before = find('/auth', 'GET').query.get('client_id')
  server.lines()
  server.expireTokens()
  server.switches.refreshAnswer = 'invalid_client'
  const connection = await home.connect()
  expect(connection.failure).toBeUndefined()
  expect(server.lines()).toEqual([
    'POST /mcp server/discover',
    issuer,
    resourcePath,
    'POST /token',
    'POST /mcp server/discover',
    issuer,
    resourcePath,
    resourcePath,
    issuer,
    resourcePath,
    issuer,
    'POST /reg',
    'GET /auth',
    'POST /token',
    ...session,
  ])
  expect(find('/auth', 'GET').query.get('client_id')).not.toBe(before)
})

test('insufficient_scope: the old tokens are revoked, then the scope of the challenge is asked for', async () => {
  server = await startScriptedServer({ neededScope: 'mcp:extra', offlineAccess: false })
  const connection = await household(server, claudeCode).connect()
  expect(connection.failure).toBeUndefined()
  const lines = server.lines()
  const refused = lines.indexOf('POST /mcp tools/list')
  expect(lines.slice(refused + 1)).toEqual([
    issuer,
    resourcePath,
    resourceRoot,
    issuer,
    'POST /token/revocation',
    'POST /token/revocation',
    resourcePath,
    issuer,
    issuer,
    resourcePath,
    'GET /auth',
    'POST /token',
    ...session,
  ])
  const revoked = server.seen.filter(({ path }) => path === '/token/revocation')
  expect(revoked.map(({ form }) => form.get('token_type_hint'))).toEqual(['refresh_token', 'access_token'])
  expect(revoked[0]?.headers.get('user-agent')).toMatch(/^axios\//)
  expect([...(revoked[0]?.form.keys() ?? [])]).toEqual(['token', 'token_type_hint', 'client_id'])
  expect(find('/auth', 'GET').query.get('scope')).toBe('mcp:tools mcp:extra')
})

test('a lifetime of five minutes or less: a refresh before every request', async () => {
  server = await startScriptedServer({ expiresIn: 200 })
  const connection = await household(server, claudeCode).connect()
  expect(connection.failure).toBeUndefined()
  const refreshes = server.seen.filter(({ form }) => form.get('grant_type') === 'refresh_token')
  const requests = server.seen.filter(({ path, headers }) => path === '/mcp' && headers.has('authorization'))
  expect(refreshes.length).toBe(requests.length)
})

test('a client id that was given: its port, its secret by HTTP Basic', async () => {
  server = await startScriptedServer()
  await household(server, claudeCode).connect({ clientId: 'given:id', clientSecret: 'given secret' })
  expect(find('/auth', 'GET').query.get('client_id')).toBe('given:id')
  expect(find('/auth', 'GET').query.get('redirect_uri')).toBe('http://localhost:3118/callback')
  const basic = atob(find('/token').headers.get('authorization')?.replace('Basic ', '') ?? '')
  expect(basic).toBe('given%3Aid:given%20secret')
  expect(find('/token').form.has('client_id')).toBe(false)
})
