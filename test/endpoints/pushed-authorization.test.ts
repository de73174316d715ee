// Pushed authorization requests (RFC 9126): judged when they are handed in, opened once by a browser, never required.

import { beforeAll, describe, expect, test } from 'vitest'
import { authorizeUrl, claudeCallback, connect, type Door, openDoor, pkce, register, token } from '../door.ts'

let door: Door
let clientId: string
beforeAll(async () => {
  door = await openDoor()
  clientId = String((await register(door)).client_id)
})

type Fields = Record<string, string | undefined>

function requestOf(id: string, challenge: string, changes: Fields = {}): URLSearchParams {
  return new URL(authorizeUrl(door, id, challenge, changes)).searchParams
}

async function push(
  form: URLSearchParams,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const response = await door.fetch('/oauth/par', { method: 'POST', body: form, headers })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

function urlOf(id: string, requestUri: unknown, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({ client_id: id, request_uri: String(requestUri), ...more })
  return `${door.origin}/oauth/authorize?${query}`
}

test('[R8414-04] it is offered, and nobody is made to use it', async () => {
  const document = (await (await door.fetch('/.well-known/oauth-authorization-server')).json()) as Record<
    string,
    unknown
  >
  expect(document.pushed_authorization_request_endpoint).toBe('http://localhost:8787/oauth/par')
  expect(document).not.toHaveProperty('require_pushed_authorization_requests')
  expect((await connect(door)).scope).toBe('read write')
})

describe('a public client', () => {
  test('hands in its request, sends the browser with its name alone, and connects', async () => {
    const { verifier, challenge } = pkce()
    const state = 'a+b%20c/ü=&amp;"~'
    const pushed = await push(requestOf(clientId, challenge, { state, scope: 'read' }))
    expect(pushed.status).toBe(201)
    expect(pushed.headers.get('cache-control')).toBe('no-store')
    expect(pushed.body).toEqual({
      request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[\w-]{43}$/),
      expires_in: 90,
    })
    const redirect = await door.browser().approve(urlOf(clientId, pushed.body.request_uri))
    expect(redirect.origin + redirect.pathname).toBe(claudeCallback)
    expect(redirect.searchParams.get('state')).toBe(state)
    const issued = await token(door, {
      grant_type: 'authorization_code',
      code: redirect.searchParams.get('code') ?? '',
      code_verifier: verifier,
      client_id: clientId,
    })
    expect(issued.body.scope).toBe('read')
  })

  test('what stands beside the name is not read', async () => {
    const { challenge } = pkce()
    const { body } = await push(requestOf(clientId, challenge, { scope: 'read' }))
    const beside = {
      redirect_uri: 'https://evil.example/cb',
      scope: 'read write',
      state: 'evil',
      resource: 'https://x',
    }
    const redirect = await door.browser().approve(urlOf(clientId, body.request_uri, beside))
    expect(redirect.origin + redirect.pathname).toBe(claudeCallback)
    expect(redirect.searchParams.get('state')).toBe('state-of-the-test')
  })

  test.each<[string, Fields, string]>([
    ['a redirect that is not registered', { redirect_uri: 'https://evil.example/cb' }, 'invalid_request'],
    ['[OA21-07] no challenge', { code_challenge: undefined }, 'invalid_request'],
    ['[OA21-08] a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['[OA21-29] the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
    ['[R8707-02] another resource', { resource: 'https://other.example/mcp' }, 'invalid_target'],
    ['a prompt that allows no page', { prompt: 'none' }, 'interaction_required'],
    ['a request_uri', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'invalid_request'],
  ])('[OA21-04] is told at once: %s', async (_, changes, error) => {
    const refused = await push(requestOf(clientId, pkce().challenge, changes))
    expect(refused.status).toBe(400)
    expect(refused.headers.get('location')).toBeNull()
    expect(refused.body.error).toBe(error)
  })

  test('[OA21-05] is told of a parameter that came twice, and of a client id that did', async () => {
    for (const name of ['state', 'client_id']) {
      const form = requestOf(clientId, pkce().challenge)
      form.append(name, 'another')
      expect((await push(form)).body.error, name).toBe('invalid_request')
    }
  })
})

describe('a confidential client', () => {
  async function confidential(): Promise<{ id: string; secret: string }> {
    const client = await register(door, { token_endpoint_auth_method: 'client_secret_post' })
    return { id: String(client.client_id), secret: String(client.client_secret) }
  }

  test('proves itself when it hands in, by either way, and its secret is stored nowhere', async () => {
    const { id, secret } = await confidential()
    const form = requestOf(id, pkce().challenge)
    form.set('client_secret', secret)
    const inBody = await push(form)
    expect(inBody.status).toBe(201)
    const withoutId = requestOf(id, pkce().challenge)
    withoutId.delete('client_id')
    const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
    const inHeader = await push(withoutId, { authorization })
    expect(inHeader.status).toBe(201)
    for (const { body } of [inBody, inHeader]) {
      expect((await door.browser().openConsent(urlOf(id, body.request_uri))).html).toContain('Notes')
    }
  })

  test('[OA21-13] without its secret, or with another, it hands in nothing', async () => {
    const { id } = await confidential()
    expect((await push(requestOf(id, pkce().challenge))).status).toBe(401)
    const form = requestOf(id, pkce().challenge)
    form.set('client_secret', 'guessed')
    const wrong = await push(form)
    expect(wrong.status).toBe(401)
    expect(wrong.body).not.toHaveProperty('request_uri')
  })
})

describe('the name of a request', () => {
  const opened = async (url: string): Promise<number> => {
    const response = await door.fetch(url)
    if (response.status !== 303) expect(response.headers.get('location')).toBeNull()
    return response.status
  }

  test('opens once, also where a hundred try at once', async () => {
    const { body } = await push(requestOf(clientId, pkce().challenge))
    const url = urlOf(clientId, body.request_uri)
    const statuses = await Promise.all(Array.from({ length: 100 }, () => opened(url)))
    expect(statuses.filter((status) => status === 303)).toHaveLength(1)
    expect(statuses.filter((status) => status === 400)).toHaveLength(99)
  })

  test('opens for its own client alone, and is not burnt by another', async () => {
    const { body } = await push(requestOf(clientId, pkce().challenge))
    const other = String((await register(door)).client_id)
    expect(await opened(urlOf(other, body.request_uri))).toBe(400)
    expect(await opened(urlOf('', body.request_uri))).toBe(400)
    expect(await opened(urlOf(clientId, body.request_uri))).toBe(303)
  })

  test('is good for a minute and a half', async () => {
    const [one, two] = [
      await push(requestOf(clientId, pkce().challenge)),
      await push(requestOf(clientId, pkce().challenge)),
    ]
    door.clock.now += 89
    expect(await opened(urlOf(clientId, one.body.request_uri))).toBe(303)
    door.clock.now += 1
    expect(await opened(urlOf(clientId, two.body.request_uri))).toBe(400)
  })

  test('[SBP-08] an address of somebody else is refused, and never fetched', async () => {
    const own = await openDoor({ outboundFetch: () => Promise.reject(new Error('the network was asked')) })
    const id = String((await register(own)).client_id)
    for (const address of [
      'https://evil.example/request.jwt',
      'urn:ietf:params:oauth:request_uri:',
      'http://127.0.0.1/',
      'x'.repeat(500),
    ]) {
      const response = await own.fetch(urlOf(id, address))
      expect(response.status, address).toBe(400)
      expect(response.headers.get('location')).toBeNull()
    }
  })

  test('GET hands in nothing', async () => {
    expect((await door.fetch(`/oauth/par?${requestOf(clientId, pkce().challenge)}`)).status).toBe(405)
  })
})

test('[HS-17] a client that hands in without end is slowed down', async () => {
  const own = await openDoor({ rateLimits: { authorizations: { burst: 3, perMinute: 3 } } })
  const id = String((await register(own)).client_id)
  const statuses: number[] = []
  for (let index = 0; index < 5; index++) {
    const body = requestOf(id, pkce().challenge)
    statuses.push((await own.fetch('/oauth/par', { method: 'POST', body })).status)
  }
  expect(statuses).toEqual([201, 201, 201, 429, 429])
})
