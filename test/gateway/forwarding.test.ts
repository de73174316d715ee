// What of a request reaches an upstream, and what of its answer reaches the client.

import { beforeEach, describe, expect, test } from 'vitest'
import {
  initializeMessage,
  modernCall,
  type OpenGateway,
  openGateway,
  readAnswer,
  readMessages,
  tokens,
  until,
} from './open-gateway.ts'
import {
  modernScriptedUpstream,
  result,
  type ScriptedUpstream,
  scriptedUpstream,
} from './scripted-upstream.ts'

let upstream: ScriptedUpstream
let door: OpenGateway
let session: Record<string, string>
beforeEach(async () => {
  upstream = modernScriptedUpstream()
  door = await openGateway({ upstream: upstream.upstream })
  session = await door.openSession('ada')
})

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
const call = { jsonrpc: '2.0', id: 'call-1', method: 'tools/call', params: { name: 'search' } }

describe('on the way in', () => {
  test('[GW-1] [GW-3] [HS-09] [AUTH-2025-06-18-12] [R9700-02] only what an upstream may be told by a client', async () => {
    await door.post('ada', ping, {
      ...session,
      cookie: 'a=b',
      dpop: 'proof',
      'proxy-authorization': 'Basic x',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'gopher',
      'x-forwarded-user': 'root',
      forwarded: 'host=evil.example',
      'x-real-ip': '10.0.0.1',
      'x-user-id': 'root',
      'x-postern-identity': 'root',
      origin: 'https://claude.ai',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'a=1',
      baggage: 'b=2',
      'user-agent': 'test/1',
      'mcp-param-region': 'eu',
      'mcp-future': 'yes',
    })
    expect(upstream.reached.at(-1)?.headers).toEqual({
      accept: 'application/json, text/event-stream',
      'accept-encoding': 'identity',
      baggage: 'b=2',
      'content-type': 'application/json',
      'mcp-future': 'yes',
      'mcp-param-region': 'eu',
      'mcp-protocol-version': '2025-11-25',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'a=1',
      'user-agent': 'test/1',
      'x-forwarded-host': 'localhost:8787',
      'x-forwarded-proto': 'http',
    })
  })

  test('[GW-3] [GW-11] [HTTP-2026-07-28-22] mirrored headers are written from the body, unknown parameters pass', async () => {
    const uri = 'note:büro'
    const encoded = `=?base64?${Buffer.from(uri).toString('base64')}?=`
    const modern = modernCall(
      'resources/read',
      { uri },
      { headers: { 'mcp-name': encoded, 'mcp-param-x': '=?base64?eA==?=' } },
    )
    await door.post('ada', modern.message, modern.headers)
    expect(upstream.reached.at(-1)?.headers).toMatchObject({
      'mcp-method': 'resources/read',
      'mcp-name': encoded,
      'mcp-param-x': '=?base64?eA==?=',
      'mcp-protocol-version': '2026-07-28',
    })
  })

  test('the body arrives byte for byte, with what no parser of ours could keep', async () => {
    const text =
      ' { "jsonrpc":"2.0",\n "id":12345678901234567890, "method" : "ping", "params":{"x":1.0,"y":1e2,"é":"\\u00e9"} , "extra":[ ] } '
    await door.post('ada', text, session)
    expect(upstream.reached.at(-1)?.text).toBe(text)
  })
})

