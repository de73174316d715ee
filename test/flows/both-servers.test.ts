// What the authorization server and the resource server owe to every client, whichever revision it is of.

import { beforeAll, describe, expect, test } from 'vitest'
import { authorizeUrl, callMcp, connect, type Door, openDoor, pkce, register } from '../door.ts'

let door: Door
beforeAll(async () => {
  door = await openDoor()
})

const call = (name: string): Record<string, unknown> => ({ id: 1, method: 'tools/call', params: { name } })

describe('[AUTH-2025-03-26-10] [AUTH-2025-06-18-13] [AUTH-2025-11-25-19] [AUTH-2026-07-28-29] the answers of the resource server', () => {
  test('401 without a token, with an unknown, an expired and a revoked one', async () => {
    const { accessToken, refreshToken, clientId } = await connect(door)
    expect((await callMcp(door, undefined, call('search'))).status).toBe(401)
    expect((await callMcp(door, `${accessToken}x`, call('search'))).status).toBe(401)
    expect((await callMcp(door, accessToken, call('search'))).status).toBe(200)
    const form = new URLSearchParams({ token: refreshToken, client_id: clientId })
    await door.fetch('/oauth/revoke', { method: 'POST', body: form })
    expect((await callMcp(door, accessToken, call('search'))).status).toBe(401)
    const own = await openDoor()
    const other = await connect(own)
    own.clock.now += 3600
    expect((await callMcp(own, other.accessToken, call('search'))).status).toBe(401)
  })

  test('401 for a token of another server, which is passed on to nobody', async () => {
    const other = await openDoor({ publicUrl: 'https://other.example', storage: door.storage })
    const { accessToken } = await connect(other)
    const response = await callMcp(door, accessToken, call('search'))
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"')
  })

  test('403 where the scope is missing', async () => {
    const { accessToken } = await connect(door, { untick: 'write' })
    const response = await callMcp(door, accessToken, call('erase'))
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
  })

  test('400 where the request is malformed', async () => {
    const { accessToken } = await connect(door)
    const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' }
    const accept = 'application/json, text/event-stream'
    for (const body of ['{', '{"jsonrpc":"2.0"}', '[]', '""']) {
      const request = { method: 'POST', body, headers: { ...headers, accept } }
      expect((await door.fetch('/mcp', request)).status, body).toBe(400)
    }
  })
})

test('[AUTH-2026-07-28-32] whoever may write may read: the broad scope brings the narrow one', async () => {
  const { accessToken, scope } = await connect(door, { scope: 'write' })
  expect(scope.split(' ')).toContain('write')
  expect((await callMcp(door, accessToken, call('search'))).status).toBe(200)
  expect((await callMcp(door, accessToken, call('erase'))).status).toBe(200)
  const read = await callMcp(door, accessToken, { id: 1, method: 'resources/read', params: { uri: 'a:b' } })
  expect(read.status).not.toBe(403)
})

describe('[AUTH-2025-06-18-15] [AUTH-2026-07-28-36] nothing travels in the open', () => {
  test('a public URL over plain http is refused, but for this machine', async () => {
    await expect(openDoor({ publicUrl: 'http://mcp.example.com' })).rejects.toThrow(/https/)
    await expect(openDoor({ publicUrl: 'https://mcp.example.com' })).resolves.toBeDefined()
  })

  test('nor is a redirect over plain http taken, but to this machine', async () => {
    await expect(register(door, { redirect_uris: ['http://app.example/cb'] })).rejects.toThrow(
      /invalid_redirect_uri/,
    )
    await expect(register(door, { redirect_uris: ['http://localhost/cb'] })).resolves.toBeDefined()
  })
})

describe('an app on somebody’s machine', () => {
  const redirect_uri = 'http://127.0.0.1:3118/callback'
  const native = { application_type: 'native', redirect_uris: [redirect_uri] }

  test('[OA21-27] [R8252-05] connects without a secret, its kind recorded', async () => {
    const registered = await register(door, native)
    expect(registered).not.toHaveProperty('client_secret')
    expect(registered.application_type).toBe('native')
    const connection = await connect(door, {
      clientId: String(registered.client_id),
      redirectUri: redirect_uri,
    })
    expect((await callMcp(door, connection.accessToken, call('search'))).status).toBe(200)
  })

  test('[OA21-27] [R8252-05] needs PKCE, also where it asked for a secret, which is worth no trust', async () => {
    const secretive = await register(door, { ...native, token_endpoint_auth_method: 'client_secret_post' })
    const url = authorizeUrl(door, String(secretive.client_id), pkce().challenge, {
      redirect_uri,
      code_challenge: undefined,
    })
    const refused = await door.fetch(url.slice(door.origin.length))
    const text = refused.headers.get('location') ?? (await refused.text())
    expect(text).toContain('code_challenge')
  })

  test('[OA21-27] is asked for consent each time, secret or not', async () => {
    const secretive = await register(door, { ...native, token_endpoint_auth_method: 'client_secret_post' })
    const browser = door.browser()
    const url = authorizeUrl(door, String(secretive.client_id), pkce().challenge, { redirect_uri })
    await browser.approve(url)
    const { html } = await browser.openConsent(url)
    expect(html).toContain('127.0.0.1')
  })
})
