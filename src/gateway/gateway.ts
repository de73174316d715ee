/** The steps of one MCP request: who may ask, what is asked, in which era and session, what the scope allows, and on to the upstream (requirements MUX-01 to MUX-13, house rule 17). */

import { type CallerCredential, CredentialLost } from '../credentials/caller-credential.ts'
import type { CheckOutcome, SuppliedUse } from '../credentials/upstream-credential.ts'
import { isRequest, isResponse, type JsonRpcMessage, jsonRpcCodes } from '../mcp/json-rpc.ts'
import { setValue } from '../mcp/json-text.ts'
import { type Era, isLegacyVersion, isModernVersion, legacyVersions } from '../mcp/protocol-version.ts'
import { sealable } from '../mcp/sealed-session.ts'
import {
  isModernRequest,
  modernRequestFault,
  negotiableVersion,
  readVersionHeader,
  sessionHeader,
  versionHeader,
} from '../mcp/streamable-http.ts'
import type { Issuer } from '../oauth/authorization-server-metadata.ts'
import type { Clock } from '../platform/clock.ts'
import { randomId, type TokenHash } from '../platform/crypto.ts'
import { PlainRequest } from '../platform/plain-request.ts'
import { type EventFields, type Telemetry, userAgentOf } from '../platform/telemetry.ts'
import { createAccessPolicy } from './access-policy.ts'
import {
  type AdmissionRules,
  admit,
  type FindPrincipal,
  isStillAdmitted,
  type Principal,
  refusedToken,
} from './admission.ts'
import { type MessageBody, readMessageBody } from './body.ts'
import { createBridge } from './bridge/bridge.ts'
import { createCatalogue, summarizeTool, type ToolDefinition, type ToolSummary } from './catalogue.ts'
import type { ConnectorSettings } from './connector-settings.ts'
import { tryCredential } from './credential-check.ts'
import { allowedMethods, expose, preflightResponse } from './cross-origin.ts'
import type { Elsewhere } from './elsewhere.ts'
import { createForwarding } from './forwarding.ts'
import type { StrangerRules } from './lazy-access.ts'
import type { GatewayLimits } from './limits.ts'
import { createLoad } from './load.ts'
import { createOpenStreams, endWith, type OpenStream } from './open-streams.ts'
import { createPermission } from './permission.ts'
import { resourceMetadata } from './protected-resource.ts'
import { Refusal, RpcRefusal } from './refusal.ts'
import { type BoundSession, createSessions, type FoundSession, type SessionMarks } from './session.ts'
import { asksForList, filterLists } from './shown-lists.ts'
import { createSseClients, ssePath } from './sse-clients.ts'
import { isStranger, newStranger } from './stranger.ts'
import { createTrace, describeBody, type Trace } from './trace.ts'
import type { UpstreamCall, UpstreamCaller } from './upstream.ts'

export type { PolicyRule, PolicySelection } from './access-policy.ts'
export { eagerQuery, type FindPrincipal, type Principal } from './admission.ts'
export type { ToolDefinition, ToolSummary } from './catalogue.ts'
export type { Access, ConnectorSettings } from './connector-settings.ts'
export type { SignInForm, StrangerRules } from './lazy-access.ts'
export { defaultGatewayLimits, type GatewayLimits } from './limits.ts'
export { ssePath } from './sse-clients.ts'

export interface GatewayOptions {
  connector: ConnectorSettings
  /** The public origin, for example `https://mcp.example.com`. */
  origin: string
  issuer: Issuer
  findPrincipal: FindPrincipal
  /** Tells the log whose token was refused. */
  findDeadToken?: AdmissionRules['findDeadToken']
  sessionKey: CryptoKey
  storage: SessionMarks
  allowedHosts: (host: string) => boolean
  allowedOrigins: (origin: string) => boolean
  limits: GatewayLimits
  telemetry: Telemetry
  clock: Clock
  /** Where there are other instances. */
  elsewhere?: Elsewhere | undefined
}

