import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startBearerRelay } from './bearer-relay.ts'

test('adds the token and leaves Host, Origin and the rest as they came', async () => {
  const { relayUrl, heard } = await startPair()
  const answer = await send(relayUrl, {
    headers: {
      Host: 'evil.example.com',
      Origin: 'http://evil.example.com',
      Authorization: 'Bearer other',
      'X-Own': 'kept',
    },
    body: '{"jsonrpc":"2.0"}',
  })
  expect(answer.statusCode).toBe(418)
  expect(answer.headers['x-answer']).toBe('yes')
  expect(heard[0]).toMatchObject({
    method: 'POST',
    url: '/mcp',
    body: '{"jsonrpc":"2.0"}',
    headers: {
      host: 'evil.example.com',
      origin: 'http://evil.example.com',
      authorization: 'Bearer t0ken',
      'x-own': 'kept',
    },
  })
})

test('hands on the first part of a stream before there is a second', async () => {
  const { relayUrl, finish } = await startPair()
  const answer = await send(relayUrl, { headers: { Accept: 'text/event-stream' }, body: '' })
  const parts = answer[Symbol.asyncIterator]()
  expect(String((await parts.next()).value)).toBe('data: 1\n\n')
  finish()
  expect(String((await parts.next()).value)).toBe('data: 2\n\n')
  expect((await parts.next()).done).toBe(true)
})

interface Heard {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

async function startPair(): Promise<{ relayUrl: string; heard: Heard[]; finish: () => void }> {
  const heard: Heard[] = []
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  const target = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    heard.push({ method: request.method, url: request.url, headers: request.headers, body })
    if (request.headers.accept !== 'text/event-stream')
      return response.writeHead(418, { 'x-answer': 'yes' }).end()
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: 1\n\n')
    await finished
    return response.end('data: 2\n\n')
  })
  await new Promise<void>((ready) => target.listen(0, '127.0.0.1', ready))
  const { port } = target.address() as AddressInfo
  const relay = await startBearerRelay({ target: `http://127.0.0.1:${port}/mcp`, token: 't0ken' })
  onTestFinished(async () => {
    await relay.close()
    target.closeAllConnections()
    target.close()
  })
  return { relayUrl: relay.url, heard, finish }
}

/** Not fetch, which chooses Host by itself. */
function send(
  url: string,
  options: { headers: Record<string, string>; body: string },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST', headers: options.headers }, resolve)
    request.once('error', reject)
    request.end(options.body)
  })
}
