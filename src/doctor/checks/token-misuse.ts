/** Whether tokens open only what they were given for, and only where they belong (RFC 8707 §2, RFC 6750 §2.3, MCP 2025-11-25 authorization). */

import { type Check, everyClient, notApplicable, passed, violated } from '../check.ts'
import type { Examination, Exchange } from '../examination.ts'
import { judgeAnswer } from '../probe-answers.ts'
import { otherServer } from '../probes/token-misuse.ts'
import { isAnswered } from '../protocol-facts.ts'

const shared = {
  stage: 'security',
  severity: 'warning',
  clients: everyClient,
} as const

export const tokenMisuse: readonly Check[] = [
  {
    ...shared,
    id: 'foreign-token-accepted',
    title: 'A token that was asked for another server opens this one',
    rank: 30,
    source: 'MCP 2025-11-25 authorization, token audience binding',
    claude: 'Works; but whoever gets a token for another server of the same sign-in can use it here.',
    party: 'server',
    fix: {
      general:
        'Let the authorization server refuse a `resource` that it does not know with invalid_target, or write it into `aud`; and let the server take only tokens whose audience is its own URL.',
    },
    judge: withMisuse('foreign-used', (used) => {
      return isAnswered(used)
        ? violated(`a token that was asked for ${otherServer} is accepted`, used)
        : passed
    }),
  },
  {
    ...shared,
    id: 'token-in-address-accepted',
    title: 'A token in the address is accepted',
    rank: 40,
    source: 'OAuth 2.1 §5.1.1, MCP 2025-11-25 authorization',
    claude: 'Never sends one there; but addresses stand in logs and histories, and tokens with them.',
    party: 'server',
    fix: { general: 'Take tokens from the Authorization header only.' },
    judge: withMisuse('in-address', (used, examination) => {
      if (examination.facts.initialize?.status !== 401) return notApplicable('no token is needed')
      return isAnswered(used)
        ? violated('initialize with access_token in the query is answered', used)
        : passed
    }),
  },
]

function withMisuse(
  label: string,
  judge: (exchange: Exchange, examination: Examination) => ReturnType<Check['judge']>,
): Check['judge'] {
  return judgeAnswer('token-misuse', label, 'no such token was given', judge)
}
