/** Proof of possession (RFC 9449): whoever shows a token shows, by a signature over this very request, that the key it is bound to is theirs. */

import { calculateJwkThumbprint, type JWK } from 'jose'
import { encodeBase64Url, sha256 } from '../platform/crypto.ts'
import { parseUrl } from '../platform/url.ts'
import type { Problem } from './errors.ts'
import { jsonWebKeySetProblems, type PublicJsonWebKey, readJsonWebKeySet } from './json-web-key.ts'
import { decodeToken, signatureAlgorithms, verifyToken } from './json-web-token.ts'
import { type BearerChallenge, formatBearerChallenge } from './www-authenticate.ts'

export const dpopAlgorithms: readonly string[] = signatureAlgorithms

/** A proof is made for one request, so that its `iat` is now; clocks of people's machines are off by minutes (MCP extension on DPoP: five either way). */
export const proofLeewaySeconds = 300

export interface ProofExpectations {
  method: string
  /** The addresses that the request may have been sent to, by their public names and without a query. */
  urls: readonly string[]
  /** The token that is shown with it; undefined where one is asked for. */
  accessToken: string | undefined
  now: number
}

/** `thumbprint` names its key; `id` is unique to the key, and must be remembered until `expiresAt`. */
export type VerifiedProof = { thumbprint: string; id: string; expiresAt: number } | { fault: string }

/** RFC 9449 §4.3, all but whether it came before. */
export async function verifyProof(proof: string, expected: ProofExpectations): Promise<VerifiedProof> {
  const decoded = decodeToken(proof)
  if (decoded === undefined) return { fault: 'it is not a signed JWT' }
  const { jwk, kid } = decoded.header
  const problem = jsonWebKeySetProblems({ keys: [jwk] }, 'jwk')[0]
  if (problem !== undefined) return { fault: problem.says }
  // Its time is judged below, by another leeway than that of tokens that live for a while.
  const claimedAt = typeof decoded.claims.iat === 'number' ? decoded.claims.iat : expected.now
  const { keys } = readJsonWebKeySet({ keys: [jwk] })
  const verified = await verifyToken(
    proof,
    { keys: keys.map((key) => namedAs(key, kid)) },
    { types: ['dpop+jwt'], algorithms: dpopAlgorithms, now: claimedAt },
  )
  if ('fault' in verified) return { fault: verified.fault }
  const fault = claimsFault(verified.claims, expected)
  if (fault !== undefined) return { fault }
  const thumbprint = await calculateJwkThumbprint(jwk as JWK)
  return {
    thumbprint,
    id: String(verified.claims.jti),
    expiresAt: Math.ceil(Number(verified.claims.iat)) + proofLeewaySeconds + 1,
  }
}

/** The header brings its key itself: a kid beside it has nothing to choose from, and whatever it says is right. */
function namedAs(key: PublicJsonWebKey, kid: unknown): PublicJsonWebKey {
  const { kid: _, ...unnamed } = key
  return { ...unnamed, kty: key.kty, ...(typeof kid === 'string' ? { kid } : {}) }
}

function claimsFault(
  claims: Readonly<Record<string, unknown>>,
  { method, urls, accessToken, now }: ProofExpectations,
): string | undefined {
  const { jti, htm, htu, iat, ath } = claims
  if (typeof jti !== 'string' || jti === '' || jti.length > maximumJtiLength)
    return `its jti is not a text of at most ${maximumJtiLength} characters`
  if (htm !== method) return `its htm is not ${method}`
  if (typeof htu !== 'string' || !urls.includes(bareUrl(htu) ?? '')) return `its htu is not ${urls[0]}`
  if (typeof iat !== 'number' || Math.abs(now - iat) > proofLeewaySeconds)
    return `its iat is more than ${proofLeewaySeconds} seconds from now`
  if (accessToken !== undefined && ath !== encodeBase64Url(sha256(accessToken)))
    return 'its ath is not the hash of the access token'
  return undefined
}

const maximumJtiLength = 500

/** Without query and fragment, and normalised as URLs are (RFC 9449 §4.3). */
function bareUrl(text: string): string | undefined {
  const url = parseUrl(text)
  return url === undefined ? undefined : url.origin + url.pathname
}

/** RFC 9449 §10: the thumbprint (RFC 7638) of the key that a code is to be bound to. */
export function keyThumbprintProblems(thumbprint: string | undefined): Problem[] {
  if (thumbprint === undefined || /^[A-Za-z0-9_-]{43}$/.test(thumbprint)) return []
  const says = 'dpop_jkt must be the SHA-256 thumbprint of a key, 43 base64url characters'
  return [{ code: 'invalid_request', at: 'dpop_jkt', says, standard: 'RFC 9449 §10' }]
}

/** RFC 9449 §7.1. */
export function formatDpopChallenge(challenge: BearerChallenge): string {
  const parameters = formatBearerChallenge(challenge).replace(/^Bearer /, '')
  return `DPoP ${parameters}, algs="${dpopAlgorithms.join(' ')}"`
}
