/** The test kit for authors of MCP servers: one of Claude's clients at their server, and assertions on what went over the wire. */

import { createFetchBrowser, type Login } from '../client/browser-fetch.ts'
import { type ConnectionMemory, createConnectionMemory } from '../client/connection-state.ts'
import { type Connection, connect, type Listed, type ToolCall } from '../client/connector.ts'
import { openLoopbackCallback } from '../client/loopback-callback-node.ts'
import type { Network } from '../client/network.ts'
import { createSystemNetwork } from '../client/network-node.ts'
import { createPlainFetch, type PlainFetch } from '../client/plain-fetch-node.ts'
import { type MayBePrivate, privateHostsOf } from '../client/private-hosts.ts'
import type { Surface } from '../client/surface.ts'
import * as surfaces from '../client/surfaces/index.ts'
import type { StepName, Transcript, TranscriptExchange, Verdict } from '../client/transcript.ts'
import { hostedVariant } from '../client/variants.ts'
import { doctor } from '../doctor/doctor.ts'
import type { DoctorReport } from '../doctor/report.ts'

/** A client by its name (`claude-hosted`, `claude-hosted+origin`), or a profile of your own. */
export type ClientName = string | Surface

export interface TestConnectOptions {
  /** Who signs in where a page asks for it. Without one, pages are clicked through. */
  login?: Login | undefined
  /** For a server in this process: `(request) => app.fetch(request)`. No socket is opened then. */
  fetch?: ((request: Request) => Response | Promise<Response>) | undefined
  /** A token that was come by elsewhere. */
  token?: string | undefined
  clientId?: string | undefined
  clientSecret?: string | undefined
  scope?: string | undefined
  /** Go also to private addresses that the metadata of a public server leads to. A server of this machine, or by a private address, leads there anyhow. */
  allowPrivateAddresses?: boolean
  /** Tools to call while it connects; `call` does it later. */
  calls?: readonly ToolCall[]
  /** For everything together. */
  timeoutSeconds?: number
}

/** Thrown by every `expect…`; its message tells the whole way, step by step. */
export class TranscriptAssertion extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'TranscriptAssertion'
  }
}

