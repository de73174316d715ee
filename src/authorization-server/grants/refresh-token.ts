/** Exchanges a refresh token for its successor (OAuth 2.1 §4.3), so that real clients stay connected (house rule 2). */

import { type ErrorSubject, OAuthError, refuseProblems } from '../../oauth/errors.ts'
import { type ResourceIdentifier, targetProblems } from '../../oauth/resource-indicators.ts'
import { formatScope } from '../../oauth/scope.ts'
import type { TokenRequest, TokenResponse } from '../../oauth/token-response.ts'
import { hashToken } from '../../platform/crypto.ts'
import type { GrantRecord } from '../../storage/storage.ts'
import { type Client, type Clients, isConfidential } from '../clients.ts'
import { type ShownProof, spendProof } from '../proofs.ts'
import type { AuthorizationServerSettings } from '../settings.ts'
import type { OwnRefreshToken, Tokens } from '../tokens.ts'

export async function refreshTokenGrant(
  settings: AuthorizationServerSettings,
  clients: Clients,
  tokens: Tokens,
  client: Client,
  request: TokenRequest,
  proof: ShownProof | undefined,
  subject: ErrorSubject,
): Promise<TokenResponse> {
  const presented = request.refreshToken
  if (presented === undefined) throw new OAuthError('invalid_request', 'refresh_token is missing')
  const own = tokens.readRefreshToken(presented)
  if (own === undefined) throw deadToken('not one of ours')
  const grant = await findGrant(settings, client, own, subject)
  // A `scope` is not compared: Codex repeats what it asked for, mcp-remote what it got, and both are given what was granted (recorded 2026-11).
  refuseProblems(targetProblems(request.resources, grant.resource as ResourceIdentifier, 'token'))
  await checkBound(settings, grant)
  await spendProof(proof)
  return rotate(settings, clients, tokens, client, grant, presented, own, proof?.thumbprint)
}

/** Someone else's token, shown by the wrong client, is refused without harm to its owner: it proves a mix-up, not a theft. */
async function findGrant(
  settings: AuthorizationServerSettings,
  client: Client,
  own: OwnRefreshToken,
  subject: ErrorSubject,
): Promise<GrantRecord> {
  const grant = await settings.storage.findGrant(own.grantId)
  if (grant === undefined) throw deadToken('its grant is gone')
  subject.flowId = grant.flowId
  subject.clientId = grant.clientId
  subject.grantId = grant.grantId
  if (grant.clientId !== client.clientId) throw deadToken('it belongs to another client')
  return grant
}

/** Where tokens have to be bound, a connection from before it was so has to be made anew; asking for a key would not make it one. */
async function checkBound({ resources }: AuthorizationServerSettings, grant: GrantRecord): Promise<void> {
  if (grant.keyThumbprint !== undefined) return
  const resource = await resources.find(grant.resource as ResourceIdentifier)
  if (resource?.boundTokensOnly === true) throw deadToken('not bound to a key')
}

async function rotate(
  settings: AuthorizationServerSettings,
  clients: Clients,
  tokens: Tokens,
  client: Client,
  grant: GrantRecord,
  presented: string,
  own: OwnRefreshToken,
  key: string | undefined,
): Promise<TokenResponse> {
  const { storage, lifetimes, telemetry } = settings
  const now = settings.clock()
  const successor = tokens.successorOf(presented, own)
  const rotation = await storage.rotateRefreshToken(
    {
      presented: hashToken(presented),
      successor: hashToken(successor.refreshToken),
      accessToken: hashToken(successor.accessToken),
      accessTokenExpiresAt: now + lifetimes.accessTokenSeconds,
      grantExpiresAt: now + lifetimes.refreshTokenSeconds,
      lostResponseSeconds: lifetimes.lostResponseSeconds,
      reuseGraceSeconds: lifetimes.reuseGraceSeconds,
      keyThumbprint: key,
      // RFC 9449 §5: the refresh token of a client that authenticates is bound to that, not to the key.
      mayChangeKey: isConfidential(client),
    },
    now,
  )
  const fields = { clientId: grant.clientId, grantId: grant.grantId, userId: grant.userId }
  switch (rotation.outcome) {
    case 'rotated':
    case 'repeated':
      telemetry.emit(`refresh.${rotation.outcome}`, grant.flowId, fields)
      await clients.confirm(client)
      return {
        accessToken: await tokens.accessTokenFor(successor, rotation.grant, rotation.accessTokenExpiresAt),
        tokenType: rotation.grant.keyThumbprint === undefined ? undefined : 'DPoP',
        refreshToken: successor.refreshToken,
        // A used access token that has ended since is not brought back; the client goes on with the refresh token.
        expiresInSeconds: Math.max(1, rotation.accessTokenExpiresAt - now),
        scope: formatScope(rotation.grant.scope),
      }
    case 'unknown':
      // It carries our mac, so it was live once: a generation so old that its row is gone.
      if (await storage.revokeGrant(grant.grantId, now, 'refresh-token-reused'))
        telemetry.emit('refresh.reused', grant.flowId, fields)
      throw deadToken('reused long after')
    case 'reused':
      telemetry.emit('refresh.reused', grant.flowId, fields)
      throw deadToken('reused; its grant was revoked')
    case 'other-key':
      throw new OAuthError(
        'invalid_grant',
        'this connection is bound to a key; send a DPoP proof by that key',
      )
    case 'revoked':
    case 'expired':
      throw deadToken(rotation.outcome)
  }
}

/** Exactly `invalid_grant`: with anything else Claude does not ask its user to connect again. */
function deadToken(detail: string): OAuthError {
  return new OAuthError('invalid_grant', 'the refresh token is expired, revoked or unknown; sign in again', {
    detail,
  })
}
