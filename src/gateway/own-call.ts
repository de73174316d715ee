/** What Postern asks an upstream by itself: which era it speaks, what its tools are called. */

import type { JsonRpcRequest } from '../mcp/json-rpc.ts'
import {
  clientCapabilitiesMeta,
  clientInfoMeta,
  newestModernVersion,
  protocolVersionMeta,
} from '../mcp/protocol-version.ts'
import { setMirroredHeaders, versionHeader } from '../mcp/streamable-http.ts'
import { posternClientInfo, type UpstreamCall, type UpstreamCaller } from './upstream.ts'

/** A text, which cannot be the id of a client that counts. */
export const ownRequestId = 'postern-asks'

/** Of the handshake era. */
export function ownCall(
  caller: UpstreamCaller,
  method: string,
  params: Record<string, unknown>,
): UpstreamCall {
  const request: JsonRpcRequest = { jsonrpc: '2.0', id: ownRequestId, method, params }
  return {
    caller,
    era: 'legacy',
    session: undefined,
    messages: [request],
    batch: false,
    text: JSON.stringify(request),
    bytes: undefined,
    headers: new Headers({
      accept: 'application/json, text/event-stream',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
    }),
    wantsEventStream: false,
    signal: undefined,
  }
}

export function ownModernCall(caller: UpstreamCaller, method: string): UpstreamCall {
  const call = ownCall(caller, method, {
    _meta: {
      [protocolVersionMeta]: newestModernVersion,
      [clientInfoMeta]: posternClientInfo,
      [clientCapabilitiesMeta]: {},
    },
  })
  call.headers.set(versionHeader, newestModernVersion)
  for (const request of call.messages) setMirroredHeaders(call.headers, request)
  return { ...call, era: 'modern' }
}
