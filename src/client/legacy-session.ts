/** A session of the handshake revisions: initialize, initialized, the server's own stream, then requests (MCP 2024-11-05 to 2025-11-25). */

import type { JsonRpcRequest } from '../mcp/json-rpc.ts'
import { isLegacyVersion } from '../mcp/protocol-version.ts'
import { ConnectFailure } from './connect-failure.ts'
import type { McpSession, McpSessionOptions } from './mcp-session.ts'
import { createLink, objectOf, resultOf, serverOf } from './session-link.ts'
import type { Transport, TransportOptions } from './transport.ts'

export async function openLegacySession(
  options: McpSessionOptions,
  open: (options: TransportOptions) => Promise<Transport>,
): Promise<McpSession> {
  const { rules } = options
  let version: string | undefined
  let nextId = 0
  const headers = (): Record<string, string> => {
    return version !== undefined && rules.versionHeader ? { 'MCP-Protocol-Version': version } : {}
  }
  const link = createLink(options, open, headers)
  const transport = await link.transport
  const request = async (
    method: string,
    params: Readonly<Record<string, unknown>>,
    seconds: number = options.requestSeconds,
  ): Promise<Record<string, unknown>> => {
    const message: JsonRpcRequest = { jsonrpc: '2.0', id: nextId++, method, params: { ...params } }
    return resultOf(method, await transport.request(message, headers(), seconds))
  }
  try {
    const result = await request('initialize', {
      protocolVersion: rules.initializeVersion,
      capabilities: rules.capabilities,
      clientInfo: rules.clientInfo,
    })
    version = readVersion(result.protocolVersion)
    await transport.post({ jsonrpc: '2.0', method: 'notifications/initialized' }, headers())
    const odd = rules.opensStream ? await transport.openStream(headers()) : undefined
    if (odd !== undefined) link.remarks.push(odd)
    return {
      era: 'legacy',
      protocolVersion: version,
      transport: transport.kind,
      server: serverOf(result.serverInfo, result.instructions),
      capabilities: objectOf(result.capabilities),
      get hasSession() {
        return transport.hasSession
      },
      remarks: link.remarks,
      request,
      close: link.end,
    }
  } catch (error) {
    await link.end()
    throw error
  }
}

/** MCP lifecycle: a version that we do not speak ends the session. */
function readVersion(version: unknown): string {
  if (typeof version === 'string' && isLegacyVersion(version)) return version
  throw new ConnectFailure(
    'protocol',
    `initialize was answered with protocolVersion ${JSON.stringify(version)}, which is no handshake revision of MCP`,
  )
}
