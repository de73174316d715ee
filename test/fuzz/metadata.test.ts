/** Fuzz: any JSON that a client or server may send as metadata is judged, never thrown at (RFC 7591, RFC 8414, RFC 9728, CIMD). */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  authorizationServerMetadataProblems,
  authorizationServerMetadataUrls,
} from '../../src/oauth/authorization-server-metadata.ts'
import {
  clientIdMetadataDocumentProblems,
  clientIdUrlProblems,
  documentFreshness,
  documentFreshSeconds,
  readClientIdMetadataDocument,
} from '../../src/oauth/client-id-metadata-document.ts'
import {
  canonicalClientMetadata,
  clientMetadataProblems,
  formatClientMetadata,
  readClientMetadata,
} from '../../src/oauth/client-metadata.ts'
import { OAuthError, type Problem, statusOf } from '../../src/oauth/errors.ts'
import {
  protectedResourceMetadataProblems,
  protectedResourceMetadataUrls,
} from '../../src/oauth/protected-resource-metadata.ts'
import { readTokenResponse, tokenResponseProblems } from '../../src/oauth/token-response.ts'
import { anyText, webAddress } from './arbitrary.ts'
import { runs } from './runs.ts'

const url = fc.constantFrom(
  'https://app.example/cb',
  'http://localhost:1/callback',
  'https://as.example',
  'javascript:1',
  '//x',
  'http://as.example',
  'urn:x',
)
const word = fc.constantFrom(
  'code',
  'S256',
  'none',
  'client_secret_post',
  'authorization_code',
  'refresh_token',
  'plain',
  'web',
  'native',
  'Bearer',
)
const value = fc.oneof(
  url,
  word,
  fc.array(url, { maxLength: 3 }),
  fc.array(word, { maxLength: 3 }),
  fc.jsonValue({ maxDepth: 2 }),
  anyText(300),
)
const member = fc.constantFrom(
  'issuer',
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'revocation_endpoint',
  'response_types_supported',
  'code_challenge_methods_supported',
  'resource',
  'authorization_servers',
  'client_id',
  'client_name',
  'client_uri',
  'logo_uri',
  'redirect_uris',
  'grant_types',
  'response_types',
  'scope',
  'token_endpoint_auth_method',
  'application_type',
  'software_id',
  'software_version',
  'client_secret',
  'access_token',
  'token_type',
  'expires_in',
  'refresh_token',
  '__proto__',
  'toString',
)
const document = fc.oneof(
  { weight: 9, arbitrary: fc.dictionary(member, value, { maxKeys: 12 }) },
  { weight: 1, arbitrary: fc.jsonValue() },
)

