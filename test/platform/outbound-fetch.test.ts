/** The way out: what is never asked, and how long and how much is waited for (SSRF; MCP security best practices). */

import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import {
  createOutboundFetch,
  OutboundError,
  type OutboundFetch,
  type OutboundOptions,
} from '../../src/platform/outbound-fetch.ts'

const servers: Server[] = []

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
})

function outbound(changes: Partial<OutboundOptions> = {}): OutboundFetch {
  return createOutboundFetch({
    fetch,
    allowPrivateAddresses: true,
    deadlineMs: 5_000,
    maximumBytes: 1_000,
    ...changes,
  })
}

async function failure(asked: Promise<unknown>): Promise<OutboundError> {
  try {
    await asked
  } catch (error) {
    if (error instanceof OutboundError) return error
    throw error
  }
  throw new Error('it was answered')
}

describe('[CIMD-04] [SBP-07] [SBP-08] [R9728-08] never asked', () => {
  test.each([
    ['http', 'http://app.example/'],
    ['http on loopback', 'http://localhost/'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:application/json,{}'],
    ['no URL', 'app.example'],
    ['empty', ''],
    ['localhost', 'https://localhost/'],
    ['localhost with a final dot', 'https://localhost./'],
    ['localhost in capitals', 'https://LOCALHOST/'],
    ['localhost with an encoded letter', 'https://loc%61lhost/'],
    ['a name below localhost', 'https://app.localhost/'],
    ['a name below localhost, with a final dot', 'https://app.localhost./'],
    ['loopback', 'https://127.0.0.1/'],
    ['loopback with a final dot', 'https://127.0.0.1./'],
    ['loopback on another port', 'https://127.0.0.1:8787/'],
    ['the whole range of loopback', 'https://127.9.9.9/'],
    ['decimal', 'https://2130706433/'],
    ['hexadecimal', 'https://0x7f000001/'],
    ['octal', 'https://017700000001/'],
    ['mixed', 'https://0x7f.0.1/'],
    ['shortened', 'https://127.1/'],
    ['zero', 'https://0/'],
    ['full-width digits', 'https://\uff11\uff12\uff17.0.0.1/'],
    ['private', 'https://10.0.0.1/'],
    ['private', 'https://192.168.0.1/'],
    ['cloud metadata', 'https://169.254.169.254/latest/meta-data/'],
    ['IPv6 loopback', 'https://[::1]/'],
    ['IPv6 loopback written out', 'https://[0:0:0:0:0:0:0:1]/'],
    ['IPv6 unspecified', 'https://[::]/'],
    ['IPv4-mapped', 'https://[::ffff:127.0.0.1]/'],
    ['IPv4-mapped in hexadecimal', 'https://[::ffff:7f00:1]/'],
    ['IPv4-compatible', 'https://[::127.0.0.1]/'],
    ['NAT64', 'https://[64:ff9b::7f00:1]/'],
    ['6to4', 'https://[2002:7f00:1::]/'],
    ['unique local', 'https://[fd00::1]/'],
    ['link-local', 'https://[fe80::1]/'],
    ['a private address behind userinfo', 'https://app.example@127.0.0.1/'],
  ])('%s: %s', async (_, url) => {
    let asked = 0
    const guarded = outbound({
      allowPrivateAddresses: false,
      fetch: async () => {
        asked += 1
        return new Response('{}')
      },
    })
    expect((await failure(guarded(url))).kind).toBe('refused-by-policy')
    expect(asked).toBe(0)
  })

  test('a public name and a public address are', async () => {
    const asked: string[] = []
    const guarded = outbound({
      allowPrivateAddresses: false,
      fetch: async (input) => {
        asked.push(String(input))
        return new Response('{}')
      },
    })
    for (const url of ['https://app.example/client', 'https://1.1.1.1/', 'https://[2606:4700::1]/'])
      expect((await guarded(url)).text).toBe('{}')
    expect(asked).toHaveLength(3)
  })

  test('with private addresses allowed, still only http and https', async () => {
    for (const url of ['file:///etc/passwd', 'data:,x', 'ftp://127.0.0.1/'])
      expect((await failure(outbound()(url))).kind).toBe('refused-by-policy')
  })
})

describe('[CIMD-03] a redirect is an answer', () => {
  test.each([301, 302, 303, 307, 308])('%i is not followed', async (status) => {
    const paths: Array<string | undefined> = []
    const origin = await serve((request, response) => {
      paths.push(request.url)
      response.writeHead(status, { location: '/secret' }).end('moved')
    })
    const answer = await outbound()(`${origin}/start`, { redirect: 'follow' })
    expect([answer.status, answer.headers.get('location'), answer.text]).toEqual([status, '/secret', 'moved'])
    expect(paths).toEqual(['/start'])
  })
})

describe('[CIMD-05] no more than was agreed', () => {
  test('a body of exactly the limit is whole, one byte more is refused', async () => {
    const origin = await serve((request, response) => {
      response.end('a'.repeat(Number(request.url?.slice(1))))
    })
    expect((await outbound()(`${origin}/1000`)).text).toHaveLength(1000)
    const error = await failure(outbound()(`${origin}/1001`))
    expect([error.kind, error.message]).toEqual(['wrong-body', expect.stringContaining('1000 bytes')])
  })

  test('a body without end is left after the limit', async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>()
    const origin = await serve((_, response) => {
      const pour = setInterval(() => response.write('a'.repeat(400)), 1)
      response.on('close', () => {
        clearInterval(pour)
        resolve()
      })
    })
    expect((await failure(outbound()(origin))).kind).toBe('wrong-body')
    await left
  })

  test('what is packed counts as it unpacks', async () => {
    const { gzipSync } = await import('node:zlib')
    const origin = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('a'.repeat(1_000_000)))
    })
    expect((await failure(outbound()(origin))).kind).toBe('wrong-body')
  })

  test('bytes that are not UTF-8 do no harm', async () => {
    const origin = await serve((_, response) => response.end(Buffer.from([0xff, 0x7b, 0xc3])))
    expect((await outbound()(origin)).text).toBe('\ufffd{\ufffd')
  })

  test('an empty answer is empty', async () => {
    const origin = await serve((_, response) => response.writeHead(204).end())
    expect(await outbound()(origin)).toMatchObject({ status: 204, text: '' })
  })
})

