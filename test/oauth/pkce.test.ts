/** PKCE: what is refused before a code is minted, and which verifier fits which challenge (RFC 7636). */

import { describe, expect, test } from 'vitest'
import { OAuthError, refuseProblems } from '../../src/oauth/errors.ts'
import {
  codeChallengeProblems,
  codeVerifierProblems,
  createCodeVerifier,
  formatCodeChallenge,
  isVerifierOf,
} from '../../src/oauth/pkce.ts'

/** RFC 7636, appendix B. */
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

test('[R7636-01] the vector of appendix B', () => {
  expect(formatCodeChallenge(verifier)).toBe(challenge)
  expect(isVerifierOf(verifier, challenge)).toBe(true)
  expect(codeChallengeProblems({ codeChallenge: challenge, codeChallengeMethod: 'S256' })).toEqual([])
  expect(codeVerifierProblems(verifier)).toEqual([])
})

describe('[R7636-02] [OA21-07] [OA21-08] a challenge that is refused with invalid_request', () => {
  test.each([
    ['missing', undefined, 'S256', 'code_challenge'],
    ['missing with its method', undefined, undefined, 'code_challenge'],
    ['method left out, which means plain', challenge, undefined, 'code_challenge_method'],
    ['plain', challenge, 'plain', 'code_challenge_method'],
    ['s256 in lower case', challenge, 's256', 'code_challenge_method'],
    ['S512', challenge, 'S512', 'code_challenge_method'],
    ['a method with a blank', challenge, 'S256 ', 'code_challenge_method'],
    ['padded', `${challenge}=`, 'S256', 'code_challenge'],
    ['42 characters', challenge.slice(1), 'S256', 'code_challenge'],
    ['44 characters', `${challenge}A`, 'S256', 'code_challenge'],
    ['128 characters', 'a'.repeat(128), 'S256', 'code_challenge'],
    ['base64 with plus and slash', `${challenge.slice(0, 41)}+/`, 'S256', 'code_challenge'],
    ['a line end after it', `${challenge}\n`, 'S256', 'code_challenge'],
    ['empty', '', 'S256', 'code_challenge'],
  ])('%s', (_, codeChallenge, codeChallengeMethod, at) => {
    const problems = codeChallengeProblems({ codeChallenge, codeChallengeMethod })
    expect(problems.map((problem) => [problem.code, problem.at])).toEqual([['invalid_request', at]])
    expect(() => refuseProblems(problems)).toThrow(OAuthError)
  })

  test('what a stranger wrote is repeated in few characters', () => {
    const [problem] = codeChallengeProblems({
      codeChallenge: challenge,
      codeChallengeMethod: 'x'.repeat(9000),
    })
    expect(problem?.says.length).toBeLessThan(150)
  })
})

describe('[R7636-01] [CC-10] a verifier is 43 to 128 unreserved characters', () => {
  test.each([
    ['43 characters', 'a'.repeat(43), undefined],
    ['128 characters, as the Python SDK sends', 'a'.repeat(128), undefined],
    ['every kind of character', `${'aZ09-._~'.repeat(6)}`, undefined],
    ['missing', undefined, 'invalid_request'],
    ['42 characters', 'a'.repeat(42), 'invalid_grant'],
    ['129 characters', 'a'.repeat(129), 'invalid_grant'],
    ['empty', '', 'invalid_grant'],
    ['padded', `${'a'.repeat(43)}=`, 'invalid_grant'],
    ['a plus', `${'a'.repeat(43)}+`, 'invalid_grant'],
    ['a blank', `${'a'.repeat(43)} `, 'invalid_grant'],
    ['a letter that is not ASCII', `${'a'.repeat(43)}é`, 'invalid_grant'],
    ['a line end after it', `${'a'.repeat(43)}\n`, 'invalid_grant'],
  ])('%s', (_, value, code) => {
    expect(codeVerifierProblems(value)[0]?.code).toBe(code)
  })
})

test('[R7636-02] only the verifier itself fits its challenge', () => {
  expect(isVerifierOf(`${verifier}A`, challenge)).toBe(false)
  expect(isVerifierOf(verifier.toLowerCase(), challenge)).toBe(false)
  expect(isVerifierOf(challenge, challenge)).toBe(false)
  expect(isVerifierOf(verifier, `${challenge}=`)).toBe(false)
  expect(isVerifierOf(verifier, '')).toBe(false)
  expect(isVerifierOf('', '')).toBe(false)
})

test('[R7636-01] [OA21-22] a verifier of our own is valid, of 256 bits, and never the same', () => {
  const made = Array.from({ length: 50 }, () => createCodeVerifier())
  expect(made.flatMap((value) => codeVerifierProblems(value))).toEqual([])
  expect(new Set(made).size).toBe(50)
  const asked: number[] = []
  const still = (length: number): Uint8Array => {
    asked.push(length)
    return new Uint8Array(length)
  }
  expect(createCodeVerifier(still)).toBe('A'.repeat(43))
  expect(asked).toEqual([32])
})
