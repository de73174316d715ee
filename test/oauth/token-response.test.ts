/** The form that asks for tokens and the answer that brings them (OAuth 2.1 §3.2, RFC 6749 §5). */

import { describe, expect, test } from 'vitest'
import { OAuthError } from '../../src/oauth/errors.ts'
import {
  formatTokenResponse,
  readTokenRequest,
  readTokenResponse,
  tokenResponseProblems,
} from '../../src/oauth/token-response.ts'

const exchange =
  'grant_type=authorization_code&code=c&code_verifier=v&redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fcallback' +
  '&resource=https%3A%2F%2Fmcp.example%2Fmcp&client_id=id'

describe('the request', () => {
  test('the exchange of a code as Claude Code sends it', () => {
    expect(readTokenRequest(new URLSearchParams(exchange))).toEqual({
      grantType: 'authorization_code',
      code: 'c',
      redirectUri: 'http://localhost:1/callback',
      codeVerifier: 'v',
      refreshToken: undefined,
      clientId: 'id',
      clientSecret: undefined,
      clientAssertion: undefined,
      clientAssertionType: undefined,
      scope: undefined,
      resources: ['https://mcp.example/mcp'],
    })
  })

  test('[OA21-06] unknown parameters are ignored, also when they come twice', () => {
    const request = readTokenRequest(new URLSearchParams(`${exchange}&foo=1&foo=2&audience=x`))
    expect(request).toEqual(readTokenRequest(new URLSearchParams(exchange)))
  })

  test.each([
    'grant_type',
    'code',
    'redirect_uri',
    'code_verifier',
    'refresh_token',
    'client_id',
    'client_secret',
    'client_assertion',
    'client_assertion_type',
    'scope',
  ])('[OA21-06] %s twice is refused, and empty is absent', (name) => {
    for (const values of [
      ['a', 'a'],
      ['a', 'b'],
      ['', 'a'],
    ]) {
      const form = new URLSearchParams(values.map((value) => [name, value]))
      expect(() => readTokenRequest(form)).toThrow(
        expect.objectContaining({ code: 'invalid_request', description: expect.stringContaining(name) }),
      )
    }
    const { resources, ...others } = readTokenRequest(new URLSearchParams([[name, '']]))
    expect(Object.values(others).filter((value) => value !== undefined)).toEqual([])
    expect(resources).toEqual([])
  })

  test('[R8707-01] resource may come twice', () => {
    const form = new URLSearchParams('resource=a&resource=b&resource=')
    expect(readTokenRequest(form).resources).toEqual(['a', 'b'])
  })

  test('the refusal is an OAuth error', () => {
    expect(() => readTokenRequest(new URLSearchParams('code=a&code=b'))).toThrow(OAuthError)
  })
})

test('[OA21-12] [CC-10] [ASU-13] the answer: Bearer, whole seconds, a refresh token, and always the scope', () => {
  expect(
    formatTokenResponse({ accessToken: 'a', expiresInSeconds: 3600, refreshToken: 'r', scope: 'read' }),
  ).toEqual({ access_token: 'a', token_type: 'Bearer', expires_in: 3600, refresh_token: 'r', scope: 'read' })
})

describe('[OA21-12] what a client stumbles over', () => {
  const good = { access_token: 'a', token_type: 'Bearer', expires_in: 3600 }

  test.each<[string, unknown, string[]]>([
    ['nothing', good, []],
    ['nothing: no lifetime', { ...good, expires_in: undefined }, []],
    ['nothing: bearer in lower case', { ...good, token_type: 'bearer' }, []],
    ['no token', { ...good, access_token: undefined }, ['access_token']],
    ['an empty token', { ...good, access_token: '' }, ['access_token']],
    ['a token that is no text', { ...good, access_token: 7 }, ['access_token']],
    ['no type', { access_token: 'a' }, ['token_type']],
    ['a type of null', { ...good, token_type: null }, ['token_type']],
    ['another type', { ...good, token_type: 'DPoP' }, ['token_type']],
    ['a lifetime as text', { ...good, expires_in: '3600' }, ['expires_in']],
    ['a lifetime of null', { ...good, expires_in: null }, ['expires_in']],
    ['no lifetime at all', { ...good, expires_in: 0 }, ['expires_in']],
    ['a negative lifetime', { ...good, expires_in: -1 }, ['expires_in']],
    ['half a second', { ...good, expires_in: 0.5 }, ['expires_in']],
    ['an error in a 200', { error: 'invalid_grant' }, ['access_token', 'token_type']],
    ['a list', [good], ['']],
    ['a text', 'x', ['']],
    ['null', null, ['']],
    ['nothing there', undefined, ['']],
  ])('%s', (_, document, at) => {
    expect(tokenResponseProblems(document).map((problem) => problem.at)).toEqual(at)
  })

  test('of what is wrong only the beginning is repeated', () => {
    const long = 'x'.repeat(9000)
    const problems = tokenResponseProblems({ access_token: 'a', token_type: long, expires_in: long })
    expect(problems).toHaveLength(2)
    for (const { says } of problems) expect(says.length).toBeLessThan(200)
  })

  test('the token itself is in no problem', () => {
    const problems = tokenResponseProblems({ access_token: ['secret-value'], token_type: 1, expires_in: 'x' })
    expect(JSON.stringify(problems)).not.toContain('secret-value')
  })
})

describe('what a client keeps', () => {
  test.each<[string, unknown, number | undefined]>([
    ['a whole number', 3600, 3600],
    ['text', '3600', 3600],
    ['a part of a second less', 59.9, 59],
    ['zero is unknown, not expired', 0, undefined],
    ['null is unknown', null, undefined],
    ['negative is unknown', -1, undefined],
    ['endless is unknown', Number.POSITIVE_INFINITY, undefined],
    ['garbage is unknown', 'soon', undefined],
    ['absent is unknown', undefined, undefined],
  ])('lifetime: %s', (_, expires_in, seconds) => {
    expect(readTokenResponse({ access_token: 'a', expires_in }).expiresInSeconds).toBe(seconds)
  })

  test('members of the wrong kind count as absent', () => {
    expect(readTokenResponse({ access_token: 'a', refresh_token: null, scope: ['read'] })).toEqual({
      accessToken: 'a',
      expiresInSeconds: undefined,
      refreshToken: undefined,
      scope: undefined,
    })
  })

  test.each([null, undefined, 'x', {}, { access_token: 1 }])(
    'without a token: TypeError (%j)',
    (document) => {
      expect(() => readTokenResponse(document)).toThrow(TypeError)
    },
  )
})
