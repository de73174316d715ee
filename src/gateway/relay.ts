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
import type { HangUp } from '../platform/hang-up.ts'
import { PlainHeaders } from '../platform/plain-headers.ts'
import { PlainResponse } from '../platform/plain-response.ts'
import {
  pipeEventStream,
  pipeJson,
  type ReceivedAnswer,
  readAnswers,
  readBytes,
  readText,
} from './event-relay.ts'
import { discard, exchange, mediaType, type SendExchange, theServer } from './http-exchange.ts'
import type { UpstreamLimits } from './limits.ts'
import { createRemoteSessions, type RemoteSession, type UsedSession } from './remote-sessions.ts'
import { jsonResponse } from './reply.ts'
import { noteResultSize } from './result-size.ts'
import { withSignsOfLife } from './slow-answer.ts'
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
  send: SendExchange
  /** False where the upstream is code of this process: its body is handed on as it is. */
  canBreakOff: boolean
  limits: UpstreamLimits
}

export function createRelay(options: RelayOptions): Upstream {
  const { name, limits, send } = options
  const sessions = createRemoteSessions(openInTheClientsName, limits.rememberedSessions)

  /* Sessions */

  /** Hosted Claude drops ids, and upstreams restart: the session is opened anew with what the client had declared. */
  async function openInTheClientsName(
    caller: UpstreamCaller,
    session: UpstreamSession,
  ): Promise<RemoteSession> {
    const params = {
      protocolVersion: session.protocolVersion,
      capabilities: session.clientCapabilities,
      clientInfo: session.clientInfo ?? posternClientInfo,
    }
    const initialize = { jsonrpc: '2.0', id: 'postern-initialize', method: 'initialize', params } as const
    const response = await open(caller, 'POST', jsonHeaders(), JSON.stringify(initialize))
    const [received] = response.ok ? await answersOf(response, [initialize]) : []
    const answer = received?.response
    if (answer?.result === undefined) {
      await discard(response)
      const said = JSON.stringify(answer?.error?.message ?? `HTTP ${response.status}`).slice(0, 300)
      throw new UpstreamFailure(`${theServer} did not open a session (${said}).`)
    }
    const protocolVersion = versionOf(answer) ?? session.protocolVersion
    const remote: RemoteSession = { id: sessionIdOf(response), protocolVersion }
    const greeting = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })
    await discard(await open(caller, 'POST', withSession(jsonHeaders(), remote), greeting))
    caller.emit('session.opened', { protocolVersion, reason: 'in the name of the client' })
    return remote
  }

  /** An exchange that does no work, with the deadline for these. */
  function open(
    { credential }: UpstreamCaller,
    method: 'GET' | 'POST' | 'DELETE',
    headers: Headers,
    body?: Uint8Array | string,
    signal?: HangUp,
  ): Promise<Response> {
    const deadlineMs = limits.openDeadlineMs
    return exchange(send, { method, headers, body, deadlineMs, credential, signal })
  }

  /**
   * An exchange on a legacy session. A 404 says that the upstream has lost it (MCP 2025-03-26, session management),
   * so one new session is opened and the exchange repeated: nothing was done the first time.
   */
  async function onSession(
    call: UpstreamCall,
    used: UsedSession,
    attempt: (headers: Headers) => Promise<Response>,
  ): Promise<Response> {
    const response = await attempt(withSession(call.headers, used.remote))
    if (used.remote.id === undefined || call.messages.some(isResponse)) return response
    if (response.status !== 404 && response.status !== 400) return response
    const { isLost, answer } = await readLoss(response)
    if (!isLost) return answer
    await discard(answer)
    const headers = withSession(call.headers, await sessions.replace(used))
    headers.delete(lastEventIdHeader)
    return attempt(headers)
  }

  /* Exchanges */

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

  async function post(call: UpstreamCall): Promise<Response> {
    const attempt = (headers: Headers): Promise<Response> =>
      exchange(send, {
        method: 'POST',
        headers,
        body: call.bytes ?? call.text,
        deadlineMs: limits.callDeadlineMs,
        credential: call.caller.credential,
        signal: call.signal,
      })
    if (call.session === undefined) return shape(call, await attempt(call.headers), () => {})
    const ids = call.messages.filter(isRequest).map(({ id }) => id)
    const used = await sessions.use(call.caller, call.session, ids)
    let isStream = false
    try {
      const response = await shape(call, await onSession(call, used, attempt), used.release)
      isStream = mediaType(response) === 'text/event-stream'
      return response
    } finally {
      if (!isStream) used.release()
    }
  }

  /** What of the upstream's answer may reach the client, and in which form it can read it. */
  async function shape(call: UpstreamCall, response: Response, onEnd: () => void): Promise<Response> {
    const hasRequests = call.messages.some(isRequest)
    if (response.status === 401 || response.status === 403) {
      await discard(response)
      throw new UpstreamFailure(
        `${theServer} refused Postern (HTTP ${response.status}). Its operator has to give Postern a credential that it accepts.`,
      )
    }
    if (!response.ok) return shapeRefusal(call, response)
    if (!hasRequests) {
      await discard(response)
      return new Response(null, { status: 202 })
    }
    const type = mediaType(response)
    if (type === 'text/event-stream' && response.body !== null) {
      return call.wantsEventStream
        ? relayCallStream(call, response.body, onEnd)
        : readCallStream(call, response)
    }
    if (type !== 'application/json') {
      await discard(response)
      throw new UpstreamFailure(
        `${theServer} answered HTTP ${response.status} with ${JSON.stringify(type ?? 'no content')} instead of an MCP message. Is its URL that of an MCP endpoint?`,
      )
    }
    if (isProbe(call)) return repairedProbe(call, response, limits.openDeadlineMs)
    const whole = PlainResponse.takeBody(response)
    if (whole === undefined) return relayJson(call, response)
    noteResultSize(call, whole.length)
    return jsonResponse(whole, response.status)
  }

  /** 4xx to a call pass on, since clients tell revisions by them; `initialize` never ends in one, and nothing ends in 5xx. */
  async function shapeRefusal(call: UpstreamCall, response: Response): Promise<Response> {
    const text = mediaType(response) === 'application/json' ? await readText(response, errorLimits) : ''
    if (text === '') await discard(response)
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

  async function relayJson(call: UpstreamCall, response: Response): Promise<Response> {
    const length = Number(response.headers.get('content-length') ?? Number.NaN)
    if (response.body === null || !(length <= bufferedBytes)) {
      const { body: source } = response
      const isPiped = options.canBreakOff && source !== null
      const body = isPiped ? pipeJson(source, limits, (size) => noteResultSize(call, size)) : source
      return new Response(body, { status: response.status, headers: { 'content-type': 'application/json' } })
    }
    const read = readBytes(response, {
      maximumBytes: limits.messageBytes,
      deadlineMs: limits.openDeadlineMs,
    })
    const bytes = await read.catch((cause: unknown) => {
      throw new UpstreamFailure(brokeOff, { cause })
    })
    noteResultSize(call, bytes.byteLength)
    return jsonResponse(bytes, response.status)
  }

  function relayCallStream(
    call: UpstreamCall,
    body: ReadableStream<Uint8Array>,
    onEnd: () => void,
  ): Response {
    const onBreak = (): string[] => {
      call.caller.emit('upstream.failed', { reason: `${name}: ${brokeOff}` })
      return call.messages.filter(isRequest).map(({ id }) => JSON.stringify(failureOf(id, brokeOff)))
    }
    const ended = (bytes: number): void => {
      noteResultSize(call, bytes)
      onEnd()
    }
    return eventStream(pipeEventStream(body, { limits, onEnd: ended, onBreak }))
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
        const first = await open(call.caller, 'POST', call.headers, call.bytes ?? call.text, call.signal)
        if (!first.ok || !['application/json', 'text/event-stream'].includes(mediaType(first) ?? '')) {
          return shape(call, first, () => {})
        }
        const [answer] = await answersOf(first, call.messages)
        if (answer === undefined) throw new UpstreamFailure(brokeOff)
        if (answer.response.result !== undefined) {
          opened = {
            protocolVersion: versionOf(answer.response) ?? newestLegacyVersion,
            upstreamSessionId: sessionIdOf(first),
            isForgetful: sessionIdOf(first) === undefined,
          }
          if (isTheClientsOwn(call)) {
            sessions.remember(call.caller, {
              id: opened.upstreamSessionId,
              protocolVersion: opened.protocolVersion,
            })
          }
        }
        return jsonResponse(answer.text)
      })
      return { response, opened }
    },
    post: (call) =>
      withSignsOfLife(
        call,
        answered(call, () => post(call)),
        limits,
      ),
    async listen(call, onEnd) {
      let isOpen = false
      const response = await answered(call, async () => {
        if (call.session === undefined) throw new TypeError('only a legacy session has a stream of its own')
        const used = await sessions.use(call.caller, call.session, [])
        const first = await onSession(call, used, (headers) =>
          open(call.caller, 'GET', headers, undefined, call.signal),
        )
        if (first.ok && mediaType(first) === 'text/event-stream' && first.body !== null) {
          isOpen = true
          return eventStream(pipeEventStream(first.body, { limits, onEnd, signal: call.signal }))
        }
        await discard(first)
        if (first.status === 401 || first.status === 403) return shape(call, first, () => {})
        return noStream(first.status)
      })
      if (!isOpen) onEnd()
      return response
    },
    async end(caller, session) {
      const remote = await sessions.forget(caller, session)
      if (remote.id === undefined) return
      // The session is over on our side whatever the upstream makes of it.
      await open(caller, 'DELETE', withSession(new PlainHeaders(), remote)).then(discard, () => undefined)
    },
    async close() {
      // Connections belong to whoever handed in `send`.
    },
  }
}

