/** One run of the connector, watched while it happens. */

import type { Browser } from '../client/browser.ts'
import { ConnectFailure } from '../client/connect-failure.ts'
import { type Connection, type ConnectOptions, connect } from '../client/connector.ts'
import type { TranscriptStep } from '../client/transcript.ts'

export interface Attempt {
  purpose: string
  /** In their order; one that goes on has no verdict yet. */
  steps: readonly WatchedStep[]
  isRunning: boolean
  /** Asked and not yet answered. */
  waitingFor: string | undefined
  /** Where a person has to go, for clients that take the answer on this machine. */
  signInUrl: string | undefined
  failure: string | undefined
  stop(): void
}

export interface WatchedStep extends TranscriptStep {
  isUnderWay: boolean
}

export interface AttemptOptions extends Omit<ConnectOptions, 'browser'> {
  browser?: SignInWay
}

/** `shown`: a person opens the sign-in in the browser in which this page is open. */
export type SignInWay = Browser | 'shown' | undefined

export interface RunningAttempt {
  attempt: Attempt
  /** Never rejects; without a connection when its options made no sense. */
  ended: Promise<{ connection: Connection | undefined }>
}

/** A person may have to look for a password first. */
const attemptSeconds = 600

export function runAttempt(purpose: string, options: AttemptOptions): RunningAttempt {
  const steps = new Map<number, WatchedStep>()
  const stopped = new AbortController()
  const attempt: Attempt = {
    purpose,
    get steps() {
      return [...steps.values()].toSorted((left, right) => left.number - right.number)
    },
    isRunning: true,
    waitingFor: undefined,
    signInUrl: undefined,
    failure: undefined,
    stop: () => stopped.abort(new ConnectFailure('sign-in', 'it was stopped')),
  }
  const timer = setTimeout(() => {
    stopped.abort(new ConnectFailure('not-reached', `it was not over within ${attemptSeconds} seconds`))
  }, attemptSeconds * 1000)
  const watched: ConnectOptions = {
    ...options,
    browser: options.browser === 'shown' ? shownIn(attempt) : options.browser,
    fetch: watch(options.fetch, attempt),
    onStep: (step) => steps.set(step.number, { ...step, isUnderWay: false }),
    onExchange: (step) => steps.set(step.number, { ...step, isUnderWay: true }),
    signal: stopped.signal,
  }
  const ended = connect(watched)
    .then(
      (connection) => ({ connection, failure: connection.failure }),
      (error: unknown) => ({ connection: undefined, failure: { reason: 'usage', says: String(error) } }),
    )
    .then(({ connection, failure }) => {
      clearTimeout(timer)
      attempt.failure = failure?.reason === 'stopped' ? undefined : failure?.says
      attempt.signInUrl = undefined
      attempt.isRunning = false
      return { connection }
    })
  return { attempt, ended }
}

function watch(outward: typeof fetch, attempt: Attempt): typeof fetch {
  return async (input, init) => {
    attempt.waitingFor = `${init?.method ?? 'GET'} ${String(input)}`
    try {
      return await outward(input, init)
    } finally {
      attempt.waitingFor = undefined
    }
  }
}

/** Shows the person where to sign in, and waits: for clients whose answer comes to this machine. */
function shownIn(attempt: Attempt): Browser {
  return {
    name: 'system',
    catchesForeignRedirects: false,
    async visit({ authorizationUrl, callback }) {
      if (callback === undefined) throw new TypeError('there is no callback on this machine to wait at')
      attempt.signInUrl = authorizationUrl
      return callback.received
    },
  }
}
