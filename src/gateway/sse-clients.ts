/** Clients of HTTP+SSE: one stream for all answers, and an address of its own for what they say; behind it, each is a client of a later revision (MCP 2024-11-05, transports, "HTTP with SSE"; requirement MUX-12). */

import { readServerSentEvents } from '../mcp/event-stream.ts'
import { jsonRpcCodes } from '../mcp/json-rpc.ts'
import { elementsOf } from '../mcp/json-text.ts'
import { acceptsEventStream, sessionHeader } from '../mcp/streamable-http.ts'
import { randomId } from '../platform/crypto.ts'
import { PlainRequest } from '../platform/plain-request.ts'
import type { Principal } from './admission.ts'
import { readCapped } from './body.ts'
import { readText } from './event-relay.ts'
import { discard, mediaType } from './http-exchange.ts'
import { defaultUpstreamLimits } from './limits.ts'
import { type OpenStreams, tooManyStreams } from './open-streams.ts'
import { Refusal, RpcRefusal } from './refusal.ts'
import { type EventSink, openEventSink } from './reply.ts'
import { isStranger, newStranger } from './stranger.ts'
import type { Trace } from './trace.ts'

/** Behind the path of a connector. Its own address, because hosted Claude waits in vain for a stream that opens at the endpoint itself (requirements MUX-04, CC-13). */
export const ssePath = '/sse'

export interface SseClients {
  /** Undefined where the request is one of a later revision, which this address serves as well. */
  answer(request: Request, principal: Principal, trace: Trace): Promise<Response> | Response | undefined
  closeAll(): void
}

export interface SseClientsOptions {
  /** What the MCP endpoint does with a request of a later revision. */
  endpoint: Record<'post' | 'listen' | 'end', Handler>
  streams: OpenStreams
  maximum: number
  /** Of one POST. */
  bodyBytes: number
  isStillAllowed(request: Request, principal: Principal): Promise<boolean>
}

type Handler = (request: Request, principal: Principal, trace: Trace) => Promise<Response>

interface SseClient {
  principal: Principal
  sink: EventSink
  /** Of the session that its `initialize` opened. */
  sessionId: string | undefined
  /** The last request with a token that was good. */
  latest: Request
  isOver: AbortSignal
}

