/** Tells of results that are longer than Claude's clients take whole (Claude help center, "MCP connectors"; Claude Code, MAX_MCP_OUTPUT_TOKENS). */

import { isRequest } from '../mcp/json-rpc.ts'
import { toolOf } from './policy.ts'
import type { UpstreamCall } from './upstream.ts'

/** About 25 000 tokens, beyond which Claude Code cuts off or writes to a file. */
const tokenLimitCharacters = 100_000
/** Beyond which hosted Claude cuts off. */
const characterLimit = 150_000

/** Of the whole answer; for an image nobody counts characters, but few clients show one of this size. */
export function noteResultSize(call: UpstreamCall, bytes: number): void {
  if (bytes <= tokenLimitCharacters) return
  const [message] = call.messages
  if (message === undefined || !isRequest(message) || message.method !== 'tools/call') return
  const isTooLong = bytes > characterLimit
  call.caller.emit('result.large', {
    tool: toolOf(message),
    bytes,
    code: isTooLong ? '150000-characters' : '25000-tokens',
    reason: isTooLong
      ? 'hosted Claude cuts off what is longer than 150 000 characters'
      : 'Claude Code takes about 25 000 tokens of a result',
  })
}
