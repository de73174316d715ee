/** Reads one answer of HTTP/1.1 out of bytes as they come (RFC 9112), strictly: where two readers could differ about its end, it is refused. */

import { concatBytes } from '@noble/hashes/utils.js'
import { keepsConnection, plainFields, readPlainFields } from './http1-fields.ts'
import { PlainHeaders } from './plain-headers.ts'

export interface AnswerHead {
  status: number
  headers: PlainHeaders
}

export interface AnswerSink {
  onHead(head: AnswerHead): void
  onBody(bytes: Uint8Array): void
  /** `isReusable`: the connection may carry another exchange. */
  onEnd(isReusable: boolean): void
}

export interface AnswerReader {
  /** Throws a `SyntaxError` for what is no HTTP, after which the connection is of no use. */
  read(bytes: Uint8Array): void
  /** The connection has ended. Throws a `SyntaxError` unless that was a proper end. */
  end(): void
}

export interface WholeAnswer extends AnswerHead {
  body: Uint8Array
}

/** A status line and fields without folding, repetition or anything that a reader might make something of. */
const plainHead = new RegExp(`^HTTP/1\\.1 ([2345]\\d\\d)(?: [ -~]*)?\\r\\n${plainFields}$`)

/**
 * The answer to a request that is not HEAD, if it has come whole, is written as nearly all are, and leaves the
 * connection as good as before. Undefined for every other, which an `AnswerReader` reads.
 */
export function readWholeAnswer(bytes: Uint8Array): WholeAnswer | undefined {
  const text = latin1(bytes, 0, Math.min(bytes.length, maximumWholeHeadBytes))
  const end = text.indexOf('\r\n\r\n')
  const head = text.slice(0, end + 2)
  const [, status] = (end < 0 ? null : plainHead.exec(head)) ?? []
  if (status === undefined || status === '204' || status === '304') return undefined
  const fields = readPlainFields(head, unusualFields)
  const body = bytes.subarray(end + 4)
  if (fields?.get('content-length') !== String(body.length) || !keepsConnection(fields)) return undefined
  return { status: Number(status), headers: PlainHeaders.ofFields(fields), body }
}

const unusualFields: ReadonlySet<string> = new Set(['transfer-encoding', 'set-cookie'])
const maximumWholeHeadBytes = 16_384

export const maximumHeadBytes = 65_536
const maximumChunkLineBytes = 1_024
const maximumTrailerBytes = 16_384

type State = 'head' | 'length' | 'until-close' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' | 'over'

