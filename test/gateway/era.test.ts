// Which era a POST belongs to, and what is refused before an upstream sees it.

import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { beforeAll, describe, expect, test } from 'vitest'
import { inProcessUpstream } from '../../src/gateway/upstreams/in-process.ts'
import { initializeMessage, modernCall, type OpenGateway, openGateway, readAnswer } from './open-gateway.ts'
import { type ScriptedUpstream, scriptedUpstream } from './scripted-upstream.ts'

let legacy: ScriptedUpstream
let door: OpenGateway
/** An official server that speaks both eras. */
let both: OpenGateway

beforeAll(async () => {
  legacy = scriptedUpstream()
  door = await openGateway({ upstream: legacy.upstream })
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'both eras', version: '1' })
    server.registerTool('search', { annotations: { readOnlyHint: true } }, async () => ({
      content: [{ type: 'text', text: 'found' }],
    }))
    return server
  })
  both = await openGateway({ upstream: inProcessUpstream({ handler: (request) => handler.fetch(request) }) })
})

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' }

async function refused(
  response: Response,
): Promise<{ status: number; code: number | undefined; id: unknown }> {
  const { error, id } = await readAnswer(response)
  return { status: response.status, code: error?.code, id }
}

describe('intake', () => {
  test('[MUX-06] a body over the limit is 413, with a declared length or without', async () => {
    const small = await openGateway({ upstream: legacy.upstream, limits: { bodyBytes: 100 } })
    const long = { ...ping, params: { text: 'x'.repeat(100) } }
    expect((await small.post('ada', long)).status).toBe(413)
    expect((await small.post('ada', long, { 'content-length': '160' })).status).toBe(413)
    expect((await small.post('ada', ping)).status).toBe(200)
  })

  test('[MUX-06] a body that lies about its length is measured all the same', async () => {
    const small = await openGateway({ upstream: legacy.upstream, limits: { bodyBytes: 100 } })
    const long = { ...ping, params: { text: 'x'.repeat(100) } }
    expect((await small.post('ada', long, { 'content-length': '10' })).status).toBe(413)
  })

  test.each(['', '{', 'undefined', '{"jsonrpc":"2.0","id":1,"method":"ping"} {}'])(
    '[MUX-06] %j is 400 -32700',
    async (text) => {
      expect(await refused(await door.post('ada', text))).toEqual({ status: 400, code: -32700, id: null })
    },
  )

  test('[MUX-06] bytes that are not UTF-8 are 400 -32700', async () => {
    const body = new Uint8Array([
      ...new TextEncoder().encode('{"jsonrpc":"2.0","id":1,"method":"'),
      0xff,
      0x22,
      0x7d,
    ])
    const response = await door.send({ method: 'POST', headers: { authorization: 'Bearer ada' }, body })
    expect(await refused(response)).toEqual({ status: 400, code: -32700, id: null })
  })

  test.each([
    '[]',
    '7',
    'null',
    '{"id":1,"method":"ping"}',
    '{"jsonrpc":"1.0","id":1,"method":"ping"}',
    '{"jsonrpc":"2.0","id":{},"method":"ping"}',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","id":1,"method":7}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}',
    '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}',
  ])('[MUX-06] %s is JSON but no message: 400 -32600', async (text) => {
    expect(await refused(await door.post('ada', text))).toMatchObject({ status: 400, code: -32600 })
  })

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'Text/Plain;x=y',
  ])('[MUX-06] a page can send %s unasked, so it is 415', async (contentType) => {
    expect((await door.post('ada', ping, { 'content-type': contentType })).status).toBe(415)
  })

  test.each([
    [undefined, undefined],
    ['*/*', 'application/json'],
    ['application/json', 'application/json; charset=utf-8'],
    ['text/html', 'application/json'],
    ['text/event-stream', 'application/vnd.api+json'],
  ])('[TOL-9] [MUX-06] Accept %s and Content-Type %s are served in JSON', async (accept, contentType) => {
    const streaming = scriptedUpstream((seen) =>
      seen.body.method === 'ping'
        ? new Response(`event: message\ndata: {"jsonrpc":"2.0","id":${seen.body.id},"result":{}}\n\n`, {
            headers: { 'content-type': 'text/event-stream' },
          })
        : undefined,
    )
    const own = await openGateway({ upstream: streaming.upstream })
    const response = await own.post('ada', ping, { accept, 'content-type': contentType })
    expect(response.status).toBe(200)
    const isStreamNamed = accept === 'text/event-stream'
    expect(response.headers.get('content-type')).toBe(
      isStreamNamed ? 'text/event-stream' : 'application/json',
    )
    expect(await readAnswer(response)).toEqual({ jsonrpc: '2.0', id: 1, result: {} })
    // Servers are strict where clients are not.
    expect(streaming.calls('ping')[0]?.headers).toMatchObject({
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    })
  })
})

