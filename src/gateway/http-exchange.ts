/** One HTTP exchange with an upstream: a deadline until its answer begins, no redirects, and a failure that a person can read (house style: outbound failure). */

import { UpstreamFailure } from './upstream.ts'

export interface HttpExchange {
  method: 'GET' | 'POST' | 'DELETE'
  headers: Headers
  body: Uint8Array | string | undefined
  signal: AbortSignal
}

/** Redirects are an answer to it, never followed. */
export type SendExchange = (exchange: HttpExchange) => Promise<Response>

export interface ExchangeRequest {
  method: HttpExchange['method']
  headers: Headers
  body?: HttpExchange['body']
  deadlineMs: number
  /** Of the client: hanging up before the answer begins ends the exchange. */
  signal?: AbortSignal | undefined
}

/** To a URL, with the headers that are its operator's own. */
export function sendTo(
  url: string,
  send: typeof fetch,
  own: Readonly<Record<string, string>> = {},
): SendExchange {
  return function sendExchange({ method, headers, body, signal }) {
    for (const [name, value] of Object.entries(own)) headers.set(name, value)
    const init: RequestInit = { method, headers, signal, redirect: 'manual' }
    return send(url, body === undefined ? init : { ...init, body: body as BodyInit })
  }
}

/** The address of the upstream is its operator's business, and in the log. */
export const theServer = 'The MCP server behind this connector'

/** Throws only `UpstreamFailure`. The body of the answer has a limit of its own, kept by whoever reads it. */
export async function exchange(send: SendExchange, request: ExchangeRequest): Promise<Response> {
  const { method, headers, body, deadlineMs, signal } = request
  const aborter = new AbortController()
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    aborter.abort()
  }, deadlineMs)
  const abort = (): void => aborter.abort()
  signal?.addEventListener('abort', abort, { once: true })
  let response: Response
  try {
    response = await send({ method, headers, body, signal: aborter.signal })
  } catch (cause) {
    throw new UpstreamFailure(notReached(cause, isLate ? deadlineMs : undefined), { cause })
  } finally {
    clearTimeout(timer)
    // A client that leaves during the body ends the exchange by cancelling the body that it was given.
    signal?.removeEventListener('abort', abort)
  }
  if (response.status < 300 || response.status >= 400) return response
  await discard(response)
  throw new UpstreamFailure(
    `${theServer} answered with a redirect, which is not followed. Its operator has to configure the final URL.`,
  )
}

/** A body that nobody reads would keep its connection. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined)
}

export function mediaType(response: Response): string | undefined {
  return response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
}

function notReached(cause: unknown, deadlineMs: number | undefined): string {
  if (deadlineMs !== undefined) {
    return `${theServer} did not answer within ${Math.round(deadlineMs / 1000)} seconds.`
  }
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  const code = (inner as { code?: unknown } | undefined)?.code
  const why = typeof code === 'string' ? ` (${code})` : ''
  return `${theServer} could not be reached${why}. Try again in a moment; if that does not help, its operator has to look.`
}
