/** The `initialize` that a command is opened with: a client's own, or one in its name (MCP 2025-11-25, lifecycle). */

import type { JsonRpcRequest } from '../mcp/json-rpc.ts'
import { replaceValue } from '../mcp/json-text.ts'
import { sealable } from '../mcp/sealed-session.ts'
import { posternClientInfo, type UpstreamSession } from './upstream.ts'

export interface Opening {
  protocolVersion: string
  capabilities: Readonly<Record<string, unknown>>
  text: string
}

/** What a command hears once its `initialize` was answered. */
export const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' } as const

/** Capabilities that are too large to be remembered are not declared: the command could rely on them once and never again. */
export function clientOpening(request: JsonRpcRequest, text: string): Opening {
  const params = request.params ?? {}
  const capabilities = sealable(params.capabilities)
  return {
    protocolVersion: String(params.protocolVersion),
    capabilities: capabilities ?? {},
    text: capabilities === undefined ? replaceValue(text, ['params', 'capabilities'], {}) : text,
  }
}

/** For a session whose process is gone, or that nobody initialized. */
export function silentOpening(session: UpstreamSession): Opening {
  const params = {
    protocolVersion: session.protocolVersion,
    capabilities: session.clientCapabilities,
    clientInfo: session.clientInfo ?? posternClientInfo,
  }
  return {
    protocolVersion: session.protocolVersion,
    capabilities: session.clientCapabilities,
    text: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }),
  }
}
