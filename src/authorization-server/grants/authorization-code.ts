/** Exchanges an authorization code (OAuth 2.1 §4.1.3): validate, then take (house rule 16). */

import { type ErrorSubject, OAuthError, refuseProblems } from '../../oauth/errors.ts'
import { codeVerifierProblems, isVerifierOf } from '../../oauth/pkce.ts'
import { type ResourceIdentifier, targetProblems } from '../../oauth/resource-indicators.ts'
import { formatScope } from '../../oauth/scope.ts'
import type { TokenRequest, TokenResponse } from '../../oauth/token-response.ts'
import { encodeBase64Url, hashToken } from '../../platform/crypto.ts'
import type { AuthorizationCodeRecord, GrantRecord } from '../../storage/storage.ts'
import { type Client, type Clients, clientNameOf } from '../clients.ts'
import { requireProof, type ShownProof, spendProof } from '../proofs.ts'
import type { AuthorizationServerSettings } from '../settings.ts'
import type { Tokens } from '../tokens.ts'

/** A code is given up after so many wrong verifiers; fewer could be a client that mixed up two attempts. */
const maximumWrongVerifiers = 5

export async function authorizationCodeGrant(
  settings: AuthorizationServerSettings,
  clients: Clients,
  tokens: Tokens,
  client: Client,
  request: TokenRequest,
  proof: ShownProof | undefined,
  subject: ErrorSubject,
): Promise<TokenResponse> {
  const code = await findCode(settings, client, request, subject)
  checkRedirect(code, request)
  refuseProblems(targetProblems(request.resources, code.resource as ResourceIdentifier, 'code'))
  checkKey(code, proof?.thumbprint)
  await checkVerifier(settings, code, request)
  await refuseReplay(settings, code)
  requireProof(proof, await settings.resources.find(code.resource as ResourceIdentifier))
  await spendProof(proof)
  return take(settings, clients, tokens, client, code, proof?.thumbprint)
}

/** Unknown, expired and somebody else's code are answered alike: nothing is learnt by guessing, and nothing burnt. */
async function findCode(
  settings: AuthorizationServerSettings,
  client: Client,
  request: TokenRequest,
  subject: ErrorSubject,
): Promise<AuthorizationCodeRecord> {
  if (request.code === undefined) throw new OAuthError('invalid_request', 'code is missing')
  const code = await settings.storage.findAuthorizationCode(hashToken(request.code))
  if (code === undefined) throw deadCode('unknown')
  // In a mix-up of two clients, the attempt that this ends is the one that the code belongs to.
  subject.flowId = code.flowId
  subject.clientId = code.clientId
  if (code.clientId !== client.clientId) throw deadCode('of another client')
  if (code.expiresAt <= settings.clock()) throw deadCode('expired')
  if (code.wrongVerifiers >= maximumWrongVerifiers) throw deadCode('too many wrong verifiers')
  return code
}

/** OAuth 2.1 clients leave it out, RFC 6749 clients repeat it: optional, and exact if sent. */
function checkRedirect(code: AuthorizationCodeRecord, request: TokenRequest): void {
  if (request.redirectUri !== undefined && request.redirectUri !== code.redirectUri) {
    throw new OAuthError('invalid_grant', 'redirect_uri is not the one of the authorization request')
  }
}

/** RFC 9449 §10: a code that was asked for with a key is worth nothing without it. */
function checkKey(code: AuthorizationCodeRecord, key: string | undefined): void {
  if (code.keyThumbprint === undefined || code.keyThumbprint === key) return
  throw new OAuthError('invalid_grant', 'this code is bound to a key; send a DPoP proof by that key')
}

async function checkVerifier(
  settings: AuthorizationServerSettings,
  code: AuthorizationCodeRecord,
  request: TokenRequest,
): Promise<void> {
  const problems = codeVerifierProblems(request.codeVerifier)
  if (request.codeVerifier === undefined) refuseProblems(problems)
  if (problems.length === 0 && isVerifierOf(request.codeVerifier ?? '', code.codeChallenge)) return
  const count = await settings.storage.countWrongVerifier(code.codeHash)
  settings.telemetry.emit('code.wrong_verifier', code.flowId, { clientId: code.clientId, count })
  refuseProblems(problems)
  throw new OAuthError('invalid_grant', 'code_verifier does not match the code_challenge (RFC 7636 §4.6)')
}

/** Whoever comes again with everything right may be a thief or the robbed: neither keeps the grant (OAuth 2.1 §4.1.3). */
async function refuseReplay(
  settings: AuthorizationServerSettings,
  code: AuthorizationCodeRecord,
): Promise<void> {
  if (code.grantId === undefined) return
  await settings.storage.revokeGrant(code.grantId, settings.clock(), 'authorization-code-replayed')
  settings.telemetry.emit('code.replayed', code.flowId, { clientId: code.clientId, grantId: code.grantId })
  throw deadCode('used before; its grant was revoked')
}

async function take(
  settings: AuthorizationServerSettings,
  clients: Clients,
  tokens: Tokens,
  client: Client,
  code: AuthorizationCodeRecord,
  key: string | undefined,
): Promise<TokenResponse> {
  const now = settings.clock()
  const grant: GrantRecord = {
    grantId: tokens.newGrantId(),
    flowId: code.flowId,
    clientId: client.clientId,
    clientRowId: client.rowId,
    clientName: clientNameOf(client, code.redirectUri) ?? client.clientId,
    userId: code.userId,
    resource: code.resource as ResourceIdentifier,
    scope: code.scope,
    redirectUri: code.redirectUri,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: now + settings.lifetimes.refreshTokenSeconds,
    revokedAt: undefined,
    revokedReason: undefined,
    keyThumbprint: key,
  }
  const pair = tokens.firstPair(grant.grantId, encodeBase64Url(settings.random(32)))
  const taken = await settings.storage.takeAuthorizationCode(
    code.codeHash,
    tokens.issued(pair, grant, 0),
    now,
  )
  if (taken === 'gone') throw deadCode('expired')
  if (taken === 'already-taken') {
    const winner = await settings.storage.findAuthorizationCode(code.codeHash)
    await refuseReplay(settings, winner ?? code)
    throw deadCode('used before')
  }
  await refuseRemoved(settings, clients, client, grant)
  await clients.confirm(client)
  settings.telemetry.emit('token.issued', code.flowId, {
    clientId: client.clientId,
    clientName: grant.clientName,
    grantId: grant.grantId,
    userId: grant.userId,
    scope: formatScope(grant.scope),
  })
  return {
    accessToken: await tokens.accessTokenFor(pair, grant, now + settings.lifetimes.accessTokenSeconds),
    tokenType: key === undefined ? undefined : 'DPoP',
    refreshToken: pair.refreshToken,
    expiresInSeconds: settings.lifetimes.accessTokenSeconds,
    scope: formatScope(grant.scope),
  }
}

/** A registration can be removed by its holder (RFC 7592) while its code is exchanged; whichever came first, nothing of it lives on. */
async function refuseRemoved(
  settings: AuthorizationServerSettings,
  clients: Clients,
  client: Client,
  grant: GrantRecord,
): Promise<void> {
  if (client.secretHash === undefined || (await clients.find(client.clientId, 'to-go-on')) !== undefined)
    return
  await settings.storage.revokeGrant(grant.grantId, settings.clock(), 'client-removed')
  throw new OAuthError('invalid_client', 'this client was removed')
}

function deadCode(detail: string): OAuthError {
  const description =
    'the authorization code is unknown, expired or was used before; start again at authorize'
  return new OAuthError('invalid_grant', description, { detail })
}
