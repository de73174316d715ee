// The whole door as one function: from the first 401 to a tool's answer, without a socket.

import { describe, expect, test } from 'vitest'
import { type ConnectorOptions, createPostern } from '../../src/index.ts'
import { callMcp, connect, notesUpstream, openDoor, token } from '../door.ts'

const initialize = {
  id: 0,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'claude-ai', version: '0.1.0' },
  },
}

describe('hosted Claude connects', () => {
  test('[CC-03] [CC-13] [AUTH-2025-11-25-07] 401 with pointer and scope, sign-in, initialize, lists, a call', async () => {
    const door = await openDoor()
    const probe = await callMcp(door, undefined, initialize)
    expect(probe.status).toBe(401)
    const challenge = probe.headers.get('www-authenticate') ?? ''
    expect(challenge).toContain(
      'resource_metadata="http://localhost:8787/.well-known/oauth-protected-resource/mcp"',
    )
    expect(challenge).toContain('scope="read write"')
    expect(challenge, '[OA21-20]').not.toContain('error=')

    const { accessToken } = await connect(door)
    const opened = await callMcp(door, accessToken, initialize)
    expect(opened.status).toBe(200)
    const session = opened.headers.get('mcp-session-id') ?? ''
    expect(session, '[HTTP-2025-03-26-20]').toMatch(/^[\x21-\x7e]+$/)
    const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }
    const noted = await callMcp(door, accessToken, { method: 'notifications/initialized' }, headers)
    expect(noted.status).toBe(202)
    const listed = (await (
      await callMcp(door, accessToken, { id: 1, method: 'tools/list' }, headers)
    ).json()) as {
      result: { tools: { name: string }[] }
    }
    expect(listed.result.tools.map(({ name }) => name)).toEqual(['search', 'erase'])
    const called = await callMcp(
      door,
      accessToken,
      { id: 2, method: 'tools/call', params: { name: 'erase' } },
      headers,
    )
    expect(JSON.stringify(await called.json())).toContain('called erase')
  })

  test('[RC-22] [RC-06] whatever a client names or leaves out at first, the connection it gets needs no step-up', async () => {
    const door = await openDoor()
    for (const scope of ['', 'openid read write offline_access', 'claudeai', 'openid email']) {
      const { accessToken } = await connect(door, { scope })
      for (const name of ['search', 'erase']) {
        const called = await callMcp(door, accessToken, { id: 1, method: 'tools/call', params: { name } })
        expect(called.status, `${name} after asking for ${JSON.stringify(scope)}`).toBe(200)
      }
    }
  })

  test('[RC-02] [MUX-03] every method gets the same 401 before anything else is looked at', async () => {
    const door = await openDoor()
    const requests: RequestInit[] = [
      { method: 'GET', headers: { accept: 'text/event-stream' } },
      { method: 'HEAD' },
      { method: 'DELETE' },
      { method: 'POST', body: 'not json' },
      { method: 'POST', body: '{}', headers: { accept: 'text/html', 'content-type': 'text/plain' } },
      { method: 'POST', body: '{}', headers: { accept: '*/*' } },
      { method: 'POST', body: '{}', headers: { 'mcp-protocol-version': 'banana', 'mcp-session-id': 'x' } },
    ]
    for (const init of requests) {
      const response = await door.fetch('/mcp', init)
      expect(response.status, JSON.stringify(init)).toBe(401)
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer resource_metadata=/)
    }
  })

  test('[AUTH-2025-06-18-10] [AUTH-2025-03-26-09] [OA21-18] [R8707-02] which tokens count', async () => {
    const door = await openDoor()
    const { accessToken, refreshToken, code } = await connect(door)
    const list = { id: 1, method: 'tools/list' }
    const status = async (authorization: string): Promise<number> =>
      (await callMcp(door, undefined, list, { authorization })).status
    expect(await status(`Bearer ${accessToken}`)).toBe(200)
    expect(await status(`bearer ${accessToken}`)).toBe(200)
    for (const bad of [
      `Bearer ${refreshToken}`,
      `Bearer ${code}`,
      'Bearer x',
      `Basic ${accessToken}`,
      accessToken,
    ]) {
      expect(await status(bad), bad.slice(0, 12)).toBe(401)
    }
    const refused = await callMcp(door, undefined, list, { authorization: 'Bearer pst_at_wrong' })
    expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"')

    const inQuery = await door.fetch(`/mcp?access_token=${accessToken}`, {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', ...list }),
    })
    expect(inQuery.status).toBe(401)

    // The same records behind another path: a token for one resource opens no other.
    const elsewhere = await openDoor({ storage: door.storage, connector: { ...connectorAt('/other') } })
    expect((await callMcp(elsewhere, accessToken, list)).status).toBe(401)

    door.clock.now += 3600
    expect(await status(`Bearer ${accessToken}`)).toBe(401)
  })

  test('[CC-01] [HS-08] the final slash and a query change nothing', async () => {
    const door = await openDoor()
    const { accessToken } = await connect(door)
    for (const path of ['/mcp/', '/mcp?utm_source=plugin', '/mcp/?a=b']) {
      const response = await door.fetch(path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${accessToken}`,
          'content-type': 'application/json',
          accept: 'application/json',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      })
      expect(response.status, path).toBe(200)
    }
  })
})

describe('what was not granted', () => {
  test('[AUTH-2025-11-25-20] [AUTH-2026-07-28-30] [ASU-13] a tool that changes something: 403 with the union of scopes', async () => {
    const door = await openDoor()
    const { accessToken, scope } = await connect(door, { untick: 'write' })
    expect(scope).toBe('read')
    const search = await callMcp(door, accessToken, {
      id: 1,
      method: 'tools/call',
      params: { name: 'search' },
    })
    expect(search.status).toBe(200)
    const erase = await callMcp(door, accessToken, { id: 2, method: 'tools/call', params: { name: 'erase' } })
    expect(erase.status).toBe(403)
    const challenge = erase.headers.get('www-authenticate') ?? ''
    expect(challenge).toContain('error="insufficient_scope"')
    expect(challenge).toContain('scope="read write"')
    expect(challenge).toContain('resource_metadata=')
    const unknown = await callMcp(door, accessToken, {
      id: 3,
      method: 'tools/call',
      params: { name: 'no-such-tool' },
    })
    expect(unknown.status, 'what is not known to be harmless needs write').toBe(403)
  })
})

describe('a restart', () => {
  test('[CC-11] the same storage and master key: nobody signs in again', async () => {
    const door = await openDoor()
    const connection = await connect(door)
    await door.postern.close()
    const again = await openDoor({ storage: door.storage })
    again.clock.now = door.clock.now
    expect((await callMcp(again, connection.accessToken, { id: 1, method: 'tools/list' })).status).toBe(200)
    const refreshed = await token(again, {
      grant_type: 'refresh_token',
      refresh_token: connection.refreshToken,
      client_id: connection.clientId,
    })
    expect(refreshed.status).toBe(200)
  })

  test('[HS-05] another master key: refused with a sentence, not half-opened', async () => {
    const door = await openDoor()
    await expect(openDoor({ storage: door.storage, masterKey: new Uint8Array(32).fill(9) })).rejects.toThrow(
      /master key/,
    )
  })
})

describe('no sign-in', () => {
  test('access `none` serves strangers and asks nobody anything', async () => {
    const door = await openDoor({ connector: { ...connectorAt('/mcp'), access: 'none' } })
    expect((await callMcp(door, undefined, initialize)).status).toBe(200)
    const withStrangeToken = await callMcp(door, 'whatever', { id: 1, method: 'tools/list' })
    expect(withStrangeToken.status).toBe(200)
  })
})

describe('options that no request could make right', () => {
  test.each([
    ['http on a public name', { publicUrl: 'http://mcp.example.com' }],
    ['a path in the public URL', { publicUrl: 'https://mcp.example.com/mcp' }],
    ['a path of Postern itself', { connector: { ...connectorAt('/oauth/mcp') } }],
    ['a path with dots', { connector: { ...connectorAt('/a/../mcp') } }],
  ])('%s is a TypeError at construction', async (_, options) => {
    const door = await openDoor()
    const base = {
      storage: door.storage,
      masterKey: new Uint8Array(32),
      identity: {} as never,
      publicUrl: door.origin,
    }
    expect(() => createPostern({ ...base, connector: connectorAt('/mcp'), ...options })).toThrow(TypeError)
  })
})

function connectorAt(path: string): ConnectorOptions {
  return { name: 'Other', path, upstream: notesUpstream() }
}
