/** What carries MCP messages to the server and back: Streamable HTTP or, before it, HTTP+SSE. */

import type { JsonRpcMessage, JsonRpcRequest, JsonRpcResponse } from '../mcp/json-rpc.ts'
import { findBearerChallenge } from '../oauth/www-authenticate.ts'
import { ConnectFailure } from './connect-failure.ts'
import type { Inbox } from './inbox.ts'
import { Challenged, UnexpectedAnswer } from './mcp-errors.ts'
import type { McpRules } from './surface.ts'
import type { Wire, WireStream } from './wire.ts'

export interface Transport {
  readonly kind: 'streamable-http' | 'http+sse'
  readonly hasSession: boolean
  /** Throws `Challenged`, `UnexpectedAnswer`, `SessionLost` or `ConnectFailure`. */
  request(
    message: JsonRpcRequest,
    headers: Readonly<Record<string, string>>,
    seconds: number,
  ): Promise<JsonRpcResponse>
  /** A notification, or a response to a request of the server's. */
  post(message: JsonRpcMessage, headers: Readonly<Record<string, string>>): Promise<void>
  /** Opens the stream for what the server sends on its own; returns what is odd about the answer. */
  openStream(headers: Readonly<Record<string, string>>): Promise<string | undefined>
  close(headers: Readonly<Record<string, string>>): Promise<void>
}

export interface TransportOptions {
  url: string
  rules: McpRules
  wire: Wire
  inbox: Inbox
  userAgent(): string
  token(): Promise<string | undefined>
  requestSeconds: number
}

/** Throws `Challenged` for 401 and 403. */
export async function refuseChallenge(stream: WireStream, hadToken: boolean): Promise<void> {
  if (stream.status !== 401 && stream.status !== 403) return
  await readText(stream)
  throw new Challenged(stream.status, findBearerChallenge(stream.headers.get('www-authenticate')), hadToken)
}

/** Throws `UnexpectedAnswer` for anything but 2xx, with the JSON-RPC error of the body, if there is one. */
export async function refuseStatus(stream: WireStream, what: string): Promise<void> {
  if (stream.status >= 200 && stream.status <= 299) return
  const text = await readText(stream)
  const rpc = readRpcError(text)
  const said =
    rpc?.error?.message ??
    text
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, 200)
  const because = said === '' ? '' : `: ${said}`
  throw new UnexpectedAnswer(
    stream.status,
    `${what} was answered with status ${stream.status}${because}`,
    rpc,
  )
}

/** The deadline of an exchange ends with its headers; a body that is no stream of events is there soon after. */
const bodySeconds = 60

export async function readText(stream: WireStream): Promise<string> {
  const decoder = new TextDecoder()
  const timer = setTimeout(() => stream.close(), bodySeconds * 1000)
  let text = ''
  try {
    for await (const chunk of stream.body) text += decoder.decode(chunk, { stream: true })
  } catch (cause) {
    if (cause instanceof ConnectFailure) throw cause
    throw new ConnectFailure('not-reached', 'the answer broke off', { cause })
  } finally {
    clearTimeout(timer)
  }
  return text
}

export function mediaType(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

function readRpcError(text: string): JsonRpcResponse | undefined {
  try {
    const value = JSON.parse(text) as Partial<JsonRpcResponse> | null
    return typeof value?.error?.code === 'number' ? (value as JsonRpcResponse) : undefined
  } catch {
    return undefined
  }
}
