/** Identity assertion authorization grants (ID-JAG, draft-ietf-oauth-identity-assertion-authz-grant, as MCP's extension for enterprise-managed authorization has it): a company's issuer vouches for a person to a client, for one authorization server. */

import type { JsonWebKeySet } from './json-web-key.ts'
import {
  clockLeewaySeconds,
  decodeToken,
  onlyAudience,
  signatureAlgorithms,
  type TokenFault,
  verifyToken,
} from './json-web-token.ts'

/** RFC 7523 §2.1. */
export const jwtBearerGrantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** For `authorization_grant_profiles_supported`. */
export const identityAssertionProfile = 'urn:ietf:params:oauth:grant-profile:id-jag'

/** Every assertion that is accepted is remembered until it expires, so that one that would live for long is refused. */
const maximumIdentityAssertionSeconds = 3600

/** The issuer that an assertion names, before anything of it is believed. */
export function assertedIssuer(assertion: string): string | undefined {
  const issuer = decodeToken(assertion)?.claims.iss
  return typeof issuer === 'string' ? issuer : undefined
}

export interface IdentityExpectations {
  issuer: string
  /** Our own issuer, and nothing else. */
  audience: string
  /** The client that authenticated. */
  clientId: string
  now: number
}

export interface VerifiedIdentity {
  subject: string
  /** Of an issuer that serves several: part of who `subject` is. */
  tenant: string | undefined
  /** Whom the issuer believes that this is here, if it knows. */
  localSubject: string | undefined
  email: string | undefined
  name: string | undefined
  resources: readonly string[]
  /** Undefined: the issuer sets no limit. */
  scope: string | undefined
  /** Of the key that the client must prove (RFC 7800 §3.1). */
  keyThumbprint: string | undefined
  /** Unique to it for its issuer; to be remembered until `expiresAt`. */
  id: string
  expiresAt: number
}

export async function verifyIdentityAssertion(
  assertion: string,
  keys: JsonWebKeySet,
  expected: IdentityExpectations,
): Promise<VerifiedIdentity | TokenFault> {
  const verified = await verifyToken(assertion, keys, {
    types: ['oauth-id-jag+jwt'],
    algorithms: signatureAlgorithms,
    now: expected.now,
  })
  if ('fault' in verified) return verified
  const { claims } = verified
  const fault = claimsFault(claims, expected)
  if (fault !== undefined) return { fault, isAboutKeys: false }
  const { cnf } = claims as { cnf?: { jkt?: unknown } }
  return {
    subject: String(claims.sub),
    tenant: textOf(claims.tenant),
    localSubject: textOf(claims.aud_sub),
    email: textOf(claims.email),
    name: textOf(claims.name),
    resources: listOf(claims.resource),
    scope: typeof claims.scope === 'string' ? claims.scope : undefined,
    keyThumbprint: textOf(cnf?.jkt),
    id: String(claims.jti),
    expiresAt: Math.ceil(Number(claims.exp)) + clockLeewaySeconds,
  }
}

function claimsFault(
  claims: Readonly<Record<string, unknown>>,
  { issuer, audience, clientId, now }: IdentityExpectations,
): string | undefined {
  if (claims.iss !== issuer) return 'its iss is another issuer'
  if (onlyAudience(claims) !== audience) return `its aud must be ${audience} and nothing else`
  if (claims.client_id !== clientId) return 'its client_id is not the client that authenticated'
  if (!isText(claims.sub)) return `its sub is not a text of at most ${maximumTextLength} characters`
  if (!isText(claims.jti)) return `its jti is not a text of at most ${maximumTextLength} characters`
  if (typeof claims.exp !== 'number') return 'its exp is missing'
  if (typeof claims.iat !== 'number') return 'its iat is missing'
  if (claims.exp > now + maximumIdentityAssertionSeconds + clockLeewaySeconds)
    return `it expires more than ${maximumIdentityAssertionSeconds} seconds from now`
  // There is one tenant here; an assertion for another one was not meant for us.
  if (claims.aud_tenant !== undefined) return 'its aud_tenant names a tenant, and this server has none'
  // Whoever confirms a key in a way that is not understood must not be taken for one who confirms none.
  if (claims.cnf !== undefined && textOf((claims.cnf as { jkt?: unknown } | null)?.jkt) === undefined)
    return 'its cnf names no key by thumbprint (jkt)'
  for (const name of ['tenant', 'aud_sub'])
    if (claims[name] !== undefined && !isText(claims[name])) return `its ${name} is no text`
  return undefined
}

const maximumTextLength = 500

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maximumTextLength
}

function textOf(value: unknown): string | undefined {
  return isText(value) ? value : undefined
}

function listOf(value: unknown): string[] {
  const values = Array.isArray(value) ? value : [value]
  return values.filter((one): one is string => typeof one === 'string')
}