export interface Gateway {
  /** Everything on the MCP path. Never rejects. */
  fetch(request: Request): Promise<Response>
  /** The same, for what another instance has let in and passed on. */
  fetchPassed(request: Request, tokenHash: TokenHash): Promise<Response>
  protectedResourceMetadata(request: Request): Response
  /** The upstream's tools, for the consent page; undefined if it does not answer in time. */
  catalogue(): Promise<ToolSummary[] | undefined>
  /** All that the upstream says of its tools, asked anew; undefined if it does not answer in time. */
  definitions(): Promise<ToolDefinition[] | undefined>
  /** Whether the upstream takes it: its tools are listed with it. */
  tryCredential(use: SuppliedUse): Promise<CheckOutcome>
  close(): Promise<void>
}

/** Nothing is started: the first request of a caller reaches for the upstream. */
export function createGateway(options: GatewayOptions): Gateway {
  const { connector, limits, telemetry, clock } = options
  const upstream = createBridge(connector.upstream)
  const sessions = createSessions({
    key: options.sessionKey,
    connectorPath: connector.path,
    strangersMaySignIn: connector.access === 'lazy',
    storage: options.storage,
    clock,
    remembered: limits.rememberedSessions,
  })
  const guarded = { ...connector, issuer: options.issuer }
  const { callOf } = createForwarding(options)
  const passedTokens = new WeakMap<Request, TokenHash>()
  const rules: AdmissionRules = {
    ...options,
    access: connector.access,
    guarded,
    passedToken: (request) => passedTokens.get(request),
  }
  const strangers: StrangerRules = connector.strangers ?? { publicTools: [], hiddenTools: [] }
  const catalogue = createCatalogue(upstream, ownCaller(telemetry, connector.credential), limits)
  const permission = createPermission({ connector, guarded, strangers, catalogue, sessions })
  const accessPolicy = createAccessPolicy(connector.policy ?? [], catalogue, summarizeTool)
  const streams = createOpenStreams({
    maximumPerCaller: limits.streamsPerCaller,
    recheckMs: limits.streamRecheckMs,
  })

  const load = createLoad({ atOnce: limits.callsAtOnce, perCaller: limits.callsPerCaller })
  const sseClients = createSseClients({
    endpoint: {
      post: (request, principal, trace) => load.run(principal, () => post(request, principal, trace)),
      listen,
      end: endSession,
    },
    streams,
    maximum: limits.sseClients,
    bodyBytes: limits.bodyBytes,
    isStillAllowed: async (request, principal) =>
      isStranger(principal) || isStillAdmitted(request, rules, principal),
  })

  /** Answers of other instances. */
  const answeredElsewhere = new WeakSet<Response>()

  /** The steps, in the order in which they are taken. */
  async function answer(asked: Request, trace: Trace): Promise<Response> {
    if (asked.method === 'OPTIONS') return preflightResponse(asked)
    const principal = await admit(asked, rules, trace)
    const request =
      options.elsewhere === undefined ? asked : await takeHome(asked, principal, options.elsewhere)
    if (request instanceof Response) {
      answeredElsewhere.add(request)
      return request
    }
    const ofStream = isGuest(principal) ? undefined : sseClients.answer(request, principal, trace)
    if (ofStream !== undefined) return ofStream
    switch (request.method) {
      case 'POST':
        return await load.run(principal, () => post(request, principal, trace))
      case 'GET':
        return listen(request, principal, trace)
      case 'DELETE':
        return endSession(request, principal, trace)
      default:
        if (isGuest(principal)) throw permission.signInFirst(request)
        throw notAllowed(`${request.method} is not a method of MCP`)
    }
  }

  /** What a process knows of its caller is on one instance; whoever comes in elsewhere is answered there, in one hop. */
  async function takeHome(
    request: Request,
    { tokenHash, userId, clientId }: Principal,
    elsewhere: Elsewhere,
  ): Promise<Request | Response> {
    if (tokenHash === undefined || passedTokens.has(request)) return request
    const isBound = connector.upstream.isLocal === true || new URL(request.url).pathname.endsWith(ssePath)
    if (!isBound) return request
    const callerKey = JSON.stringify([connector.path, userId, clientId])
    return elsewhere.passOn({ request, callerKey, tokenHash, bodyBytes: limits.bodyBytes })
  }

  /** Somebody without a token, where that opens a part of the connector. */
  function isGuest(principal: Principal): boolean {
    return connector.access === 'lazy' && isStranger(principal)
  }

  /* POST */

  async function post(request: Request, principal: Principal, trace: Trace): Promise<Response> {
    const body = await (isGuest(principal) ? readGuestPost(request) : readMessageBody(request, limits))
    describeBody(body, trace)
    if (isGuest(principal)) await permission.judgeGuest(request, body, principal)
    const era = judgeEra(body, request)
    if (era === 'legacy' && body.messages.some(isInitialize))
      return initialize(request, body, principal, trace)
    const found = era === 'legacy' ? await findSession(request, principal, trace, body) : undefined
    if (found?.kind === 'nameless' && body.messages.every(isResponse)) {
      throw invalidRequest('no request waits for this response')
    }
    const call = callOf(request, body, era, principal, found, trace)
    await permission.judgeScope(request, call, principal)
    // Ids of strangers who share a key may be equal: none of them may cancel what may be another's.
    if (call.caller.shared && !body.messages.some(isRequest)) return new Response(null, { status: 202 })
    await accessPolicy.judge(call, principal)
    if (body.messages.some(isListen)) return listenByPost(request, call, principal)
    const isVisible = accessPolicy.visibility(principal)
    const isWhole = strangers.hiddenTools.length === 0 && isVisible === undefined
    if (isWhole || !asksForList(call)) return await upstream.post(call)
    const listed = await upstream.post({ ...call, wantsEventStream: false })
    const hidden = isGuest(principal) ? strangers.hiddenTools : []
    return filterLists(call, listed, (list, entry) => {
      if (list === 'tools' && hidden.includes(String(entry.name))) return false
      return isVisible?.(list, entry) ?? true
    })
  }

  /** What cannot be read is not public; and who has no token is told nothing about limits (requirement MUX-03). */
  async function readGuestPost(request: Request): Promise<MessageBody> {
    try {
      return await readMessageBody(request, limits)
    } catch (error) {
      throw error instanceof RpcRefusal ? permission.signInFirst(request) : error
    }
  }

  /** The body decides. A modern request is judged whole before anything is done with it. */
  function judgeEra(body: MessageBody, request: Request): Era {
    const isModern = body.messages.some((message) => isModernRequest(message, request.headers))
    if (!isModern) return 'legacy'
    if (body.batch) throw invalidRequest('there are no batches in this revision')
    for (const message of body.messages.filter(isRequest)) {
      const fault = modernRequestFault(message, request.headers)
      if (fault !== undefined) throw new RpcRefusal(400, fault.code, fault.message, { id: message.id })
    }
    return 'modern'
  }

  async function initialize(
    request: Request,
    body: MessageBody,
    principal: Principal,
    trace: Trace,
  ): Promise<Response> {
    const [message] = body.messages
    if (body.batch || message === undefined || !isRequest(message)) {
      throw invalidRequest('initialize must not be part of a batch')
    }
    const owner = isStranger(principal) ? { ...principal, userId: newStranger() } : principal
    const params = message.params ?? {}
    const version = negotiableVersion(params.protocolVersion)
    const isAsAsked = version === params.protocolVersion
    const text = isAsAsked ? body.text : setValue(body.text, ['params', 'protocolVersion'], version)
    const call = callOf(request, body, 'legacy', owner, undefined, trace)
    await permission.judgeScope(request, call, principal)
    const { response, opened } = await upstream.initialize({
      ...call,
      text,
      bytes: isAsAsked ? call.bytes : undefined,
      messages: [{ ...message, params: { ...params, protocolVersion: version } }],
    })
    if (opened === undefined) return response
    const now = clock()
    const id = await sessions.seal({
      protocolVersion: opened.protocolVersion,
      userId: owner.userId,
      clientId: owner.clientId,
      upstreamSessionId: opened.upstreamSessionId,
      clientCapabilities: sealable(params.capabilities) ?? {},
      clientInfo: sealable(params.clientInfo),
      issuedAt: now,
      expiresAt: now + limits.sessionSeconds,
      credentialId: owner.credential?.id,
    })
    response.headers.set(sessionHeader, id)
    const clientName = (params.clientInfo as { name?: unknown } | undefined)?.name
    trace.emit('session.opened', {
      protocolVersion: opened.protocolVersion,
      clientName: typeof clientName === 'string' ? clientName : undefined,
    })
    return response
  }

  /* Sessions */

  async function findSession(
    request: Request,
    principal: Principal,
    trace: Trace,
    body?: MessageBody,
  ): Promise<FoundSession> {
    const found = await sessions.find(request.headers.get(sessionHeader), principal)
    if (found.kind === 'bound' && found.claimed !== undefined) leaveStranger(request, found, trace)
    // Somebody's session stays theirs, also when they come without their token (house rule 6).
    if (found.kind === 'foreign' && isGuest(principal)) throw permission.signInFirst(request)
    // A client starts anew after a 404, which is right for these two only.
    if (found.kind === 'ended' || found.kind === 'foreign') {
      throw noSession(body)
    }
    const negotiated = found.kind === 'bound' ? found.session.protocolVersion : undefined
    const spoken = judgeVersionHeader(request, negotiated, body)
    if (body?.batch && (negotiated ?? spoken ?? '') >= '2025-06-18') {
      throw invalidRequest('there are no batches in this revision')
    }
    return found
  }

  /** Known versions other than the negotiated one are served by the session: clients are seen to send them (TOL-1, TOL-3, TOL-4). */
  function judgeVersionHeader(
    request: Request,
    negotiated: string | undefined,
    body: MessageBody | undefined,
  ): string | undefined {
    const header = readVersionHeader(request.headers.get(versionHeader))
    if (header.kind === 'absent') return undefined
    if (header.kind === 'named') {
      const { version } = header
      if (isLegacyVersion(version) || isModernVersion(version) || version === negotiated) return version
    }
    const said = header.kind === 'named' ? header.version : header.value
    throw new RpcRefusal(
      400,
      jsonRpcCodes.serverError,
      `MCP-Protocol-Version ${JSON.stringify(said)} is not supported; supported: ${legacyVersions.join(', ')}`,
      { id: body?.messages.find(isRequest)?.id ?? null },
    )
  }

  /* GET and DELETE */

  async function listen(request: Request, principal: Principal, trace: Trace): Promise<Response> {
    if (!request.headers.has(sessionHeader)) {
      throw isGuest(principal)
        ? permission.signInFirst(request)
        : notAllowed('there is no stream without a session')
    }
    const found = await findSession(request, principal, trace)
    const call = callOf(request, noBody, 'legacy', principal, found, trace)
    // Whoever has no session shares one with others, whose messages are not theirs to hear.
    if (call.caller.shared) throw noSession()
    const stream = openStream(call, request, () => mayStillListen(request, principal))
    return upstream.listen({ ...call, signal: stream.signal }, stream.ended)
  }

  /** The stream of a client that knows no sessions (MCP 2026-07-28, subscriptions). */
  async function listenByPost(request: Request, call: UpstreamCall, principal: Principal): Promise<Response> {
    const stream = openStream(call, request, async () =>
      isStranger(principal) ? true : isStillAdmitted(request, rules, principal),
    )
    try {
      return endWith(await upstream.post({ ...call, wantsEventStream: true }), stream)
    } catch (error) {
      stream.ended()
      throw error
    }
  }

  function openStream(
    call: UpstreamCall,
    request: Request,
    isStillAllowed: () => Promise<boolean>,
  ): OpenStream {
    // Strangers who share a key have nothing else in common, so none of them takes another's place.
    const key = call.caller.shared ? randomId() : call.caller.key
    const id = call.messages.find(isRequest)?.id
    return streams.open(key, isStillAllowed, PlainRequest.hangUpOf(request), id)
  }

  /** Its token is good, and its session has neither ended nor gone over to somebody who signed in. */
  async function mayStillListen(request: Request, principal: Principal): Promise<boolean> {
    if (!isStranger(principal)) return isStillAdmitted(request, rules, principal)
    return (await sessions.find(request.headers.get(sessionHeader), principal)).kind === 'bound'
  }

  async function endSession(request: Request, principal: Principal, trace: Trace): Promise<Response> {
    if (!request.headers.has(sessionHeader)) {
      throw isGuest(principal) ? permission.signInFirst(request) : notAllowed('there is no session to end')
    }
    const found = await findSession(request, principal, trace)
    if (found.kind !== 'bound') throw noSession()
    const { caller, session } = callOf(request, noBody, 'legacy', principal, found, trace)
    await sessions.end(found.hash, found.session)
    if (session !== undefined) await upstream.end(caller, session)
    trace.emit('session.ended', { protocolVersion: found.session.protocolVersion })
    return new Response(null, { status: 204 })
  }

  /** A stranger has signed in: what the upstream knew of the stranger ends, and nothing of it goes over (house rule 6). */
  function leaveStranger(request: Request, { hash, claimed }: BoundSession, trace: Trace): void {
    const former = claimed?.former
    if (former === undefined) return
    trace.emit('session.claimed', { connector: connector.path, protocolVersion: former.protocolVersion })
    const bound: BoundSession = { kind: 'bound', session: former, hash }
    const { caller, session } = callOf(request, noBody, 'legacy', former, bound, trace)
    if (session !== undefined) void upstream.end(caller, session)
  }

  /* Around it */

  async function serve(request: Request): Promise<Response> {
    const startedAt = performance.now()
    const trace = createTrace(telemetry)
    const finish = (response: Response, name: string, fields: EventFields = {}): Response => {
      trace.emit(name, {
        connector: connector.path,
        method: request.method,
        status: response.status,
        userAgent: userAgentOf(request),
        durationMs: Math.round(performance.now() - startedAt),
        ...fields,
      })
      return expose(response)
    }
    try {
      const response = await answer(request, trace)
      // It was told of there.
      if (answeredElsewhere.has(response)) return expose(response)
      return request.method === 'OPTIONS' ? response : finish(response, 'mcp.request')
    } catch (thrown) {
      const error = thrown instanceof CredentialLost ? refusedToken(request, guarded, thrown.message) : thrown
      if (error instanceof Refusal) {
        const { response, message } = error
        return finish(request.method === 'HEAD' ? withoutBody(response) : response, 'mcp.refused', {
          reason: message,
        })
      }
      const errorId = randomId()
      const reason = error instanceof Error ? error.message : String(error)
      const vague = `something went wrong on this server; its log tells more under ${errorId}`
      const refusal = new RpcRefusal(500, jsonRpcCodes.internalError, vague)
      return finish(refusal.response, 'request.failed', { errorId, reason })
    }
  }

  return {
    fetch: serve,
    fetchPassed(request, tokenHash) {
      passedTokens.set(request, tokenHash)
      return serve(request)
    },
    protectedResourceMetadata(request) {
      if (request.method === 'OPTIONS') return preflightResponse(request)
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        return expose(new Response(null, { status: 405, headers: { allow: 'GET' } }))
      }
      const response = Response.json(resourceMetadata(guarded, request), {
        headers: { 'cache-control': 'public, max-age=300' },
      })
      return expose(request.method === 'HEAD' ? withoutBody(response) : response)
    },
    catalogue: () => catalogue.list(),
    definitions: () => catalogue.definitions(),
    tryCredential: (use) =>
      tryCredential(use, (credential) => catalogue.listFor(ownCaller(telemetry, credential))),
    async close() {
      sseClients.closeAll()
      // First, because it says goodbye on its streams.
      await upstream.close()
      streams.closeAll()
    },
  }
}

