/** A connection as one surface makes it, step by step: knock, sign in as asked, open the session, list, call, read, refresh. */

import { jsonRpcCodes } from '../mcp/json-rpc.ts'
import type { Problem } from '../oauth/errors.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { type Random, systemRandom } from '../platform/crypto.ts'
import { parseUrl } from '../platform/url.ts'
import type { Browser, OpenCallback } from './browser.ts'
import { ConnectFailure, type FailureReason } from './connect-failure.ts'
import { type ConnectionMemory, createConnectionMemory } from './connection-state.ts'
import type { Flow } from './flow.ts'
import { Challenged, RpcFailure, SessionLost } from './mcp-errors.ts'
import { type McpServer, type McpSession, openMcpSession } from './mcp-session.ts'
import { answerServerRequest } from './server-requests.ts'
import { refresh, revoke, signIn } from './sign-in.ts'
import { type Surface, userAgentOf } from './surface.ts'
import {
  createTranscript,
  type OpenStep,
  type StepName,
  type Transcript,
  type TranscriptStep,
} from './transcript.ts'
import { createWire } from './wire.ts'

export interface ToolCall {
  name: string
  arguments: Readonly<Record<string, unknown>>
}

export interface ConnectOptions {
  url: string
  surface: Surface
  fetch: typeof fetch
  clock?: Clock
  random?: Random
  /** Milliseconds that only grow. */
  stopwatch?: () => number
  /** Whoever signs in; without one, a server that asks for a token cannot be connected to. */
  browser?: Browser | undefined
  /** For surfaces whose redirect is on this machine. */
  openCallback?: OpenCallback | undefined
  /** What an earlier connection told `onMemory`. Not written to. */
  memory?: ConnectionMemory | undefined
  onMemory?: ((memory: ConnectionMemory) => void | Promise<void>) | undefined
  /** Give up the remembered tokens and clients first, as removing the connector does. */
  forget?: boolean
  /** Under which a person would have added the server; some clients tell it to the server. */
  serverName?: string
  clientId?: string | undefined
  clientSecret?: string | undefined
  clientMetadataUrl?: string | undefined
  scope?: string | undefined
  transport?: 'auto' | 'streamable-http' | 'http+sse'
  calls?: readonly ToolCall[]
  /** Further calls, chosen when the tools are known. */
  chooseCalls?: (tools: readonly Listed[]) => readonly ToolCall[]
  reads?: readonly string[]
  /** After everything else: refresh the token, then call and read again. */
  refresh?: boolean
  /** Answers an elicitation by its schema's defaults, where the surface declares the capability; otherwise it is cancelled. */
  acceptElicitation?: boolean
  signal?: AbortSignal | undefined
  onStep?: (step: TranscriptStep) => void
}

/** A tool, prompt or resource, as the server described it. */
export type Listed = Readonly<Record<string, unknown>>

export interface Connection {
  /** Undefined when everything that was asked for was done. */
  failure: { reason: FailureReason; says: string; problems: readonly Problem[] } | undefined
  session: ConnectedSession | undefined
  tools: readonly Listed[]
  prompts: readonly Listed[]
  resources: readonly Listed[]
  calls: readonly { name: string; result: Readonly<Record<string, unknown>> }[]
  reads: readonly { uri: string; result: Readonly<Record<string, unknown>> }[]
  transcript: Transcript
}

export interface ConnectedSession {
  server: McpServer
  protocolVersion: string
  era: McpSession['era']
  transport: McpSession['transport']
  capabilities: Readonly<Record<string, unknown>>
}

/** Never rejects for what a server does; throws `TypeError` for options that make no sense. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const run = begin(options)
  try {
    if (options.forget === true) await forget(run)
    await open(run)
    await list(run)
    await work(run)
    if (options.refresh === true) await refreshAndRepeat(run)
  } catch (error) {
    run.found.failure = failureOf(error)
  } finally {
    await run.session?.close().catch(() => undefined)
  }
  // A tool may give back what it was called with; no secret leaves in a result either.
  return { ...run.flow.transcript.mask.deep(run.found), transcript: run.flow.transcript.finished() }
}

interface Run {
  options: ConnectOptions
  flow: Flow
  session: McpSession | undefined
  /** Answers of 401 to a token since one was last accepted. */
  rejections: number
  /** The server has taken a token of this run's sign-in. */
  isAccepted: boolean
  sessionsLost: number
  found: Omit<Mutable<Connection>, 'transcript'>
}

type Mutable<T> = {
  -readonly [K in keyof T]: T[K] extends readonly (infer Item)[] ? Item[] : T[K]
}

