/** Streamable HTTP as both ends speak it: the era of a message, its headers, and what a request must carry (MCP 2025-03-26 to 2026-07-28, transports). */

import {
  isRequest,
  isResponse,
  type JsonRpcErrorBody,
  type JsonRpcMessage,
  type JsonRpcRequest,
  jsonRpcCodes,
  metaOf,
} from './json-rpc.ts'
import {
  clientCapabilitiesMeta,
  clientInfoMeta,
  type Era,
  isLegacyVersion,
  isModernVersion,
  newestLegacyVersion,
  protocolVersionMeta,
} from './protocol-version.ts'

export const sessionHeader = 'mcp-session-id'
export const versionHeader = 'mcp-protocol-version'
export const methodHeader = 'mcp-method'
export const nameHeader = 'mcp-name'
export const lastEventIdHeader = 'last-event-id'

/** The body decides, never the header: only the claim in `_meta` makes a message modern. */
export function eraOf(message: JsonRpcMessage): Era {
  if (isResponse(message)) return 'legacy'
  return metaOf(message, protocolVersionMeta) === undefined ? 'legacy' : 'modern'
}

/**
 * A claim, or what has none but is a request of the stateless era by method and header alike: its envelope is missing
 * (HTTP-2026-07-28-08). The header alone says nothing: clients are seen to send it with requests of their session (TOL-1).
 */
export function isModernRequest(message: JsonRpcMessage, headers: Headers): boolean {
  if (eraOf(message) === 'modern') return true
  const header = readVersionHeader(headers.get(versionHeader))
  const isNamed = header.kind === 'named' && isModernVersion(header.version)
  return isNamed && isRequest(message) && modernMethods.has(message.method)
}

const modernMethods: ReadonlySet<string> = new Set(['server/discover', 'subscriptions/listen'])

/** What `initialize` is answered with: the version asked for if it has a handshake, else the newest that has one. */
export function negotiableVersion(requested: unknown): string {
  return typeof requested === 'string' && isLegacyVersion(requested) ? requested : newestLegacyVersion
}

export type VersionHeader =
  | { kind: 'absent' }
  | { kind: 'named'; version: string }
  | { kind: 'conflicting'; value: string }

/** A header that a proxy or client doubled counts once if all its parts are equal (seen as `2025-11-25, 2025-11-25`). */
export function readVersionHeader(value: string | null): VersionHeader {
  if (value === null || value.trim() === '') return { kind: 'absent' }
  if (!value.includes(',')) return { kind: 'named', version: value.trim() }
  const parts = value.split(',').map((part) => part.trim())
  const [first = ''] = parts
  return parts.every((part) => part === first)
    ? { kind: 'named', version: first }
    : { kind: 'conflicting', value }
}

/** As every client of the official SDKs writes it. */
const usualAccept = 'application/json, text/event-stream'

/** Only a type that is named counts: a probe with any type, one type or none is written for JSON. */
export function acceptsEventStream(accept: string | null): boolean {
  if (accept === null || accept === usualAccept) return accept !== null
  return accept
    .toLowerCase()
    .split(',')
    .some((part) => part.split(';')[0]?.trim() === 'text/event-stream')
}

/** The types that a web page can send without asking first; none of them is ever an MCP message (CSRF). */
export function isFormType(contentType: string | null): boolean {
  if (contentType === 'application/json') return false
  const type = contentType?.split(';')[0]?.trim().toLowerCase()
  return (
    type === 'text/plain' || type === 'application/x-www-form-urlencoded' || type === 'multipart/form-data'
  )
}

/**
 * What is wrong with a modern request, in the order that the revision gives: envelope, version header, mirrored headers.
 * Whether the claimed version is implemented is for the server to say; mirrored headers are judged
 * only for a version that defines them.
 */
export function modernRequestFault(request: JsonRpcRequest, headers: Headers): JsonRpcErrorBody | undefined {
  const claim = metaOf(request, protocolVersionMeta)
  return (
    envelopeFault(request, claim) ??
    versionHeaderFault(String(claim), readVersionHeader(headers.get(versionHeader))) ??
    (isModernVersion(String(claim)) ? mirroredHeaderFault(request, headers) : undefined)
  )
}

