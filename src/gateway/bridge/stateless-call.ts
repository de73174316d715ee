/** One call of a handshake-era client to a stateless server, over as many rounds as the server needs: its questions become requests to the client, and the answers another round (MCP 2026-07-28, multi round-trip requests; requirement GW-6). */

import {
  formatRpcError,
  isResponse,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcCodes,
} from '../../mcp/json-rpc.ts'
import { newestModernVersion } from '../../mcp/protocol-version.ts'
import { setMirroredHeaders, versionHeader } from '../../mcp/streamable-http.ts'
import { theServer } from '../http-exchange.ts'
import type { UpstreamLimits } from '../limits.ts'
import type { Upstream, UpstreamCall } from '../upstream.ts'
import { readExchange } from './event-exchange.ts'
import { isDeclared, requiredCapability } from './questions.ts'
import type { SentQuestion, StatelessSession } from './stateless-session.ts'
import { asLegacyAnswer, asModernRequest, type RoundMembers } from './translation.ts'

export interface StatelessCallOptions {
  upstream: Upstream
  limits: UpstreamLimits
  session: StatelessSession
  call: UpstreamCall
  request: JsonRpcRequest
  text: string
  signal: AbortSignal
  nextId(): number
  /** `Mcp-Param-*` of this call, as far as the tool's schema is known. */
  parameterHeaders(): Readonly<Record<string, string>>
  /** The server misses some: what its schema says now. */
  learnParameters(): Promise<Readonly<Record<string, string>>>
  /** To the client, on the way to the answer. */
  tell(text: string): boolean
}

interface RoundAnswer {
  text: string
  response: JsonRpcResponse
}

/** A server that only says "again" is believed so often. */
const maximumRounds = 32
const againMs = 100

/** The answer under the client's own id. */
export async function answerStatelessCall(options: StatelessCallOptions): Promise<string> {
  const { session, request } = options
  let members: RoundMembers = {}
  let headers = options.parameterHeaders()
  let isRelearnt = false
  for (let round = 0; round < maximumRounds; round++) {
    const answer = await attempt(options, members, headers)
    const { response, text } = answer
    if (response.error?.code === jsonRpcCodes.headerMismatch && !isRelearnt) {
      isRelearnt = true
      headers = await options.learnParameters()
      continue
    }
    if (response.result?.resultType !== 'input_required') return asLegacyAnswer(text, response, request)
    const { inputRequests, requestState } = response.result
    const questions = Object.entries((inputRequests ?? {}) as Record<string, SentQuestion>)
    if (questions.length === 0) await new Promise((resolve) => setTimeout(resolve, againMs))
    const inputResponses: Record<string, unknown> = {}
    for (const [name, question] of questions) {
      const given = await answerOf(question, session, options.tell)
      if ('failure' in given) return failed(request, given.failure)
      inputResponses[name] = given.result
    }
    members = questions.length > 0 ? { inputResponses, requestState } : { requestState }
  }
  return failed(request, `${theServer} asked too many times.`)
}

async function attempt(
  { upstream, limits, session, call, text, signal, nextId, tell }: StatelessCallOptions,
  members: RoundMembers,
  parameterHeaders: Readonly<Record<string, string>>,
): Promise<RoundAnswer> {
  const id = nextId()
  const modern = asModernRequest(text, id, session.envelope, members)
  const message = JSON.parse(modern) as JsonRpcRequest
  const headers = new Headers(call.headers)
  headers.set(versionHeader, newestModernVersion)
  setMirroredHeaders(headers, message)
  for (const [name, value] of Object.entries(parameterHeaders)) headers.set(name, value)
  let answer: RoundAnswer | undefined
  const exchange = {
    ...call,
    era: 'modern',
    session: undefined,
    batch: false,
    bytes: undefined,
    headers,
  } as const
  const response = await upstream.post({
    ...exchange,
    messages: [message],
    text: modern,
    signal,
    wantsEventStream: true,
  })
  await readExchange(response, limits, (received, receivedText) => {
    if (isResponse(received)) answer = { text: receivedText, response: received }
    else tell(receivedText)
  })
  if (answer !== undefined) return answer
  const broken = formatRpcError(id, jsonRpcCodes.serverError, brokeOff)
  return { text: JSON.stringify(broken), response: broken }
}

async function answerOf(
  question: SentQuestion,
  session: StatelessSession,
  send: (text: string) => boolean,
): Promise<{ result: unknown } | { failure: string }> {
  const { method, params } = question
  const asRequest = { jsonrpc: '2.0', id: 0, method, params } as JsonRpcRequest
  const required = requiredCapability(asRequest)
  if (required === undefined || !isDeclared(required, session.envelope.clientCapabilities)) {
    return { failure: `${theServer} asks for ${JSON.stringify(method)}, which this client has not declared.` }
  }
  const asked = session.ask(question, send)
  if (asked === undefined) return { failure: 'The client has no stream open on which it could be asked.' }
  const { result, error } = await asked
  if (result !== undefined) return { result }
  return { failure: `The client did not answer ${method}: ${JSON.stringify(error?.message)}` }
}

function failed({ id }: JsonRpcRequest, sentence: string): string {
  return JSON.stringify(formatRpcError(id, jsonRpcCodes.internalError, sentence))
}

const brokeOff = `${theServer} broke off in the middle of its answer. Try again in a moment.`
