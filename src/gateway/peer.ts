/** One MCP peer behind one channel of messages, shared by many sessions: ids and progress tokens are ours towards it, and what it says finds its way back (JSON-RPC 2.0 §4, MCP 2025-11-25 progress and cancellation). */

import {
  formatRpcError,
  isRequest,
  isResponse,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcCodes,
  jsonRpcFault,
} from '../mcp/json-rpc.ts'
import { onOneLine, replaceValue } from '../mcp/json-text.ts'
import { subscriptionIdMeta } from '../mcp/protocol-version.ts'

export interface Peer {
  /** Sends a request under an id of our own. */
  call(call: PeerCall): void
  /** Sends a notification; `cancelled` finds the call that it means. */
  notify(notification: JsonRpcNotification, text: string, sessionKey: string): void
  /** The client's answer to a request of the peer. False if none waits for it. */
  answer(response: JsonRpcResponse, text: string): boolean
  /** A modern client has closed the stream of its call, which cancels it (MCP 2026-07-28, cancellation). */
  cancel(call: PeerCall): void
  /** A message of the peer, as it came. */
  receive(text: string): void
  /** A stream was opened: what waited for one can go. */
  flush(): void
  /** The channel is closed: every call that waits gets this answer. */
  fail(sentence: string): void
  callsInFlight(): number
}

export interface PeerCall {
  request: JsonRpcRequest
  text: string
  sessionKey: string
  /** A notification or request of the peer on the way to the answer. False if it cannot be taken. */
  tell(text: string): boolean
  /** The answer, under the caller's own id. */
  settle(text: string, response: JsonRpcResponse): void
  /** The caller cancelled it: no answer is to be expected. */
  abandon(): void
}

/** A GET stream of one session. */
export interface PeerListener {
  sessionKey: string
  send(text: string): boolean
}

export interface PeerOptions {
  write(line: string): void
  /** The GET streams that are open now, oldest first. */
  listeners(): readonly PeerListener[]
  /** Strangers share the peer: its requests are refused, and its notifications reach only the call that they name. */
  shared: boolean
  /** Something came that is no message or belongs to nobody. */
  onStray(reason: string): void
}

/** Requests of the peer that wait for the client to open a stream; and how long each waits for its answer to have a way out. */
const maximumWaitingRequests = 16
/** Requests of the peer that clients never answered; more are refused. */
const maximumAskedRequests = 1000
const waitingDeadlineMs = 30_000

