// Connections that our own reader of HTTP/1.1 keeps for itself: what comes in pieces, at once, too early, slowly or not at all (RFC 9112).

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { takeConnections, type WholeConnections } from '../../src/app/http1-connection-node.ts'
import { createNodeListener, type Fetch } from '../../src/app/listener-node.ts'
import { asResponse, PlainResponse } from '../../src/platform/plain-response.ts'

interface Listening {
  server: Server
  whole: WholeConnections
  port: number
  /** Requests that went the long way. */
  byNode: number
}

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

async function listen(fetch: Fetch, timeouts = { headersMs: 5_000, keepAliveMs: 5_000 }): Promise<Listening> {
  const answer = createNodeListener(fetch)
  const listening: Listening = { byNode: 0, port: 0 } as Listening
  listening.server = createServer((incoming, outgoing) => {
    listening.byNode++
    void answer(incoming, outgoing)
  })
  listening.whole = takeConnections(listening.server, fetch, timeouts)
  await once(listening.server.listen(0, '127.0.0.1'), 'listening')
  listening.port = (listening.server.address() as AddressInfo).port
  open.push(() => {
    listening.server.close()
    listening.whole.closeAll()
    listening.server.closeAllConnections()
  })
  return listening
}

interface Client {
  socket: Socket
  /** All that came. */
  got(): string
  send(text: string): void
  isClosed(): boolean
}

function dial(port: number): Client {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  let got = ''
  let isClosed = false
  socket.on('data', (bytes) => {
    got += bytes.toString('utf8')
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isClosed = true
  })
  open.push(() => socket.destroy())
  return {
    socket,
    got: () => got,
    send: (text) => void socket.write(text, 'utf8'),
    isClosed: () => isClosed,
  }
}

