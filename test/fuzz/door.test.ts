/** Fuzz: any request to any address of the door is answered, by something that was designed: no crash, no hang, no 5xx. */

import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { endpointAliases, endpointPaths } from '../../src/authorization-server/endpoints/metadata.ts'
import { connect, type Door, openDoor, register } from '../door.ts'
import { anyText } from './arbitrary.ts'
import { runs } from './runs.ts'

let door: Door
let known: { clientId: string; accessToken: string; refreshToken: string; secret: string; secretive: string }
beforeAll(async () => {
  door = await openDoor({ rateLimits: false })
  const { clientId, accessToken, refreshToken } = await connect(door)
  const confidential = await register(door, { token_endpoint_auth_method: 'client_secret_basic' })
  const secret = String(confidential.client_secret)
  known = { clientId, accessToken, refreshToken, secret, secretive: String(confidential.client_id) }
})

/** Stand for what only a running door knows. */
const placeholders = ['clientId', 'accessToken', 'refreshToken', 'secret', 'secretive'] as const

function filled(text: string): string {
  return placeholders.reduce((result, name) => result.replaceAll(`<${name}>`, known[name]), text)
}

const addresses = [
  ...Object.values(endpointPaths),
  ...Object.values(endpointAliases),
  '/mcp',
  '/mcp/',
  '/mcp?auth=eager',
  '/',
  '/login',
  '/logout',
  '/setup',
  '/oauth/consent',
  '/healthz',
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration/mcp',
  '/.well-known/oauth-protected-resource/mcp',
  '/.well-known/%2e%2e/mcp',
]

const word = fc.oneof(
  fc.constantFrom(
    '<clientId>',
    '<secretive>',
    '<secret>',
    '<accessToken>',
    '<refreshToken>',
    'https://claude.ai/api/mcp/auth_callback',
    'https://app.example/client.json',
    'http://localhost:8787/mcp',
    'code',
    'S256',
    'authorization_code',
    'refresh_token',
    'client_credentials',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'urn:ietf:params:oauth:request_uri:x',
    'read write',
    'none',
    'e30.e30.e30',
    'initialize',
    'tools/call',
    'tools/list',
    'server/discover',
    '2025-11-25',
    '2026-07-28',
  ),
  anyText(20),
)
const fieldName = fc.oneof(
  fc.constantFrom(
    'response_type',
    'client_id',
    'client_secret',
    'client_assertion',
    'redirect_uri',
    'request_uri',
    'state',
    'scope',
    'code_challenge',
    'code_challenge_method',
    'dpop_jkt',
    'prompt',
    'resource',
    'grant_type',
    'code',
    'code_verifier',
    'refresh_token',
    'assertion',
    'token',
    'csrf',
    'decision',
    'username',
    'password',
  ),
  anyText(6),
)
const fields = fc.array(fc.tuple(fieldName, word), { maxLength: 8 })

const registrationMember = fc.constantFrom(
  'redirect_uris',
  'token_endpoint_auth_method',
  'grant_types',
  'client_name',
  'logo_uri',
  'scope',
  'jwks',
  'jwks_uri',
  'application_type',
)
const rpcMember = fc.constantFrom('jsonrpc', 'id', 'method', 'params', 'result', 'error', '_meta')
const document: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.dictionary(
    registrationMember,
    fc.oneof(word, fc.array(word, { maxLength: 3 }), fc.jsonValue({ maxDepth: 1 })),
  ),
  message(),
  fc.array(message(), { maxLength: 3 }),
)

function message(): fc.Arbitrary<Record<string, unknown>> {
  const params = fc.dictionary(
    fc.constantFrom(
      'name',
      'arguments',
      'uri',
      'protocolVersion',
      'capabilities',
      'clientInfo',
      '_meta',
      'cursor',
    ),
    fc.oneof(word, fc.jsonValue({ maxDepth: 2 })),
  )
  const well = fc.record({ jsonrpc: fc.constant('2.0'), id: fc.oneof(fc.nat(9), word), method: word, params })
  return fc.oneof(well, fc.dictionary(rpcMember, fc.oneof(word, fc.jsonValue({ maxDepth: 2 }))))
}

/** What a header may hold (RFC 9110 §5.5); others no server is ever given. */
const headerText = word.map((text) => text.replace(/[^\x20-\x7e\x80-\xff]/g, ''))
const header = fc.tuple(
  fc.constantFrom(
    'authorization',
    'dpop',
    'accept',
    'content-type',
    'cookie',
    'origin',
    'mcp-session-id',
    'mcp-protocol-version',
    'mcp-method',
    'mcp-name',
    'last-event-id',
    'x-forwarded-for',
    'forwarded',
    'sec-fetch-site',
    'traceparent',
    'user-agent',
  ),
  fc.oneof(
    headerText,
    fc.constantFrom(
      'Bearer <accessToken>',
      'DPoP <accessToken>',
      'application/json, text/event-stream',
      'application/json',
      'application/x-www-form-urlencoded',
      'https://claude.ai',
      'same-origin',
    ),
  ),
)

const body: fc.Arbitrary<{ text: string; type: string } | undefined> = fc.oneof(
  fc.constant(undefined),
  fields.map((pairs) => ({
    text: new URLSearchParams(pairs.map(([name, text]) => [name, text])).toString(),
    type: 'application/x-www-form-urlencoded',
  })),
  document.map((value) => ({ text: JSON.stringify(value) ?? '', type: 'application/json' })),
  anyText(60).map((text) => ({ text, type: 'application/json' })),
)

const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'POST', 'POST', 'DELETE', 'PUT', 'OPTIONS', 'HEAD'),
  address: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...addresses) },
    anyText(15)
      .map((text) => `/${text}`)
      .filter((path) => URL.canParse(path, 'http://localhost:8787')),
  ),
  query: fields,
  headers: fc.array(header, { maxLength: 5 }),
  body,
})

test('[HTTP-2025-03-26-10] any request to any address is answered, and never with a fault of ours', async () => {
  await fc.assert(
    fc.asyncProperty(request, async ({ method, address, query, headers, body }) => {
      const sent = new Headers()
      if (body !== undefined) sent.set('content-type', body.type)
      for (const [name, value] of headers) sent.set(name, filled(value))
      const url = new URL(address, door.origin)
      for (const [name, value] of query) url.searchParams.append(name, filled(value))
      const hasBody = !['GET', 'HEAD'].includes(method) && body !== undefined
      const response = await door.fetch(url.pathname + url.search, {
        method,
        headers: sent,
        signal: AbortSignal.timeout(20_000),
        ...(hasBody ? { body: filled(body.text) } : {}),
      })
      await response.body?.cancel()
      expect(response.status).toBeGreaterThanOrEqual(200)
      expect(response.status).toBeLessThan(500)
      const failed = door.events.filter(({ name }) => name === 'request.failed')
      door.events.length = 0
      expect(failed).toEqual([])
    }),
    runs(400),
  )
})
