/** What a server that answers without a token says of tokens: at the connection or at a tool, by 401, and never half of it (claude.com lazy authentication, 2026-09). */

import { type Check, notApplicable, passed, violated, warning } from '../check.ts'
import {
  type Document,
  type Examination,
  type Exchange,
  exchangesOf,
  jsonOf,
  probed,
  quoted,
  rpcOf,
} from '../examination.ts'
import { hasToken } from '../facts.ts'

const lazyAuthentication = 'https://claude.com/docs/connectors/building/lazy-authentication'
const shared = {
  stage: 'first-answer',
  severity: 'error',
  clients: ['hosted', 'code'],
  party: 'server',
} as const

export const openAccess: readonly Check[] = [
  {
    ...shared,
    id: 'token-asked-in-band',
    title: 'That a token is missing is told in a 200',
    rank: 28,
    source: lazyAuthentication,
    claude:
      'Never takes an error in the body for a reason to sign in: the connection stands, and every tool says “unauthorized”.',
    fix: {
      general:
        'Decide before the MCP handler, and answer HTTP 401 with a Bearer challenge; frameworks turn what is thrown inside a handler into 200.',
      frameworks: {
        express: 'Use `requireBearerAuth` as middleware of the route, not a check inside a tool.',
        fastmcp: 'Use the `auth` parameter of the server, not an exception inside a tool.',
      },
    },
    judge: (examination) => {
      const told = withoutToken(examination).find(asksInBand)
      return told === undefined
        ? passed
        : violated(`${told.status}: ${quoted(rpcOf(told)?.error ?? rpcOf(told)?.result)}`, told)
    },
  },
  {
    ...shared,
    id: 'token-asked-only-later',
    title: 'The connection is open to all, its lists are not',
    rank: 35,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/432',
    claude:
      'Takes a server that answers `initialize` for one without sign-in, and stumbles over the 401 that follows.',
    seen: 'Couldn’t register with the sign-in service',
    clients: ['hosted'],
    fix: {
      general:
        'Ask for the token at the first request; or keep `initialize` and the lists open, ask at `tools/call`, and choose “Sign in when needed” in the dialog.',
    },
    judge: (examination) => {
      if (rpcOf(examination.facts.initialize)?.result === undefined) return notApplicable('it is not open')
      const list = exchangesOf(examination, 'lists').find(
        ({ status, requestHeaders }) => status === 401 && !hasToken(requestHeaders),
      )
      return list === undefined
        ? passed
        : violated(`initialize is answered, ${methodOf(list)} is answered 401`, list)
    },
  },
  {
    ...shared,
    id: 'open-server-with-oauth-metadata',
    title: 'The server needs no sign-in, but its host announces one',
    rank: 36,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/457',
    claude:
      'Finds authorization server metadata at the root, takes the server for one with sign-in, and tries to register there.',
    seen: 'Couldn’t register with the sign-in service',
    clients: ['hosted'],
    party: 'set-up',
    fix: {
      general:
        'Give the MCP server a host name of its own, answer 404 at every /.well-known/oauth-* and openid-configuration of this one, or choose “No sign-in” in the dialog.',
    },
    judge: (examination) => {
      const { facts } = examination
      if (facts.asksForToken || rpcOf(facts.initialize)?.result === undefined)
        return notApplicable('it is not open')
      // A server that asks at a tool says so for this very URL.
      if (facts.resourceMetadata !== undefined) return passed
      const found = ['origin-oauth', 'origin-openid']
        .map((label) => probed(examination, 'metadata', label))
        .find((exchange) => exchange?.status === 200 && isIssuerMetadata(jsonOf(exchange)))
      if (found === undefined) return passed
      const says = `${new URL(found.url).pathname} names the issuer ${quoted(jsonOf(found)?.issuer)}`
      return jsonOf(found)?.registration_endpoint === undefined ? violated(says, found) : warning(says, found)
    },
  },
]

function withoutToken(examination: Examination): Exchange[] {
  const knocks = probed(examination, 'knocks', 'httpx')
  return [
    ...exchangesOf(examination, 'probe', 'session', 'lists'),
    ...(knocks === undefined ? [] : [knocks]),
  ].filter(({ requestHeaders }) => !hasToken(requestHeaders))
}

function asksInBand(exchange: Exchange): boolean {
  if (exchange.status !== 200) return false
  const { error, result } = rpcOf(exchange) ?? {}
  if (isObject(error)) return error.code === 401 || asks.test(String(error.message))
  return isObject(result) && result.isError === true && asks.test(JSON.stringify(result.content))
}

const asks =
  /\bunauthori[sz]ed\b|\bunauthenticated\b|not authenticated|authentication (?:is )?required|(?:missing|no|invalid) (?:\w+ )?(?:token|credentials)|please (?:log|sign) in/i

function isIssuerMetadata(document: Document | undefined): boolean {
  return typeof document?.authorization_endpoint === 'string' || typeof document?.token_endpoint === 'string'
}

function methodOf(exchange: Exchange): string {
  const method = jsonOf({ responseBody: exchange.requestBody })?.method
  return typeof method === 'string' ? method : 'a list'
}

function isObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null
}