function begin(options: ConnectOptions): Run {
  const url = parseUrl(options.url)
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`${JSON.stringify(options.url)} is no http or https URL`)
  }
  if (options.clientSecret !== undefined && options.clientId === undefined) {
    throw new TypeError('a client secret needs its client id')
  }
  url.hash = ''
  const serverUrl = options.url.split('#', 1)[0] ?? url.href
  const clock = options.clock ?? systemClock
  const transcript = createTranscript({
    surface: options.surface.name,
    url: serverUrl,
    clock,
    stopwatch: options.stopwatch ?? (() => performance.now()),
    onStep: options.onStep,
  })
  transcript.mask.learn('client_secret', options.clientSecret)
  const memory = structuredClone(options.memory ?? createConnectionMemory())
  learnMemory(transcript.mask, memory)
  const flow: Flow = {
    surface: options.surface,
    serverUrl,
    serverName: options.serverName ?? url.hostname,
    wire: createWire({ fetch: options.fetch, transcript, signal: options.signal }),
    transcript,
    clock,
    random: options.random ?? systemRandom,
    browser: options.browser,
    openCallback: options.openCallback,
    configuredClient:
      options.clientId === undefined
        ? undefined
        : { clientId: options.clientId, clientSecret: options.clientSecret },
    clientMetadataUrl: options.clientMetadataUrl,
    configuredScope: options.scope,
    memory,
    remember: async () => options.onMemory?.(structuredClone(memory)),
    discovery: undefined,
    lastChallenge: undefined,
    requestedScopes: new Set(memory.tokens?.scope?.split(' ').filter((word) => word !== '')),
    signIns: 0,
    signal: options.signal,
  }
  const found = {
    failure: undefined,
    session: undefined,
    tools: [],
    prompts: [],
    resources: [],
    calls: [],
    reads: [],
  }
  return { options, flow, session: undefined, rejections: 0, isAccepted: false, sessionsLost: 0, found }
}

function learnMemory(mask: Flow['transcript']['mask'], memory: ConnectionMemory): void {
  mask.learn('access_token', memory.tokens?.accessToken)
  mask.learn('refresh_token', memory.tokens?.refreshToken)
  for (const client of Object.values(memory.clients)) mask.learn('client_secret', client.clientSecret)
}

async function forget(run: Run): Promise<void> {
  const { flow } = run
  if (flow.surface.challenges.revocation !== undefined && flow.memory.tokens !== undefined) await revoke(flow)
  Object.assign(flow.memory, createConnectionMemory())
  flow.requestedScopes.clear()
  await flow.remember()
}

/** Opens the session, signing in on the way if the server asks for it. */
async function open(run: Run): Promise<McpSession> {
  return authorized(run, async () => {
    if (run.session !== undefined) return run.session
    const hasToken = run.flow.memory.tokens !== undefined
    const [name, title]: [StepName, string] = hasToken
      ? ['session', 'Open the MCP session']
      : ['probe', 'Knock without a token']
    const step = run.flow.transcript.step(name, title)
    const session = await inStep(step, () => openOnce(run))
    run.session = session
    run.found.session = {
      server: session.server,
      protocolVersion: session.protocolVersion,
      era: session.era,
      transport: session.transport,
      capabilities: session.capabilities,
    }
    const remarks = session.remarks.map((says): Problem => {
      return { code: 'invalid_request', at: 'GET', says, standard: 'MCP 2025-11-25, transports' }
    })
    const who = session.server.name ?? 'a server without a name'
    const free = hasToken ? '' : ', without asking for a token'
    step.passed(`${who} speaks MCP ${session.protocolVersion}${free}`, remarks)
    return session
  })
}

async function openOnce(run: Run): Promise<McpSession> {
  const { flow, options } = run
  const { surface } = flow
  if (surface.mcp.probesStream && flow.memory.tokens === undefined) {
    return openMcpSession(sessionOptions(run)).catch(async (error: unknown) => {
      await probeStream(flow)
      throw error
    })
  }
  return openMcpSession(sessionOptions(run))

  function sessionOptions(of: Run): Parameters<typeof openMcpSession>[0] {
    return {
      url: flow.serverUrl,
      rules: surface.mcp,
      wire: flow.wire,
      transport: options.transport ?? 'auto',
      userAgent: (hasToken) => userAgentOf(surface, hasToken ? 'mcp' : 'probe'),
      token: () => currentToken(of),
      requestSeconds: surface.deadlines.requestSeconds,
      answer: (method, params) => {
        return answerServerRequest(method, params, {
          capabilities: surface.mcp.capabilities,
          acceptElicitation: options.acceptElicitation === true,
        })
      },
    }
  }
}

