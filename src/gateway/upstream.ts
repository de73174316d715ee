/** The contract of an upstream: an MCP server behind us, however it is reached. One file per way in `upstreams/`. */

import type { CallerCredential } from '../credentials/caller-credential.ts'
import { formatRpcError, isRequest, type JsonRpcMessage, jsonRpcCodes } from '../mcp/json-rpc.ts'
import type { Era } from '../mcp/protocol-version.ts'
import type { HangUp } from '../platform/hang-up.ts'
import type { EventFields } from '../platform/telemetry.ts'

export interface Upstream {
  /** For events and messages: the command, the host. */
  readonly name: string
  /** Its processes, and what they remember, are on this instance alone. */
  readonly isLocal?: boolean
  /** A client's own `initialize`. */
  initialize(call: UpstreamCall): Promise<OpenedSession>
  /** Every other POST. Answers failures of the upstream itself: rejects only on a fault of ours, or with `CredentialLost`. */
  post(call: UpstreamCall): Promise<Response>
  /** GET: the stream for what the upstream says unasked. `onEnd` is called once, when it is over or came to nothing. */
  listen(call: UpstreamCall, onEnd: () => void): Promise<Response>
  /** The client has ended the session. Never rejects. */
  end(caller: UpstreamCaller, session: UpstreamSession): Promise<void>
  /** Nothing of it is left running when this resolves. */
  close(): Promise<void>
}

export interface OpenedSession {
  response: Response
  /** Undefined when the upstream refused; then there is no session. */
  opened: OpenedAs | undefined
}

export interface OpenedAs {
  protocolVersion: string
  upstreamSessionId: string | undefined
  /** The next request meets a server that has forgotten this one. */
  isForgetful: boolean
}

/** Whom processes, sessions and streams are kept apart by: one person with one client. */
export interface UpstreamCaller {
  key: string
  /** Strangers behind one key: nothing that is not traced to a call may reach any of them. */
  shared: boolean
  /** What its requests carry to the upstream. */
  credential?: CallerCredential | undefined
  /** An event of this caller's flow. */
  emit(name: string, fields: EventFields): void
}

/** A legacy session as the upstream has to know it. */
export interface UpstreamSession {
  /** Tells the caller's sessions apart; empty for requests that came without one. */
  key: string
  /** False when no `initialize` that the upstream saw stands behind it: the upstream opens one by itself. */
  initialized: boolean
  protocolVersion: string
  clientCapabilities: Readonly<Record<string, unknown>>
  clientInfo: Readonly<Record<string, unknown>> | undefined
  upstreamSessionId: string | undefined
}

export interface UpstreamCall {
  caller: UpstreamCaller
  era: Era
  /** Of a legacy call; a modern one has none. */
  session: UpstreamSession | undefined
  messages: readonly JsonRpcMessage[]
  /** The body was an array, so the answer is one. */
  batch: boolean
  /** The body as it is to be sent on; empty for GET. */
  text: string
  /** Its bytes, if nothing of the text was rewritten. */
  bytes: Uint8Array | undefined
  /** Only what may reach an upstream; the version header is set by whoever knows it. */
  headers: Headers
  /** The client named `text/event-stream`; otherwise it gets JSON. */
  wantsEventStream: boolean
  signal: HangUp | undefined
}

/** What Postern says of itself where no client said anything. */
export const posternClientInfo: Readonly<Record<string, unknown>> = { name: 'postern', version: '0.1.0' }

/** The upstream cannot serve now; the sentence is for the person who reads the client's error. */
export class UpstreamFailure extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.name = 'UpstreamFailure'
  }
}

/**
 * A failure as the client can use it: a JSON-RPC error under the id of each request, with status 200,
 * because a 5xx ends a client's connection and a 4xx makes it try another transport (requirement GW-4).
 */
export function failureResponse(
  messages: readonly JsonRpcMessage[],
  batch: boolean,
  sentence: string,
): Response {
  const errors = messages
    .filter(isRequest)
    .map(({ id }) => formatRpcError(id, jsonRpcCodes.serverError, sentence))
  if (errors.length > 0) return Response.json(batch ? errors : errors[0])
  return Response.json(formatRpcError(null, jsonRpcCodes.serverError, sentence), { status: 502 })
}
