/** What registration gave: the method that was asked for, a secret where one is needed, the scopes that will be asked for (RFC 7591 §3.2.1). */

import { type Check, everyClient, notApplicable, passed, violated, warning } from '../check.ts'
import { type Document, type Examination, type Exchange, jsonOf, quoted } from '../examination.ts'
import { tokenErrorOf } from '../oauth-requests.ts'

const shared = {
  stage: 'registration',
  severity: 'error',
  clients: everyClient,
  party: 'authorization-server',
} as const

export const registrationAnswer: readonly Check[] = [
  {
    ...shared,
    id: 'secret-method-without-secret',
    title: 'A client that shall prove itself by a secret is given none',
    rank: 41,
    source: 'RFC 7591 §3.2.1',
    claude:
      'Clients on the Python SDK refuse the registration; others are refused when they ask for the token.',
    fix: { general: 'Answer `"token_endpoint_auth_method": "none"`, or give a `client_secret`.' },
    judge: withAnswer((body, answer) => {
      const method = methodOf(body)
      if (method === undefined || method === 'none' || typeof body.client_secret === 'string') return passed
      return violated(
        `token_endpoint_auth_method is ${quoted(method)}, and there is no client_secret`,
        answer,
      )
    }),
  },
  {
    ...shared,
    id: 'auth-method-changed',
    title: 'Claude asks to be a public client, and is registered with a secret',
    rank: 50,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/667',
    claude: 'Hosted Claude asks for the token without a header, and is refused.',
    clients: ['hosted', 'code'],
    fix: {
      general:
        'Register what was asked for, `"token_endpoint_auth_method": "none"`, and ask for PKCE instead of a secret.',
    },
    judge: withAnswer((body, answer, { facts }) => {
      const asked = methodOf(jsonOf({ responseBody: answer.requestBody }) ?? {})
      const given = methodOf(body)
      if (asked !== 'none' || given === undefined || given === 'none') return passed
      if (typeof body.client_secret !== 'string') return notApplicable('there is no secret either')
      const says = `asked for ${quoted(asked)}, was given ${quoted(given)}`
      const error = tokenErrorOf(facts.token)
      const isHarmless = facts.token?.status === 200 && error === undefined
      if (isHarmless || facts.token === undefined) return warning(says, answer)
      return violated(`${says}; the code was then refused with ${quoted(error)}`, answer, facts.token)
    }),
  },
  {
    ...shared,
    id: 'registration-narrows-scope',
    title: 'The client is registered for fewer scopes than it will ask for',
    rank: 51,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/500',
    claude: 'Asks for the scopes that the server publishes, and is refused with invalid_scope.',
    fix: {
      general:
        'Register a client that names no scope for every scope that people can grant, and decide at the consent.',
    },
    judge: withAnswer((body, answer, { facts }) => {
      if (typeof body.scope !== 'string') return passed
      const known = body.scope.split(' ')
      const asked = new URL(facts.authorization?.url ?? answer.url).searchParams.get('scope') ?? ''
      const missing = asked.split(' ').filter((word) => word !== '' && !known.includes(word))
      if (missing.length === 0) return passed
      const says = `registered for ${quoted(body.scope)}, asked for ${quoted(asked)}`
      const isRefused = facts.landing?.url.searchParams.get('error') === 'invalid_scope'
      return isRefused ? violated(says, answer, facts.landing?.exchange) : passed
    }),
  },
]

function methodOf(body: Document): string | undefined {
  const method = body.token_endpoint_auth_method
  return typeof method === 'string' ? method : undefined
}

function withAnswer(
  judge: (body: Document, answer: Exchange, examination: Examination) => ReturnType<Check['judge']>,
): Check['judge'] {
  return (examination) => {
    const answer = examination.facts.registration
    const body = jsonOf(answer)
    return answer === undefined || typeof body?.client_id !== 'string'
      ? notApplicable('no client was registered')
      : judge(body, answer, examination)
  }
}
