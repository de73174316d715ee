/** The token endpoint as a client uses it: exchange, refresh, revoke (OAuth 2.1 §3.2 and §4, RFC 7009). */

import type { AuthorizationServerMetadata } from '../oauth/authorization-server-metadata.ts'
import { formatBasicAuthentication } from '../oauth/client-authentication.ts'
import type { TokenEndpointAuthMethod } from '../oauth/client-metadata.ts'
import type { Problem } from '../oauth/errors.ts'
import { type ReceivedTokens, readTokenResponse, tokenResponseProblems } from '../oauth/token-response.ts'
import type { AuthorizedCode } from './authorization.ts'
import { ConnectFailure } from './connect-failure.ts'
import type { RegisteredClient, RememberedTokens } from './connection-state.ts'
import type { Discovery } from './discovery.ts'
import type { Flow } from './flow.ts'
import { refuseUnsafeEndpoint } from './safe-endpoint.ts'
import { type Stage, userAgentOf } from './surface.ts'
import { smallAnswerBytes, type WireAnswer } from './wire.ts'

/** The endpoint refused with an error of its own (RFC 6749 §5.2): which one decides what is forgotten. */
export class TokenRefusal extends ConnectFailure {
  readonly code: string
  readonly status: number

  constructor(status: number, code: string, description: string | undefined) {
    const described = description === undefined ? '' : `: ${description.slice(0, 300)}`
    super('sign-in', `the token endpoint answered ${status} ${code}${described}`)
    this.name = 'TokenRefusal'
    this.code = code
    this.status = status
  }
}

export interface TokenOutcome {
  tokens: RememberedTokens
  /** Let pass here, and a stumbling block for other clients. */
  tolerated: readonly Problem[]
}

export async function exchangeCode(
  flow: Flow,
  discovery: Discovery,
  client: RegisteredClient,
  authorized: AuthorizedCode,
): Promise<TokenOutcome> {
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code: authorized.code,
    code_verifier: authorized.verifier,
    redirect_uri: authorized.redirectUri,
  })
  if (authorized.resource !== undefined) form.append('resource', authorized.resource)
  const received = await requestTokens(flow, 'token', discovery.metadata, client, form)
  return remember(flow, discovery, client, received, {
    scope: authorized.scope,
    resource: authorized.resource,
    refreshToken: undefined,
  })
}

/** Without `scope`: that means what was granted (RFC 6749 §6), and asking for more is what breaks other clients. */
export async function refreshTokens(
  flow: Flow,
  metadata: AuthorizationServerMetadata,
  issuer: string,
  client: RegisteredClient,
  tokens: RememberedTokens,
): Promise<TokenOutcome> {
  if (tokens.refreshToken === undefined) {
    throw new ConnectFailure('sign-in', 'the server gave no refresh token')
  }
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokens.refreshToken })
  if (tokens.resource !== undefined) form.append('resource', tokens.resource)
  const received = await requestTokens(flow, 'refresh', metadata, client, form)
  return remember(flow, { issuer }, client, received, tokens)
}

/** RFC 7009: first the refresh token, then the access token, as a public client. Failing is no failure of the connection. */
export async function revokeTokens(
  flow: Flow,
  endpoint: string,
  client: RegisteredClient,
  tokens: RememberedTokens,
): Promise<readonly number[]> {
  refuseUnsafeEndpoint(endpoint)
  const hints: [string, string | undefined][] = [
    ['refresh_token', tokens.refreshToken],
    ['access_token', tokens.accessToken],
  ]
  const statuses: number[] = []
  for (const [hint, token] of hints) {
    if (token === undefined) continue
    const form = new URLSearchParams({ token, token_type_hint: hint, client_id: client.clientId })
    const answer = await postForm(flow, 'revocation', endpoint, form, {})
    statuses.push(answer.status)
  }
  return statuses
}

async function requestTokens(
  flow: Flow,
  stage: 'token' | 'refresh',
  metadata: AuthorizationServerMetadata,
  client: RegisteredClient,
  form: URLSearchParams,
): Promise<{ tokens: ReceivedTokens; tolerated: readonly Problem[] }> {
  refuseUnsafeEndpoint(metadata.token_endpoint)
  const headers = authenticate(flow, metadata, client, form)
  const answer = await postForm(flow, stage, metadata.token_endpoint, form, headers)
  const document = readJson(answer)
  refuseTokenError(answer, document)
  const problems = tokenResponseProblems(document)
  const fatal = problems.filter(({ at }) => at !== 'expires_in')
  if (fatal.length > 0) {
    throw new ConnectFailure('sign-in', `the token answer cannot be used: ${fatal[0]?.says}`, {
      problems: fatal,
    })
  }
  return { tokens: readTokenResponse(document), tolerated: problems }
}