export function createAnswerReader(method: string, sink: AnswerSink): AnswerReader {
  let state: State = 'head'
  /** What could not be understood without more. */
  let held: Uint8Array | undefined
  /** Of the body, or of the chunk. */
  let left = 0
  let isReusable = true
  let trailerBytes = 0

  function readHead(bytes: Uint8Array): Uint8Array {
    const end = indexOfHeadEnd(bytes)
    if (end < 0) {
      if (bytes.length > maximumHeadBytes) throw new SyntaxError('the head of the answer is too long')
      return hold(bytes)
    }
    const head = parseHead(latin1(bytes, 0, end))
    const rest = bytes.subarray(end + 4)
    if (head.status < 200) {
      if (head.status === 101) throw new SyntaxError('the answer changes the protocol')
      return rest
    }
    begin(head)
    return rest
  }

  /** RFC 9112 §6.3. */
  function begin({ version, status, headers }: ParsedHead): void {
    const connection = headers.get('connection')?.toLowerCase() ?? ''
    isReusable = version === '1.1' && !connection.includes('close')
    const encoding = headers.get('transfer-encoding')
    const length = headers.get('content-length')
    if (encoding !== null && (length !== null || encoding.toLowerCase() !== 'chunked' || version !== '1.1'))
      throw new SyntaxError('the length of the answer is told in two ways, or in none that is known')
    if (length !== null && !/^\d{1,15}$/.test(length))
      throw new SyntaxError('the length of the answer is no number')
    sink.onHead({ status, headers })
    if (method === 'HEAD' || status === 204 || status === 304) finish()
    else if (encoding !== null) state = 'chunk-size'
    else if (length !== null) {
      left = Number(length)
      state = 'length'
      if (left === 0) finish()
    } else {
      isReusable = false
      state = 'until-close'
    }
  }

  function finish(): void {
    state = 'over'
    sink.onEnd(isReusable)
  }

  function hold(bytes: Uint8Array): Uint8Array {
    held = bytes
    return nothing
  }

  function readSized(bytes: Uint8Array, next: State): Uint8Array {
    const part = bytes.length <= left ? bytes : bytes.subarray(0, left)
    left -= part.length
    sink.onBody(part)
    if (left === 0) {
      if (next === 'over') finish()
      else state = next
    }
    return bytes.subarray(part.length)
  }

  function readLine(bytes: Uint8Array, maximum: number): { line: string; rest: Uint8Array } | undefined {
    const end = bytes.indexOf(lineFeed)
    if (end > maximum || (end < 0 && bytes.length > maximum))
      throw new SyntaxError('a line of the answer is too long')
    if (end < 0) {
      hold(bytes)
      return undefined
    }
    if (bytes[end - 1] !== carriageReturn) throw new SyntaxError('a line of the answer ends without CR')
    return { line: latin1(bytes, 0, end - 1), rest: bytes.subarray(end + 1) }
  }

  /** RFC 9112 §7.1. */
  function readChunkSize(bytes: Uint8Array): Uint8Array {
    const found = readLine(bytes, maximumChunkLineBytes)
    if (found === undefined) return nothing
    const [, digits] = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;.*)?$/.exec(found.line) ?? []
    if (digits === undefined) throw new SyntaxError('a chunk of the answer has no size')
    left = Number.parseInt(digits, 16)
    state = left === 0 ? 'trailer' : 'chunk'
    return found.rest
  }

  function readTrailer(bytes: Uint8Array): Uint8Array {
    const found = readLine(bytes, maximumTrailerBytes - trailerBytes)
    if (found === undefined) return nothing
    trailerBytes += found.line.length + 2
    if (found.line === '') finish()
    return found.rest
  }

  function readChunkEnd(bytes: Uint8Array): Uint8Array {
    if (bytes.length < 2) return hold(bytes)
    if (bytes[0] !== carriageReturn || bytes[1] !== lineFeed)
      throw new SyntaxError('a chunk of the answer is longer than it says')
    state = 'chunk-size'
    return bytes.subarray(2)
  }

  function step(bytes: Uint8Array): Uint8Array {
    switch (state) {
      case 'head':
        return readHead(bytes)
      case 'length':
        return readSized(bytes, 'over')
      case 'chunk':
        return readSized(bytes, 'chunk-end')
      case 'chunk-size':
        return readChunkSize(bytes)
      case 'chunk-end':
        return readChunkEnd(bytes)
      case 'trailer':
        return readTrailer(bytes)
      case 'until-close':
        sink.onBody(bytes)
        return nothing
      case 'over':
        throw new SyntaxError('something came after the end of the answer')
    }
  }

  return {
    read(bytes) {
      let rest = held === undefined ? bytes : concatBytes(held, bytes)
      held = undefined
      while (rest.length > 0) rest = step(rest)
    },
    end() {
      if (state === 'until-close') finish()
      else if (state !== 'over') throw new SyntaxError('the answer ends in the middle')
    },
  }
}

interface ParsedHead extends AnswerHead {
  version: string
}

function parseHead(text: string): ParsedHead {
  const lines = text.split('\r\n')
  const [, version, status] = /^HTTP\/(1\.[01]) (\d{3})(?: .*)?$/.exec(lines[0] ?? '') ?? []
  if (version === undefined || status === undefined) throw new SyntaxError('the answer is no HTTP/1.1')
  const headers = new PlainHeaders()
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? ''
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    if (colon <= 0 || (lengthHeaders.has(name) && headers.has(name)))
      throw new SyntaxError('a header of the answer cannot be read')
    try {
      // Refuses names and values that no header may have, a folded line among them.
      headers.append(name, line.slice(colon + 1))
    } catch (cause) {
      throw new SyntaxError('a header of the answer cannot be read', { cause })
    }
  }
  return { version, status: Number(status), headers }
}

const lengthHeaders: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])

const carriageReturn = 13
const lineFeed = 10
const nothing = new Uint8Array()

function indexOfHeadEnd(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(carriageReturn); at >= 0; at = bytes.indexOf(carriageReturn, at + 1)) {
    if (bytes[at + 1] === lineFeed && bytes[at + 2] === carriageReturn && bytes[at + 3] === lineFeed)
      return at
  }
  return -1
}

const latin1Decoder = new TextDecoder('latin1')

/** Headers are ASCII; what is above is taken byte by byte, near enough for a value that is only passed on. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  return latin1Decoder.decode(bytes.subarray(start, end))
}