describe('on the way back', () => {
  const answering = async (answer: (id: unknown) => Response): Promise<OpenGateway> => {
    const scripted = scriptedUpstream((seen) =>
      seen.body.method === 'ping' ? answer(seen.body.id) : undefined,
    )
    return openGateway({ upstream: scripted.upstream })
  }

  test('a JSON answer is byte for byte, and only harmless headers come with it', async () => {
    const text =
      '{"jsonrpc":"2.0","id":1, "result":{"big":12345678901234567890,"_meta":{"x":1.0}},"extra":null}'
    const own = await answering(
      () =>
        new Response(text, {
          headers: {
            'content-type': 'application/json; charset=utf-8',
            'set-cookie': 'a=b',
            server: 'secret/1',
            'access-control-allow-origin': 'https://evil.example',
            'access-control-allow-credentials': 'true',
            'mcp-session-id': 'of-the-upstream',
            'www-authenticate': 'Bearer realm="other"',
            link: '<x>',
          },
        }),
    )
    const response = await own.post('ada', ping)
    expect(await response.text()).toBe(text)
    expect(Object.fromEntries(response.headers)).toEqual({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, DPoP-Nonce',
      'content-type': 'application/json',
    })
  })

  test('[GW-13] [HTTP-2026-07-28-26] an event stream is byte for byte, ids and retry included, and asks not to be buffered', async () => {
    const text =
      ': hello\n\nid: s1-0\nretry: 200\ndata: \n\nevent: message\nid: s1-1\ndata: {"jsonrpc":"2.0","method":"notifications/x"}\n\ndata: {"jsonrpc":"2.0",\ndata:  "id":1,"result":{}}\r\n\r\n'
    const own = await answering(
      () => new Response(text, { headers: { 'content-type': 'text/event-stream' } }),
    )
    const response = await own.post('ada', ping)
    expect(await response.text()).toBe(text)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(response.headers.get('x-accel-buffering')).toBe('no')
  })

  test('[HTTP-2025-03-26-19] a GET resumes where the client says, and passes through too', async () => {
    const scripted = scriptedUpstream((seen) =>
      seen.method === 'GET'
        ? new Response('id: 8\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n', {
            headers: { 'content-type': 'text/event-stream' },
          })
        : undefined,
    )
    const own = await openGateway({ upstream: scripted.upstream })
    const opened = await own.openSession('ada')
    const headers = {
      ...opened,
      authorization: 'Bearer ada',
      accept: 'text/event-stream',
      'last-event-id': '7',
    }
    const response = await own.send({ headers })
    expect(await response.text()).toBe('id: 8\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n')
    expect(scripted.reached.at(-1)?.headers).toMatchObject({
      'last-event-id': '7',
      accept: 'text/event-stream',
    })
  })

  test.each([
    [405, 405],
    [406, 405],
    [500, 405],
    [409, 409],
    [404, 404],
  ])('[MUX-04] [HTTP-2025-03-26-15] a GET that the upstream answers with %i is %i', async (theirs, ours) => {
    const scripted = scriptedUpstream((seen) =>
      seen.method === 'GET' ? new Response('no', { status: theirs }) : undefined,
    )
    const own = await openGateway({ upstream: scripted.upstream })
    const headers = {
      ...(await own.openSession('ada')),
      authorization: 'Bearer ada',
      accept: 'text/event-stream',
    }
    expect((await own.send({ headers })).status).toBe(ours)
  })

  test.each([401, 403])(
    '[GW-1] [GW-14] a %i of the upstream is its operator’s business: no challenge, no sign-in',
    async (status) => {
      const own = await answering(
        () =>
          new Response('{"error":"invalid_token"}', {
            status,
            headers: { 'www-authenticate': 'Bearer resource_metadata="https://other.example/"' },
          }),
      )
      const response = await own.post('ada', ping)
      expect(response.status).toBe(200)
      expect(response.headers.get('www-authenticate')).toBeNull()
      const { id, error } = await readAnswer(response)
      expect(id).toBe(1)
      expect(error).toMatchObject({ code: -32000, message: expect.stringContaining(`HTTP ${status}`) })
      expect(own.events.find(({ name }) => name === 'upstream.failed')?.reason).toContain(`HTTP ${status}`)
    },
  )

  test.each([
    ['400 with a message', 400, '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}', -32602],
    ['404 with a message', 404, '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}', -32601],
    ['422 with a page', 422, '<html>', -32000],
  ])('[GW-4] %s keeps its status and never brings HTML', async (_, status, text, code) => {
    const type = text.startsWith('{') ? 'application/json' : 'text/html'
    const own = await answering(() => new Response(text, { status, headers: { 'content-type': type } }))
    const response = await own.post('ada', ping)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect((await readAnswer(response)).error?.code).toBe(code)
  })

  test('a stack that the upstream sends with a 500 stays there', async () => {
    const own = await answering(() => new Response('Error: at /srv/app.js:1', { status: 500 }))
    const text = await (await own.post('ada', ping)).text()
    expect(text).toContain('HTTP 500')
    expect(text).not.toContain('/srv')
  })

  test('a batch that fails is answered under each id', async () => {
    const scripted = scriptedUpstream((seen) =>
      seen.text.startsWith('[') ? new Response(null, { status: 502 }) : undefined,
    )
    const own = await openGateway({ upstream: scripted.upstream })
    const response = await own.post('ada', [
      ping,
      { ...ping, id: 'b' },
      { jsonrpc: '2.0', method: 'notifications/x' },
    ])
    expect((await readMessages(response)).map(({ id, error }) => [id, error?.code])).toEqual([
      [1, -32000],
      ['b', -32000],
    ])
  })

  test('an upstream that never answers is given up, under the request’s id', async () => {
    const scripted = scriptedUpstream(
      (seen) => (seen.body.method === 'tools/call' ? new Promise<Response>(() => {}) : undefined),
      { callDeadlineMs: 30 },
    )
    const own = await openGateway({ upstream: scripted.upstream })
    const response = await own.post('ada', call)
    expect(response.status).toBe(200)
    expect(await readAnswer(response)).toMatchObject({ id: 'call-1', error: { code: -32000 } })
  })

  test('[GW-13] a silent stream carries comments between events, and none inside one', async () => {
    const encoder = new TextEncoder()
    const parts = [
      'data: {"jsonrpc":"2.0",',
      '\ndata: "method":"notifications/x"}\n\n',
      'data: {"jsonrpc":"2.0","id":"call-1","result":{}}\n\n',
    ]
    const scripted = scriptedUpstream(
      (seen) => {
        if (seen.body.method !== 'tools/call') return undefined
        const body = new ReadableStream<Uint8Array>({
          async pull(controller) {
            const part = parts.shift()
            if (part === undefined) return controller.close()
            controller.enqueue(encoder.encode(part))
            await new Promise((resolve) => setTimeout(resolve, 60))
          },
        })
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
      },
      { keepAliveMs: 10 },
    )
    const own = await openGateway({ upstream: scripted.upstream })
    const text = await (await own.post('ada', call)).text()
    expect(text).toContain('"notifications/x"}\n\n: keep-alive\n\n')
    expect(text.replaceAll(': keep-alive\n\n', '')).toBe(
      'data: {"jsonrpc":"2.0",\ndata: "method":"notifications/x"}\n\ndata: {"jsonrpc":"2.0","id":"call-1","result":{}}\n\n',
    )
  })

  test('a stream on which nothing comes any more is ended, and the call that waits on it with an error', async () => {
    const scripted = scriptedUpstream(
      (seen) =>
        seen.body.method === 'tools/call'
          ? new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
          : undefined,
      { keepAliveMs: 10, streamIdleMs: 50 },
    )
    const own = await openGateway({ upstream: scripted.upstream })
    const text = await (await own.post('ada', call)).text()
    const [, answer] = text.replaceAll(': keep-alive\n\n', '').split('data: ')
    expect(JSON.parse(answer ?? '')).toMatchObject({ id: 'call-1', error: { code: -32000 } })
    expect(answer).toContain('broke off in the middle of its answer')
  })

  test('[GW-12] a client that hangs up ends the exchange with the upstream', async () => {
    let isCancelled = false
    const scripted = scriptedUpstream((seen) =>
      seen.body.method === 'tools/call'
        ? new Response(
            new ReadableStream({
              cancel() {
                isCancelled = true
              },
            }),
            { headers: { 'content-type': 'text/event-stream' } },
          )
        : undefined,
    )
    const own = await openGateway({ upstream: scripted.upstream })
    const response = await own.post('ada', call)
    await response.body?.cancel()
    await until(() => isCancelled, 'the cancellation to reach the upstream')
  })
})

