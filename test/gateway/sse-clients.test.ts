// Clients of 2024-11-05 at the door, the official one among them, in front of servers of every transport.

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import {
  CallToolResultSchema,
  ElicitRequestSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Upstream } from '../../src/gateway/upstream.ts'
import { inProcessUpstream } from '../../src/gateway/upstreams/in-process.ts'
import { stdioUpstream } from '../../src/gateway/upstreams/stdio.ts'
import { urlUpstream } from '../../src/gateway/upstreams/url.ts'
import { readServerSentEvents, type ServerSentEvent } from '../../src/mcp/event-stream.ts'
import {
  initializeMessage,
  type OpenGateway,
  type OpenGatewayOptions,
  openGateway,
  origin,
  until,
} from './open-gateway.ts'
import { scriptedUpstream } from './scripted-upstream.ts'
import { kitHandler, startHttpKit } from './upstreams/http-kit.ts'
import { startSseKit } from './upstreams/sse-kit.ts'

const kitServer = new URL('./upstreams/kit-server.ts', import.meta.url).pathname

const upstreams: Record<string, () => Promise<Upstream>> = {
  'a command': async () =>
    stdioUpstream({
      command: [process.execPath, kitServer],
      cwd: process.cwd(),
      env: {},
      environment: process.env,
    }),
  'an HTTP+SSE server': async () => {
    const kit = await startSseKit()
    onTestFinished(() => kit.close())
    return urlUpstream({ url: kit.url })
  },
  'a Streamable HTTP server': async () => {
    const kit = await startHttpKit()
    onTestFinished(() => kit.close())
    return urlUpstream({ url: kit.url })
  },
  'a function in this process': async () => inProcessUpstream({ handler: kitHandler() }),
}

async function open(upstream: Upstream, options: Partial<OpenGatewayOptions> = {}): Promise<OpenGateway> {
  const door = await openGateway({ upstream, ...options })
  onTestFinished(() => door.gateway.close())
  return door
}

async function connect(door: OpenGateway, client: Client, token = 'ada'): Promise<SSEClientTransport> {
  const transport = new SSEClientTransport(new URL(`${origin}/mcp/sse`), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
    fetch: (url, init) => door.gateway.fetch(new Request(url, init)),
  })
  await client.connect(transport)
  onTestFinished(() => client.close())
  return transport
}

describe.each(Object.entries(upstreams))('in front of %s', (_, start) => {
  test('[MUX-12] [HTTP-2024-11-05-04] [HTTP-2024-11-05-07] the official client lists, calls, hears of progress and changes, and is asked', async () => {
    const door = await open(await start())
    const client = new Client({ name: 'old', version: '1' }, { capabilities: { elicitation: {} } })
    client.setRequestHandler(ElicitRequestSchema, async () => ({ action: 'decline' }))
    const { promise: changed, resolve: change } = Promise.withResolvers<void>()
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => change())
    await connect(door, client)
    const call = async (name: string, seen: number[] = []): Promise<unknown> =>
      (
        await client.callTool({ name, arguments: { text: 'hé\n' } }, CallToolResultSchema, {
          onprogress: ({ progress }) => void seen.push(progress),
        })
      ).content
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo')
    expect(await call('echo')).toEqual([{ type: 'text', text: 'hé\n' }])
    const seen: number[] = []
    expect(await call('progress', seen)).toEqual([{ type: 'text', text: 'done' }])
    expect(seen).toEqual([1, 2, 3])
    expect(await call('ask')).toEqual([{ type: 'text', text: 'they decline' }])
    await call('change')
    await changed
  })

  test('a call that the server does not live through is an error, and the next one works', async () => {
    const door = await open(await start())
    const client = new Client({ name: 'old', version: '1' })
    await connect(door, client)
    await expect(client.callTool({ name: 'crash', arguments: {} })).rejects.toThrow(/-32000|MCP server/)
    const { content } = await client.callTool({ name: 'echo', arguments: { text: 'alive' } })
    expect(content).toEqual([{ type: 'text', text: 'alive' }])
  })
})

interface Stream {
  address: string
  events: AsyncGenerator<ServerSentEvent>
  close(): Promise<void>
}

async function openStream(door: OpenGateway, token: string | undefined): Promise<Stream> {
  const headers = { accept: 'text/event-stream', ...(token && { authorization: `Bearer ${token}` }) }
  const response = await door.send({ path: '/mcp/sse', headers })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  if (response.body === null) throw new Error('there is no stream')
  const events = readServerSentEvents(response.body)
  const first = (await events.next()).value as ServerSentEvent
  expect(first.event).toBe('endpoint')
  return { address: first.data, events, close: async () => void (await events.return(undefined)) }
}

function post(door: OpenGateway, path: string, token: string, message: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return door.send({ path, method: 'POST', headers, body: JSON.stringify(message) })
}

