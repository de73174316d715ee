/** The answer to the code: JSON with a token of a known type, whole seconds, and something to renew it with (OAuth 2.1 §3.2.3). */

import { type Check, everyClient, notApplicable, passed, violated, warning } from '../check.ts'
import { type Document, type Exchange, jsonOf, mediaTypeOf, outcomeOf, quoted } from '../examination.ts'

const shared = {
  stage: 'token',
  severity: 'error',
  clients: everyClient,
  party: 'authorization-server',
} as const

/** Documented for hosted Claude, 2026-09. */
const patienceSeconds = 10
const advisedSeconds = 5

export const tokenAnswer: readonly Check[] = [
  {
    ...shared,
    id: 'token-form-refused',
    title: 'The token endpoint does not read form bodies',
    rank: 20,
    source: 'OAuth 2.1 §3.2.2',
    claude: 'Sends the code as the standard has it, and is refused.',
    fix: {
      general: 'Parse `application/x-www-form-urlencoded` at the token endpoint.',
      frameworks: {
        express: '`app.use(express.urlencoded())` before the route.',
        hono: '`await c.req.parseBody()`.',
      },
    },
    judge: ({ facts: { token } }) => {
      if (token === undefined) return notApplicable('no code was exchanged')
      return token.status === 415 ? violated(`the exchange of the code: ${outcomeOf(token)}`, token) : passed
    },
  },
  {
    ...shared,
    id: 'token-too-slow',
    title: 'The exchange of the code takes too long',
    rank: 10,
    source: 'https://claude.com/docs/connectors/building/troubleshooting',
    claude: `Waits ${patienceSeconds} seconds, then gives up; the code is spent.`,
    clients: ['hosted', 'messages-api'],
    fix: {
      general:
        'Answer from what is at hand: no e-mail, no other service, no cold start between the code and the token.',
    },
    judge: ({ facts: { token } }) => {
      if (token === undefined) return notApplicable('no code was exchanged')
      const isLate = token.status === undefined && /did not answer within/.test(token.failure ?? '')
      if (isLate) return violated(`the exchange of the code: ${outcomeOf(token)}`, token)
      const seconds = Math.round((token.durationMs ?? 0) / 1000)
      const says = `the exchange of the code took ${seconds} seconds`
      if (seconds >= patienceSeconds) return violated(says, token)
      return seconds >= advisedSeconds ? warning(says, token) : passed
    },
  },
  {
    ...shared,
    id: 'token-type-missing',
    title: 'The token answer has no token_type',
    rank: 40,
    source: 'OAuth 2.1 §3.2.3',
    claude: 'Clients on the MCP SDKs refuse the whole answer.',
    fix: { general: 'Add `"token_type": "Bearer"`.' },
    judge: withTokens((body, exchange) => {
      return typeof body.token_type === 'string'
        ? passed
        : violated(`token_type is ${quoted(body.token_type)}`, exchange)
    }),
  },
  {
    ...shared,
    id: 'lifetime-not-in-seconds',
    title: 'expires_in is no whole number of seconds',
    rank: 41,
    source: 'OAuth 2.1 §3.2.3',
    claude: 'Renews at every request, or never.',
    fix: { general: 'Send `expires_in` as an integer number of seconds, for example 3600.' },
    judge: withTokens((body, exchange) => {
      const lifetime = body.expires_in
      const isSeconds =
        Number.isInteger(lifetime) && Number(lifetime) > 0 && Number(lifetime) <= longestLifetimeSeconds
      return isSeconds ? passed : violated(`expires_in is ${quoted(lifetime)}`, exchange)
    }),
  },
  {
    ...shared,
    id: 'no-refresh-token',
    title: 'There is no refresh token',
    rank: 60,
    severity: 'warning',
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/42',
    claude: 'Asks the person to connect again as soon as the token expires.',
    seen: 'Connection has expired',
    fix: {
      general: 'Issue a refresh token with every code, and list `offline_access` in `scopes_supported`.',
    },
    judge: withTokens((body, exchange) => {
      return typeof body.refresh_token === 'string'
        ? passed
        : violated('the answer has no refresh_token', exchange)
    }),
  },
]

/** A year; above it somebody counts milliseconds. */
const longestLifetimeSeconds = 366 * 86_400

function withTokens(
  judge: (body: Document, exchange: Exchange) => ReturnType<Check['judge']>,
): Check['judge'] {
  return ({ facts: { token } }) => {
    const body =
      token?.status === 200 && mediaTypeOf(token) === 'application/json' ? jsonOf(token) : undefined
    return token === undefined || body === undefined
      ? notApplicable('no tokens were given')
      : judge(body, token)
  }
}
