/** Starts the MCP server once at the beginning, so that the operator and not the first visitor learns that it does not start. */

import type { Upstream, UpstreamCall } from '../../gateway/upstream.ts'
import { posternClientInfo } from '../../gateway/upstream.ts'
import { jsonRpcCodes } from '../../mcp/json-rpc.ts'
import { newestLegacyVersion } from '../../mcp/protocol-version.ts'
import type { Telemetry } from '../../platform/telemetry.ts'

/** The sentence that a client would get, or undefined when the server answers. Closes the upstream it was given. */
export async function findUpstreamFault(
  upstream: Upstream,
  signal: AbortSignal,
  telemetry: Telemetry,
): Promise<string | undefined> {
  try {
    const { response, opened } = await upstream.initialize(openingCall(signal, telemetry))
    return opened === undefined ? await sentenceOf(response) : undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await upstream.close()
  }
}

function openingCall(signal: AbortSignal, telemetry: Telemetry): UpstreamCall {
  const params = {
    protocolVersion: newestLegacyVersion,
    capabilities: {},
    clientInfo: posternClientInfo,
  }
  const message = { jsonrpc: '2.0' as const, id: 0, method: 'initialize', params }
  return {
    caller: {
      key: 'start',
      shared: false,
      emit: (name, fields) => telemetry.emit(name, 'start', fields),
    },
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

/** An answer that refuses `initialize` in another way comes from a server that runs, perhaps of the newer era. */
async function sentenceOf(response: Response): Promise<string | undefined> {
  const body = (await response.json().catch(() => undefined)) as
    | { error?: { code?: unknown; message?: unknown } }
    | undefined
  const { code, message } = body?.error ?? {}
  if (typeof code === 'number' && newerEraRefusals.includes(code)) return undefined
  return typeof message === 'string' ? message : `it answered ${response.status} to initialize`
}

const newerEraRefusals: readonly number[] = [
  jsonRpcCodes.methodNotFound,
  jsonRpcCodes.invalidParams,
  jsonRpcCodes.unsupportedProtocolVersion,
]
