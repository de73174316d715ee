// Both transports and both eras, against the official SDKs, and what a stream may do on the way.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { createMcpHandler, McpServer as ModernServer } from '@modelcontextprotocol/server'
import { afterEach, expect, test } from 'vitest'
import { claudeCode, claudeHosted, strict } from '../../src/client/surfaces/index.ts'
import { strictAt } from '../../src/client/surfaces/strict.ts'
import { household, steps } from './connection.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

type Handler = (request: Request) => Response | Promise<Response>

async function start(handler: Handler): Promise<string> {
  const http = serve({ fetch: handler, port: 0, hostname: '127.0.0.1' }) as Server
  await new Promise((resolve) => http.once('listening', resolve))
  closing.push(() => {
    http.closeAllConnections()
    http.close()
  })
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

/** The SDK's own server of 2024-11-05: GET /sse for what comes, POST /messages for what goes. */
async function startEventServer(
  change: { foreignEndpoint?: string; delayBetween?: boolean } = {},
): Promise<{ url: string; headers: string[] }> {
  const transports = new Map<string, SSEServerTransport>()
  const headers: string[] = []
  const http = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    headers.push(`${request.method} ${url.pathname} ${request.headers.authorization ?? ''}`.trim())
    if (request.method === 'GET' && url.pathname === '/sse') {
      if (change.foreignEndpoint !== undefined) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(`event: endpoint\ndata: ${change.foreignEndpoint}\n\n`)
        return
      }
      const transport = new SSEServerTransport('/messages', response)
      transports.set(transport.sessionId, transport)
      const server = new McpServer({ name: 'old', version: '1' })
      server.registerTool('hello', { title: 'Hello' }, async () => ({
        content: [{ type: 'text', text: 'hello' }],
      }))
      await server.connect(transport)
      if (change.delayBetween) response.write('id: 1\nretry: 500\n\n')
      return
    }
    const transport = transports.get(url.searchParams.get('sessionId') ?? '')
    if (request.method === 'POST' && url.pathname === '/messages' && transport !== undefined) {
      await transport.handlePostMessage(request, response)
      return
    }
    response.writeHead(request.method === 'POST' && url.pathname === '/sse' ? 405 : 404).end()
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    http.closeAllConnections()
    http.close()
  })
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/sse`, headers }
}

const hello = { calls: [{ name: 'hello', arguments: {} }] }

test('[HTTP-2024-11-05-06, HTTP-2024-11-05-08, HTTP-2024-11-05-10] HTTP+SSE with the SDK: the stream, the endpoint, initialize, a call', async () => {
  const { url, headers } = await startEventServer()
  const connection = await household({ url }, strictAt('2024-11-05')).connect(hello)
  expect(connection.failure).toBeUndefined()
  expect(connection.session).toMatchObject({ transport: 'http+sse', protocolVersion: '2024-11-05' })
  expect(connection.calls[0]?.result.content).toEqual([{ type: 'text', text: 'hello' }])
  expect(headers).toEqual(['GET /sse', ...Array(4).fill('POST /messages')])
  const sent = connection.transcript.steps.flatMap(({ exchanges }) =>
    exchanges.map(({ requestBody }) => requestBody ?? ''),
  )
  expect(sent.map((body) => /"method":"([^"]+)"/.exec(body)?.[1])).toEqual([
    undefined,
    'initialize',
    'notifications/initialized',
    'tools/list',
    'tools/call',
  ])
})

test('an event of a delay and an id alone is no message, and harms none', async () => {
  const { url } = await startEventServer({ delayBetween: true })
  const connection = await household({ url }, strictAt('2024-11-05')).connect(hello)
  expect(connection.failure).toBeUndefined()
  expect(connection.calls[0]?.result.content).toEqual([{ type: 'text', text: 'hello' }])
})

test.each([
  ['claude-code', claudeCode],
  ['claude-hosted', claudeHosted],
])('%s speaks HTTP+SSE where the path ends in /sse', async (_, surface) => {
  const { url } = await startEventServer()
  const connection = await household({ url }, surface).connect(hello)
  expect(connection.failure).toBeUndefined()
  expect(connection.session?.transport).toBe('http+sse')
})

test('[HTTP-2025-11-25-21, HTTP-2025-03-26-26] a POST that is answered with 405 leads to the stream', async () => {
  const { url, headers } = await startEventServer()
  const connection = await household({ url }, strict).connect(hello)
  expect(connection.failure).toBeUndefined()
  expect(headers.slice(0, 2)).toEqual(['POST /sse', 'GET /sse'])
})

test.each([401, 403, 422])('[HTTP-2025-11-25-21] %i does not', async (status) => {
  const seen: string[] = []
  const url = await start((request) => {
    seen.push(`${request.method} ${new URL(request.url).pathname}`)
    return new Response(null, { status: seen.length === 1 ? status : 404 })
  })
  await household({ url: `${url}/mcp` }, strict).connect()
  expect(seen[0]).toBe('POST /mcp')
  expect(seen).not.toContain('GET /mcp')
})

test('[HTTP-2024-11-05-06] an endpoint at another origin gets neither the token nor anything else', async () => {
  const stolen: string[] = []
  const thief = await start((request) => {
    stolen.push(request.headers.get('authorization') ?? 'no token')
    return new Response(null, { status: 202 })
  })
  const { url } = await startEventServer({ foreignEndpoint: `${thief}/messages` })
  const home = household({ url }, strictAt('2024-11-05'))
  const connection = await home.connect({
    memory: {
      clients: {},
      tokens: {
        issuer: 'https://as.example',
        clientId: 'c',
        accessToken: 'token-that-must-stay',
        expiresAt: undefined,
        refreshToken: undefined,
        scope: undefined,
        resource: undefined,
      },
      issuer: undefined,
      callbackPort: undefined,
      stepUpScope: undefined,
    },
  })
  expect(connection.failure).toMatchObject({ reason: 'protocol' })
  expect(connection.failure?.says).toContain('not at the same origin')
  expect(stolen).toEqual([])
})

function modernHandler(legacy: 'stateless' | 'reject'): Handler {
  const handler = createMcpHandler(
    () => {
      const server = new ModernServer({ name: 'both eras', version: '1' })
      server.registerTool('hello', { title: 'Hello' }, async () => ({
        content: [{ type: 'text', text: 'hello' }],
      }))
      return server
    },
    { legacy },
  )
  return (request) => handler.fetch(request)
}

test.each([
  ['claude-code', claudeCode, 'modern'],
  ['claude-hosted', claudeHosted, 'modern'],
  ['strict 2026-07-28', strictAt('2026-07-28'), 'modern'],
  ['strict 2025-11-25', strict, 'legacy'],
  ['strict 2025-03-26', strictAt('2025-03-26'), 'legacy'],
])('%s with the SDK that serves both eras: the newest that it speaks', async (_, surface, era) => {
  const url = await start(modernHandler('stateless'))
  const connection = await household({ url: `${url}/mcp` }, surface).connect(hello)
  expect(connection.failure).toBeUndefined()
  expect(connection.session).toMatchObject({ era, server: { name: 'both eras' } })
  expect(connection.calls[0]?.result.content).toEqual([{ type: 'text', text: 'hello' }])
  expect(connection.tools.map(({ name }) => name)).toEqual(['hello'])
})

test('[HTTP-2026-07-28-07, HTTP-2026-07-28-09, HTTP-2026-07-28-14, HTTP-2026-07-28-15] a server of the modern era alone takes every request', async () => {
  const url = await start(modernHandler('reject'))
  const connection = await household({ url: `${url}/mcp` }, claudeCode).connect(hello)
  expect(connection.failure).toBeUndefined()
  expect(steps(connection)).toEqual(['probe passed', 'lists passed', 'call passed'])
})

const capabilities = { tools: {} }

/** A server of 2025 whose answer to the call is a stream of the test's making. */
function legacyHandler(call: (request: Request, id: unknown) => Response, seen: Request[] = []): Handler {
  return async (request) => {
    seen.push(request.clone())
    if (request.method === 'GET') return call(request, undefined)
    if (request.method === 'DELETE') return new Response(null, { status: 405 })
    const message = (await request.json()) as { id?: unknown; method?: string }
    if (message.method === 'server/discover') return new Response(null, { status: 404 })
    const result = {
      initialize: {
        protocolVersion: '2025-11-25',
        capabilities,
        serverInfo: { name: 'streams', version: '1' },
      },
      'tools/list': { tools: [{ name: 'hello' }] },
    }[message.method ?? '']
    if (message.id === undefined || message.method === undefined) return new Response(null, { status: 202 })
    if (result !== undefined) return Response.json({ jsonrpc: '2.0', id: message.id, result })
    return call(request, message.id)
  }
}

function stream(text: string, stay = false): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text))
      if (!stay) controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

test('[HTTP-2025-11-25-13, HTTP-2025-11-25-15, HTTP-2025-11-25-18] a stream that closes before its response is taken up again, after the time that was named', async () => {
  const seen: Request[] = []
  let closedAt = 0
  let askedAt = 0
  let waiting: unknown
  const url = await start(
    legacyHandler((request, id) => {
      if (request.method === 'POST') {
        waiting = id
        closedAt = performance.now()
        return stream('id: event-7\nretry: 150\ndata: \n\n')
      }
      if (request.headers.get('last-event-id') === null) return new Response(null, { status: 405 })
      askedAt = performance.now()
      return stream(`data: ${JSON.stringify({ jsonrpc: '2.0', id: waiting, result: { content: [] } })}\n\n`)
    }, seen),
  )
  const connection = await household({ url: `${url}/mcp` }, strict).connect(hello)
  expect(connection.failure).toBeUndefined()
  expect(seen.at(-1)?.headers.get('last-event-id')).toBe('event-7')
  expect(seen.at(-1)?.headers.get('accept')).toBe('text/event-stream')
  expect(askedAt - closedAt).toBeGreaterThanOrEqual(140)
})

test('a stream that just ends, without an id to take it up by, is the server’s fault', async () => {
  const url = await start(
    legacyHandler((request) =>
      request.method === 'GET' ? new Response(null, { status: 405 }) : stream(': bye\n\n'),
    ),
  )
  const connection = await household({ url: `${url}/mcp` }, strict).connect(hello)
  expect(connection.failure).toMatchObject({ reason: 'protocol' })
  expect(connection.failure?.says).toContain('ended before its response')
})

test('the response may come on the other stream', async () => {
  const late: { answer: ((id: unknown) => void) | undefined } = { answer: undefined }
  const url = await start(
    legacyHandler((request, id) => {
      if (request.method === 'GET') {
        const body = new ReadableStream({
          start(controller) {
            late.answer = (owed) => {
              const message = { jsonrpc: '2.0', id: owed, result: { content: [] } }
              controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(message)}\n\n`))
            }
            controller.enqueue(new TextEncoder().encode(': open\n\n'))
          },
        })
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
      }
      setTimeout(() => late.answer?.(id), 20)
      return stream(': wait\n\n', true)
    }),
  )
  const connection = await household({ url: `${url}/mcp` }, strict).connect(hello)
  expect(connection.failure).toBeUndefined()
})

