/** Any client before any server: what both eras share passes as it is, the rest is spoken in the server's own (MCP 2026-07-28, versioning; requirements GW-5 to GW-7). */

import { isRequest, type JsonRpcErrorBody, jsonRpcCodes } from '../../mcp/json-rpc.ts'
import { newestLegacyVersion } from '../../mcp/protocol-version.ts'
import { readText } from '../event-relay.ts'
import { discard, mediaType, theServer } from '../http-exchange.ts'
import { defaultUpstreamLimits, type UpstreamLimits } from '../limits.ts'
import { ownCall } from '../own-call.ts'
import {
  failureResponse,
  posternClientInfo,
  type Upstream,
  type UpstreamCall,
  type UpstreamCaller,
} from '../upstream.ts'
import { createHandshakeUpstream } from './handshake-upstream.ts'
import { createStatelessUpstream } from './stateless-upstream.ts'
import { createUpstreamEras } from './upstream-eras.ts'

export function createBridge(upstream: Upstream, limits: UpstreamLimits = defaultUpstreamLimits): Upstream {
  const eras = createUpstreamEras(upstream, limits)
  const handshake = createHandshakeUpstream(upstream, limits)
  const stateless = createStatelessUpstream(upstream, limits)

  /** A client of the older era, and an answer that may tell that the server does not speak it. */
  async function postLegacy(call: UpstreamCall): Promise<Response> {
    const isSpoken = eras.speaksLegacy()
    if (isSpoken === false) return stateless.post(call)
    const response = await upstream.post(call)
    if (isSpoken === true && response.status !== 400) return response
    const { error, answer } = await readError(call, response, limits)
    if (error === undefined || !isDoubtful(error, response.status, isSpoken)) {
      if (isSpoken === undefined && call.messages.some(isRequest)) eras.noteLegacy(true)
      return answer
    }
    // Nothing was done of a call that was refused so: it can be made again in the other era.
    return (await isStateless(call.caller, opensSession)) ? stateless.post(call) : answer
  }

  async function isStateless(
    caller: UpstreamCaller,
    opens: (caller: UpstreamCaller) => Promise<boolean>,
  ): Promise<boolean> {
    if (eras.speaksLegacy() === true) eras.forget()
    if (!(await eras.speaksModern(caller))) return false
    const isSpoken = await opens(caller)
    eras.noteLegacy(isSpoken)
    return !isSpoken
  }

  /** Asked in earnest, since a server of both eras refuses single calls too. */
  async function opensSession(caller: UpstreamCaller): Promise<boolean> {
    const params = { protocolVersion: newestLegacyVersion, capabilities: {}, clientInfo: posternClientInfo }
    const session = {
      key: 'which era',
      initialized: false,
      protocolVersion: newestLegacyVersion,
      clientCapabilities: {},
      clientInfo: posternClientInfo,
      upstreamSessionId: undefined,
    }
    const { response, opened } = await upstream.initialize({
      ...ownCall(caller, 'initialize', params),
      session,
    })
    await discard(response)
    if (opened === undefined) return false
    await upstream.end(caller, { ...session, ...opened, initialized: true })
    return true
  }

  return {
    name: upstream.name,
    async initialize(call) {
      if (eras.speaksLegacy() === false) return stateless.initialize(call)
      const first = await upstream.initialize(call)
      if (first.opened !== undefined) {
        eras.noteLegacy(true)
        return first
      }
      const { error, answer } = await readError(call, first.response, limits)
      const mayBeStateless = error !== undefined && handshakeRefusals.has(error.code)
      if (!mayBeStateless || !(await isStateless(call.caller, async () => false))) {
        return { response: answer, opened: undefined }
      }
      return stateless.initialize(call)
    },
    async post(call) {
      if (call.era === 'legacy') return postLegacy(call)
      return (await eras.speaksModern(call.caller)) ? upstream.post(call) : handshake.post(call)
    },
    async listen(call, onEnd) {
      return eras.speaksLegacy() === false ? stateless.listen(call, onEnd) : upstream.listen(call, onEnd)
    },
    async end(caller, session) {
      if (eras.speaksLegacy() === false) stateless.end(caller, session)
      else await upstream.end(caller, session)
    },
    async close() {
      stateless.close()
      await handshake.close()
      await upstream.close()
    },
  }
}

/** How a server refuses a request that has no envelope, and how Postern tells of a session that could not be opened. */
function isDoubtful({ code }: JsonRpcErrorBody, status: number, isSpoken: true | undefined): boolean {
  if (code === jsonRpcCodes.unsupportedProtocolVersion) return true
  if (isSpoken) return false
  if (status === 400) return code === jsonRpcCodes.headerMismatch || code === jsonRpcCodes.invalidParams
  return code === jsonRpcCodes.serverError
}

/** What a stateless server may say to `initialize`; a server that cannot be reached says nothing of the kind. */
const handshakeRefusals: ReadonlySet<number> = new Set([
  jsonRpcCodes.unsupportedProtocolVersion,
  jsonRpcCodes.headerMismatch,
  jsonRpcCodes.methodNotFound,
  jsonRpcCodes.invalidParams,
  jsonRpcCodes.invalidRequest,
])

/** The answer is whole again afterwards. */
async function readError(
  call: UpstreamCall,
  response: Response,
  limits: UpstreamLimits,
): Promise<{ error: JsonRpcErrorBody | undefined; answer: Response }> {
  if (mediaType(response) !== 'application/json') return { error: undefined, answer: response }
  const { status, headers } = response
  try {
    const text = await readText(response, {
      maximumBytes: limits.messageBytes,
      deadlineMs: limits.callDeadlineMs,
    })
    return { error: errorOf(text), answer: new Response(text, { status, headers }) }
  } catch {
    return { error: undefined, answer: failureResponse(call.messages, call.batch, brokeOff) }
  }
}

const brokeOff = `${theServer} broke off in the middle of its answer. Try again in a moment.`

function errorOf(text: string): JsonRpcErrorBody | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: JsonRpcErrorBody }
    return typeof error?.code === 'number' ? error : undefined
  } catch {
    return undefined
  }
}
