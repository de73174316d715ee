/** One modern call of a server of the handshake era, over as many rounds as the server has questions: its state is held here while the client finds the answers (MCP 2026-07-28, multi round-trip requests; requirement GW-5). */

import { type JsonRpcId, type JsonRpcRequest, jsonRpcCodes, metaOf } from '../../mcp/json-rpc.ts'
import { findValue, replaceValue } from '../../mcp/json-text.ts'
import { logLevelMeta } from '../../mcp/protocol-version.ts'
import type { UpstreamLimits } from '../limits.ts'
import { createReply, type Reply } from '../reply.ts'
import type { UpstreamCall } from '../upstream.ts'
import { askingMethods, type Question } from './questions.ts'
import { modernError, type StatusText } from './translation.ts'

export interface BridgedCall {
  /** Towards the server. */
  readonly id: number
  readonly method: string
  /** The client waits for it, with a request of this round. */
  isAttended(): boolean
  isSettled(): boolean
  mayAsk(): boolean
  /** `notifications/message` from this level on; undefined for none. */
  logLevel(): unknown
  /** A round begins: the answer to the client's request. */
  attend(call: UpstreamCall, request: JsonRpcRequest): Promise<Response>
  /** A notification on the way to the answer. */
  tell(text: string): void
  progress(text: string): void
  ask(question: Question): void
  /** The server takes a question back. */
  withdraw(id: JsonRpcId): boolean
  /** The end, written for whichever request waits for it. Told once the client is there. */
  settle(write: (request: JsonRpcRequest) => StatusText): void
  /** Not by the server: the answer to the client rejects with this. */
  fail(error: unknown): void
}

export interface BridgedCallOptions {
  id: number
  method: string
  limits: UpstreamLimits
  /** The client's answer to a question, as it was written. */
  onAnswer(id: JsonRpcId, text: string): void
  /** Nobody waits for the call any more. */
  onGone(): void
  /** The client is sent away with questions: what it has to come back with. Undefined if no more can be held. */
  hold(): string | undefined
  /** It could not be held. */
  onOverfull(): void
}

interface Round {
  request: JsonRpcRequest
  reply: Reply
  fail(error: unknown): void
}

export function createBridgedCall(options: BridgedCallOptions): BridgedCall {
  const { id, method } = options
  /** By the name under which the client is asked. */
  const open = new Map<string, Question>()
  let round: Round | undefined
  let outcome: ((request: JsonRpcRequest) => StatusText) | undefined
  let asking: ReturnType<typeof setTimeout> | undefined
  let lastName = 0

  function answerRound({ text, status }: StatusText): void {
    const answered = round
    round = undefined
    clearTimeout(asking)
    asking = undefined
    answered?.reply.answer(text, status)
  }

  /** All questions that came together go together. */
  function askSoon(): void {
    if (round === undefined || open.size === 0) return
    asking ??= setTimeout(askNow, 0)
  }

  function askNow(): void {
    asking = undefined
    if (round === undefined || open.size === 0) return
    const state = options.hold()
    if (state === undefined) {
      options.onOverfull()
      return
    }
    const requests = [...open].map(([name, question]) => `${JSON.stringify(name)}:${written(question)}`)
    const result = `{"resultType":"input_required","inputRequests":{${requests.join(',')}},"requestState":${JSON.stringify(state)}}`
    answerRound({
      text: `{"jsonrpc":"2.0","id":${JSON.stringify(round.request.id)},"result":${result}}`,
      status: 200,
    })
  }

  function takeAnswers(text: string): void {
    for (const [name, question] of [...open]) {
      const found = findValue(text, ['params', 'inputResponses', name])
      if (found === undefined) continue
      open.delete(name)
      options.onAnswer(question.id, text.slice(found.start, found.end))
    }
  }

  return {
    id,
    method,
    isAttended: () => round !== undefined,
    isSettled: () => outcome !== undefined,
    mayAsk: () => askingMethods.has(method),
    logLevel: () => (round === undefined ? undefined : metaOf(round.request, logLevelMeta)),
    attend(call, request) {
      const reply = createReply({
        expected: 1,
        batch: false,
        wantsEventStream: call.wantsEventStream,
        limits: options.limits,
        onGone: leave,
      })
      function leave(): void {
        if (round?.reply !== reply) return
        round = undefined
        clearTimeout(asking)
        reply.abandon()
        options.onGone()
      }
      const { promise: failed, reject: fail } = Promise.withResolvers<never>()
      round = { request, reply, fail }
      call.signal?.addEventListener('abort', leave, { once: true })
      takeAnswers(call.text)
      if (outcome !== undefined) answerRound(outcome(request))
      askSoon()
      return Promise.race([reply.response, failed])
    },
    tell(text) {
      round?.reply.tell(text)
    },
    progress(text) {
      const token = round === undefined ? undefined : metaOf(round.request, 'progressToken')
      if (token !== undefined) round?.reply.tell(replaceValue(text, ['params', 'progressToken'], token))
    },
    ask(question) {
      lastName++
      open.set(`question-${lastName}`, question)
      askSoon()
    },
    withdraw(withdrawn) {
      const found = [...open].find(([, question]) => question.id === withdrawn)
      return found !== undefined && open.delete(found[0])
    },
    settle(write) {
      if (outcome !== undefined) return
      outcome = write
      open.clear()
      if (round !== undefined) answerRound(write(round.request))
    },
    fail(error) {
      if (round === undefined) outcome ??= ({ id: own }) => modernError(own, jsonRpcCodes.internalError, lost)
      else round.fail(error)
    },
  }
}

const lost = 'The call was lost while it waited for an answer. Make it again.'

function written({ method, params }: Question): string {
  const members = params === undefined ? '' : `,"params":${params}`
  return `{"method":${JSON.stringify(method)}${members}}`
}
