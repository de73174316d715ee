// The way to MCP servers on Node, against servers that answer on a bare socket: connections that are kept, streams, and every way to break off.

import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { createUpstreamFetch } from '../../src/app/upstream-fetch-node.ts'

interface Seen {
  url: string
  connections: Socket[]
  requests: string[]
}

const servers: Server[] = []
const fetches: { close(): void }[] = []

afterEach(() => {
  for (const one of fetches.splice(0)) one.close()
  for (const server of servers.splice(0)) server.close()
})

/** Answers each request that has come whole. */
async function serve(answer: (socket: Socket, request: string, count: number) => void): Promise<Seen> {
  const seen: Seen = { url: '', connections: [], requests: [] }
  const server = createServer((socket) => {
    seen.connections.push(socket)
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/.exec(text)?.[1] ?? 0)
      if (end < 0 || text.length < end + 4 + length) return
      const request = text
      text = ''
      answer(socket, request, seen.requests.push(request))
    })
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  seen.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp?a=b`
  return seen
}

function way(): typeof fetch {
  const made = createUpstreamFetch()
  fetches.push(made)
  return made.fetch
}

const whole = (body: string, more = ''): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${more}content-length: ${body.length}\r\n\r\n${body}`

const post = { method: 'POST', headers: { 'x-a': '1' }, body: '{"ä":1}' } as const

describe('a request', () => {
  test('goes out as it was given, and the next one on the same connection', async () => {
    const seen = await serve((socket, _, count) => socket.write(whole(`{"n":${count}}`)))
    const send = way()
    expect(await (await send(seen.url, post)).json()).toEqual({ n: 1 })
    expect(await (await send(seen.url, { ...post, body: new TextEncoder().encode('x') })).json()).toEqual({
      n: 2,
    })
    expect(seen.connections).toHaveLength(1)
    const [head = '', body = ''] = seen.requests[0]?.split('\r\n\r\n') ?? []
    expect(head.split('\r\n').sort()).toEqual(
      ['POST /mcp?a=b HTTP/1.1', `host: ${new URL(seen.url).host}`, 'x-a: 1', 'content-length: 8'].sort(),
    )
    expect(Buffer.from(body, 'latin1').toString()).toBe('{"ä":1}')
  })

  test('of a megabyte arrives whole', async () => {
    const seen = await serve((socket, request) =>
      socket.write(whole(String(request.split('\r\n\r\n')[1]?.length))),
    )
    const body = 'x'.repeat(1_000_000)
    expect(await (await way()(seen.url, { method: 'POST', body })).text()).toBe('1000000')
  })

  test('cannot bring headers of its own in a value', async () => {
    const seen = await serve((socket) => socket.write(whole('{}')))
    const smuggled = { 'x-a': '1\r\nx-b: 2' }
    await expect(way()(seen.url, { method: 'POST', headers: smuggled })).rejects.toThrow(TypeError)
    expect(seen.requests).toEqual([])
  })

  test('many at once each have a connection, and all are kept for the next', async () => {
    const seen = await serve((socket, request) =>
      setTimeout(() => socket.write(whole(request.slice(-2))), 20),
    )
    const send = way()
    const ask = (): Promise<string[]> =>
      Promise.all(
        Array.from({ length: 20 }, async (_, n) =>
          (await send(seen.url, { method: 'POST', body: String(n + 10) })).text(),
        ),
      )
    const expected = Array.from({ length: 20 }, (_, n) => String(n + 10))
    expect(await ask()).toEqual(expected)
    expect(await ask()).toEqual(expected)
    expect(seen.connections).toHaveLength(20)
  })
})

