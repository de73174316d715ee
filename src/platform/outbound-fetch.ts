/** The way out to addresses that somebody else named: deadline, size cap, no redirects, no private addresses (RFC 9700, MCP security best practices on SSRF). */

import { collect } from './bounded-body.ts'
import { isIpLiteral, isLocalhostName, isPublicAddress, parseUrl } from './url.ts'

export interface OutboundOptions {
  /** The runtime's fetch. On Node, one whose dialer judges every resolved address and dials just that one (see `outbound-dialer-node.ts`). */
  fetch: typeof fetch
  /** Loopback and private addresses may be asked, and plain http. For development and tests on one machine. */
  allowPrivateAddresses: boolean
  /** From first byte sent to last byte read, in milliseconds. */
  deadlineMs: number
  /** A longer body is refused, not cut. */
  maximumBytes: number
}

export interface OutboundAnswer {
  status: number
  headers: Headers
  text: string
}

/** Why nothing usable came back, in four kinds that ask for four different remedies. */
export type OutboundFailure = 'refused-by-policy' | 'not-reached' | 'wrong-status' | 'wrong-body'

export class OutboundError extends Error {
  readonly kind: OutboundFailure

  constructor(kind: OutboundFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'OutboundError'
    this.kind = kind
  }
}

export type OutboundFetch = (url: string, init?: RequestInit) => Promise<OutboundAnswer>

/** Throws only `OutboundError`. A redirect is an answer like any other, never followed: its target was judged by nobody. */
export function createOutboundFetch(options: OutboundOptions): OutboundFetch {
  return async function outboundFetch(url, init = {}) {
    guardPublicAddress(url, options.allowPrivateAddresses)
    const signal = AbortSignal.timeout(options.deadlineMs)
    let response: Response
    try {
      response = await options.fetch(url, { ...init, redirect: 'manual', signal })
    } catch (cause) {
      throw outboundErrorOf(url, cause, options.deadlineMs)
    }
    const text = await readCapped(response, options, url)
    return { status: response.status, headers: response.headers, text }
  }
}

/** The guarded way out as libraries want it. */
export function asFetch(
  outboundFetch: OutboundFetch,
): (url: string, init?: RequestInit) => Promise<Response> {
  return async function guardedFetch(url, init) {
    const { status, headers, text } = await outboundFetch(url, init)
    const kept = new Headers(headers)
    // The text has been decoded, so these would be untrue.
    for (const name of ['content-encoding', 'content-length']) kept.delete(name)
    const hasBody = ![101, 103, 204, 205, 304].includes(status)
    return new Response(hasBody ? text : null, { status, headers: kept })
  }
}

/** Throws an `OutboundError` for what is no https URL, and for one that names a private address by literal. */
export function guardPublicAddress(url: string, allowPrivateAddresses: boolean): void {
  const parsed = parseUrl(url)
  if (parsed === undefined) {
    throw new OutboundError('refused-by-policy', `${JSON.stringify(url)} is not an absolute URL`)
  }
  if (parsed.protocol !== 'https:' && !(allowPrivateAddresses && parsed.protocol === 'http:')) {
    throw new OutboundError('refused-by-policy', `${JSON.stringify(url)} is not https`)
  }
  if (allowPrivateAddresses) return
  const privateLiteral = isIpLiteral(parsed.hostname) && !isPublicAddress(parsed.hostname)
  if (privateLiteral || isLocalhostName(parsed.hostname)) {
    throw new OutboundError('refused-by-policy', `${parsed.hostname} is not a public address`)
  }
}

/** A dialer's own refusal stays what it is; anything else means that nobody was reached. */
function outboundErrorOf(url: string, cause: unknown, deadlineMs: number): OutboundError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  if (inner instanceof OutboundError) return inner
  const host = parseUrl(url)?.host ?? url
  const says = isTimeout(cause)
    ? `${host} did not answer in ${deadlineMs} ms`
    : `${host} could not be reached: ${inner instanceof Error ? inner.message : String(inner)}`
  return new OutboundError('not-reached', says, { cause })
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'TimeoutError'
}

async function readCapped(
  response: Response,
  { maximumBytes, deadlineMs }: OutboundOptions,
  url: string,
): Promise<string> {
  const host = parseUrl(url)?.host
  const bytes = await collect(response.body, maximumBytes).catch((cause: unknown) => {
    const why = isTimeout(cause) ? `was not complete after ${deadlineMs} ms` : 'broke off'
    throw new OutboundError('not-reached', `the answer of ${host} ${why}`, { cause })
  })
  if (bytes !== undefined) return new TextDecoder().decode(bytes)
  throw new OutboundError('wrong-body', `the answer of ${host} is larger than ${maximumBytes} bytes`)
}