/** The headers that repeat a modern request's body, written from that body. */
export function setMirroredHeaders(headers: Headers, request: JsonRpcMessage): void {
  headers.delete(methodHeader)
  headers.delete(nameHeader)
  if (!isRequest(request)) return
  headers.set(methodHeader, encodeMirroredValue(request.method))
  const name = mirroredName(request)
  if (name !== undefined) headers.set(nameHeader, encodeMirroredValue(name))
}

/** A plain value where it survives as a header, else the Base64 form; also for a value that looks like that form. */
export function encodeMirroredValue(value: string): string {
  if (/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !base64Form.test(value)) return value
  let binary = ''
  for (const byte of new TextEncoder().encode(value)) binary += String.fromCharCode(byte)
  return `=?base64?${btoa(binary)}?=`
}

/** The value, or undefined for a Base64 form that holds no UTF-8. */
export function decodeMirroredValue(header: string): string | undefined {
  const encoded = base64Form.exec(header)?.[1]
  if (encoded === undefined) return header
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const base64Form = /^=\?base64\?(.*)\?=$/i

/** The member that `Mcp-Name` repeats. */
const namedBy: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
}

function mirroredName(request: JsonRpcRequest): string | undefined {
  const member = namedBy[request.method]
  const value = member === undefined ? undefined : request.params?.[member]
  return typeof value === 'string' ? value : undefined
}

function envelopeFault(request: JsonRpcRequest, claim: unknown): JsonRpcErrorBody | undefined {
  if (typeof claim !== 'string') return invalidEnvelope(`${protocolVersionMeta} must be a string`)
  if (!isObject(metaOf(request, clientCapabilitiesMeta))) {
    return invalidEnvelope(`${clientCapabilitiesMeta} must be an object`)
  }
  const clientInfo = metaOf(request, clientInfoMeta)
  if (clientInfo !== undefined && !isObject(clientInfo)) {
    return invalidEnvelope(`${clientInfoMeta} must be an object`)
  }
  return undefined
}

/** Another known version in the header is forgiven (Claude Code, 2026-09: anthropics/claude-code#93290), since the claim decides. */
function versionHeaderFault(claim: string, header: VersionHeader): JsonRpcErrorBody | undefined {
  if (header.kind === 'absent')
    return mismatch(`MCP-Protocol-Version is missing, and the body claims ${JSON.stringify(claim)}`)
  if (header.kind === 'conflicting') return mismatch('MCP-Protocol-Version names several versions')
  if (header.version === claim || (isLegacyVersion(header.version) && isModernVersion(claim)))
    return undefined
  return mismatch(
    `MCP-Protocol-Version is ${JSON.stringify(header.version)}, and the body claims ${JSON.stringify(claim)}`,
  )
}

function mirroredHeaderFault(request: JsonRpcRequest, headers: Headers): JsonRpcErrorBody | undefined {
  return (
    mirrorFault('Mcp-Method', headers.get(methodHeader), request.method) ??
    mirrorFault('Mcp-Name', headers.get(nameHeader), mirroredName(request))
  )
}

function mirrorFault(
  name: string,
  header: string | null,
  inBody: string | undefined,
): JsonRpcErrorBody | undefined {
  if (inBody === undefined) return undefined
  if (header === null) return mismatch(`${name} is missing, and the body says ${JSON.stringify(inBody)}`)
  return decodeMirroredValue(header.trim()) === inBody
    ? undefined
    : mismatch(`${name} is ${JSON.stringify(header)}, and the body says ${JSON.stringify(inBody)}`)
}

function invalidEnvelope(message: string): JsonRpcErrorBody {
  return { code: jsonRpcCodes.invalidParams, message: `params._meta: ${message}` }
}

function mismatch(message: string): JsonRpcErrorBody {
  return { code: jsonRpcCodes.headerMismatch, message }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
