// ChatGPT, VS Code, the Messages API and the variants of hosted Claude: what sets each apart on the wire, as documented and read.

import { afterEach, expect, test } from 'vitest'
import { createConnectionMemory } from '../../src/client/connection-state.ts'
import { chatgpt, messagesApi, vscode } from '../../src/client/surfaces/index.ts'
import { hostedVariant, hostedVariants } from '../../src/client/variants.ts'
import { household } from './connection.ts'
import { type ScriptedServer, type Seen, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer
afterEach(() => server.close())

const last = (path: string): Seen => {
  const found = server.seen.findLast((seen) => seen.path === path)
  if (found === undefined) throw new Error(`${path} was not asked for`)
  return found
}
const rpc = (method: string): Seen => {
  const found = server.seen.findLast((seen) => seen.rpc?.method === method)
  if (found === undefined) throw new Error(`${method} was not sent`)
  return found
}
const discovery = [
  'GET /.well-known/oauth-protected-resource/mcp',
  'GET /.well-known/oauth-authorization-server',
]

test('ChatGPT: its document, its callback, resource on both legs, the newest era first, no session kept', async () => {
  server = await startScriptedServer({ era: 'modern' })
  const connection = await household(server, chatgpt).connect()
  expect(connection.failure).toBeUndefined()
  expect(server.lines()).toEqual([
    'POST /mcp server/discover',
    ...discovery,
    'GET /auth',
    'POST /token',
    'POST /mcp server/discover',
    'POST /mcp tools/list',
  ])
  expect(last('/auth').query.get('client_id')).toBe('https://chatgpt.com/oauth/client.json')
  expect(last('/auth').query.get('redirect_uri')).toBe(
    'https://chatgpt.com/connector_platform_oauth_redirect',
  )
  expect(last('/auth').query.get('resource')).toBe(server.url)
  expect(last('/token').form.get('resource')).toBe(server.url)
  expect(rpc('tools/list').headers.get('user-agent')).toBe('openai-mcp/1.0.0')
})

test('ChatGPT: registers with the method that the server offers', async () => {
  server = await startScriptedServer({ metadataDocuments: false, authMethods: ['client_secret_post'] })
  await household(server, chatgpt).connect()
  expect(last('/reg').json).toMatchObject({
    client_name: 'ChatGPT',
    token_endpoint_auth_method: 'client_secret_post',
  })
})

test('VS Code: four redirects, the device grant, its own port, and no offline_access', async () => {
  server = await startScriptedServer({ metadataDocuments: false })
  const connection = await household(server, vscode).connect()
  expect(connection.failure).toBeUndefined()
  expect(last('/reg').json).toEqual({
    client_name: 'Visual Studio Code',
    client_uri: 'https://code.visualstudio.com',
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
    redirect_uris: [
      'https://insiders.vscode.dev/redirect',
      'https://vscode.dev/redirect',
      'http://127.0.0.1/',
      'http://127.0.0.1:33418/',
    ],
    scope: 'mcp:tools',
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  })
  expect(last('/auth').query.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
  expect(server.lines().at(-1)).toBe('DELETE /mcp')
})

test('VS Code: guesses the endpoints of a server without metadata, and then names no resource', async () => {
  server = await startScriptedServer({ resourceMetadata: 'none', issuerMetadata: 'none' })
  await household(server, vscode).connect()
  expect(server.lines()).toContain('POST /register')
})

test('the Messages API: a token that somebody brings, tools only; without one it ends with the 401', async () => {
  server = await startScriptedServer()
  const without = await household(server, messagesApi).connect()
  expect(without.failure).toMatchObject({ reason: 'sign-in' })
  expect(without.failure?.says).toContain('is called with a token')
  expect(server.lines()).toEqual(['POST /mcp initialize'])

  const issued = household(server, vscode)
  await issued.connect()
  server.lines()
  const tokens = issued.memory?.tokens
  if (tokens === undefined) throw new Error('the sign-in gave no token')
  const memory = { ...createConnectionMemory(), tokens }
  const connection = await household(server, messagesApi).connect({ memory })
  expect(connection.failure).toBeUndefined()
  expect(server.lines()).toEqual([
    'POST /mcp initialize',
    'POST /mcp notifications/initialized',
    'POST /mcp tools/list',
  ])
  expect(rpc('initialize').rpc?.params).toMatchObject({
    protocolVersion: '2025-03-26',
    clientInfo: { name: 'Anthropic/API', version: '1.0.0' },
  })
})

test.each(hostedVariants.map(({ name }) => name))(
  'hosted Claude, %s: connects to a good server',
  async (name) => {
    server = await startScriptedServer({ metadataDocuments: name !== 'secret-registration' })
    const connection = await household(server, hostedVariant(name)).connect()
    expect(connection.failure).toBeUndefined()
    expect(connection.transcript.surface).toBe(`claude-hosted+${name}`)
  },
)

test.each<[string, () => void]>([
  ['initialize-first', () => expect(server.lines()).not.toContain('POST /mcp server/discover')],
  ['any-accept', () => expect(rpc('tools/list').headers.get('accept')).toBe('*/*')],
  ['stream', () => expect(server.lines().filter((line) => line === 'GET /mcp')).toHaveLength(2)],
  ['origin', () => expect(rpc('tools/list').headers.get('origin')).toBe('https://claude.ai')],
  ['agent-httpx', () => expect(rpc('tools/list').headers.get('user-agent')).toBe('python-httpx/0.28.1')],
  ['agent-blank', () => expect(rpc('tools/list').headers.get('user-agent')).toBe('')],
  [
    'toolbox',
    () => expect(rpc('initialize').rpc?.params).toMatchObject({ clientInfo: { name: 'Anthropic/Toolbox' } }),
  ],
  [
    'secret-registration',
    () => expect(last('/reg').json.token_endpoint_auth_method).toBe('client_secret_post'),
  ],
])('hosted Claude, %s: that is what differs', async (name, look) => {
  server = await startScriptedServer({ metadataDocuments: name !== 'secret-registration' })
  await household(server, hostedVariant(name)).connect()
  look()
})

test('hosted Claude, root-slash: the resource is that of the metadata; an unknown variant is refused', () => {
  expect(hostedVariant('root-slash').authorization.resource).toBe('metadata-url')
  expect(() => hostedVariant('nonsense')).toThrow('no variant of claude-hosted')
})
