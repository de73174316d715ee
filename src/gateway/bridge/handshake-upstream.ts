/** A server of the handshake era as clients of 2026-07-28 see it: described, called, listened to and answered as if it were one of theirs (requirement GW-5). */

import {
  formatRpcError,
  isNotification,
  isRequest,
  type JsonRpcErrorBody,
  type JsonRpcRequest,
  jsonRpcCodes,
  metaOf,
} from '../../mcp/json-rpc.ts'
import {
  clientCapabilitiesMeta,
  clientInfoMeta,
  isModernVersion,
  modernVersions,
  newestLegacyVersion,
  protocolVersionMeta,
  serverInfoMeta,
} from '../../mcp/protocol-version.ts'
import { readAnswers } from '../event-relay.ts'
import { discard } from '../http-exchange.ts'
import type { UpstreamLimits } from '../limits.ts'
import { initialized } from '../opening.ts'
import { jsonResponse } from '../reply.ts'
import { posternClientInfo, type Upstream, type UpstreamCall, type UpstreamSession } from '../upstream.ts'
import { createHandshakeSession, type HandshakeSession, type HeldCall } from './handshake-session.ts'
import { createHeldCalls } from './held-calls.ts'
import { legacyHeaders, modernError, type StatusText } from './translation.ts'

export interface HandshakeUpstream {
  /** A modern call, judged to be one. */
  post(call: UpstreamCall): Promise<Response>
  close(): Promise<void>
}

/** A session that nobody used for so long is ended; the next call opens another. */
const idleMs = 15 * 60_000
const sweepMs = 60_000
const closeGraceMs = 2000

