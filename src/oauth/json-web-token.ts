/** Signed JSON Web Tokens (RFC 7519) under the rules of RFC 8725: listed algorithms, an explicit type, the time of whoever asks. */

import {
  type CryptoKey,
  compactVerify,
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWK,
} from 'jose'
import type { JsonWebKeySet } from './json-web-key.ts'

/** Asymmetric ones only: whoever can verify must not be able to sign (RFC 8725 §3.1). */
export const signatureAlgorithms: readonly string[] = ['ES256', 'PS256', 'RS256', 'EdDSA']

/** Clocks differ; a token that was valid so many seconds ago, or will be in so many, is taken as valid. */
export const clockLeewaySeconds = 30

/** Longer ones are nobody's, and not worth a hash. */
const maximumTokenLength = 16_384

export interface DecodedToken {
  header: Readonly<Record<string, unknown>>
  claims: Readonly<Record<string, unknown>>
}

/** What a token says of itself, believed by nobody yet; undefined for what is none. */
export function decodeToken(token: string): DecodedToken | undefined {
  if (token.length > maximumTokenLength) return undefined
  try {
    return { header: { ...decodeProtectedHeader(token) }, claims: { ...decodeJwt(token) } }
  } catch {
    return undefined
  }
}

/** One audience: what is good for two servers could be passed on by one to the other. Undefined where there are several, or none. */
export function onlyAudience({ aud }: DecodedToken['claims']): string | undefined {
  const only: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud
  return typeof only === 'string' ? only : undefined
}

export interface TokenExpectations {
  /** Of the header's `typ`, without case and without `application/` (RFC 7515 §4.1.9). `undefined` in it allows none. */
  types: readonly (string | undefined)[]
  algorithms: readonly string[]
  now: number
}

/** Claims whose signature, algorithm, type and times were verified; who and for whom is the caller's to compare. Or why not, in words. */
export type VerifiedToken = { claims: Readonly<Record<string, unknown>> } | TokenFault

export interface TokenFault {
  fault: string
  /** Another set of keys, newer than this one, might verify it. */
  isAboutKeys: boolean
}

export async function verifyToken(
  token: string,
  keys: JsonWebKeySet,
  expected: TokenExpectations,
): Promise<VerifiedToken> {
  const decoded = decodeToken(token)
  if (decoded === undefined) return { fault: 'it is not a signed JWT', isAboutKeys: false }
  const fault = headerFault(decoded.header, expected) ?? timeFault(decoded.claims, expected.now)
  if (fault !== undefined) return { fault, isAboutKeys: false }
  const candidates = await candidateKeys(decoded.header, keys)
  if (candidates.length === 0) return { fault: 'no published key has its kid and alg', isAboutKeys: true }
  for (const key of candidates) {
    if (await isSignedBy(token, key, expected.algorithms)) return { claims: decoded.claims }
  }
  return { fault: 'its signature does not verify', isAboutKeys: true }
}

function headerFault(header: DecodedToken['header'], expected: TokenExpectations): string | undefined {
  const type =
    typeof header.typ === 'string' ? header.typ.toLowerCase().replace(/^application\//, '') : undefined
  if (header.typ !== undefined && type === undefined) return 'its typ is no text'
  // Nothing that must be understood is: RFC 7797 would have the signature cover another text than the claims.
  if (header.crit !== undefined) return 'its crit names extensions that are not understood'
  if (!expected.types.includes(type))
    return `its typ is ${JSON.stringify(type)?.slice(0, 60) ?? 'missing'}, expected ${expected.types.join(' or ')}`
  if (!expected.algorithms.includes(String(header.alg))) {
    return `its alg is ${JSON.stringify(header.alg)?.slice(0, 40)}, expected one of ${expected.algorithms.join(', ')}`
  }
  return undefined
}

/** RFC 7519 §4.1.4 to §4.1.6: a date that is there is a number, and is kept to. */
function timeFault(claims: DecodedToken['claims'], now: number): string | undefined {
  for (const name of ['exp', 'nbf', 'iat']) {
    const value = claims[name]
    if (value !== undefined && !(typeof value === 'number' && Number.isFinite(value)))
      return `its ${name} is no number`
  }
  const { exp, nbf, iat } = claims as Partial<Record<'exp' | 'nbf' | 'iat', number>>
  if (exp !== undefined && exp + clockLeewaySeconds <= now) return 'it has expired'
  if (nbf !== undefined && nbf > now + clockLeewaySeconds) return 'it is not valid yet (nbf)'
  if (iat !== undefined && iat > now + clockLeewaySeconds) return 'it was made in the future (iat)'
  return undefined
}

/** Those that can have made it: by kid where it names one, by algorithm and use always. */
async function candidateKeys(
  header: DecodedToken['header'],
  keys: JsonWebKeySet,
): Promise<readonly CryptoKey[]> {
  const find = createLocalJWKSet({ keys: keys.keys.map((key) => ({ ...key }) as JWK) })
  try {
    return [await find(header as { alg: string })]
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return []
    const found: CryptoKey[] = []
    for await (const key of error) found.push(key)
    return found
  }
}

async function isSignedBy(token: string, key: CryptoKey, algorithms: readonly string[]): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [...algorithms] })
    return true
  } catch {
    return false
  }
}
