/** Fuzz: a browser is sent only to what was registered, letter by letter but for a loopback port (OAuth 2.1 §2.3.1, RFC 8252 §7.3). */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAuthorizationResponse } from '../../src/oauth/authorization-response.ts'
import { issuerOf } from '../../src/oauth/authorization-server-metadata.ts'
import {
  canonicalRedirectUri,
  redirectHost,
  redirectUriProblems,
  trustRedirect,
} from '../../src/oauth/redirect-uri.ts'
import { anyText, webAddress } from './arbitrary.ts'
import { runs } from './runs.ts'

const registered = fc.constantFrom(
  'https://claude.ai/api/mcp/auth_callback',
  'https://app.example:8443/cb?tenant=a&x=%2F',
  'https://app.example',
  'http://localhost/callback',
  'http://localhost:3118/callback',
  'http://127.0.0.1/callback',
  'http://127.0.0.1:1/oauth/callback?x',
  'http://[::1]/callback',
  'http://127.0.0.1',
  'claude://callback',
  'com.example.app:/cb',
)

type Rewrite = (text: string) => string

/** What attackers and careless clients do to an address. */
const rewrite: fc.Arbitrary<Rewrite> = fc.oneof(
  fc
    .tuple(
      fc.nat({ max: 60 }),
      fc.constantFrom(
        '/',
        '\\',
        '.',
        '@',
        ':',
        '#',
        '?',
        '%2f',
        '%2e',
        '..',
        ' ',
        '\t',
        '\0',
        ':80',
        'a',
        '\u0430',
        '&',
        ';',
        '\u202e',
      ),
    )
    .map(
      ([at, piece]) =>
        (text: string) =>
          text.slice(0, at) + piece + text.slice(at),
    ),
  fc.nat({ max: 60 }).map((at) => (text: string) => text.slice(0, at) + text.slice(at + 1)),
  fc
    .nat({ max: 60 })
    .map((at) => (text: string) => text.slice(0, at) + (text[at] ?? '').toUpperCase() + text.slice(at + 1)),
  fc
    .nat({ max: 60 })
    .map(
      (at) => (text: string) => text.slice(0, at) + encodeURIComponent(text[at] ?? '') + text.slice(at + 1),
    ),
  fc
    .constantFrom('localhost', '127.0.0.1', '[::1]', 'evil.example', '127.1', '[::ffff:127.0.0.1]')
    .map((host) => (text: string) => text.replace(/(?<=:\/\/)[^/:?]+/, host)),
  fc
    .integer({ min: 0, max: 99_999 })
    .map((port) => (text: string) => text.replace(/(?<=:\/\/[^/:]+|\])(?::\d+)?(?=[/?]|$)/, `:${port}`)),
  fc.constant((text: string) => text.replace(/^https?/, (scheme) => (scheme === 'http' ? 'https' : 'http'))),
  fc.constant((text: string) => `${text}/`),
)

const rewritten = (base: string, rewrites: readonly Rewrite[]): string =>
  rewrites.reduce((text, change) => change(text), base)

/** The rule once more, in other words: text before the port, text after it. */
function differsInLoopbackPortAlone(one: string, other: string): boolean {
  const cut = (text: string): string[] | undefined =>
    /^(http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(:\d+)?((?:[/?].*)?)$/s.exec(text)?.slice(1)
  const [left, right] = [cut(one), cut(other)]
  return left !== undefined && right !== undefined && left[0] === right[0] && left[2] === right[2]
}

test('[OA21-01] [SBP-04] what is trusted is what was registered', () => {
  let trusted = 0
  let refused = 0
  fc.assert(
    fc.property(registered, fc.array(rewrite, { maxLength: 3 }), (base, rewrites) => {
      const asked = rewritten(base, rewrites)
      const redirect = trustRedirect(asked, [base])
      if (redirect === undefined) {
        refused += 1
        expect(asked).not.toBe(base)
        return
      }
      trusted += 1
      expect(redirect.uri).toBe(asked)
      expect(asked === base || differsInLoopbackPortAlone(asked, base)).toBe(true)
      expect(new URL(asked).hostname).toBe(new URL(base).hostname)
      expect(new URL(asked).pathname).toBe(new URL(base).pathname)
      expect(redirectUriProblems([asked])).toEqual([])
    }),
    runs(4000),
  )
  // The rewrites are of both kinds, or nothing was tried.
  expect(trusted).toBeGreaterThan(100)
  expect(refused).toBeGreaterThan(100)
})

test('whatever is registered, nothing throws, and what is let through is safe to send a browser to', () => {
  const text = fc.oneof(
    fc
      .tuple(registered, fc.array(rewrite, { maxLength: 4 }))
      .map(([base, rewrites]) => rewritten(base, rewrites)),
    webAddress,
    anyText(80),
    fc
      .tuple(fc.stringMatching(/^[a-z][a-z0-9+.-]{0,10}$/), fc.string())
      .map(([scheme, rest]) => `${scheme}:${rest}`),
  )
  const issuer = issuerOf('https://mcp.example')
  fc.assert(
    fc.property(text, fc.string({ unit: 'grapheme' }), (uri, state) => {
      expect(redirectHost(uri)).toBeTypeOf('string')
      expect(canonicalRedirectUri(canonicalRedirectUri(uri))).toBe(canonicalRedirectUri(uri))
      const redirect = trustRedirect(uri, [uri])
      expect(redirect === undefined).toBe(redirectUriProblems([uri]).length > 0)
      if (redirect === undefined) return
      expect(uri).toMatch(/^[\x21-\x5b\x5d-\x7e]+$/)
      const asked = new URL(uri)
      expect(['javascript:', 'data:', 'vbscript:', 'file:', 'blob:', 'about:']).not.toContain(asked.protocol)
      expect(asked.username + asked.password + asked.hash).toBe('')
      const location = formatAuthorizationResponse(redirect, issuer, { code: 'c', state: `s${state}` })
      expect(() => new Headers({ location })).not.toThrow()
      const answered = new URL(location)
      expect([answered.protocol, answered.host, answered.pathname]).toEqual([
        asked.protocol,
        asked.host,
        asked.pathname,
      ])
      expect(answered.searchParams.getAll('state')).toEqual([`s${state}`])
      expect(answered.searchParams.getAll('iss')).toEqual(['https://mcp.example'])
      expect(answered.searchParams.getAll('code')).toEqual(['c'])
    }),
    runs(3000),
  )
})