/** For the lists that the consent page shows: a caller that no person is. */
function ownCaller(telemetry: Telemetry, credential: CallerCredential | undefined): UpstreamCaller {
  const flowId = randomId()
  const emit: UpstreamCaller['emit'] = (name, fields) => telemetry.emit(name, flowId, fields)
  return {
    key: credential === undefined ? 'postern' : `postern ${credential.id}`,
    shared: false,
    credential,
    emit,
  }
}

const noBody: MessageBody = { bytes: new Uint8Array(), text: '', messages: [], batch: false }

function isInitialize(message: JsonRpcMessage): boolean {
  return isRequest(message) && message.method === 'initialize'
}

function isListen(message: JsonRpcMessage): boolean {
  return isRequest(message) && message.method === 'subscriptions/listen'
}

function noSession(body?: MessageBody): RpcRefusal {
  return new RpcRefusal(404, jsonRpcCodes.sessionNotFound, 'there is no such session: initialize again', {
    id: body?.messages.find(isRequest)?.id ?? null,
  })
}

function notAllowed(message: string): RpcRefusal {
  return new RpcRefusal(405, jsonRpcCodes.serverError, message, { headers: { allow: allowedMethods } })
}

function invalidRequest(message: string): RpcRefusal {
  return new RpcRefusal(400, jsonRpcCodes.invalidRequest, message)
}

function withoutBody(response: Response): Response {
  return new Response(null, { status: response.status, headers: response.headers })
}
