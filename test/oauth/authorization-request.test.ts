/** The authorization request as a browser brings it (OAuth 2.1 §3.1 and §4.1.1). */

import { describe, expect, test } from 'vitest'
import {
  formatAuthorizationRequest,
  maximumRequestLength,
  readAuthorizationRequest,
} from '../../src/oauth/authorization-request.ts'
import { OAuthError } from '../../src/oauth/errors.ts'

/** Recorded of Claude Code 2.1.329. */
const recorded =
  'response_type=code&client_id=https%3A%2F%2Fclaude.ai%2Foauth%2Fclaude-code-client-metadata' +
  '&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256' +
  '&redirect_uri=http%3A%2F%2Flocalhost%3A3118%2Fcallback&state=DFp2wGv1rv2q3Lm-2UWZ_yKf6p9QmKk8pMr0z6y1Xyz' +
  '&scope=read+write+offline_access&prompt=consent&resource=https%3A%2F%2Fmcp.example%2Fmcp'

test("every parameter of Claude Code's request is read, and written again in its order", () => {
  const { request, repeated } = readAuthorizationRequest(new URLSearchParams(recorded))
  expect(request).toEqual({
    responseType: 'code',
    clientId: 'https://claude.ai/oauth/claude-code-client-metadata',
    redirectUri: 'http://localhost:3118/callback',
    state: 'DFp2wGv1rv2q3Lm-2UWZ_yKf6p9QmKk8pMr0z6y1Xyz',
    scope: 'read write offline_access',
    resources: ['https://mcp.example/mcp'],
    codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    codeChallengeMethod: 'S256',
    prompt: 'consent',
  })
  expect(repeated).toEqual([])
  expect(formatAuthorizationRequest(request).toString()).toBe(recorded)
})

test('[OA21-05] what is empty counts as absent', () => {
  const empty = recorded.replace(/=[^&]*/g, '=')
  const { request, repeated } = readAuthorizationRequest(new URLSearchParams(empty))
  expect(request).toEqual(readAuthorizationRequest(new URLSearchParams()).request)
  expect(request.resources).toEqual([])
  expect(repeated).toEqual([])
})

test('[OA21-05] [RC-16] unknown parameters are ignored, also when they come twice', () => {
  const { request, repeated } = readAuthorizationRequest(
    new URLSearchParams(`${recorded}&foo=1&foo=2&utm_source=x&nonce=n`),
  )
  expect(request).toEqual(readAuthorizationRequest(new URLSearchParams(recorded)).request)
  expect(repeated).toEqual([])
})

describe('[OA21-05] what came twice is listed, for whoever knows whether it may be told by redirect', () => {
  test.each([
    'response_type',
    'client_id',
    'redirect_uri',
    'state',
    'scope',
    'code_challenge',
    'code_challenge_method',
    'prompt',
  ])('%s', (name) => {
    const parameters = new URLSearchParams(recorded)
    const same = new URLSearchParams(recorded)
    same.append(name, parameters.get(name) ?? '')
    const empty = new URLSearchParams(recorded)
    empty.append(name, '')
    expect(readAuthorizationRequest(same).repeated).toEqual([name])
    expect(readAuthorizationRequest(empty).repeated).toEqual([name])
  })

  test('[R8707-01] resource may', () => {
    const { request, repeated } = readAuthorizationRequest(
      new URLSearchParams(`${recorded}&resource=https%3A%2F%2Fmcp.example%2Fb&resource=`),
    )
    expect(request.resources).toEqual(['https://mcp.example/mcp', 'https://mcp.example/b'])
    expect(repeated).toEqual([])
  })
})

test('a request of a length that nobody needs is refused', () => {
  const ofLength = (length: number): URLSearchParams => {
    const parameters = new URLSearchParams(recorded)
    parameters.set('state', '')
    parameters.set('state', 'a'.repeat(length - parameters.toString().length))
    return parameters
  }
  expect(readAuthorizationRequest(ofLength(maximumRequestLength)).request.state).toBeDefined()
  expect(() => readAuthorizationRequest(ofLength(maximumRequestLength + 1))).toThrow(OAuthError)
})
