/** What checks of the protocol ask first: whether a session was opened by hand, and which answers are answers of MCP. */

import { type Judgement, notApplicable } from './check.ts'
import {
  type Document,
  type Examination,
  type Exchange,
  everyExchange,
  isResponse,
  jsonOf,
  probed,
  rpcOf,
} from './examination.ts'
import { unasked } from './probe-answers.ts'

/** The answer to the probe's `initialize`, when it opened a session. */
export function openingOf(examination: Examination): Exchange | undefined {
  const opening = probed(examination, 'protocol', 'initialize')
  return opening?.status === 200 && rpcOf(opening)?.result !== undefined ? opening : undefined
}

/** Judges one request of the session that was held by hand, against one that was answered as it should be. */
export function inSession(
  label: string,
  judge: (exchange: Exchange, normal: Exchange) => Judgement,
): (examination: Examination) => Judgement {
  return (examination) => {
    if (openingOf(examination) === undefined) return unasked(examination, 'protocol', 'no session was opened')
    const exchange = probed(examination, 'protocol', label)
    const normal = probed(examination, 'protocol', 'ping')
    if (exchange === undefined || normal === undefined) return notApplicable('it was not asked')
    if (!isAnswered(normal)) return notApplicable('no request of this session is answered')
    return judge(exchange, normal)
  }
}

/** By a JSON-RPC response, be it an error: the request came to the server, and the answer back. */
export function isAnswered(exchange: Exchange): boolean {
  const message = exchange.status === 200 ? rpcOf(exchange) : undefined
  return message !== undefined && isResponse(message)
}

/** The requests of one JSON-RPC method, of the walk and of the probes. */
export function requestsOf(examination: Examination, method: string): Exchange[] {
  return everyExchange(examination).filter((exchange) => requestOf(exchange)?.method === method)
}

export function requestOf(exchange: Exchange): Document | undefined {
  return exchange.method === 'POST' ? jsonOf({ responseBody: exchange.requestBody }) : undefined
}

/** The session id is masked; that there was one is not. */
export function hasSessionId(headers: Readonly<Record<string, string>>): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === 'mcp-session-id')
}
