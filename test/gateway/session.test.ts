// Sessions on our side of the door: sealed, bound to a person and a client, and replaced without a word where a client cannot help itself.

import { beforeEach, describe, expect, test } from 'vitest'
import { inProcessUpstream } from '../../src/gateway/upstreams/in-process.ts'
import { openSession, sealSession } from '../../src/mcp/sealed-session.ts'
import { importSealingKey } from '../../src/platform/crypto.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { initializeMessage, type OpenGateway, openGateway, readAnswer, until } from './open-gateway.ts'
import { result, type ScriptedUpstream, scriptedUpstream } from './scripted-upstream.ts'

const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' }

/** Like a server made with the official SDK: sessions in memory, 400 without one, 404 for one it does not know. */
function sessionfulUpstream(
  lost: { status: number; message: string } = { status: 404, message: 'Session not found' },
): {
  upstream: ScriptedUpstream
  handler: ScriptedUpstream['handler']
  sessions: Map<string, unknown>
} {
  const sessions = new Map<string, unknown>()
  const upstream = scriptedUpstream((seen) => {
    if (seen.body.method === 'initialize') {
      const id = `upstream-${sessions.size}-${Math.trunc(performance.now())}`
      sessions.set(id, seen.body.params?.clientInfo)
      const response = result(seen, { protocolVersion: seen.body.params?.protocolVersion, capabilities: {} })
      response.headers.set('mcp-session-id', id)
      return response
    }
    const id = seen.headers['mcp-session-id']
    if (id !== undefined && sessions.has(id)) {
      if (seen.method === 'DELETE') sessions.delete(id)
      return undefined
    }
    const error = {
      code: -32000,
      message: id === undefined ? 'Mcp-Session-Id header is required' : lost.message,
    }
    return Response.json(
      { jsonrpc: '2.0', id: null, error },
      { status: id === undefined ? 400 : lost.status },
    )
  })
  return { upstream, handler: upstream.handler, sessions }
}

let upstream: ScriptedUpstream
let sessions: Map<string, unknown>
let door: OpenGateway
beforeEach(async () => {
  ;({ upstream, sessions } = sessionfulUpstream())
  door = await openGateway({ upstream: upstream.upstream })
})

const status = async (response: Promise<Response>): Promise<number> => (await response).status