function post(body: string, fields = ''): string {
  return `POST /mcp HTTP/1.1\r\nHost: a.example\r\n${fields}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

const echo: Fetch = async (request) => new Response(`<${await request.text()}>`)

/** The bodies of all answers so far. */
const bodies = (client: Client): string[] => client.got().match(/<[^>]*>/g) ?? []

describe('on one connection', () => {
  test('one request after another is answered, and none of them by Node', async () => {
    const listening = await listen(echo)
    const client = dial(listening.port)
    for (const text of ['a', 'b', 'c']) {
      client.send(post(text))
      await expect.poll(() => bodies(client)).toContain(`<${text}>`)
    }
    expect(listening.byNode).toBe(0)
    expect(client.got()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(client.got()).toMatch(/\r\ndate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n/)
  })

  test('a request in pieces is one', async () => {
    const listening = await listen(echo)
    const client = dial(listening.port)
    const text = post('12345')
    for (const at of [0, 10, 40, text.length - 3]) {
      client.send(
        text.slice(at, [10, 40, text.length - 3, text.length][[0, 10, 40, text.length - 3].indexOf(at)]),
      )
      await wait(20)
    }
    await expect.poll(() => bodies(client)).toEqual(['<12345>'])
    expect(listening.byNode).toBe(0)
  })

  test('what trickles goes to Node, whole', async () => {
    const listening = await listen(echo)
    const client = dial(listening.port)
    for (const letter of post('12345')) {
      client.send(letter)
      await wait(2)
    }
    await expect.poll(() => bodies(client)).toEqual(['<12345>'])
    expect(listening.byNode).toBe(1)
  })

  test('a request that stops in the middle goes to Node, which answers before the rest is here', async () => {
    const listening = await listen(async () => new Response('<no>', { status: 401 }))
    const client = dial(listening.port)
    client.send(post('12345').slice(0, -3))
    await expect.poll(() => bodies(client)).toEqual(['<no>'])
    expect(listening.byNode).toBe(1)
  })

  test('several at once are all answered, in their order', async () => {
    const listening = await listen(echo)
    const client = dial(listening.port)
    client.send(post('a') + post('b') + post('c'))
    await expect.poll(() => bodies(client)).toEqual(['<a>', '<b>', '<c>'])
  })

  test('a request that comes before the answer to the last waits for it', async () => {
    const waiting: (() => void)[] = []
    const listening = await listen(async (request, connection) => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      return echo(request, connection)
    })
    const client = dial(listening.port)
    client.send(post('a'))
    await expect.poll(() => waiting).toHaveLength(1)
    client.send(post('b'))
    await wait(50)
    expect(waiting).toHaveLength(1)
    waiting[0]?.()
    await expect.poll(() => waiting).toHaveLength(2)
    waiting[1]?.()
    await expect.poll(() => bodies(client)).toEqual(['<a>', '<b>'])
  })

  test('what is unusual goes to Node with all that comes after it', async () => {
    const listening = await listen(echo)
    const client = dial(listening.port)
    client.send(post('a'))
    await expect.poll(() => bodies(client)).toEqual(['<a>'])
    client.send(
      'POST /mcp HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n',
    )
    await expect.poll(() => bodies(client)).toEqual(['<a>', '<b>'])
    client.send(post('c'))
    await expect.poll(() => bodies(client)).toEqual(['<a>', '<b>', '<c>'])
    expect(listening.byNode).toBe(2)
  })

  test('a body of more than a packet is not cut', async () => {
    const listening = await listen(echo)
    const client = dial(listening.port)
    const long = 'x'.repeat(200_000)
    client.send(post(long))
    await expect.poll(() => bodies(client)[0]?.length).toBe(200_002)
    const longer = 'y'.repeat(2_000_000)
    client.send(post(longer))
    await expect.poll(() => bodies(client)[1]?.length).toBe(2_000_002)
  })

  test.each([
    ['none', null, 204],
    ['ASCII', '<abc>', 200],
    ['more than ASCII', '<ä€😀>', 200],
    ['bytes', new TextEncoder().encode('<ä>'), 200],
  ])('an answer of %s has its length, and the next one follows', async (_, body, status) => {
    const listening = await listen(async () =>
      asResponse(new PlainResponse(body, { status, headers: { 'x-a': 'é' } })),
    )
    const client = dial(listening.port)
    client.send(post(''))
    await expect.poll(() => client.got()).toContain('\r\n\r\n')
    client.send(post(''))
    await expect.poll(() => client.got().match(/HTTP\/1\.1 /g)).toHaveLength(2)
    const length = /\r\ncontent-length: (\d+)\r\n/.exec(client.got())?.[1]
    expect(length).toBe(body === null ? undefined : String(Buffer.byteLength(body)))
  })

  test('an answer that says things of the connection does not get them through', async () => {
    const headers = { connection: 'close', 'transfer-encoding': 'gzip', 'keep-alive': 'timeout=1' }
    const listening = await listen(async () => new Response('<x>', { headers }))
    const client = dial(listening.port)
    client.send(post(''))
    await expect.poll(() => bodies(client)).toEqual(['<x>'])
    expect(client.got()).not.toMatch(/gzip|close|timeout=1/)
  })
})

test('a response that was read already ends its connection, and nothing else', async () => {
  const listening = await listen(async (request) => {
    const response = new Response('<x>')
    if ((await request.text()) === 'bad') response.body?.getReader()
    return response
  })
  const [bad, good] = [dial(listening.port), dial(listening.port)]
  bad.send(post('bad'))
  await expect.poll(() => bad.isClosed()).toBe(true)
  expect(bodies(bad)).toEqual([])
  good.send(post('good'))
  await expect.poll(() => bodies(good)).toEqual(['<x>'])
})

describe('a stream', () => {
  const events =
    (count: number): Fetch =>
    async () => {
      let sent = 0
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (sent === count) controller.close()
          else controller.enqueue(new TextEncoder().encode(`<${sent++}>`))
          await wait(5)
        },
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    }

  test('comes in chunks, and the connection goes on after it', async () => {
    const listening = await listen(events(3))
    const client = dial(listening.port)
    client.send(post('a'))
    await expect.poll(() => client.got().endsWith('\r\n0\r\n\r\n')).toBe(true)
    expect(bodies(client)).toEqual(['<0>', '<1>', '<2>'])
    client.send(post('b'))
    await expect.poll(() => bodies(client)).toHaveLength(6)
    expect(listening.byNode).toBe(0)
  })

  test('is not sent on HEAD', async () => {
    const listening = await listen(events(3))
    const client = dial(listening.port)
    client.send('HEAD /mcp HTTP/1.1\r\nHost: a.example\r\n\r\n')
    await expect.poll(() => client.got()).toContain('\r\n\r\n')
    await wait(50)
    expect(bodies(client)).toEqual([])
  })

  test('is made no faster than it is read', async () => {
    let made = 0
    const piece = new Uint8Array(65_536)
    const listening = await listen(async () => {
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          made += piece.length
          controller.enqueue(piece)
        },
      })
      return new Response(body)
    })
    const client = dial(listening.port)
    client.socket.pause()
    client.send(post(''))
    await wait(300)
    const held = made
    await wait(300)
    expect(made).toBe(held)
    expect(made).toBeLessThan(16 * 1024 * 1024)
  })

  test('is silent for longer than a connection is kept', async () => {
    const listening = await listen(
      async () => {
        const body = new ReadableStream<Uint8Array>({
          async start(controller) {
            await wait(400)
            controller.enqueue(new TextEncoder().encode('<late>'))
            controller.close()
          },
        })
        return new Response(body)
      },
      { headersMs: 100, keepAliveMs: 100 },
    )
    const client = dial(listening.port)
    client.send(post(''))
    await expect.poll(() => bodies(client)).toEqual(['<late>'])
  })
})

describe('the end of a connection', () => {
  test('that says nothing at all comes in time', async () => {
    const listening = await listen(echo, { headersMs: 50, keepAliveMs: 5_000 })
    const client = dial(listening.port)
    await expect.poll(() => client.isClosed()).toBe(true)
  })

  test('that has had its answer comes in time', async () => {
    const listening = await listen(echo, { headersMs: 5_000, keepAliveMs: 50 })
    const client = dial(listening.port)
    client.send(post('a'))
    await expect.poll(() => bodies(client)).toEqual(['<a>'])
    await expect.poll(() => client.isClosed()).toBe(true)
  })

  test('a client that says goodbye in the middle of a call aborts it', async () => {
    let isAborted = false
    const listening = await listen(async (request) => {
      await once(request.signal, 'abort')
      isAborted = true
      return new Response()
    })
    const client = dial(listening.port)
    client.send(post('a'))
    await wait(50)
    client.socket.end()
    await expect.poll(() => isAborted).toBe(true)
  })

  test('half a request and goodbye is neither answered nor kept', async () => {
    const listening = await listen(echo)
    const client = dial(listening.port)
    client.send(post('12345').slice(0, -3))
    client.socket.end()
    await expect.poll(() => client.isClosed()).toBe(true)
    expect(bodies(client)).toEqual([])
  })

  test('when the server closes, what is under way is answered as the last, and what is idle ends', async () => {
    const waiting: (() => void)[] = []
    const listening = await listen(async (request, connection) => {
      const text = await request.clone().text()
      if (text === 'slow') await new Promise<void>((resolve) => waiting.push(resolve))
      return echo(request, connection)
    })
    const [idle, busy] = [dial(listening.port), dial(listening.port)]
    idle.send(post('quick'))
    busy.send(post('slow'))
    await expect.poll(() => bodies(idle)).toEqual(['<quick>'])
    await expect.poll(() => waiting).toHaveLength(1)
    listening.server.close()
    listening.whole.closeIdle()
    await expect.poll(() => idle.isClosed()).toBe(true)
    expect(busy.isClosed()).toBe(false)
    waiting[0]?.()
    await expect.poll(() => busy.isClosed()).toBe(true)
    expect(bodies(busy)).toEqual(['<slow>'])
    expect(busy.got()).toContain('connection: close')
  })
})