export function createPeer(options: PeerOptions): Peer {
  const calls = new Map<number, PeerCall>()
  const asked = new Map<string, JsonRpcId>()
  const waiting = new Map<string, { text: string; timer: ReturnType<typeof setTimeout> }>()
  let nextId = 1
  let closed: string | undefined

  function receiveResponse(response: JsonRpcResponse, text: string): void {
    const call = typeof response.id === 'number' ? calls.get(response.id) : undefined
    if (call === undefined) {
      options.onStray('an answer to nothing that was asked')
      return
    }
    calls.delete(response.id as number)
    const { id } = call.request
    call.settle(replaceValue(text, ['id'], id), { ...response, id })
  }

  function receiveRequest(request: JsonRpcRequest, text: string): void {
    if (request.method === 'ping') {
      send({ jsonrpc: '2.0', id: request.id, result: {} })
      return
    }
    if (options.shared || asked.size >= maximumAskedRequests) {
      refuse(request.id, options.shared ? 'nobody can be asked here' : 'too many requests are unanswered')
      return
    }
    const id = `postern-${nextId++}`
    asked.set(id, request.id)
    const outward = replaceValue(text, ['id'], id)
    if (deliverToOne(outward)) return
    if (waiting.size >= maximumWaitingRequests) giveUp(id)
    else waiting.set(id, { text: outward, timer: setTimeout(() => giveUp(id), waitingDeadlineMs) })
  }

  function giveUp(id: string): void {
    clearTimeout(waiting.get(id)?.timer)
    waiting.delete(id)
    const original = asked.get(id)
    asked.delete(id)
    if (original !== undefined) refuse(original, 'the client has no stream open on which it could be asked')
  }

  function refuse(id: JsonRpcId, message: string): void {
    send(formatRpcError(id, jsonRpcCodes.internalError, message))
  }

  function receiveNotification(notification: JsonRpcNotification, text: string): void {
    const params = notification.params ?? {}
    if (notification.method === 'notifications/progress') {
      const call = calls.get(Number(params.progressToken))
      const token = call === undefined ? undefined : progressTokenOf(call.request)
      if (token !== undefined) call?.tell(replaceValue(text, ['params', 'progressToken'], token))
      return
    }
    const subscription = subscriptionOf(notification)
    if (subscription !== undefined) {
      const call = calls.get(Number(subscription))
      call?.tell(replaceValue(text, ['params', '_meta', subscriptionIdMeta], call.request.id))
      return
    }
    if (options.shared) return
    if (notification.method === 'notifications/cancelled') receiveCancelled(notification, text)
    else if (concernsSessions(notification.method) || !deliverToOnlyCall(text)) deliverToEachSession(text)
  }

  /** The peer takes back a request of its own. */
  function receiveCancelled(notification: JsonRpcNotification, text: string): void {
    const [id] = [...asked].find(([, original]) => original === notification.params?.requestId) ?? []
    if (id === undefined) return
    clearTimeout(waiting.get(id)?.timer)
    asked.delete(id)
    if (!waiting.delete(id)) deliverToOne(replaceValue(text, ['params', 'requestId'], id))
  }

  function deliverToOnlyCall(text: string): boolean {
    const [only] = calls.size === 1 ? [...calls.values()] : []
    return only?.tell(text) ?? false
  }

  /** Each session is a client of its own; within one, a message goes on one stream only (MCP 2025-03-26). */
  function deliverToEachSession(text: string): void {
    const open = options.listeners()
    const sessions = new Set([...open, ...calls.values()].map(({ sessionKey }) => sessionKey))
    for (const sessionKey of sessions) {
      const isTaken = open.findLast((listener) => listener.sessionKey === sessionKey)?.send(text) ?? false
      if (!isTaken) [...calls.values()].findLast((call) => call.sessionKey === sessionKey)?.tell(text)
    }
  }

  /** The latest call is the likeliest cause of a question; any stream of the same person and client can answer it. */
  function deliverToOne(text: string): boolean {
    if (deliverToOnlyCall(text)) return true
    const latest = [...calls.values()].reverse()
    return (
      latest.some((call) => call.tell(text)) || options.listeners().some((listener) => listener.send(text))
    )
  }

  function send(message: JsonRpcMessage): void {
    options.write(JSON.stringify(message))
  }

  return {
    call(call) {
      if (closed !== undefined) {
        failCall(call, closed)
        return
      }
      const id = nextId++
      calls.set(id, call)
      const numbered = replaceValue(call.text, ['id'], id)
      options.write(onOneLine(replaceValue(numbered, ['params', '_meta', 'progressToken'], id)))
      for (const [waitingId, { text, timer }] of waiting) {
        if (!call.tell(text)) break
        clearTimeout(timer)
        waiting.delete(waitingId)
      }
    },
    notify(notification, text, sessionKey) {
      if (closed !== undefined) return
      if (notification.method !== 'notifications/cancelled') {
        options.write(onOneLine(text))
        return
      }
      const requestId = notification.params?.requestId
      const found = [...calls].findLast(
        ([, call]) => call.sessionKey === sessionKey && call.request.id === requestId,
      )
      if (found === undefined) return
      const [id, call] = found
      calls.delete(id)
      options.write(onOneLine(replaceValue(text, ['params', 'requestId'], id)))
      call.abandon()
    },
    answer(response, text) {
      const id = typeof response.id === 'string' ? response.id : undefined
      const original = id === undefined ? undefined : asked.get(id)
      if (id === undefined || original === undefined || closed !== undefined) return false
      asked.delete(id)
      options.write(onOneLine(replaceValue(text, ['id'], original)))
      return true
    },
    cancel(call) {
      const [id] = [...calls].find(([, candidate]) => candidate === call) ?? []
      if (id === undefined) return
      calls.delete(id)
      send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } })
    },
    receive(text) {
      let value: unknown
      try {
        value = JSON.parse(text)
      } catch {
        options.onStray('a line that is not JSON')
        return
      }
      // A server of 2025-03-26 may answer with an array.
      for (const element of Array.isArray(value) ? value : [value]) {
        const fault = jsonRpcFault(element)
        if (fault !== undefined) {
          options.onStray(fault)
          continue
        }
        const message = element as JsonRpcMessage
        const own = Array.isArray(value) ? JSON.stringify(element) : text
        if (isResponse(message)) receiveResponse(message, own)
        else if (isRequest(message)) receiveRequest(message, own)
        else receiveNotification(message, own)
      }
    },
    flush() {
      for (const [id, { text, timer }] of waiting) {
        if (!options.listeners().some((listener) => listener.send(text))) return
        clearTimeout(timer)
        waiting.delete(id)
      }
    },
    fail(sentence) {
      closed = sentence
      for (const { timer } of waiting.values()) clearTimeout(timer)
      waiting.clear()
      asked.clear()
      const open = [...calls.values()]
      calls.clear()
      for (const call of open) failCall(call, sentence)
    },
    callsInFlight: () => calls.size,
  }
}

/** What tells of the server as a whole rather than of one call. */
function concernsSessions(method: string): boolean {
  return method.endsWith('/list_changed') || method === 'notifications/resources/updated'
}

function failCall(call: PeerCall, sentence: string): void {
  const response = formatRpcError(call.request.id, jsonRpcCodes.serverError, sentence)
  call.settle(JSON.stringify(response), response)
}

function progressTokenOf(request: JsonRpcRequest): unknown {
  return metaMember(request.params, 'progressToken')
}

function subscriptionOf(notification: JsonRpcNotification): unknown {
  return metaMember(notification.params, subscriptionIdMeta)
}

function metaMember(params: Record<string, unknown> | undefined, name: string): unknown {
  const meta = params?._meta
  return typeof meta === 'object' && meta !== null ? (meta as Record<string, unknown>)[name] : undefined
}
