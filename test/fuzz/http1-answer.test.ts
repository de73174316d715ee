// Answers of upstreams, byte by byte: however they are cut up they are read alike, and what two readers could read differently is refused.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAnswerReader, readWholeAnswer } from '../../src/platform/http1-answer.ts'
import { runs } from './runs.ts'

interface Read {
  status: number | undefined
  headers: Record<string, string>
  body: string
  end: 'reusable' | 'last' | undefined
  fault: string | undefined
}

function readParts(parts: readonly Uint8Array[], { method = 'POST', ends = false } = {}): Read {
  const read: Read = { status: undefined, headers: {}, body: '', end: undefined, fault: undefined }
  const reader = createAnswerReader(method, {
    onHead({ status, headers }) {
      read.status = status
      read.headers = Object.fromEntries(headers)
    },
    onBody(bytes) {
      read.body += Buffer.from(bytes).toString('latin1')
    },
    onEnd(isReusable) {
      read.end = isReusable ? 'reusable' : 'last'
    },
  })
  try {
    for (const part of parts) reader.read(part)
    if (ends) reader.end()
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    read.fault = error.message
  }
  return read
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const readText = (text: string, how?: Parameters<typeof readParts>[1]): Read =>
  readParts([bytesOf(text)], how)

const ok = 'HTTP/1.1 200 OK\r\n'

const answers = fc.oneof(
  fc.string({ maxLength: 60 }).map((body) => {
    const length = Buffer.byteLength(body)
    return Buffer.concat([
      bytesOf(`${ok}content-type: application/json\r\ncontent-length: ${length}\r\n\r\n`),
      Buffer.from(body),
    ])
  }),
  fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 5 }).map((chunks) =>
    Buffer.concat([
      bytesOf(`HTTP/1.1 100 Continue\r\n\r\n${ok}Transfer-Encoding: chunked\r\n\r\n`),
      ...chunks.flatMap((chunk) => {
        const bytes = Buffer.from(chunk)
        return [bytesOf(`${bytes.length.toString(16)};a=b\r\n`), bytes, bytesOf('\r\n')]
      }),
      bytesOf('0\r\ntrailer: x\r\n\r\n'),
    ]),
  ),
)

test('however an answer is cut into pieces, it is the same answer', () => {
  const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 8 })
  const property = fc.property(answers, cuts, (answer, places) => {
    const sorted = [
      0,
      ...places.map((place) => Math.min(place, answer.length)).sort((a, b) => a - b),
      answer.length,
    ]
    const parts = sorted.slice(1).map((end, index) => answer.subarray(sorted[index], end))
    const whole = readParts([answer])
    expect(whole).toMatchObject({ status: 200, end: 'reusable', fault: undefined })
    expect(readParts(parts)).toEqual(whole)
  })
  fc.assert(property, runs(200))
})

test('an answer that is taken whole is the one that is read piece by piece, and leaves the connection as good', () => {
  let taken = 0
  const line = fc.constantFrom(
    ...Array(12).fill('content-type: application/json'),
    'connection: close',
    'Connection: keep-alive',
    'transfer-encoding: chunked',
    'a : b',
    'a: b\0',
    ' folded',
    'content-length: 2',
  )
  const status = fc.constantFrom(
    ...Array(8).fill('200 OK'),
    '404',
    '204 No Content',
    '304 x',
    '101 x',
    '099 x',
  )
  const written = fc.tuple(
    status,
    fc.array(line, { maxLength: 3 }),
    fc.string({ maxLength: 5 }),
    fc.boolean(),
  )
  const property = fc.property(written, ([code, lines, body, isCut]) => {
    const length = `content-length: ${Buffer.byteLength(body) + (isCut ? 1 : 0)}`
    const head = [`HTTP/1.1 ${code}`, ...lines, length, '', ''].join('\r\n')
    const bytes = Buffer.concat([bytesOf(head), Buffer.from(body)])
    const whole = readWholeAnswer(bytes)
    if (whole === undefined) return
    taken++
    expect(readParts([bytes])).toEqual({
      status: whole.status,
      headers: Object.fromEntries(whole.headers),
      body: Buffer.from(whole.body).toString('latin1'),
      end: 'reusable',
      fault: undefined,
    })
  })
  fc.assert(property, runs(300))
  expect(taken).toBeGreaterThan(20)
})