describe('batches', () => {
  const batch = [ping, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 9 } }, list]
  const answers = [
    { jsonrpc: '2.0', id: 1, result: {} },
    { jsonrpc: '2.0', id: 2, result: {} },
  ]

  async function batchDoor(): Promise<{ own: OpenGateway; seen: ScriptedUpstream }> {
    const seen = scriptedUpstream(({ text }) => (text.startsWith('[') ? Response.json(answers) : undefined))
    return { own: await openGateway({ upstream: seen.upstream }), seen }
  }

  test.each(['2025-03-26', '2024-11-05'])(
    '[MUX-07] [HTTP-2025-03-26-07] are served on a session of %s',
    async (version) => {
      const { own, seen } = await batchDoor()
      const session = await own.openSession('ada', { version })
      const response = await own.post('ada', batch, session)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual(answers)
      expect(JSON.parse(seen.reached.at(-1)?.text ?? '')).toEqual(batch)
    },
  )

  test('[MUX-07] are served without session and header', async () => {
    const { own } = await batchDoor()
    expect(await (await own.post('ada', batch)).json()).toEqual(answers)
  })

  test.each(['2025-06-18', '2025-11-25'])(
    '[MUX-07] [HTTP-2025-06-18-07] [HTTP-2025-11-25-07] are 400 on a session of %s, and by that header alone',
    async (version) => {
      const { own } = await batchDoor()
      const session = await own.openSession('ada', { version })
      expect(await refused(await own.post('ada', batch, session))).toMatchObject({
        status: 400,
        code: -32600,
      })
      const byHeader = await own.post('ada', batch, { 'mcp-protocol-version': version })
      expect(await refused(byHeader)).toMatchObject({ status: 400, code: -32600 })
    },
  )

  test('[MUX-07] with a modern element are 400, and nothing of them reaches the upstream', async () => {
    const { own, seen } = await batchDoor()
    const response = await own.post('ada', [ping, modernCall('tools/list').message])
    expect(await refused(response)).toEqual({ status: 400, code: -32600, id: null })
    expect(seen.reached).toEqual([])
  })

  test('[HTTP-2025-03-26-27] hold no initialize', async () => {
    const response = await door.post('ada', [initializeMessage('2025-03-26')])
    expect(await refused(response)).toMatchObject({ status: 400, code: -32600 })
  })

  test('[MUX-07] have a greatest length', async () => {
    const own = await openGateway({ upstream: legacy.upstream, limits: { batchMessages: 2 } })
    expect((await own.post('ada', [ping, ping, ping])).status).toBe(400)
  })
})

