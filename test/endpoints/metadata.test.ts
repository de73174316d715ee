// Discovery as clients do it: which documents answer where, and what is in them.

import { beforeAll, describe, expect, test } from 'vitest'
import { type Door, openDoor } from '../door.ts'

let door: Door
beforeAll(async () => {
  door = await openDoor()
})

async function json(path: string): Promise<Record<string, unknown>> {
  const response = await door.fetch(path)
  expect(response.status, path).toBe(200)
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  return (await response.json()) as Record<string, unknown>
}

const serverDocuments = [
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server/mcp',
  '/.well-known/openid-configuration/mcp',
]

describe('authorization server metadata', () => {
  test('[ASU-03] [CC-05] [R8414-02] [AUTH-2026-07-28-07] [AUTH-2026-07-28-34] the same document at both root well-knowns and at both with the path inserted', async () => {
    const documents = await Promise.all(serverDocuments.map(json))
    for (const document of documents) expect(document).toEqual(documents[0])
    expect(documents[0]?.issuer).toBe('http://localhost:8787')
    expect(documents[0]?.code_challenge_methods_supported).toEqual(['S256'])
  })

  test('[ASU-05] [R8414-03] [R8414-04] [R8414-05] [R8414-06] [AUTH-2025-11-25-24] [R9207-02] every member that some client needs, none of them null or empty', async () => {
    const document = await json('/.well-known/oauth-authorization-server')
    expect(document).toMatchObject({
      authorization_endpoint: 'http://localhost:8787/oauth/authorize',
      token_endpoint: 'http://localhost:8787/oauth/token',
      registration_endpoint: 'http://localhost:8787/oauth/register',
      revocation_endpoint: 'http://localhost:8787/oauth/revoke',
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      client_id_metadata_document_supported: true,
      authorization_response_iss_parameter_supported: true,
      scopes_supported: ['read', 'write', 'offline_access'],
    })
    for (const [member, value] of Object.entries(document)) {
      expect(value, member).not.toBeNull()
      if (Array.isArray(value)) expect(value.length, member).toBeGreaterThan(0)
    }
  })

  test('[RC-19] [CIMD-15] `none` is listed, beside both ways to show a secret, and keys behind them', async () => {
    const document = await json('/.well-known/oauth-authorization-server')
    expect(document.token_endpoint_auth_methods_supported).toEqual([
      'none',
      'client_secret_post',
      'client_secret_basic',
      'private_key_jwt',
    ])
  })

  test('[EXT-CC-02] keys are listed with their algorithms, and only where some client could have one', async () => {
    const document = await json('/.well-known/oauth-authorization-server')
    expect(document.token_endpoint_auth_signing_alg_values_supported).toEqual([
      'ES256',
      'PS256',
      'RS256',
      'EdDSA',
    ])
    const keyless = await openDoor({ waysIn: { preRegistered: false, metadataDocument: false } })
    const without = (await (await keyless.fetch(serverDocuments[0] ?? '')).json()) as Record<string, unknown>
    expect(without.token_endpoint_auth_methods_supported).not.toContain('private_key_jwt')
    expect(without).not.toHaveProperty('token_endpoint_auth_signing_alg_values_supported')
  })

  test('[R8414-07] strict OpenID readers find the members they require, and the key set they point at', async () => {
    const document = await json('/.well-known/openid-configuration')
    expect(document.subject_types_supported).toEqual(['public'])
    expect(document.id_token_signing_alg_values_supported).toEqual(['RS256'])
    expect(await json(new URL(String(document.jwks_uri)).pathname)).toEqual({ keys: [] })
  })

  test('[ASU-02] [R9700-02] [AUTH-2025-03-26-03] neither Host nor forwarded headers change a byte', async () => {
    const plain = await (await door.fetch(serverDocuments[0] ?? '')).text()
    const forwarded = await door.fetch(serverDocuments[0] ?? '', {
      headers: {
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
        forwarded: 'host=evil.example',
      },
    })
    expect(await forwarded.text()).toBe(plain)
  })

  test('[HS-12] a Host that is not ours is refused, a loopback name for a loopback door is not', async () => {
    const path = serverDocuments[0] ?? ''
    expect((await door.fetch(path, { headers: { host: 'evil.example' } })).status).toBe(421)
    expect((await door.fetch(path, { headers: { host: 'localhost.evil.example:8787' } })).status).toBe(421)
    expect((await door.fetch(path, { headers: { host: '127.0.0.1:8787' } })).status).toBe(200)
    expect(
      (await door.fetch('/healthz', { headers: { host: '10.0.0.7:8787' } })).status,
      'a health check',
    ).toBe(200)
    const atHome = await openDoor({ publicUrl: 'https://mcp.example.com' })
    expect((await atHome.fetch(path, { headers: { host: '127.0.0.1:8787' } })).status).toBe(421)
    expect((await atHome.fetch(path)).status).toBe(200)
  })
})