/** Hosted Claude of 2025 asked for the stream as well, whatever the POST had answered. */
async function probeStream(flow: Flow): Promise<void> {
  const answer = await flow.wire
    .open(
      {
        method: 'GET',
        url: flow.serverUrl,
        headers: { Accept: 'text/event-stream', 'User-Agent': userAgentOf(flow.surface, 'probe') },
      },
      { deadlineSeconds: flow.surface.deadlines.requestSeconds, maximumBytes: 64 * 1024 },
    )
    .catch(() => undefined)
  answer?.close()
}

/** The token, refreshed ahead of its end where the surface does that. */
async function currentToken(run: Run): Promise<string | undefined> {
  const { flow } = run
  const tokens = flow.memory.tokens
  const { aheadSeconds } = flow.surface.refresh
  if (tokens?.expiresAt !== undefined && tokens.refreshToken !== undefined && aheadSeconds > 0) {
    if (tokens.expiresAt - flow.clock() <= aheadSeconds) await refresh(flow)
  }
  return flow.memory.tokens?.accessToken
}

/** Does something with the server; where it answers 401 or 403, does what the surface does then, and tries again. */
async function authorized<T>(run: Run, action: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await action()
    } catch (error) {
      if (error instanceof SessionLost) await reopenAfterLoss(run)
      else if (error instanceof Challenged) await answerChallenge(run, error)
      else throw error
    }
  }
}

/** A server that loses every session would be opened for ever. */
const maximumSessionsLost = 2

async function reopenAfterLoss(run: Run): Promise<void> {
  run.sessionsLost += 1
  if (run.flow.surface.mcp.sessionLost === 'stop' || run.sessionsLost > maximumSessionsLost) {
    throw new ConnectFailure(
      'protocol',
      'the server answers 404 for the session that it opened, and this client does not open another',
    )
  }
  run.session = undefined
}

async function answerChallenge(run: Run, challenged: Challenged): Promise<void> {
  const { flow } = run
  // A 403 asks for more than was first asked for; what to begin with stays what the 401 said.
  if (challenged.status === 401) flow.lastChallenge = challenged.challenge ?? flow.lastChallenge
  if (challenged.status === 403) await answerForbidden(run, challenged)
  else if (!challenged.hadToken) await signIn(flow)
  else await answerRejection(run)
  if (flow.surface.refresh.afterwards === 'reconnect') {
    await run.session?.close().catch(() => undefined)
    run.session = undefined
  }
}

/** 401 for a token: refresh, within the surface's patience; then a person, unless one has just signed in. */
async function answerRejection(run: Run): Promise<void> {
  const { flow } = run
  run.rejections += 1
  if (run.rejections <= flow.surface.refresh.attempts && flow.memory.tokens?.refreshToken !== undefined) {
    await refresh(flow)
    return
  }
  if (flow.signIns > 0 && !run.isAccepted) {
    throw new ConnectFailure(
      'sign-in',
      'the sign-in went well, but the server does not accept the token it led to',
    )
  }
  flow.memory.tokens = undefined
  await flow.remember()
}

async function answerForbidden(run: Run, challenged: Challenged): Promise<void> {
  const { flow } = run
  const rules = flow.surface.challenges
  if (challenged.challenge?.error === 'insufficient_scope' && rules.stepUpScope !== 'none') {
    flow.memory.stepUpScope = challenged.challenge.scope
    await signIn(flow)
    return
  }
  if (rules.otherForbidden === 'sign-in' && flow.signIns === 0 && run.session === undefined) {
    await signIn(flow)
    return
  }
  throw new ConnectFailure('sign-in', `the server refuses with ${challenged.message}`)
}

/** More pages than this are a server that never comes to an end. */
const maximumPages = 50

const lists = [
  { method: 'tools/list', member: 'tools', capability: 'tools' },
  { method: 'prompts/list', member: 'prompts', capability: 'prompts' },
  { method: 'resources/list', member: 'resources', capability: 'resources' },
] as const

async function list(run: Run): Promise<void> {
  await inAuthorizedStep(run, 'lists', 'List tools, prompts and resources', async (step, session) => {
    const rules = run.flow.surface.mcp
    if (rules.needsSessionId && !session.hasSession) {
      throw new ConnectFailure(
        'protocol',
        'this client lists nothing until the server gives an Mcp-Session-Id',
      )
    }
    const problems: Problem[] = []
    for (const { method, member, capability } of lists) {
      if (rules.lists === 'declared' && !(capability in session.capabilities)) continue
      run.found[member] = await listPages(session, method, member).catch((error: unknown) => {
        if (!(error instanceof RpcFailure) || member === 'tools') throw error
        // Asked for without having been declared: not having it is an answer.
        if (error.code === jsonRpcCodes.methodNotFound) return []
        problems.push({
          code: 'invalid_request',
          at: method,
          says: error.message,
          standard: 'MCP, pagination',
        })
        return []
      })
    }
    const { tools, prompts, resources } = run.found
    const counts = [counted(tools, 'tool'), counted(prompts, 'prompt'), counted(resources, 'resource')]
    step.passed(counts.join(', '), problems)
  })
}