test.each([
  ['roots/list', claudeCode, { result: { roots: [] } }],
  ['elicitation/create', claudeCode, { result: { action: 'cancel' } }],
  ['sampling/createMessage', claudeCode, { error: { code: -32601 } }],
  ['roots/list', strict, { error: { code: -32601 } }],
  ['ping', strict, { result: {} }],
] as const)(
  'the server asks %s in the middle of a call: answered by what was declared',
  async (method, surface, answer) => {
    const answers: unknown[] = []
    let answered: ((value: Response) => void) | undefined
    const inner = legacyHandler((request, id) => {
      if (request.method === 'GET') return new Response(null, { status: 405 })
      const ask = `data: ${JSON.stringify({ jsonrpc: '2.0', id: 'from-server', method })}\n\n`
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(ask))
          answered = () => {
            const message = { jsonrpc: '2.0', id, result: { content: [] } }
            controller.enqueue(new TextEncoder().encode(`data: ${JSON.stringify(message)}\n\n`))
            controller.close()
          }
        },
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    })
    const url = await start(async (request) => {
      const message =
        request.method === 'POST'
          ? ((await request.clone().json()) as { id?: unknown; method?: unknown })
          : {}
      if (message.id === 'from-server' && message.method === undefined) {
        answers.push(message)
        const accepted = new Response(null, { status: 202 })
        answered?.(accepted)
        return accepted
      }
      return inner(request)
    })
    const connection = await household({ url: `${url}/mcp` }, surface).connect(hello)
    expect(connection.failure).toBeUndefined()
    expect(answers).toMatchObject([{ jsonrpc: '2.0', id: 'from-server', ...answer }])
  },
)

