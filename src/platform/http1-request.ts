/** Reads a request of HTTP/1.1 that has come whole and is written as nearly all are (RFC 9112 §2 to §6). Whatever two readers could understand differently is not read here at all. */

import { keepsConnection, plainFields, readPlainFields } from './http1-fields.ts'
import { PlainHeaders } from './plain-headers.ts'

export interface WholeRequest {
  method: string
  /** As it was written: a path, with its query. */
  target: string
  /** Each once. */
  headers: PlainHeaders
  body: Uint8Array
}

/** `unfinished`: so far nothing is wrong with it, and more has to come. `unusual`: somebody else has to read it. */
export type ReadRequest = WholeRequest | 'unfinished' | 'unusual'

/** Node's own limit for a head, so that both answer the same requests. */
const maximumHeadBytes = 16_384
/** More is rare, and may be refused before it is read. */
const maximumBodyBytes = 262_144

/** A request line for a path, fields without folding, blanks or bare line ends that a reader might make something of. */
const headPattern = new RegExp(`^(GET|POST|DELETE|OPTIONS|HEAD) (/[!-~]*) HTTP/1\\.1\\r\\n${plainFields}$`)

export interface RequestReader {
  read(bytes: Uint8Array): ReadRequest
  /** What is known of the head that came last. */
  forget(): void
}

/** For one connection, on which heads that come one after another seldom differ in more than the length of the body: such a one is compared and not read. */
export function createRequestReader(): RequestReader {
  let known: KnownHead | undefined
  return {
    read(bytes) {
      const again = known && readAgain(known, bytes)
      if (again !== undefined) return again
      const text = latin1Decoder.decode(
        bytes.length > maximumHeadBytes ? bytes.subarray(0, maximumHeadBytes) : bytes,
      )
      const end = text.indexOf('\r\n\r\n')
      if (end < 0) return bytes.length > maximumHeadBytes ? 'unusual' : 'unfinished'
      const head = text.slice(0, end + 2)
      const [, method, target] = headPattern.exec(head) ?? []
      const fields = method === undefined ? undefined : readPlainFields(head, unusualFields)
      if (method === undefined || target === undefined || fields === undefined) return 'unusual'
      if (!fields.has('host') || !keepsConnection(fields)) return 'unusual'
      const length = lengthOf(method, fields)
      if (length === undefined) return 'unusual'
      known = knownHead(head, bytes, { method, target, fields })
      return withBody(method, target, fields, bytes, end + 4, length)
    },
    forget() {
      known = undefined
    },
  }
}

function withBody(
  method: string,
  target: string,
  fields: Map<string, string>,
  bytes: Uint8Array,
  start: number,
  length: number,
): ReadRequest {
  const rest = bytes.length - start
  if (rest > length) return 'unusual'
  if (rest < length) return 'unfinished'
  return { method, target, headers: PlainHeaders.ofFields(fields), body: bytes.subarray(start) }
}

/** Undefined where it is not told, or a method has a body that means nothing with it. */
function lengthOf(method: string, fields: ReadonlyMap<string, string>): number | undefined {
  const told = fields.get('content-length')
  if (told === undefined) return method === 'POST' ? undefined : 0
  if (!/^\d{1,6}$/.test(told)) return undefined
  const length = Number(told)
  if (length > maximumBodyBytes || (method !== 'POST' && length > 0)) return undefined
  return length
}

/* The same head again */

/** A head that was read, in two parts: between them stood the length of its body. */
interface KnownHead {
  before: Uint8Array
  after: Uint8Array
  method: string
  target: string
  fields: Map<string, string>
}

const lengthField = /\r\ncontent-length:[ \t]*/i

/** Copies: bytes from a socket are a part of much more. Undefined for a head without a body. */
function knownHead(
  head: string,
  bytes: Uint8Array,
  parts: Pick<KnownHead, 'method' | 'target' | 'fields'>,
): KnownHead | undefined {
  const told = lengthField.exec(head)
  if (parts.method !== 'POST' || told === null) return undefined
  const start = told.index + told[0].length
  const end = start + (parts.fields.get('content-length')?.length ?? 0)
  return { before: bytes.slice(0, start), after: bytes.slice(end, head.length + 2), ...parts }
}

/** Undefined where it is another head, or not plainly the same: then it is read. */
function readAgain(known: KnownHead, bytes: Uint8Array): ReadRequest | undefined {
  const { before, after, method, target, fields } = known
  if (!isAt(before, bytes, 0)) return undefined
  let at = before.length
  let length = 0
  for (let digit = digitAt(bytes, at); digit !== undefined; digit = digitAt(bytes, ++at))
    length = length * 10 + digit
  const digits = at - before.length
  if (digits === 0 || digits > 6 || length > maximumBodyBytes || !isAt(after, bytes, at)) return undefined
  const told = fields.get('content-length') ?? ''
  if (told.length !== digits || Number(told) !== length)
    known.fields = new Map(fields).set('content-length', String(length).padStart(digits, '0'))
  return withBody(method, target, known.fields, bytes, at + after.length, length)
}

function digitAt(bytes: Uint8Array, at: number): number | undefined {
  const digit = (bytes[at] ?? 0) - 0x30
  return digit >= 0 && digit <= 9 ? digit : undefined
}

function isAt(part: Uint8Array, bytes: Uint8Array, start: number): boolean {
  if (start + part.length > bytes.length) return false
  for (let at = 0; at < part.length; at++) if (part[at] !== bytes[start + at]) return false
  return true
}

const latin1Decoder = new TextDecoder('latin1')

const unusualFields: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'expect',
  'upgrade',
  'trailer',
  'proxy-connection',
  'set-cookie',
  'http2-settings',
])
