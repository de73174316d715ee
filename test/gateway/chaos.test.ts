// Servers that misbehave, clients that vanish, and more calls than anybody can serve: what each costs the others.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { UpstreamLimits } from '../../src/gateway/limits.ts'
import { urlUpstream } from '../../src/gateway/upstreams/url.ts'
import { readServerSentEvents } from '../../src/mcp/event-stream.ts'
import {
  initializeMessage,
  type OpenGateway,
  openGateway,
  type RpcAnswer,
  readAnswer,
  until,
} from './open-gateway.ts'
import { result, scriptedUpstream } from './scripted-upstream.ts'

const call = (id: unknown, name: string): Record<string, unknown> => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: {} },
})

type Misbehaviour = (response: ServerResponse, request: IncomingMessage, id: unknown) => void

interface Chaos {
  door: OpenGateway
  session: Record<string, string>
}

/** A server that is well but for the tool `chaos`. */
async function serverWith(chaos: Misbehaviour, limits: Partial<UpstreamLimits> = {}): Promise<Chaos> {
  const http = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const { id, method, params } = text === '' ? {} : JSON.parse(text)
    if (params?.name === 'chaos') return chaos(response, request, id)
    if (id === undefined) return void response.writeHead(202).end()
    const answer =
      method === 'initialize'
        ? { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'chaos', version: '1' } }
        : { content: [{ type: 'text', text: 'well' }] }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: answer }))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  const { port } = http.address() as AddressInfo
  const upstream = urlUpstream({ url: `http://127.0.0.1:${port}/mcp`, limits })
  const door = await openGateway({ upstream })
  return { door, session: await door.openSession('ada') }
}

async function isWell({ door, session }: Chaos): Promise<void> {
  expect(await readAnswer(await door.post('ada', call('next', 'other'), session))).toMatchObject({
    id: 'next',
  })
}

/** As clients read: what is no message is passed over. */
async function lastMessage(response: Response): Promise<RpcAnswer | undefined> {
  if (response.headers.get('content-type') !== 'text/event-stream') return readAnswer(response)
  let last: RpcAnswer | undefined
  if (response.body === null) return undefined
  for await (const { data } of readServerSentEvents(response.body)) {
    try {
      last = JSON.parse(data) as RpcAnswer
    } catch {
      // Half an event of a server that broke off.
    }
  }
  return last
}

const json = { 'content-type': 'application/json' }
const stream = { 'content-type': 'text/event-stream' }

