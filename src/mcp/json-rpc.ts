/** JSON-RPC 2.0 messages as MCP sends them: told apart, never re-declared; unknown members stay where they are. */

export type JsonRpcId = string | number

export interface JsonRpcRequest {
  jsonrpc: '2.0'
  id: JsonRpcId
  method: string
  params?: Record<string, unknown>
  [member: string]: unknown
}

export interface JsonRpcNotification {
  jsonrpc: '2.0'
  method: string
  params?: Record<string, unknown>
  [member: string]: unknown
}

export interface JsonRpcErrorBody {
  code: number
  message: string
  data?: unknown
}

export interface JsonRpcResponse {
  jsonrpc: '2.0'
  id: JsonRpcId | null
  result?: Record<string, unknown>
  error?: JsonRpcErrorBody
  [member: string]: unknown
}

export type JsonRpcMessage = JsonRpcRequest | JsonRpcNotification | JsonRpcResponse

/** JSON-RPC 2.0 §5.1 and the codes of the MCP revisions. */
export const jsonRpcCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** Implementation-defined: what the SDKs answer to a session or upstream failure. */
  serverError: -32000,
  sessionNotFound: -32001,
  /** MCP 2026-07-28: a mirrored header differs from the body. */
  headerMismatch: -32020,
  missingClientCapability: -32021,
  unsupportedProtocolVersion: -32022,
} as const

export function isRequest(message: JsonRpcMessage): message is JsonRpcRequest {
  return 'method' in message && 'id' in message && message.id !== undefined && message.id !== null
}

export function isNotification(message: JsonRpcMessage): message is JsonRpcNotification {
  return 'method' in message && !isRequest(message)
}

export function isResponse(message: JsonRpcMessage): message is JsonRpcResponse {
  return !('method' in message)
}

/** Why a parsed value is no JSON-RPC message, or undefined when it is one. */
export function jsonRpcFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'a message must be a JSON object'
  const message = value as Record<string, unknown>
  if (message.jsonrpc !== '2.0') return 'jsonrpc must be "2.0"'
  if (message.id !== undefined && !isIdOrNull(message.id)) return 'id must be a string or a number'
  if (message.method !== undefined) {
    if (typeof message.method !== 'string' || message.method === '') return 'method must be a string'
    // Taken for a notification, it would be accepted and never answered (MCP 2025-11-25, requests).
    if (message.id === null) return 'the id of a request must not be null'
    const params = message.params
    const fits =
      params === undefined || (typeof params === 'object' && params !== null && !Array.isArray(params))
    return fits ? undefined : 'params must be an object'
  }
  const answers = (message.result !== undefined ? 1 : 0) + (message.error !== undefined ? 1 : 0)
  if (answers !== 1) return 'a message has a method, or exactly one of result and error'
  // An error may come without: a request that could not be read has no id to name (JSON-RPC 2.0 §5).
  const isOfNoRequest = message.result !== undefined && (message.id === undefined || message.id === null)
  return isOfNoRequest ? 'a result must have the id of its request' : undefined
}

export function formatRpcError(
  id: JsonRpcId | null,
  code: number,
  message: string,
  data?: unknown,
): JsonRpcResponse {
  return { jsonrpc: '2.0', id, error: data === undefined ? { code, message } : { code, message, data } }
}

/** The value at `params._meta[key]`, if it is there at all. */
export function metaOf(message: JsonRpcMessage, key: string): unknown {
  const params = (message as { params?: unknown }).params
  if (typeof params !== 'object' || params === null) return undefined
  const meta = (params as { _meta?: unknown })._meta
  if (typeof meta !== 'object' || meta === null) return undefined
  return (meta as Record<string, unknown>)[key]
}

function isIdOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'number'
}