test('[HTTP-2025-03-26-24] a lost session is opened again by the standard, and not by Claude Code', async () => {
  const outcomes = []
  for (const surface of [strict, claudeCode]) {
    let initialized = 0
    const inner = legacyHandler((request, id) =>
      request.method === 'GET'
        ? new Response(null, { status: 405 })
        : Response.json({ jsonrpc: '2.0', id, result: { content: [] } }),
    )
    const url = await start(async (request) => {
      const message = request.method === 'POST' ? ((await request.clone().json()) as { method?: string }) : {}
      if (message.method === 'server/discover') return new Response(null, { status: 404 })
      if (message.method === 'tools/call' && initialized === 1) return new Response(null, { status: 404 })
      const answer = await inner(request)
      if (message.method !== 'initialize') return answer
      initialized += 1
      return new Response(answer.body, {
        headers: { ...Object.fromEntries(answer.headers), 'mcp-session-id': `s-${initialized}` },
      })
    })
    const connection = await household({ url: `${url}/mcp` }, surface).connect(hello)
    outcomes.push([initialized, connection.failure?.reason])
  }
  expect(outcomes).toEqual([
    [2, undefined],
    [1, 'protocol'],
  ])
})

test.each([
  ['a version that never was', { protocolVersion: '2031-01-01', capabilities }, 'no handshake revision'],
  ['no version', { capabilities }, 'no handshake revision'],
])('[HTTP-2024-11-05-12] initialize answered with %s', async (_, result, says) => {
  const url = await start(async (request) => {
    const { id } = (await request.json()) as { id: unknown }
    return Response.json({ jsonrpc: '2.0', id, result })
  })
  const connection = await household({ url: `${url}/mcp` }, strict).connect()
  expect(connection.failure?.says).toContain(says)
})

