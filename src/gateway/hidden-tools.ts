/** Leaves tools out of the lists that a stranger is given, and everything else in them as it was written (house rule 6). */

import { isRequest } from '../mcp/json-rpc.ts'
import { elementsOf, findValue, replaceValue } from '../mcp/json-text.ts'
import { readAnswers } from './event-relay.ts'
import { theServer } from './http-exchange.ts'
import { defaultUpstreamLimits } from './limits.ts'
import { jsonResponse } from './reply.ts'
import { failureResponse, type UpstreamCall } from './upstream.ts'

export function asksForTools({ messages }: UpstreamCall): boolean {
  return messages.some((message) => isRequest(message) && message.method === 'tools/list')
}

/** The answer to a call that was made without `wantsEventStream`. */
export async function hideTools(
  call: UpstreamCall,
  response: Response,
  hidden: readonly string[],
): Promise<Response> {
  if (!response.ok || response.status === 202) return response
  const expected = call.messages.filter(isRequest).length
  const answers = await readAnswers(response, expected, defaultUpstreamLimits).catch(() => undefined)
  if (answers === undefined)
    return failureResponse(call.messages, call.batch, `${theServer} sent no MCP message.`)
  const lists = new Set(
    call.messages.filter(isRequest).flatMap(({ id, method }) => (method === 'tools/list' ? [id] : [])),
  )
  const texts = answers.map(({ text, response: { id } }) =>
    id !== null && lists.has(id) ? withoutTools(text, hidden) : text,
  )
  return jsonResponse(call.batch ? `[${texts.join(',')}]` : (texts[0] ?? ''), response.status)
}

function withoutTools(text: string, hidden: readonly string[]): string {
  const list = findValue(text, ['result', 'tools'])
  if (list === undefined || text[list.start] !== '[') return text
  const shown = [...elementsOf(text, list.start)]
    .map(({ start, end }) => text.slice(start, end))
    .filter((tool) => !hidden.includes(nameOf(tool)))
  const shorter = `${text.slice(0, list.start)}[${shown.join(',')}]${text.slice(list.end)}`
  // What depends on a token must not be kept for others (MCP 2026-07-28, caching).
  return replaceValue(shorter, ['result', 'cacheScope'], 'private')
}

function nameOf(tool: string): string {
  const value = JSON.parse(tool) as { name?: unknown } | null
  return String(value?.name)
}