describe('initialize', () => {
  test.each(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'])(
    '[MUX-10] [HTTP-2024-11-05-09] asks for %s and gets it, with a session',
    async (version) => {
      const response = await door.post('ada', initializeMessage(version))
      expect((await readAnswer(response)).result?.protocolVersion).toBe(version)
      expect(response.headers.get('mcp-session-id')).toMatch(/^[\x21-\x7e]+$/)
    },
  )

  test.each(['2026-07-28', '1999-01-01', '', undefined, 7])(
    '[MUX-10] [CC-13] asks for %s and gets 2025-11-25, which is also what the upstream is asked for',
    async (version) => {
      const message = initializeMessage('2025-11-25')
      const params = { ...(message.params as object), protocolVersion: version, 'x-big': 'BIG' }
      // A number that no double holds: it would not survive being read and written.
      const text = JSON.stringify({ ...message, params }).replace('"BIG"', '12345678901234567890.5')
      const response = await door.post('ada', text)
      expect((await readAnswer(response)).result?.protocolVersion).toBe('2025-11-25')
      const reached = legacy.calls('initialize').at(-1)
      expect(reached?.body.params?.protocolVersion).toBe('2025-11-25')
      expect(reached?.text).toContain('"x-big":12345678901234567890.5')
    },
  )

  test.each(['2026-07-28', 'banana', '2025-11-25, 2026-07-28'])(
    '[MUX-10] [TOL-7] is legacy under the version header %j, which goes no further',
    async (header) => {
      const response = await door.post('ada', initializeMessage('2025-11-25'), {
        'mcp-protocol-version': header,
      })
      expect((await readAnswer(response)).result?.protocolVersion).toBe('2025-11-25')
      expect(legacy.calls('initialize').at(-1)?.headers).not.toHaveProperty('mcp-protocol-version')
    },
  )

  test('[TOL-7] is answered after server/discover has succeeded', async () => {
    const discover = modernCall('server/discover')
    expect((await both.post('ada', discover.message, discover.headers)).status).toBe(200)
    const response = await both.post('ada', initializeMessage('2025-11-25'), {
      'mcp-protocol-version': '2026-07-28',
    })
    expect((await readAnswer(response)).result?.protocolVersion).toBe('2025-11-25')
  })

  test('[MUX-09] in a modern envelope is an unknown method: 404', async () => {
    const call = modernCall('initialize')
    const response = await both.post('ada', call.message, call.headers)
    expect(await refused(response)).toEqual({ status: 404, code: -32601, id: 7 })
    expect(response.headers.get('mcp-session-id')).toBeNull()
  })

  test.each([400, 404, 405, 406, 429, 500, 503])(
    '[MUX-12] [GW-4] never ends in the upstream’s %i: clients would try another transport, or give up',
    async (status) => {
      for (const body of [
        '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"not today"}}',
        '<html>',
      ]) {
        const type = body.startsWith('{') ? 'application/json' : 'text/html'
        const down = scriptedUpstream(() => new Response(body, { status, headers: { 'content-type': type } }))
        const own = await openGateway({ upstream: down.upstream })
        const response = await own.post('ada', initializeMessage('2025-11-25'))
        expect(response.status).toBe(200)
        expect(response.headers.get('mcp-session-id')).toBeNull()
        const { id, error } = await readAnswer(response)
        expect(id).toBe('init')
        expect(error?.message).toContain(type === 'text/html' ? String(status) : 'not today')
      }
    },
  )
})

