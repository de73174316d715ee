/** One run of the connector: what it has found so far, and how an attempt becomes a step of the transcript. */

import type { Problem } from '../oauth/errors.ts'
import { ConnectFailure } from './connect-failure.ts'
import type { Connection, ConnectOptions } from './connector.ts'
import type { Flow } from './flow.ts'
import { Challenged } from './mcp-errors.ts'
import type { McpSession } from './mcp-session.ts'
import type { OpenStep } from './transcript.ts'

export interface Run {
  options: ConnectOptions
  flow: Flow
  session: McpSession | undefined
  remarksTold: number
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

/** Gives the step its verdict when the attempt fails; the attempt itself gives it when it does not. */
export async function inStep<T>(step: OpenStep, action: () => Promise<T>): Promise<T> {
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
  if (challenged.hadToken)
    return `the token is not ${challenged.status === 401 ? 'accepted' : 'enough'}: ${challenged.message}`
  const pointer = challenged.challenge?.resourceMetadata
  const where = pointer === undefined ? 'without a pointer to its metadata' : `pointing to ${pointer}`
  return `${challenged.message}, ${where}`
}

function challengeProblems(challenged: Challenged): Problem[] {
  if (challenged.challenge !== undefined) return []
  const says = `status ${challenged.status} came without a Bearer challenge in WWW-Authenticate`
  return [{ code: 'invalid_token', at: 'WWW-Authenticate', says, standard: 'RFC 6750 §3' }]
}

export function failureOf(error: unknown): NonNullable<Connection['failure']> {
  if (error instanceof ConnectFailure) {
    return { reason: error.reason, says: error.message, problems: error.problems }
  }
  return { reason: 'protocol', says: error instanceof Error ? error.message : String(error), problems: [] }
}