describe('streams of their own', () => {
  test('have a greatest number for each person and client, and closing one makes room', async () => {
    const scripted = scriptedUpstream((seen) =>
      seen.method === 'GET'
        ? new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
        : undefined,
    )
    const own = await openGateway({ upstream: scripted.upstream, limits: { streamsPerCaller: 2 } })
    const listen = async (token: string): Promise<Response> => {
      const opened = await own.openSession(token)
      return own.send({
        headers: { ...opened, authorization: `Bearer ${token}`, accept: 'text/event-stream' },
      })
    }
    const [first, second] = [await listen('ada'), await listen('ada')]
    expect([first.status, second.status]).toEqual([200, 200])
    const third = await listen('ada')
    expect(third.status).toBe(429)
    expect(third.headers.get('retry-after')).toBe('30')
    expect((await listen('bob')).status).toBe(200)
    await first.body?.cancel()
    expect((await listen('ada')).status).toBe(200)
  })

  test('end soon after their token was revoked, those of others do not', async () => {
    const scripted = scriptedUpstream((seen) =>
      seen.method === 'GET'
        ? new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
        : undefined,
    )
    const good = new Set(['ada', 'bob'])
    const own = await openGateway({
      upstream: scripted.upstream,
      limits: { streamRecheckMs: 10 },
      findPrincipal: async (token) => (good.has(token) ? tokens[token] : undefined),
    })
    const listen = async (token: string): Promise<Response> => {
      const opened = await own.openSession(token)
      return own.send({
        headers: { ...opened, authorization: `Bearer ${token}`, accept: 'text/event-stream' },
      })
    }
    const [ada, bob] = [await listen('ada'), await listen('bob')]
    let isBobsOver = false
    void bob.text().then(() => {
      isBobsOver = true
    })
    good.delete('ada')
    expect(await ada.text()).toBe('')
    expect(isBobsOver).toBe(false)
    await own.gateway.close()
    await until(() => isBobsOver, 'the gateway to end the rest')
  })

  test('[MUX-04] one that the upstream refuses is not counted', async () => {
    const own = await openGateway({ upstream: scriptedUpstream().upstream, limits: { streamsPerCaller: 1 } })
    const headers = {
      ...(await own.openSession('ada')),
      authorization: 'Bearer ada',
      accept: 'text/event-stream',
    }
    for (let count = 0; count < 3; count++) expect((await own.send({ headers })).status).toBe(405)
  })
})

