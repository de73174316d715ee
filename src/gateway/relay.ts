/** Passing one exchange to an MCP server that speaks HTTP itself, and its answer back as it was written (requirements GW-1 to GW-4, GW-12 to GW-14). */

import { eventStreamHeaders } from '../mcp/event-stream.ts'
import {
  formatRpcError,
  isRequest,
  isResponse,
  type JsonRpcMessage,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcCodes,
} from '../mcp/json-rpc.ts'
import { newestLegacyVersion } from '../mcp/protocol-version.ts'
import { lastEventIdHeader, sessionHeader, versionHeader } from '../mcp/streamable-http.ts'
import { createBoundedMap } from './bounded-map.ts'
import { pipeEventStream, type ReceivedAnswer, readAnswers, readText } from './event-relay.ts'
import type { UpstreamLimits } from './limits.ts'
import { jsonResponse } from './reply.ts'
import {
  failureResponse,
  type OpenedSession,
  posternClientInfo,
  type Upstream,
  type UpstreamCall,
  type UpstreamCaller,
  UpstreamFailure,
  type UpstreamSession,
} from './upstream.ts'

export interface RelayOptions {
  /** For events and messages. */
  name: string
  /** One HTTP exchange with the upstream. Redirects are an answer, never followed. */
  send(exchange: HttpExchange): Promise<Response>
  limits: UpstreamLimits
}

export interface HttpExchange {
  method: 'GET' | 'POST' | 'DELETE'
  headers: Headers
  body: Uint8Array | string | undefined
  signal: AbortSignal
}

/** A session as the upstream knows it. */
interface RemoteSession {
  id: string | undefined
  protocolVersion: string
}

