/** Every error has one code, one status, and a text that may leave the house (RFC 6749 §4.1.2.1 and §5.2). */

import { describe, expect, test } from 'vitest'
import { AuthorizationError, OAuthError, refuseProblems, statusOf } from '../../src/oauth/errors.ts'
import { codeChallengeProblems } from '../../src/oauth/pkce.ts'
import { redirectUriProblems, trustRedirect } from '../../src/oauth/redirect-uri.ts'

test('[OA21-13] [OA21-19] [ASU-12] the statuses that clients live by', () => {
  expect(statusOf).toMatchObject({
    invalid_request: 400,
    invalid_client: 401,
    invalid_grant: 400,
    invalid_target: 400,
    invalid_token: 401,
    insufficient_scope: 403,
    invalid_redirect_uri: 400,
    invalid_client_metadata: 400,
  })
  expect(new OAuthError('invalid_client', 'x').status).toBe(401)
})

describe('[OA21-21] a description holds only the characters that the standard allows', () => {
  const allowed = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/

  test.each([
    ['plain words', 'the code has expired', 'the code has expired'],
    ['a paragraph', 'missing (RFC 7636 §4.1)', 'missing (RFC 7636 section 4.1)'],
    ['quotes', 'must be "S256"', "must be 'S256'"],
    ['quotes within quotes, as JSON writes them', JSON.stringify('a"b'), "'a'b'"],
    ['a backslash', 'a\\b', 'a?b'],
    ['line ends', 'a\r\nb', 'a??b'],
    ['letters that are not ASCII', 'caf\u00e9', 'caf?'],
  ])('%s', (_, given, sent) => {
    const error = new OAuthError('invalid_request', given)
    expect(error.description).toBe(sent)
    expect(error.description).toMatch(allowed)
    // The log keeps what was said.
    expect(error.message).toBe(`invalid_request: ${given}`)
  })

  test('also what is said of hostile input', () => {
    for (const problems of [
      codeChallengeProblems({ codeChallenge: 'x', codeChallengeMethod: '"\\\u202e\n' }),
      redirectUriProblems(['https://"\\\u202e\n']),
    ]) {
      let thrown: unknown
      try {
        refuseProblems(problems)
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBeInstanceOf(OAuthError)
      expect((thrown as OAuthError).description).toMatch(allowed)
    }
  })
})

test('the first problem is the one that is refused, and its place stays in the log', () => {
  expect(() => refuseProblems([])).not.toThrow()
  const problems = redirectUriProblems(['https://app.example/cb', 'ftp://x', 'javascript:1'])
  expect(() => refuseProblems(problems)).toThrow(
    expect.objectContaining({ code: 'invalid_redirect_uri', detail: 'redirect_uris[1]' }),
  )
})

test('[OA21-03] an error that travels by redirect holds a redirect that was trusted', () => {
  const redirect = trustRedirect('https://app.example/cb', ['https://app.example/cb'])
  if (redirect === undefined) throw new TypeError('the redirect is registered')
  const error = new AuthorizationError(redirect, 's', 'access_denied', 'the person said no')
  expect(error).toBeInstanceOf(OAuthError)
  expect(error).toMatchObject({
    code: 'access_denied',
    state: 's',
    redirect: { uri: 'https://app.example/cb' },
  })
})
