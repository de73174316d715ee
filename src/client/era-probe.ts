/** Which era a server speaks: `server/discover` first, judged as the official client judges its answer (measured 2026-11). */

import {
  type JsonRpcErrorBody,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcCodes,
} from '../mcp/json-rpc.ts'
import { isLegacyVersion, isModernVersion } from '../mcp/protocol-version.ts'
import { ConnectFailure } from './connect-failure.ts'
import { UnexpectedAnswer } from './mcp-errors.ts'
import type { McpSessionOptions } from './mcp-session.ts'
import { modernHeaders, modernMeta } from './modern-envelope.ts'
import { createLink, objectOf } from './session-link.ts'
import { createStreamableHttp } from './streamable-http.ts'

/** The answer to `server/discover`, or undefined for a server that has to be spoken to as in 2025. */
export async function probeEra(options: McpSessionOptions): Promise<Record<string, unknown> | undefined> {
  const verdict = await probeOnce(options)
  if (verdict !== 'again') return verdict
  const second = await probeOnce(options)
  if (second !== 'again') return second
  throw new ConnectFailure('protocol', 'the server refuses the very version that it says it supports')
}

/** The id that the SDK of Claude Code gives its probe (recorded 2026-11). */
const probeId = 'server-discover-probe-1'

/** `again`: refused, by an error that names this very version as supported. */
type ProbeVerdict = Record<string, unknown> | undefined | 'again'

async function probeOnce(options: McpSessionOptions): Promise<ProbeVerdict> {
  const { transport, end } = createLink(options, async (opened) => createStreamableHttp(opened))
  const message: JsonRpcRequest = {
    jsonrpc: '2.0',
    id: probeId,
    method: 'server/discover',
    params: { _meta: modernMeta(options.rules) },
  }
  const link = await transport
  try {
    const response = await link.request(message, modernHeaders('server/discover', {}), options.requestSeconds)
    return judgeProbe(response)
  } catch (error) {
    return judgeProbeRefusal(error)
  } finally {
    await end()
  }
}

function judgeProbe(response: JsonRpcResponse): ProbeVerdict {
  if (response.error !== undefined) return judgeProbeError(response.error)
  const versions = response.result?.supportedVersions
  return Array.isArray(versions) && versions.some((version) => isModernVersion(String(version)))
    ? response.result
    : undefined
}

/** A refusal by 4xx is a server that does not know the method; 5xx, or no MCP at all, ends it. */
function judgeProbeRefusal(error: unknown): ProbeVerdict {
  if (!(error instanceof UnexpectedAnswer) || error.status < 400 || error.status > 499) throw error
  return error.rpc?.error === undefined ? undefined : judgeProbeError(error.rpc.error)
}

/** Any error is that of a server of the time before, but one that names versions of which we speak none. */
function judgeProbeError(error: JsonRpcErrorBody): ProbeVerdict {
  if (error.code !== jsonRpcCodes.unsupportedProtocolVersion) return undefined
  const { supported } = objectOf(error.data)
  const versions = Array.isArray(supported) ? supported.map(String) : []
  if (versions.some(isModernVersion)) return 'again'
  if (versions.some(isLegacyVersion)) return undefined
  throw new ConnectFailure('protocol', `the server speaks only ${JSON.stringify(supported)}`)
}