describe('[CIMD-05] no longer than was agreed', () => {
  test('a server that never answers', async () => {
    const origin = await serve(() => undefined)
    const error = await failure(outbound({ deadlineMs: 100 })(origin))
    expect([error.kind, error.message]).toEqual([
      'not-reached',
      expect.stringContaining('did not answer in 100 ms'),
    ])
  })

  test('a server that drips one byte after another: the deadline is for the whole', async () => {
    let dripped = 0
    const { promise: left, resolve } = Promise.withResolvers<void>()
    const origin = await serve((_, response) => {
      const drip = setInterval(() => {
        dripped += 1
        response.write(' ')
      }, 20)
      response.on('close', () => {
        clearInterval(drip)
        resolve()
      })
    })
    const error = await failure(outbound({ deadlineMs: 200 })(origin))
    expect([error.kind, error.message]).toEqual([
      'not-reached',
      expect.stringContaining('not complete after 200 ms'),
    ])
    await left
    expect(dripped).toBeGreaterThan(0)
  })

  test('a caller cannot lift the deadline with a signal of its own', async () => {
    const origin = await serve(() => undefined)
    const patient = outbound({ deadlineMs: 100 })(origin, { signal: new AbortController().signal })
    expect((await failure(patient)).kind).toBe('not-reached')
  })
})

describe('nobody there', () => {
  test('a port where nobody listens', async () => {
    const origin = await serve(() => undefined)
    const [server] = servers.splice(0)
    await new Promise((closed) => server?.close(closed))
    const error = await failure(outbound()(origin))
    expect(error.kind).toBe('not-reached')
    expect(error.message).toContain(new URL(origin).host)
  })

  test('an answer that breaks off', async () => {
    const origin = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => response.destroy())
    })
    const error = await failure(outbound()(origin))
    expect([error.kind, error.message]).toEqual(['not-reached', expect.stringContaining('broke off')])
  })

  test('whatever a fetch throws is one kind of error', async () => {
    for (const thrown of [
      new TypeError('x'),
      'text',
      undefined,
      new TypeError('fetch failed', { cause: new Error('inner') }),
    ]) {
      const guarded = outbound({ fetch: () => Promise.reject(thrown) })
      const error = await failure(guarded('https://app.example/'))
      expect(error.kind).toBe('not-reached')
    }
    expect((await failure(outbound()('http://127.0.0.1:1/', { headers: { 'bad name': 'x' } }))).kind).toBe(
      'not-reached',
    )
  })
})
