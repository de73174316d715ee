/** The client's side of HTTP+SSE, the transport before Streamable HTTP: one stream for everything that comes, POST for what goes (MCP 2024-11-05). */

import { readServerSentEvents } from '../mcp/event-stream.ts'
import type { JsonRpcMessage, JsonRpcRequest, JsonRpcResponse } from '../mcp/json-rpc.ts'
import { parseUrl } from '../platform/url.ts'
import { ConnectFailure } from './connect-failure.ts'
import { UnexpectedAnswer } from './mcp-errors.ts'
import {
  mediaType,
  readText,
  refuseChallenge,
  refuseStatus,
  type Transport,
  type TransportOptions,
} from './transport.ts'
import { largeAnswerBytes, type WireStream } from './wire.ts'

/** Opens the stream and waits for its `endpoint` event. Throws as `Transport.request` does. */
export async function openEventStreamTransport(options: TransportOptions): Promise<Transport> {
  const { url, rules, wire, inbox } = options
  const stream = await openEvents()
  const endpoint = await listenForEndpoint()
  refuseForeignEndpoint(url, endpoint)

  return {
    kind: 'http+sse',
    hasSession: true,
    async request(
      message: JsonRpcRequest,
      headers: Readonly<Record<string, string>>,
      seconds: number,
    ): Promise<JsonRpcResponse> {
      const expected = inbox.expect(message.id, seconds, message.method)
      try {
        await post(message, headers)
        return await expected.response
      } finally {
        expected.abandon()
      }
    },
    post,
    openStream: async () => undefined,
    close: async () => stream.close(),
  }

  async function openEvents(): Promise<WireStream> {
    const token = await options.token()
    const opened = await wire.open(
      { method: 'GET', url, headers: { Accept: 'text/event-stream', ...ownHeaders(token) } },
      { deadlineSeconds: options.requestSeconds, maximumBytes: largeAnswerBytes },
    )
    await refuseChallenge(opened, token !== undefined)
    await refuseStatus(opened, 'the GET for the event stream')
    if (mediaType(opened.headers) !== 'text/event-stream') {
      opened.close()
      throw new UnexpectedAnswer(opened.status, 'GET is not answered with an event stream', undefined)
    }
    return opened
  }

  function ownHeaders(token: string | undefined): Record<string, string> {
    return {
      ...rules.headers,
      'User-Agent': options.userAgent(),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    }
  }

  function listenForEndpoint(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const late = new ConnectFailure(
      'protocol',
      `no endpoint event came within ${options.requestSeconds} seconds`,
    )
    const timer = setTimeout(() => reject(late), options.requestSeconds * 1000)
    void listen(resolve).then(
      () => end(new ConnectFailure('protocol', 'the server closed the event stream')),
      (error: unknown) => end(error instanceof Error ? error : new Error(String(error))),
    )
    return promise
      .finally(() => clearTimeout(timer))
      .catch((error: unknown) => {
        stream.close()
        throw error
      })

    function end(error: Error): void {
      reject(error)
      inbox.fail(error)
    }
  }

  async function listen(onEndpoint: (endpoint: string) => void): Promise<void> {
    for await (const event of readServerSentEvents(stream.body)) {
      if (event.event === 'endpoint') onEndpoint(event.data)
      // An event of an id or a delay alone carries no message.
      else if (event.data !== '' && (event.event ?? 'message') === 'message')
        inbox.receive(JSON.parse(event.data))
    }
  }

  async function post(message: JsonRpcMessage, headers: Readonly<Record<string, string>>): Promise<void> {
    const token = await options.token()
    const answer = await wire.open(
      {
        method: 'POST',
        url: new URL(endpoint, url).href,
        headers: { 'Content-Type': 'application/json', ...ownHeaders(token), ...headers },
        body: JSON.stringify(message),
      },
      { deadlineSeconds: options.requestSeconds, maximumBytes: largeAnswerBytes },
    )
    await refuseChallenge(answer, token !== undefined)
    await refuseStatus(answer, 'method' in message ? String(message.method) : 'a response')
    await readText(answer)
  }
}

/** The endpoint is the server's word: to another origin it would carry the token away (HTTP-2024-11-05-06). */
function refuseForeignEndpoint(url: string, endpoint: string): void {
  const resolved = URL.canParse(endpoint, url) ? new URL(endpoint, url) : undefined
  if (resolved !== undefined && resolved.origin === parseUrl(url)?.origin) return
  throw new ConnectFailure(
    'protocol',
    `the event stream names ${JSON.stringify(endpoint.slice(0, 200))} as its endpoint, which is not at the same origin`,
  )
}
