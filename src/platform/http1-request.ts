/** Reads a request of HTTP/1.1 that has come whole and is written as nearly all are (RFC 9112 §2 to §6). Whatever two readers could understand differently is not read here at all. */

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
const headPattern =
  /^(GET|POST|DELETE|OPTIONS|HEAD) (\/[!-~]*) HTTP\/1\.1\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[ -~]*\r\n)+$/

export function readWholeRequest(bytes: Uint8Array): ReadRequest {
  const text = latin1Decoder.decode(
    bytes.length > maximumHeadBytes ? bytes.subarray(0, maximumHeadBytes) : bytes,
  )
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return bytes.length > maximumHeadBytes ? 'unusual' : 'unfinished'
  const head = text.slice(0, end + 2)
  const [, method, target] = headPattern.exec(head) ?? []
  if (method === undefined || target === undefined) return 'unusual'
  const headers = readFields(head)
  if (headers === undefined) return 'unusual'
  const length = lengthOf(method, headers)
  if (length === undefined) return 'unusual'
  const start = end + 4
  const rest = bytes.length - start
  if (rest > length) return 'unusual'
  return rest < length ? 'unfinished' : { method, target, headers, body: bytes.subarray(start) }
}

/** Undefined for a field that came twice, or that changes how the rest is to be read. */
function readFields(head: string): PlainHeaders | undefined {
  const fields = new Map<string, string>()
  let end = head.indexOf('\r\n')
  for (let at = end + 2; at < head.length; at = end + 2) {
    end = head.indexOf('\r\n', at)
    const colon = head.indexOf(':', at)
    const name = head.slice(at, colon).toLowerCase()
    if (fields.has(name) || unusualFields.has(name)) return undefined
    fields.set(name, head.slice(colon + 1, end).trim())
  }
  const connection = fields.get('connection') ?? 'keep-alive'
  const isUsual = fields.has('host') && connection.toLowerCase() === 'keep-alive'
  return isUsual ? PlainHeaders.ofFields(fields) : undefined
}

const unusualFields: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'expect',
  'upgrade',
  'trailer',
  'proxy-connection',
  'set-cookie',
  'http2-settings',
])

/** Undefined where it is not told, or a method has a body that means nothing with it. */
function lengthOf(method: string, headers: PlainHeaders): number | undefined {
  const told = headers.get('content-length')
  if (told === null) return method === 'POST' ? undefined : 0
  if (!/^\d{1,6}$/.test(told)) return undefined
  const length = Number(told)
  if (length > maximumBodyBytes || (method !== 'POST' && length > 0)) return undefined
  return length
}

const latin1Decoder = new TextDecoder('latin1')
