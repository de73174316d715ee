/** What may be asked of a connector without a token where it is open in part: what is listed here and by its operator, nothing else (house rule 6). */

import { isRequest, isResponse, type JsonRpcMessage } from '../mcp/json-rpc.ts'
import { toolOf } from './policy.ts'

export interface StrangerRules {
  /** The tools that anybody may call, by name; `read-only`: those that the upstream says only read. */
  publicTools: readonly string[] | 'read-only'
  /** The tools that a list leaves out for whoever has not signed in. Never public. */
  hiddenTools: readonly string[]
}

/** How a protected call without a token is told to sign in. Never in both forms: a client would act on each. */
export type SignInForm =
  /** 401 with a challenge: MCP, and every Claude client. */
  | 'http'
  /** A result with `isError` and the challenge in `_meta["mcp/www_authenticate"]`: ChatGPT. */
  | 'in-band'
  /** The second for clients that are known to need it, by the name in their `clientInfo`; the first for all others. */
  | 'by-client'

/** Names in `clientInfo` of products that look for a challenge in the result of a tool (OpenAI Apps SDK, authentication, 2026-09). */
export const inBandClients: ReadonlySet<string> = new Set(['openai-mcp'])

/** `isReadOnly` tells how the upstream describes a tool; it is asked only where that decides. */
export async function isPublic(
  message: JsonRpcMessage,
  rules: StrangerRules,
  isReadOnly: (tool: string) => Promise<boolean>,
): Promise<boolean> {
  // It answers a question that the upstream put to this very session.
  if (isResponse(message)) return true
  if (!isRequest(message)) return message.method.startsWith('notifications/')
  if (message.method === 'subscriptions/listen') return listensForListsOnly(message.params?.notifications)
  const tool = toolOf(message)
  if (tool === undefined) return publicMethods.has(message.method)
  if (rules.hiddenTools.includes(tool)) return false
  return rules.publicTools === 'read-only' ? isReadOnly(tool) : rules.publicTools.includes(tool)
}

/** What a client asks before it needs anything: a `resources/read` may cost or tell as much as a tool. */
const publicMethods: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
])

/** MCP 2026-07-28: what a GET stream is in the handshake era. That a list has changed says no more than the list. */
function listensForListsOnly(notifications: unknown): boolean {
  if (typeof notifications !== 'object' || notifications === null) return false
  return Object.keys(notifications).every((name) => listChanges.has(name))
}

const listChanges: ReadonlySet<string> = new Set([
  'toolsListChanged',
  'promptsListChanged',
  'resourcesListChanged',
])
