/** One session of a handshake-era client before a server that knows none: what the client has said once is kept here and said to the server each time (requirement GW-6). */

import {
  isRequest,
  isResponse,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type JsonRpcResponse,
} from '../../mcp/json-rpc.ts'
import type { HangUp } from '../../platform/hang-up.ts'
import type { UpstreamLimits } from '../limits.ts'
import { ownModernCall } from '../own-call.ts'
import { type EventSink, openEventSink } from '../reply.ts'
import type { Upstream, UpstreamCaller, UpstreamSession } from '../upstream.ts'
import { readExchange } from './event-exchange.ts'
import { asLegacyNotification, asModernRequest, type Envelope } from './translation.ts'

export interface StatelessSession {
  readonly envelope: Envelope
  setLogLevel(level: string): void
  /** False if the server will not tell of it. */
  subscribe(uri: string): Promise<boolean>
  unsubscribe(uri: string): void
  /** The client's GET stream. `onEnd` is called once. */
  listen(signal: HangUp | undefined, onEnd: () => void): Response
  /** A question for the client, on whichever of its streams can carry it. Undefined where none can. */
  ask(question: SentQuestion, send: (text: string) => boolean): Promise<JsonRpcResponse> | undefined
  /** The client's answer. False if nothing waits for it. */
  answer(response: JsonRpcResponse): boolean
  /** A call that can be cancelled by the id that the client gave it. */
  begin(id: JsonRpcId, cancel: () => void): () => void
  cancel(id: JsonRpcId): void
  isIdle(idleMs: number): boolean
  end(): void
}

export interface SentQuestion {
  method: string
  params: unknown
}

export interface StatelessSessionOptions {
  upstream: Upstream
  limits: UpstreamLimits
  caller: UpstreamCaller
  session: UpstreamSession
}

/** A person may have to fill in a form. */
const answerDeadlineMs = 10 * 60_000
const listenAgainMs = 1000
const acknowledgeDeadlineMs = 10_000

export function createStatelessSession(options: StatelessSessionOptions): StatelessSession {
  const { upstream, limits, caller, session } = options
  const asked = new Map<JsonRpcId, (response: JsonRpcResponse) => void>()
  const calls = new Map<JsonRpcId, () => void>()
  const watched = new Set<string>()
  const sinks: EventSink[] = []
  let envelope: Envelope = {
    clientInfo: session.clientInfo,
    clientCapabilities: session.clientCapabilities,
    logLevel: undefined,
  }
  let lastId = 0
  let lastUsedAt = performance.now()
  let listening: Listening | undefined

  /* What the server says unasked */

  /** Another listen takes the place of the one before once the server has confirmed it, so that nothing is missed. */
  async function listenAnew(): Promise<readonly string[]> {
    const aborter = new AbortController()
    const next: Listening = { aborter }
    const { promise: confirmed, resolve: confirm } = Promise.withResolvers<readonly string[]>()
    const deadline = setTimeout(() => confirm([]), acknowledgeDeadlineMs)
    void follow(next, (honoured) => {
      clearTimeout(deadline)
      if (listening !== next) listening?.aborter.abort()
      listening = next
      confirm(honoured)
    }).catch(() => confirm([]))
    return confirmed
  }

  async function follow(own: Listening, onConfirmed: (uris: readonly string[]) => void): Promise<void> {
    let isOver = false
    const response = await upstream.post(listenCall(own.aborter.signal))
    await readExchange(response, limits, (message, text) => {
      if (isResponse(message)) isOver = true
      else if (isRequest(message) || own.aborter.signal.aborted) return
      else if (message.method === acknowledged) onConfirmed(urisOf(message))
      else if (listening === own) sinks.at(-1)?.send(asLegacyNotification(text))
    })
    if (!isOver) onConfirmed([])
    // An end that the server announced is meant: it has nothing more to tell.
    if (isOver || own.aborter.signal.aborted || listening !== own) return
    await new Promise((resolve) => setTimeout(resolve, listenAgainMs))
    if (listening === own && sinks.length > 0) await listenAnew()
  }

  function listenCall(signal: AbortSignal): ReturnType<typeof ownModernCall> {
    const call = ownModernCall(caller, 'subscriptions/listen')
    const notifications = {
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: true,
      ...(watched.size > 0 ? { resourceSubscriptions: [...watched] } : {}),
    }
    const plain = {
      jsonrpc: '2.0',
      id: 0,
      method: 'subscriptions/listen',
      params: { notifications },
    } as const
    const text = asModernRequest(JSON.stringify(plain), ++lastId, { ...envelope, logLevel: undefined })
    return { ...call, messages: [JSON.parse(text) as JsonRpcRequest], text, wantsEventStream: true, signal }
  }

  function stopListening(): void {
    listening?.aborter.abort()
    listening = undefined
  }

  return {
    get envelope() {
      lastUsedAt = performance.now()
      return envelope
    },
    setLogLevel(level) {
      envelope = { ...envelope, logLevel: level }
    },
    async subscribe(uri) {
      watched.add(uri)
      // Without a stream of the client there is nobody to tell: it is asked for when one opens.
      if (sinks.length === 0 || (await listenAnew()).includes(uri)) return true
      watched.delete(uri)
      return false
    },
    unsubscribe(uri) {
      if (watched.delete(uri) && sinks.length > 0) void listenAnew()
    },
    listen(signal, onEnd) {
      const sink = openEventSink(limits, () => {
        sinks.splice(sinks.indexOf(sink), 1)
        if (sinks.length === 0) stopListening()
        onEnd()
      })
      sinks.push(sink)
      signal?.addEventListener('abort', sink.end, { once: true })
      if (listening === undefined) void listenAnew()
      return sink.response
    },
    ask({ method, params }, send) {
      const id = `postern-${++lastId}`
      const text = JSON.stringify({ jsonrpc: '2.0', id, method, params })
      if (!send(text) && !(sinks.at(-1)?.send(text) ?? false)) return undefined
      const { promise, resolve } = Promise.withResolvers<JsonRpcResponse>()
      const timer = setTimeout(() => resolve(late(id)), answerDeadlineMs)
      asked.set(id, resolve)
      return promise.finally(() => {
        clearTimeout(timer)
        asked.delete(id)
      })
    },
    answer(response) {
      const resolve = response.id === null ? undefined : asked.get(response.id)
      resolve?.(response)
      return resolve !== undefined
    },
    begin(id, cancel) {
      calls.set(id, cancel)
      return function finished() {
        if (calls.get(id) === cancel) calls.delete(id)
      }
    },
    cancel(id) {
      calls.get(id)?.()
      calls.delete(id)
    },
    isIdle: (idleMs) => calls.size === 0 && sinks.length === 0 && performance.now() - lastUsedAt > idleMs,
    end() {
      stopListening()
      for (const sink of [...sinks]) sink.end()
      for (const cancel of [...calls.values()]) cancel()
      calls.clear()
    },
  }
}

interface Listening {
  aborter: AbortController
}

const acknowledged = 'notifications/subscriptions/acknowledged'

function urisOf(message: JsonRpcMessage): readonly string[] {
  const { notifications } = (message as JsonRpcRequest).params ?? {}
  const { resourceSubscriptions } = (notifications ?? {}) as { resourceSubscriptions?: unknown }
  return Array.isArray(resourceSubscriptions) ? resourceSubscriptions.map(String) : []
}

function late(id: string): JsonRpcResponse {
  return { jsonrpc: '2.0', id, error: { code: -32001, message: 'no answer came in time' } }
}