export function createRelay(options: RelayOptions): Upstream {
  const { name, limits } = options
  /** Sessions that we opened ourselves, or that stand in for one that the upstream has lost; by caller and session. */
  const standIns = createBoundedMap<string, Promise<RemoteSession>>(limits.rememberedSessions)

  /* Sessions */

  async function remoteSession(caller: UpstreamCaller, session: UpstreamSession): Promise<RemoteSession> {
    const known = standIns.get(standInKey(caller, session))
    if (known !== undefined) return known
    if (session.initialized)
      return { id: session.upstreamSessionId, protocolVersion: session.protocolVersion }
    return openSilently(caller, session)
  }

  /** Hosted Claude drops ids, and upstreams restart: the session is opened anew in the client's name, once for all that wait. */
  function openSilently(caller: UpstreamCaller, session: UpstreamSession): Promise<RemoteSession> {
    const key = standInKey(caller, session)
    const opening = initializeFor(caller, session)
    standIns.set(key, opening)
    opening.catch(() => standIns.delete(key))
    return opening
  }

  /** Whoever finds the session lost first opens another; the rest take that one. */
  async function replacement(
    caller: UpstreamCaller,
    session: UpstreamSession,
    lost: RemoteSession,
  ): Promise<RemoteSession> {
    const key = standInKey(caller, session)
    const before = standIns.get(key)
    const known = await before?.catch(() => undefined)
    if (known !== undefined && known !== lost) return known
    const current = standIns.get(key)
    return current !== undefined && current !== before ? current : openSilently(caller, session)
  }

  async function initializeFor(caller: UpstreamCaller, session: UpstreamSession): Promise<RemoteSession> {
    const params = {
      protocolVersion: session.protocolVersion,
      capabilities: session.clientCapabilities,
      clientInfo: session.clientInfo ?? posternClientInfo,
    }
    const initialize = { jsonrpc: '2.0', id: 'postern-initialize', method: 'initialize', params } as const
    const response = await send('POST', jsonHeaders(), JSON.stringify(initialize), limits.openDeadlineMs)
    const [received] = response.ok ? await answersOf(response, [initialize]) : [await discarded(response)]
    const answer = received?.response
    if (answer?.result === undefined) {
      const said = answer?.error?.message ?? `HTTP ${response.status}`
      throw new UpstreamFailure(
        `${theServer} did not open a session (${JSON.stringify(said).slice(0, 300)}).`,
      )
    }
    const remote: RemoteSession = {
      id: sessionIdOf(response),
      protocolVersion: versionOf(answer) ?? session.protocolVersion,
    }
    const headers = withSession(jsonHeaders(), remote)
    const greeting = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })
    await discarded(await send('POST', headers, greeting, limits.openDeadlineMs))
    caller.emit('session.opened', {
      protocolVersion: remote.protocolVersion,
      reason: 'in the name of the client',
    })
    return remote
  }

  /**
   * An exchange on a legacy session. A 404 says that the upstream has lost it (MCP 2025-03-26, session management),
   * so one new session is opened and the exchange repeated: nothing was done the first time.
   */
  async function onSession(
    call: UpstreamCall,
    session: UpstreamSession,
    exchange: (headers: Headers) => Promise<Response>,
  ): Promise<Response> {
    const remote = await remoteSession(call.caller, session)
    const response = await exchange(withSession(call.headers, remote))
    if (remote.id === undefined || call.messages.some(isResponse)) return response
    const { isLost, answer } = await lostSession(response)
    if (!isLost) return answer
    await discarded(answer)
    const headers = withSession(call.headers, await replacement(call.caller, session, remote))
    headers.delete(lastEventIdHeader)
    return exchange(headers)
  }

  /** Servers made after the official example answer a session that they lost with 400 and a sentence about it. */
  async function lostSession(response: Response): Promise<{ isLost: boolean; answer: Response }> {
    if (response.status === 404) return { isLost: true, answer: response }
    if (response.status !== 400 || mediaType(response) !== 'application/json') {
      return { isLost: false, answer: response }
    }
    const text = await readText(response, maximumErrorBytes)
    const isLost = /session/i.test(errorOf(text)?.message ?? '')
    return { isLost, answer: jsonResponse(text, response.status) }
  }

  /* Exchanges */

  /** Has a deadline until the answer's head is there; afterwards its body has a limit of its own. */
  async function send(
    method: HttpExchange['method'],
    headers: Headers,
    body: HttpExchange['body'],
    deadlineMs: number,
    clientSignal?: AbortSignal,
  ): Promise<Response> {
    const aborter = new AbortController()
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      aborter.abort()
    }, deadlineMs)
    const abort = (): void => aborter.abort()
    clientSignal?.addEventListener('abort', abort, { once: true })
    try {
      const response = await options.send({ method, headers, body, signal: aborter.signal })
      if (response.status >= 300 && response.status < 400 && response.status !== 304) {
        await discarded(response)
        throw new UpstreamFailure(
          `${theServer} answered with a redirect, which is not followed. Its operator has to configure the final URL.`,
        )
      }
      return response
    } catch (cause) {
      if (cause instanceof UpstreamFailure) throw cause
      throw new UpstreamFailure(notReached(cause, isLate ? deadlineMs : undefined), { cause })
    } finally {
      clearTimeout(timer)
      // A client that leaves during the body ends the exchange by cancelling the body it was given.
      clientSignal?.removeEventListener('abort', abort)
    }
  }

  /** A JSON-RPC error instead of what a client could not read, or would read as its own sign-in that failed. */
  async function answered(call: UpstreamCall, work: () => Promise<Response>): Promise<Response> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error
      call.caller.emit('upstream.failed', { reason: `${name}: ${error.message}` })
      return failureResponse(call.messages, call.batch, error.message)
    }
  }

  function post(call: UpstreamCall): Promise<Response> {
    const exchange = (headers: Headers): Promise<Response> =>
      send('POST', headers, call.bytes ?? call.text, limits.callDeadlineMs, call.signal)
    return call.session === undefined ? exchange(call.headers) : onSession(call, call.session, exchange)
  }

  /** What of the upstream's answer may reach the client, and in which form it can read it. */
  async function shape(call: UpstreamCall, response: Response): Promise<Response> {
    const hasRequests = call.messages.some(isRequest)
    if (response.status === 401 || response.status === 403) {
      await discarded(response)
      throw new UpstreamFailure(
        `${theServer} refused Postern (HTTP ${response.status}). Its operator has to give Postern a credential that it accepts.`,
      )
    }
    if (!response.ok) return shapeRefusal(call, response)
    if (!hasRequests) {
      await discarded(response)
      return new Response(null, { status: 202 })
    }
    const type = mediaType(response)
    if (type === 'text/event-stream' && response.body !== null) {
      return call.wantsEventStream ? relayCallStream(call, response.body) : readCallStream(call, response)
    }
    if (type !== 'application/json') {
      await discarded(response)
      throw new UpstreamFailure(
        `${theServer} answered HTTP ${response.status} with ${JSON.stringify(type ?? 'no content')} instead of an MCP message. Is its URL that of an MCP endpoint?`,
      )
    }
    return isProbe(call) ? repairedProbe(call, response) : relayJson(response)
  }

  /** 4xx to a call pass on, since clients tell revisions by them; `initialize` never ends in one, and nothing ends in 5xx. */
  async function shapeRefusal(call: UpstreamCall, response: Response): Promise<Response> {
    const text = mediaType(response) === 'application/json' ? await readText(response, maximumErrorBytes) : ''
    if (text === '') await discarded(response)
    const error = errorOf(text)
    const [first] = call.messages.filter(isRequest)
    const isOpening = call.era === 'legacy' && first?.method === 'initialize'
    const mustNotFail = first !== undefined && (isOpening || response.status === 429)
    if (response.status < 500 && !mustNotFail && text !== '') {
      return jsonResponse(text, response.status)
    }
    if (first !== undefined && !call.batch && error !== undefined) {
      return jsonResponse(JSON.stringify({ jsonrpc: '2.0', id: first.id, error }))
    }
    const sentence = `${theServer} answered HTTP ${response.status}.`
    if (response.status >= 500 || mustNotFail) throw new UpstreamFailure(sentence)
    const refusal = formatRpcError(first?.id ?? null, jsonRpcCodes.serverError, sentence)
    return jsonResponse(JSON.stringify(refusal), response.status)
  }

  function relayCallStream(call: UpstreamCall, body: ReadableStream<Uint8Array>): Response {
    const onBreak = (): string[] => {
      call.caller.emit('upstream.failed', { reason: `${name}: ${brokeOff}` })
      return call.messages.filter(isRequest).map(({ id }) => JSON.stringify(failureOf(id, brokeOff)))
    }
    return eventStream(pipeEventStream(body, { limits, onBreak }))
  }

  /** For a client that reads JSON only: notifications on the way to the answer cannot be given to it. */
  async function readCallStream(call: UpstreamCall, response: Response): Promise<Response> {
    const texts = (await answersOf(response, call.messages)).map(({ text }) => text)
    if (texts.length === 0) throw new UpstreamFailure(brokeOff)
    return jsonResponse(call.batch ? `[${texts.join(',')}]` : (texts[0] ?? ''))
  }

  function answersOf(response: Response, messages: readonly JsonRpcMessage[]): Promise<ReceivedAnswer[]> {
    const expected = messages.filter(isRequest).length
    return readAnswers(response, expected, limits).catch((cause: unknown) => {
      throw new UpstreamFailure(brokeOff, { cause })
    })
  }

  return {
    name,
    async initialize(call) {
      let opened: OpenedSession['opened']
      const response = await answered(call, async () => {
        const first = await send(
          'POST',
          call.headers,
          call.bytes ?? call.text,
          limits.openDeadlineMs,
          call.signal,
        )
        if (!first.ok || !['application/json', 'text/event-stream'].includes(mediaType(first) ?? '')) {
          return shape(call, first)
        }
        const [answer] = await answersOf(first, call.messages)
        if (answer === undefined) throw new UpstreamFailure(brokeOff)
        if (answer.response.result !== undefined) {
          opened = {
            protocolVersion: versionOf(answer.response) ?? newestLegacyVersion,
            upstreamSessionId: sessionIdOf(first),
          }
          // For requests of this caller that come without the id.
          const remote: RemoteSession = {
            id: opened.upstreamSessionId,
            protocolVersion: opened.protocolVersion,
          }
          standIns.set(namelessKey(call.caller), Promise.resolve(remote))
        }
        return jsonResponse(answer.text)
      })
      return { response, opened }
    },
    post: (call) => answered(call, async () => shape(call, await post(call))),
    async listen(call, onEnd) {
      let isOpen = false
      const response = await answered(call, async () => {
        const exchange = (headers: Headers): Promise<Response> =>
          send('GET', headers, undefined, limits.openDeadlineMs, call.signal)
        const { session } = call
        const first = await (session === undefined
          ? exchange(call.headers)
          : onSession(call, session, exchange))
        if (!first.ok || mediaType(first) !== 'text/event-stream' || first.body === null) {
          await discarded(first)
          if (first.status === 401 || first.status === 403) return shape(call, first)
          return noStream(first.status)
        }
        isOpen = true
        return eventStream(pipeEventStream(first.body, { limits, onEnd }))
      })
      if (!isOpen) onEnd()
      return response
    },
    async end(caller, session) {
      const key = standInKey(caller, session)
      const standIn = await standIns.get(key)?.catch(() => undefined)
      const remote = standIn ?? { id: session.upstreamSessionId, protocolVersion: session.protocolVersion }
      standIns.delete(key)
      const nameless = await standIns.get(namelessKey(caller))?.catch(() => undefined)
      if (nameless?.id === remote.id) standIns.delete(namelessKey(caller))
      if (remote.id === undefined) return
      // The session is over on our side whatever the upstream makes of it.
      await send('DELETE', withSession(new Headers(), remote), undefined, limits.openDeadlineMs).then(
        discarded,
        () => undefined,
      )
    },
    async close() {
      // Connections belong to whoever handed in `send`.
    },
  }
}

