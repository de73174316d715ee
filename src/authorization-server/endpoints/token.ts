/** The token endpoint (OAuth 2.1 §3.2): who is the client, which grant. */

import { readClientAuthentication } from '../../oauth/client-authentication.ts'
import { concerning, type ErrorSubject, OAuthError } from '../../oauth/errors.ts'
import { jwtBearerGrantType } from '../../oauth/identity-assertion.ts'
import {
  formatTokenResponse,
  readTokenRequest,
  type TokenRequest,
  type TokenResponse,
} from '../../oauth/token-response.ts'
import { type Client, type Clients, isOneRegistration } from '../clients.ts'
import { authorizationCodeGrant } from '../grants/authorization-code.ts'
import { jwtBearerGrant } from '../grants/jwt-bearer.ts'
import { refreshTokenGrant } from '../grants/refresh-token.ts'
import { jsonAnswer } from '../json-answer.ts'
import type { Proofs, ShownProof } from '../proofs.ts'
import type { RateLimits } from '../rate-limits.ts'
import { readForm } from '../request-body.ts'
import type { AuthorizationServerSettings, RequestSource } from '../settings.ts'
import type { Tokens } from '../tokens.ts'
import type { TrustedIssuers } from '../trusted-issuers.ts'
import { endpointAliases, endpointPaths } from './metadata.ts'

export async function tokenEndpoint(
  settings: AuthorizationServerSettings,
  clients: Clients,
  tokens: Tokens,
  proofs: Proofs,
  issuers: TrustedIssuers,
  limits: RateLimits,
  httpRequest: Request,
  source: RequestSource,
): Promise<Response> {
  const subject: ErrorSubject = {}
  return concerning(subject, () =>
    exchange(settings, clients, tokens, proofs, issuers, limits, httpRequest, source, subject),
  )
}

async function exchange(
  settings: AuthorizationServerSettings,
  clients: Clients,
  tokens: Tokens,
  proofs: Proofs,
  issuers: TrustedIssuers,
  limits: RateLimits,
  httpRequest: Request,
  source: RequestSource,
  subject: ErrorSubject,
): Promise<Response> {
  const request = readTokenRequest(await readForm(httpRequest))
  const authentication = readClientAuthentication(
    httpRequest.headers.get('authorization') ?? undefined,
    request,
  )
  const client = await clients.authenticate(authentication)
  subject.clientId = client.clientId
  limitRequests(limits, tokens, client, request, source)
  const proof = await proofs.read(httpRequest, [endpointPaths.token, endpointAliases.token])
  checkProof(client, proof)
  const response = await grantOf(settings, clients, tokens, issuers, client, request, proof, subject)
  return jsonAnswer(200, formatTokenResponse(response))
}

/** RFC 9449 §5.2: a client that said so when it registered is not given what a thief could use. */
function checkProof({ metadata }: Client, proof: ShownProof | undefined): void {
  if (proof !== undefined || metadata.boundTokens === undefined) return
  const says = 'this client registered with dpop_bound_access_tokens; send a DPoP proof'
  throw new OAuthError('invalid_dpop_proof', says)
}

/** A shared id says nothing of who asks; there the connection does, whose refresh token carries our mac. */
function limitRequests(
  limits: RateLimits,
  tokens: Tokens,
  client: Client,
  request: TokenRequest,
  source: RequestSource,
): void {
  if (isOneRegistration(client)) limits.take('tokenRequests', client.clientId, source.name)
  const own = request.refreshToken === undefined ? undefined : tokens.readRefreshToken(request.refreshToken)
  if (own !== undefined) limits.take('refreshes', own.grantId)
}

function grantOf(
  settings: AuthorizationServerSettings,
  clients: Clients,
  tokens: Tokens,
  issuers: TrustedIssuers,
  client: Client,
  request: TokenRequest,
  proof: ShownProof | undefined,
  subject: ErrorSubject,
): Promise<TokenResponse> {
  switch (request.grantType) {
    case 'authorization_code':
      return authorizationCodeGrant(settings, clients, tokens, client, request, proof, subject)
    case 'refresh_token':
      return refreshTokenGrant(settings, clients, tokens, client, request, proof, subject)
    case jwtBearerGrantType:
      if (settings.trustedIssuers.length === 0) break
      return jwtBearerGrant(settings, clients, tokens, issuers, client, request, proof)
    case undefined:
      throw new OAuthError('invalid_request', 'grant_type is missing')
    case 'client_credentials':
      throw new OAuthError(
        'unsupported_grant_type',
        'client_credentials is not offered: every connection here acts for a person, who has to consent; use authorization_code',
      )
  }
  throw new OAuthError('unsupported_grant_type', 'grant_type must be authorization_code or refresh_token')
}
