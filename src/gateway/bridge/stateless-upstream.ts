/** A stateless server as clients of the handshake era see it: initialized, called, listened to, and asking back, as if it had a session with each of them (requirement GW-6). */

import {
  formatRpcError,
  isRequest,
  isResponse,
  type JsonRpcId,
  type JsonRpcNotification,
  type JsonRpcRequest,
  jsonRpcCodes,
} from '../../mcp/json-rpc.ts'
import { mirroredHeaders, readMirroredParameters } from '../../mcp/parameter-headers.ts'
import { serverInfoMeta } from '../../mcp/protocol-version.ts'
import { createBoundedMap } from '../../platform/bounded-map.ts'
import { readAnswers } from '../event-relay.ts'
import type { UpstreamLimits } from '../limits.ts'
import { messagesWithTexts } from '../message-texts.ts'
import { ownModernCall } from '../own-call.ts'
import { createReply, jsonResponse, nothingWaits, type Reply } from '../reply.ts'
import type { OpenedSession, Upstream, UpstreamCall, UpstreamCaller, UpstreamSession } from '../upstream.ts'
import { isLogLevel } from './log-level.ts'
import { answerStatelessCall } from './stateless-call.ts'
import { createStatelessSession, type StatelessSession } from './stateless-session.ts'
import { asModernRequest } from './translation.ts'

export interface StatelessUpstream {
  initialize(call: UpstreamCall): Promise<OpenedSession>
  post(call: UpstreamCall): Promise<Response>
  listen(call: UpstreamCall, onEnd: () => void): Response
  end(caller: UpstreamCaller, session: UpstreamSession): void
  close(): void
}

/** What is kept of a session that nobody uses is forgotten: its level and subscriptions are all there is. */
const idleMs = 24 * 3_600_000
const sweepMs = 60_000
const maximumPages = 50

