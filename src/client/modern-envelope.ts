/** What every request of the modern era carries about itself, in its body and mirrored in its headers (MCP 2026-07-28). */

import { formatMirroredValue } from '../mcp/parameter-headers.ts'
import {
  clientCapabilitiesMeta,
  clientInfoMeta,
  newestModernVersion,
  protocolVersionMeta,
} from '../mcp/protocol-version.ts'
import type { McpRules } from './surface.ts'

export function modernMeta(rules: McpRules): Record<string, unknown> {
  return {
    [protocolVersionMeta]: newestModernVersion,
    [clientInfoMeta]: rules.clientInfo,
    [clientCapabilitiesMeta]: rules.capabilities,
  }
}

/** HTTP-2026-07-28-09, -14 and -15: what the body says, mirrored for whoever stands in between. */
export function modernHeaders(
  method: string,
  params: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const name = method === 'resources/read' ? params.uri : params.name
  const named = ['tools/call', 'prompts/get', 'resources/read'].includes(method) && typeof name === 'string'
  return {
    'MCP-Protocol-Version': newestModernVersion,
    'Mcp-Method': method,
    ...(named ? { 'Mcp-Name': formatMirroredValue(name) } : {}),
  }
}
