/** Whether several devices can be signed in at once: a client that is shared by all of them gives each its own grant. */

import { type Check, everyClient, passed, violated } from '../check.ts'
import { outcomeOf, probed } from '../examination.ts'
import { unasked } from '../probe-answers.ts'

export const secondSignIn: readonly Check[] = [
  {
    id: 'other-grants-revoked',
    title: 'A second sign-in ends the first',
    stage: 'staying',
    rank: 45,
    severity: 'error',
    source: 'https://github.com/getsentry/sentry-mcp/issues/924',
    claude:
      'Has one client id for all of a person’s devices (a metadata document, or one registration shared by processes): whoever signs in signs the others out.',
    seen: 'Connection has expired',
    clients: everyClient,
    party: 'authorization-server',
    fix: {
      general:
        'Keep a grant for each sign-in; when a new one comes, leave the older ones of the same person and client alone.',
    },
    judge: (examination) => {
      const [before, second, after] = ['first-before', 'second', 'first-after'].map((label) =>
        probed(examination, 'second-sign-in', label),
      )
      if (before?.status !== 200 || second?.status !== 200 || after === undefined)
        return unasked(examination, 'second-sign-in', 'nobody signed in twice')
      return after.status === 401
        ? violated(`the first token after a second sign-in: ${outcomeOf(after)}`, after, second)
        : passed
    },
  },
]
