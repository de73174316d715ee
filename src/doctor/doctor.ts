/** One examination of a server: the walk as a client, the further probes, the hosts, then every check, and a report. */

import type { Browser, OpenCallback } from '../client/browser.ts'
import { ConnectFailure } from '../client/connect-failure.ts'
import {
  type ConnectionMemory,
  createConnectionMemory,
  type RegisteredClient,
} from '../client/connection-state.ts'
import { type Connection, connect, type ToolCall } from '../client/connector.ts'
import type { Network } from '../client/network.ts'
import { isPrivateAtSight } from '../client/private-hosts.ts'
import type { Deadlines, Surface } from '../client/surface.ts'
import type { TranscriptStep } from '../client/transcript.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { type Random, systemRandom } from '../platform/crypto.ts'
import { parseUrl } from '../platform/url.ts'
import { boundFetch } from './bounded-fetch.ts'
import { type Check, stages } from './check.ts'
import * as checkIndex from './checks/index.ts'
import { diagnose } from './diagnosis.ts'
import { type EffectWatch, watchEffects } from './effects.ts'
import type { Examination, ProbeRecord, Until } from './examination.ts'
import { readFacts } from './facts.ts'
import { type Grant, type Probe, type ProbeRun, runProbe } from './probe.ts'
import * as probeIndex from './probes/index.ts'
import { lookAtHosts } from './reach.ts'
import { type DoctorReport, reportOf } from './report.ts'
import { readTokenForm } from './token-form.ts'

export interface DoctorOptions {
  url: string
  surface: Surface
  fetch: typeof fetch
  network: Network
  /** Whoever signs in; without one the walk stops before that. */
  browser?: Browser | undefined
  openCallback?: OpenCallback | undefined
  /** How far to go; by default as far as a browser or a token leads. */
  until?: Until | undefined
  /** A token that was come by elsewhere: no sign-in is made. */
  token?: string | undefined
  clientId?: string | undefined
  clientSecret?: string | undefined
  scope?: string | undefined
  /** What an earlier run kept by `onMemory`: judged, whether the server still knows it. */
  remembered?: ConnectionMemory | undefined
  /** Keeps the sign-in of this run for a later one; all else is given back. */
  onMemory?: ((memory: ConnectionMemory) => void | Promise<void>) | undefined
  /** Nothing is called but lists, unless it is named here. */
  calls?: readonly ToolCall[]
  /** Also what uses up grants and tries what must be refused; only on grants that the run made itself. */
  isIntrusive?: boolean
  /** Judge how it is reached from the internet although it is on this machine. */
  asIfPublic?: boolean
  /** For one request; Claude's own deadlines hold where they are shorter. */
  deadlineSeconds?: number
  /** For everything together. */
  limitSeconds?: number
  clock?: Clock
  random?: Random
  stopwatch?: () => number
  onProgress?: ((told: Progress) => void) | undefined
  signal?: AbortSignal | undefined
}

export type Progress =
  | { kind: 'step'; step: TranscriptStep }
  | { kind: 'probe'; title: string }
  /** Said before it is done. */
  | { kind: 'effect'; says: string }

const defaultDeadlineSeconds = 15
export const defaultLimitSeconds = 180
/** For what is asked of a server that did not answer the first request in the whole of its time. */
const silentDeadlineSeconds = 5
/** What a list or a page has at most; a tool's images may come on top. */
const maximumAnswerBytes = 8 * 1024 * 1024

export const allChecks: readonly Check[] = Object.values(checkIndex).flat()
const allProbes: readonly Probe[] = Object.values(probeIndex).toSorted(
  (left, right) => stages.indexOf(left.stage) - stages.indexOf(right.stage),
)

/** Never rejects for what a server does; throws `TypeError` for options that make no sense. */
export async function doctor(options: DoctorOptions): Promise<DoctorReport> {
  const stopwatch = options.stopwatch ?? (() => performance.now())
  const beganAtMs = stopwatch()
  const watch = watchEffects(
    boundFetch(options.fetch, {
      maximumBytes: maximumAnswerBytes,
      seconds: options.deadlineSeconds ?? defaultDeadlineSeconds,
    }),
  )
  const { examination, memory } = await examine(options, watch)
  const { body } = examination.facts.issuerMetadata ?? {}
  await options.onMemory?.(memory)
  const effects = await watch.undo({
    tokenEndpoint: body?.token_endpoint,
    revocationEndpoint: body?.revocation_endpoint,
    kept: options.onMemory === undefined ? undefined : memory.tokens,
  })
  const diagnosis = diagnose(examination, allChecks)
  return reportOf(examination, diagnosis, effects, Math.round(stopwatch() - beganAtMs))
}

