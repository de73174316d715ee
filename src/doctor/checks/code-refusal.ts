/** Why the exchange of a fresh code is refused: the kind of grant, the scope, the verifier, the redirect URI, the resource, or a store that does not know it yet (RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 8707 §2.2). */

import { type Check, everyClient, needsConsent, notApplicable, passed, violated } from '../check.ts'
import { type Examination, type Exchange, outcomeOf, probed, probeOf, quoted } from '../examination.ts'
import { gaveTokens, tokenErrorOf } from '../oauth-requests.ts'

const shared = {
  stage: 'token',
  severity: 'error',
  clients: everyClient,
  party: 'authorization-server',
} as const

const probe = 'code-refusal'

export const codeRefusal: readonly Check[] = [
  {
    ...shared,
    id: 'machine-grant-only',
    title: 'The authorization server gives tokens to machines only',
    rank: 15,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/7',
    claude: 'Signs people in and exchanges their codes; it has no grant of its own.',
    fix: {
      general:
        'Offer the authorization code grant with PKCE, and list it: `"grant_types_supported": ["authorization_code", "refresh_token"]`.',
    },
    judge: ({ facts: { issuerMetadata, token } }) => {
      const grants = issuerMetadata?.body.grant_types_supported
      if (Array.isArray(grants) && !grants.includes('authorization_code')) {
        return violated(`grant_types_supported is ${quoted(grants)}`, issuerMetadata?.exchange)
      }
      return tokenErrorOf(token) === 'unsupported_grant_type'
        ? violated('the exchange of the code: unsupported_grant_type', token)
        : passed
    },
  },
  {
    ...shared,
    id: 'scope-not-published',
    title: 'No scope is published, and none is not enough',
    rank: 26,
    source: 'https://github.com/anthropics/claude-code/issues/90190',
    claude: 'Asks for the scopes that it finds published; here it finds none, asks for none, and is refused.',
    fix: {
      general:
        'Publish the scopes that a connection needs: in the challenge (`scope="…"`), or as `scopes_supported` of the protected resource metadata.',
      frameworks: { cognito: 'List the scopes of the resource server, with their prefix.' },
    },
    judge: ({ facts: { authorization, landing, token } }) => {
      if (authorization === undefined) return notApplicable('nobody signed in')
      if (new URL(authorization.url).searchParams.get('scope')) return notApplicable('a scope was asked for')
      const error = landing?.url.searchParams.get('error') ?? tokenErrorOf(token)
      const isScope = error === 'invalid_scope' || error === 'invalid_grant'
      return isScope ? violated(`no scope was asked for: ${error}`, authorization, token) : passed
    },
  },
  {
    ...shared,
    id: 'verifier-length-refused',
    title: 'Code verifiers of some lengths are refused',
    rank: 27,
    source: 'RFC 7636 §4.1',
    claude: 'Hosted Claude sends 128 characters, Claude Code 43: one of them is refused.',
    fix: { general: 'Take verifiers of 43 to 128 characters.' },
    consequenceOf: ['scope-not-published'],
    judge: withTrials((examination) => {
      const mended = taken(examination, 'other-length')
      if (mended !== undefined) return violated(lengths(mended, examination.facts.token), mended)
      const other = probed(examination, 'code-exchange', 'right-verifier')
      const isRefused = other !== undefined && tokenErrorOf(other) !== undefined
      return isRefused ? violated(lengths(examination.facts.token, other), other) : undefined
    }),
  },
  {
    ...shared,
    id: 'verifier-miscompared',
    title: 'The code verifier is compared in a wrong way',
    rank: 28,
    source: 'RFC 7636 §4.6',
    claude: 'Proves itself as the standard has it, and is refused.',
    fix: { general: 'Compare `code_challenge` with the unpadded base64url of the SHA-256 of the verifier.' },
    judge: withTrials((examination) => {
      const ways = [
        ['plain', 'the verifier itself is compared with the challenge'],
        ['padded', 'the challenge is expected with padding'],
        ['hex', 'the challenge is expected in hexadecimal digits'],
      ] as const
      for (const [label, says] of ways) {
        const mended = taken(examination, label)
        if (mended !== undefined) return violated(says, examination.facts.token, mended)
      }
      return undefined
    }),
  },
  {
    ...shared,
    id: 'redirect-miscompared',
    title: 'The redirect URI of the token request is compared in a wrong way',
    rank: 29,
    source: 'RFC 6749 §4.1.3',
    claude: 'Sends the same redirect URI as before, and is told that it differs.',
    fix: {
      general:
        'Decode the form once, and compare with the stored value; take a request without redirect_uri too (OAuth 2.1).',
    },
    judge: withTrials((examination) => {
      const encoded = taken(examination, 'encoded-redirect')
      if (encoded !== undefined) {
        return violated('it is taken only when it is encoded twice', examination.facts.token, encoded)
      }
      const without = taken(examination, 'without-redirect')
      return without && violated('it is taken only when it is left out', examination.facts.token, without)
    }),
  },
  {
    ...shared,
    id: 'token-resource-refused',
    title: 'The token endpoint refuses the resource',
    rank: 30,
    source: 'RFC 8707 §2.2',
    claude: 'Names the same resource as in the authorization request, and is refused; the code is spent.',
    fix: {
      general:
        'Take the URL of the MCP server with and without a final slash for one resource, and judge it before the code is taken.',
    },
    judge: (examination) => {
      const { token } = examination.facts
      if (tokenErrorOf(token) === 'invalid_target') {
        return violated(`the exchange of the code: ${token && outcomeOf(token)} invalid_target`, token)
      }
      return withTrials(() => {
        const without = taken(examination, 'without-resource')
        if (without !== undefined) return violated('it is taken only without a resource', token, without)
        const slash = taken(examination, 'other-slash')
        return slash && violated('it is taken only with another slash at the end', token, slash)
      })(examination)
    },
  },
  {
    ...shared,
    id: 'fresh-code-unknown',
    title: 'A code is not known a moment after it was given',
    rank: 40,
    source: 'OAuth 2.1 §4.1.3',
    claude:
      'Exchanges the code at once, from another network than the browser’s, and is told that it is not valid.',
    fix: {
      general:
        'Keep codes where every instance and region sees them at once: not in memory, not in a store that is only eventually consistent.',
      frameworks: {
        cloudflare: 'Workers KV is eventually consistent: use a Durable Object or D1 for codes.',
      },
    },
    consequenceOf: ['scope-not-published', 'public-client-refused', 'token-resource-refused'],
    judge: withTrials((examination) => {
      const first = examination.facts.token
      for (const label of ['again', 'repeated 1', 'repeated 2']) {
        const mended = taken(examination, label)
        if (mended !== undefined) return violated('the same request is refused, then taken', first, mended)
      }
      const trials = probeOf(examination, probe)?.exchanges ?? []
      const isHopeless = trials.length > 0 && !trials.some(gaveTokens)
      return isHopeless && tokenErrorOf(first) === 'invalid_grant'
        ? violated('invalid_grant, whatever is sent with the code', first)
        : undefined
    }),
  },
]

function taken(examination: Examination, label: string): Exchange | undefined {
  const answer = probed(examination, probe, label)
  return gaveTokens(answer) ? answer : undefined
}

/** Characters, which the mask leaves in place of the verifiers. */
function lengths(good: Exchange | undefined, bad: Exchange | undefined): string {
  const [yes, no] = [good, bad].map((exchange) => {
    const sent = new URLSearchParams(exchange?.requestBody).get('code_verifier')
    return /(\d+) characters/.exec(sent ?? '')?.[1] ?? 'some'
  })
  return `${yes} characters are taken, ${no} are refused`
}

/** Told by the trials, where there was something to try; `undefined` from `judge` is no fault. */
function withTrials(
  judge: (examination: Examination) => ReturnType<Check['judge']> | undefined,
): Check['judge'] {
  return (examination) => {
    const found = judge(examination)
    if (found !== undefined) return found
    const trials = probeOf(examination, probe)
    if (trials?.verdict === 'needs-consent') return needsConsent(trials.why ?? '')
    return examination.facts.token === undefined ? notApplicable('no code was exchanged') : passed
  }
}
