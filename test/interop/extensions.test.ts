/** The official SDK's own code for what few clients do yet, proof of possession (RFC 9449) and enterprise-managed authorization, against the whole door. */

import {
  Client,
  CrossAppAccessProvider,
  DpopSession,
  type FetchLike,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  type Transport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import { callMcp, claudeCallback, type Door, openDoor, register } from '../door.ts'
import { signingKey } from '../signing-key.ts'
import { createMemoryProvider } from './clients/memory-provider.ts'

const company = 'https://idp.company.example'

function fetchFrom(door: Door, seen: Headers[] = []): FetchLike {
  return (url, init) => {
    seen.push(new Headers(init?.headers))
    return door.fetch(new URL(url).href.slice(door.origin.length), init)
  }
}

function connectTo(door: Door, authProvider: OAuthClientProvider, fetch = fetchFrom(door)): Connecting {
  const client = new Client({ name: 'postern-interop-extensions', version: '1' })
  const transport = new StreamableHTTPClientTransport(new URL(door.mcpUrl), { authProvider, fetch })
  return { client, transport, begun: client.connect(transport as Transport) }
}

interface Connecting {
  client: Client
  transport: StreamableHTTPClientTransport
  begun: Promise<void>
}

describe('proof of possession', () => {
  test('[EXT-DPOP-01] [R9449-02] the SDK gets bound tokens, works with them and renews them', async () => {
    let late = 0
    const door = await openDoor({ clock: () => systemClock() + late, lifetimes: { accessTokenSeconds: 200 } })
    const memory = createMemoryProvider<StoredOAuthClientInformation, StoredOAuthTokens>({
      clientName: 'MCP SDK v2 with a key',
      listener: {
        redirectUri: claudeCallback,
        waitForResponse: () => Promise.reject(new Error('nobody listens')),
        close: async () => {},
      },
    })
    const session = DpopSession.create()
    let discovered: OAuthDiscoveryState | undefined
    const provider: OAuthClientProvider = {
      ...memory,
      dpop: () => session,
      saveDiscoveryState: (state) => {
        discovered = state
      },
      discoveryState: () => discovered,
    }
    const first = connectTo(door, provider)
    await expect(first.begun).rejects.toThrow(UnauthorizedError)
    await first.transport.finishAuth(
      (await door.browser().approve(memory.authorizationUrl().href)).searchParams,
    )
    const seen: Headers[] = []
    const { client, begun } = connectTo(door, provider, fetchFrom(door, seen))
    await begun
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toContain('search')
    expect(seen.every((headers) => headers.get('authorization')?.startsWith('DPoP '))).toBe(true)
    const bound = memory.tokens()
    expect(bound?.token_type).toBe('DPoP')
    expect((await callMcp(door, bound?.access_token ?? '', { id: 1, method: 'ping' })).status).toBe(401)
    // Less than the five minutes that a proof may be off by: the SDK's clock stands still.
    late = 250
    await client.listTools()
    expect(memory.tokens()?.access_token).not.toBe(bound?.access_token)
    expect(memory.tokens()?.token_type).toBe('DPoP')
    await client.close()
  })
})

describe('enterprise-managed authorization', () => {
  test('[EXT-EMA-02] [EXT-EMA-05] the SDK comes in with the word of the company, and nobody sees a page', async () => {
    const key = await signingKey()
    const answer = { status: 200, headers: new Headers(), text: JSON.stringify({ keys: [key.jwk] }) }
    const door = await openDoor({
      clock: systemClock,
      trustedIssuers: [{ issuer: company, jwksUri: `${company}/keys` }],
      outboundFetch: async () => answer,
    })
    const registered = await register(door, { token_endpoint_auth_method: 'client_secret_basic' })
    const clientId = String(registered.client_id)
    const asked: unknown[] = []
    const provider = new CrossAppAccessProvider({
      clientId,
      clientSecret: String(registered.client_secret),
      expectedIssuer: door.origin,
      assertion: async ({ authorizationServerUrl, resourceUrl, scope }) => {
        asked.push({ authorizationServerUrl, resourceUrl })
        const now = systemClock()
        const claims = { iss: company, sub: 'ada', aud: door.origin, client_id: clientId, jti: `${now}` }
        const granted = { resource: resourceUrl, scope, iat: now, exp: now + 300 }
        return key.sign({ ...claims, ...granted }, { typ: 'oauth-id-jag+jwt' })
      },
    })
    const { client, begun } = connectTo(door, provider)
    await begun
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('search')
    expect(asked).toEqual([
      { authorizationServerUrl: expect.stringMatching(door.origin), resourceUrl: door.mcpUrl },
    ])
    expect(provider.tokens()?.refresh_token).toBeUndefined()
    await client.close()
  })
})