/** The one place that reaches out. */
async function examine(
  options: DoctorOptions,
  watch: EffectWatch,
): Promise<{ examination: Examination; memory: ConnectionMemory }> {
  const limit = limitTime(options)
  const deadlineSeconds = options.deadlineSeconds ?? defaultDeadlineSeconds
  const surface = withinPatience(options.surface, deadlineSeconds)
  const until =
    options.until ?? (canSignIn(options) || options.token !== undefined ? 'lists' : 'registration')
  let memory = givenMemory(options)
  try {
    if (until !== 'discovery')
      tellEffect(options, 'if the server takes registrations, one client is registered')
    const walk = await connect({
      ...options,
      surface,
      fetch: watch.fetch,
      until: until === 'lists' ? undefined : until,
      memory,
      onMemory: (changed) => {
        memory = changed
      },
      onStep: (step) => options.onProgress?.({ kind: 'step', step }),
      calls: options.calls ?? [],
      signal: limit.signal,
    })
    const grant: Grant = { tokens: memory.tokens, isOwn: options.token === undefined }
    const grantedToken = memory.tokens?.accessToken
    const probes = await probeAll(options, {
      bench: {
        url: options.url,
        surface,
        walk,
        grant,
        client: Object.values(memory.clients)[0] ?? givenClient(options, walk),
        remembered: options.remembered,
        random: options.random ?? systemRandom,
      },
      browser: options.browser,
      fetch: watch.fetch,
      clock: options.clock ?? systemClock,
      stopwatch: options.stopwatch ?? (() => performance.now()),
      deadlineSeconds: hasAnswered(walk) ? deadlineSeconds : Math.min(deadlineSeconds, silentDeadlineSeconds),
      allowsIntrusion: options.isIntrusive === true,
      onEffect: (says) => tellEffect(options, says),
      signal: limit.signal,
    })
    const seen = { url: options.url, surface, walk, probes }
    const facts = readFacts(seen)
    const hosts = await lookAtHosts(
      [
        { url: options.url, role: 'the MCP server' },
        { url: facts.resourceMetadata?.exchange.url, role: 'its metadata' },
        { url: facts.issuer, role: 'the authorization server' },
        { url: stringOf(facts.issuerMetadata?.body.token_endpoint), role: 'the token endpoint' },
        {
          url: stringOf(facts.issuerMetadata?.body.registration_endpoint),
          role: 'the registration endpoint',
        },
      ],
      options.network,
      deadlineSeconds,
    )
    const isLocal = options.asIfPublic !== true && isPrivateAtSight(new URL(options.url).hostname)
    const tokenForm = grantedToken === undefined ? undefined : readTokenForm(grantedToken)
    const isClientGiven = options.clientId !== undefined
    const examination = { ...seen, isClientGiven, until, isLocal, hosts, tokenForm, facts }
    // A token of `--token` is somebody's, and is not written down.
    return { examination, memory: { ...memory, tokens: grant.isOwn ? grant.tokens : undefined } }
  } finally {
    limit.clear()
  }
}

function canSignIn({ browser, surface }: DoctorOptions): boolean {
  return browser !== undefined && surface.challenges.maximumSignIns > 0
}

function hasAnswered({ transcript }: Connection): boolean {
  return transcript.steps.some(({ exchanges }) => exchanges.some(({ status }) => status !== undefined))
}

/** One after the other, so that what one leaves does not disturb the next; each is quick in itself. */
async function probeAll(options: DoctorOptions, run: ProbeRun): Promise<ProbeRecord[]> {
  const records: ProbeRecord[] = []
  const walked = run.bench.walk.transcript.steps.reduce((sum, step) => sum + step.exchanges.length, 0)
  for (const probe of allProbes) {
    options.onProgress?.({ kind: 'probe', title: probe.title })
    const numbered = records.reduce((sum, { exchanges }) => sum + exchanges.length, walked)
    records.push(await runProbe(probe, run, records, numbered + 1))
  }
  return records
}

function tellEffect(options: DoctorOptions, says: string): void {
  options.onProgress?.({ kind: 'effect', says })
}

/** Claude waits 60 s for an answer and 300 s for a tool; a doctor that did so would not be waited for. */
function withinPatience(surface: Surface, seconds: number): Surface {
  const { source, observedAt, ...deadlines } = surface.deadlines
  const shortened = Object.entries(deadlines).map(([name, own]) => [name, Math.min(own, seconds)])
  return { ...surface, deadlines: { ...surface.deadlines, ...Object.fromEntries(shortened) } as Deadlines }
}

function limitTime(options: DoctorOptions): { signal: AbortSignal; clear(): void } {
  const controller = new AbortController()
  const seconds = options.limitSeconds ?? defaultLimitSeconds
  const stop = (): void => {
    controller.abort(
      new ConnectFailure('not-reached', `the examination was not over within ${seconds} seconds`),
    )
  }
  const timer = setTimeout(stop, seconds * 1000)
  const signals = [controller.signal, ...(options.signal === undefined ? [] : [options.signal])]
  return { signal: AbortSignal.any(signals), clear: () => clearTimeout(timer) }
}

function givenMemory({ token }: DoctorOptions): ConnectionMemory {
  const memory = createConnectionMemory()
  if (token === undefined) return memory
  return {
    ...memory,
    tokens: {
      issuer: '',
      clientId: '',
      accessToken: token,
      expiresAt: undefined,
      refreshToken: undefined,
      scope: undefined,
      resource: undefined,
    },
  }
}

/** Known to the server already, and so in nobody's memory. */
function givenClient(
  { url, surface, clientId, clientSecret }: DoctorOptions,
  walk: Connection,
): RegisteredClient | undefined {
  if (clientId === undefined) return undefined
  const { authorization } = readFacts({ url, surface, walk, probes: [] })
  const redirectUri = parseUrl(authorization?.url ?? '')?.searchParams.get('redirect_uri') ?? ''
  return { clientId, clientSecret, authMethod: undefined, origin: 'configured', redirectUri }
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