/** Puts the client's proof into the form, or returns it as a header. */
function authenticate(
  flow: Flow,
  metadata: AuthorizationServerMetadata,
  client: RegisteredClient,
  form: URLSearchParams,
): Record<string, string> {
  const method = authMethod(flow, metadata, client)
  if (method === 'client_secret_basic' && client.clientSecret !== undefined) {
    return { Authorization: formatBasicAuthentication(client.clientId, client.clientSecret) }
  }
  form.append('client_id', client.clientId)
  if (method === 'client_secret_post' && client.clientSecret !== undefined) {
    form.append('client_secret', client.clientSecret)
  }
  return {}
}

function authMethod(
  flow: Flow,
  metadata: AuthorizationServerMetadata,
  client: RegisteredClient,
): TokenEndpointAuthMethod {
  if (client.clientSecret === undefined) return 'none'
  if (flow.surface.token.clientAuthentication === 'body') return 'client_secret_post'
  if (client.authMethod !== undefined) return client.authMethod
  // RFC 8414 §2: not saying means Basic.
  const offered = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  const order: readonly TokenEndpointAuthMethod[] = ['client_secret_basic', 'client_secret_post', 'none']
  return order.find((method) => offered.includes(method)) ?? 'client_secret_basic'
}

async function postForm(
  flow: Flow,
  stage: Stage,
  url: string,
  form: URLSearchParams,
  headers: Record<string, string>,
): Promise<WireAnswer> {
  const { deadlines } = flow.surface
  return flow.wire.send(
    {
      method: 'POST',
      url,
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        ...flow.surface.token.headers,
        'User-Agent': userAgentOf(flow.surface, stage),
        ...headers,
      },
      body: form.toString(),
    },
    {
      deadlineSeconds: stage === 'refresh' ? deadlines.refreshSeconds : deadlines.tokenSeconds,
      maximumBytes: smallAnswerBytes,
    },
  )
}

/** An error may also come with status 200 (seen in the wild); it is one all the same. */
function refuseTokenError(answer: WireAnswer, document: unknown): void {
  const members = (typeof document === 'object' && document !== null ? document : {}) as Record<
    string,
    unknown
  >
  if (typeof members.error === 'string') {
    const description = typeof members.error_description === 'string' ? members.error_description : undefined
    throw new TokenRefusal(answer.status, members.error.slice(0, 100), description)
  }
  if (answer.status >= 200 && answer.status <= 299) return
  throw new ConnectFailure('sign-in', `the token endpoint answered ${answer.status} without an OAuth error`, {
    problems: [
      {
        code: 'invalid_request',
        at: 'token_endpoint',
        says: `status ${answer.status}, and no JSON object with an "error"`,
        standard: 'RFC 6749 §5.2',
      },
    ],
  })
}

async function remember(
  flow: Flow,
  discovery: { issuer: string },
  client: RegisteredClient,
  received: { tokens: ReceivedTokens; tolerated: readonly Problem[] },
  before: { scope: string | undefined; resource: string | undefined; refreshToken: string | undefined },
): Promise<TokenOutcome> {
  const { tokens } = received
  const remembered: RememberedTokens = {
    issuer: discovery.issuer,
    clientId: client.clientId,
    accessToken: tokens.accessToken,
    expiresAt: tokens.expiresInSeconds === undefined ? undefined : flow.clock() + tokens.expiresInSeconds,
    // RFC 6749 §6: an answer without one leaves the old one valid.
    refreshToken: tokens.refreshToken ?? before.refreshToken,
    scope: tokens.scope ?? before.scope,
    resource: before.resource,
  }
  flow.memory.tokens = remembered
  flow.memory.issuer = discovery.issuer
  await flow.remember()
  return { tokens: remembered, tolerated: received.tolerated }
}

function readJson(answer: WireAnswer): unknown {
  try {
    return JSON.parse(answer.text)
  } catch {
    return undefined
  }
}