test.each([
  ['a page', () => new Response('<html>hi', { headers: { 'content-type': 'text/html' } }), 'text/html'],
  ['another id', () => Response.json({ jsonrpc: '2.0', id: 99, result: {} }), 'not its response'],
  ['no JSON', () => new Response('{', { headers: { 'content-type': 'application/json' } }), 'not JSON'],
  ['no JSON-RPC', () => Response.json({ hello: 1 }), 'no JSON-RPC message'],
  ['500', () => new Response('out of order', { status: 500 }), 'status 500: out of order'],
])('the first answer is %s: the protocol is broken', async (_, answer, says) => {
  const url = await start(answer)
  for (const surface of [strict, claudeCode]) {
    const connection = await household({ url: `${url}/mcp` }, surface).connect()
    expect(connection.failure).toMatchObject({ reason: 'protocol' })
    expect(connection.failure?.says).toContain(says)
  }
})

test('a server that answers nothing is not reached, in the time that is allowed', async () => {
  const url = await start(() => new Promise<Response>(() => undefined))
  const hasty = { ...strict, deadlines: { ...strict.deadlines, requestSeconds: 0.1 } }
  const connection = await household({ url: `${url}/mcp` }, hasty).connect()
  expect(connection.failure).toMatchObject({ reason: 'not-reached' })
  const silent = await start(() => stream(': nothing\n\n', true))
  const streaming = await household({ url: `${silent}/mcp` }, hasty).connect()
  expect(streaming.failure).toMatchObject({ reason: 'not-reached' })
  expect(streaming.failure?.says).toContain('initialize was not answered within 0.1 seconds')
})
