/** What an upstream is told of a request: its caller, its session and its headers, and nothing that a client could use to pass for somebody else (requirements GW-1, GW-3, GW-11; RFC 9110 §7.6.1). */

import { type JsonRpcMessage, metaOf } from '../mcp/json-rpc.ts'
import { type Era, newestLegacyVersion, protocolVersionMeta } from '../mcp/protocol-version.ts'
import {
  methodHeader,
  nameHeader,
  negotiableVersion,
  readVersionHeader,
  sessionHeader,
  setMirroredHeaders,
  versionHeader,
} from '../mcp/streamable-http.ts'
import { PlainHeaders } from '../platform/plain-headers.ts'
import type { FoundSession } from './session.ts'
import type { UpstreamSession } from './upstream.ts'

/** An allow-list: a header that is not on it says nothing to an upstream. */
export function upstreamHeaders(
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
export function ownUpstreamHeaders(origin: string): Readonly<Record<string, string>> {
  const { host, protocol } = new URL(origin)
  return {
    'accept-encoding': 'identity',
    'x-forwarded-host': host,
    'x-forwarded-proto': protocol.slice(0, -1),
  }
}

/** The session as its id says, or one that is to be opened for a request that came without. */
export function upstreamSession(found: FoundSession | undefined, request: Request): UpstreamSession {
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
