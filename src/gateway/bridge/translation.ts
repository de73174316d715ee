/** One message as the other era writes it, and everything that both know as it was written (MCP 2026-07-28, changes; requirements GW-5 and GW-6). */

import {
  formatRpcError,
  type JsonRpcId,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcCodes,
  metaOf,
} from '../../mcp/json-rpc.ts'
import { findValue, removeValue, replaceValue, setValue } from '../../mcp/json-text.ts'
import {
  clientCapabilitiesMeta,
  clientInfoMeta,
  logLevelMeta,
  protocolVersionMeta,
  serverInfoMeta,
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
  const meta = findValue(legacy, ['params', '_meta'])
  const isEmpty = meta !== undefined && /^\{\s*\}$/.test(legacy.slice(meta.start, meta.end))
  return isEmpty ? removeValue(legacy, ['params', '_meta']) : legacy
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

/** Headers of a modern request that say nothing to a server of the handshake era. */
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

function withMember(text: string, path: readonly string[], value: unknown): string {
  return findValue(text, path) === undefined ? setValue(text, path, value) : text
}

/** MCP 2024-11-05 to 2025-11-25, resources, error handling; later revisions must not use it (HTTP-2026-07-28-43). */
export const legacyResourceNotFound = -32002

function modernCode(code: number): number {
  return code === legacyResourceNotFound ? jsonRpcCodes.invalidParams : code
}
