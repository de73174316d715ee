/** The client's side of Streamable HTTP: each message a POST, answers as JSON or as a stream, streams taken up again (MCP 2025-03-26 to 2026-07-28). */

import { readServerSentEvents } from '../mcp/event-stream.ts'
import type { JsonRpcMessage, JsonRpcRequest, JsonRpcResponse } from '../mcp/json-rpc.ts'
import { ConnectFailure } from './connect-failure.ts'
import type { Expected } from './inbox.ts'
import { SessionLost, UnexpectedAnswer } from './mcp-errors.ts'
import {
  mediaType,
  readText,
  refuseChallenge,
  refuseStatus,
  type Transport,
  type TransportOptions,
} from './transport.ts'
import { largeAnswerBytes, type WireStream } from './wire.ts'

/** MCP 2025-11-25: before a stream is taken up again when the server named no time of its own. */
const defaultRetryMs = 1000
const longestRetryMs = 30_000
/** A server that never ends its answer, but keeps closing the stream, is given up after so many. */
const maximumResumptions = 20
/** A stream is left to the server to end, once its response is there; for so long. */
const closingPatienceMs = 100
/** How long the rest waits for the answer to the GET: some servers send headers only with the first event. */
const streamPatienceMs = 1000

export function createStreamableHttp(options: TransportOptions): Transport {
  const { url, rules, wire, inbox } = options
  let sessionId: string | undefined
  const open = new Set<WireStream>()

  return {
    kind: 'streamable-http',
    get hasSession() {
      return sessionId !== undefined
    },
    request,
    post,
    openStream,
    close,
  }

  async function request(
    message: JsonRpcRequest,
    headers: Readonly<Record<string, string>>,
    seconds: number,
  ): Promise<JsonRpcResponse> {
    const expected = inbox.expect(message.id, seconds, message.method)
    const mine: WireStream[] = []
    try {
      const stream = await send(message, headers, seconds)
      mine.push(stream)
      open.add(stream)
      const type = mediaType(stream.headers)
      if (type !== 'application/json' && type !== 'text/event-stream') {
        throw unexpectedType(stream.status, type, message.method)
      }
      const read =
        type === 'application/json'
          ? readSingle(stream, expected, message.method)
          : followStream(stream, expected, headers, message.method, mine)
      read.catch(() => undefined)
      // The response may come on another stream, or not in time.
      await Promise.race([read, expected.response])
      const response = await expected.response
      await withPatience(read, closingPatienceMs).catch(() => undefined)
      return response
    } catch (error) {
      // MCP 2026-07-28 gives JSON-RPC errors a status of their own; with our id it is the response all the same.
      if (error instanceof UnexpectedAnswer && error.status < 500 && error.rpc?.id === message.id)
        return error.rpc
      throw error
    } finally {
      expected.abandon()
      for (const stream of mine) {
        stream.close()
        open.delete(stream)
      }
    }
  }

  async function readSingle(stream: WireStream, expected: Expected, method: string): Promise<void> {
    inbox.receive(readMessage(await readText(stream), method))
    if (expected.isSettled) return
    throw new ConnectFailure('protocol', `${method} was answered with a message that is not its response`)
  }

  async function post(message: JsonRpcMessage, headers: Readonly<Record<string, string>>): Promise<void> {
    const stream = await send(message, headers, options.requestSeconds)
    await readText(stream)
  }

  async function send(
    message: JsonRpcMessage,
    headers: Readonly<Record<string, string>>,
    seconds: number,
  ): Promise<WireStream> {
    const token = await options.token()
    const stream = await wire.open(
      {
        method: 'POST',
        url,
        headers: {
          'Content-Type': 'application/json',
          Accept: rules.accept,
          ...ownHeaders(token),
          ...headers,
        },
        body: JSON.stringify(message),
      },
      { deadlineSeconds: seconds, maximumBytes: largeAnswerBytes },
    )
    const sent = 'method' in message ? String(message.method) : 'a response'
    await refuseChallenge(stream, token !== undefined)
    if (stream.status === 404 && sessionId !== undefined) {
      await readText(stream)
      throw new SessionLost()
    }
    await refuseStatus(stream, sent)
    sessionId ??= stream.headers.get('mcp-session-id') ?? undefined
    return stream
  }

  function ownHeaders(token: string | undefined): Record<string, string> {
    return {
      ...rules.headers,
      'User-Agent': options.userAgent(),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(sessionId === undefined ? {} : { 'Mcp-Session-Id': sessionId }),
    }
  }

  /** Reads until the response is there; a stream that ends before is taken up again where the server allows it. */
  async function followStream(
    stream: WireStream,
    expected: Expected,
    headers: Readonly<Record<string, string>>,
    method: string,
    mine: WireStream[],
  ): Promise<void> {
    let current = stream
    let lastEventId: string | undefined
    let retryMs = defaultRetryMs
    for (let resumption = 0; ; resumption++) {
      for await (const event of readServerSentEvents(current.body)) {
        lastEventId = event.id ?? lastEventId
        retryMs = Math.min(event.retryMs ?? retryMs, longestRetryMs)
        if (event.data !== '') inbox.receive(readMessage(event.data, method))
      }
      if (expected.isSettled) return
      if (!rules.resumes || lastEventId === undefined || resumption === maximumResumptions) {
        throw new ConnectFailure('protocol', `the stream of ${method} ended before its response`)
      }
      await pause(retryMs)
      if (expected.isSettled) return
      current = await get(headers, lastEventId)
      mine.push(current)
      open.add(current)
      await refuseStatus(current, 'the GET that takes a stream up again')
    }
  }

  async function get(
    headers: Readonly<Record<string, string>>,
    lastEventId: string | undefined,
  ): Promise<WireStream> {
    const token = await options.token()
    const stream = await wire.open(
      {
        method: 'GET',
        url,
        headers: {
          Accept: 'text/event-stream',
          ...ownHeaders(token),
          ...headers,
          ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }),
        },
      },
      { deadlineSeconds: options.requestSeconds, maximumBytes: largeAnswerBytes },
    )
    return stream
  }

  async function openStream(headers: Readonly<Record<string, string>>): Promise<string | undefined> {
    const opened = get(headers, undefined).then(judgeStream, (error: unknown) => String(error))
    return withPatience(opened, streamPatienceMs)
  }

  /** HTTP-2025-03-26-15: a stream, or 405. */
  function judgeStream(stream: WireStream): string | undefined {
    if (stream.status === 405) return void readText(stream).catch(() => undefined)
    if (stream.status !== 200 || mediaType(stream.headers) !== 'text/event-stream') {
      stream.close()
      const type = stream.status === 200 ? ` and ${mediaType(stream.headers) || 'no content type'}` : ''
      return `GET was answered with ${stream.status}${type}; it is a stream, or 405`
    }
    open.add(stream)
    void listen(stream)
    return undefined
  }

  async function listen(stream: WireStream): Promise<void> {
    try {
      for await (const event of readServerSentEvents(stream.body)) {
        if (event.data !== '') inbox.receive(readMessage(event.data, 'GET'))
      }
    } catch {
      // The server's own stream may break off at any time; nothing that was asked for depends on it.
    }
  }

  async function close(headers: Readonly<Record<string, string>>): Promise<void> {
    for (const stream of open) stream.close()
    open.clear()
    if (!rules.endsSession || sessionId === undefined) return
    const token = await options.token()
    const request = { method: 'DELETE' as const, url, headers: { ...ownHeaders(token), ...headers } }
    const limits = { deadlineSeconds: options.requestSeconds, maximumBytes: largeAnswerBytes }
    // 405 is an answer too (HTTP-2025-03-26-25), and a session that cannot be ended dies of age.
    await wire.send(request, limits).catch(() => undefined)
  }
}

function readMessage(text: string, method: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ConnectFailure('protocol', `the answer to ${method} is not JSON`, { cause })
  }
}

function unexpectedType(status: number, type: string, method: string): UnexpectedAnswer {
  const said = type === '' ? 'no content type' : type
  return new UnexpectedAnswer(
    status,
    `${method} was answered with ${said}; it is application/json or text/event-stream`,
    undefined,
  )
}

/** Leaves no timer behind: a program that has connected is not kept from ending. */
function withPatience<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), ms)
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
