/** Whether a connection lasts: renewal works, survives a lost answer, and a dead refresh token is told as one (OAuth 2.1 §4.3, RFC 6749 §5.2). */

import { type Check, everyClient, passed, violated } from '../check.ts'
import { type Exchange, jsonOf, outcomeOf, quoted } from '../examination.ts'
import { judgeAnswer } from '../probe-answers.ts'

const shared = {
  stage: 'staying',
  severity: 'error',
  seen: 'Connection has expired',
  clients: everyClient,
  party: 'authorization-server',
} as const

/** Documented for hosted Claude, 2026-09. */
const patienceSeconds = 30

export const renewal: readonly Check[] = [
  {
    ...shared,
    id: 'renewal-refused',
    title: 'The refresh token is refused',
    rank: 20,
    source: 'OAuth 2.1 §4.3',
    claude: 'Asks the person to connect again as soon as the first token expires.',
    fix: {
      general: 'Let the same client renew with the same `client_id` and `resource` as it signed in with.',
    },
    consequenceOf: ['renewal-too-slow'],
    judge: withRenewal('renew', (answer) => {
      const isRenewed = answer.status === 200 && typeof jsonOf(answer)?.access_token === 'string'
      return isRenewed ? passed : violated(`renewal: ${told(answer)}`, answer)
    }),
  },
  {
    ...shared,
    id: 'renewed-token-refused',
    title: 'The server refuses the token that the renewal gave',
    rank: 25,
    source: 'https://github.com/getsentry/sentry-mcp/blob/main/docs/operations/oauth-signout-playbook.md',
    claude: 'Renews, is refused, renews again: an endless row of 401, until the person connects again.',
    party: 'server',
    fix: {
      general:
        'Let a renewal fail with invalid_grant when what stands behind it is gone, and accept what it gave otherwise.',
    },
    judge: withRenewal('call-renewed', (answer) => {
      return answer.status === 401 || answer.status === 403
        ? violated(`with the renewed token: ${outcomeOf(answer)}`, answer)
        : passed
    }),
  },
  {
    ...shared,
    id: 'renewal-too-slow',
    title: 'The renewal takes too long',
    rank: 30,
    source: 'https://claude.com/docs/connectors/building/authentication',
    claude: `Waits ${patienceSeconds} seconds; then the new refresh token is lost, and the old one may already be void.`,
    fix: {
      general:
        'Renew from the own records, without waiting for another service; and give the same answer to the same refresh token once more.',
    },
    judge: withRenewal('renew', (answer) => {
      const seconds = Math.round((answer.durationMs ?? 0) / 1000)
      const isLate = answer.status === undefined && /within \d/.test(answer.failure ?? '')
      if (isLate) return violated(`renewal: ${outcomeOf(answer)}`, answer)
      return seconds > patienceSeconds ? violated(`the renewal took ${seconds} seconds`, answer) : passed
    }),
  },
  {
    ...shared,
    id: 'lost-renewal-ends-session',
    title: 'A refresh token that is shown twice ends the session',
    rank: 40,
    source: 'https://github.com/anthropics/claude-code/issues/85236',
    claude:
      'Renews from several places at once, and sometimes loses the answer: people have to sign in every day.',
    fix: { general: 'Give the same answer again to the same refresh token for 30 to 60 seconds.' },
    consequenceOf: ['renewal-refused', 'renewal-too-slow'],
    judge: withRenewal('renew-again', (answer) => {
      return answer.status === 200
        ? passed
        : violated(`the same refresh token again: ${told(answer)}`, answer)
    }),
  },
  {
    ...shared,
    id: 'dead-refresh-token-unclear',
    title: 'A dead refresh token is not answered with invalid_grant',
    rank: 50,
    source: 'https://claude.com/docs/connectors/building/authentication',
    claude: 'Signs in again only after `invalid_grant`; after anything else the connection is stuck.',
    fix: { general: 'Answer 400 with `{"error": "invalid_grant"}`.' },
    judge: withRenewal('renew-with-nobodys', (answer) => {
      const isClear = answer.status === 400 && jsonOf(answer)?.error === 'invalid_grant'
      return isClear ? passed : violated(`a refresh token of nobody: ${told(answer)}`, answer)
    }),
  },
]

function withRenewal(label: string, judge: (answer: Exchange) => ReturnType<Check['judge']>): Check['judge'] {
  return judgeAnswer('renewal', label, 'nothing was renewed', judge)
}

function told(answer: Exchange): string {
  const error = jsonOf(answer)?.error
  return error === undefined ? outcomeOf(answer) : `${outcomeOf(answer)}, error ${quoted(error)}`
}