describe('an id', () => {
  test('[GW-2] [HTTP-2025-03-26-20] [HTTP-2025-11-25-20] is visible ASCII, different each time, and tells nothing of what is in it', async () => {
    const ids = new Set<string>()
    for (let count = 0; count < 3; count++) ids.add((await door.openSession('ada'))['mcp-session-id'])
    expect(ids.size).toBe(3)
    for (const id of ids) {
      expect(id).toMatch(/^[\x21-\x7e]+$/)
      expect(id.length).toBeLessThan(1000)
      const readable = Buffer.from(id.replace(/^s1_/, ''), 'base64url').toString('latin1')
      for (const secret of ['ada', 'claude', 'upstream-']) expect(readable).not.toContain(secret)
    }
  })

  test('[GW-2] the upstream’s own id is used towards the upstream, and never shown', async () => {
    const session = await door.openSession('ada')
    const response = await door.post('ada', list, session)
    expect(response.headers.get('mcp-session-id')).toBeNull()
    const [own] = [...sessions.keys()]
    expect(upstream.calls('tools/list')[0]?.headers['mcp-session-id']).toBe(own)
    expect(session['mcp-session-id']).not.toContain(own)
  })

  test('[GW-2] goes on after the token was refreshed', async () => {
    const session = await door.openSession('ada')
    expect(await status(door.post('ada-refreshed', list, session))).toBe(200)
    expect(upstream.calls('initialize')).toHaveLength(1)
  })

  test.each(['bob', 'ada-elsewhere'])(
    '[GW-2] [MUX-04] [MUX-05] is 404 in the hands of %s, by every method, and lives on',
    async (thief) => {
      const session = await door.openSession('ada')
      upstream.reached.length = 0
      const stolen = await door.post(thief, list, session)
      expect(stolen.status).toBe(404)
      expect(await readAnswer(stolen)).toMatchObject({ id: 2, error: { code: -32001 } })
      for (const method of ['GET', 'DELETE']) {
        const headers = { ...session, authorization: `Bearer ${thief}`, accept: 'text/event-stream' }
        expect(await status(door.send({ method, headers }))).toBe(404)
      }
      expect(upstream.reached).toEqual([])
      expect(await status(door.post('ada', list, session))).toBe(200)
    },
  )

  test('[GW-2] works on another instance with the same key, and is ended on both', async () => {
    const storage = memoryStorage()
    const one = await openGateway({ upstream: upstream.upstream, storage })
    const two = await openGateway({ upstream: upstream.upstream, storage })
    const session = await one.openSession('ada')
    expect(await status(two.post('ada', list, session))).toBe(200)
    expect(upstream.calls('initialize')).toHaveLength(1)
    await one.send({ method: 'DELETE', headers: { ...session, authorization: 'Bearer ada' } })
    expect(await status(two.post('ada', list, session))).toBe(404)
  })

  test('an unchanged id opens, a changed one does not', async () => {
    const key = await importSealingKey(new Uint8Array(32).fill(1))
    const session = {
      protocolVersion: '2025-11-25',
      userId: 'ada',
      clientId: 'claude',
      upstreamSessionId: undefined,
      clientCapabilities: { roots: {} },
      clientInfo: { name: 'test' },
      issuedAt: 1,
      expiresAt: 2,
    }
    const id = await sealSession(key, '/mcp', session)
    expect(await openSession(key, '/mcp', id)).toEqual(session)
    expect(await openSession(key, '/other', id)).toBeUndefined()
    expect(await openSession(await importSealingKey(new Uint8Array(32)), '/mcp', id)).toBeUndefined()
    for (const index of [0, 3, 20, id.length - 1]) {
      const changed = id.slice(0, index) + (id[index] === 'A' ? 'B' : 'A') + id.slice(index + 1)
      expect(await openSession(key, '/mcp', changed)).toBeUndefined()
    }
    for (const text of ['', 's1_', 's1_AAAA', 'x'.repeat(100_000), 's1_!!!']) {
      expect(await openSession(key, '/mcp', text)).toBeUndefined()
    }
  })
})

describe('an ended session', () => {
  test('[MUX-05] [HTTP-2025-03-26-23] [HTTP-2025-03-26-25] is over for the upstream, and 404 for every method', async () => {
    const session = await door.openSession('ada')
    const headers = { ...session, authorization: 'Bearer ada', accept: 'text/event-stream' }
    const ended = await door.send({ method: 'DELETE', headers })
    expect([ended.status, await ended.text()]).toEqual([204, ''])
    expect(sessions.size).toBe(0)
    expect(await status(door.post('ada', list, session))).toBe(404)
    for (const method of ['GET', 'DELETE']) expect(await status(door.send({ method, headers }))).toBe(404)
    expect(door.events.map(({ name }) => name)).toContain('session.ended')
  })

  test('[HTTP-2025-03-26-24] does not stand in the way of a new one, even if its id is still sent', async () => {
    const session = await door.openSession('ada')
    await door.send({ method: 'DELETE', headers: { ...session, authorization: 'Bearer ada' } })
    const response = await door.post('ada', initializeMessage('2025-11-25'), session)
    expect(response.status).toBe(200)
    expect(response.headers.get('mcp-session-id')).not.toBe(session['mcp-session-id'])
  })

  test('[MUX-05] is ended on our side even if the upstream says 405', async () => {
    const own = await openGateway({ upstream: scriptedUpstream().upstream })
    const session = await own.openSession('ada')
    expect(
      await status(own.send({ method: 'DELETE', headers: { ...session, authorization: 'Bearer ada' } })),
    ).toBe(204)
    expect(await status(own.post('ada', list, session))).toBe(404)
  })
})

