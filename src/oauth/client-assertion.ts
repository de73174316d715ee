/** A client that proves itself with a key of its own: `private_key_jwt` (RFC 7523 §2.2 and §3, OpenID Connect Core §9; the audience as draft-ietf-oauth-rfc7523bis asks). */

import type { JsonWebKeySet } from './json-web-key.ts'
import {
  clockLeewaySeconds,
  decodeToken,
  onlyAudience,
  signatureAlgorithms,
  type TokenFault,
  verifyToken,
} from './json-web-token.ts'

export const clientAssertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export const clientAssertionAlgorithms: readonly string[] = signatureAlgorithms

/** Every assertion that is accepted is remembered until it expires, so that one that would live for long is refused. */
export const maximumAssertionSeconds = 3600

/** The client that an assertion speaks for, before anything of it is believed. */
export function assertedClientId(assertion: string): string | undefined {
  const subject = decodeToken(assertion)?.claims.sub
  return typeof subject === 'string' && subject !== '' ? subject : undefined
}

export interface AssertionExpectations {
  clientId: string
  /** The issuer; others only where the operator accepts them. */
  audiences: readonly string[]
  now: number
}

/** `id` is unique to it for its client, and must be remembered until `expiresAt`. */
export type VerifiedAssertion = { id: string; expiresAt: number } | TokenFault

export async function verifyClientAssertion(
  assertion: string,
  keys: JsonWebKeySet,
  expected: AssertionExpectations,
): Promise<VerifiedAssertion> {
  const verified = await verifyToken(assertion, keys, {
    types: assertionTypes,
    algorithms: clientAssertionAlgorithms,
    now: expected.now,
  })
  if ('fault' in verified) return verified
  const fault = claimsFault(verified.claims, expected)
  if (fault !== undefined) return { fault, isAboutKeys: false }
  const { jti, exp } = verified.claims
  // Without a jti what was signed is its own id; not the signature, of which there can be two for one text (ECDSA).
  const id = typeof jti === 'string' ? `jti ${jti}` : `text ${assertion.slice(0, assertion.lastIndexOf('.'))}`
  return { id, expiresAt: Math.ceil(Number(exp)) + clockLeewaySeconds }
}

/** Any other type is a token for something else, signed with the same key (RFC 8725 §3.11). */
const assertionTypes: readonly (string | undefined)[] = [undefined, 'jwt', 'client-authentication+jwt']

function claimsFault(
  claims: Readonly<Record<string, unknown>>,
  { clientId, audiences, now }: AssertionExpectations,
): string | undefined {
  if (claims.iss !== clientId) return 'its iss is not the client id'
  if (claims.sub !== clientId) return 'its sub is not the client id'
  const audience = onlyAudience(claims)
  if (audience === undefined || !audiences.includes(audience))
    return `its aud must be ${audiences[0]} and nothing else`
  if (typeof claims.exp !== 'number') return 'its exp is missing'
  if (claims.exp > now + maximumAssertionSeconds + clockLeewaySeconds)
    return `it expires more than ${maximumAssertionSeconds} seconds from now`
  if (claims.jti !== undefined && (typeof claims.jti !== 'string' || claims.jti.length > maximumJtiLength))
    return `its jti is not a text of at most ${maximumJtiLength} characters`
  return undefined
}

const maximumJtiLength = 500