describe('modern requests', () => {
  test('[MUX-09] [HTTP-2026-07-28-06] [HTTP-2026-07-28-31] reach an upstream that knows them', async () => {
    const discover = modernCall('server/discover')
    const discovered = await readAnswer(await both.post('ada', discover.message, discover.headers))
    expect(discovered.result?.supportedVersions).toEqual(['2026-07-28'])
    const call = modernCall('tools/call', { name: 'search', arguments: {} })
    const response = await both.post('ada', call.message, call.headers)
    expect((await readAnswer(response)).result).toMatchObject({
      content: [{ text: 'found' }],
      resultType: 'complete',
    })
  })

  test.each([
    ['no capabilities', { 'io.modelcontextprotocol/clientCapabilities': undefined }],
    ['capabilities that are no object', { 'io.modelcontextprotocol/clientCapabilities': [] }],
    ['clientInfo that is no object', { 'io.modelcontextprotocol/clientInfo': 'me' }],
    ['a version that is no string', { 'io.modelcontextprotocol/protocolVersion': 20260728 }],
  ])('[MUX-09] [HTTP-2026-07-28-08] with %s are 400 -32602', async (_, meta) => {
    const call = modernCall('server/discover', {}, { meta })
    expect(await refused(await both.post('ada', call.message, call.headers))).toEqual({
      status: 400,
      code: -32602,
      id: 7,
    })
  })

  test('[HTTP-2026-07-28-08] without clientInfo are served', async () => {
    const call = modernCall(
      'server/discover',
      {},
      { meta: { 'io.modelcontextprotocol/clientInfo': undefined } },
    )
    expect((await both.post('ada', call.message, call.headers)).status).toBe(200)
  })

  test.each([
    ['no version header', 'tools/list', {}, { 'mcp-protocol-version': undefined }],
    ['a version header of nothing known', 'tools/list', {}, { 'mcp-protocol-version': 'v999' }],
    ['two versions in the header', 'tools/list', {}, { 'mcp-protocol-version': '2026-07-28, 2025-11-25' }],
    ['no Mcp-Method', 'tools/list', {}, { 'mcp-method': undefined }],
    ['another Mcp-Method', 'tools/call', { name: 'search' }, { 'mcp-method': 'tools/list' }],
    ['Mcp-Method in capitals', 'tools/list', {}, { 'mcp-method': 'TOOLS/LIST' }],
    ['no Mcp-Name', 'tools/call', { name: 'search' }, { 'mcp-name': undefined }],
    ['another Mcp-Name', 'tools/call', { name: 'erase' }, { 'mcp-name': 'search' }],
    ['another uri in Mcp-Name', 'resources/read', { uri: 'a:b' }, { 'mcp-name': 'a:c' }],
    ['Base64 of nothing', 'tools/call', { name: 'search' }, { 'mcp-name': '=?base64?!?=' }],
  ])(
    '[MUX-09] [GW-11] [HTTP-2026-07-28-10] [HTTP-2026-07-28-16] with %s are 400 -32020',
    async (_, method, params, headers) => {
      const call = modernCall(method, params, { headers })
      expect(await refused(await both.post('ada', call.message, call.headers))).toEqual({
        status: 400,
        code: -32020,
        id: 7,
      })
    },
  )

  test('[HTTP-2026-07-28-17] [HTTP-2026-07-28-20] mirrored values may be in Base64 and padded', async () => {
    const encoded = `=?base64?${Buffer.from('search').toString('base64')}?=`
    const call = modernCall('tools/call', { name: 'search' }, { headers: { 'mcp-name': `  ${encoded} ` } })
    expect((await both.post('ada', call.message, call.headers)).status).toBe(200)
  })

  test('[MUX-09] [HTTP-2026-07-28-11] [MUX-15] a version that the upstream does not implement is for it to refuse', async () => {
    const call = modernCall(
      'server/discover',
      {},
      {
        meta: { 'io.modelcontextprotocol/protocolVersion': '2027-01-01' },
        headers: { 'mcp-protocol-version': '2027-01-01' },
      },
    )
    const response = await both.post('ada', call.message, call.headers)
    expect(response.status).toBe(400)
    expect((await readAnswer(response)).error).toMatchObject({
      code: -32022,
      data: { supported: ['2026-07-28'], requested: '2027-01-01' },
    })
  })

  test.each(['ping', 'logging/setLevel', 'resources/subscribe', 'no/such'])(
    '[MUX-09] [HTTP-2026-07-28-12] %s is 404 -32601 under its id',
    async (method) => {
      const call = modernCall(method, { uri: 'a:b', level: 'info' })
      expect(await refused(await both.post('ada', call.message, call.headers))).toEqual({
        status: 404,
        code: -32601,
        id: 7,
      })
    },
  )

  test('[TOL-2] under a header of 2025-11-25 are served as modern, and the upstream gets the right header', async () => {
    const seen = scriptedUpstream((request) =>
      Response.json({ jsonrpc: '2.0', id: request.body.id, result: {} }),
    )
    const own = await openGateway({ upstream: seen.upstream })
    const call = modernCall('tools/list', {}, { headers: { 'mcp-protocol-version': '2025-11-25' } })
    expect((await own.post('ada', call.message, call.headers)).status).toBe(200)
    expect(seen.reached[0]?.headers['mcp-protocol-version']).toBe('2026-07-28')
    const real = await both.post('ada', call.message, call.headers)
    expect((await readAnswer(real)).result?.tools).toHaveLength(1)
  })

  test('[MUX-09] [HTTP-2026-07-28-29] ignore session and resumption headers', async () => {
    const call = modernCall(
      'tools/list',
      {},
      { headers: { 'mcp-session-id': 'whatever', 'last-event-id': '7' } },
    )
    expect((await both.post('ada', call.message, call.headers)).status).toBe(200)
  })

  test('[MUX-13] [HTTP-2026-07-28-05] a notification is 202 and empty in both eras, without mirrored headers', async () => {
    const { message } = modernCall('notifications/x')
    const { id: _id, ...notification } = message
    const modern = await both.post('ada', notification, { 'mcp-protocol-version': '2026-07-28' })
    expect([modern.status, await modern.text()]).toEqual([202, ''])
    const plain = await door.post('ada', { jsonrpc: '2.0', method: 'notifications/x' })
    expect([plain.status, await plain.text()]).toEqual([202, ''])
  })

  test('[MUX-14] [HTTP-2026-07-28-26] a legacy client of the same upstream sees none of the modern members', async () => {
    const session = await both.openSession('ada')
    const { result } = await readAnswer(await both.post('ada', list, session))
    expect(result).not.toHaveProperty('resultType')
    expect(result).not.toHaveProperty('ttlMs')
  })

  test('[MUX-08] [HTTP-2026-07-28-29] a posted response without a session is 400', async () => {
    const response = await both.post(
      'ada',
      { jsonrpc: '2.0', id: 3, result: {} },
      { 'mcp-protocol-version': '2026-07-28' },
    )
    expect(await refused(response)).toMatchObject({ status: 400, code: -32600 })
  })
})

