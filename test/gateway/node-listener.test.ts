// Requests of a real socket through our own listener: what it takes itself and what it leaves to the library are answered alike.

import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type RunningServer, startServer } from '../../src/app/node.ts'

const open: RunningServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close(0)
})

async function serve(answer: (request: Request) => Promise<Response> | Response): Promise<number> {
  const server = await startServer({ fetch: async (request) => answer(request), port: 0, host: '127.0.0.1' })
  open.push(server)
  return server.port
}

/** What a socket gets for these bytes, until it is closed or silent. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let got = ''
  socket.on('data', (bytes) => {
    got += bytes.toString('latin1')
  })
  socket.on('error', () => undefined)
  socket.write(text, 'latin1')
  await Promise.race([once(socket, 'close'), wait(250)])
  socket.destroy()
  return got
}

const echo = async (request: Request): Promise<Response> =>
  Response.json({
    method: request.method,
    url: request.url,
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
  })

async function echoed(
  text: string,
): Promise<{ status: number; answer: Record<string, unknown> | undefined }> {
  const got = await exchange(await serve(echo), text)
  const body = got.split('\r\n\r\n').slice(1).join('\r\n\r\n')
  const json = /\{.*\}/s.exec(body)?.[0]
  return { status: Number(got.split(' ')[1]), answer: json === undefined ? undefined : JSON.parse(json) }
}

test.each<[string, string, string, string]>([
  [
    'a body of a told length',
    'POST /mcp HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\n{}',
    '/mcp',
    '{}',
  ],
  [
    'a body in chunks',
    'POST /mcp HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    '/mcp',
    '{}',
  ],
  ['none', 'GET /mcp?a=/b HTTP/1.1\r\nHost: a.example\r\n\r\n', '/mcp?a=/b', ''],
  ['a path with dots in it', 'GET /a/../mcp HTTP/1.1\r\nHost: a.example\r\n\r\n', '/mcp', ''],
  ['a path with hidden dots in it', 'GET /a/%2e%2E/mcp HTTP/1.1\r\nHost: a.example\r\n\r\n', '/mcp', ''],
  ['a name in capitals', 'GET /mcp HTTP/1.1\r\nHost: A.Example\r\n\r\n', '/mcp', ''],
])('a request with %s', async (_, text, path, body) => {
  const { status, answer } = await echoed(text)
  expect(status).toBe(200)
  expect(answer).toMatchObject({ url: `http://a.example${path}`, body })
})

test('a header that came twice is both', async () => {
  const { answer } = await echoed(
    'POST /mcp HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer one\r\nAuthorization: Bearer two\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 0\r\n\r\n',
  )
  expect(answer?.headers).toMatchObject({ authorization: 'Bearer one, Bearer two', 'x-a': '1, 2' })
})

test.each([
  ['a name that is none', 'GET / HTTP/1.1\r\nHost: a.example/x?\r\n\r\n'],
  ['no name', 'GET / HTTP/1.1\r\n\r\n'],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
  ],
])('refused: %s', async (_, text) => {
  expect((await echoed(text)).status).toBe(400)
})

test('several cookies are several headers', async () => {
  const port = await serve(() => {
    const response = new Response('x')
    response.headers.append('set-cookie', 'a=1; Path=/')
    response.headers.append('set-cookie', 'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT')
    return response
  })
  const got = await exchange(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx')
  expect(got.match(/^set-cookie: .*$/gim)).toEqual([
    'set-cookie: a=1; Path=/',
    'set-cookie: b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
  ])
})

test('a body that nobody reads does not stand in the way of the next request, and a long one ends the connection', async () => {
  const port = await serve(() => new Response(null, { status: 401 }))
  const short = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc`
  expect((await exchange(port, short + short)).match(/HTTP\/1.1 401/g)).toHaveLength(2)
  const long = await exchange(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\nabc')
  expect(long).toMatch(/^HTTP\/1.1 401/)
  expect(long.toLowerCase()).toContain('connection: close')
})

test('HEAD has the headers alone', async () => {
  const port = await serve(() => new Response('body', { headers: { 'content-length': '4' } }))
  const got = await exchange(port, 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n')
  expect(got).toMatch(/^HTTP\/1.1 200/)
  expect(got.endsWith('\r\n\r\n')).toBe(true)
})

test('a fault of the program is 500, without a word of it', async () => {
  const port = await serve(() => {
    throw new Error('the secret is 7')
  })
  const got = await exchange(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx')
  expect(got).toMatch(/^HTTP\/1.1 500/)
  expect(got).not.toContain('secret')
})

test('a client that hangs up aborts the signal, and ends the stream', async () => {
  const happened: string[] = []
  const port = await serve((request) => {
    request.signal.addEventListener('abort', () => happened.push('aborted'))
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(': open\n\n')),
      cancel: () => void happened.push('cancelled'),
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  })
  const got = await exchange(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx')
  expect(got).toContain(': open')
  await expect.poll(() => happened.sort()).toEqual(['aborted', 'cancelled'])
})

test('a client that leaves within its body is no answer and no crash', async () => {
  const ends: string[] = []
  const port = await serve(async (request) => {
    await request.text().catch(() => ends.push('no body'))
    return new Response('x')
  })
  const socket = connect(port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\nabc')
  await wait(50)
  socket.destroy()
  await expect.poll(() => ends).toEqual(['no body'])
})

test('a stream that fails does not look whole', async () => {
  const port = await serve(() => {
    let count = 0
    const body = new ReadableStream({
      async pull(controller) {
        await wait(10)
        if (count++ === 0) controller.enqueue(new TextEncoder().encode('part'))
        else controller.error(new Error('broken'))
      },
    })
    return new Response(body)
  })
  const got = await exchange(port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx')
  expect(got).toContain('part')
  expect(got.endsWith('0\r\n\r\n')).toBe(false)
})
