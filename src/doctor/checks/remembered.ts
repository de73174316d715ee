/** What a server still knows of a sign-in that an earlier run kept: after a restart, a deployment, or a night. */

import { type Check, couldNotRun, everyClient, passed, violated } from '../check.ts'
import { type Exchange, outcomeOf, quoted } from '../examination.ts'
import { tokenErrorOf } from '../oauth-requests.ts'
import { judgeAnswer } from '../probe-answers.ts'

const shared = {
  stage: 'staying',
  severity: 'error',
  seen: 'Connection has expired',
  clients: everyClient,
  party: 'authorization-server',
} as const

export const remembered: readonly Check[] = [
  {
    ...shared,
    id: 'client-forgotten',
    title: 'The client that an earlier run registered is no longer known',
    rank: 10,
    source: 'OAuth 2.1 §3.2.4, https://claude.com/docs/connectors/building/authentication',
    claude:
      'Keeps its client id as long as the connector stands: after a restart everybody has to remove it and add it again.',
    fix: {
      general: 'Keep registrations where a restart and every instance find them: on disk or in a database.',
    },
    judge: withKept((answer, error) => {
      return error === 'invalid_client' || error === 'unauthorized_client'
        ? violated(`renewal of the earlier run’s sign-in: ${told(answer, error)}`, answer)
        : passed
    }),
  },
  {
    ...shared,
    id: 'grant-forgotten',
    title: 'The sign-in of an earlier run is no longer known',
    rank: 12,
    source: 'https://claude.com/docs/connectors/building/authentication',
    claude:
      'Asks everybody to connect again after each restart, or long before the sign-in should have ended.',
    fix: {
      general:
        'Keep refresh tokens and signing keys where a restart finds them; and look at what clears old records: seconds taken for milliseconds clear all of them.',
    },
    consequenceOf: ['client-forgotten'],
    judge: withKept((answer, error) => {
      return answer.status === 200
        ? passed
        : violated(`renewal of the earlier run’s sign-in: ${told(answer, error)}`, answer)
    }),
  },
]

function withKept(
  judge: (answer: Exchange, error: string | undefined) => ReturnType<Check['judge']>,
): Check['judge'] {
  return judgeAnswer('remembered', 'renew', 'nothing was kept', (answer) => {
    const { status } = answer
    if (status === undefined || status === 429 || status >= 500)
      return couldNotRun(`it was answered with ${outcomeOf(answer)}`)
    return judge(answer, tokenErrorOf(answer))
  })
}

function told(answer: Exchange, error: string | undefined): string {
  return error === undefined ? outcomeOf(answer) : `${outcomeOf(answer)}, error ${quoted(error)}`
}