export function createSseClients(options: SseClientsOptions): SseClients {
  const { endpoint, streams } = options
  const clients = new Map<string, SseClient>()

  function open(request: Request, principal: Principal, trace: Trace): Response {
    const key = isStranger(principal) ? newStranger() : JSON.stringify([principal.userId, principal.clientId])
    if (clients.size >= options.maximum) throw tooManyStreams()
    const isStillAllowed = (): Promise<boolean> => options.isStillAllowed(client.latest, principal)
    const counted = streams.open(key, isStillAllowed, PlainRequest.hangUpOf(request))
    const id = randomId()
    const over = new AbortController()
    const sink = openEventSink(defaultUpstreamLimits, () => {
      clients.delete(id)
      counted.ended()
      over.abort()
      if (client.sessionId === undefined) return
      // Nobody is left to be told of a failure.
      void endpoint.end(within(client, 'DELETE'), principal, trace).catch(() => undefined)
    })
    const client: SseClient = { principal, sink, sessionId: undefined, latest: request, isOver: over.signal }
    clients.set(id, client)
    counted.signal.addEventListener('abort', sink.end, { once: true })
    sink.send(`${new URL(request.url).pathname}?${clientParameter}=${id}`, 'endpoint')
    return sink.response
  }

  /** The answer goes to the stream. A refusal that comes at once is the answer of the POST, so that a client signs in again. */
  async function post(request: Request, id: string, principal: Principal, trace: Trace): Promise<Response> {
    const client = clients.get(id)
    if (client === undefined || !isSame(client.principal, principal)) {
      throw new RpcRefusal(404, jsonRpcCodes.sessionNotFound, 'there is no such stream: open another')
    }
    client.latest = request
    const body = await readCapped(request, options.bodyBytes)
    const work = endpoint.post(within(client, 'POST', body), principal, trace)
    const first = await Promise.race([work, pause(acceptMs)])
    if (first === undefined) {
      void work.then(
        (response) => deliver(client, response, trace),
        (error: unknown) => deliverFailure(client, error),
      )
    } else if (first.ok) {
      void deliver(client, first, trace)
    } else {
      return first
    }
    return new Response(null, { status: 202 })
  }

  async function deliver(client: SseClient, response: Response, trace: Trace): Promise<void> {
    const sessionId = response.headers.get(sessionHeader)
    const isOpened = sessionId !== null && client.sessionId === undefined
    if (sessionId !== null) client.sessionId = sessionId
    try {
      await pass(response, client)
    } catch {
      // Half an answer is worse than none: the client starts anew.
      client.sink.end()
    }
    if (isOpened && !client.isOver.aborted) void listen(client, trace)
  }

  /** What was refused too late for the POST to say so. */
  function deliverFailure(client: SseClient, error: unknown): void {
    if (error instanceof Refusal) void pass(error.response, client).catch(client.sink.end)
    else client.sink.end()
  }

  /** What the server says unasked, for as long as the client is there. */
  async function listen(client: SseClient, trace: Trace): Promise<void> {
    while (!client.isOver.aborted) {
      const asked = endpoint.listen(within(client, 'GET'), client.principal, trace)
      const response = await asked.catch((error: unknown) =>
        error instanceof Refusal ? error.response : undefined,
      )
      if (response === undefined || mediaType(response) !== 'text/event-stream') {
        if (response !== undefined) await discard(response)
        return
      }
      await pass(response, client).catch(() => undefined)
      await pause(listenAgainMs)
    }
  }

  return {
    answer(request, principal, trace) {
      const { method, headers, url } = request
      if (!url.includes(ssePath) || headers.has(sessionHeader)) return undefined
      const { pathname, searchParams } = new URL(url)
      if (!pathname.endsWith(ssePath)) return undefined
      if (method === 'GET' && acceptsEventStream(headers.get('accept')))
        return open(request, principal, trace)
      const id = searchParams.get(clientParameter)
      return method === 'POST' && id !== null ? post(request, id, principal, trace) : undefined
    },
    closeAll() {
      for (const { sink } of [...clients.values()]) sink.end()
    },
  }
}

const clientParameter = 'stream'

/** A refusal takes less; what takes longer is work. */
const acceptMs = 250
const listenAgainMs = 1000

/** As a client of a later revision would have sent it. */
function within(client: SseClient, method: 'POST' | 'GET' | 'DELETE', body?: Uint8Array): Request {
  const headers = new Headers(client.latest.headers)
  headers.set('accept', 'application/json, text/event-stream')
  if (client.sessionId !== undefined) headers.set(sessionHeader, client.sessionId)
  const signal = method === 'DELETE' ? null : client.isOver
  return new Request(client.latest.url, {
    method,
    headers,
    signal,
    ...(body === undefined ? {} : { body: body as BodyInit }),
  })
}

/** Each message of a body as an event of its own. A client that reads too slowly loses its stream, not a message of it. */
async function pass(response: Response, { sink }: SseClient): Promise<void> {
  const send = (text: string): void => {
    if (!sink.send(text)) throw new RangeError('the client does not read')
  }
  const { body } = response
  if (response.status === 202 || body === null) return
  if (mediaType(response) === 'text/event-stream') {
    for await (const { data } of readServerSentEvents(body)) if (data !== '') send(data)
    return
  }
  const { messageBytes: maximumBytes, callDeadlineMs: deadlineMs } = defaultUpstreamLimits
  const text = await readText(response, { maximumBytes, deadlineMs })
  if (!text.trimStart().startsWith('[')) return send(text)
  for (const { start, end } of elementsOf(text)) send(text.slice(start, end))
}

function isSame(one: Principal, other: Principal): boolean {
  return one.userId === other.userId && one.clientId === other.clientId
}

function pause(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, undefined))
}
