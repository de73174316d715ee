/** The authorization request (OAuth 2.1 §4.1.1, RFC 7636 §4.3, RFC 8707 §2), read by the server and written by the connector. */

import { OAuthError } from './errors.ts'

export interface AuthorizationRequest {
  responseType: string | undefined
  clientId: string | undefined
  redirectUri: string | undefined
  /** Returned byte for byte. */
  state: string | undefined
  scope: string | undefined
  resources: readonly string[]
  codeChallenge: string | undefined
  codeChallengeMethod: string | undefined
  prompt: string | undefined
  /** The key that the code is to be bound to (RFC 9449 §10). */
  dpopJkt?: string | undefined
}

/** Longer requests are nobody's; `state` is the longest honest part. */
export const maximumRequestLength = 16_384

/**
 * OAuth 2.1 §3.1: unknown parameters are ignored, an empty one counts as absent. Parameters that came
 * twice are listed, not thrown: whether that may be told by redirect is only known once the redirect is trusted.
 */
export function readAuthorizationRequest(parameters: URLSearchParams): {
  request: AuthorizationRequest
  repeated: readonly string[]
} {
  if (parameters.toString().length > maximumRequestLength) {
    throw new OAuthError('invalid_request', `the request is longer than ${maximumRequestLength} characters`)
  }
  const one = (name: string): string | undefined => parameters.get(name) || undefined
  const repeatable = new Set(['resource'])
  const names = [...new Set(parameters.keys())]
  return {
    request: {
      responseType: one('response_type'),
      clientId: one('client_id'),
      redirectUri: one('redirect_uri'),
      state: one('state'),
      scope: one('scope'),
      resources: parameters.getAll('resource').filter((resource) => resource !== ''),
      codeChallenge: one('code_challenge'),
      codeChallengeMethod: one('code_challenge_method'),
      prompt: one('prompt'),
      dpopJkt: one('dpop_jkt'),
    },
    repeated: names.filter(
      (name) => known.has(name) && !repeatable.has(name) && parameters.getAll(name).length > 1,
    ),
  }
}

const known = new Set([
  'response_type',
  'client_id',
  'redirect_uri',
  'state',
  'scope',
  'code_challenge',
  'code_challenge_method',
  'prompt',
  'dpop_jkt',
])

/** The query of a request, in the order in which Claude Code sends it (recorded 2026-11). */
export function formatAuthorizationRequest(request: AuthorizationRequest): URLSearchParams {
  const parameters = new URLSearchParams()
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) parameters.append(name, value)
  }
  add('response_type', request.responseType)
  add('client_id', request.clientId)
  add('code_challenge', request.codeChallenge)
  add('code_challenge_method', request.codeChallengeMethod)
  add('redirect_uri', request.redirectUri)
  add('state', request.state)
  add('scope', request.scope)
  add('prompt', request.prompt)
  for (const resource of request.resources) add('resource', resource)
  return parameters
}
