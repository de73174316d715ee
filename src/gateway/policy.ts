/** Which scope a message needs: `read` for what only reads, `write` for the rest, decided on the parsed body. */

import { isRequest, isResponse, type JsonRpcMessage, type JsonRpcRequest } from '../mcp/json-rpc.ts'
import { elementsOf, hasAmbiguousMember } from '../mcp/json-text.ts'
import type { ScopeDefinition } from '../oauth/scope.ts'

export type NeededScope = 'none' | 'read' | 'write' | 'by-annotation'

/** Lists are complete for everybody: a person can only ask for more of what they see (step-up). */
export function neededScope(message: JsonRpcMessage): NeededScope {
  if (isResponse(message)) return 'none'
  // A call without an id is done all the same by servers that look at the method first (JSON-RPC 2.0 §4.1).
  if (!isRequest(message) && message.method.startsWith('notifications/')) return 'none'
  return needs.get(message.method) ?? 'write'
}

/**
 * What of the offered scopes a token lacks for these messages. `isReadOnly` tells how the upstream
 * describes a tool, and is asked only where it decides: for a call by a token that may not write.
 */
export async function missingScopes(
  messages: readonly JsonRpcMessage[],
  granted: readonly string[],
  offered: readonly ScopeDefinition[],
  isReadOnly: (tool: string) => Promise<boolean>,
): Promise<string[]> {
  const lacking = offered.filter(({ name }) => !granted.includes(name)).map(({ name }) => name)
  if (lacking.length === 0) return []
  const missing = new Set<string>()
  for (const message of messages) {
    const needed = await scopeOf(message, lacking, isReadOnly)
    // The broad scope brings the narrow one (MCP 2026-07-28 authorization, scope challenges).
    const isImplied = needed === 'read' && granted.includes('write')
    if (lacking.includes(needed) && !isImplied) missing.add(needed)
  }
  return [...missing]
}

/** The tool that a call names, whatever its type. */
export function toolOf(message: JsonRpcMessage): string | undefined {
  if (!isRequest(message) || message.method !== 'tools/call') return undefined
  const name = message.params?.name
  return typeof name === 'string' ? name : undefined
}

/**
 * True where another parser could read another method, tool or parameters than we did. Such a text may
 * travel only for a token that is allowed everything.
 */
export function isAmbiguous(text: string, batch: boolean): boolean {
  if (!batch) return ambiguousMessage(text)
  return [...elementsOf(text)].some(({ start, end }) => ambiguousMessage(text.slice(start, end)))
}

/** Methods of every revision; what is not here may do anything. */
const needs: ReadonlyMap<string, NeededScope> = new Map([
  ['initialize', 'none'],
  ['ping', 'none'],
  ['server/discover', 'none'],
  ['logging/setLevel', 'none'],
  ['tools/list', 'none'],
  ['prompts/list', 'none'],
  ['resources/list', 'none'],
  ['resources/templates/list', 'none'],
  ['tools/call', 'by-annotation'],
  ['prompts/get', 'read'],
  ['resources/read', 'read'],
  ['resources/subscribe', 'read'],
  ['resources/unsubscribe', 'read'],
  ['subscriptions/listen', 'read'],
  ['completion/complete', 'read'],
  ['tasks/get', 'read'],
  ['tasks/result', 'read'],
  ['tasks/list', 'read'],
])

async function scopeOf(
  message: JsonRpcMessage,
  lacking: readonly string[],
  isReadOnly: (tool: string) => Promise<boolean>,
): Promise<string> {
  const needed = neededScope(message)
  if (needed !== 'by-annotation') return needed
  // Whoever may write may also call what only reads: no need to look at the tool.
  if (!lacking.includes('write')) return 'write'
  const tool = toolOf(message as JsonRpcRequest)
  return tool !== undefined && (await isReadOnly(tool)) ? 'read' : 'write'
}

function ambiguousMessage(text: string): boolean {
  return (
    hasAmbiguousMember(text, [], decisiveMembers) ||
    hasAmbiguousMember(text, ['params'], decisiveParameters) ||
    hasAmbiguousMember(text, ['params', 'ref'], decisiveReferences)
  )
}

/** What tells a request from a response, and one request from another. */
const decisiveMembers: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error'])
const decisiveParameters: ReadonlySet<string> = new Set(['name', 'uri', 'ref', '_meta', 'notifications'])
/** What a completion is for. */
const decisiveReferences: ReadonlySet<string> = new Set(['name', 'uri'])
