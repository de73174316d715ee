// Requests, byte by byte: what our own reader takes, Node's parser reads as the same request and nothing beside it; the rest it leaves alone.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRequestReader, type ReadRequest, type WholeRequest } from '../../src/platform/http1-request.ts'
import { runs } from './runs.ts'

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')

interface Seen {
  method: string
  target: string
  headers: Record<string, string>
  body: string
}

function shown({ method, target, headers, body }: WholeRequest): Seen {
  return {
    method,
    target,
    headers: Object.fromEntries(headers),
    body: Buffer.from(body).toString('latin1'),
  }
}

/** What Node's parser makes of the same bytes. */
let node: Server
const requests: Seen[] = []
let faults = 0

beforeAll(async () => {
  node = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      requests.push({
        method: incoming.method ?? '',
        target: incoming.url ?? '',
        headers: incoming.headers as Record<string, string>,
        body: Buffer.concat(chunks).toString('latin1'),
      })
      outgoing.end()
    })
  })
  node.on('clientError', (_, socket) => {
    faults++
    socket.destroy()
  })
  await once(node.listen(0, '127.0.0.1'), 'listening')
})

afterAll(() => {
  node.closeAllConnections()
  node.close()
})

/** All that the bytes are to it, when nothing more comes. */
async function readByNode(bytes: Uint8Array): Promise<{ requests: Seen[]; faults: number }> {
  requests.length = 0
  faults = 0
  const socket = connect((node.address() as AddressInfo).port, '127.0.0.1')
  socket.resume()
  socket.on('error', () => undefined)
  socket.end(bytes)
  await once(socket, 'close')
  return { requests: [...requests], faults }
}

/** Mostly as clients write it: a request in which everything is odd is left alone for the first of its oddities. */
function mostly<T>(usual: T, odd: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: odd })
}

const method = mostly('POST', fc.constantFrom('GET', 'DELETE', 'OPTIONS', 'HEAD', 'PUT', 'get', 'PRI'))
const target = mostly(
  '/mcp',
  fc.oneof(
    fc.constantFrom('/', '/mcp?a=b', '/a/../mcp', '//x', '*', 'http://a/mcp', '/a b', '/a#b'),
    fc.string({ maxLength: 6 }).map((text) => `/${text}`),
  ),
)
const version = mostly('HTTP/1.1', fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1 '))
const oddText = fc.string({ unit: fc.constantFrom(...'abc1 \t\r\n\0:;,="é\x7f'), maxLength: 6 })
const field = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('accept: */*', 'Content-Type:application/json', 'x-a:  1 ') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'Transfer-Encoding: chunked',
      'transfer-encoding: identity',
      'Connection: close',
      'Connection: keep-alive, upgrade',
      'Upgrade: h2c',
      'Expect: 100-continue',
      'Content-Length: 2',
      'content-length: 0',
      'Content-Length: 02',
      'Content-Length: +2',
      'Content-Length: 2, 2',
      'Host: b.example',
      'Trailer: x',
    ),
  },
  { weight: 1, arbitrary: fc.tuple(oddText, oddText).map(([name, value]) => `${name}:${value}`) },
  { weight: 1, arbitrary: oddText },
)
const lineEnd = mostly('\r\n', fc.constantFrom('\n', '\r', '\r\r\n', '\r\n'))
const body = fc.constantFrom('', '', '{}', '{"a":1}', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', '0\r\n\r\n')

function readWholeRequest(bytes: Uint8Array): ReadRequest {
  return createRequestReader().read(bytes)
}

/** What there is to be seen of it: headers keep theirs from those who compare objects. */
function seen(read: ReadRequest): ReadRequest | Seen {
  return typeof read === 'string' ? read : shown(read)
}

const written = fc
  .tuple(
    method,
    target,
    version,
    fc.array(field, { maxLength: 5 }),
    fc.array(lineEnd, { maxLength: 9 }),
    body,
  )
  .chain(([verb, path, protocol, fields, ends, text]) =>
    fc.constantFrom(...Array(9).fill([`Content-Length: ${text.length}`]), []).map((length) => {
      const lines = [`${verb} ${path} ${protocol}`, 'Host: a.example', ...fields, ...length, '']
      return lines.map((line, index) => line + (ends[index] ?? '\r\n')).join('') + text
    }),
  )

test('what it takes is to Node the same request, and nothing beside it', async () => {
  let taken = 0
  const property = fc.asyncProperty(written, async (text) => {
    const read = readWholeRequest(bytesOf(text))
    if (typeof read === 'string') return
    taken++
    expect(await readByNode(bytesOf(text))).toEqual({ requests: [shown(read)], faults: 0 })
  })
  await fc.assert(property, runs(400))
  expect(taken).toBeGreaterThan(20)
})

test('any bytes at all are read, left or waited for', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      readWholeRequest(bytes)
    }),
    runs(200),
  )
})