describe('a legacy upstream that is asked in the modern era', () => {
  test('[RC-01] [GW-4] and refuses everything, is told in its own words', async () => {
    const refusing = scriptedUpstream(() =>
      Response.json(
        {
          jsonrpc: '2.0',
          id: null,
          error: { code: -32000, message: 'Bad Request: Unsupported protocol version' },
        },
        { status: 400 },
      ),
    )
    const own = await openGateway({ upstream: refusing.upstream })
    const call = modernCall('server/discover')
    const response = await own.post('ada', call.message, call.headers)
    expect(response.status).toBe(200)
    expect(await readAnswer(response)).toMatchObject({
      id: 7,
      error: { code: -32000, message: 'Bad Request: Unsupported protocol version' },
    })
  })

  test('[GW-4] has its error under id null repaired, because clients fail on it', async () => {
    const nameless = scriptedUpstream(() =>
      Response.json({ jsonrpc: '2.0', id: null, error: { code: -32601, message: 'Method not found' } }),
    )
    const own = await openGateway({ upstream: nameless.upstream })
    const call = modernCall('server/discover')
    expect(await refused(await own.post('ada', call.message, call.headers))).toEqual({
      status: 200,
      code: -32601,
      id: 7,
    })
  })

  test.each([
    ['500', () => new Response('oops', { status: 500 })],
    [
      '503 with HTML',
      () => new Response('<html>', { status: 503, headers: { 'content-type': 'text/html' } }),
    ],
    ['429', () => new Response('slow down', { status: 429 })],
    [
      '401',
      () => new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer realm="other"' } }),
    ],
    ['HTML under 200', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    ['nothing under 200', () => new Response(null)],
    ['204', () => new Response(null, { status: 204 })],
    ['202', () => new Response(null, { status: 202 })],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://sso.example/' } })],
  ])(
    '[GW-4] [GW-1] [HS-17] %s becomes a JSON-RPC error under the request’s id, with status 200',
    async (_, answer) => {
      const own = await openGateway({ upstream: scriptedUpstream(answer).upstream })
      const call = modernCall('server/discover')
      const response = await own.post('ada', call.message, call.headers)
      expect(response.headers.get('www-authenticate')).toBeNull()
      expect(response.headers.get('location')).toBeNull()
      expect(await refused(response)).toEqual({ status: 200, code: -32000, id: 7 })
    },
  )
})

describe('version header of a legacy request', () => {
  test.each([
    ['TOL-1', '2026-07-28'],
    ['TOL-3', '2025-11-25'],
    ['TOL-4', undefined],
    ['TOL-8', '2025-06-18, 2025-06-18'],
    ['TOL-3', '2024-10-07'],
  ])('[%s] [MUX-11] [RC-03] %s on a session of 2025-06-18 is served by the session', async (_, header) => {
    const session = await door.openSession('ada', { version: '2025-06-18' })
    const response = await door.post('ada', list, { ...session, 'mcp-protocol-version': header })
    expect(response.status).toBe(200)
    expect(legacy.calls('tools/list').at(-1)?.headers['mcp-protocol-version']).toBe('2025-06-18')
  })

  test.each(['banana', '2025-11-25, 2025-06-18', '2025-13-45'])(
    '[MUX-11] [HTTP-2025-06-18-28] [TOL-8] %j is 400, with a session or without',
    async (header) => {
      const session = await door.openSession('ada')
      for (const id of [session['mcp-session-id'], undefined]) {
        const response = await door.post('ada', list, {
          'mcp-session-id': id,
          'mcp-protocol-version': header,
        })
        expect(await refused(response)).toMatchObject({ status: 400, id: 2 })
      }
    },
  )

  test('[HTTP-2025-06-18-27] without session and header the request is served', async () => {
    expect((await readAnswer(await door.post('ada', list))).result?.tools).toHaveLength(3)
  })
})
