/** Where an issuer's metadata is, and which of it a client may use (RFC 8414, MCP authorization server discovery). */

import { describe, expect, test } from 'vitest'
import {
  authorizationServerMetadataProblems,
  authorizationServerMetadataUrls,
  issuerOf,
  type MetadataExpectations,
} from '../../src/oauth/authorization-server-metadata.ts'

describe('[AUTH-2025-11-25-10] [R8414-02] where a client looks, in order', () => {
  const root = [
    'https://as.example/.well-known/oauth-authorization-server',
    'https://as.example/.well-known/openid-configuration',
  ]
  const tenant = [
    'https://as.example/.well-known/oauth-authorization-server/t1',
    'https://as.example/.well-known/openid-configuration/t1',
    'https://as.example/t1/.well-known/openid-configuration',
  ]

  test.each([
    ['root', 'https://as.example', root],
    ['root with a slash', 'https://as.example/', root],
    ['root with a query', 'https://as.example/?x=1', root],
    ['root with a fragment', 'https://as.example/#x', root],
    ['path', 'https://as.example/t1', tenant],
    ['path with a slash', 'https://as.example/t1/', tenant],
    ['path with a query', 'https://as.example/t1?x=1', tenant],
    ['host in capitals', 'https://AS.example/t1', tenant],
    ['userinfo, which is never sent', 'https://u:p@as.example/t1', tenant],
  ])('%s', (_, issuer, urls) => {
    expect(authorizationServerMetadataUrls(issuer)).toEqual(urls)
  })

  test('a port and a deeper path are kept', () => {
    expect(authorizationServerMetadataUrls('http://localhost:9000/a/B/%7Ec')).toEqual([
      'http://localhost:9000/.well-known/oauth-authorization-server/a/B/%7Ec',
      'http://localhost:9000/.well-known/openid-configuration/a/B/%7Ec',
      'http://localhost:9000/a/B/%7Ec/.well-known/openid-configuration',
    ])
  })

  test.each([
    '',
    'as.example',
    '/t1',
    'https://',
    'urn:as:example',
    'mailto:a@as.example',
    'javascript:1',
    'file:///etc',
  ])('nowhere: %j', (issuer) => {
    expect(authorizationServerMetadataUrls(issuer)).toEqual([])
  })
})

test('[R8414-01] [ASU-01] our own issuer is an origin, without path and slash', () => {
  expect(issuerOf('https://MCP.example:443/')).toBe('https://mcp.example')
  expect(issuerOf('http://localhost:8787/mcp?x#y')).toBe('http://localhost:8787')
  expect(() => issuerOf('mcp.example')).toThrow(TypeError)
})

const good = {
  issuer: 'https://as.example',
  authorization_endpoint: 'https://as.example/authorize',
  token_endpoint: 'https://as.example/token',
  registration_endpoint: 'https://as.example/register',
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
}
const strict: MetadataExpectations = { issuer: 'https://as.example', pkce: 'required' }

function faults(document: unknown, expected: MetadataExpectations = strict): string[] {
  return authorizationServerMetadataProblems(document, expected).map(({ at }) => at)
}