describe('a connection is not used again', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['that the server closes', (socket) => socket.end(whole('{}', 'connection: close\r\n'))],
    ['that the server keeps for no time', (socket) => socket.write(whole('{}', 'keep-alive: timeout=1\r\n'))],
    [
      'on which something came that nobody asked for',
      (socket) => socket.write(`${whole('{}')}HTTP/1.1 200 OK\r\n`),
    ],
  ])('%s', async (_, answer) => {
    const seen = await serve(answer)
    const send = way()
    for (let count = 0; count < 2; count++) {
      await (await send(seen.url, post)).text().catch(() => undefined)
      await wait(20)
    }
    expect(seen.connections).toHaveLength(2)
  })
})

describe('a stream', () => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'

  test('is there as soon as its head is, and brings each part as it comes', async () => {
    const seen = await serve((socket) => {
      socket.write(head)
      setTimeout(() => socket.write('3\r\na\n\n\r\n'), 20)
      setTimeout(() => socket.write('3\r\nb\n\n\r\n0\r\n\r\n'), 60)
    })
    const response = await way()(seen.url, post)
    const parts: string[] = []
    for await (const part of response.body ?? []) parts.push(Buffer.from(part).toString())
    expect(parts).toEqual(['a\n\n', 'b\n\n'])
  })

  test('that breaks off does not look whole', async () => {
    const seen = await serve((socket) => {
      socket.write(`${head}3\r\na\n\n\r\n`)
      setTimeout(() => socket.destroy(), 20)
    })
    const response = await way()(seen.url, post)
    await expect(response.text()).rejects.toThrow('terminated')
  })

  test('that nobody reads any more ends the connection', async () => {
    const seen = await serve((socket) => socket.write(head))
    const response = await way()(seen.url, post)
    const closed = once(seen.connections[0] as Socket, 'close')
    await response.body?.cancel()
    await closed
  })

  test('is not read faster than it is taken', async () => {
    let written = 0
    const seen = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n')
      const more = (): void => {
        while (written < 200_000_000 && socket.write('x'.repeat(65_536))) written += 65_536
      }
      socket.on('drain', more)
      more()
    })
    const response = await way()(seen.url, post)
    await wait(300)
    expect(written).toBeLessThan(100_000_000)
    await response.body?.cancel()
  })

  test('compressed although nobody asked is read all the same', async () => {
    const packed = gzipSync('{"a":1}')
    const seen = await serve((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`)
      socket.write(packed)
    })
    expect(await (await way()(seen.url, post)).json()).toEqual({ a: 1 })
  })
})

describe('what fails', () => {
  const failed = async (work: Promise<Response>): Promise<unknown> => {
    const error = await work.then(
      () => new Error('it did not fail'),
      (reason: unknown) => reason as Error,
    )
    return ((error as Error).cause as { code?: string } | undefined)?.code ?? (error as Error).name
  }

  test('nobody listens', async () => {
    const seen = await serve(() => undefined)
    servers[0]?.close()
    expect(await failed(way()(seen.url, post))).toBe('ECONNREFUSED')
  })

  test('the server hangs up instead of answering', async () => {
    const seen = await serve((socket) => socket.destroy())
    expect(await failed(way()(seen.url, post))).toBe('ECONNRESET')
  })

  test('the server ends in the middle of a head', async () => {
    const seen = await serve((socket) => socket.end('HTTP/1.1 200 OK\r\n'))
    expect(await failed(way()(seen.url, post))).toBe('ECONNRESET')
  })

  test('rubbish', async () => {
    const seen = await serve((socket) => socket.write('\0\x01\x02\r\n\r\n'))
    expect(await failed(way()(seen.url, post))).toBe('TypeError')
  })

  test('given up before and within, and the connection with it', async () => {
    const seen = await serve(() => undefined)
    const send = way()
    expect(await failed(send(seen.url, { ...post, signal: AbortSignal.abort() }))).toBe('AbortError')
    const aborter = new AbortController()
    const sent = failed(send(seen.url, { ...post, signal: aborter.signal }))
    await expect.poll(() => seen.requests.length).toBe(1)
    aborter.abort()
    expect(await sent).toBe('AbortError')
    await expect.poll(() => seen.connections[0]?.destroyed).toBe(true)
  })
})
