/** Any client before any server: what both eras share passes as it is, the rest is spoken in the server's own (MCP 2026-07-28, versioning; requirements GW-5 to GW-7). */

import { isRequest, type JsonRpcErrorBody, jsonRpcCodes } from '../../mcp/json-rpc.ts'
import { newestLegacyVersion } from '../../mcp/protocol-version.ts'
import { readText } from '../event-relay.ts'
import { discard, mediaType, theServer } from '../http-exchange.ts'
import { defaultUpstreamLimits, type UpstreamLimits } from '../limits.ts'
import { ownCall } from '../own-call.ts'
import {
  failureResponse,
  type OpenedSession,
  posternClientInfo,
  type Upstream,
  type UpstreamCall,
  type UpstreamCaller,
  type UpstreamSession,
} from '../upstream.ts'
import { createHandshakeUpstream } from './handshake-upstream.ts'
import { asksAnything } from './questions.ts'
import { createStatelessUpstream } from './stateless-upstream.ts'
import { createUpstreamEras } from './upstream-eras.ts'

export function createBridge(upstream: Upstream, limits: UpstreamLimits = defaultUpstreamLimits): Upstream {
  const eras = createUpstreamEras(upstream, limits)
  const handshake = createHandshakeUpstream(upstream, limits)
  const stateless = createStatelessUpstream(upstream, limits)

  /** Whether this call of an older client is made in the newer era, as far as that is known. */
  function isBetterModern({ caller, session }: UpstreamCall): boolean | Promise<boolean> {
    if (eras.speaksLegacy() === false) return true
    // A server that forgets who called cannot ask them anything: in the newer era it can.
    const isCutOff = session?.initialized === true && session.upstreamSessionId === undefined
    return isCutOff && asksAnything(session.clientCapabilities) && speaksInsteadModern(caller, session)
  }

  async function speaksInsteadModern(caller: UpstreamCaller, session: UpstreamSession): Promise<boolean> {
    if (eras.forgets() === undefined) await opensSession(caller, session)
    return eras.forgets() === true && eras.speaksModern(caller)
  }

  async function postLegacy(call: UpstreamCall): Promise<Response> {
    const isBetter = isBetterModern(call)
    if (isBetter !== false && (await isBetter)) return stateless.post(call)
    const isSpoken = eras.speaksLegacy()
    const response = await upstream.post(call)
    if (isSpoken === true && response.status !== 400) return response
    const { error, answer } = await readError(call, response, limits)
    if (error === undefined || !isDoubtful(error, response.status, isSpoken === true)) {
      if (isSpoken === undefined && call.messages.some(isRequest)) eras.noteLegacy(true)
      return answer
    }
    // Nothing was done of a call that was refused so: it can be made again in the other era.
    const isStateless = await isModernOnly(call.caller, () => opensSession(call.caller, call.session))
    return isStateless ? stateless.post(call) : answer
  }

  async function postModern(call: UpstreamCall): Promise<Response> {
    return (await eras.speaksModern(call.caller)) ? upstream.post(call) : handshake.post(call)
  }

  async function isModernOnly(
    caller: UpstreamCaller,
    opens: () => Promise<boolean> | boolean,
  ): Promise<boolean> {
    if (eras.speaksLegacy() === true) eras.forget()
    if (!(await eras.speaksModern(caller))) return false
    const isSpoken = await opens()
    eras.noteLegacy(isSpoken)
    return !isSpoken
  }

  /** Asked in earnest, since a server of both eras refuses single calls too. */
  async function opensSession(caller: UpstreamCaller, like: UpstreamSession | undefined): Promise<boolean> {
    const session: UpstreamSession = {
      key: 'which era',
      initialized: false,
      protocolVersion: like?.protocolVersion ?? newestLegacyVersion,
      clientCapabilities: like?.clientCapabilities ?? {},
      clientInfo: like?.clientInfo ?? posternClientInfo,
      upstreamSessionId: undefined,
    }
    const { protocolVersion, clientCapabilities: capabilities, clientInfo } = session
    const call = ownCall(caller, 'initialize', { protocolVersion, capabilities, clientInfo })
    const { response, opened } = await upstream.initialize({ ...call, session })
    await discard(response)
    if (opened === undefined) return false
    eras.noteForgetting(opened.isForgetful)
    await upstream.end(caller, { ...session, ...opened, initialized: true })
    return true
  }

  async function initialize(call: UpstreamCall): Promise<OpenedSession> {
    if (eras.speaksLegacy() === false) return stateless.initialize(call)
    const first = await upstream.initialize(call)
    if (first.opened !== undefined) {
      eras.noteLegacy(true)
      eras.noteForgetting(first.opened.isForgetful)
      return first
    }
    const { error, answer } = await readError(call, first.response, limits)
    const mayBeStateless = error !== undefined && handshakeRefusals.has(error.code)
    if (!mayBeStateless || !(await isModernOnly(call.caller, () => false))) {
      return { response: answer, opened: undefined }
    }
    return stateless.initialize(call)
  }

  return {
    name: upstream.name,
    initialize,
    post: (call) => (call.era === 'legacy' ? postLegacy(call) : postModern(call)),
    async listen(call, onEnd) {
      return (await isBetterModern(call)) ? stateless.listen(call, onEnd) : upstream.listen(call, onEnd)
    },
    async end(caller, session) {
      stateless.end(caller, session)
      if (eras.speaksLegacy() !== false) await upstream.end(caller, session)
    },
    async close() {
      stateless.close()
      await handshake.close()
      await upstream.close()
    },
  }
}

/** How a server refuses a request that has no envelope, and how Postern tells of a session that could not be opened. */
function isDoubtful({ code }: JsonRpcErrorBody, status: number, isSpoken: boolean): boolean {
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
