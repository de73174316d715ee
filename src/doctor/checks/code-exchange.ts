/** Whether codes are guarded: PKCE is enforced, and a code opens once (RFC 7636 §4.6, OAuth 2.1 §4.1.3). */

import { type Check, everyClient, passed, violated } from '../check.ts'
import type { Exchange } from '../examination.ts'
import { gaveTokens } from '../oauth-requests.ts'
import { judgeAnswer } from '../probe-answers.ts'

const shared = {
  stage: 'security',
  severity: 'error',
  clients: everyClient,
  party: 'authorization-server',
} as const

export const codeExchange: readonly Check[] = [
  {
    ...shared,
    id: 'pkce-not-enforced',
    title: 'A code is exchanged with a wrong verifier',
    rank: 20,
    source: 'RFC 7636 §4.6',
    claude: 'Works; but whoever sees the code on its way can use it.',
    fix: {
      general:
        'Compare the S256 of `code_verifier` with the stored `code_challenge`, and refuse with invalid_grant.',
    },
    judge: withExchange('wrong-verifier', (answer) => {
      return gaveTokens(answer)
        ? violated('a code was exchanged with a verifier that is not its own', answer)
        : passed
    }),
  },
  {
    ...shared,
    id: 'code-reusable',
    title: 'A code can be used more than once',
    rank: 21,
    source: 'OAuth 2.1 §4.1.3',
    claude: 'Works; but a code that leaks opens the account again.',
    fix: {
      general: 'Take the code out of the store in one atomic step, and refuse the second with invalid_grant.',
    },
    judge: withExchange('code-again', (answer) => {
      return gaveTokens(answer) ? violated('the same code was exchanged twice', answer) : passed
    }),
  },
]

function withExchange(
  label: string,
  judge: (answer: Exchange) => ReturnType<Check['judge']>,
): Check['judge'] {
  return judgeAnswer('code-exchange', label, 'no code was exchanged', judge)
}