/** Writes into the headers, which belong to this one call. */
function withSession(headers: Headers, remote: RemoteSession): Headers {
  if (remote.id === undefined) headers.delete(sessionHeader)
  else headers.set(sessionHeader, remote.id)
  headers.set(versionHeader, remote.protocolVersion)
  return headers
}

function jsonHeaders(): Headers {
  return new PlainHeaders({
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

/** Not one that the bridge opens, which has a key of its own already. */
function isTheClientsOwn({ session }: UpstreamCall): boolean {
  return session === undefined || session.key === ''
}

function versionOf(answer: JsonRpcResponse): string | undefined {
  const version = answer.result?.protocolVersion
  return typeof version === 'string' ? version : undefined
}

/** Servers made after the official example answer a session that they lost with 400 and a sentence about it. */
async function readLoss(response: Response): Promise<{ isLost: boolean; answer: Response }> {
  if (response.status === 404) return { isLost: true, answer: response }
  if (mediaType(response) !== 'application/json') return { isLost: false, answer: response }
  const text = await readText(response, errorLimits)
  const isLost = /session/i.test(errorOf(text)?.message ?? '')
  return { isLost, answer: jsonResponse(text, response.status) }
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
async function repairedProbe(call: UpstreamCall, response: Response, deadlineMs: number): Promise<Response> {
  const text = await readText(response, { ...errorLimits, deadlineMs }).catch((cause: unknown) => {
    throw new UpstreamFailure(brokeOff, { cause })
  })
  const [first] = call.messages.filter(isRequest)
  const error = errorOf(text)
  const isNameless = error !== undefined && (JSON.parse(text) as JsonRpcResponse).id == null
  if (first === undefined || !isNameless) return jsonResponse(text)
  return jsonResponse(JSON.stringify({ jsonrpc: '2.0', id: first.id, error }))
}

/** Of an answer that is read only for what it says of a failure. */
const errorLimits = { maximumBytes: 1024 * 1024, deadlineMs: 10_000 }

/** Up to this length a body is read at once, which costs less than handing on a stream. */
const bufferedBytes = 256 * 1024

function failureOf(id: JsonRpcRequest['id'], sentence: string): JsonRpcResponse {
  return formatRpcError(id, jsonRpcCodes.serverError, sentence)
}

function eventStream(body: ReadableStream<Uint8Array>): Response {
  return new Response(body, { headers: { ...eventStreamHeaders } })
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

const brokeOff = `${theServer} broke off in the middle of its answer. Try again in a moment.`
