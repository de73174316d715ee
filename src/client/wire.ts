/** The way out of the connector: one deadline and one size cap for every request, no redirect followed, all of it written down. */

import { parseUrl } from '../platform/url.ts'
import { ConnectFailure } from './connect-failure.ts'
import type { OpenExchange, TranscriptWriter } from './transcript.ts'

export interface WireRequest {
  method: 'GET' | 'POST' | 'DELETE' | 'HEAD' | 'OPTIONS'
  url: string
  headers: Readonly<Record<string, string>>
  body?: string
}

export interface WireAnswer {
  status: number
  headers: Headers
  text: string
}

/** An answer whose body is read as it comes. */
export interface WireStream {
  status: number
  headers: Headers
  body: ReadableStream<Uint8Array>
  /** Ends the exchange from our side. */
  close(): void
}

export interface WireLimits {
  deadlineSeconds: number
  maximumBytes: number
}

export interface Wire {
  /** The whole answer. Throws `ConnectFailure` of the reason `not-reached` or `protocol`. */
  send(request: WireRequest, limits: WireLimits): Promise<WireAnswer>
  /** The answer from its headers on: the deadline ends with them, what follows is the caller's to bound. */
  open(request: WireRequest, limits: WireLimits): Promise<WireStream>
}

/** Metadata, registration and token answers are small; a bigger one is a mistake or an attack. */
export const smallAnswerBytes: number = 256 * 1024
/** A tool may answer with images. */
export const largeAnswerBytes: number = 64 * 1024 * 1024

export interface WireOptions {
  fetch: typeof fetch
  transcript: TranscriptWriter
  /** Ends everything: the user's interrupt, or the time limit of the run. */
  signal: AbortSignal | undefined
}

export function createWire(options: WireOptions): Wire {
  return { send, open }

  async function send(request: WireRequest, limits: WireLimits): Promise<WireAnswer> {
    const deadline = deadlineOf(limits)
    const exchange = options.transcript.exchange(recordOf(request))
    try {
      const response = await start(request, exchange, deadline, limits)
      const text = await readWhole(response, request, exchange, limits)
      exchange.done()
      return { status: response.status, headers: response.headers, text }
    } finally {
      deadline.clear()
    }
  }

  async function open(request: WireRequest, limits: WireLimits): Promise<WireStream> {
    const deadline = deadlineOf(limits)
    const exchange = options.transcript.exchange(recordOf(request))
    try {
      const response = await start(request, exchange, deadline, limits)
      const body = recorded(response.body ?? emptyBody(), exchange, limits.maximumBytes)
      return { status: response.status, headers: response.headers, body, close: () => deadline.abort() }
    } finally {
      deadline.clear()
    }
  }

  async function start(
    request: WireRequest,
    exchange: OpenExchange,
    deadline: Deadline,
    limits: WireLimits,
  ): Promise<Response> {
    try {
      const response = await options.fetch(request.url, {
        method: request.method,
        headers: request.headers,
        redirect: 'manual',
        signal: deadline.signal,
        ...(request.body === undefined ? {} : { body: request.body }),
      })
      exchange.answered(response.status, response.headers)
      return response
    } catch (cause) {
      if (cause instanceof ConnectFailure) {
        exchange.failed(cause.message)
        throw cause
      }
      const why = whyNotReached(request.url, cause, limits.deadlineSeconds)
      exchange.failed(why)
      throw new ConnectFailure('not-reached', why, { cause })
    }
  }

  function deadlineOf(limits: WireLimits): Deadline {
    const controller = new AbortController()
    const timer = setTimeout(
      () => controller.abort(new DOMException('too late', 'TimeoutError')),
      limits.deadlineSeconds * 1000,
    )
    const onAbort = (): void => controller.abort(options.signal?.reason)
    if (options.signal?.aborted) onAbort()
    options.signal?.addEventListener('abort', onAbort, { once: true })
    return {
      signal: controller.signal,
      clear: () => clearTimeout(timer),
      abort: () => {
        options.signal?.removeEventListener('abort', onAbort)
        controller.abort()
      },
    }
  }
}

interface Deadline {
  signal: AbortSignal
  clear(): void
  abort(): void
}

function recordOf(request: WireRequest): Parameters<TranscriptWriter['exchange']>[0] {
  return { method: request.method, url: request.url, headers: request.headers, body: request.body }
}

async function readWhole(
  response: Response,
  request: WireRequest,
  exchange: OpenExchange,
  limits: WireLimits,
): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength
      if (size > limits.maximumBytes) break
      text += decoder.decode(chunk, { stream: true })
    }
  } catch (cause) {
    exchange.received(text)
    const why = `the answer of ${hostOf(request.url)} broke off: ${innermost(cause)}`
    exchange.failed(why)
    throw new ConnectFailure('not-reached', why, { cause })
  }
  exchange.received(text)
  if (size <= limits.maximumBytes) return text
  const why = `the answer of ${hostOf(request.url)} is larger than ${limits.maximumBytes} bytes`
  exchange.failed(why)
  throw new ConnectFailure('protocol', why)
}

/** Passes the bytes on and writes them down. A body of more bytes than allowed ends with an error. */
function recorded(
  body: ReadableStream<Uint8Array>,
  exchange: OpenExchange,
  maximumBytes: number,
): ReadableStream<Uint8Array> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let size = 0
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        exchange.done()
        throw cause
      })
      if (done) {
        exchange.done()
        return controller.close()
      }
      size += value.byteLength
      exchange.received(decoder.decode(value, { stream: true }))
      if (size > maximumBytes) {
        exchange.failed(`the stream is larger than ${maximumBytes} bytes`)
        return controller.error(
          new ConnectFailure('protocol', `the stream is larger than ${maximumBytes} bytes`),
        )
      }
      controller.enqueue(value)
    },
    async cancel() {
      exchange.done()
      await reader.cancel().catch(() => undefined)
    },
  })
}

function emptyBody(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() })
}

function whyNotReached(url: string, cause: unknown, deadlineSeconds: number): string {
  if (cause instanceof Error && cause.name === 'TimeoutError') {
    return `${hostOf(url)} did not answer within ${deadlineSeconds} seconds`
  }
  return `${hostOf(url)} could not be reached: ${innermost(cause)}`
}

/** Node wraps what happened ("connect ECONNREFUSED") into "fetch failed". */
function innermost(cause: unknown): string {
  let inner = cause
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  if (inner instanceof AggregateError && inner.errors[0] instanceof Error) inner = inner.errors[0]
  return inner instanceof Error ? inner.message || inner.name : String(inner)
}

function hostOf(url: string): string {
  return parseUrl(url)?.host ?? JSON.stringify(url.slice(0, 200))
}
