/** A connection as one surface makes it, step by step: knock, sign in as asked, open the session, list, call, read, refresh. */

import type { Problem } from '../oauth/errors.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { type Random, systemRandom } from '../platform/crypto.ts'
import { parseUrl } from '../platform/url.ts'
import type { Browser, OpenCallback } from './browser.ts'
import type { FailureReason } from './connect-failure.ts'
import { type ConnectionMemory, createConnectionMemory } from './connection-state.ts'
import { doErrands, listAll, refreshAndRepeat } from './errands.ts'
import type { Flow, Until } from './flow.ts'
import type { McpServer, McpSession } from './mcp-session.ts'
import { openSession } from './opening.ts'
import { failureOf, type Run } from './run.ts'
import { revoke, stopAfter } from './sign-in.ts'
import type { Surface } from './surface.ts'
import { createTranscript, type Transcript, type TranscriptStep } from './transcript.ts'
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
  /** The lists are known from an earlier connection, and are not asked for. */
  keepsLists?: boolean
  /** Stop when this is done: with `forget` nothing further, before anybody registers, or before anybody signs in. */
  until?: Until | undefined
  /** Answers an elicitation by its schema's defaults, where the surface declares the capability; otherwise it is cancelled. */
  acceptElicitation?: boolean
  signal?: AbortSignal | undefined
  onStep?: (step: TranscriptStep) => void
  /** Told of a step that goes on, whenever an answer has arrived. */
  onExchange?: (step: TranscriptStep) => void
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
    stopAfter(run.flow, 'forgotten')
    await openSession(run)
    if (options.keepsLists !== true) await listAll(run)
    await doErrands(run)
    if (options.refresh === true) await refreshAndRepeat(run)
  } catch (error) {
    run.found.failure = failureOf(error)
  } finally {
    await run.session?.close().catch(() => undefined)
  }
  // A tool may give back what it was called with; no secret leaves in a result either.
  return { ...run.flow.transcript.mask.deep(run.found), transcript: run.flow.transcript.finished() }
}

function begin(options: ConnectOptions): Run {
  const url = parseUrl(options.url)
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`${JSON.stringify(options.url)} is no http or https URL`)
  }
  if (options.clientSecret !== undefined && options.clientId === undefined) {
    throw new TypeError('a client secret needs its client id')
  }
  const serverUrl = options.url.split('#', 1)[0] ?? url.href
  const clock = options.clock ?? systemClock
  const transcript = createTranscript({
    surface: options.surface.name,
    url: serverUrl,
    clock,
    stopwatch: options.stopwatch ?? (() => performance.now()),
    onStep: options.onStep,
    onExchange: options.onExchange,
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
    until: options.until,
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
  return {
    options,
    flow,
    session: undefined,
    remarksTold: 0,
    rejections: 0,
    isAccepted: false,
    sessionsLost: 0,
    found,
  }
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
