/** One session of a handshake-era server that serves the modern calls of one caller: ids, streams and questions of the server on one side, rounds and listen streams of the client on the other (requirement GW-5). */

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
  metaOf,
} from '../../mcp/json-rpc.ts'
import { findValue } from '../../mcp/json-text.ts'
import { logLevelMeta } from '../../mcp/protocol-version.ts'
import { lastEventIdHeader } from '../../mcp/streamable-http.ts'
import { discard, mediaType, theServer } from '../http-exchange.ts'
import type { UpstreamLimits } from '../limits.ts'
import type { Upstream, UpstreamCall, UpstreamCaller, UpstreamSession } from '../upstream.ts'
import { type BridgedCall, createBridgedCall } from './bridged-call.ts'
import { readExchange, type StreamPosition } from './event-exchange.ts'
import type { HeldCalls } from './held-calls.ts'
import { isAtLeast, moreTalkative } from './log-level.ts'
import { asksAnything, isDeclared, requiredCapability } from './questions.ts'
import { concernsSubscriptions, createSubscriptions, type ListenFilter } from './subscriptions.ts'
import { asLegacyRequest, asModernAnswer, legacyHeaders, modernError } from './translation.ts'

export interface HandshakeSession {
  /** What the server said of itself when it was opened. */
  readonly initializeResult: Readonly<Record<string, unknown>>
  call(call: UpstreamCall, request: JsonRpcRequest): Promise<Response>
  listen(call: UpstreamCall, request: JsonRpcRequest): Promise<Response>
  notify(call: UpstreamCall, notification: JsonRpcNotification): void
  /** Nothing is under way, and nothing was for so long. */
  isIdle(idleMs: number): boolean
  end(): Promise<void>
}

/** A call whose client may come back with answers, in whichever session it was made. */
export interface HeldCall {
  attend(call: UpstreamCall, request: JsonRpcRequest): Promise<Response>
  giveUp(): void
}

export interface HandshakeSessionOptions {
  upstream: Upstream
  limits: UpstreamLimits
  held: HeldCalls<HeldCall>
  caller: UpstreamCaller
  session: UpstreamSession
  initializeResult: Readonly<Record<string, unknown>>
  /** Of the call that opened it. */
  headers: Headers
}