describe('without a session', () => {
  test.each(['GET', 'DELETE'])('[MUX-04] [MUX-05] [CC-13] %s is 405 with Allow', async (method) => {
    const response = await door.send({
      method,
      headers: { authorization: 'Bearer ada', accept: 'text/event-stream' },
    })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, POST, DELETE')
    expect(upstream.reached).toEqual([])
  })

  test('[CC-13] [MUX-11] a request is served on a session opened in its name, once for all that come together', async () => {
    const responses = await Promise.all([1, 2, 3].map((id) => door.post('ada', { ...list, id })))
    expect(responses.map((response) => response.status)).toEqual([200, 200, 200])
    expect(upstream.calls('initialize')).toHaveLength(1)
    expect(upstream.calls('initialize')[0]?.body.params).toMatchObject({
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'postern' },
    })
    expect(upstream.calls('notifications/initialized')).toHaveLength(1)
    expect(door.events).toContainEqual(
      expect.objectContaining({ name: 'session.opened', userId: 'ada', reason: 'in the name of the client' }),
    )
  })

  test('[CC-13] a client that initialized and then dropped the id is served on what it initialized', async () => {
    await door.openSession('ada')
    expect(await status(door.post('ada', list))).toBe(200)
    expect(upstream.calls('initialize')).toHaveLength(1)
    expect(await status(door.post('bob', list))).toBe(200)
    expect(upstream.calls('initialize')).toHaveLength(2)
    const used = upstream.calls('tools/list').map(({ headers }) => headers['mcp-session-id'])
    expect(new Set(used).size).toBe(2)
  })

  test('[CC-13] conversations that count from the same number get an upstream session each while both wait', async () => {
    const waiting: Array<() => void> = []
    const slow = sessionfulUpstream()
    const held = scriptedUpstream(async (seen) => {
      if (seen.body.method === 'tools/call') await new Promise<void>((resolve) => waiting.push(resolve))
      return undefined
    })
    const own = await openGateway({
      upstream: inProcessUpstream({
        handler: async (request) => {
          const answer = await slow.handler(request.clone())
          return answer.ok && (await request.clone().text()).includes('tools/call')
            ? held.handler(request)
            : answer
        },
      }),
    })
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'search' } }
    const answers = [own.post('ada', call), own.post('ada', call), own.post('ada', { ...call, id: 2 })]
    await until(() => waiting.length === 3, 'three calls to arrive')
    const used = held.calls('tools/call').map(({ headers, body }) => [body.id, headers['mcp-session-id']])
    expect(new Set(used.filter(([id]) => id === 1).map(([, session]) => session)).size).toBe(2)
    expect(slow.sessions.size).toBe(2)
    for (const answer of waiting) answer()
    expect((await Promise.all(answers)).map((response) => response.status)).toEqual([200, 200, 200])
    const again = own.post('ada', call)
    await until(() => waiting.length === 4, 'the next call')
    waiting.at(-1)?.()
    expect(await status(again)).toBe(200)
    expect(slow.sessions.size).toBe(2)
  })

  test('[MUX-11] the version of the header is negotiated', async () => {
    await door.post('ada', list, { 'mcp-protocol-version': '2025-06-18' })
    expect(upstream.calls('initialize')[0]?.body.params?.protocolVersion).toBe('2025-06-18')
    expect(upstream.calls('tools/list')[0]?.headers['mcp-protocol-version']).toBe('2025-06-18')
  })
})

describe('an id that says nothing any more', () => {
  test.each([
    ['garbage', async () => 'garbage'],
    ['of an earlier life of the server', async () => '5f2d1c9e-0000-4000-8000-000000000000'],
    [
      'sealed with a lost key',
      async () =>
        sealSession(await importSealingKey(new Uint8Array(32).fill(9)), '/mcp', {
          protocolVersion: '2025-11-25',
          userId: 'ada',
          clientId: 'claude',
          upstreamSessionId: 'x',
          clientCapabilities: {},
          clientInfo: undefined,
          issuedAt: 0,
          expiresAt: 2_000_000_000,
        }),
    ],
  ])('[CC-13] [MUX-11] %s: hosted Claude does not initialize again, so it is served', async (_, makeId) => {
    const headers = { 'mcp-session-id': await makeId(), 'mcp-protocol-version': '2025-11-25' }
    for (let count = 0; count < 2; count++) expect(await status(door.post('ada', list, headers))).toBe(200)
    expect(upstream.calls('initialize')).toHaveLength(1)
    expect(
      await status(door.send({ method: 'DELETE', headers: { ...headers, authorization: 'Bearer ada' } })),
    ).toBe(404)
  })

  test('[CC-13] an expired one too', async () => {
    const session = await door.openSession('ada')
    door.clock.now += 31 * 86_400
    expect(await status(door.post('ada', list, session))).toBe(200)
  })
})

