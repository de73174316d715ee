// Before anything is asked of an upstream: preflight, Host, Origin, token.

import { beforeAll, describe, expect, test } from 'vitest'
import { findBearerChallenge } from '../../src/oauth/www-authenticate.ts'
import { initializeMessage, type OpenGateway, openGateway } from './open-gateway.ts'
import { type ScriptedUpstream, scriptedUpstream } from './scripted-upstream.ts'

let upstream: ScriptedUpstream
let door: OpenGateway
beforeAll(async () => {
  upstream = scriptedUpstream()
  door = await openGateway({ upstream: upstream.upstream })
})

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }

describe('preflight', () => {
  test('[MUX-01] [RC-20] is answered before any authentication, with the headers that MCP clients send', async () => {
    const response = await door.send({
      method: 'OPTIONS',
      headers: {
        origin: 'https://inspector.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, mcp-param-region, content-type',
      },
    })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
    expect(response.headers.get('access-control-allow-methods')).toBe('GET, POST, DELETE')
    const allowed = response.headers.get('access-control-allow-headers')?.split(', ')
    expect(allowed).toEqual(
      expect.arrayContaining([
        'authorization',
        'content-type',
        'accept',
        'mcp-session-id',
        'mcp-protocol-version',
        'mcp-method',
        'mcp-name',
        'mcp-param-region',
        'last-event-id',
        'dpop',
        'traceparent',
        'tracestate',
        'baggage',
      ]),
    )
  })

  test('[MUX-01] a page may read the challenge and the session of an answer', async () => {
    for (const token of [undefined, 'ada']) {
      const response = await door.post(token, initializeMessage('2025-11-25'), {
        origin: 'https://claude.ai',
      })
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(response.headers.get('access-control-expose-headers')?.split(', ')).toEqual(
        expect.arrayContaining(['WWW-Authenticate', 'Mcp-Session-Id', 'MCP-Protocol-Version', 'DPoP-Nonce']),
      )
    }
  })
})

describe('Host and Origin', () => {
  test.each(['evil.example', 'localhost:8787.evil.example', 'localhost', 'localhost:8787@evil.example'])(
    '[HS-12] [MUX-02] a request for %s is refused, token or not',
    async (host) => {
      for (const token of [undefined, 'ada'])
        expect((await door.post(token, ping, { host })).status).toBe(421)
    },
  )

  test.each([
    'https://evil.example',
    'null',
    'https://claude.ai.evil.example',
    'http://localhost:8787.evil.example',
  ])(
    '[MUX-02] [HTTP-2025-03-26-02] [HTTP-2025-11-25-02] [HTTP-2026-07-28-02] a page of %s is refused with 403, before the token is looked at',
    async (origin) => {
      for (const token of [undefined, 'ada']) {
        const response = await door.post(token, ping, { origin })
        expect(response.status).toBe(403)
        expect(response.headers.get('www-authenticate')).toBeNull()
      }
    },
  )

  test.each([undefined, 'http://localhost:8787', 'https://claude.ai', 'http://127.0.0.1:6274'])(
    '[MUX-02] [HS-17] [CC-13] Origin %s passes',
    async (origin) => {
      expect((await door.post('ada', ping, { origin })).status).toBe(200)
    },
  )
})