test('any bytes at all end in an answer or in a SyntaxError', () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ maxLength: 200 }).map((text) => bytesOf(`${ok}${text}\r\n\r\n${text}`)),
  )
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 4 }), fc.boolean(), (parts, ends) => {
      readParts(parts, { ends })
    }),
    runs(200),
  )
})

describe('the end of a body', () => {
  test.each([
    ['no body at all', `HTTP/1.1 204 No Content\r\n\r\n`, '', 'reusable'],
    ['a length of nothing', `${ok}Content-Length: 0\r\n\r\n`, '', 'reusable'],
    ['a connection that is not kept', `${ok}content-length: 1\r\nconnection: close\r\n\r\nx`, 'x', 'last'],
    ['HTTP/1.0', `HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx`, 'x', 'last'],
  ])('%s', (_, text, body, end) => {
    expect(readText(text)).toMatchObject({ body, end, fault: undefined })
  })

  test('without a length, the end of the connection', () => {
    expect(readText(`${ok}\r\nabc`)).toMatchObject({ body: 'abc', end: undefined })
    expect(readText(`${ok}\r\nabc`, { ends: true })).toMatchObject({ body: 'abc', end: 'last' })
  })

  test('an answer to HEAD has none, whatever it says', () => {
    expect(readText(`${ok}content-length: 5\r\n\r\n`, { method: 'HEAD' })).toMatchObject({ end: 'reusable' })
  })
})

test.each([
  ['a length that is told twice', `${ok}content-length: 1\r\nContent-Length: 1\r\n\r\nx`],
  ['a length and chunks', `${ok}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\nx`],
  ['an encoding that is not known', `${ok}transfer-encoding: gzip, chunked\r\n\r\n`],
  ['chunks in HTTP/1.0', `HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a length with a sign', `${ok}content-length: +1\r\n\r\nx`],
  ['a length in a list', `${ok}content-length: 1, 1\r\n\r\nx`],
  ['a folded header', `${ok}a: b\r\n c\r\n\r\n`],
  ['a space before the colon', `${ok}a : b\r\n\r\n`],
  ['a header without a name', `${ok}: b\r\n\r\n`],
  ['a bare line feed in a head', `${ok}a: b\nc: d\r\n\r\n`],
  ['a nul in a header', `${ok}a: b\0\r\n\r\n`],
  ['another protocol', 'HTTP/2 200 OK\r\n\r\n'],
  ['a change of the protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n\r\n'],
  ['a chunk without a size', `${ok}transfer-encoding: chunked\r\n\r\nx\r\n`],
  ['a chunk with a size below zero', `${ok}transfer-encoding: chunked\r\n\r\n-1\r\n`],
  ['a chunk that is longer than it says', `${ok}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n`],
  ['a chunk line that ends in a bare line feed', `${ok}transfer-encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n`],
  ['a second answer that nobody asked for', `${ok}content-length: 0\r\n\r\n${ok}`],
  ['a head without an end', `${ok}a: ${'x'.repeat(70_000)}`],
  ['a chunk line without an end', `${ok}transfer-encoding: chunked\r\n\r\n1;${'x'.repeat(2000)}`],
  ['trailers without an end', `${ok}transfer-encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(5000)}`],
])('refused: %s', (_, text) => {
  expect(readText(text).fault).toBeTypeOf('string')
})

test.each([
  ['in the head', ok],
  ['before its length', `${ok}content-length: 5\r\n\r\nabc`],
  ['before its last chunk', `${ok}transfer-encoding: chunked\r\n\r\n1\r\na\r\n`],
])('an answer that breaks off %s is none', (_, text) => {
  expect(readText(text, { ends: true }).fault).toBe('the answer ends in the middle')
})