describe('protected resource metadata', () => {
  test('[ASU-04] [CC-04] [RC-05] [R9728-01] [R9728-02] [AUTH-2025-11-25-04] [AUTH-2025-06-18-03] [AUTH-2026-07-28-04] [AUTH-2025-11-25-05] [AUTH-2026-07-28-05] at the path and at the root, `resource` the MCP URL in both, with its final slash if that was asked for', async () => {
    for (const [path, resource] of [
      ['/.well-known/oauth-protected-resource/mcp', 'http://localhost:8787/mcp'],
      ['/.well-known/oauth-protected-resource/mcp/', 'http://localhost:8787/mcp/'],
      ['/.well-known/oauth-protected-resource', 'http://localhost:8787/mcp'],
    ] as const) {
      expect(await json(path)).toMatchObject({
        resource,
        authorization_servers: ['http://localhost:8787'],
        scopes_supported: ['read', 'write'],
        bearer_methods_supported: ['header'],
        dpop_signing_alg_values_supported: ['ES256', 'PS256', 'RS256', 'EdDSA'],
      })
    }
  })

  test('[AUTH-2026-07-28-28] offline_access is for the authorization server to list, not for the resource', async () => {
    expect((await json('/.well-known/oauth-protected-resource/mcp')).scopes_supported).not.toContain(
      'offline_access',
    )
  })

  test('[HS-08] a query is echoed, so that the typed URL matches byte for byte, and only within its limit', async () => {
    const echoed = await json('/.well-known/oauth-protected-resource/mcp?utm_source=plugin')
    expect(echoed.resource).toBe('http://localhost:8787/mcp?utm_source=plugin')
    const long = await json(`/.well-known/oauth-protected-resource/mcp?x=${'y'.repeat(300)}`)
    expect(long.resource).toBe('http://localhost:8787/mcp')
  })
})

describe('what is not there', () => {
  test('[ASU-14] [CC-06] unknown well-knowns and paths are 404 in JSON, whatever the client would like to see', async () => {
    for (const path of [
      '/.well-known/oauth-authorization-server/other',
      '/mcp/.well-known/openid-configuration',
      '/nothing',
    ]) {
      const response = await door.fetch(path)
      expect(response.status, path).toBe(404)
      expect(response.headers.get('content-type')).toMatch(/json/)
    }
    const asBrowser = await door.fetch('/.well-known/nothing', { headers: { accept: 'text/html' } })
    expect(asBrowser.headers.get('content-type')).toMatch(/json/)
  })

  test('the wrong method names the right one', async () => {
    const response = await door.fetch('/oauth/token')
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
  })

  test('[MUX-01] with access `none` there is nothing to discover, so no client is led to a sign-in', async () => {
    const open = await openDoor({ connector: { ...connectorOf(), access: 'none' } })
    for (const path of [
      ...serverDocuments,
      '/.well-known/oauth-protected-resource/mcp',
      '/oauth/authorize',
      '/login',
    ]) {
      expect((await open.fetch(path)).status, path).toBe(404)
    }
  })
})

describe('CORS', () => {
  test('[ASU-16] [RC-20] [R8414-08] machines in a browser may ask: preflight without sign-in, no credentials', async () => {
    for (const path of [
      ...serverDocuments,
      '/oauth/token',
      '/oauth/register',
      '/.well-known/oauth-protected-resource/mcp',
    ]) {
      const preflight = await door.fetch(path, {
        method: 'OPTIONS',
        headers: {
          origin: 'http://localhost:6274',
          'access-control-request-headers': 'mcp-protocol-version',
        },
      })
      expect(preflight.status, path).toBe(204)
      expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
      expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain(
        'mcp-protocol-version',
      )
      expect(preflight.headers.get('access-control-allow-credentials')).toBeNull()
    }
    const answer = await door.fetch(serverDocuments[0] ?? '', {
      headers: { origin: 'https://anything.example' },
    })
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  })

  test('[OA21-05] pages are for people: no CORS at authorize', async () => {
    const preflight = await door.fetch('/oauth/authorize', {
      method: 'OPTIONS',
      headers: { origin: 'https://a.example' },
    })
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('ways in that are switched off', () => {
  test('[ASU-06] metadata and aliases follow', async () => {
    const closed = await openDoor({ waysIn: { registration: false, metadataDocument: false } })
    const document = (await (await closed.fetch(serverDocuments[0] ?? '')).json()) as Record<string, unknown>
    expect(document).not.toHaveProperty('registration_endpoint')
    expect(document).not.toHaveProperty('client_id_metadata_document_supported')
    for (const path of ['/oauth/register', '/register']) {
      expect((await closed.fetch(path, { method: 'POST', body: '{}' })).status, path).toBe(404)
    }
    const withDocument = await closed.fetch(
      '/oauth/authorize?response_type=code&client_id=https%3A%2F%2Fclaude.ai%2Foauth%2Fmcp-oauth-client-metadata&redirect_uri=https%3A%2F%2Fclaude.ai%2Fapi%2Fmcp%2Fauth_callback',
    )
    expect(withDocument.status).toBe(401)
    expect(withDocument.headers.get('location')).toBeNull()
  })
})

function connectorOf(): { name: string; upstream: never } {
  // The upstream is never reached in this test.
  return { name: 'Open', upstream: { close: async () => {} } as never }
}
