/** Listen streams of modern clients before a server that speaks unasked, if at all, on a stream of its session (MCP 2026-07-28, subscriptions). */

import {
  formatRpcError,
  isRequest,
  type JsonRpcNotification,
  type JsonRpcRequest,
  jsonRpcCodes,
} from '../../mcp/json-rpc.ts'
import { findValue, setValue } from '../../mcp/json-text.ts'
import { serverInfoMeta, subscriptionIdMeta } from '../../mcp/protocol-version.ts'
import type { UpstreamLimits } from '../limits.ts'
import { jsonResponse, openEventSink } from '../reply.ts'
import type { UpstreamCall } from '../upstream.ts'

export interface ListenFilter {
  toolsListChanged?: boolean
  promptsListChanged?: boolean
  resourcesListChanged?: boolean
  resourceSubscriptions?: readonly string[]
}

export interface Subscriptions {
  open(call: UpstreamCall, request: JsonRpcRequest): Promise<Response>
  /** To every stream that asked for it. */
  deliver(notification: JsonRpcNotification, text: string): void
  isEmpty(): boolean
  /** Says goodbye to everybody. */
  close(): void
}

export interface SubscriptionsOptions {
  limits: UpstreamLimits
  serverInfo: unknown
  /** What of it this server will tell of. */
  honour(filter: ListenFilter): Promise<ListenFilter>
  subscribe(uri: string): Promise<boolean>
  unsubscribe(uri: string): void
}

interface Listener {
  filter: ListenFilter
  send(text: string): void
  end(): void
}

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const listeners = new Set<Listener>()
  /** How many streams each resource is watched by. */
  const watched = new Map<string, number>()

  /** Watched once, however many streams want to hear of it. */
  async function watch(uris: readonly string[]): Promise<string[]> {
    const taken: string[] = []
    for (const uri of new Set(uris)) {
      const count = watched.get(uri) ?? 0
      watched.set(uri, count + 1)
      if (count > 0 || (await options.subscribe(uri))) taken.push(uri)
      else unwatch([uri], false)
    }
    return taken
  }

  function unwatch(uris: readonly string[], isTold: boolean): void {
    for (const uri of uris) {
      const rest = (watched.get(uri) ?? 1) - 1
      if (rest > 0) watched.set(uri, rest)
      else {
        watched.delete(uri)
        if (isTold) options.unsubscribe(uri)
      }
    }
  }

  return {
    async open(call, request) {
      const asked = readFilter(request)
      if (asked === undefined) {
        const fault = formatRpcError(
          request.id,
          jsonRpcCodes.invalidParams,
          'params.notifications must say what is to be told',
        )
        return jsonResponse(JSON.stringify(fault))
      }
      const possible = await options.honour(asked)
      const uris = await watch(possible.resourceSubscriptions ?? [])
      const { resourceSubscriptions, ...lists } = possible
      const filter: ListenFilter = uris.length > 0 ? { ...lists, resourceSubscriptions: uris } : lists
      const sink = openEventSink(options.limits, () => {
        listeners.delete(listener)
        unwatch(uris, true)
      })
      const tag = (text: string): string => withSubscriptionId(text, request.id)
      const listener: Listener = {
        filter,
        send: (text) => void sink.send(tag(text)),
        end() {
          const result = {
            resultType: 'complete',
            _meta: { [subscriptionIdMeta]: request.id, [serverInfoMeta]: options.serverInfo },
          }
          sink.send(JSON.stringify({ jsonrpc: '2.0', id: request.id, result }))
          sink.end()
        },
      }
      const params = { notifications: filter }
      listener.send(JSON.stringify({ jsonrpc: '2.0', method: acknowledged, params }))
      listeners.add(listener)
      call.signal?.addEventListener('abort', sink.end, { once: true })
      // Nothing will ever be told: so the client need not wait for it.
      if (Object.keys(filter).length === 0) listener.end()
      return sink.response
    },
    deliver(notification, text) {
      for (const { filter, send } of listeners) if (isAskedFor(notification, filter)) send(text)
    },
    isEmpty: () => listeners.size === 0,
    close() {
      for (const { end } of [...listeners]) end()
    },
  }
}

const acknowledged = 'notifications/subscriptions/acknowledged'

/** What tells of the server as a whole rather than of one call, and the member of a filter that asks for it. */
const listFilters: Readonly<Record<string, Exclude<keyof ListenFilter, 'resourceSubscriptions'>>> = {
  'notifications/tools/list_changed': 'toolsListChanged',
  'notifications/prompts/list_changed': 'promptsListChanged',
  'notifications/resources/list_changed': 'resourcesListChanged',
}

export const resourceUpdated = 'notifications/resources/updated'

export function concernsSubscriptions(method: string): boolean {
  return method in listFilters || method === resourceUpdated
}

export function isAskedFor({ method, params }: JsonRpcNotification, filter: ListenFilter): boolean {
  if (method === resourceUpdated) return filter.resourceSubscriptions?.includes(String(params?.uri)) ?? false
  const member = listFilters[method]
  return member !== undefined && filter[member] === true
}

/** Undefined where the request says nothing that can be understood. */
function readFilter(request: JsonRpcRequest): ListenFilter | undefined {
  const { notifications } = request.params ?? {}
  if (!isRequest(request) || typeof notifications !== 'object' || notifications === null) return undefined
  if (Array.isArray(notifications)) return undefined
  const filter = notifications as Record<string, unknown>
  const uris = filter.resourceSubscriptions
  if (uris !== undefined && !(Array.isArray(uris) && uris.every((uri) => typeof uri === 'string'))) {
    return undefined
  }
  const read: ListenFilter = uris === undefined ? {} : { resourceSubscriptions: uris }
  for (const member of Object.values(listFilters)) if (filter[member] === true) read[member] = true
  return read
}

function withSubscriptionId(text: string, id: unknown): string {
  let tagged = text
  if (findValue(tagged, ['params']) === undefined) tagged = setValue(tagged, ['params'], {})
  if (findValue(tagged, ['params', '_meta']) === undefined) tagged = setValue(tagged, ['params', '_meta'], {})
  return setValue(tagged, ['params', '_meta', subscriptionIdMeta], id)
}