export interface ConnectedClient {
  readonly connection: Connection
  readonly transcript: Transcript
  /** It signed in where that was asked for, opened a session and listed. */
  expectConnected(): void
  /** It did not, and the reason has these words in it. */
  expectRefused(words: string | RegExp): void
  /** Every one of these is among the tools. */
  expectTools(...names: readonly string[]): void
  expectStep(name: StepName, verdict?: Verdict): void
  /** The steps in their order, each only once where it is repeated at once. */
  expectSteps(...names: readonly StepName[]): void
  /** The last such request, for closer looks. The path is compared as a whole, or by the expression. */
  expectRequest(method: string, path: string | RegExp): TranscriptExchange
  expectNoRequest(method: string, path: string | RegExp): void
  /** In a later conversation, with what this client remembers: no sign-in, if the server keeps its word. */
  call(name: string, args?: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>
  /** The token is renewed and everything listed again. */
  refresh(): Promise<void>
}

/** Never rejects for what a server does: `expectConnected` tells. Rejects with `TypeError` for options that make no sense. */
export async function connectAs(
  client: ClientName,
  url: string,
  options: TestConnectOptions = {},
): Promise<ConnectedClient> {
  const surface = surfaceOf(client)
  const mayBePrivate = privateHostsOf(url, options.allowPrivateAddresses)
  let memory: ConnectionMemory = rememberedToken(options)
  const again = async (calls: readonly ToolCall[], refresh = false): Promise<Connection> => {
    const outward = outwardOf(options, mayBePrivate)
    try {
      return await connect({
        url,
        surface,
        fetch: outward.fetch,
        browser: createFetchBrowser(options.login),
        openCallback: openLoopbackCallback,
        memory,
        onMemory: (changed) => {
          memory = changed
        },
        clientId: options.clientId,
        clientSecret: options.clientSecret,
        scope: options.scope,
        calls,
        refresh,
        signal: AbortSignal.timeout((options.timeoutSeconds ?? defaultTimeoutSeconds) * 1000),
      })
    } finally {
      await outward.close()
    }
  }
  return connectedClient(await again(options.calls ?? []), again)
}

/** Shorter than the patience of test runners, so that it is this message that is read. */
const defaultTimeoutSeconds = 20

export interface ExamineOptions extends TestConnectOptions {
  /** Also renew tokens and try what must be refused. */
  intrusive?: boolean
}

export interface ExaminedServer {
  readonly report: DoctorReport
  /** No finding of severity error, other than these. */
  expectHealthy(options?: { except?: readonly string[]; warnings?: 'allowed' | 'refused' }): void
  /** For a server that shall be broken: this is found first. */
  expectFirst(id: string): void
}

/** The whole doctor, as `postern doctor URL`. */
export async function examineAs(
  client: ClientName,
  url: string,
  options: ExamineOptions = {},
): Promise<ExaminedServer> {
  const mayBePrivate = privateHostsOf(url, options.allowPrivateAddresses)
  const outward = outwardOf(options, mayBePrivate)
  try {
    const report = await doctor({
      url,
      surface: surfaceOf(client),
      fetch: outward.fetch,
      network: options.fetch === undefined ? createSystemNetwork({ mayBePrivate }) : noNetwork,
      browser: options.token === undefined ? createFetchBrowser(options.login) : undefined,
      openCallback: openLoopbackCallback,
      token: options.token,
      clientId: options.clientId,
      clientSecret: options.clientSecret,
      scope: options.scope,
      calls: options.calls ?? [],
      isIntrusive: options.intrusive === true,
      limitSeconds: options.timeoutSeconds ?? defaultTimeoutSeconds,
    })
    return examinedServer(report)
  } finally {
    await outward.close()
  }
}

/** A server in this process has no address and no certificate to look at. */
const noNetwork: Network = {
  addresses: () => Promise.reject(new Error('in process')),
  handshake: () => Promise.reject(new Error('in process')),
}

function surfaceOf(client: ClientName): Surface {
  if (typeof client !== 'string') return client
  const [name, variant] = client.split('+', 2)
  if (variant !== undefined && name === surfaces.claudeHosted.name) return hostedVariant(variant)
  const known: readonly Surface[] = Object.values(surfaces)
  const found = known.find((surface) => surface.name === client)
  if (found !== undefined) return found
  const names = known.map((surface) => surface.name).join(', ')
  throw new TypeError(`${JSON.stringify(client)} is no client that is known; known are ${names}`)
}

function outwardOf({ fetch: handle }: TestConnectOptions, mayBePrivate: MayBePrivate): PlainFetch {
  if (handle === undefined) return createPlainFetch(mayBePrivate)
  return { fetch: async (input, init) => handle(new Request(input, init)), close: async () => undefined }
}

function rememberedToken({ token }: TestConnectOptions): ConnectionMemory {
  const memory = createConnectionMemory()
  if (token === undefined) return memory
  const unknown = { expiresAt: undefined, refreshToken: undefined, scope: undefined, resource: undefined }
  return { ...memory, tokens: { issuer: '', clientId: '', accessToken: token, ...unknown } }
}

function connectedClient(
  connection: Connection,
  again: (calls: readonly ToolCall[], refresh?: boolean) => Promise<Connection>,
): ConnectedClient {
  const { transcript } = connection
  const exchanges = transcript.steps.flatMap((step) => step.exchanges)
  const fail = (says: string): never => {
    throw new TranscriptAssertion(`${says}\n\n${story(connection)}`)
  }
  const matching = (method: string, path: string | RegExp): TranscriptExchange[] =>
    exchanges.filter((exchange) => exchange.method === method && isAt(exchange.url, path))
  return {
    connection,
    transcript,
    expectConnected() {
      if (connection.failure !== undefined) fail(`It did not connect: ${connection.failure.says}.`)
    },
    expectRefused(words) {
      const says = connection.failure?.says ?? fail('It connected, and should have been refused.')
      const isMeant = typeof words === 'string' ? says.includes(words) : words.test(says)
      if (!isMeant) fail(`It was refused for another reason: ${says}.`)
    },
    expectTools(...names) {
      const offered = connection.tools.map((tool: Listed) => String(tool.name))
      const missing = names.filter((name) => !offered.includes(name))
      if (missing.length > 0)
        fail(`${missing.join(', ')} is not among the tools: ${offered.join(', ') || 'there are none'}.`)
    },
    expectStep(name, verdict = 'passed') {
      const steps = transcript.steps.filter((step) => step.name === name)
      if (!steps.some((step) => step.verdict === verdict))
        fail(`No step ${name} ${verdict}${steps.length === 0 ? '; it never came to that step' : ''}.`)
    },
    expectSteps(...names) {
      const took = transcript.steps.map((step) => step.name)
      const told = took.filter((name, index) => name !== took[index - 1])
      if (told.join() !== names.join()) fail(`It took the steps ${told.join(', ')}.`)
    },
    expectRequest(method, path) {
      return matching(method, path).at(-1) ?? fail(`${method} ${path} was not asked for.`)
    },
    expectNoRequest(method, path) {
      if (matching(method, path).length > 0) fail(`${method} ${path} was asked for.`)
    },
    async call(name, args = {}) {
      const later = await again([{ name, arguments: args }])
      const result = later.calls[0]?.result
      if (result !== undefined && later.failure === undefined) return result
      throw new TranscriptAssertion(`${name}: ${later.failure?.says ?? 'no result'}.\n\n${story(later)}`)
    },
    async refresh() {
      const later = await again([], true)
      if (later.failure !== undefined)
        throw new TranscriptAssertion(`The token was not renewed: ${later.failure.says}.\n\n${story(later)}`)
    },
  }
}

function examinedServer(report: DoctorReport): ExaminedServer {
  const told = (): string =>
    report.findings
      .map(({ id, severity, cause, fix }) => `${severity} ${id}: ${cause}\n  Fix: ${fix}`)
      .join('\n')
  return {
    report,
    expectHealthy({ except = [], warnings = 'allowed' } = {}) {
      const faults = report.findings.filter(({ id, severity }) => {
        return !except.includes(id) && (severity === 'error' || warnings === 'refused')
      })
      if (faults.length > 0)
        throw new TranscriptAssertion(`The doctor found ${faults[0]?.title}.\n\n${told()}`)
    },
    expectFirst(id) {
      const first = report.findings[0]?.id ?? 'nothing'
      if (first !== id)
        throw new TranscriptAssertion(`The doctor found ${first} first, not ${id}.\n\n${told()}`)
    },
  }
}

function isAt(url: string, path: string | RegExp): boolean {
  const { pathname } = new URL(url)
  return typeof path === 'string' ? pathname === path : path.test(pathname)
}

/** What a person needs who sees only the output of a test run. */
function story({ transcript }: Connection): string {
  const lines = transcript.steps.flatMap(({ title, verdict, says, exchanges, problems }) => [
    `${verdict.padEnd(7)} ${title}: ${says}`,
    ...problems.map((problem) => `        ${problem.says} (${problem.standard})`),
    ...exchanges.map(({ method, url, status, failure }) => {
      return `        ${method} ${url} -> ${status ?? failure ?? 'no answer'}`
    }),
  ])
  return [`As ${transcript.surface} at ${transcript.url}:`, ...lines].join('\n')
}
