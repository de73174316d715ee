/** Fuzz: signed tokens, keys and proofs of any content are judged, never believed, and never more than a fault (RFC 7519, RFC 9449). */

import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { assertedClientId, verifyClientAssertion } from '../../src/oauth/client-assertion.ts'
import { keyThumbprintProblems, verifyProof } from '../../src/oauth/dpop.ts'
import { assertedIssuer, verifyIdentityAssertion } from '../../src/oauth/identity-assertion.ts'
import { jsonWebKeySetProblems, readJsonWebKeySet } from '../../src/oauth/json-web-key.ts'
import { decodeToken } from '../../src/oauth/json-web-token.ts'
import { readRequestUri } from '../../src/oauth/pushed-authorization.ts'
import { type SigningKey, signingKey } from '../signing-key.ts'
import { anyText } from './arbitrary.ts'
import { runs } from './runs.ts'

let key: SigningKey
beforeAll(async () => {
  key = await signingKey()
})

const json = fc.jsonValue({ maxDepth: 3 })
const odd = fc.oneof(json, anyText(40), fc.constantFrom(1e308, -1, 0, '', 'none', 'ES256', 'dpop+jwt', 'EC'))

function members(names: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.dictionary(fc.oneof(fc.constantFrom(...names), anyText(8)), odd, { maxKeys: 10 })
}

const header = members(['alg', 'typ', 'kid', 'jwk', 'crit', 'b64', 'x5c', '__proto__'])
const claims = members([
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  'nbf',
  'jti',
  'htm',
  'htu',
  'ath',
  'cnf',
  'client_id',
])

const base64Url = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? '').toString('base64url')
const token = fc.oneof(
  fc.tuple(header, claims, anyText(20)).map((parts) => {
    const [head, body, signature] = parts
    return `${base64Url(head)}.${base64Url(body)}.${Buffer.from(signature).toString('base64url')}`
  }),
  fc
    .array(fc.oneof(anyText(20), fc.constantFrom('.', '..', 'e30', 'bnVsbA', '=')), { maxLength: 6 })
    .map((all) => all.join('.')),
)

const now = 1_800_000_000

test('a token of any text is decoded, or it is none', () => {
  fc.assert(
    fc.property(token, (text) => {
      const decoded = decodeToken(text)
      if (decoded === undefined) return
      expect(typeof decoded.header).toBe('object')
      expect(typeof decoded.claims).toBe('object')
      expect(['string', 'undefined']).toContain(typeof assertedClientId(text))
      expect(['string', 'undefined']).toContain(typeof assertedIssuer(text))
    }),
    runs(1500),
  )
})

test('[OA21-28] [EXT-EMA-03] [R9449-01] one that we did not sign is a fault, whatever it says', async () => {
  const keys = { keys: [{ ...key.jwk, kty: 'EC' as const }] }
  await fc.assert(
    fc.asyncProperty(token, async (text) => {
      const asClient = { clientId: 'c', audiences: ['https://as.example'], now }
      expect(await verifyClientAssertion(text, keys, asClient)).toHaveProperty('fault')
      const asIssuer = { issuer: 'i', audience: 'https://as.example', clientId: 'c', now }
      expect(await verifyIdentityAssertion(text, keys, asIssuer)).toHaveProperty('fault')
      const asProof = { method: 'POST', urls: ['https://as.example/token'], accessToken: undefined, now }
      expect(await verifyProof(text, asProof)).toHaveProperty('fault')
    }),
    runs(400),
  )
})

test('[OA21-28] [EXT-EMA-04] [R9449-01] one that is signed, with claims of any kind, is still a fault', async () => {
  const keys = { keys: [{ ...key.jwk, kty: 'EC' as const }] }
  await fc.assert(
    fc.asyncProperty(claims, fc.constantFrom('JWT', 'oauth-id-jag+jwt', 'dpop+jwt'), async (body, typ) => {
      const text = await key.sign(body, { typ, jwk: key.jwk })
      const asClient = { clientId: 'c 1', audiences: ['https://as.example'], now }
      expect(await verifyClientAssertion(text, keys, asClient)).toHaveProperty('fault')
      const asIssuer = { issuer: 'i 1', audience: 'https://as.example', clientId: 'c 1', now }
      expect(await verifyIdentityAssertion(text, keys, asIssuer)).toHaveProperty('fault')
      const asProof = { method: 'POST', urls: ['https://as.example/token'], accessToken: undefined, now }
      expect(await verifyProof(text, asProof)).toHaveProperty('fault')
    }),
    runs(150),
  )
})

test('a set of keys of any kind has problems, or is read without a secret in it', () => {
  const names = ['kty', 'kid', 'alg', 'use', 'crv', 'x', 'y', 'n', 'e', 'd', 'k', 'p', 'key_ops']
  const set = fc.oneof(
    odd,
    fc.record({ keys: fc.oneof(odd, fc.array(fc.oneof(members(names), odd), { maxLength: 22 })) }),
  )
  fc.assert(
    fc.property(set, (value) => {
      if (jsonWebKeySetProblems(value, 'jwks').length > 0) return
      const { keys } = readJsonWebKeySet(value)
      expect(keys.length).toBeGreaterThan(0)
      for (const one of keys) {
        expect(['EC', 'RSA', 'OKP']).toContain(one.kty)
        expect(
          Object.keys(one).filter((name) => ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi', 'oth'].includes(name)),
        ).toEqual([])
      }
    }),
    runs(1500),
  )
})

test('names that are given out are read, and others are not', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        anyText(60),
        anyText(300).map((text) => `urn:ietf:params:oauth:request_uri:${text}`),
      ),
      (text) => {
        const reference = readRequestUri(text)
        if (reference !== undefined) expect(text).toBe(`urn:ietf:params:oauth:request_uri:${reference}`)
        const isThumbprint = keyThumbprintProblems(text).length === 0
        expect(isThumbprint).toBe(/^[A-Za-z0-9_-]{43}$/.test(text))
      },
    ),
    runs(1000),
  )
})
