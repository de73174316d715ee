/** What a server may ask of a client, and whether this client has said that it can answer (MCP 2025-11-25, client features; 2026-07-28, multi round-trip requests). */

import type { JsonRpcId, JsonRpcRequest } from '../../mcp/json-rpc.ts'

/** A request of the server, on its way to the client as part of a result. */
export interface Question {
  /** Under which the server waits for the answer. */
  id: JsonRpcId
  method: string
  /** As it was written; undefined where there are none. */
  params: string | undefined
}

/** The capability without which a client cannot be asked this; undefined for a method that asks clients nothing. */
export function requiredCapability({ method, params }: JsonRpcRequest): Record<string, unknown> | undefined {
  if (method === 'elicitation/create') return { elicitation: params?.mode === 'url' ? { url: {} } : {} }
  if (method === 'sampling/createMessage') return { sampling: {} }
  if (method === 'roots/list') return { roots: {} }
  return undefined
}

export function isDeclared(
  required: Record<string, unknown>,
  capabilities: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(required).every(([name, needed]) => {
    const declared = capabilities[name]
    if (typeof declared !== 'object' || declared === null) return false
    return isDeclared(needed as Record<string, unknown>, declared as Record<string, unknown>)
  })
}

export function asksAnything(capabilities: Readonly<Record<string, unknown>>): boolean {
  return ['elicitation', 'sampling', 'roots'].some((name) => capabilities[name] !== undefined)
}

/** Only these may be answered with a question (MCP 2026-07-28, multi round-trip requests). */
export const askingMethods: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read'])
