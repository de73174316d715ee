/** Leaves entries out of the lists that a caller is given, and everything else in them as it was written (house rule 6, requirement GW-9). */

import { isRequest } from '../mcp/json-rpc.ts'
import { elementsOf, findValue, replaceValue } from '../mcp/json-text.ts'
import type { ListName, Visibility } from './access-policy.ts'
import { readAnswers } from './event-relay.ts'
import { theServer } from './http-exchange.ts'
import { defaultUpstreamLimits } from './limits.ts'
import { jsonResponse } from './reply.ts'
import { failureResponse, type UpstreamCall } from './upstream.ts'

export function asksForList({ messages }: UpstreamCall): boolean {
  return messages.some((message) => isRequest(message) && lists.has(message.method))
}

/** The answer to a call that was made without `wantsEventStream`. */
export async function filterLists(
  call: UpstreamCall,
  response: Response,
  isShown: Visibility,
): Promise<Response> {
  if (!response.ok || response.status === 202) return response
  const requests = call.messages.filter(isRequest)
  const answers = await readAnswers(response, requests.length, defaultUpstreamLimits).catch(() => undefined)
  if (answers === undefined)
    return failureResponse(call.messages, call.batch, `${theServer} sent no MCP message.`)
  const asked = new Map(requests.map(({ id, method }) => [id, lists.get(method)]))
  const texts = answers.map(({ text, response: { id } }) => {
    const list = id === null ? undefined : asked.get(id)
    return list === undefined ? text : withoutEntries(text, list, isShown)
  })
  return jsonResponse(call.batch ? `[${texts.join(',')}]` : (texts[0] ?? ''), response.status)
}

function withoutEntries(text: string, name: ListName, isShown: Visibility): string {
  const list = findValue(text, ['result', name])
  if (list === undefined || text[list.start] !== '[') return text
  const shown = [...elementsOf(text, list.start)]
    .map(({ start, end }) => text.slice(start, end))
    .filter((entry) => isShown(name, JSON.parse(entry) ?? {}))
  const shorter = `${text.slice(0, list.start)}[${shown.join(',')}]${text.slice(list.end)}`
  // What depends on a token must not be kept for others (MCP 2026-07-28, caching).
  return replaceValue(shorter, ['result', 'cacheScope'], 'private')
}

const lists: ReadonlyMap<string, ListName> = new Map([
  ['tools/list', 'tools'],
  ['prompts/list', 'prompts'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'resourceTemplates'],
])
