/** Access tokens that a resource server elsewhere can read by itself (RFC 9068). */

import { type CryptoKey, SignJWT } from 'jose'
import type { JsonWebKeySet } from './json-web-key.ts'
import { type TokenFault, verifyToken } from './json-web-token.ts'

/** RFC 9068 §2.1: the one that every resource server understands. */
export const accessTokenAlgorithm = 'RS256'

const accessTokenType = 'at+jwt'

export interface AccessTokenClaims {
  issuer: string
  /** Who allowed it. */
  subject: string
  /** The resource it is for, and no other (RFC 9068 §3). */
  audience: string
  clientId: string
  scope: string
  id: string
  issuedAt: number
  expiresAt: number
  /** Of the key that it is bound to (RFC 9449 §6.1). */
  keyThumbprint: string | undefined
}

export interface SigningKey {
  kid: string
  privateKey: CryptoKey
}

/** The same token for the same claims and key: this algorithm has no chance in it. */
export function signAccessToken(claims: AccessTokenClaims, key: SigningKey): Promise<string> {
  return new SignJWT({
    iss: claims.issuer,
    sub: claims.subject,
    aud: claims.audience,
    client_id: claims.clientId,
    scope: claims.scope,
    jti: claims.id,
    iat: claims.issuedAt,
    exp: claims.expiresAt,
    ...(claims.keyThumbprint === undefined ? {} : { cnf: { jkt: claims.keyThumbprint } }),
  })
    .setProtectedHeader({ typ: accessTokenType, alg: accessTokenAlgorithm, kid: key.kid })
    .sign(key.privateKey)
}

export type VerifiedAccessToken = { id: string; audience: string } | TokenFault

/** RFC 9068 §4, but for the audience, which is the caller's to compare. */
export async function verifyAccessToken(
  token: string,
  keys: JsonWebKeySet,
  expected: { issuer: string; now: number },
): Promise<VerifiedAccessToken> {
  const verified = await verifyToken(token, keys, {
    types: [accessTokenType],
    algorithms: [accessTokenAlgorithm],
    now: expected.now,
  })
  if ('fault' in verified) return verified
  const { iss, aud, jti, exp } = verified.claims
  if (iss !== expected.issuer) return { fault: 'it is of another issuer', isAboutKeys: false }
  if (typeof aud !== 'string' || typeof jti !== 'string' || typeof exp !== 'number')
    return { fault: 'it has no aud, jti or exp', isAboutKeys: false }
  return { id: jti, audience: aud }
}