async function listPages(session: McpSession, method: string, member: string): Promise<Listed[]> {
  const items: Listed[] = []
  let cursor: string | undefined
  for (let page = 0; page < maximumPages; page++) {
    const result = await session.request(method, cursor === undefined ? {} : { cursor })
    const listed = result[member]
    if (!Array.isArray(listed))
      throw new ConnectFailure('protocol', `${method} was answered without ${member}`)
    items.push(...(listed as Listed[]))
    if (typeof result.nextCursor !== 'string') return items
    cursor = result.nextCursor
  }
  throw new ConnectFailure('protocol', `${method} has more than ${maximumPages} pages`)
}

async function work(run: Run): Promise<void> {
  const { options, found } = run
  const calls = [...(options.calls ?? []), ...(options.chooseCalls?.(found.tools) ?? [])]
  for (const call of calls) await callTool(run, call)
  for (const uri of options.reads ?? []) await readResource(run, uri)
}

async function callTool(run: Run, call: ToolCall): Promise<void> {
  await inAuthorizedStep(run, 'call', `Call ${call.name}`, async (step, session) => {
    const { toolSeconds } = run.flow.surface.deadlines
    const result = await session
      .request('tools/call', { name: call.name, arguments: call.arguments }, toolSeconds)
      .catch(asToolFailure)
    run.found.calls.push({ name: call.name, result })
    if (result.isError === true) throw new ConnectFailure('tool', `${call.name} reported an error`)
    step.passed(describeContent(result.content))
  })
}

async function readResource(run: Run, uri: string): Promise<void> {
  await inAuthorizedStep(run, 'read', `Read ${uri}`, async (step, session) => {
    const result = await session.request('resources/read', { uri }).catch(asToolFailure)
    run.found.reads.push({ uri, result })
    step.passed(describeContent(result.contents))
  })
}

function asToolFailure(error: unknown): never {
  if (error instanceof RpcFailure) throw new ConnectFailure('tool', error.message, { cause: error })
  throw error
}

function describeContent(content: unknown): string {
  return `answered with ${counted(Array.isArray(content) ? content : [], 'part')}`
}

function counted(items: readonly unknown[], noun: string): string {
  return `${items.length} ${noun}${items.length === 1 ? '' : 's'}`
}

async function refreshAndRepeat(run: Run): Promise<void> {
  const { flow, options } = run
  if (flow.memory.tokens === undefined) {
    flow.transcript.step('refresh', 'Refresh the token').skipped('the server asked for no token')
    return
  }
  if (!(await refresh(flow))) throw new ConnectFailure('sign-in', 'the token could not be refreshed')
  const again = (options.calls ?? []).length + (options.reads ?? []).length
  if (again > 0) await work(run)
  else await list(run)
}

/** A step that may be interrupted by a sign-in, and is then begun once more. */
function inAuthorizedStep(
  run: Run,
  name: StepName,
  title: string,
  action: (step: OpenStep, session: McpSession) => Promise<void>,
): Promise<void> {
  return authorized(run, async () => {
    const session = await open(run)
    const step = run.flow.transcript.step(name, title)
    await inStep(step, () => action(step, session))
    run.rejections = 0
    run.isAccepted = true
  })
}

async function inStep<T>(step: OpenStep, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof Challenged && error.hadToken) step.skipped(describeChallenge(error))
    else if (error instanceof Challenged) step.passed(describeChallenge(error), challengeProblems(error))
    else step.failed(failureOf(error).says, failureOf(error).problems)
    throw error
  }
}

function describeChallenge(challenged: Challenged): string {
  if (challenged.hadToken) return `the token is not enough: ${challenged.message}`
  const pointer = challenged.challenge?.resourceMetadata
  const where = pointer === undefined ? 'without a pointer to its metadata' : `pointing to ${pointer}`
  return `${challenged.message}, ${where}`
}

function challengeProblems(challenged: Challenged): Problem[] {
  if (challenged.challenge !== undefined) return []
  const says = `status ${challenged.status} came without a Bearer challenge in WWW-Authenticate`
  return [{ code: 'invalid_token', at: 'WWW-Authenticate', says, standard: 'RFC 6750 §3' }]
}

function failureOf(error: unknown): NonNullable<Connection['failure']> {
  if (error instanceof ConnectFailure) {
    return { reason: error.reason, says: error.message, problems: error.problems }
  }
  return { reason: 'protocol', says: error instanceof Error ? error.message : String(error), problems: [] }
}
