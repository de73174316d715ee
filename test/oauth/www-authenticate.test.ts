/** The Bearer challenge, written so that nothing breaks out of it and read as servers really send it (RFC 6750 §3, RFC 9110 §11.6.1). */

import { describe, expect, test } from 'vitest'
import {
  type BearerChallenge,
  findBearerChallenge,
  formatBearerChallenge,
  readChallenges,
} from '../../src/oauth/www-authenticate.ts'

const none: BearerChallenge = {
  resourceMetadata: undefined,
  scope: undefined,
  error: undefined,
  errorDescription: undefined,
}
const metadata = 'https://mcp.example/.well-known/oauth-protected-resource/mcp'

describe('writing', () => {
  test('[R9728-04] [AUTH-2025-11-25-07] [OA21-20] without a credential: where to look and what to ask, and no error', () => {
    const header = formatBearerChallenge({ ...none, resourceMetadata: metadata, scope: 'read write' })
    expect(header).toBe(`Bearer resource_metadata="${metadata}", scope="read write"`)
  })

  test('[OA21-19] [OA21-21] with a bad token: each parameter once', () => {
    const challenge = {
      resourceMetadata: metadata,
      scope: 'read',
      error: 'invalid_token',
      errorDescription: 'the token has expired',
    }
    const header = formatBearerChallenge(challenge)
    expect(findBearerChallenge(header)).toEqual(challenge)
    for (const name of ['error', 'error_description', 'scope', 'resource_metadata'])
      expect(header.match(new RegExp(`\\b${name}=`, 'g'))).toHaveLength(1)
  })

  test.each([
    ['a quote that ends the value', 'a", error="none', 'a, error=none'],
    ['a backslash that would escape the end', 'a\\', 'a'],
    ['an escaped quote', 'a\\"b', 'ab'],
    ['line ends that would start a header', 'a\r\nSet-Cookie: x=1', 'aSet-Cookie: x=1'],
    ['a null character', 'a\0b', 'ab'],
    ['letters that are not ASCII', 'caf\u00e9 \u202e\u2014 \u{1f600}', 'caf  '],
    [
      'another challenge',
      'a", Bearer resource_metadata="https://evil.example',
      'a, Bearer resource_metadata=https://evil.example',
    ],
  ])('[OA21-21] a hostile value never breaks out of its quotes: %s', (_, hostile, left) => {
    for (const name of ['errorDescription', 'scope', 'error', 'resourceMetadata'] as const) {
      const header = formatBearerChallenge({ ...none, [name]: hostile })
      expect(header).toMatch(/^Bearer [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*"$/)
      expect(readChallenges(header)).toHaveLength(1)
      expect(findBearerChallenge(header)).toEqual({ ...none, [name]: left })
      expect(() => new Headers({ 'www-authenticate': header })).not.toThrow()
    }
  })
})

describe('reading', () => {
  const read = (header: string): Array<[string, Record<string, string>]> =>
    readChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])

  test.each<[string, string, Array<[string, Record<string, string>]>]>([
    ['nothing', '', []],
    ['a scheme alone', 'Bearer', [['bearer', {}]]],
    ['any case, of scheme and names', 'BEARER Scope="a"', [['bearer', { scope: 'a' }]]],
    [
      'Basic first, then Bearer',
      'Basic realm="x", Bearer scope="a"',
      [
        ['basic', { realm: 'x' }],
        ['bearer', { scope: 'a' }],
      ],
    ],
    [
      'Bearer first, then Basic',
      'Bearer scope="a", Basic realm="x"',
      [
        ['bearer', { scope: 'a' }],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'three, with several parameters',
      'Digest realm="x", nonce=abc, Negotiate, Bearer error=invalid_token, scope="a b"',
      [
        ['digest', { realm: 'x', nonce: 'abc' }],
        ['negotiate', {}],
        ['bearer', { error: 'invalid_token', scope: 'a b' }],
      ],
    ],
    [
      'a credential after a scheme',
      'Negotiate YWJj==, Bearer scope="a"',
      [
        ['negotiate', { ywjj: '=' }],
        ['bearer', { scope: 'a' }],
      ],
    ],
    [
      'values without quotes',
      'Bearer error=invalid_token,scope=read',
      [['bearer', { error: 'invalid_token', scope: 'read' }]],
    ],
    ['blanks around the sign', 'Bearer scope = "a" , error= b', [['bearer', { scope: 'a', error: 'b' }]]],
    ['no comma between parameters', 'Bearer scope="a" error="b"', [['bearer', { scope: 'a', error: 'b' }]]],
    ['commas too many', ',, Bearer ,scope="a",,error="b",', [['bearer', { scope: 'a', error: 'b' }]]],
    [
      'escaped quotes and backslashes',
      'Bearer error_description="a \\"b\\" \\\\c"',
      [['bearer', { error_description: 'a "b" \\c' }]],
    ],
    [
      'a comma and a scheme inside quotes',
      'Basic realm="a, Bearer scope=x", Bearer scope="y"',
      [
        ['basic', { realm: 'a, Bearer scope=x' }],
        ['bearer', { scope: 'y' }],
      ],
    ],
    ['an empty value', 'Bearer scope="", error="b"', [['bearer', { scope: '', error: 'b' }]]],
    ['a parameter twice: the first counts', 'Bearer scope="a", scope="b"', [['bearer', { scope: 'a' }]]],
    [
      'the name of an object member',
      'Bearer __proto__="a"',
      [['bearer', Object.fromEntries([['__proto__', 'a']])]],
    ],
  ])('%s', (_, header, challenges) => {
    expect(read(header)).toEqual(challenges)
  })

  test.each([
    ['a parameter without a scheme', 'resource_metadata="https://evil.example"'],
    [
      'a challenge inside the quotes of a parameter without a scheme',
      'realm="Bearer resource_metadata=https://evil.example"',
    ],
    ['a challenge inside quotes that stand alone', '"Bearer resource_metadata=https://evil.example"'],
    [
      'a challenge inside quotes that never end',
      'Basic realm="Bearer resource_metadata=https://evil.example',
    ],
    ['a scheme glued to something', 'x"Bearer resource_metadata=https://evil.example"'],
    ['another scheme that ends alike', 'NotBearer resource_metadata="https://evil.example"'],
  ])('no Bearer challenge is read out of %s', (_, header) => {
    expect(findBearerChallenge(header)).toBeUndefined()
  })

  test('nothing was sent', () => {
    expect(readChallenges(null)).toEqual([])
    expect(readChallenges(undefined)).toEqual([])
    expect(findBearerChallenge(null)).toBeUndefined()
    expect(findBearerChallenge('Basic realm="x"')).toBeUndefined()
  })

  test('several headers, which fetch joins by a comma', () => {
    const headers = new Headers()
    headers.append('www-authenticate', 'Basic realm="x"')
    headers.append('www-authenticate', formatBearerChallenge({ ...none, resourceMetadata: metadata }))
    expect(findBearerChallenge(headers.get('www-authenticate'))?.resourceMetadata).toBe(metadata)
  })

  test('what cannot be read costs only itself', () => {
    const header = 'Bearer ===, "junk", scope="a", \u00a7\u00a7 error="invalid_token"'
    expect(findBearerChallenge(header)).toMatchObject({ scope: 'a', error: 'invalid_token' })
  })
})