describe('an upstream that lost the session', () => {
  test.each([
    { status: 404, message: 'Session not found' },
    { status: 400, message: 'Bad Request: No valid session ID provided' },
  ])(
    '[GW-2] by $status: one is opened anew in the client’s name and words, and the call repeated',
    async (lost) => {
      ;({ upstream, sessions } = sessionfulUpstream(lost))
      door = await openGateway({ upstream: upstream.upstream })
      const session = await door.openSession('ada', { version: '2025-06-18', capabilities: { roots: {} } })
      sessions.clear()
      upstream.reached.length = 0
      const responses = await Promise.all([1, 2].map((id) => door.post('ada', { ...list, id }, session)))
      expect(responses.map((response) => response.status)).toEqual([200, 200])
      for (let count = 0; count < 2; count++) expect(await status(door.post('ada', list, session))).toBe(200)
      const initialized = upstream.calls('initialize')
      expect(initialized).toHaveLength(1)
      expect(initialized[0]?.body.params).toEqual({
        protocolVersion: '2025-06-18',
        capabilities: { roots: {} },
        clientInfo: { name: 'test', version: '1' },
      })
      expect(upstream.calls('tools/list').at(-1)?.headers['mcp-protocol-version']).toBe('2025-06-18')
    },
  )

  test('[GW-2] once, then 404 outside', async () => {
    const session = await door.openSession('ada')
    const forgetful = scriptedUpstream((seen) => {
      if (seen.body.method === 'initialize') {
        const response = result(seen, { protocolVersion: '2025-11-25' })
        response.headers.set('mcp-session-id', 'never-kept')
        return response
      }
      if (seen.body.method === 'notifications/initialized') return undefined
      return Response.json(
        { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'x' } },
        { status: 404 },
      )
    })
    const own = await openGateway({ upstream: forgetful.upstream })
    expect(await status(own.post('ada', list, session))).toBe(404)
    expect(forgetful.calls('tools/list')).toHaveLength(2)
  })

  test('[GW-2] an answer to a question of the lost session is not sent to the new one', async () => {
    const session = await door.openSession('ada')
    sessions.clear()
    expect(await status(door.post('ada', { jsonrpc: '2.0', id: 0, result: {} }, session))).toBe(404)
    expect(upstream.calls('initialize')).toHaveLength(1)
  })
})

describe('a connector without sign-in', () => {
  test('[HS-06] each session is a stranger of its own, and no token is asked for or looked at', async () => {
    const open = await openGateway({
      upstream: upstream.upstream,
      access: 'none',
      findPrincipal: () => Promise.reject(new Error('nobody should ask')),
    })
    const response = await open.post(undefined, initializeMessage('2025-11-25'), {
      authorization: 'Bearer whatever',
    })
    expect(response.status).toBe(200)
    const headers = { 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' }
    expect(await status(open.post(undefined, list, headers))).toBe(200)
    expect(await status(open.post(undefined, list))).toBe(200)
    expect(upstream.calls('initialize')).toHaveLength(2)
  })

  test('[HS-06] a session that belongs to somebody never becomes anonymous', async () => {
    const storage = memoryStorage()
    const signedIn = await openGateway({ upstream: upstream.upstream, storage })
    const open = await openGateway({ upstream: upstream.upstream, storage, access: 'none' })
    const session = await signedIn.openSession('ada')
    expect(await status(open.post(undefined, list, session))).toBe(404)
    const response = await open.post(undefined, initializeMessage('2025-11-25'))
    const anonymous = { 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' }
    expect(await status(signedIn.post('ada', list, anonymous))).toBe(404)
  })

  test('[HS-06] strangers without a session can neither listen to nor cancel what may be another’s', async () => {
    const open = await openGateway({ upstream: upstream.upstream, access: 'none' })
    expect(await status(open.post(undefined, list))).toBe(200)
    upstream.reached.length = 0
    const headers = { 'mcp-session-id': 'stale', accept: 'text/event-stream' }
    expect(await status(open.send({ headers }))).toBe(404)
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 2 } }
    expect(await status(open.post(undefined, cancel))).toBe(202)
    expect(upstream.reached).toEqual([])
  })
})
