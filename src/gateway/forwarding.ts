/** What an upstream is told of a request: its caller, its session and its headers, and nothing that a client could use to pass for somebody else (requirements GW-1, GW-3, GW-11; RFC 9110 §7.6.1). */

import { type JsonRpcMessage, metaOf } from '../mcp/json-rpc.ts'
import { type Era, newestLegacyVersion, protocolVersionMeta } from '../mcp/protocol-version.ts'
import {
  acceptsEventStream,
  methodHeader,
  nameHeader,
  negotiableVersion,
  readVersionHeader,
  sessionHeader,
  setMirroredHeaders,
  versionHeader,
} from '../mcp/streamable-http.ts'
import { PlainHeaders } from '../platform/plain-headers.ts'
import { PlainRequest } from '../platform/plain-request.ts'
import type { Telemetry } from '../platform/telemetry.ts'
import type { Principal } from './admission.ts'
import type { MessageBody } from './body.ts'
import type { ConnectorSettings } from './connector-settings.ts'
import type { FoundSession, SessionCaller } from './session.ts'
import { isStranger, sharedStranger } from './stranger.ts'
import type { Trace } from './trace.ts'
import type { UpstreamCall, UpstreamCaller, UpstreamSession } from './upstream.ts'

export interface Forwarding {
  /** What the upstream is called with for a request of this caller, in the session that was found. */
  callOf(
    request: Request,
    body: MessageBody,
    era: Era,
    principal: Caller,
    found: FoundSession | undefined,
    trace: Trace,
  ): UpstreamCall
}

type Caller = SessionCaller & Pick<Principal, 'credential'>

export interface ForwardingOptions {
  connector: Pick<ConnectorSettings, 'path' | 'credential'>
  /** The public one. */
  origin: string
  telemetry: Telemetry
}

export function createForwarding({ connector, origin, telemetry }: ForwardingOptions): Forwarding {
  const ownHeaders = ownUpstreamHeaders(origin)

  /** A stranger is known by the session alone; those without one share a key, and nothing else. */
  function callerOf(principal: Caller, found: FoundSession | undefined, trace: Trace): UpstreamCaller {
    const bound = found?.kind === 'bound' ? found.session : undefined
    const userId = isStranger(principal) ? (bound?.userId ?? principal.userId) : principal.userId
    const own = principal.credential
    return {
      // What another account began is not gone on with, also by the same person.
      key: JSON.stringify([userId, principal.clientId, ...(own === undefined ? [] : [own.id])]),
      shared: userId === sharedStranger,
      credential: own ?? connector.credential,
      // Without what the trace knows of this one request: an upstream outlives it.
      emit: (name, fields) =>
        telemetry.emit(name, trace.flowId, {
          userId,
          clientId: principal.clientId,
          connector: connector.path,
          ...fields,
        }),
    }
  }

  return {
    callOf: (request, body, era, principal, found, trace) => ({
      caller: callerOf(principal, found, trace),
      era,
      session: era === 'legacy' ? upstreamSession(found, request) : undefined,
      messages: body.messages,
      batch: body.batch,
      text: body.text,
      bytes: body.bytes,
      headers: upstreamHeaders(request, ownHeaders, era, body.messages),
      wantsEventStream: acceptsEventStream(request.headers.get('accept')),
      signal: PlainRequest.hangUpOf(request),
    }),
  }
}

/** An allow-list: a header that is not on it says nothing to an upstream. */
function upstreamHeaders(
  request: Request,
  ownHeaders: Readonly<Record<string, string>>,
  era: Era,
  messages: readonly JsonRpcMessage[],
): Headers {
  const headers = PlainHeaders.pickedFrom(request.headers, isForwarded)
  for (const name in ownHeaders) headers.set(name, ownHeaders[name] ?? '')
  if (request.method !== 'POST') {
    headers.set('accept', 'text/event-stream')
    return headers
  }
  // Servers are strict where clients are not (requirement TOL-9).
  headers.set('accept', 'application/json, text/event-stream')
  headers.set('content-type', 'application/json')
  const [message] = messages
  if (era === 'modern' && message !== undefined) {
    headers.set(versionHeader, String(metaOf(message, protocolVersionMeta)))
    setMirroredHeaders(headers, message)
  }
  return headers
}

/** What Postern says of itself: where it is reached, and that it reads bodies as they are. */
function ownUpstreamHeaders(origin: string): Readonly<Record<string, string>> {
  const { host, protocol } = new URL(origin)
  return {
    'accept-encoding': 'identity',
    'x-forwarded-host': host,
    'x-forwarded-proto': protocol.slice(0, -1),
  }
}

/** The session as its id says, or one that is to be opened for a request that came without. */
function upstreamSession(found: FoundSession | undefined, request: Request): UpstreamSession {
  if (found?.kind === 'bound') {
    const { session, hash } = found
    return {
      key: hash,
      initialized: found.claimed === undefined,
      protocolVersion: session.protocolVersion,
      clientCapabilities: session.clientCapabilities,
      clientInfo: session.clientInfo,
      upstreamSessionId: session.upstreamSessionId,
    }
  }
  const header = readVersionHeader(request.headers.get(versionHeader))
  return {
    key: '',
    initialized: false,
    protocolVersion: negotiableVersion(header.kind === 'named' ? header.version : newestLegacyVersion),
    clientCapabilities: {},
    clientInfo: undefined,
    upstreamSessionId: undefined,
  }
}

function isForwarded(name: string): boolean {
  return (name.startsWith('mcp-') && !writtenHere.has(name)) || forwardedHeaders.has(name)
}

/** From the session and the body: said by a client, they could contradict what was judged. */
const writtenHere: ReadonlySet<string> = new Set([sessionHeader, versionHeader, methodHeader, nameHeader])

const forwardedHeaders: ReadonlySet<string> = new Set([
  'user-agent',
  'accept-language',
  'last-event-id',
  'traceparent',
  'tracestate',
  'baggage',
])