test('[HTTP-2024-11-05-05] [HTTP-2024-11-05-07] [HTTP-2024-11-05-09] the address comes first, the POST is 202 without a word, and the answer comes on the stream with the version that was asked for', async () => {
  const door = await open(inProcessUpstream({ handler: kitHandler() }))
  const { address, events, close } = await openStream(door, 'ada')
  expect(new URL(address, origin).pathname).toBe('/mcp/sse')
  const response = await post(door, address, 'ada', initializeMessage('2024-11-05'))
  expect([response.status, await response.text()]).toEqual([202, ''])
  const { event, data } = (await events.next()).value as ServerSentEvent
  expect(event).toBe('message')
  expect(JSON.parse(data)).toMatchObject({ id: 'init', result: { protocolVersion: '2024-11-05' } })
  await close()
})

test('[HTTP-2024-11-05-03] [HTTP-2024-11-05-01] no stream without a token, and none for a page of somebody else', async () => {
  const door = await open(scriptedUpstream().upstream)
  const accept = 'text/event-stream'
  const nobody = await door.send({ path: '/mcp/sse', headers: { accept } })
  expect(nobody.status).toBe(401)
  expect(nobody.headers.get('www-authenticate')).toContain('resource_metadata')
  const page = { accept, authorization: 'Bearer ada', origin: 'https://evil.example' }
  expect((await door.send({ path: '/mcp/sse', headers: page })).status).toBe(403)
  const { address, close } = await openStream(door, 'ada')
  const headers = { authorization: 'Bearer ada', origin: 'https://evil.example' }
  expect((await door.send({ path: address, method: 'POST', headers, body: '{}' })).status).toBe(403)
  expect((await post(door, address, 'unknown', initializeMessage('2024-11-05'))).status).toBe(401)
  await close()
})

test('a stream is of one person with one client: others may not write to it, nor may anybody once it is closed', async () => {
  const upstream = scriptedUpstream()
  const door = await open(upstream.upstream)
  const { address, close } = await openStream(door, 'ada')
  for (const token of ['bob', 'ada-elsewhere']) {
    expect((await post(door, address, token, initializeMessage('2024-11-05'))).status).toBe(404)
  }
  expect(upstream.reached).toEqual([])
  expect((await post(door, address, 'ada-refreshed', initializeMessage('2024-11-05'))).status).toBe(202)
  await close()
  expect((await post(door, address, 'ada', initializeMessage('2024-11-05'))).status).toBe(404)
})

test('when the stream is closed, the session of the server behind it ends', async () => {
  const upstream = scriptedUpstream()
  const door = await open(upstream.upstream)
  const { address, events, close } = await openStream(door, 'ada')
  await post(door, address, 'ada', initializeMessage('2024-11-05'))
  await events.next()
  await close()
  await until(() => door.events.some(({ name }) => name === 'session.ended'), 'its end')
})

test('what cannot be read is said by the POST, with nothing on the stream', async () => {
  const door = await open(scriptedUpstream().upstream, { limits: { bodyBytes: 200 } })
  const { address, close } = await openStream(door, 'ada')
  const headers = { authorization: 'Bearer ada' }
  expect((await door.send({ path: address, method: 'POST', headers, body: '{' })).status).toBe(415)
  expect((await post(door, address, 'ada', { jsonrpc: '1.0' })).status).toBe(400)
  expect(
    (await post(door, address, 'ada', { ...initializeMessage('2024-11-05'), filler: 'x'.repeat(300) }))
      .status,
  ).toBe(413)
  await close()
})

test('a person has a limited number of streams, and the house as well', async () => {
  const door = await open(scriptedUpstream().upstream, { limits: { streamsPerCaller: 2, sseClients: 3 } })
  const ask = (token: string): Promise<Response> =>
    door.send({
      path: '/mcp/sse',
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    })
  const open_ = [await openStream(door, 'ada'), await openStream(door, 'ada')]
  const refused = await ask('ada')
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30'])
  open_.push(await openStream(door, 'bob'))
  expect((await ask('bob')).status).toBe(429)
  await open_[0]?.close()
  open_.push(await openStream(door, 'bob'))
  for (const { close } of open_) await close()
})

test('[MUX-04] the endpoint itself opens no such stream; its second address serves later revisions too', async () => {
  const door = await open(inProcessUpstream({ handler: kitHandler() }))
  const headers = { authorization: 'Bearer ada', accept: 'text/event-stream' }
  expect((await door.send({ headers })).status).toBe(405)
  const response = await post(door, '/mcp/sse', 'ada', initializeMessage('2025-11-25'))
  expect(response.status).toBe(200)
  expect(response.headers.get('mcp-session-id')).toMatch(/./)
})

test('without sign-in, strangers have streams of their own', async () => {
  const door = await open(inProcessUpstream({ handler: kitHandler() }), { access: 'none' })
  const [one, other] = [await openStream(door, undefined), await openStream(door, undefined)]
  expect(one.address).not.toBe(other.address)
  await post(door, other.address, 'nobody', initializeMessage('2024-11-05'))
  expect(JSON.parse(((await other.events.next()).value as ServerSentEvent).data)).toMatchObject({
    id: 'init',
  })
  await one.close()
  await other.close()
})
