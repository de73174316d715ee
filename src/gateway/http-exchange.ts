/** One HTTP exchange with an upstream: a deadline until its answer begins, no redirects, and a failure that a person can read (house style: outbound failure). */

import {
  type AccountAddress,
  type AppliedCredential,
  type CallerCredential,
  CredentialUnavailable,
} from '../credentials/caller-credential.ts'
import { startDeadline } from '../platform/deadline.ts'
import { type HangUp, HangUpSource, signalFor } from '../platform/hang-up.ts'
import { guardPublicAddress } from '../platform/outbound-fetch.ts'
import { readText } from './event-relay.ts'
import { UpstreamFailure } from './upstream.ts'

export interface HttpExchange {
  method: 'GET' | 'POST' | 'DELETE'
  headers: Headers
  body: Uint8Array | string | undefined
  signal: HangUp
  /** Where to, if the caller has an address of their own there. */
  account?: AccountAddress | undefined
}

/** Redirects are an answer to it, never followed. */
export type SendExchange = (exchange: HttpExchange) => Promise<Response>

export interface ExchangeRequest {
  method: HttpExchange['method']
  headers: Headers
  body?: HttpExchange['body']
  deadlineMs: number
  /** Written into the headers. */
  credential?: CallerCredential | undefined
  /** Of the client: hanging up before the answer begins ends the exchange. */
  signal?: HangUp | undefined
}

export interface Destination {
  url: string
  send: typeof fetch
  /** The operator's own, which no address gets that a person named. */
  headers?: Readonly<Record<string, string>> | undefined
  /** To an address that a person named; one whose dialer judges every address that a name resolves to. Default `send`, public addresses only by literal. */
  guardedSend?: typeof fetch | undefined
}

export function sendTo({ url, send, headers: own = {}, guardedSend = send }: Destination): SendExchange {
  const ownHeaders = Object.entries(own)
  return function sendExchange({ method, headers, body, signal, account }) {
    const way = account === undefined || account.allowPrivateAddresses ? send : guardedSend
    const init: RequestInit = { method, headers, signal: signalFor(way, signal), redirect: 'manual' }
    if (body !== undefined) init.body = body as BodyInit
    if (account !== undefined) {
      guardPublicAddress(account.url, account.allowPrivateAddresses)
      return way(account.url, init)
    }
    for (const [name, value] of ownHeaders) headers.set(name, value)
    return way(url, init)
  }
}

/** The address of the upstream is its operator's business, and in the log. */
export const theServer = 'The MCP server behind this connector'

/**
 * Throws only `UpstreamFailure`, and `CredentialLost` where the caller's own credential is not accepted any more. The
 * body of the answer has a limit of its own, kept by whoever reads it.
 */
export function exchange(send: SendExchange, request: ExchangeRequest): Promise<Response> {
  const { credential } = request
  return credential === undefined ? attempt(send, request) : attemptWith(credential, send, request)
}

async function attemptWith(
  credential: CallerCredential,
  send: SendExchange,
  request: ExchangeRequest,
): Promise<Response> {
  const first = await available(credential.current())
  const response = await attempt(send, request, first)
  const { own } = credential
  if (response.status !== 401 || own === undefined) return response
  const second = await available(own.renew(first, await refusalOf(response)))
  const again = await attempt(send, request, second)
  return again.status === 401 ? own.lose(second, await refusalOf(again)) : again
}

async function available(applied: Promise<AppliedCredential>): Promise<AppliedCredential> {
  try {
    return await applied
  } catch (error) {
    throw error instanceof CredentialUnavailable
      ? new UpstreamFailure(error.message, { cause: error })
      : error
  }
}

/** For the log: an upstream's own words, of which the beginning is enough. */
async function refusalOf(response: Response): Promise<string> {
  const text = await readText(response, refusalLimits).catch(() => '')
  return text.trim() === '' ? `HTTP ${response.status}` : text
}

const refusalLimits = { maximumBytes: 65_536, deadlineMs: 5_000 }

async function attempt(
  send: SendExchange,
  request: ExchangeRequest,
  applied?: AppliedCredential,
): Promise<Response> {
  const { method, headers, body, deadlineMs, signal } = request
  for (const [name, value] of Object.entries(applied?.headers ?? {})) headers.set(name, value)
  const hangUp = new HangUpSource()
  let isLate = false
  const deadline = startDeadline(deadlineMs, () => {
    isLate = true
    hangUp.abort()
  })
  const abort = (): void => hangUp.abort()
  signal?.addEventListener('abort', abort, { once: true })
  let response: Response
  try {
    response = await send({ method, headers, body, signal: hangUp, account: applied?.account })
  } catch (cause) {
    throw new UpstreamFailure(notReached(cause, isLate ? deadlineMs : undefined), { cause })
  } finally {
    deadline.clear()
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
