// Hosted Claude, of 2026 and of 2025, as documented and observed: its order of requests, its registration, its rules.

import { afterEach, expect, test } from 'vitest'
import { claudeHosted, claudeHosted2025 } from '../../src/client/surfaces/index.ts'
import { household, steps } from './connection.ts'
import { type ScriptedServer, type Seen, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer
afterEach(() => server.close())

const last = (path: string): Seen => {
  const found = server.seen.findLast((seen) => seen.path === path)
  if (found === undefined) throw new Error(`${path} was not asked for`)
  return found
}

const discovery = [
  'GET /.well-known/oauth-protected-resource/mcp',
  'GET /.well-known/oauth-authorization-server',
]
const session = [
  'POST /mcp server/discover',
  'POST /mcp initialize',
  'POST /mcp notifications/initialized',
  'POST /mcp tools/list',
  'POST /mcp prompts/list',
  'POST /mcp resources/list',
]

test('2026: metadata twice, the document as client id, and all three lists whatever is declared', async () => {
  server = await startScriptedServer()
  const connection = await household(server, claudeHosted).connect()
  expect(connection.failure).toBeUndefined()
  expect(server.lines()).toEqual([
    'POST /mcp server/discover',
    ...discovery,
    'GET /auth',
    ...discovery,
    'POST /token',
    ...session,
  ])
  const query = last('/auth').query
  expect(query.get('client_id')).toBe('https://claude.ai/oauth/mcp-oauth-client-metadata')
  expect(query.get('redirect_uri')).toBe('https://claude.ai/api/mcp/auth_callback')
  expect(query.get('resource')).toBe(server.url)
  expect(last('/token').form.get('code_verifier')).toHaveLength(128)
  expect(last('/token').headers.has('origin')).toBe(false)
})

test('2026: who sends what', async () => {
  server = await startScriptedServer()
  await household(server, claudeHosted).connect()
  const agents = server.seen
    .filter(({ path }) => path !== '/auth')
    .map(({ headers }) => headers.get('user-agent'))
  expect(agents.slice(0, 6)).toEqual(Array(6).fill('python-httpx/0.28.1'))
  expect(agents.slice(6)).toEqual(Array(6).fill('Claude-User'))
  const initialize = server.seen.find(({ rpc }) => rpc?.method === 'initialize')
  expect(initialize?.rpc?.params).toEqual({
    protocolVersion: '2025-11-25',
    clientInfo: { name: 'claude-ai', version: '0.1.0' },
    capabilities: {
      extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } },
    },
  })
})

test('2026: the flag without none among the methods means registration', async () => {
  server = await startScriptedServer({ authMethods: ['client_secret_post'] })
  await household(server, claudeHosted).connect()
  expect(last('/reg').body).toBe(
    JSON.stringify({
      redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      client_name: 'Claude',
      application_type: 'web',
    }),
  )
})

test('2026: neither a usable document nor a registration endpoint ends it, with the reason', async () => {
  server = await startScriptedServer({ authMethods: ['client_secret_post'], registration: false })
  const connection = await household(server, claudeHosted).connect()
  expect(connection.failure).toMatchObject({ reason: 'sign-in' })
  expect(connection.failure?.says).toContain('"none"')
  expect(server.lines()).not.toContain('GET /auth')
})

test.each([
  ['the challenge', { challengeScope: 'from:challenge' }, 'from:challenge offline_access'],
  ['the resource', { challengeScope: undefined }, 'mcp:tools offline_access'],
  [
    'the authorization server',
    { challengeScope: undefined, resourceScopes: undefined },
    'openid mcp:tools offline_access',
  ],
])('2026: the scope is that of %s', async (_, switches, scope) => {
  server = await startScriptedServer(switches)
  await household(server, claudeHosted).connect()
  expect(last('/auth').query.get('scope')).toBe(scope)
  expect(last('/auth').query.get('prompt')).toBe('consent')
})