function standInKey(caller: UpstreamCaller, session: UpstreamSession): string {
  return session.key === '' ? namelessKey(caller) : `${caller.key} ${session.key}`
}

function namelessKey(caller: UpstreamCaller): string {
  return `${caller.key} `
}

function withSession(headers: Headers, remote: RemoteSession): Headers {
  const own = new Headers(headers)
  if (remote.id === undefined) own.delete(sessionHeader)
  else own.set(sessionHeader, remote.id)
  own.set(versionHeader, remote.protocolVersion)
  return own
}

function jsonHeaders(): Headers {
  return new Headers({
    accept: 'application/json, text/event-stream',
    'accept-encoding': 'identity',
    'content-type': 'application/json',
  })
}

/** MCP 2025-03-26: visible ASCII. Anything else would break our own header. */
function sessionIdOf(response: Response): string | undefined {
  const id = response.headers.get(sessionHeader)
  return id !== null && /^[\x21-\x7e]{1,1024}$/.test(id) ? id : undefined
}

function versionOf(answer: JsonRpcResponse): string | undefined {
  const version = answer.result?.protocolVersion
  return typeof version === 'string' ? version : undefined
}

function errorOf(text: string): JsonRpcResponse['error'] {
  try {
    const value = JSON.parse(text) as { error?: unknown } | null
    const error = value?.error as JsonRpcResponse['error'] | undefined
    return typeof error?.code === 'number' && typeof error.message === 'string' ? error : undefined
  } catch {
    return undefined
  }
}

