// A real OpenID provider (oidc-provider) as the authorization server of a small MCP server at the same origin, both set up as their documents have it.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import Provider from 'oidc-provider'
import { vi } from 'vitest'
import type { Peer } from './peer.ts'

interface TokenStore {
  AccessToken: { find(token: string): Promise<{ aud?: string | readonly string[] } | undefined> }
}

const scopes = ['notes:read', 'offline_access']
const wellKnown = '/.well-known/oauth-protected-resource'

export async function startOidcProvider(): Promise<Peer> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const url = `${origin}/mcp`
  // It warns of what is right for a test alone, and of every setting that is left as it is.
  const silenced = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'info')]
  for (const spy of silenced) spy.mockImplementation(() => undefined)
  const provider = new Provider(origin, {
    clients: [],
    scopes,
    pkce: { required: () => true },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    cookies: { keys: ['a key of the provider for its cookies'] },
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      registrationManagement: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => url,
        useGrantedResource: () => true,
        getResourceServerInfo: (_: unknown, resource: string) => {
          return {
            scope: 'notes:read',
            audience: resource,
            accessTokenFormat: 'opaque',
            accessTokenTTL: 3600,
          }
        },
      },
    },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600, RefreshToken: 600 },
  })
  const identity = provider.callback()
  const tokens = provider as unknown as TokenStore

  server.on('request', async (request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    if (path === wellKnown || path === `${wellKnown}/mcp`) {
      return send(response, 200, { resource: url, authorization_servers: [origin], scopes_supported: scopes })
    }
    // RFC 8414 §5: the same document under both names.
    if (path === '/.well-known/oauth-authorization-server') request.url = '/.well-known/openid-configuration'
    return path === '/mcp' ? answer(request, response) : identity(request, response)
  })
  return {
    url,
    close() {
      for (const spy of silenced) spy.mockRestore()
      server.closeAllConnections()
      server.close()
    },
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await Readable.from(request).toArray()).toString()
    if (request.method === 'OPTIONS') return send(response, 204, undefined)
    const presented = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    const token = presented === undefined ? undefined : await tokens.AccessToken.find(presented)
    if (![token?.aud].flat().includes(url)) {
      const challenge = `Bearer resource_metadata="${origin}${wellKnown}/mcp", scope="notes:read"`
      return send(response, 401, { error: 'invalid_token' }, { 'WWW-Authenticate': challenge })
    }
    if (request.method !== 'POST') return send(response, 405, {}, { Allow: 'POST' })
    const { id, method, params } = JSON.parse(body) as Message
    if (id === undefined) return send(response, 202, undefined)
    const results: Record<string, unknown> = {
      initialize: {
        protocolVersion: params?.protocolVersion === '2025-06-18' ? '2025-06-18' : '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'peer', version: '1.0.0' },
      },
      ping: {},
      'tools/list': { tools: [] },
    }
    const result = results[method]
    const error = { code: -32601, message: 'Method not found' }
    send(response, 200, { jsonrpc: '2.0', id, ...(result === undefined ? { error } : { result }) })
  }
}

interface Message {
  id?: string | number
  method: string
  params?: Readonly<Record<string, unknown>>
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Headers': '*, Authorization',
    'Access-Control-Expose-Headers': 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version',
    ...headers,
  })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}
