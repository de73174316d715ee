/** The contract of a probe: requests that no client makes on its way, but a verdict needs; each with its label, deadline and size cap. */

import type { Browser } from '../client/browser.ts'
import type { ConnectionMemory, RegisteredClient, RememberedTokens } from '../client/connection-state.ts'
import type { Connection } from '../client/connector.ts'
import type { Surface } from '../client/surface.ts'
import { createTranscript, type OpenExchange, type TranscriptWriter } from '../client/transcript.ts'
import {
  createWire,
  smallAnswerBytes,
  type WireAnswer,
  type WireLimits,
  type WireRequest,
} from '../client/wire.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/crypto.ts'
import { parseUrl } from '../platform/url.ts'
import type { Stage } from './check.ts'
import type { LabelledExchange, ProbeRecord } from './examination.ts'

export interface Probe {
  /** The name by which checks ask for its exchanges. */
  name: string
  /** What it looks at, for people. */
  title: string
  /** Probes run in the order of their stages, so that a later one may use what an earlier one found. */
  stage: Stage
  /** What it leaves behind on the server; undefined for one that only reads. */
  effects: string | undefined
  /** Runs only with `--intrusive`. */
  isIntrusive: boolean
  /** Why it has nothing to look at here; undefined when it can run. */
  cannotRun?(bench: ProbeBench): string | undefined
  run(bench: ProbeBench): Promise<void>
}

/** What a probe may know and do. */
export interface ProbeBench {
  url: string
  surface: Surface
  walk: Connection
  /** In clear, so that probes can send them. A probe that renews them puts the new ones here. */
  grant: Grant
  client: RegisteredClient | undefined
  /** What an earlier run kept. */
  remembered: ConnectionMemory | undefined
  /** Filled by the probes that ran before. */
  earlier: readonly ProbeRecord[]
  random: Random
  /** Undefined when nothing came back; the exchange is written down either way. Redirects are answers. */
  send(label: string, request: WireRequest): Promise<WireAnswer | undefined>
  /** For an answer that may be a stream without end: read until it is enough, at most `seconds` after its head, then ended from here. */
  watch(
    label: string,
    request: WireRequest,
    isEnough: (text: string) => boolean,
    seconds?: number,
  ): Promise<WireAnswer | undefined>
  /** Lets the browser go through a sign-in; where it landed, or undefined. Its exchanges are labelled `label 1`, `label 2`, … */
  visit(label: string, authorizationUrl: string, redirectUri: string): Promise<URL | undefined>
}

export interface Grant {
  tokens: RememberedTokens | undefined
  /** Made by this run; a token of `--token` belongs to somebody, and is not used up. */
  isOwn: boolean
}

export interface ProbeRun {
  bench: Omit<ProbeBench, 'send' | 'watch' | 'visit' | 'earlier'>
  browser: Browser | undefined
  fetch: typeof fetch
  clock: Clock
  stopwatch: () => number
  deadlineSeconds: number
  allowsIntrusion: boolean
  /** Told what a probe will leave behind, before it begins. */
  onEffect(says: string): void
  signal: AbortSignal
}