test('what came before on the connection changes nothing about what comes next', () => {
  let known = 0
  /** A head that is nearly the same, with its body. */
  const variations = fc.tuple(
    fc.nat(400),
    fc.constantFrom('', '0', '1', '12', 'x', ' ', '\r\n', '{}', 'POST'),
    fc.nat(3),
  )
  const property = fc.property(written, fc.array(variations, { maxLength: 4 }), (first, changes) => {
    const reader = createRequestReader()
    const before = reader.read(bytesOf(first))
    let text = first
    for (const [at, inserted, cut] of changes)
      text = text.slice(0, at % text.length) + inserted + text.slice((at % text.length) + cut)
    const again = reader.read(bytesOf(text))
    if (typeof before !== 'string' && typeof again !== 'string') known++
    expect(seen(again)).toEqual(seen(readWholeRequest(bytesOf(text))))
    expect(seen(reader.read(bytesOf(first)))).toEqual(seen(before))
  })
  fc.assert(property, runs(2000))
  expect(known).toBeGreaterThan(100)
})

test.each([
  ['a longer body', '12', '{"a": "12"}'.padEnd(12)],
  ['a shorter body', '1', '7'],
  ['a length with a nought before it', '02', '{}'],
])('the same head with %s', (_, length, text) => {
  const reader = createRequestReader()
  reader.read(bytesOf(usual))
  const next = bytesOf(usual.replace('Length: 2', `Length: ${length}`).replace(/{}$/, text))
  const read = seen(reader.read(next))
  expect(read).toEqual(seen(readWholeRequest(next)))
  expect(read).toMatchObject({ body: text })
})

test('headers that somebody writes into are theirs alone', () => {
  const reader = createRequestReader()
  const first = reader.read(bytesOf(usual)) as WholeRequest
  first.headers.set('x-user', 'ada')
  first.headers.delete('host')
  const second = reader.read(bytesOf(usual)) as WholeRequest
  expect([...second.headers]).toEqual([
    ['host', 'a.example'],
    ['content-length', '2'],
  ])
})

const usual = 'POST /mcp HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\n{}'

test('cut short at any place it is waited for', () => {
  for (let length = 0; length < usual.length; length++)
    expect(readWholeRequest(bytesOf(usual.slice(0, length)))).toBe('unfinished')
  expect(readWholeRequest(bytesOf(usual))).toMatchObject({ method: 'POST', target: '/mcp' })
})

describe('left to others', () => {
  const withField = (line: string): string => usual.replace('Content-Length', `${line}\r\nContent-Length`)

  test.each([
    ['another request behind it', usual + usual],
    ['a length that is told twice', withField('Content-Length: 2')],
    ['a length and chunks', withField('Transfer-Encoding: chunked')],
    ['chunks', usual.replace('Content-Length: 2', 'Transfer-Encoding: chunked')],
    ['a length with a sign', usual.replace(': 2', ': +2')],
    ['a length in a list', usual.replace(': 2', ': 2, 2')],
    ['no length', usual.replace('Content-Length: 2\r\n', '')],
    ['a body of GET', usual.replace('POST', 'GET')],
    ['a folded header', withField('x-a: b\r\n c')],
    ['a space before the colon', withField('x-a : b')],
    ['a bare line feed', withField('x-a: b\nx-c: d')],
    ['a bare carriage return', withField('x-a: b\rc')],
    ['a nul', withField('x-a: b\0')],
    ['a letter beyond ASCII', withField('x-a: \xe9')],
    ['a field that comes twice', withField('x-a: 1\r\nX-A: 2')],
    ['a second name', withField('Host: b.example')],
    ['no name', usual.replace('Host: a.example\r\n', '')],
    ['a wait for leave to go on', withField('Expect: 100-continue')],
    ['a change of the protocol', withField('Connection: Upgrade\r\nUpgrade: websocket')],
    ['a connection that is not kept', withField('Connection: close')],
    ['an older version', usual.replace('1.1', '1.0')],
    ['an absolute address', usual.replace('/mcp', 'http://a.example/mcp')],
    ['another method', usual.replace('POST', 'CONNECT')],
    ['a head of too much', withField(`x-a: ${'b'.repeat(17_000)}`)],
    ['a head without an end', `GET / HTTP/1.1\r\nx-a: ${'b'.repeat(17_000)}`],
    ['a long body', usual.replace(': 2', ': 300000')],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n\r\n'],
  ])('%s', (_, text) => {
    expect(readWholeRequest(bytesOf(text))).toBe('unusual')
  })
})