test('[HS-17] events tell what was done, by whom, in one flow, and never a token', async () => {
  await door.post('ada', call, session)
  expect(door.events.at(-1)).toMatchObject({
    name: 'mcp.request',
    flowId: 'flow-of-ada',
    userId: 'ada',
    clientId: 'claude',
    connector: '/mcp',
    method: 'POST',
    rpcMethod: 'tools/call',
    tool: 'search',
    status: 200,
  })
  expect(door.events[0]).toMatchObject({
    name: 'session.opened',
    clientName: 'test',
    protocolVersion: '2025-11-25',
  })
  const told = JSON.stringify(door.events)
  expect(told).not.toContain('Bearer')
  expect(told).not.toContain(session['mcp-session-id'])
})

test('[HTTP-2025-03-26-09] [MUX-13] what a notification is answered with by the upstream stays there', async () => {
  const scripted = scriptedUpstream((seen) =>
    seen.body.id === undefined && seen.method === 'POST' ? result(seen, {}) : undefined,
  )
  const own = await openGateway({ upstream: scripted.upstream })
  await readAnswer(await own.post('ada', initializeMessage('2025-11-25')))
  const response = await own.post('ada', { jsonrpc: '2.0', method: 'notifications/x' })
  expect([response.status, await response.text()]).toEqual([202, ''])
})
