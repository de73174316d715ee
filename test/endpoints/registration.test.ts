// Dynamic client registration (RFC 7591) as released clients use it.

import { beforeAll, describe, expect, test } from 'vitest'
import { authorizeUrl, claudeCallback, type Door, openDoor, pkce, register } from '../door.ts'

let door: Door
beforeAll(async () => {
  door = await openDoor()
})

async function post(
  body: string,
  path = '/oauth/register',
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await door.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describe('registration', () => {
  test('[R7591-01] [R7591-05] [CC-07] hosted Claude: 201, everything echoed, nothing null, no secret', async () => {
    const response = await door.fetch('/oauth/register', {
      method: 'POST',
      body: JSON.stringify({
        redirect_uris: [claudeCallback],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        client_name: 'Claude',
        application_type: 'web',
      }),
    })
    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const body = (await response.json()) as Record<string, unknown>
    expect(body).toMatchObject({
      redirect_uris: [claudeCallback],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      client_name: 'Claude',
      application_type: 'web',
      client_id_issued_at: door.clock.now,
    })
    expect(body).not.toHaveProperty('client_secret')
    expect(Object.values(body)).not.toContain(null)
  })

  test('[HS-03] [R7591-07] [RC-12] each registration gets an id of its own, all of them one stored row; never an https URL', async () => {
    const ids = new Set<string>()
    for (let port = 40_000; port < 40_050; port++) {
      const body = await register(door, {
        client_name: 'Claude Code (one row)',
        redirect_uris: [`http://localhost:${port}/callback`],
        application_type: 'native',
      })
      expect(body.redirect_uris).toEqual([`http://localhost:${port}/callback`])
      expect(String(body.client_id)).not.toMatch(/^https:/)
      ids.add(String(body.client_id))
    }
    expect(ids.size).toBe(50)
    const rows = (await door.storage.listClients(1000)).filter(
      (row) => row.metadata.clientName === 'Claude Code (one row)',
    )
    expect(rows).toHaveLength(1)
  })

  test('[HS-03] rows that differ in nothing but their name are capped', async () => {
    const own = await openDoor()
    for (let index = 0; index < 80; index++) await register(own, { client_name: `Name ${index}` })
    expect((await own.storage.listClients(1000)).length).toBeLessThanOrEqual(50)
  })

  test('[R7591-06] a flood of invented clients is held off, while Claude still registers', async () => {
    const own = await openDoor()
    await register(own)
    let refused = 0
    for (let index = 0; index < 300; index++) {
      const response = await own.fetch('/oauth/register', {
        method: 'POST',
        body: JSON.stringify({
          redirect_uris: [`https://client-${index}.example/cb`],
          token_endpoint_auth_method: 'none',
        }),
      })
      if (response.status === 429) {
        refused++
        expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
      }
    }
    expect(refused).toBeGreaterThan(0)
    await register(own)
    own.clock.now += 60
    await register(own, { redirect_uris: ['https://later.example/cb'] })
  })

  test('[R7591-02] [R7591-03] [R7591-05] a client that names no method gets a secret that does not expire', async () => {
    const body = (await post(JSON.stringify({ redirect_uris: ['https://app.example/cb'] }))).body
    expect(body.token_endpoint_auth_method).toBe('client_secret_basic')
    expect(String(body.client_secret).length).toBeGreaterThan(40)
    expect(body.client_secret_expires_at).toBe(0)
  })

  test('[HS-03] [HS-05] a secret is nowhere in storage, not even as a hash', async () => {
    const body = (
      await post(JSON.stringify({ redirect_uris: ['https://secret.example/cb'], client_name: 'Secret' }))
    ).body
    const stored = JSON.stringify(await door.storage.listClients(1000))
    expect(stored).not.toContain(String(body.client_secret))
    expect(stored).not.toContain(String(body.client_id).split('.')[3])
  })

  test.each([
    ['[RC-09] [TOL-10] a blank scope', { scope: '' }],
    ['[TOL-10] members nobody knows', { jwks: { keys: [] }, policy: { a: 1 }, contacts: ['a@example.com'] }],
    [
      '[CC-07] a grant type that is not offered',
      { grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:jwt-bearer'] },
    ],
    [
      '[AUTH-2026-07-28-19] loopback without application_type',
      { redirect_uris: ['http://127.0.0.1:5000/callback'], application_type: undefined },
    ],
    [
      '[AUTH-2026-07-28-19] [ASU-06] loopback registered as web',
      { redirect_uris: ['http://localhost:5000/callback'], application_type: 'web' },
    ],
    [
      '[CC-07] both Claude callbacks',
      { redirect_uris: [claudeCallback, 'https://claude.com/api/mcp/auth_callback'] },
    ],
    [
      '[RC-18] the paths that clients use',
      {
        redirect_uris: [
          'http://127.0.0.1:19876/mcp/oauth/callback',
          'http://localhost:3334/oauth/callback',
          'http://localhost:9/agents/x/y/callback',
        ],
      },
    ],
    ['Cursor, by its own scheme', { redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback'] }],
    ['[R7591-05] client_secret_post', { token_endpoint_auth_method: 'client_secret_post' }],
  ])('%s is accepted', async (_, changes) => {
    await register(door, changes)
  })

  test.each([
    [
      '[RC-11] [R7591-04] empty redirect_uris',
      { redirect_uris: [], grant_types: [] },
      'invalid_redirect_uri',
    ],
    [
      '[AUTH-2025-03-26-11] [R9700-06] http on a foreign host',
      { redirect_uris: ['http://evil.example/cb'] },
      'invalid_redirect_uri',
    ],
    ['a script', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['data', { redirect_uris: ['data:text/html,x'] }, 'invalid_redirect_uri'],
    ['a fragment', { redirect_uris: ['https://app.example/cb#x'] }, 'invalid_redirect_uri'],
    ['a user name', { redirect_uris: ['https://a:b@app.example/cb'] }, 'invalid_redirect_uri'],
    ['[OA21-02] a private scheme without a dot', { redirect_uris: ['myapp:/cb'] }, 'invalid_redirect_uri'],
    ['a relative one', { redirect_uris: ['/callback'] }, 'invalid_redirect_uri'],
    ['an unknown method', { token_endpoint_auth_method: 'tls_client_auth' }, 'invalid_client_metadata'],
    ['[OA21-29] machines only', { grant_types: ['client_credentials'] }, 'invalid_client_metadata'],
    ['[OA21-29] implicit', { response_types: ['token'] }, 'invalid_client_metadata'],
  ])('%s is refused and told why', async (_, changes, code) => {
    const body = {
      redirect_uris: [claudeCallback],
      token_endpoint_auth_method: 'none',
      client_name: 'Bad',
      ...changes,
    }
    const answer = await post(JSON.stringify(body))
    expect(answer.status).toBe(400)
    expect(answer.body.error).toBe(code)
    expect(String(answer.body.error_description).length).toBeGreaterThan(20)
    const logged = door.events.find(({ errorId }) => errorId === answer.body.error_id)
    expect(logged?.name).toBe('request.refused')
  })

  test('what is no JSON, or too large, is refused in JSON', async () => {
    expect((await post('not json')).body.error).toBe('invalid_client_metadata')
    expect((await post('[]')).body.error).toBe('invalid_client_metadata')
    expect((await post(JSON.stringify({ client_name: 'x'.repeat(70_000) }))).body.error).toBe(
      'invalid_request',
    )
  })

  test('[ASU-01] [CC-06] [AUTH-2025-03-26-04] the root alias is the same endpoint', async () => {
    expect((await post(JSON.stringify({ redirect_uris: [claudeCallback] }), '/register')).status).toBe(201)
  })

  test('[HS-03] an id that was not minted here, or was changed, is nobody; nor is a stored row by itself', async () => {
    const { client_id } = await register(door)
    const id = String(client_id)
    const forged = [
      `${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}`,
      id.split('.')[0] ?? '',
      id.replace('.', '..'),
    ]
    for (const clientId of forged) {
      const url = authorizeUrl(door, clientId, pkce().challenge, { redirect_uri: 'https://app.example/cb' })
      const response = await door.fetch(url)
      expect(response.status, clientId).toBe(401)
      expect(response.headers.get('location')).toBeNull()
    }
  })
})
