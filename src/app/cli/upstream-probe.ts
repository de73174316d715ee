/** Starts the MCP server once at the beginning, so that the operator and not the first visitor learns that it does not start. */

import { posternClientInfo, type Upstream, type UpstreamCall } from '../../gateway/upstream.ts'
import { jsonRpcCodes } from '../../mcp/json-rpc.ts'
import { newestLegacyVersion } from '../../mcp/protocol-version.ts'

/** `answers`: with what it calls itself. `fails`: with the sentence that a client would get. */
export type UpstreamFinding = { verdict: 'answers'; server: string } | { verdict: 'fails'; says: string }

/** Closes the upstream it was given, so that no process of it is left. Never throws. */
export async function probeUpstream(upstream: Upstream, signal: AbortSignal): Promise<UpstreamFinding> {
  try {
    const { response, opened } = await upstream.initialize(openingCall(signal))
    const message = (await response.json()) as OpeningAnswer
    return opened === undefined ? judgeRefusal(message) : { verdict: 'answers', server: serverOf(message) }
  } catch (error) {
    return { verdict: 'fails', says: error instanceof Error ? error.message : String(error) }
  } finally {
    await upstream.close()
  }
}

interface OpeningAnswer {
  result?: { serverInfo?: { name?: unknown; version?: unknown } }
  error?: { code?: unknown; message?: unknown }
}

function openingCall(signal: AbortSignal): UpstreamCall {
  const params = { protocolVersion: newestLegacyVersion, capabilities: {}, clientInfo: posternClientInfo }
  const message = { jsonrpc: '2.0' as const, id: 0, method: 'initialize', params }
  return {
    // Its events would read like a visitor's; what matters of them stands under the banner.
    caller: { key: 'start', shared: false, emit: () => undefined },
    era: 'legacy',
    session: {
      key: 'start',
      initialized: false,
      protocolVersion: newestLegacyVersion,
      clientCapabilities: {},
      clientInfo: posternClientInfo,
      upstreamSessionId: undefined,
    },
    messages: [message],
    batch: false,
    text: JSON.stringify(message),
    bytes: undefined,
    headers: new Headers({
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    }),
    wantsEventStream: false,
    signal,
  }
}

/** An answer that refuses `initialize` like this comes from a server that runs, of the newer era. */
function judgeRefusal({ error }: OpeningAnswer): UpstreamFinding {
  const code = typeof error?.code === 'number' ? error.code : 0
  if (newerEraRefusals.includes(code)) return { verdict: 'answers', server: 'a server of MCP 2026-07-28' }
  const says = typeof error?.message === 'string' ? error.message : 'its answer to initialize is no MCP'
  return { verdict: 'fails', says }
}

const newerEraRefusals: readonly number[] = [
  jsonRpcCodes.methodNotFound,
  jsonRpcCodes.invalidParams,
  jsonRpcCodes.unsupportedProtocolVersion,
]

function serverOf({ result }: OpeningAnswer): string {
  const { name, version } = result?.serverInfo ?? {}
  const words = [name, version].filter((word) => typeof word === 'string' && word !== '')
  return words.length === 0 ? 'it does not say its name' : words.join(' ')
}
