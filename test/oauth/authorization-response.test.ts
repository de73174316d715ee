/** The way back to the client: state unchanged, the issuer beside it, and what the client makes of both (OAuth 2.1 §4.1.2, RFC 9207). */

import { describe, expect, test } from 'vitest'
import { readAuthorizationRequest } from '../../src/oauth/authorization-request.ts'
import {
  type AuthorizationAnswer,
  formatAuthorizationResponse,
  issuerProblems,
  readAuthorizationResponse,
} from '../../src/oauth/authorization-response.ts'
import { type Issuer, issuerOf } from '../../src/oauth/authorization-server-metadata.ts'
import { trustRedirect } from '../../src/oauth/redirect-uri.ts'

const issuer: Issuer = issuerOf('https://mcp.example')
const callback = 'https://claude.ai/api/mcp/auth_callback'

function answered(answer: AuthorizationAnswer, uri: string = callback): string {
  const redirect = trustRedirect(uri, [uri])
  if (redirect === undefined) throw new TypeError(`${uri} is not a redirect URI`)
  return formatAuthorizationResponse(redirect, issuer, answer)
}

describe('[CC-09] state comes back byte for byte', () => {
  const states: Array<[string, string, string]> = [
    ['letters', 'abcDEF-._~', 'abcDEF-._~'],
    ['a plus, encoded', 'a%2Bb', 'a+b'],
    ['a plus in a query, which is a blank', 'a+b', 'a b'],
    ['a blank, encoded', 'a%20b', 'a b'],
    ['a percent sign', 'a%252Bb', 'a%2Bb'],
    ['an ampersand', 'a%26iss%3Devil', 'a&iss=evil'],
    ['an HTML entity', 'a%26amp%3Bb', 'a&amp;b'],
    ['base64', 'eyJhIjoxfQ%3D%3D%2F%2B', 'eyJhIjoxfQ==/+'],
    ['JSON', '%7B%22a%22%3A%22%5C%22%22%7D', '{"a":"\\""}'],
    ['markup', '%3Cscript%3E', '<script>'],
    ['a fragment', 'a%23b', 'a#b'],
    ['a line end', 'a%0D%0Ab', 'a\r\nb'],
    ['letters that are not ASCII', 'caf%C3%A9-%F0%9F%98%80-%E2%80%AE', 'caf\u00e9-\u{1f600}-\u202e'],
    ['a null character', 'a%00b', 'a\0b'],
    ['a sign unencoded', "a'b(c)*!", "a'b(c)*!"],
  ]

  test.each(states)('%s', (_, sent, meant) => {
    const { request } = readAuthorizationRequest(new URLSearchParams(`state=${sent}`))
    expect(request.state).toBe(meant)
    for (const answer of [
      { code: 'c', state: request.state },
      { error: 'access_denied', errorDescription: 'no', state: request.state },
    ]) {
      const location = answered(answer)
      expect(location).toMatch(/^[\x21-\x7e]+$/)
      const response = readAuthorizationResponse(new URL(location).searchParams)
      expect(response.state).toBe(meant)
      expect(response.iss).toBe('https://mcp.example')
      // A reader that decodes percent signs but leaves a plus as it is sees the same.
      const raw = /[?&]state=([^&]*)/.exec(location)?.[1] ?? ''
      expect(decodeURIComponent(raw)).toBe(meant)
    }
  })

  test('without a state there is none', () => {
    expect(new URL(answered({ code: 'c', state: undefined })).searchParams.has('state')).toBe(false)
  })
})

describe('the redirect itself stays as it was registered', () => {
  test.each([
    ['no query', 'https://app.example/cb', 'https://app.example/cb?code='],
    ['a query', 'https://app.example/cb?a=%2F&b', 'https://app.example/cb?a=%2F&b&code='],
    ['an empty query', 'https://app.example/cb?', 'https://app.example/cb?&code='],
    ['no path', 'https://app.example', 'https://app.example?code='],
    ['capitals and escapes', 'https://App.example/%7Ea/%2e', 'https://App.example/%7Ea/%2e?code='],
    ['loopback', 'http://127.0.0.1:3118/callback', 'http://127.0.0.1:3118/callback?code='],
    ['a private scheme', 'com.example.app:/cb', 'com.example.app:/cb?code='],
    ['claude', 'claude://callback', 'claude://callback?code='],
  ])('%s', (_, uri, start) => {
    const location = answered({ code: 'the code', state: 's' }, uri)
    expect(location.startsWith(start)).toBe(true)
    const parameters = new URL(location).searchParams
    expect([parameters.getAll('code'), parameters.getAll('state'), parameters.getAll('iss')]).toEqual([
      ['the code'],
      ['s'],
      ['https://mcp.example'],
    ])
  })
})

test('[OA21-04] [R9207-01] [ASU-09] an error brings its description, its state and the issuer, and no code', () => {
  const location = answered({ error: 'invalid_scope', errorDescription: 'a & b = "c"', state: 's' })
  expect(Object.fromEntries(new URL(location).searchParams)).toEqual({
    error: 'invalid_scope',
    error_description: 'a & b = "c"',
    state: 's',
    iss: 'https://mcp.example',
  })
  const bare = answered({ error: 'server_error', errorDescription: undefined, state: undefined })
  expect([...new URL(bare).searchParams.keys()]).toEqual(['error', 'iss'])
})

describe('[R9207-03] [AUTH-2026-07-28-13] promised or not, sent or not', () => {
  const judged = (iss: string | undefined, promised: boolean): string[] =>
    issuerProblems({ ...nothing, iss }, { issuer: 'https://mcp.example', promised }).map(({ at }) => at)
  const nothing = readAuthorizationResponse(new URLSearchParams())

  test.each([
    ['promised and right', 'https://mcp.example', true, []],
    ['promised and wrong', 'https://evil.example', true, ['iss']],
    ['promised and missing', undefined, true, ['iss']],
    ['not promised and right', 'https://mcp.example', false, []],
    ['not promised and wrong', 'https://evil.example', false, ['iss']],
    ['neither', undefined, false, []],
  ])('%s', (_, iss, promised, at) => {
    expect(judged(iss, promised)).toEqual(at)
  })

  test.each([
    'https://mcp.example/',
    'https://MCP.example',
    'https://mcp.example:443',
    'HTTPS://mcp.example',
    'https://mcp.example ',
    'https://mcp.exampl%65',
    '',
  ])('[AUTH-2026-07-28-14] nothing is normalised: %j', (iss) => {
    expect(judged(iss, true)).toEqual(['iss'])
    expect(judged(iss, false)).toEqual(['iss'])
  })

  test('of a long one only the beginning is repeated', () => {
    const [problem] = issuerProblems(
      { ...nothing, iss: `"${'x'.repeat(9000)}` },
      { issuer: 'https://mcp.example', promised: true },
    )
    expect(problem?.says.length).toBeLessThan(400)
  })
})

test('what came back is read, present or not', () => {
  const response = readAuthorizationResponse(
    new URLSearchParams('code=c&state=s&iss=i&error=e&error_description=d+d'),
  )
  expect(response).toEqual({ code: 'c', state: 's', iss: 'i', error: 'e', errorDescription: 'd d' })
  expect(Object.values(readAuthorizationResponse(new URLSearchParams()))).toEqual(Array(5).fill(undefined))
})
