/** Whether several devices can be signed in at once: a client that is shared by all of them gives each its own grant. */

import { type Check, everyClient, needsConsent, notApplicable, passed, violated } from '../check.ts'
import { outcomeOf, probed, probeOf } from '../examination.ts'

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
      const probe = probeOf(examination, 'second-sign-in')
      if (probe?.verdict === 'needs-consent') return needsConsent(probe.why ?? '')
      const [before, second, after] = ['first-before', 'second', 'first-after'].map((label) =>
        probed(examination, 'second-sign-in', label),
      )
      if (before?.status !== 200 || second?.status !== 200 || after === undefined)
        return notApplicable(probe?.why ?? 'nobody signed in twice')
      return after.status === 401
        ? violated(`the first token after a second sign-in: ${outcomeOf(after)}`, after, second)
        : passed
    },
  },
]
