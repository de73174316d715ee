/** Dynamic client registration as Claude uses it: open, taking its callback, answering with what was registered (RFC 7591 §3). */

import { type Check, notApplicable, passed, violated } from '../check.ts'
import { type Examination, type Exchange, jsonOf, outcomeOf, quoted } from '../examination.ts'

const shared = {
  stage: 'registration',
  severity: 'error',
  seen: 'Couldn’t register with the sign-in service',
  clients: ['hosted', 'code', 'inspector', 'vscode'],
  party: 'authorization-server',
} as const

export const registration: readonly Check[] = [
  {
    ...shared,
    id: 'registration-needs-token',
    title: 'Registration asks for a token',
    rank: 20,
    source: 'RFC 7591 §3',
    claude: 'Has none to show, and gives up.',
    fix: {
      general:
        'Open the registration endpoint, and limit its rate by address; or let people type a client id.',
      frameworks: { keycloak: 'Client registration policies: remove “Trusted Hosts” for anonymous access.' },
    },
    judge: withRegistration((answer) => {
      return answer.status === 401 ? violated(`registration: ${outcomeOf(answer)}`, answer) : passed
    }),
  },
  {
    ...shared,
    id: 'callback-not-allowed',
    title: 'Registration refuses Claude’s callback',
    rank: 21,
    source: 'https://claude.com/docs/connectors/building/authentication',
    claude: 'Cannot register, and gives up.',
    fix: {
      general:
        'Allow https://claude.ai/api/mcp/auth_callback and https://claude.com/api/mcp/auth_callback, and http://localhost on any port for Claude Code.',
    },
    judge: withRegistration((answer) => {
      const { error, error_description: description } = jsonOf(answer) ?? {}
      const isRefused =
        answer.status === 400 && (error === 'invalid_redirect_uri' || /redirect/i.test(String(description)))
      return isRefused ? violated(`registration: ${quoted(error)} ${quoted(description)}`, answer) : passed
    }),
  },
  {
    ...shared,
    id: 'registration-without-redirects',
    title: 'The answer to the registration leaves out redirect_uris',
    rank: 40,
    source: 'RFC 7591 §3.2.1',
    claude: 'Claude Code and every client on the TypeScript SDK refuse the answer.',
    clients: ['code', 'inspector'],
    fix: { general: 'Answer 201 with every member that was registered, `redirect_uris` among them.' },
    judge: withRegistration((answer) => {
      const body = jsonOf(answer)
      if (body === undefined || answer.status === undefined || answer.status > 299) {
        return notApplicable('nothing was registered')
      }
      return Array.isArray(body.redirect_uris)
        ? passed
        : violated(`redirect_uris is ${quoted(body.redirect_uris)}`, answer)
    }),
  },
]

function withRegistration(judge: (answer: Exchange) => ReturnType<Check['judge']>): Check['judge'] {
  return ({ facts }: Examination) => {
    return facts.registration === undefined
      ? notApplicable('no client was registered')
      : judge(facts.registration)
  }
}
