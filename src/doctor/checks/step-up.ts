/** 403 `insufficient_scope`: asks for a scope that a further sign-in can bring (RFC 6750 §3.1, MCP 2025-11-25 authorization, scope challenge). */

import { findBearerChallenge } from '../../oauth/www-authenticate.ts'
import { type Check, notApplicable, passed, violated } from '../check.ts'
import { type Examination, everyExchange, jsonOf, quoted } from '../examination.ts'
import { hasToken } from '../facts.ts'

export const stepUp: readonly Check[] = [
  {
    id: 'step-up-names-held-scope',
    title: 'More scope is asked for, but what is asked for was granted already',
    stage: 'staying',
    rank: 35,
    severity: 'error',
    source: 'https://github.com/anthropics/claude-code/issues/44652',
    claude: 'Signs in again with the scopes that are named, is given the same, and is refused again: a loop.',
    clients: ['hosted', 'code'],
    party: 'server',
    fix: {
      general:
        'Name in `scope` what is missing and can be granted, let the token answer say the scopes that were really granted, and compare with those.',
    },
    judge: (examination) => {
      const held = heldScopes(examination)
      const challenges = everyExchange(examination).flatMap((exchange) => {
        const challenge = findBearerChallenge(exchange.responseHeaders['www-authenticate'])
        const isStepUp =
          exchange.status === 403 &&
          hasToken(exchange.requestHeaders) &&
          challenge?.error === 'insufficient_scope'
        return isStepUp ? [{ exchange, wanted: wordsOf(challenge.scope) }] : []
      })
      if (challenges.length === 0) return notApplicable('no request asked for more scope')
      if (held.length === 0) return notApplicable('which scopes were granted is not known')
      const futile = challenges.find(({ wanted }) => wanted.every((scope) => held.includes(scope)))
      if (futile === undefined) return passed
      const named = futile.wanted.length === 0 ? 'no scope' : quoted(futile.wanted.join(' '))
      return violated(
        `403 insufficient_scope names ${named}; granted is ${quoted(held.join(' '))}`,
        futile.exchange,
      )
    },
  },
]

/** RFC 6749 §5.1: an answer without `scope` grants what was asked for. */
function heldScopes({ facts: { token, authorization } }: Examination): string[] {
  const granted = jsonOf(token)?.scope
  if (typeof granted === 'string') return wordsOf(granted)
  const asked = authorization === undefined ? null : new URL(authorization.url).searchParams.get('scope')
  return wordsOf(asked ?? undefined)
}

function wordsOf(scope: string | undefined): string[] {
  return (scope ?? '').split(' ').filter((word) => word !== '')
}
