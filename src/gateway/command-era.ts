/** Which era a command speaks, and what it means for an answer over HTTP (MCP 2026-07-28, versioning and error codes). */

import { formatRpcError, isRequest, type JsonRpcResponse, jsonRpcCodes, metaOf } from '../mcp/json-rpc.ts'
import {
  clientCapabilitiesMeta,
  clientInfoMeta,
  isModernVersion,
  newestModernVersion,
  protocolVersionMeta,
} from '../mcp/protocol-version.ts'
import { jsonResponse } from './reply.ts'
import { posternClientInfo, type UpstreamCall } from './upstream.ts'

/** The question that tells. */
export const discoverRequest: string = JSON.stringify({
  jsonrpc: '2.0',
  id: 0,
  method: 'server/discover',
  params: {
    _meta: {
      [protocolVersionMeta]: newestModernVersion,
      [clientInfoMeta]: posternClientInfo,
      [clientCapabilitiesMeta]: {},
    },
  },
})

/**
 * A legacy command: an error with the request's id and status 200, which clients read as "speak the older revision"
 * (requirement GW-4). A modern one: a version that it does not know.
 */
export function modernRefusal(
  call: UpstreamCall,
  modernVersions: readonly string[],
  subject: string,
): Response | undefined {
  const [message] = call.messages
  const requested = message === undefined ? undefined : metaOf(message, protocolVersionMeta)
  if (modernVersions.some((version) => version === requested)) return undefined
  if (message === undefined || !isRequest(message)) return new Response(null, { status: 202 })
  if (modernVersions.length > 0) {
    const sentence = `Unsupported protocol version: ${requested}`
    const data = { supported: modernVersions, requested }
    const error = formatRpcError(message.id, jsonRpcCodes.unsupportedProtocolVersion, sentence, data)
    return jsonResponse(JSON.stringify(error), 400)
  }
  const sentence = `Method not found: ${subject} knows no ${message.method} of MCP ${newestModernVersion}. Send initialize.`
  return jsonResponse(JSON.stringify(formatRpcError(message.id, jsonRpcCodes.methodNotFound, sentence)))
}

/** The stateless revisions in its answer; none for a command of the handshake era. */
export function supportedVersions(discovered: JsonRpcResponse | undefined): readonly string[] {
  const versions = discovered?.result?.supportedVersions
  return Array.isArray(versions) ? versions.filter((version) => isModernVersion(version)) : []
}

/** MCP 2026-07-28 pairs these codes with a status; a command cannot. */
export function modernStatus(response: JsonRpcResponse): number {
  const code = response.error?.code
  if (code === jsonRpcCodes.methodNotFound) return 404
  const isBadRequest =
    code === jsonRpcCodes.headerMismatch ||
    code === jsonRpcCodes.missingClientCapability ||
    code === jsonRpcCodes.unsupportedProtocolVersion
  return isBadRequest ? 400 : 200
}
