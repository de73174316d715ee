// A URL whose server speaks HTTP+SSE, told of it or found out.

import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { urlUpstream } from '../../../src/gateway/upstreams/url.ts'
import { initializeMessage, type OpenGateway, openGateway, readAnswer, until } from '../open-gateway.ts'
import { startHttpKit } from './http-kit.ts'
import { type SseKit, startSseKit } from './sse-kit.ts'
import { describeUpstream } from './upstream-kit.ts'

describeUpstream('a URL of an HTTP+SSE server', async () => {
  const kit = await startSseKit()
  return { upstream: urlUpstream({ url: kit.url }), close: () => kit.close() }
})

describeUpstream('a URL of a Streamable HTTP server, found out', async () => {
  const kit = await startHttpKit()
  return { upstream: urlUpstream({ url: kit.url }), close: () => kit.close() }
})

let kit: SseKit
beforeAll(async () => {
  kit = await startSseKit()
})
afterAll(() => kit.close())

const echo = (text: string): object => ({
  jsonrpc: '2.0',
  id: text,
  method: 'tools/call',
  params: { name: 'echo', arguments: { text } },
})

async function open(options: Parameters<typeof urlUpstream>[0]): Promise<OpenGateway> {
  const door = await openGateway({ upstream: urlUpstream(options) })
  onTestFinished(() => door.gateway.close())
  return door
}

test('[HTTP-2025-03-26-26] [HTTP-2024-11-05-06] [HTTP-2024-11-05-08] [HTTP-2024-11-05-10] POST first, then GET; from then on it is remembered, with the operator’s headers and not the client’s', async () => {
  const headers = { authorization: 'Bearer of-the-operator' }
  const door = await open({ url: kit.url, headers })
  kit.heard.length = 0
  const session = await door.openSession('ada')
  await readAnswer(await door.post('ada', echo('one'), session))
  await door.openSession('bob')
  const [first, second, ...rest] = kit.heard.map(({ method, path }) => `${method} ${path}`)
  expect([first, second]).toEqual(['POST /sse', 'GET /sse'])
  expect(new Set(rest)).toEqual(new Set(['GET /sse', 'POST /messages']))
  for (const heard of kit.heard) expect(heard.headers).toMatchObject(headers)
  expect(door.events.filter(({ name }) => name === 'upstream.failed')).toEqual([])
})

test('a server that was started again is invisible to a session that goes on', async () => {
  const door = await open({ url: kit.url })
  const session = await door.openSession('ada')
  await readAnswer(await door.post('ada', echo('before'), session))
  kit.restart()
  await until(() => door.events.some(({ name }) => name === 'upstream.exited'), 'the end of the connection')
  const answer = await readAnswer(await door.post('ada', echo('after'), session))
  expect(answer).toMatchObject({ id: 'after', result: { content: [{ text: 'after' }] } })
})

test('closing leaves no stream open', async () => {
  const own = await startSseKit()
  const door = await openGateway({ upstream: urlUpstream({ url: own.url }) })
  await door.openSession('ada')
  expect(own.open()).toBe(1)
  await door.gateway.close()
  await until(() => own.open() === 0, 'the stream to be closed')
  await own.close()
})

/** Answers every POST with 404, and GET as the test likes. */
async function serverThat(
  onGet: (response: ServerResponse) => void,
): Promise<{ url: string; posts: string[] }> {
  const posts: string[] = []
  const http: Server = createServer((request, response) => {
    if (request.method === 'GET') return onGet(response)
    posts.push(request.url ?? '')
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/sse`, posts }
}

test('[HTTP-2024-11-05-06] nothing is written to another server than the one that was configured', async () => {
  const elsewhere = await serverThat(() => {})
  const server = await serverThat((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`event: endpoint\ndata: ${elsewhere.url}\n\n`)
  })
  const door = await open({ url: server.url, headers: { authorization: 'Bearer of-the-operator' } })
  const answer = await readAnswer(await door.post('ada', initializeMessage('2025-11-25')))
  expect(answer.error?.message).toContain('another server')
  expect(elsewhere.posts).toEqual([])
})

test.each([
  ['no stream', (response: ServerResponse) => void response.writeHead(405).end()],
  [
    'a stream without an address to write to',
    (response: ServerResponse) =>
      void response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .write('event: message\ndata: {}\n\n'),
  ],
  [
    'a page',
    (response: ServerResponse) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
  ],
])('a URL that answers GET with %s is no HTTP+SSE server: the client hears of the POST', async (_, onGet) => {
  const server = await serverThat(onGet)
  const door = await open({ url: server.url })
  const response = await door.post('ada', initializeMessage('2025-11-25'))
  expect(response.status).toBe(200)
  expect((await readAnswer(response)).error?.message).toContain('HTTP 404')
  expect(server.posts).toEqual(['/sse'])
})