test('2026: a secret goes into the body', async () => {
  server = await startScriptedServer()
  await household(server, claudeHosted).connect({ clientId: 'held', clientSecret: 'held-secret' })
  expect(last('/token').form.get('client_secret')).toBe('held-secret')
  expect(last('/token').headers.has('authorization')).toBe(false)
})

test('2026: a resource that is not the URL that was typed ends it', async () => {
  server = await startScriptedServer()
  server.switches.resource = server.origin
  const connection = await household(server, claudeHosted).connect()
  expect(connection.failure?.problems.map(({ at }) => at)).toEqual(['resource'])
  expect(server.lines()).not.toContain('GET /auth')
})

test('2026: a consent page that answers 307 would carry the POST to claude.ai, where only GET is taken', async () => {
  server = await startScriptedServer({ pages: true, redirectStatus: 307 })
  const connection = await household(server, claudeHosted).connect()
  expect(connection.failure?.says).toContain('307')
  expect(server.lines()).not.toContain('POST /token')
})

test('2026: insufficient_scope asks for the union; a plain 403 is the end', async () => {
  server = await startScriptedServer({ neededScope: 'mcp:extra', offlineAccess: false })
  const connection = await household(server, claudeHosted).connect()
  expect(connection.failure).toBeUndefined()
  expect(last('/auth').query.get('scope')).toBe('mcp:tools mcp:extra')
})

test('2026: a token that is refused right after the sign-in is refreshed twice, then given up', async () => {
  server = await startScriptedServer()
  const home = household(server, claudeHosted)
  const connection = await home.connect({
    fetch: async (input, init) => {
      const answer = await fetch(input, init)
      if (String(input).endsWith('/token')) server.expireTokens()
      return answer
    },
  })
  expect(connection.failure).toMatchObject({ reason: 'sign-in' })
  const grants = server.seen.filter(({ path }) => path === '/token').map(({ form }) => form.get('grant_type'))
  expect(grants).toEqual(['authorization_code', 'refresh_token', 'refresh_token'])
})

test('2026: a person without a browser that can catch the redirect is told which can', async () => {
  server = await startScriptedServer()
  const connection = await household(server, claudeHosted).connect({
    browser: {
      name: 'system',
      catchesForeignRedirects: false,
      visit: () => Promise.reject(new Error('opened')),
    },
  })
  expect(connection.failure).toMatchObject({ reason: 'usage' })
  expect(connection.failure?.says).toContain('--browser fetch or --browser headless')
})

test('2025: the stream is asked for, metadata only at the origin, scope claudeai, no resource', async () => {
  server = await startScriptedServer()
  const connection = await household(server, claudeHosted2025).connect()
  expect(connection.failure).toBeUndefined()
  expect(server.lines()).toEqual([
    'POST /mcp initialize',
    'GET /mcp',
    'GET /.well-known/oauth-authorization-server',
    'POST /reg',
    'GET /auth',
    'POST /token',
    'POST /mcp initialize',
    'POST /mcp notifications/initialized',
    'GET /mcp',
    'POST /mcp tools/list',
    'POST /mcp prompts/list',
    'POST /mcp resources/list',
  ])
  expect(last('/reg').json).toMatchObject({ client_name: 'claudeai', scope: 'claudeai' })
  expect(last('/auth').query.get('scope')).toBe('claudeai')
  expect(last('/auth').query.has('resource')).toBe(false)
  expect(server.seen[0]?.rpc).toMatchObject({ id: 0, params: { protocolVersion: '2024-11-05' } })
})

test('2025: nothing is listed until there is a session id', async () => {
  server = await startScriptedServer({ session: false })
  const connection = await household(server, claudeHosted2025).connect()
  expect(connection.failure).toMatchObject({ reason: 'protocol' })
  expect(steps(connection).at(-1)).toBe('lists failed')
  expect(server.lines()).not.toContain('POST /mcp tools/list')
})