function expectSpoken(problems: readonly Problem[]): void {
  for (const { code, at, says, standard } of problems) {
    expect(statusOf).toHaveProperty(code)
    expect(at).toBeTypeOf('string')
    expect(says.length).toBeGreaterThan(5)
    expect(says.length).toBeLessThan(3000)
    expect(standard).toMatch(/^(RFC|MCP|OAuth|CIMD) /)
    expect(new OAuthError(code, says).description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
  }
}

describe('a client', () => {
  const good = fc.record({ redirect_uris: fc.constant(['https://app.example/cb']) })
  const registration = fc
    .tuple(document, good, fc.boolean())
    .map(([some, base, isGood]) =>
      isGood && typeof some === 'object' && some !== null && !Array.isArray(some)
        ? { ...some, ...base }
        : some,
    )

  test('[CC-07] is refused with a sentence, or told back without null, and reads the same again', () => {
    let accepted = 0
    fc.assert(
      fc.property(registration, (body) => {
        const problems = clientMetadataProblems(body)
        expectSpoken(problems)
        if (problems.length > 0) return
        accepted += 1
        const metadata = readClientMetadata(body)
        const answer = formatClientMetadata(metadata)
        const text = JSON.stringify(answer)
        expect(text).not.toContain('null')
        expect(text.isWellFormed() && !/\\ud[89ab]/i.test(text)).toBe(true)
        expect(clientMetadataProblems(answer)).toEqual([])
        expect(readClientMetadata(answer)).toEqual(metadata)
        expect(canonicalClientMetadata(readClientMetadata(answer))).toBe(canonicalClientMetadata(metadata))
      }),
      runs(2000),
    )
    expect(accepted).toBeGreaterThan(50)
  })

  test('[CIMD-06] [CIMD-07] and its document are the same client or none', () => {
    const clientId = 'https://app.example/client'
    const documents = fc
      .tuple(registration, fc.constantFrom(clientId, `${clientId}/`, undefined))
      .map(([body, id]) =>
        typeof body === 'object' && body !== null && !Array.isArray(body)
          ? { client_name: 'x', ...body, client_id: id }
          : body,
      )
    fc.assert(
      fc.property(documents, (body) => {
        const problems = clientIdMetadataDocumentProblems(clientId, body)
        expectSpoken(problems)
        if (problems.length > 0) return
        expect(body).toMatchObject({ client_id: clientId })
        expect(body).not.toHaveProperty('client_secret')
        expect(readClientIdMetadataDocument(body).tokenEndpointAuthMethod).toBe('none')
      }),
      runs(1000),
    )
  })

  test('[CIMD-01] a client id that passes is a URL that a parser leaves as it is, but for capitals and the port', () => {
    const text = fc.oneof(
      webAddress.map((address) => address.replace(/^http:/, 'https:')),
      fc
        .array(
          fc.constantFrom(
            'https://',
            'app.example',
            '/',
            'a',
            '.',
            '..',
            '%2e',
            '\\',
            '@',
            '#',
            '?',
            ' ',
            '\t',
            ':443',
          ),
          { maxLength: 9 },
        )
        .map((pieces) => pieces.join('')),
      anyText(40),
    )
    fc.assert(
      fc.property(text, (clientId) => {
        const problems = clientIdUrlProblems(clientId)
        expectSpoken(problems)
        if (problems.length > 0) return
        const parsed = new URL(clientId)
        expect(parsed.protocol).toBe('https:')
        expect(parsed.username + parsed.password + parsed.hash).toBe('')
        // No segment was folded away: what is shown, fetched and compared is one path.
        expect(clientId.split('?')[0]?.endsWith(parsed.pathname.replace(/%2e/gi, (dot) => dot))).toBe(true)
      }),
      runs(2000),
    )
  })

  test('[CIMD-09] freshness stays within its limits', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.integer().map((seconds) => `max-age=${seconds}`),
        ),
        (header) => {
          const seconds = documentFreshSeconds(header)
          expect(Number.isInteger(seconds)).toBe(true)
          expect(seconds).toBeGreaterThanOrEqual(documentFreshness.minimumSeconds)
          expect(seconds).toBeLessThanOrEqual(documentFreshness.maximumSeconds)
        },
      ),
    )
  })
})

describe('a server', () => {
  test('its metadata is judged, and nothing throws', () => {
    const pkce = fc.constantFrom('required', 'refused-without-s256', 'unchecked')
    fc.assert(
      fc.property(document, fc.option(url, { nil: undefined }), pkce, (body, issuer, asked) => {
        const problems = authorizationServerMetadataProblems(body, { issuer, pkce: asked })
        expectSpoken(problems)
        if (problems.length > 0) return
        const { token_endpoint, authorization_endpoint } = body as Record<string, string>
        for (const endpoint of [token_endpoint, authorization_endpoint])
          expect(endpoint).toMatch(/^(https:\/\/|http:\/\/localhost:)/)
      }),
      runs(1500),
    )
  })

  test('so is the metadata of its resource', () => {
    const match = fc.constantFrom('identical', 'identical-or-origin', 'prefix')
    fc.assert(
      fc.property(document, match, (body, how) => {
        expectSpoken(
          protectedResourceMetadataProblems(body, { serverUrl: 'https://app.example/cb', match: how }),
        )
      }),
      runs(1000),
    )
  })

  test('so is its token answer, and the token is in no problem', () => {
    fc.assert(
      fc.property(document, (body) => {
        const problems = tokenResponseProblems(body)
        expectSpoken(problems)
        if (problems.length > 0) return
        const { expiresInSeconds, accessToken } = readTokenResponse(body)
        expect(accessToken).not.toBe('')
        expect(
          expiresInSeconds === undefined || (Number.isInteger(expiresInSeconds) && expiresInSeconds > 0),
        ).toBe(true)
      }),
      runs(1500),
    )
  })

  test('where its metadata may be is always on its own origin', () => {
    fc.assert(
      fc.property(fc.oneof(webAddress, anyText(40), url), (text) => {
        const places = [...authorizationServerMetadataUrls(text), ...protectedResourceMetadataUrls(text)]
        for (const place of places) {
          expect(new URL(place).origin).toBe(new URL(text).origin)
          expect(place).toContain('/.well-known/')
        }
      }),
      runs(1000),
    )
  })
})
