/** The first request with the token that the sign-in led to: taken, whoever sends it, and another one refused with 401 (RFC 6750 §3.1). */

import { type Check, couldNotRun, everyClient, notApplicable, passed, violated } from '../check.ts'
import { type Examination, type Exchange, outcomeOf, probed } from '../examination.ts'

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
    consequenceOf: ['agent-refused-with-token'],
    judge: ({ facts: { firstCall: call } }: Examination) => {
      if (call === undefined) return notApplicable('nothing was sent with a token')
      return isRejected(call) ? violated(`with the new token: ${outcomeOf(call)}`, call) : passed
    },
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
    judge: (examination) => {
      const wrong = probed(examination, 'authenticated', 'wrong-token')
      if (wrong === undefined) return notApplicable('there is no token')
      if (!examination.facts.asksForToken) return notApplicable('the server asks for no token')
      return wrong.status === 401 ? passed : violated(`a token of nobody: ${outcomeOf(wrong)}`, wrong)
    },
  },
]

function isRejected({ status }: Exchange): boolean {
  return status === 401 || status === 403
}
