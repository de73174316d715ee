/** The first request with the token that the sign-in led to: taken, whoever sends it, and another one refused with 401 (RFC 6750 §3.1). */

import { type BearerChallenge, findBearerChallenge } from '../../oauth/www-authenticate.ts'
import { type Check, couldNotRun, everyClient, notApplicable, passed, violated } from '../check.ts'
import { type Examination, type Exchange, isHtml, jsonOf, outcomeOf, probed, quoted } from '../examination.ts'

const shared = { stage: 'first-call', severity: 'error' } as const

export const firstCall: readonly Check[] = [
  {
    ...shared,
    id: 'agent-refused-with-token',
    title: 'With a token, Claude’s user agent is refused where others pass',
    rank: 20,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/336',
    claude:
      'Has a token, is answered 403 by the edge, and gives the connection up; the server’s log shows the token and then silence.',
    seen: 'your account was authorized but the integration rejected the credentials',
    clients: ['hosted', 'messages-api'],
    party: 'edge',
    fix: {
      general: 'Make the exception of the bot filter cover POST on the MCP path, not only the OAuth paths.',
      frameworks: { cloudflare: 'Add the MCP path to the WAF skip rule, and turn off “Block AI bots”.' },
    },
    judge: (examination) => {
      const neutral = probed(examination, 'authenticated', 'curl')
      const claude = probed(examination, 'authenticated', 'claude')
      if (neutral === undefined || claude === undefined) return notApplicable('there is no token')
      if (neutral.status === undefined) return couldNotRun('nothing answered a neutral program')
      const differs =
        claude.status !== neutral.status && (claude.status === undefined || claude.status >= 400)
      return differs
        ? violated(`Claude-User: ${outcomeOf(claude)}; curl: ${outcomeOf(neutral)}`, claude, neutral)
        : passed
    },
  },
  {
    ...shared,
    id: 'call-refused-by-edge',
    title: 'What stands before the server lets the sign-in pass, but no request with a token',
    rank: 21,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/294',
    claude: 'Signs in, is answered 403 before the server sees anything, and gives the connection up.',
    seen: 'your account was authorized but the integration rejected the credentials',
    clients: everyClient,
    party: 'edge',
    fix: {
      general:
        'Let the firewall or access proxy pass POST on the MCP path as it lets the OAuth paths pass; the token is the guard there.',
      frameworks: {
        cloudflare:
          'WAF and Zero Trust: a bypass policy for the MCP path, not only for /.well-known/*, /authorize and /token.',
        'api-gateway': 'Let the resource policy and WAF rules of the MCP route be those of the OAuth routes.',
      },
    },
    consequenceOf: ['agent-refused-with-token'],
    judge: withFirstCall((call) => {
      return call.status === 403 && !isOfApplication(call)
        ? violated(`with the new token: status 403, ${describedBody(call)}`, call)
        : passed
    }),
  },
  {
    ...shared,
    id: 'token-check-fails',
    title: 'The check of the token ends in a server error',
    rank: 23,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/912',
    claude: 'Says that the server returned an error; neither renewing nor signing in again changes that.',
    seen: 'returned an error when connecting',
    clients: everyClient,
    party: 'server',
    fix: {
      general:
        'Run the verifier with this very token and read its stack trace: key set not reachable, issuer or algorithm not the expected one, a secret missing in the environment, clocks that differ.',
      frameworks: {
        express: 'Let the verifier throw `InvalidTokenError` for a bad token; everything else becomes 500.',
        vercel: 'Set the secrets of the provider for this environment too (Production and Preview differ).',
      },
    },
    judge: (examination) => {
      const call = examination.facts.firstCall
      if (call === undefined) return notApplicable('nothing was sent with a token')
      const stream = probed(examination, 'protocol', 'get')
      // A method that MCP does not even have to know fails alike: it is not what was asked, but who asked.
      const failsAll = isServerError(call) && (stream === undefined || isServerError(stream))
      return failsAll
        ? violated(`with the new token every request ends in ${outcomeOf(call)}`, call, stream)
        : passed
    },
  },
  {
    ...shared,
    id: 'token-not-accepted',
    title: 'The server does not accept the token that its own sign-in gave',
    rank: 30,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/299',
    claude: 'Renews once or twice, then drops the token.',
    seen: 'your account was authorized but the integration rejected the credentials',
    clients: everyClient,
    party: 'server',
    fix: {
      general:
        'Compare audience, issuer, algorithm and expiry of this very token with what the server expects; the audience is the URL that was typed, with or without a final slash.',
      frameworks: {
        auth0: 'Name the API identifier as the audience; without one Auth0 gives an opaque token.',
        express: '`requireBearerAuth` needs `expiresAt` in what the verifier returns.',
      },
    },
    consequenceOf: ['agent-refused-with-token', 'token-encrypted', 'authorization-header-lost'],
    judge: (examination) => {
      const call = examination.facts.firstCall
      if (call === undefined) return notApplicable('nothing was sent with a token')
      return call.status === 401
        ? violated(`with the new token: ${outcomeOf(call)}${describedToken(examination)}`, call)
        : passed
    },
  },
  {
    ...shared,
    id: 'call-forbidden',
    title: 'The server knows the token, and refuses the person',
    rank: 31,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/620',
    claude: 'Takes 403 for final: it neither renews nor asks the person to sign in as somebody else.',
    seen: 'your account was authorized but the integration rejected the credentials',
    clients: everyClient,
    party: 'set-up',
    fix: {
      general:
        'Give the account that signed in the role that the server asks for, and say in the answer which one is missing; a scope that is missing is told with `error="insufficient_scope"`.',
    },
    consequenceOf: ['agent-refused-with-token'],
    judge: withFirstCall((call) => {
      if (call.status !== 403 || !isOfApplication(call)) return passed
      if (challengeOf(call)?.error === 'insufficient_scope') return passed
      return violated(`with the new token: status 403, ${describedBody(call)}`, call)
    }),
  },
  {
    ...shared,
    id: 'wrong-token-not-401',
    title: 'A wrong token is not answered with 401',
    rank: 50,
    source: 'RFC 6750 §3.1',
    claude: 'Renews and signs in again only after a 401; anything else ends the connection for good.',
    clients: everyClient,
    party: 'server',
    fix: {
      general:
        'Answer 401 with a challenge whenever the token cannot be verified, also when the verifier throws.',
      frameworks: { express: 'Let the verifier throw `InvalidTokenError`; any other error becomes 500.' },
    },
    consequenceOf: ['token-check-fails', 'call-refused-by-edge'],
    judge: (examination) => {
      const wrong = probed(examination, 'authenticated', 'wrong-token')
      if (wrong === undefined) return notApplicable('there is no token')
      if (!examination.facts.asksForToken) return notApplicable('the server asks for no token')
      return wrong.status === 401 ? passed : violated(`a token of nobody: ${outcomeOf(wrong)}`, wrong)
    },
  },
]

function withFirstCall(judge: (call: Exchange) => ReturnType<Check['judge']>): Check['judge'] {
  return ({ facts: { firstCall: call } }) =>
    call === undefined ? notApplicable('nothing was sent with a token') : judge(call)
}

/** An application that refuses says so in JSON or by a challenge; an edge shows a page or a line of text. */
function isOfApplication(call: Exchange): boolean {
  return !isHtml(call) && (jsonOf(call) !== undefined || challengeOf(call) !== undefined)
}

function challengeOf({ responseHeaders }: Exchange): BearerChallenge | undefined {
  return findBearerChallenge(responseHeaders['www-authenticate'])
}

function describedBody(call: Exchange): string {
  if (isHtml(call)) return 'a page for people'
  const body = (call.responseBody ?? '').trim()
  return body === '' ? 'an empty body' : quoted(body)
}

/** Where the token says whom it is for, that is half of the comparison. */
function describedToken({ tokenForm }: Examination): string {
  if (tokenForm === undefined || tokenForm.kind !== 'jwt' || tokenForm.audiences.length === 0) return ''
  return `; the token is for ${tokenForm.audiences.map(quoted).join(', ')}`
}

function isServerError({ status }: Exchange): boolean {
  return status !== undefined && status >= 500
}
