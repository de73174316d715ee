/** The token endpoint's request form and its answer (OAuth 2.1 §3.2 and §4.1.3, RFC 6749 §5). */

import { OAuthError, type Problem } from './errors.ts'

export interface TokenRequest {
  grantType: string | undefined
  code: string | undefined
  redirectUri: string | undefined
  codeVerifier: string | undefined
  refreshToken: string | undefined
  clientId: string | undefined
  clientSecret: string | undefined
  clientAssertion: string | undefined
  clientAssertionType: string | undefined
  /** Of the jwt-bearer grant (RFC 7523 §2.1). */
  assertion: string | undefined
  scope: string | undefined
  resources: readonly string[]
}

/** OAuth 2.1 §3.2: repeated parameters are refused, but `resource`, which RFC 8707 §2 lets repeat; empty ones count as absent. */
export function readTokenRequest(form: URLSearchParams): TokenRequest {
  const one = (name: string): string | undefined => {
    const values = form.getAll(name)
    if (values.length > 1) throw new OAuthError('invalid_request', `${name} was sent more than once`)
    return values[0] === '' ? undefined : values[0]
  }
  return {
    grantType: one('grant_type'),
    code: one('code'),
    redirectUri: one('redirect_uri'),
    codeVerifier: one('code_verifier'),
    refreshToken: one('refresh_token'),
    clientId: one('client_id'),
    clientSecret: one('client_secret'),
    clientAssertion: one('client_assertion'),
    clientAssertionType: one('client_assertion_type'),
    assertion: one('assertion'),
    scope: one('scope'),
    resources: form.getAll('resource').filter((resource) => resource !== ''),
  }
}

export interface TokenResponse {
  accessToken: string
  /** `DPoP` for a token that is bound to a key (RFC 9449 §5); undefined for the usual kind. */
  tokenType?: 'DPoP' | undefined
  /** Whole seconds. */
  expiresInSeconds: number
  /** Undefined where the connection is to end with its access token. */
  refreshToken: string | undefined
  /** What was granted, always said: a person may have ticked less than was asked. */
  scope: string
  /** Said where the client may not know it. */
  resource?: string | undefined
}

export function formatTokenResponse(response: TokenResponse): Record<string, unknown> {
  return {
    access_token: response.accessToken,
    token_type: response.tokenType ?? 'Bearer',
    expires_in: response.expiresInSeconds,
    ...(response.refreshToken === undefined ? {} : { refresh_token: response.refreshToken }),
    scope: response.scope,
    ...(response.resource === undefined ? {} : { resource: response.resource }),
  }
}

/** What a client keeps of an answer by any server: only the token is sure to be there. */
export interface ReceivedTokens {
  accessToken: string
  /** Undefined when the server did not say; not forever. */
  expiresInSeconds: number | undefined
  refreshToken: string | undefined
  scope: string | undefined
}

/** What makes a token answer unusable, or strange enough that some client stumbles over it (RFC 6749 §5.1). */
export function tokenResponseProblems(document: unknown): Problem[] {
  const problem = (at: string, says: string): Problem => {
    return { code: 'invalid_request', at, says, standard: 'RFC 6749 §5.1' }
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return [problem('', 'the token answer must be a JSON object')]
  }
  const members = document as Record<string, unknown>
  const problems: Problem[] = []
  if (typeof members.access_token !== 'string' || members.access_token === '') {
    problems.push(problem('access_token', 'access_token is missing'))
  }
  const type = members.token_type
  if (typeof type !== 'string') problems.push(problem('token_type', 'token_type is missing'))
  else if (type.toLowerCase() !== 'bearer') {
    problems.push(problem('token_type', `token_type is ${JSON.stringify(type.slice(0, 40))}, not Bearer`))
  }
  const lifetime = members.expires_in
  if (lifetime !== undefined && !(Number.isInteger(lifetime) && Number(lifetime) > 0)) {
    problems.push(
      problem(
        'expires_in',
        `expires_in is ${JSON.stringify(lifetime).slice(0, 40)}, not a whole number of seconds`,
      ),
    )
  }
  return problems
}

/** Throws `TypeError` without an access token: call after `tokenResponseProblems`. */
export function readTokenResponse(document: unknown): ReceivedTokens {
  const members = (typeof document === 'object' && document !== null ? document : {}) as Record<
    string,
    unknown
  >
  if (typeof members.access_token !== 'string') throw new TypeError('the answer holds no access token')
  const lifetime = Number(members.expires_in)
  return {
    accessToken: members.access_token,
    expiresInSeconds: Number.isFinite(lifetime) && lifetime > 0 ? Math.floor(lifetime) : undefined,
    refreshToken: typeof members.refresh_token === 'string' ? members.refresh_token : undefined,
    scope: typeof members.scope === 'string' ? members.scope : undefined,
  }
}