describe('what makes metadata unusable', () => {
  test.each<[string, unknown, string[]]>([
    ['nothing', good, []],
    [
      'nothing: endpoints on loopback over http',
      { ...good, token_endpoint: 'http://127.0.0.1:1/token', authorization_endpoint: 'http://localhost/a' },
      [],
    ],
    ['nothing: no registration', { ...good, registration_endpoint: undefined }, []],
    ['nothing: unknown members', { ...good, foo: null }, []],
    ['[R8414-03] no issuer', { ...good, issuer: undefined }, ['issuer']],
    ['[AUTH-2026-07-28-08] another issuer', { ...good, issuer: 'https://evil.example' }, ['issuer']],
    ['[AUTH-2026-07-28-14] a slash more', { ...good, issuer: 'https://as.example/' }, ['issuer']],
    ['[AUTH-2026-07-28-14] other capitals', { ...good, issuer: 'https://AS.example' }, ['issuer']],
    ['issuer in a list', { ...good, issuer: ['https://as.example'] }, ['issuer']],
    [
      '[R8414-03] no authorization endpoint',
      { ...good, authorization_endpoint: undefined },
      ['authorization_endpoint'],
    ],
    ['[R8414-03] no token endpoint', { ...good, token_endpoint: undefined }, ['token_endpoint']],
    [
      'an endpoint of null, which strict clients fail on',
      { ...good, registration_endpoint: null },
      ['registration_endpoint'],
    ],
    ['a relative endpoint', { ...good, token_endpoint: '/token' }, ['token_endpoint']],
    ['[OA21-30] http', { ...good, token_endpoint: 'http://as.example/token' }, ['token_endpoint']],
    [
      '[OA21-30] http on a name that begins like loopback',
      { ...good, token_endpoint: 'http://localhost.evil.example/t' },
      ['token_endpoint'],
    ],
    [
      '[SBP-11] an address that runs',
      { ...good, authorization_endpoint: 'javascript:alert(1)' },
      ['authorization_endpoint'],
    ],
    ['[SBP-11] a file', { ...good, authorization_endpoint: 'file:///x' }, ['authorization_endpoint']],
    [
      'revocation over http',
      { ...good, revocation_endpoint: 'http://as.example/revoke' },
      ['revocation_endpoint'],
    ],
    [
      '[R8414-03] no response types',
      { ...good, response_types_supported: undefined },
      ['response_types_supported'],
    ],
    ['other response types', { ...good, response_types_supported: ['token'] }, ['response_types_supported']],
    ['response types as text', { ...good, response_types_supported: 'code' }, ['response_types_supported']],
    [
      'all at once',
      {},
      [
        'issuer',
        'authorization_endpoint',
        'token_endpoint',
        'response_types_supported',
        'code_challenge_methods_supported',
      ],
    ],
    ['a list', [good], ['']],
    ['null', null, ['']],
    ['a text', 'x', ['']],
  ])('%s', (_, document, at) => {
    expect(faults(document)).toEqual(at)
  })

  test('an issuer that nobody expected is not compared', () => {
    expect(faults({ ...good, issuer: 'https://other.example' }, { ...strict, issuer: undefined })).toEqual([])
  })
})

describe('[AUTH-2025-11-25-23] PKCE', () => {
  test.each<[string, unknown, string[], string[], string[]]>([
    // listed, then the problems of: required, refused-without-s256, unchecked
    ['S256', ['S256'], [], [], []],
    ['S256 among others', ['plain', 'S256'], [], [], []],
    ['not listed at all', undefined, ['code_challenge_methods_supported'], [], []],
    [
      'plain alone',
      ['plain'],
      ['code_challenge_methods_supported'],
      ['code_challenge_methods_supported'],
      [],
    ],
    ['an empty list', [], ['code_challenge_methods_supported'], ['code_challenge_methods_supported'], []],
    [
      's256 in lower case',
      ['s256'],
      ['code_challenge_methods_supported'],
      ['code_challenge_methods_supported'],
      [],
    ],
    ['text', 'S256', ['code_challenge_methods_supported'], ['code_challenge_methods_supported'], []],
    ['null', null, ['code_challenge_methods_supported'], ['code_challenge_methods_supported'], []],
  ])('%s', (_, code_challenge_methods_supported, required, listed, unchecked) => {
    const document = { ...good, code_challenge_methods_supported }
    expect(faults(document, { ...strict, pkce: 'required' })).toEqual(required)
    expect(faults(document, { ...strict, pkce: 'refused-without-s256' })).toEqual(listed)
    expect(faults(document, { ...strict, pkce: 'unchecked' })).toEqual(unchecked)
  })
})

test('of what a stranger wrote only the beginning is repeated', () => {
  const long = `http://as.example/${'x'.repeat(9000)}`
  const problems = authorizationServerMetadataProblems(
    { ...good, issuer: long, token_endpoint: long },
    strict,
  )
  expect(problems).toHaveLength(2)
  for (const { says } of problems) expect(says.length).toBeLessThan(500)
})
