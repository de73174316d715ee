/** One message as the other era writes it, and everything that both know as it was written (MCP 2026-07-28, changes; requirements GW-5 and GW-6). */

import {
  formatRpcError,
  type JsonRpcId,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcCodes,
  metaOf,
} from '../../mcp/json-rpc.ts'
import { elementsOf, findValue, removeValue, replaceValue, setValue } from '../../mcp/json-text.ts'
import {
  clientCapabilitiesMeta,
  clientInfoMeta,
  logLevelMeta,
  newestModernVersion,
  protocolVersionMeta,
  serverInfoMeta,
  subscriptionIdMeta,
} from '../../mcp/protocol-version.ts'
import { lastEventIdHeader, methodHeader, nameHeader, versionHeader } from '../../mcp/streamable-http.ts'
import { modernStatus } from '../command-era.ts'

/** A modern request for a server of the handshake era: no envelope, nothing of earlier rounds, and an id of ours. */
export function asLegacyRequest(text: string, request: JsonRpcRequest, id: number): string {
  let legacy = replaceValue(text, ['id'], id)
  for (const name of ['inputResponses', 'requestState']) legacy = removeValue(legacy, ['params', name])
  for (const name of envelope) legacy = removeValue(legacy, ['params', '_meta', name])
  if (metaOf(request, 'progressToken') !== undefined) {
    return replaceValue(legacy, ['params', '_meta', 'progressToken'], id)
  }
  return withoutEmpty(legacy, ['params', '_meta'])
}

const envelope = [protocolVersionMeta, clientInfoMeta, clientCapabilitiesMeta, logLevelMeta] as const

export interface StatusText {
  text: string
  status: number
}

/** The answer of a server of the handshake era, for the modern request that it is given to. */
export function asModernAnswer(
  text: string,
  response: JsonRpcResponse,
  { id, method }: JsonRpcRequest,
  serverInfo: unknown,
): StatusText {
  if (response.error !== undefined) {
    const known = replaceValue(text, ['error', 'code'], modernCode(response.error.code))
    return { text: setValue(known, ['id'], id), status: modernStatus(response) }
  }
  let modern = replaceValue(text, ['id'], id)
  if (typeof serverInfo === 'object' && serverInfo !== null) {
    modern = withMember(modern, ['result', '_meta'], {})
    modern = withMember(modern, ['result', '_meta', serverInfoMeta], serverInfo)
  }
  if (cacheableMethods.has(method)) {
    modern = withMember(modern, ['result', 'cacheScope'], 'private')
    modern = withMember(modern, ['result', 'ttlMs'], 0)
  }
  return { text: withMember(modern, ['result', 'resultType'], 'complete'), status: 200 }
}

export function modernError(id: JsonRpcId, code: number, message: string, data?: unknown): StatusText {
  const response = formatRpcError(id, code, message, data)
  return { text: JSON.stringify(response), status: modernStatus(response) }
}

/** What a legacy client has said of itself, as a modern request says it each time. */
export interface Envelope {
  clientInfo: unknown
  clientCapabilities: Readonly<Record<string, unknown>>
  logLevel: string | undefined
}

/** A request of a legacy client for a stateless server: with envelope, an id of ours, and what the client brings to this round. */
export function asModernRequest(
  text: string,
  id: number,
  envelope: Envelope,
  round: RoundMembers = {},
): string {
  let modern = replaceValue(text, ['id'], id)
  modern = withMember(modern, ['params'], {})
  modern = withMember(modern, ['params', '_meta'], {})
  const meta = {
    [logLevelMeta]: envelope.logLevel,
    [clientCapabilitiesMeta]: envelope.clientCapabilities,
    [clientInfoMeta]: envelope.clientInfo,
    [protocolVersionMeta]: newestModernVersion,
  }
  for (const [name, value] of Object.entries(meta)) {
    if (value !== undefined) modern = setValue(modern, ['params', '_meta', name], value)
  }
  for (const [name, value] of Object.entries(round)) {
    if (value !== undefined) modern = setValue(modern, ['params', name], value)
  }
  return modern
}

export interface RoundMembers {
  inputResponses?: Readonly<Record<string, unknown>>
  requestState?: unknown
}

/** The answer of a stateless server, for the legacy request that it is given to. */
export function asLegacyAnswer(
  text: string,
  response: JsonRpcResponse,
  { id, method }: JsonRpcRequest,
): string {
  let legacy = setValue(text, ['id'], id)
  if (response.error !== undefined) {
    const isMissing = method === 'resources/read' && response.error.code === jsonRpcCodes.invalidParams
    return isMissing ? replaceValue(legacy, ['error', 'code'], legacyResourceNotFound) : legacy
  }
  legacy = removeValue(legacy, ['result', 'resultType'])
  if (cacheableMethods.has(method)) {
    for (const name of ['ttlMs', 'cacheScope']) legacy = removeValue(legacy, ['result', name])
  }
  legacy = withoutMeta(legacy, ['result', '_meta'], serverInfoMeta)
  if (method === 'tools/call') return withoutUnless(legacy, ['result', 'structuredContent'], isObject)
  return method === 'tools/list' ? withLegacySchemas(legacy) : legacy
}

/** A notification of a listen stream, for a stream of a session. */
export function asLegacyNotification(text: string): string {
  return withoutMeta(text, ['params', '_meta'], subscriptionIdMeta)
}

/** Headers of a modern request that say nothing nothing to a server of the handshake era. */
export function legacyHeaders(modern: Headers): Headers {
  const headers = new Headers(modern)
  for (const name of [versionHeader, methodHeader, nameHeader, lastEventIdHeader]) headers.delete(name)
  return headers
}

/** Their complete results carry hints about caching (MCP 2026-07-28, caching). */
export const cacheableMethods: ReadonlySet<string> = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
])

function withoutEmpty(text: string, path: readonly string[]): string {
  const found = findValue(text, path)
  const isEmpty = found !== undefined && /^\{\s*\}$/.test(text.slice(found.start, found.end))
  return isEmpty ? removeValue(text, path) : text
}

function withoutMeta(text: string, path: readonly string[], name: string): string {
  return findValue(text, [...path, name]) === undefined
    ? text
    : withoutEmpty(removeValue(text, [...path, name]), path)
}

function withoutUnless(text: string, path: readonly string[], isKept: (value: unknown) => boolean): string {
  const found = findValue(text, path)
  if (found === undefined || isKept(JSON.parse(text.slice(found.start, found.end)))) return text
  return removeValue(text, path)
}

/** Up to 2025-11-25 structured content is an object, so its schema is that of one; clients reject the whole list otherwise. */
function withLegacySchemas(text: string): string {
  const list = findValue(text, ['result', 'tools'])
  if (list === undefined || text[list.start] !== '[') return text
  const tools = [...elementsOf(text, list.start)].map(({ start, end }) =>
    withoutUnless(
      text.slice(start, end),
      ['outputSchema'],
      (schema) => isObject(schema) && schema.type === 'object',
    ),
  )
  return `${text.slice(0, list.start)}[${tools.join(',')}]${text.slice(list.end)}`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function withMember(text: string, path: readonly string[], value: unknown): string {
  return findValue(text, path) === undefined ? setValue(text, path, value) : text
}

/** MCP 2024-11-05 to 2025-11-25, resources, error handling; later revisions must not use it (HTTP-2026-07-28-43). */
export const legacyResourceNotFound = -32002

function modernCode(code: number): number {
  return code === legacyResourceNotFound ? jsonRpcCodes.invalidParams : code
}