describe('a server that', () => {
  const misbehaviours: Record<string, Misbehaviour> = {
    'hangs before its answer': () => {},
    'hangs in its stream': (response) => void response.writeHead(200, stream).write('data: {"jsonr'),
    'breaks the connection': (response) => void response.destroy(),
    'breaks the connection in its stream': (response) => {
      response.writeHead(200, stream).write('data: {"jsonrpc":"2.0",')
      setTimeout(() => response.destroy(), 10)
    },
    'answers with a page': (response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    'answers with nothing': (response) => void response.writeHead(200).end(),
    'answers with 500': (response) => void response.writeHead(500, json).end('{"oops":'),
    'speaks no HTTP': (response) => void response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n'),
    'sends a header of a megabyte': (response) =>
      void response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1 << 20)}\r\n\r\n`),
  }

  test.each(Object.entries(misbehaviours))(
    '%s gives an error under the id of the call, and the next call works',
    async (_, misbehave) => {
      const chaos = await serverWith(misbehave, { callDeadlineMs: 100, streamIdleMs: 60, keepAliveMs: 20 })
      const last = await lastMessage(await chaos.door.post('ada', call('c', 'chaos'), chaos.session))
      expect(last).toMatchObject({ id: 'c', error: { code: -32000 } })
      expect(last?.error?.message).not.toMatch(/127\.0\.0\.1|node:| at /)
      await isWell(chaos)
    },
  )
})

describe('a server that sends a gigabyte', () => {
  const gigabyte = 1024 ** 3

  /** As fast as it is read. */
  function pour(response: ServerResponse, first: string, done: (bytes: number) => void): void {
    const chunk = Buffer.alloc(1 << 16, 'x')
    let bytes = 0
    const more = (): void => {
      while (!response.destroyed && bytes < gigabyte) {
        bytes += chunk.length
        if (!response.write(chunk)) return void response.once('drain', more)
      }
      response.end()
    }
    response.on('close', () => done(bytes))
    response.write(first)
    more()
  }

  test.each([
    ['in one JSON', json, '{"jsonrpc":"2.0","id":"c","result":"'],
    ['in one event', stream, 'data: {"jsonrpc":"2.0","id":"c","result":"'],
  ])('%s is cut off at the limit, whatever the client would read', async (_, headers, first) => {
    const { promise: poured, resolve } = Promise.withResolvers<number>()
    const chaos = await serverWith((response) => pour(response.writeHead(200, headers), first, resolve))
    let read = 0
    const response = await chaos.door.post('ada', call('c', 'chaos'), chaos.session)
    const reading = (async () => {
      for await (const chunk of response.body ?? []) read += chunk.byteLength
    })()
    await reading.catch(() => undefined)
    // 32 MiB and what is in buffers between.
    expect(await poured).toBeLessThan(64 * 1024 ** 2)
    expect(read).toBeLessThan(34 * 1024 ** 2)
    await isWell(chaos)
  })

  test('in small events to a client that does not read waits with them', async () => {
    let written = 0
    const chaos = await serverWith((response) => {
      response.writeHead(200, stream)
      const event = `data: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":"${'x'.repeat(1 << 16)}"}}\n\n`
      const more = (): void => {
        while (!response.destroyed && written < gigabyte) {
          written += event.length
          if (!response.write(event)) return void response.once('drain', more)
        }
      }
      more()
    })
    const response = await chaos.door.post('ada', call('c', 'chaos'), chaos.session)
    const reader = response.body?.getReader()
    await reader?.read()
    let before = -1
    await until(async () => {
      const isStill = written === before
      before = written
      await new Promise((resolve) => setTimeout(resolve, 50))
      return isStill
    }, 'the server to be held up')
    expect(written).toBeLessThan(32 * 1024 ** 2)
    await isWell(chaos)
    await reader?.cancel()
  })
})

test('a client that vanishes in the middle of a stream takes the connection to the server with it', async () => {
  let open = 0
  const chaos = await serverWith((response) => {
    open++
    response.on('close', () => open--)
    response
      .writeHead(200, stream)
      .write('data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n')
  })
  const responses = await Promise.all(
    Array.from({ length: 20 }, (_, index) => chaos.door.post('ada', call(index, 'chaos'), chaos.session)),
  )
  expect(open).toBe(20)
  await Promise.all(responses.map((response) => response.body?.cancel()))
  await until(() => open === 0, 'the connections to close')
  await isWell(chaos)
})

test('ten times as many calls as there is room for: the server never sees more than that, and each is answered or turned away', async () => {
  const room = 10
  let inside = 0
  let most = 0
  const { upstream } = scriptedUpstream(async (seen) => {
    if (seen.body.method !== 'tools/call') return undefined
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setTimeout(resolve, 2))
    inside--
    return result(seen, { content: [] })
  })
  const door = await openGateway({ upstream, limits: { callsAtOnce: room, callsPerCaller: room } })
  const session = await door.openSession('ada')
  const statuses = new Map<number, number>()
  await Promise.all(
    Array.from({ length: room * 10 }, async (_, client) => {
      for (let count = 0; count < 10; count++) {
        const id = `${client} ${count}`
        const response = await door.post('ada', call(id, 'search'), session)
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
        if (response.status === 200) expect((await readAnswer(response)).id).toBe(id)
        else expect(response.headers.get('retry-after')).toBe('2')
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }),
  )
  expect(most).toBe(room)
  expect([...statuses.keys()].sort()).toEqual([200, 503])
  expect((statuses.get(200) ?? 0) + (statuses.get(503) ?? 0)).toBe(room * 100)
  expect((await door.post('ada', initializeMessage('2025-11-25'))).status).toBe(200)
})
