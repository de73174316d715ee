/** Why a connection came to nothing, by cause: the command line turns the cause into an exit code. */

import type { Problem } from '../oauth/errors.ts'

/** `usage`: the caller asked for something impossible. `stopped`: the caller wanted no more. */
export type FailureReason = 'stopped' | 'usage' | 'sign-in' | 'not-reached' | 'tool' | 'protocol'

export class ConnectFailure extends Error {
  readonly reason: FailureReason
  readonly problems: readonly Problem[]

  constructor(
    reason: FailureReason,
    says: string,
    options: ErrorOptions & { problems?: readonly Problem[] } = {},
  ) {
    super(says, options)
    this.name = 'ConnectFailure'
    this.reason = reason
    this.problems = options.problems ?? []
  }
}
