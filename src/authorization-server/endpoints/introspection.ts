/** Token introspection (RFC 7662): for resource servers elsewhere, about tokens for them, and for confidential clients, about their own. */

import { type ClientAuthentication, readClientAuthentication } from '../../oauth/client-authentication.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { type ActiveToken, formatActiveToken, inactiveToken } from '../../oauth/introspection.ts'
import { canonicalResource, type ResourceIdentifier } from '../../oauth/resource-indicators.ts'
import { formatScope } from '../../oauth/scope.ts'
import { readTokenRequest } from '../../oauth/token-response.ts'
import { equalInConstantTime, hashToken } from '../../platform/crypto.ts'
import type { GrantRecord } from '../../storage/storage.ts'
import { type Clients, isOneRegistration } from '../clients.ts'
import { jsonAnswer } from '../json-answer.ts'
import type { RateLimits } from '../rate-limits.ts'
import { readForm } from '../request-body.ts'
import type { AuthorizationServerSettings, RequestSource } from '../settings.ts'
import type { Tokens } from '../tokens.ts'

/** Which tokens somebody may ask about. */
type Caller = { kind: 'client'; clientId: string } | { kind: 'resource-server'; resource: string }

export async function introspectionEndpoint(
  settings: AuthorizationServerSettings,
  clients: Clients,
  tokens: Tokens,
  limits: RateLimits,
  request: Request,
  source: RequestSource,
): Promise<Response> {
  const form = await readForm(request)
  const parameters = readTokenRequest(form)
  const readings = readClientAuthentication(request.headers.get('authorization') ?? undefined, parameters)
  const caller =
    (await findResourceServer(settings, readings)) ??
    (await authenticateClient(clients, limits, readings, source))
  const [token, ...others] = form.getAll('token')
  if (token === undefined || token === '' || others.length > 0)
    throw new OAuthError('invalid_request', 'token must be sent once')
  const active = await findActive(settings, tokens, caller, token)
  return jsonAnswer(200, active === undefined ? inactiveToken : formatActiveToken(active))
}

/** Entered by the operator; it is no client, and can do nothing else here. */
async function findResourceServer(
  settings: AuthorizationServerSettings,
  readings: readonly ClientAuthentication[],
): Promise<Caller | undefined> {
  for (const { clientId, secrets } of readings) {
    const record = await settings.storage.findClient(clientId)
    if (record?.kind !== 'resource-server') continue
    const { secretHash, resource } = record
    const isProven = secrets.some((secret) => equalInConstantTime(hashToken(secret), secretHash ?? ''))
    if (!isProven)
      throw new OAuthError('invalid_client', 'the secret of this resource server is wrong or missing')
    const named = canonicalResource(resource ?? '')
    const served = named && (await settings.resources.find(named))
    if (served === undefined)
      throw new OAuthError('invalid_client', 'no tokens are issued for this resource server any more')
    return { kind: 'resource-server', resource: served.identifier }
  }
  return undefined
}

/** RFC 7662 §2.1: a public client could be anybody, who would learn by asking which of the tokens that they found are live (§4). */
async function authenticateClient(
  clients: Clients,
  limits: RateLimits,
  readings: readonly ClientAuthentication[],
  source: RequestSource,
): Promise<Caller> {
  const client = await clients.authenticate(readings)
  if (readings.every(({ method }) => method === 'none'))
    throw new OAuthError(
      'invalid_client',
      'introspection is for resource servers and clients with a secret or a key',
    )
  if (isOneRegistration(client)) limits.take('tokenRequests', client.clientId, source.name)
  return { kind: 'client', clientId: client.clientId }
}

async function findActive(
  settings: AuthorizationServerSettings,
  tokens: Tokens,
  caller: Caller,
  token: string,
): Promise<ActiveToken | undefined> {
  const { issuer, storage, clock } = settings
  const now = clock()
  const describe = (
    grant: GrantRecord,
    expiresAt: number,
    tokenType: ActiveToken['tokenType'],
  ): ActiveToken => ({
    issuer,
    audience: grant.resource,
    subject: grant.userId,
    clientId: grant.clientId,
    scope: formatScope(grant.scope),
    expiresAt,
    tokenType,
    keyThumbprint: grant.keyThumbprint,
  })
  if (tokens.readRefreshToken(token) !== undefined) {
    const found = await storage.findRefreshToken(hashToken(token))
    if (found === undefined || caller.kind !== 'client' || caller.clientId !== found.grant.clientId)
      return undefined
    const { grant, refreshToken } = found
    const isLive =
      grant.revokedAt === undefined && grant.expiresAt > now && refreshToken.rotatedAt === undefined
    return isLive ? describe(grant, grant.expiresAt, undefined) : undefined
  }
  const live = await tokens.findLive(token)
  if (live === undefined) return undefined
  const { grant, accessToken } = live
  if (caller.kind === 'client' && caller.clientId !== grant.clientId) return undefined
  if (caller.kind === 'resource-server' && caller.resource !== grant.resource) return undefined
  if (!(await isLetIn(settings, grant))) return undefined
  // Somebody showed it to the resource server: it has arrived, and its predecessor is not asked for again by accident (house rule 2).
  if (caller.kind === 'resource-server' && accessToken.firstUsedAt === undefined)
    await storage.markAccessTokenUsed(accessToken.tokenHash, now)
  return describe(grant, Math.min(accessToken.expiresAt, grant.expiresAt), typeOf(grant))
}

/** Whom the operator has taken off the list of a connector, and what is not bound where it has to be, is out at once, here as at the gateway. */
async function isLetIn(
  { resources, storage }: AuthorizationServerSettings,
  grant: GrantRecord,
): Promise<boolean> {
  const resource = await resources.find(grant.resource as ResourceIdentifier)
  if (resource?.boundTokensOnly === true && grant.keyThumbprint === undefined) return false
  const person = await storage.findUser(grant.userId)
  return person !== undefined && (await resource?.mayUse(person)) === true
}

function typeOf({ keyThumbprint }: GrantRecord): 'Bearer' | 'DPoP' {
  return keyThumbprint === undefined ? 'Bearer' : 'DPoP'
}
