/** Fuzz: what comes in at the authorization and token endpoints is read, or refused with an OAuth error (OAuth 2.1 §3). */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  formatAuthorizationRequest,
  readAuthorizationRequest,
} from '../../src/oauth/authorization-request.ts'
import { formatBasicAuthentication, readClientAuthentication } from '../../src/oauth/client-authentication.ts'
import { OAuthError, statusOf } from '../../src/oauth/errors.ts'
import {
  codeChallengeProblems,
  codeVerifierProblems,
  formatCodeChallenge,
  isVerifierOf,
} from '../../src/oauth/pkce.ts'
import { readTokenRequest } from '../../src/oauth/token-response.ts'
import { anyText, webAddress } from './arbitrary.ts'
import { runs } from './runs.ts'

const name = fc.constantFrom(
  'response_type',
  'client_id',
  'redirect_uri',
  'state',
  'scope',
  'code_challenge',
  'code_challenge_method',
  'prompt',
  'resource',
  'grant_type',
  'code',
  'code_verifier',
  'refresh_token',
  'client_secret',
  'foo',
  '__proto__',
  'constructor',
)
const form = fc.array(fc.tuple(name, fc.string({ unit: 'grapheme' })), { maxLength: 12 })

/** What a function gives, or the OAuth error that it was designed to throw. */
function designed<T>(run: () => T): T | OAuthError {
  try {
    return run()
  } catch (error) {
    if (error instanceof OAuthError) return error
    throw error
  }
}

test('[OA21-05] an authorization request: one value each, what came twice is named, and it can be written again', () => {
  fc.assert(
    fc.property(form, (pairs) => {
      const { request, repeated } = readAuthorizationRequest(new URLSearchParams(pairs))
      const { resources, ...single } = request
      for (const value of Object.values(single)) expect(value === undefined || value !== '').toBe(true)
      for (const twice of repeated) expect(pairs.filter(([key]) => key === twice).length).toBeGreaterThan(1)
      expect(repeated).not.toContain('resource')
      const again = readAuthorizationRequest(formatAuthorizationRequest(request))
      expect(again).toEqual({ request: { ...single, resources }, repeated: [] })
    }),
    runs(800),
  )
})

test('[OA21-06] a token request: read whole, or refused because something came twice', () => {
  const known = new Set([
    'grant_type',
    'code',
    'redirect_uri',
    'code_verifier',
    'refresh_token',
    'client_id',
    'client_secret',
    'scope',
  ])
  fc.assert(
    fc.property(form, (pairs) => {
      const read = designed(() => readTokenRequest(new URLSearchParams(pairs)))
      const keys = pairs.map(([key]) => key).filter((key) => known.has(key))
      expect(read instanceof OAuthError).toBe(new Set(keys).size < keys.length)
      if (read instanceof OAuthError) expect(read.code).toBe('invalid_request')
    }),
    runs(800),
  )
})

test('[OA21-11] [R6749-01] credentials written here are read again, whatever they hold', () => {
  const credential = fc.string({ unit: 'grapheme', minLength: 1 })
  fc.assert(
    fc.property(credential, credential, (clientId, secret) => {
      const readings = readClientAuthentication(formatBasicAuthentication(clientId, secret), {
        clientId,
        clientSecret: undefined,
      })
      expect(readings).toHaveLength(1)
      expect(readings[0]).toMatchObject({ method: 'client_secret_basic', clientId })
      expect(readings[0]?.secrets).toContain(secret)
    }),
    runs(800),
  )
})

test('[R6749-01] and so are raw ones, with any URL for an id and a secret without a colon', () => {
  fc.assert(
    fc.property(webAddress, fc.stringMatching(/^[A-Za-z0-9+%/_.~-]{1,40}$/), (clientId, secret) => {
      const header = `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`
      const readings = readClientAuthentication(header, { clientId: undefined, clientSecret: undefined })
      expect(
        readings.some((reading) => reading.clientId === clientId && reading.secrets.includes(secret)),
      ).toBe(true)
      // Each reading costs a look-up: there are never more than three.
      expect(readings.length).toBeLessThanOrEqual(3)
    }),
    runs(500),
  )
})

test('[OA21-13] any header and form: a client, invalid_client or invalid_request', () => {
  const header = fc.option(
    fc.oneof(
      fc.string(),
      fc.string().map((text) => `Basic ${text}`),
      fc.uint8Array().map((bytes) => `Basic ${Buffer.from(bytes).toString('base64')}`),
      fc.string({ unit: 'grapheme' }).map((text) => `basic ${Buffer.from(text).toString('base64url')}`),
    ),
    { nil: undefined },
  )
  const optional = fc.option(fc.string({ minLength: 1 }), { nil: undefined })
  fc.assert(
    fc.property(header, optional, optional, (authorization, clientId, clientSecret) => {
      const read = designed(() => readClientAuthentication(authorization, { clientId, clientSecret }))
      if (read instanceof OAuthError) {
        expect(['invalid_client', 'invalid_request']).toContain(read.code)
        return
      }
      expect(read.length).toBeGreaterThan(0)
      for (const { method, secrets, clientId: found } of read) {
        expect(method === 'none').toBe(secrets.length === 0)
        if (clientId !== undefined) expect(found).toBe(clientId)
      }
    }),
    runs(1500),
  )
})

test('[R7636-01] [R7636-02] every verifier fits its own challenge and no other', () => {
  const verifier = fc.stringMatching(/^[A-Za-z0-9._~-]{43,128}$/)
  fc.assert(
    fc.property(verifier, verifier, (mine, other) => {
      const codeChallenge = formatCodeChallenge(mine)
      expect(codeVerifierProblems(mine)).toEqual([])
      expect(codeChallengeProblems({ codeChallenge, codeChallengeMethod: 'S256' })).toEqual([])
      expect(isVerifierOf(mine, codeChallenge)).toBe(true)
      expect(isVerifierOf(other, codeChallenge)).toBe(mine === other)
    }),
    runs(200),
  )
  fc.assert(
    fc.property(
      fc.option(anyText(40), { nil: undefined }),
      fc.option(fc.string(), { nil: undefined }),
      (codeChallenge, codeChallengeMethod) => {
        for (const { code, says } of codeChallengeProblems({ codeChallenge, codeChallengeMethod })) {
          expect(statusOf[code]).toBe(400)
          expect(says.length).toBeLessThan(500)
        }
        codeVerifierProblems(codeChallenge)
      },
    ),
    runs(500),
  )
})