/** Numbers the exchanges from `firstNumber` on. Never rejects. */
export async function runProbe(
  probe: Probe,
  run: ProbeRun,
  earlier: readonly ProbeRecord[],
  firstNumber: number,
): Promise<ProbeRecord> {
  const { transcript, labels, labelNext } = labelledTranscript(run)
  const wire = createWire({ fetch: run.fetch, transcript, signal: run.signal })
  const limits = { deadlineSeconds: run.deadlineSeconds, maximumBytes: smallAnswerBytes }
  const bench: ProbeBench = {
    ...run.bench,
    earlier,
    async send(label, request) {
      labelNext(label)
      // What came of it is in the transcript, which is all that a check looks at.
      return wire.send(request, limits).catch(() => undefined)
    },
    async watch(label, request, isEnough, seconds = run.deadlineSeconds) {
      labelNext(label)
      const patience = { isEnough, seconds: Math.min(seconds, run.deadlineSeconds) }
      return watch(request, patience, limits, run, transcript).catch(() => undefined)
    },
    async visit(label, authorizationUrl, redirectUri) {
      labelNext(label, 'and-all-that-follow')
      const visited = run.browser?.visit({
        authorizationUrl,
        redirectUri,
        callback: undefined,
        wire,
        transcript,
        signal: run.signal,
      })
      return parseUrl((await visited?.catch(() => undefined)) ?? '')
    },
  }
  const { name, title } = probe
  const record = (verdict: ProbeRecord['verdict'], why: string | undefined): ProbeRecord => {
    const exchanges = transcript.finished().steps.flatMap((step) => step.exchanges)
    const labelled = exchanges.map((exchange, index): LabelledExchange => {
      return { ...exchange, number: firstNumber + index, label: labels[index] ?? '' }
    })
    return { name, title, verdict, why, exchanges: labelled }
  }
  const cannot = probe.cannotRun?.(bench)
  if (cannot !== undefined) return record('not-applicable', cannot)
  if (probe.isIntrusive && !run.allowsIntrusion)
    return record('needs-consent', `needs --intrusive: ${probe.effects}`)
  if (run.signal.aborted) return record('could-not-run', 'the time for the whole run was over')
  if (probe.effects !== undefined) run.onEffect(probe.effects)
  const step = transcript.step('probe', title)
  try {
    await probe.run(bench)
    step.passed('')
    return record('ran', undefined)
  } catch (error) {
    step.failed('')
    return record('could-not-run', error instanceof Error ? error.message : String(error))
  }
}

async function watch(
  request: WireRequest,
  { isEnough, seconds }: { isEnough(text: string): boolean; seconds: number },
  limits: WireLimits,
  run: ProbeRun,
  transcript: TranscriptWriter,
): Promise<WireAnswer> {
  let exchange: OpenExchange | undefined
  const noting: TranscriptWriter = {
    ...transcript,
    exchange(asked) {
      exchange = transcript.exchange(asked)
      return exchange
    },
  }
  const wire = createWire({ fetch: run.fetch, transcript: noting, signal: run.signal })
  const stream = await wire.open(request, limits)
  const { promise: late, resolve: giveUp } = Promise.withResolvers<'late'>()
  const timer = setTimeout(giveUp, seconds * 1000, 'late')
  const reader = stream.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    while (!isEnough(text)) {
      const read = await Promise.race([reader.read(), late])
      if (read === 'late') exchange?.failed(`nothing more came within ${seconds} seconds`)
      if (read === 'late' || read.done) break
      text += decoder.decode(read.value, { stream: true })
    }
  } catch (error) {
    exchange?.failed(`the answer broke off: ${error instanceof Error ? error.message : error}`)
    throw error
  } finally {
    clearTimeout(timer)
    reader.cancel().catch(() => undefined)
    stream.close()
  }
  return { status: stream.status, headers: stream.headers, text }
}

function labelledTranscript({ bench, clock, stopwatch }: ProbeRun): {
  transcript: TranscriptWriter
  labels: readonly string[]
  labelNext(label: string, how?: 'and-all-that-follow'): void
} {
  const transcript = createTranscript({ surface: bench.surface.name, url: bench.url, clock, stopwatch })
  transcript.mask.learn('access_token', bench.grant.tokens?.accessToken)
  transcript.mask.learn('refresh_token', bench.grant.tokens?.refreshToken)
  transcript.mask.learn('client_secret', bench.client?.clientSecret)
  const labels: string[] = []
  let next = ''
  let following: number | undefined
  return {
    transcript: {
      ...transcript,
      exchange(request) {
        labels.push(following === undefined ? next : `${next} ${++following}`)
        return transcript.exchange(request)
      },
    },
    labels,
    labelNext(label, how) {
      next = label
      following = how === undefined ? undefined : 0
    },
  }
}