export function createHandshakeSession(options: HandshakeSessionOptions): HandshakeSession {
  const { upstream, limits, held, caller, session, initializeResult } = options
  const { serverInfo } = initializeResult
  const capabilities = objectOf(initializeResult.capabilities)
  const calls = new Map<number, BridgedCall>()
  const backgroundHeaders = legacyHeaders(options.headers)
  for (const name of ['traceparent', 'tracestate', 'baggage']) backgroundHeaders.delete(name)
  let lastId = 0
  let lastUsedAt = performance.now()
  let logLevel: string | undefined
  let isOver = false

  const subscriptions = createSubscriptions({
    limits,
    serverInfo,
    honour,
    subscribe: async (uri) => (await ask('resources/subscribe', { uri })).result !== undefined,
    unsubscribe: (uri) => void ask('resources/unsubscribe', { uri }).catch(() => undefined),
  })

  /* Towards the server */

  function ownExchange(message: JsonRpcMessage, text: string = JSON.stringify(message)): UpstreamCall {
    return {
      caller,
      era: 'legacy',
      session,
      messages: [message],
      batch: false,
      text,
      bytes: undefined,
      headers: new Headers(backgroundHeaders),
      wantsEventStream: true,
      signal: undefined,
    }
  }

  /** A request of our own. A failure is an answer too. */
  async function ask(method: string, params: Record<string, unknown>): Promise<JsonRpcResponse> {
    const id = ++lastId
    let answer: JsonRpcResponse | undefined
    const response = await upstream.post(ownExchange({ jsonrpc: '2.0', id, method, params }))
    await readExchange(response, limits, (message) => {
      if (isResponse(message)) answer = message
    })
    return answer ?? formatRpcError(id, jsonRpcCodes.serverError, brokeOff)
  }

  function tell(message: JsonRpcMessage, text?: string): void {
    // What becomes of it is told by the call that it belongs to, if by anything.
    void upstream.post(ownExchange(message, text)).then(discard, () => undefined)
  }

  function answer(id: JsonRpcId, resultText: string): void {
    const text = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${resultText}}`
    tell({ jsonrpc: '2.0', id, result: {} }, text)
  }

  function refuse(id: JsonRpcId, code: number, sentence: string): void {
    tell(formatRpcError(id, code, sentence))
  }

  function cancel(id: number): void {
    tell({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } })
  }

  /* From the server */

  /** `origin` is the call on whose stream it came. */
  function receive(message: JsonRpcMessage, text: string, origin: BridgedCall | undefined): void {
    if (isResponse(message)) receiveResponse(message, text, origin)
    else if (isRequest(message)) receiveRequest(message, text, origin)
    else receiveNotification(message, text, origin)
  }

  /** An error may come under no id, as an answer to what could not be read. */
  function receiveResponse(response: JsonRpcResponse, text: string, origin: BridgedCall | undefined): void {
    const call = typeof response.id === 'number' ? calls.get(response.id) : origin
    if (call === undefined) return
    const asked = urlQuestions(response)
    call.settle((request) => {
      if (asked !== undefined) return askToVisit(request, asked, session.clientCapabilities)
      return asModernAnswer(text, response, request, serverInfo)
    })
    calls.delete(call.id)
  }

  function receiveRequest(request: JsonRpcRequest, text: string, origin: BridgedCall | undefined): void {
    const { id, method } = request
    if (method === 'ping') {
      answer(id, '{}')
      return
    }
    const required = requiredCapability(request)
    if (required === undefined) {
      refuse(id, jsonRpcCodes.methodNotFound, `Method not found: ${method}`)
      return
    }
    // Not every server says for which call it asks: then the latest is the likeliest cause.
    const asking = origin ?? [...calls.values()].findLast((call) => call.mayAsk())
    if (asking === undefined || !asking.mayAsk()) {
      refuse(id, jsonRpcCodes.internalError, 'the client is asked only in the course of a call')
      return
    }
    if (!isDeclared(required, session.clientCapabilities)) {
      refuse(id, jsonRpcCodes.methodNotFound, `the client has not declared ${Object.keys(required)[0]}`)
      asking.settle(({ id: own }) => missingCapability(own, required))
      abandon(asking)
      return
    }
    const params = findValue(text, ['params'])
    asking.ask({
      id,
      method,
      params: params === undefined ? undefined : text.slice(params.start, params.end),
    })
  }

  function receiveNotification(
    notification: JsonRpcNotification,
    text: string,
    origin: BridgedCall | undefined,
  ): void {
    const { method, params = {} } = notification
    if (method === 'notifications/progress') calls.get(Number(params.progressToken))?.progress(text)
    else if (method === 'notifications/message') log(params.level, text, origin)
    else if (method === 'notifications/cancelled') withdraw(params.requestId)
    else if (concernsSubscriptions(method)) subscriptions.deliver(notification, text)
    else if (method !== 'notifications/elicitation/complete') origin?.tell(text)
  }

  /** Only for a call that asked for it, and never on a listen stream (HTTP-2026-07-28-42). */
  function log(level: unknown, text: string, origin: BridgedCall | undefined): void {
    const call = origin ?? [...calls.values()].findLast((other) => other.logLevel() !== undefined)
    if (call !== undefined && isAtLeast(level, call.logLevel())) call.tell(text)
  }

  function withdraw(requestId: unknown): void {
    for (const call of calls.values()) if (call.withdraw(requestId as JsonRpcId)) return
  }

  /* Calls */

  function abandon(call: BridgedCall): void {
    if (calls.delete(call.id)) cancel(call.id)
  }

  /** Through all its streams to its answer. */
  async function follow(call: BridgedCall, exchange: UpstreamCall): Promise<void> {
    const onMessage = (message: JsonRpcMessage, text: string): void => receive(message, text, call)
    let position = await readExchange(await upstream.post(exchange), limits, onMessage)
    for (let attempt = 0; !call.isSettled() && attempt < maximumResumptions; attempt++) {
      const { lastEventId } = position
      if (lastEventId === undefined || !calls.has(call.id)) break
      await delay(position.retryMs)
      const next = await resume(lastEventId, onMessage)
      if (next === undefined) break
      // A server may close as often as it likes while it has something new to say (MCP 2025-11-25, polling).
      if (next.lastEventId !== lastEventId) attempt = 0
      position = { ...next, retryMs: next.retryMs ?? position.retryMs }
    }
  }

  async function complete(call: BridgedCall, exchange: UpstreamCall): Promise<void> {
    try {
      await follow(call, exchange)
      call.settle(({ id }) => modernError(id, jsonRpcCodes.serverError, brokeOff))
    } catch (error) {
      call.fail(error)
    } finally {
      calls.delete(call.id)
    }
  }

  async function resume(
    lastEventId: string,
    onMessage: (message: JsonRpcMessage, text: string) => void,
  ): Promise<StreamPosition | undefined> {
    const exchange = streamExchange()
    exchange.headers.set(lastEventIdHeader, lastEventId)
    const response = await upstream.listen(exchange, () => {})
    if (mediaType(response) === 'text/event-stream') {
      const next = await readExchange(response, limits, onMessage)
      return { ...next, lastEventId: next.lastEventId ?? lastEventId }
    }
    await discard(response)
    return undefined
  }

  /** The server knows one level for the whole session, so it is told the most talkative that anybody asked for. */
  async function setLogLevel(request: JsonRpcRequest): Promise<void> {
    const asked = metaOf(request, logLevelMeta)
    if (capabilities.logging === undefined || typeof asked !== 'string') return
    const level = moreTalkative(asked, logLevel)
    if (level === logLevel) return
    logLevel = level
    await ask('logging/setLevel', { level })
  }

  /* The server's own stream */

  const wantsQuestions = asksAnything(session.clientCapabilities)
  const aborter = new AbortController()
  let stream: 'closed' | 'open' | 'none' = 'closed'
  let opening: Promise<void> | undefined

  function streamExchange(): UpstreamCall {
    const headers = new Headers(backgroundHeaders)
    headers.set('accept', 'text/event-stream')
    headers.delete('content-type')
    const exchange = ownExchange({ jsonrpc: '2.0', method: 'none' }, '')
    return { ...exchange, messages: [], headers, signal: aborter.signal }
  }

  /** Resolves once the server can say something unasked, or has said that it never will. */
  function attendStream(): Promise<void> {
    if (stream !== 'closed' || isOver) return Promise.resolve()
    opening ??= openStream().finally(() => {
      opening = undefined
    })
    return opening
  }

  async function openStream(): Promise<void> {
    const response = await upstream.listen(streamExchange(), () => {})
    if (mediaType(response) !== 'text/event-stream') {
      await discard(response)
      // A stream that is taken is free again at some time; one that is not offered is not.
      if (response.status !== 409) stream = 'none'
      return
    }
    stream = 'open'
    void readExchange(response, limits, (message, text) => receive(message, text, undefined)).then(reopen)
  }

  async function reopen(position: StreamPosition): Promise<void> {
    stream = 'closed'
    await delay(position.retryMs)
    if (!subscriptions.isEmpty()) await attendStream().catch(() => undefined)
  }

  /** What this server has, and has a way to tell of. */
  async function honour(filter: ListenFilter): Promise<ListenFilter> {
    if (caller.shared) return {}
    await attendStream()
    if (stream !== 'open') return {}
    const honoured: ListenFilter = {}
    for (const [member, capability] of listCapabilities) {
      if (filter[member] === true && objectOf(capabilities[capability]).listChanged === true)
        honoured[member] = true
    }
    if (filter.resourceSubscriptions !== undefined && objectOf(capabilities.resources).subscribe === true)
      honoured.resourceSubscriptions = filter.resourceSubscriptions
    return honoured
  }

  return {
    initializeResult,
    async call(call, request) {
      lastUsedAt = performance.now()
      if (wantsQuestions) await attendStream()
      await setLogLevel(request)
      const id = ++lastId
      const callAborter = new AbortController()
      const bridged = createBridgedCall({
        id,
        method: request.method,
        limits,
        onAnswer: answer,
        onGone() {
          abandon(bridged)
          callAborter.abort()
        },
        hold: () => held.hold(heldCall, caller.key, request),
        onOverfull() {
          bridged.settle((own) => modernError(own.id, jsonRpcCodes.serverError, tooManyHeld))
          abandon(bridged)
        },
      })
      const heldCall: HeldCall = {
        attend(next, nextRequest) {
          lastUsedAt = performance.now()
          return bridged.attend(next, nextRequest)
        },
        giveUp: () => abandon(bridged),
      }
      calls.set(id, bridged)
      const text = asLegacyRequest(call.text, request, id)
      const answered = bridged.attend(call, request)
      void complete(bridged, {
        ...ownExchange(JSON.parse(text) as JsonRpcRequest, text),
        caller: call.caller,
        headers: legacyHeaders(call.headers),
        signal: callAborter.signal,
      })
      return answered
    },
    listen(call, request) {
      lastUsedAt = performance.now()
      return subscriptions.open(call, request)
    },
    notify(call, notification) {
      if (!handshakeNotifications.has(notification.method)) tell(notification, call.text)
    },
    isIdle(idleMs) {
      return calls.size === 0 && subscriptions.isEmpty() && performance.now() - lastUsedAt > idleMs
    },
    async end() {
      isOver = true
      subscriptions.close()
      aborter.abort()
      for (const call of calls.values()) abandon(call)
      await upstream.end(caller, session)
    },
  }
}

/** Without anything new between. */
const maximumResumptions = 5
const usualRetryMs = 1000
const maximumRetryMs = 30_000

/** Belong to a handshake that a modern client has not made. */
const handshakeNotifications: ReadonlySet<string> = new Set([
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/roots/list_changed',
])

const listCapabilities = [
  ['toolsListChanged', 'tools'],
  ['promptsListChanged', 'prompts'],
  ['resourcesListChanged', 'resources'],
] as const

const brokeOff = `${theServer} broke off in the middle of its answer. Try again in a moment.`
const tooManyHeld = 'Too many calls wait for answers of yours. Answer some of them first.'

function delay(retryMs: number | undefined): Promise<void> {
  const ms = Math.min(retryMs ?? usualRetryMs, maximumRetryMs)
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function missingCapability(id: JsonRpcId, required: Record<string, unknown>): ReturnType<typeof modernError> {
  const sentence = `The client has to declare the capability ${JSON.stringify(required)} for this.`
  return modernError(id, jsonRpcCodes.missingClientCapability, sentence, { requiredCapabilities: required })
}

/** MCP 2025-11-25: a page has to be visited first. The code is of that revision alone (HTTP-2025-11-25-22, HTTP-2026-07-28-43). */
const urlElicitationRequired = -32042

function urlQuestions({ error }: JsonRpcResponse): readonly unknown[] | undefined {
  if (error?.code !== urlElicitationRequired) return undefined
  const { elicitations } = objectOf(error.data)
  return Array.isArray(elicitations) ? elicitations : []
}

/** Nothing is held: the call is made anew when the client comes back. */
function askToVisit(
  { id }: JsonRpcRequest,
  elicitations: readonly unknown[],
  capabilities: Readonly<Record<string, unknown>>,
): ReturnType<typeof modernError> {
  const required = { elicitation: { url: {} } }
  if (!isDeclared(required, capabilities)) return missingCapability(id, required)
  const inputRequests = Object.fromEntries(
    elicitations.map((params, index) => [`visit-${index + 1}`, { method: 'elicitation/create', params }]),
  )
  const result = { resultType: 'input_required', inputRequests }
  return { text: JSON.stringify({ jsonrpc: '2.0', id, result }), status: 200 }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