export function createHandshakeUpstream(upstream: Upstream, limits: UpstreamLimits): HandshakeUpstream {
  const sessions = new Map<string, Promise<HandshakeSession>>()
  const held = createHeldCalls<HeldCall>({ onForgotten: (call) => call.giveUp() })
  let sweeper: ReturnType<typeof setInterval> | undefined

  /** One for each caller and what its client can be asked, however many calls come at once. */
  function sessionFor(call: UpstreamCall, request: JsonRpcRequest): Promise<HandshakeSession> {
    // Strangers who share a key are asked nothing: an answer could be another's.
    const capabilities = call.caller.shared ? {} : declaredBy(request)
    const key = JSON.stringify([call.caller.key, capabilities])
    const known = sessions.get(key)
    if (known !== undefined) return known
    const opening = openSession(call, request, `modern ${JSON.stringify(capabilities)}`, capabilities)
    sessions.set(key, opening)
    opening.catch(() => sessions.get(key) === opening && sessions.delete(key))
    sweeper ??= setInterval(sweep, sweepMs)
    makeRoom()
    return opening
  }

  async function openSession(
    call: UpstreamCall,
    request: JsonRpcRequest,
    key: string,
    capabilities: Readonly<Record<string, unknown>>,
  ): Promise<HandshakeSession> {
    const clientInfo = metaOf(request, clientInfoMeta) ?? posternClientInfo
    const params = { protocolVersion: newestLegacyVersion, capabilities, clientInfo }
    const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params } as const
    const session: UpstreamSession = {
      key,
      initialized: false,
      protocolVersion: newestLegacyVersion,
      clientCapabilities: capabilities,
      clientInfo: clientInfo as Readonly<Record<string, unknown>>,
      upstreamSessionId: undefined,
    }
    const exchange = { ...call, era: 'legacy', session, bytes: undefined, wantsEventStream: false } as const
    const { response, opened } = await upstream.initialize({
      ...exchange,
      messages: [initialize],
      text: JSON.stringify(initialize),
      headers: legacyHeaders(call.headers),
      // Others may wait for the same session.
      signal: undefined,
    })
    const [answer] = await readAnswers(response, 1, limits).catch(() => [])
    if (opened === undefined || answer?.response.result === undefined) {
      throw new OpeningRefused(answer?.response.error ?? noAnswer)
    }
    const standing = { ...session, initialized: true, ...opened }
    const greeted = await upstream.post({
      ...exchange,
      session: standing,
      messages: [initialized],
      text: JSON.stringify(initialized),
      headers: legacyHeaders(call.headers),
      signal: undefined,
    })
    await discard(greeted)
    call.caller.emit('session.opened', {
      protocolVersion: opened.protocolVersion,
      reason: 'for a client that knows no sessions',
    })
    return createHandshakeSession({
      upstream,
      limits,
      held,
      caller: call.caller,
      session: standing,
      initializeResult: answer.response.result,
      headers: call.headers,
    })
  }

  /** Ends what was opened longest ago. */
  function makeRoom(): void {
    if (sessions.size <= limits.rememberedSessions) return
    const [oldest] = sessions
    if (oldest !== undefined) endSession(...oldest)
  }

  function endSession(key: string, opening: Promise<HandshakeSession>): void {
    if (sessions.get(key) === opening) sessions.delete(key)
    void opening.then((session) => session.end()).catch(() => undefined)
  }

  async function sweep(): Promise<void> {
    for (const [key, opening] of [...sessions]) {
      const session = await opening.catch(() => undefined)
      if (session?.isIdle(idleMs)) endSession(key, opening)
    }
    if (sessions.size > 0) return
    clearInterval(sweeper)
    sweeper = undefined
  }

  async function answer(call: UpstreamCall, request: JsonRpcRequest): Promise<Response> {
    const version = metaOf(request, protocolVersionMeta)
    if (typeof version !== 'string' || !isModernVersion(version)) {
      const data = { supported: modernVersions, requested: version }
      const sentence = `Unsupported protocol version: ${String(version)}`
      return asResponse(modernError(request.id, jsonRpcCodes.unsupportedProtocolVersion, sentence, data))
    }
    if (handshakeMethods.has(request.method)) {
      const sentence = `Method not found: ${request.method}`
      return asResponse(modernError(request.id, jsonRpcCodes.methodNotFound, sentence))
    }
    const state = request.params?.requestState
    if (state !== undefined) return takeUp(call, request, state)
    const session = await sessionFor(call, request)
    if (request.method === 'server/discover') return jsonResponse(discovered(request, session))
    if (request.method === 'subscriptions/listen') return session.listen(call, request)
    return session.call(call, request)
  }

  /** The client comes back with answers. */
  function takeUp(call: UpstreamCall, request: JsonRpcRequest, state: unknown): Promise<Response> | Response {
    const waiting = held.take(String(state), call.caller.key, request)
    if (waiting !== undefined) return waiting.attend(call, request)
    const sentence = 'This call waits for no answers (any more). Make it again without requestState.'
    return asResponse(modernError(request.id, jsonRpcCodes.invalidParams, sentence))
  }

  return {
    async post(call) {
      const [message] = call.messages
      if (message === undefined) throw new TypeError('a call has a message')
      if (isNotification(message)) {
        const [session] = [...sessions].filter(([key]) =>
          key.startsWith(`[${JSON.stringify(call.caller.key)},`),
        )
        void session?.[1].then((open) => open.notify(call, message)).catch(() => undefined)
        return new Response(null, { status: 202 })
      }
      if (!isRequest(message)) throw new TypeError('a modern client sends no responses')
      try {
        return await answer(call, message)
      } catch (error) {
        if (!(error instanceof OpeningRefused)) throw error
        const { code, message: sentence, data } = error.answer
        return jsonResponse(JSON.stringify(formatRpcError(message.id, code, sentence, data)))
      }
    },
    async close() {
      clearInterval(sweeper)
      held.close()
      const open = [...sessions.values()]
      sessions.clear()
      const ended = open.map((opening) => opening.then((session) => session.end()).catch(() => undefined))
      // A server that does not answer keeps nobody from closing.
      const { promise: late, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, closeGraceMs)
      await Promise.race([Promise.all(ended), late]).finally(() => clearTimeout(timer))
    },
  }
}

class OpeningRefused extends Error {
  readonly answer: JsonRpcErrorBody

  constructor(answer: JsonRpcErrorBody) {
    super(answer.message)
    this.name = 'OpeningRefused'
    this.answer = answer
  }
}

const noAnswer: JsonRpcErrorBody = {
  code: jsonRpcCodes.serverError,
  message: 'The MCP server behind this connector did not answer initialize with an MCP message.',
}

/** Gone with the handshake (MCP 2026-07-28, changes; HTTP-2026-07-28-12). */
const handshakeMethods: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
])

function declaredBy(request: JsonRpcRequest): Readonly<Record<string, unknown>> {
  return metaOf(request, clientCapabilitiesMeta) as Readonly<Record<string, unknown>>
}

/** Whatever else the server said of itself goes along. */
function discovered({ id }: JsonRpcRequest, { initializeResult }: HandshakeSession): string {
  const { protocolVersion, serverInfo, _meta, ...described } = initializeResult
  const result = {
    resultType: 'complete',
    supportedVersions: modernVersions,
    ...described,
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { ...(typeof _meta === 'object' ? _meta : {}), [serverInfoMeta]: serverInfo },
  }
  return JSON.stringify({ jsonrpc: '2.0', id, result })
}

function asResponse({ text, status }: StatusText): Response {
  return jsonResponse(text, status)
}
