/** Dynamic client registration as Claude uses it: there, open, taking its callback, answering with what was registered (RFC 7591 §3). */

import { type Check, notApplicable, passed, violated } from '../check.ts'
import { type Examination, type Exchange, everyExchange, jsonOf, outcomeOf, quoted } from '../examination.ts'

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
    id: 'registration-blocked',
    title: 'Something before the registration endpoint refuses the request',
    rank: 19,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/336',
    claude: 'Cannot register, and gives up; the authorization server never sees the request.',
    party: 'edge',
    fix: {
      general:
        'Let POST on the registration path pass whatever filters bots, addresses or programs; the authorization server’s host has filters of its own.',
      frameworks: {
        cloudflare: 'Add the registration path to the WAF skip rule.',
        keycloak: 'Client registration policies: remove “Trusted Hosts” for anonymous access.',
      },
    },
    consequenceOf: ['bot-challenge', 'agent-refused'],
    judge: withRegistration((answer) => {
      return answer.status === 403 ? violated(`registration: ${outcomeOf(answer)}`, answer) : passed
    }),
  },
  {
    ...shared,
    id: 'registration-rate-limited',
    title: 'Registration is limited to a few for each address',
    rank: 18,
    source: 'https://claude.com/docs/connectors/building/authentication',
    claude: 'Registers for all its users from a few addresses, and cannot register again for a while.',
    fix: {
      general:
        'Limit registration by its outcome and in total, not by address; or let the range of Claude’s addresses pass.',
    },
    judge: withRegistration((answer, examination) => {
      const limited = everyExchange(examination).find(({ status, method, url }) => {
        return status === 429 && method === 'POST' && url === answer.url
      })
      return limited === undefined ? passed : violated(`registration: ${outcomeOf(limited)}`, limited)
    }),
  },
  {
    ...shared,
    id: 'registration-broken',
    title: 'The registration endpoint that is advertised does not work',
    rank: 25,
    source: 'RFC 7591 §3.2',
    claude: 'Tries to register wherever the metadata names an endpoint, and gives up when that fails.',
    fix: {
      general:
        'Make the endpoint answer 201 with a `client_id`, or take `registration_endpoint` out of the metadata and let people type a client id.',
    },
    consequenceOf: ['unknown-members-refused', 'bot-challenge', 'agent-refused'],
    judge: withRegistration((answer, { facts }) => {
      if (facts.issuerMetadata?.body.registration_endpoint !== answer.url) {
        return notApplicable('the endpoint was guessed')
      }
      const isToldApart = [401, 403, 429].includes(answer.status ?? 0) || isCallbackRefused(answer)
      if (isToldApart) return notApplicable('it is refused for a reason')
      const body = jsonOf(answer)
      const isTaken = answer.status !== undefined && answer.status >= 200 && answer.status <= 299
      if (isTaken && typeof body?.client_id === 'string') return passed
      const error = body?.error === undefined ? '' : `, error ${quoted(body.error)}`
      return violated(
        isTaken ? 'the answer has no client_id' : `registration: ${outcomeOf(answer)}${error}`,
        answer,
      )
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
      return isCallbackRefused(answer)
        ? violated(`registration: ${quoted(error)} ${quoted(description)}`, answer)
        : passed
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

function isCallbackRefused(answer: Exchange): boolean {
  const { error, error_description: description } = jsonOf(answer) ?? {}
  return answer.status === 400 && (error === 'invalid_redirect_uri' || /redirect/i.test(String(description)))
}

function withRegistration(
  judge: (answer: Exchange, examination: Examination) => ReturnType<Check['judge']>,
): Check['judge'] {
  return (examination) => {
    const { registration: answer } = examination.facts
    return answer === undefined ? notApplicable('no client was registered') : judge(answer, examination)
  }
}