describe('token', () => {
  const malformed = [
    ['POST', 'not json', 'application/json'],
    ['POST', '{"jsonrpc":"2.0"}', 'application/json'],
    ['POST', 'a=b', 'application/x-www-form-urlencoded'],
    ['POST', JSON.stringify(ping), 'text/plain'],
    ['POST', JSON.stringify(initializeMessage('2025-11-25')), 'application/json'],
    ['POST', '[]', 'application/json'],
    ['GET', undefined, undefined],
    ['HEAD', undefined, undefined],
    ['DELETE', undefined, undefined],
    ['PUT', '{}', 'application/json'],
  ] as const

  test.each(malformed)(
    '[MUX-03] [RC-02] [RC-07] [CC-03] [HS-17] [HTTP-2025-03-26-04] [R9728-04] [AUTH-2025-03-26-07] [AUTH-2025-06-18-04] %s %s without a token is 401, whatever else is wrong with it',
    async (method, body, contentType) => {
      const headers = contentType === undefined ? {} : { 'content-type': contentType }
      const response = await door.send(body === undefined ? { method, headers } : { method, headers, body })
      expect(response.status).toBe(401)
      expect(findBearerChallenge(response.headers.get('www-authenticate'))).toEqual({
        resourceMetadata: 'http://localhost:8787/.well-known/oauth-protected-resource/mcp',
        scope: 'read write',
        error: undefined,
        errorDescription: undefined,
      })
      if (method === 'HEAD') expect(await response.text()).toBe('')
    },
  )

  test('[MUX-03] a body over the limit is 401 too: who has no token is told nothing about limits', async () => {
    const response = await door.send({ method: 'POST', body: 'x'.repeat(5 * 1024 * 1024) })
    expect(response.status).toBe(401)
  })

  test.each(['Bearer unknown', 'bearer unknown', 'Bearer ada, Bearer bob', 'Bearer ADA'])(
    '[MUX-03] [OA21-19] [AUTH-2025-06-18-10] [AUTH-2026-07-28-25] %j: a token that is not one of ours is 401 with invalid_token',
    async (authorization) => {
      const response = await door.post(undefined, ping, { authorization })
      expect(response.status).toBe(401)
      expect(findBearerChallenge(response.headers.get('www-authenticate'))).toMatchObject({
        error: 'invalid_token',
        scope: 'read write',
        resourceMetadata: 'http://localhost:8787/.well-known/oauth-protected-resource/mcp',
      })
    },
  )

  test.each(['Basic YWRhOmFkYQ==', 'Bearer', 'Bearer ', 'ada'])(
    '[MUX-03] [OA21-20] %j is no bearer token at all, so nothing is called invalid',
    async (authorization) => {
      const response = await door.post(undefined, ping, { authorization })
      expect(response.status).toBe(401)
      expect(findBearerChallenge(response.headers.get('www-authenticate'))?.error).toBeUndefined()
    },
  )

  test.each(['BEARER ada', 'bearer ada', 'Bearer   ada'])(
    '[OA21-18] the scheme of %j is read without case',
    async (authorization) => {
      expect((await door.post(undefined, ping, { authorization })).status).toBe(200)
    },
  )

  test('[R6750-01] [OA21-18] a token in the query or in a form counts as none', async () => {
    const inQuery = await door.send({
      method: 'POST',
      path: '/mcp?access_token=ada',
      body: JSON.stringify(ping),
    })
    expect(inQuery.status).toBe(401)
    const inForm = await door.send({
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'access_token=ada',
    })
    expect(inForm.status).toBe(401)
  })

  test('[HS-08] [CC-02] [R9728-04] the challenge points to the metadata of the URL as it was typed', async () => {
    const pointer = async (path: string): Promise<string | undefined> => {
      const response = await door.send({ method: 'POST', path })
      return findBearerChallenge(response.headers.get('www-authenticate'))?.resourceMetadata
    }
    const metadata = 'http://localhost:8787/.well-known/oauth-protected-resource/mcp'
    expect(await pointer('/mcp/')).toBe(`${metadata}/`)
    expect(await pointer('/mcp?team=7')).toBe(`${metadata}?team=7`)
    expect(await pointer('/mcp?q="><script>')).toBe(`${metadata}?q=%22%3E%3Cscript%3E`)
    expect(await pointer(`/mcp?${'x'.repeat(300)}`)).toBe(metadata)
  })

  test('[MUX-03] nothing of all this reached the upstream, and each refusal is an event', async () => {
    upstream.reached.length = 0
    door.events.length = 0
    await door.post(undefined, ping)
    await door.post('unknown', ping)
    expect(upstream.reached).toEqual([])
    expect(door.events.map(({ name, status, reason }) => ({ name, status, reason }))).toEqual([
      { name: 'mcp.refused', status: 401, reason: 'no token' },
      { name: 'mcp.refused', status: 401, reason: 'invalid token' },
    ])
  })

  test.each(['HEAD', 'PUT', 'PATCH'])(
    '[MUX-04] %s with a token is 405 and says what is allowed',
    async (method) => {
      const response = await door.send({ method, headers: { authorization: 'Bearer ada' } })
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('GET, POST, DELETE')
    },
  )

  test('a store that fails is a fault of ours, not a reason to sign in again', async () => {
    const broken = await openGateway({
      upstream: scriptedUpstream().upstream,
      findPrincipal: () => Promise.reject(new Error('disk full: /var/lib/postern')),
    })
    const response = await broken.post('ada', ping)
    expect(response.status).toBe(500)
    const body = await response.text()
    expect(body).not.toContain('disk full')
    const event = broken.events.find(({ name }) => name === 'request.failed')
    expect(event?.reason).toContain('disk full')
    expect(body).toContain(event?.errorId)
  })
})
