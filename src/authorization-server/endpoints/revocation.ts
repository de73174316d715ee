/** Token revocation (RFC 7009): Claude Code calls it at sign-out, and before it asks for more scope (recorded 2026-11). */

import { readClientAuthentication } from '../../oauth/client-authentication.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { readTokenRequest } from '../../oauth/token-response.ts'
import { type Client, type Clients, isOneRegistration } from '../clients.ts'
import { jsonAnswer } from '../json-answer.ts'
import type { RateLimits } from '../rate-limits.ts'
import { readForm } from '../request-body.ts'
import type { AuthorizationServerSettings, RequestSource } from '../settings.ts'
import type { Tokens } from '../tokens.ts'

/** RFC 7009 §2.2: 200 also for a token that was unknown or dead already; the hint is not needed and so not read. */
export async function revocationEndpoint(
  settings: AuthorizationServerSettings,
  clients: Clients,
  tokens: Tokens,
  limits: RateLimits,
  request: Request,
  source: RequestSource,
): Promise<Response> {
  const form = await readForm(request)
  const authentication = readClientAuthentication(
    request.headers.get('authorization') ?? undefined,
    readTokenRequest(form),
  )
  const client = await clients.authenticate(authentication)
  if (isOneRegistration(client)) limits.take('tokenRequests', client.clientId, source.name)
  const token = form.get('token')
  if (token === null || token === '') throw new OAuthError('invalid_request', 'token is missing')
  await revoke(settings, tokens, client, token)
  return jsonAnswer(200, {})
}

/** Either token ends the whole grant (RFC 7009 §2.1), if it is this client's own. */
async function revoke(
  settings: AuthorizationServerSettings,
  tokens: Tokens,
  client: Client,
  token: string,
): Promise<void> {
  const { storage, clock, telemetry } = settings
  const own = tokens.readRefreshToken(token)
  const grant =
    own === undefined ? (await tokens.findLive(token))?.grant : await storage.findGrant(own.grantId)
  if (grant === undefined || grant.clientId !== client.clientId) return
  const revoked = await storage.revokeGrant(grant.grantId, clock(), 'revoked-by-client')
  if (revoked)
    telemetry.emit('grant.revoked', grant.flowId, {
      clientId: grant.clientId,
      grantId: grant.grantId,
      userId: grant.userId,
    })
}
