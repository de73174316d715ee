/** Proof Key for Code Exchange, S256 only (RFC 7636; OAuth 2.1 §4.1). */

import { encodeBase64Url, equalInConstantTime, type Random, randomToken, sha256 } from '../platform/crypto.ts'
import type { Problem } from './errors.ts'

export const challengeMethod = 'S256'

/** What an authorization request says of PKCE, before it is believed. */
export interface ChallengeParameters {
  codeChallenge: string | undefined
  codeChallengeMethod: string | undefined
}

/** RFC 7636 §4.3 and §4.4.1. `plain` is refused: it protects nobody whose request can be read. */
export function codeChallengeProblems(parameters: ChallengeParameters): Problem[] {
  const { codeChallenge, codeChallengeMethod } = parameters
  const problem = (at: string, says: string, standard: string): Problem[] => [
    { code: 'invalid_request', at, says, standard },
  ]
  if (codeChallenge === undefined) {
    return problem(
      'code_challenge',
      'code_challenge is missing; send the S256 challenge of a fresh verifier',
      'RFC 7636 §4.4.1',
    )
  }
  if (codeChallengeMethod !== challengeMethod) {
    return problem(
      'code_challenge_method',
      `code_challenge_method must be S256, not ${JSON.stringify(codeChallengeMethod?.slice(0, 40) ?? 'plain (the default)')}`,
      'RFC 7636 §4.4.1',
    )
  }
  if (!/^[A-Za-z0-9_-]{43}$/.test(codeChallenge)) {
    return problem(
      'code_challenge',
      'code_challenge must be the 43 base64url characters of a SHA-256, without padding',
      'RFC 7636 §4.2',
    )
  }
  return []
}

/** RFC 7636 §4.1: 43 to 128 unreserved characters. The Python SDK sends 128. */
export function codeVerifierProblems(verifier: string | undefined): Problem[] {
  if (verifier !== undefined && /^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return []
  const says =
    verifier === undefined
      ? 'code_verifier is missing'
      : 'code_verifier must be 43 to 128 unreserved characters'
  return [
    {
      code: verifier === undefined ? 'invalid_request' : 'invalid_grant',
      at: 'code_verifier',
      says,
      standard: 'RFC 7636 §4.1',
    },
  ]
}

/** RFC 7636 §4.6. */
export function isVerifierOf(verifier: string, challenge: string): boolean {
  return equalInConstantTime(formatCodeChallenge(verifier), challenge)
}

export function createCodeVerifier(random?: Random): string {
  return randomToken(random)
}

/** RFC 7636 §4.2. */
export function formatCodeChallenge(verifier: string): string {
  return encodeBase64Url(sha256(verifier))
}