function isProbe(call: UpstreamCall): boolean {
  const [first] = call.messages
  return first !== undefined && isRequest(first) && first.method === 'server/discover'
}

/** An error under id null with status 200 ends a client's probe; under the probe's id it means "speak the older revision" (requirement GW-4). */
async function repairedProbe(call: UpstreamCall, response: Response): Promise<Response> {
  const text = await readText(response, maximumErrorBytes)
  const [first] = call.messages.filter(isRequest)
  const error = errorOf(text)
  const isNameless = error !== undefined && (JSON.parse(text) as JsonRpcResponse).id == null
  if (first === undefined || !isNameless) return jsonResponse(text)
  return jsonResponse(JSON.stringify({ jsonrpc: '2.0', id: first.id, error }))
}

/** Of an answer that is read only for what it says of a failure. */
const maximumErrorBytes = 1024 * 1024

function failureOf(id: JsonRpcRequest['id'], sentence: string): JsonRpcResponse {
  return formatRpcError(id, jsonRpcCodes.serverError, sentence)
}

function eventStream(body: ReadableStream<Uint8Array>): Response {
  return new Response(body, { headers: { ...eventStreamHeaders } })
}

/** The length may be passed on only if nothing was decoded on the way here. */
function relayJson(response: Response): Response {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  const length = response.headers.get('content-length')
  if (length !== null && !response.headers.has('content-encoding')) headers['content-length'] = length
  return new Response(response.body, { status: response.status, headers })
}

/** A session without a stream of its own is 405 (MCP 2025-03-26, "Listening for Messages from the Server"). */
function noStream(status: number): Response {
  if (status === 409) {
    const taken = formatRpcError(null, jsonRpcCodes.serverError, 'this session has a stream open already')
    return jsonResponse(JSON.stringify(taken), 409)
  }
  const none = formatRpcError(null, jsonRpcCodes.serverError, 'the MCP server offers no stream of its own')
  const response = jsonResponse(JSON.stringify(none), status === 404 || status === 400 ? status : 405)
  if (response.status === 405) response.headers.set('allow', 'POST, DELETE')
  return response
}

function mediaType(response: Response): string | undefined {
  return response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
}

/** A body that nobody reads would keep its connection. */
async function discarded(response: Response): Promise<undefined> {
  await response.body?.cancel().catch(() => undefined)
}

function notReached(cause: unknown, deadlineMs: number | undefined): string {
  if (deadlineMs !== undefined)
    return `${theServer} did not answer within ${Math.round(deadlineMs / 1000)} seconds.`
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  const code = (inner as { code?: unknown } | undefined)?.code
  const why = typeof code === 'string' ? ` (${code})` : ''
  return `${theServer} could not be reached${why}. Try again in a moment; if that does not help, its operator has to look.`
}

/** Its address is the operator's business, and in the log. */
const theServer = 'The MCP server behind this connector'
const brokeOff = `${theServer} broke off in the middle of its answer. Try again in a moment.`