export function createStatelessUpstream(upstream: Upstream, limits: UpstreamLimits): StatelessUpstream {
  const sessions = new Map<string, StatelessSession>()
  /** Schemas of tools that a server refused a call of for want of their headers, by caller. */
  const schemas = createBoundedMap<string, ReadonlyMap<string, unknown>>(limits.rememberedSessions)
  let sweeper: ReturnType<typeof setInterval> | undefined
  let lastId = 0

  function sessionFor(caller: UpstreamCaller, session: UpstreamSession): StatelessSession {
    const key = keyOf(caller, session)
    const known = sessions.get(key)
    if (known !== undefined) return known
    // Without a session nobody could bring an answer back.
    const isAskable = session.key !== '' && !caller.shared
    const opened = createStatelessSession({
      upstream,
      limits,
      caller,
      session: isAskable ? session : { ...session, clientCapabilities: {} },
    })
    sessions.set(key, opened)
    sweeper ??= setInterval(sweep, sweepMs)
    if (sessions.size > limits.rememberedSessions) endOldest()
    return opened
  }

  function endOldest(): void {
    const [oldest] = sessions
    if (oldest === undefined) return
    sessions.delete(oldest[0])
    oldest[1].end()
  }

  function sweep(): void {
    for (const [key, session] of sessions) if (session.isIdle(idleMs)) sessions.delete(key)
    if (sessions.size > 0) return
    clearInterval(sweeper)
    sweeper = undefined
  }

  /* One request */

  async function answer(
    call: UpstreamCall,
    request: JsonRpcRequest,
    text: string,
    session: StatelessSession,
    reply: Reply,
  ): Promise<void> {
    const local = await answerHere(request, session)
    if (local !== undefined) {
      reply.answer(local)
      return
    }
    const aborter = new AbortController()
    const { caller } = call
    const finished = session.begin(request.id, () => {
      aborter.abort()
      reply.abandon()
    })
    try {
      const answered = await answerStatelessCall({
        upstream,
        limits,
        session,
        call,
        request,
        text,
        signal: aborter.signal,
        nextId: () => ++lastId,
        parameterHeaders: () => parameterHeaders(schemas.get(caller.key), request),
        async learnParameters() {
          const learnt = await listSchemas(caller, session)
          schemas.set(caller.key, learnt)
          return parameterHeaders(learnt, request)
        },
        tell: reply.tell,
      })
      reply.answer(answered)
    } finally {
      finished()
    }
  }

  /** What a stateless server has no method for. */
  async function answerHere(request: JsonRpcRequest, session: StatelessSession): Promise<string | undefined> {
    const { id, method, params = {} } = request
    switch (method) {
      case 'ping':
        return empty(id)
      case 'logging/setLevel':
        if (!isLogLevel(params.level)) return invalid(id, 'level must be one of the levels of RFC 5424')
        session.setLogLevel(params.level)
        return empty(id)
      case 'resources/subscribe':
        if (typeof params.uri !== 'string') return invalid(id, 'uri must be a string')
        return (await session.subscribe(params.uri)) ? empty(id) : invalid(id, 'it cannot be subscribed to')
      case 'resources/unsubscribe':
        if (typeof params.uri !== 'string') return invalid(id, 'uri must be a string')
        session.unsubscribe(params.uri)
        return empty(id)
      default:
        return undefined
    }
  }

  function notify(
    call: UpstreamCall,
    notification: JsonRpcNotification,
    text: string,
    session: StatelessSession,
  ): void {
    const { method, params } = notification
    if (method === 'notifications/cancelled') session.cancel(params?.requestId as JsonRpcId)
    if (handshakeNotifications.has(method)) return
    const modern = asModernRequest(text, 0, { ...session.envelope, logLevel: undefined })
    const message = JSON.parse(modern) as JsonRpcNotification
    const exchange = { ...call, era: 'modern', session: undefined, batch: false, bytes: undefined } as const
    void upstream.post({ ...exchange, messages: [message], text: modern }).then(
      (response) => response.body?.cancel(),
      () => undefined,
    )
  }

  /** As this caller is shown them. */
  async function listSchemas(
    caller: UpstreamCaller,
    session: StatelessSession,
  ): Promise<ReadonlyMap<string, unknown>> {
    const found = new Map<string, unknown>()
    let cursor: unknown
    for (let page = 0; page < maximumPages; page++) {
      const plain = {
        jsonrpc: '2.0',
        id: 0,
        method: 'tools/list',
        params: cursor === undefined ? {} : { cursor },
      }
      const text = asModernRequest(JSON.stringify(plain), ++lastId, {
        ...session.envelope,
        logLevel: undefined,
      })
      const call = ownModernCall(caller, 'tools/list')
      const response = await upstream.post({ ...call, messages: [JSON.parse(text) as JsonRpcRequest], text })
      const [listed] = await readAnswers(response, 1, limits).catch(() => [])
      const result = listed?.response.result
      if (!Array.isArray(result?.tools)) break
      for (const { name, inputSchema } of result.tools) found.set(name, inputSchema)
      cursor = result.nextCursor
      if (typeof cursor !== 'string') break
    }
    return found
  }

  return {
    async initialize(call) {
      const [request] = call.messages
      if (request === undefined || !isRequest(request)) throw new TypeError('initialize is a request')
      const { protocolVersion, capabilities, clientInfo } = request.params ?? {}
      const envelope = {
        clientInfo,
        clientCapabilities: capabilities as Readonly<Record<string, unknown>>,
        logLevel: undefined,
      }
      const plain = { jsonrpc: '2.0', id: 0, method: 'server/discover', params: {} }
      const text = asModernRequest(JSON.stringify(plain), ++lastId, envelope)
      const discover = ownModernCall(call.caller, 'server/discover')
      const response = await upstream.post({
        ...discover,
        messages: [JSON.parse(text) as JsonRpcRequest],
        text,
      })
      const [found] = await readAnswers(response, 1, limits).catch(() => [])
      const discovered = found?.response.result
      if (discovered === undefined) {
        const { code, message, data } = found?.response.error ?? noAnswer
        return {
          response: jsonResponse(JSON.stringify(formatRpcError(request.id, code, message, data))),
          opened: undefined,
        }
      }
      const result = initializeResult(discovered, String(protocolVersion), upstream.name)
      return {
        response: jsonResponse(JSON.stringify({ jsonrpc: '2.0', id: request.id, result })),
        opened: {
          protocolVersion: String(protocolVersion),
          upstreamSessionId: undefined,
          isForgetful: false,
        },
      }
    },
    async post(call) {
      if (call.session === undefined) throw new TypeError('a legacy call has a session')
      const session = sessionFor(call.caller, call.session)
      const expected = call.messages.filter(isRequest).length
      const { promise: failed, reject } = Promise.withResolvers<never>()
      const { batch, wantsEventStream } = call
      // A client of this era that leaves has not cancelled (requirement GW-12).
      const reply = createReply({ expected, batch, wantsEventStream, limits, onGone: () => {} })
      let isUnwanted = false
      for (const [message, text] of messagesWithTexts(call)) {
        if (isResponse(message)) isUnwanted = !session.answer(message) || isUnwanted
        else if (isRequest(message)) answer(call, message, text, session, reply).catch(reject)
        else notify(call, message, text, session)
      }
      if (expected > 0) return Promise.race([reply.response, failed])
      return isUnwanted ? nothingWaits() : new Response(null, { status: 202 })
    },
    listen(call, onEnd) {
      if (call.session === undefined) throw new TypeError('only a legacy session has a stream of its own')
      return sessionFor(call.caller, call.session).listen(call.signal, onEnd)
    },
    end(caller, session) {
      const key = keyOf(caller, session)
      sessions.get(key)?.end()
      sessions.delete(key)
    },
    close() {
      clearInterval(sweeper)
      for (const session of sessions.values()) session.end()
      sessions.clear()
    },
  }
}

function keyOf(caller: UpstreamCaller, session: UpstreamSession): string {
  return JSON.stringify([caller.key, session.key])
}

/** Belong to a handshake that a stateless server has not made. */
const handshakeNotifications: ReadonlySet<string> = new Set([
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/roots/list_changed',
])

const noAnswer = {
  code: jsonRpcCodes.serverError,
  message: 'The MCP server behind this connector did not say what it is.',
  data: undefined,
} as const

/** Whatever else the server said of itself goes along. */
function initializeResult(
  discovered: Readonly<Record<string, unknown>>,
  protocolVersion: string,
  name: string,
): Record<string, unknown> {
  const { resultType, supportedVersions, ttlMs, cacheScope, _meta, ...described } = discovered
  const { [serverInfoMeta]: serverInfo, ...meta } = (_meta ?? {}) as Record<string, unknown>
  return {
    protocolVersion,
    ...described,
    serverInfo: serverInfo ?? { name, version: 'unknown' },
    ...(Object.keys(meta).length > 0 ? { _meta: meta } : {}),
  }
}

function parameterHeaders(
  schemas: ReadonlyMap<string, unknown> | undefined,
  { params }: JsonRpcRequest,
): Readonly<Record<string, string>> {
  const read = readMirroredParameters(schemas?.get(String(params?.name)))
  return 'parameters' in read ? mirroredHeaders(read.parameters, params?.arguments) : {}
}

function empty(id: JsonRpcId): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result: {} })
}

function invalid(id: JsonRpcId, sentence: string): string {
  return JSON.stringify(formatRpcError(id, jsonRpcCodes.invalidParams, sentence))
}
