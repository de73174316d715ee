/** The transcript of a connection: every exchange and the verdict on every step, with all secrets masked, as plain JSON. */

import type { Problem } from '../oauth/errors.ts'
import type { Clock } from '../platform/clock.ts'
import { createMask, type Mask } from './mask.ts'

export const transcriptVersion = 1

export type StepName =
  | 'probe'
  | 'discovery'
  | 'registration'
  | 'authorization'
  | 'token'
  | 'session'
  | 'lists'
  | 'call'
  | 'read'
  | 'refresh'
  | 'revocation'

/** Skipped: nothing asked for it, or it was interrupted for a token and is begun again further down. */
export type Verdict = 'passed' | 'failed' | 'skipped'

export interface TranscriptExchange {
  /** Counted over the whole transcript. */
  number: number
  method: string
  url: string
  requestHeaders: Readonly<Record<string, string>>
  requestBody: string | undefined
  /** Undefined while nothing came back; then `failure` says why. */
  status: number | undefined
  responseHeaders: Readonly<Record<string, string>>
  /** At most `keptCharacters`; of a stream, what had arrived. */
  responseBody: string | undefined
  failure: string | undefined
  /** Since the transcript began, in milliseconds. */
  startedAtMs: number
  durationMs: number | undefined
}

export interface TranscriptStep {
  number: number
  name: StepName
  title: string
  verdict: Verdict
  /** One plain sentence. */
  says: string
  problems: readonly Problem[]
  exchanges: readonly TranscriptExchange[]
  durationMs: number
}

export interface Transcript {
  transcriptVersion: typeof transcriptVersion
  surface: string
  url: string
  /** Epoch seconds. */
  startedAt: number
  steps: readonly TranscriptStep[]
}

/** Longer bodies are cut in the transcript, not on the wire. */
const keptCharacters = 64 * 1024

/** An exchange while it happens. */
export interface OpenExchange {
  answered(status: number, headers: Headers): void
  received(text: string): void
  failed(why: string): void
  done(): void
}

export interface OpenStep {
  readonly name: StepName
  readonly isOpen: boolean
  passed(says: string, problems?: readonly Problem[]): void
  failed(says: string, problems?: readonly Problem[]): void
  skipped(says: string): void
}

export interface TranscriptWriter {
  readonly mask: Mask
  /** Begins a step: exchanges belong to the last one that is still open. */
  step(name: StepName, title: string): OpenStep
  exchange(request: {
    method: string
    url: string
    headers: Readonly<Record<string, string>>
    body: string | undefined
  }): OpenExchange
  finished(): Transcript
}

export interface TranscriptOptions {
  surface: string
  url: string
  clock: Clock
  /** Milliseconds that only grow. */
  stopwatch: () => number
  /** Told of each step as it gets its verdict. */
  onStep?: ((step: TranscriptStep) => void) | undefined
  /** Told of a step without a verdict, whenever an answer has arrived. */
  onExchange?: ((step: TranscriptStep) => void) | undefined
}

interface StepRecord extends Omit<TranscriptStep, 'exchanges'> {
  exchanges: TranscriptExchange[]
  startedAtMs: number
  closed: boolean
}

export function createTranscript(options: TranscriptOptions): TranscriptWriter {
  const mask = createMask()
  const beganAtMs = options.stopwatch()
  const startedAt = options.clock()
  const steps: StepRecord[] = []
  let exchanges = 0
  const sinceStart = (): number => Math.round(options.stopwatch() - beganAtMs)

  return { mask, step, exchange, finished }

  function step(name: StepName, title: string): OpenStep {
    const record: StepRecord = {
      number: steps.length + 1,
      name,
      title,
      verdict: 'failed',
      says: 'was not finished',
      problems: [],
      exchanges: [],
      durationMs: 0,
      startedAtMs: sinceStart(),
      closed: false,
    }
    steps.push(record)
    const close = (verdict: Verdict, says: string, problems: readonly Problem[]): void => {
      if (record.closed) return
      Object.assign(record, { verdict, says, problems, closed: true })
      record.durationMs = sinceStart() - record.startedAtMs
      options.onStep?.(shown(record))
    }
    return {
      name,
      get isOpen() {
        return !record.closed
      },
      passed: (says, problems = []) => close('passed', says, problems),
      failed: (says, problems = []) => close('failed', says, problems),
      skipped: (says) => close('skipped', says, []),
    }
  }

  function exchange(request: Parameters<TranscriptWriter['exchange']>[0]): OpenExchange {
    mask.learnRequest(request)
    const record: TranscriptExchange = {
      number: ++exchanges,
      method: request.method,
      url: request.url,
      requestHeaders: request.headers,
      requestBody: cut(request.body),
      status: undefined,
      responseHeaders: {},
      responseBody: undefined,
      failure: undefined,
      startedAtMs: sinceStart(),
      durationMs: undefined,
    }
    // A token may be refreshed in the middle of another step; what follows belongs to that one again.
    const current = steps.findLast(({ closed }) => !closed) ?? steps.at(-1)
    current?.exchanges.push(record)
    const ended = (): void => {
      record.durationMs = sinceStart() - record.startedAtMs
      if (current?.closed === false) options.onExchange?.(shown(current))
    }
    return {
      answered(status, headers) {
        mask.learnHeaders(headers)
        record.status = status
        record.responseHeaders = Object.fromEntries(headers)
      },
      received(text) {
        mask.learnBody(text)
        record.responseBody = cut((record.responseBody ?? '') + text)
      },
      failed(why) {
        record.failure = why
        ended()
      },
      done: ended,
    }
  }

  function finished(): Transcript {
    return {
      transcriptVersion,
      surface: options.surface,
      url: mask.text(options.url),
      startedAt,
      steps: steps.map(shown),
    }
  }

  /** Masked only now: a secret may be learned after it was first written down. */
  function shown(record: StepRecord): TranscriptStep {
    const { startedAtMs: _, closed: __, ...kept } = record
    return mask.deep(kept)
  }
}

function cut(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= keptCharacters) return text
  return `${text.slice(0, keptCharacters)}… (cut)`
}
