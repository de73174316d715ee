/** The jwt-bearer grant (RFC 7523 §2.1) for identity assertions: a person whose company's issuer vouches for them is not asked again (MCP enterprise-managed authorization). */

import { maximumLabelCharacters, outsideUserId, outsideUsername } from '../../identity/outside-person.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { assertedIssuer, type VerifiedIdentity } from '../../oauth/identity-assertion.ts'
import { canonicalResource } from '../../oauth/resource-indicators.ts'
import { formatScope, readScope } from '../../oauth/scope.ts'
import type { TokenRequest, TokenResponse } from '../../oauth/token-response.ts'
import { encodeBase64Url, hashToken, randomId } from '../../platform/crypto.ts'
import type { GrantRecord, UserRecord } from '../../storage/storage.ts'
import { reachProblem } from '../client-reach.ts'
import { type Client, type Clients, clientNameOf, isConfidential } from '../clients.ts'
import { requireProof, type ShownProof, spendProof } from '../proofs.ts'
import type {
  AuthorizationServerSettings,
  GuardedResource,
  TrustedIssuer,
  VouchedPerson,
} from '../settings.ts'
import type { Tokens } from '../tokens.ts'
import type { TrustedIssuers } from '../trusted-issuers.ts'

/** Assertions of one issuer that are remembered at one time: at a lifetime of five minutes, more than three hundred a second. */
const maximumRemembered = 100_000

export async function jwtBearerGrant(
  settings: AuthorizationServerSettings,
  clients: Clients,
  tokens: Tokens,
  issuers: TrustedIssuers,
  client: Client,
  request: TokenRequest,
  proof: ShownProof | undefined,
): Promise<TokenResponse> {
  checkClient(client, settings.trustedIssuers)
  const { assertion } = request
  if (assertion === undefined) throw new OAuthError('invalid_request', 'assertion is missing')
  const trusted = findIssuer(issuers, assertion)
  checkClient(client, [trusted])
  const identity = await verify(settings, issuers, trusted, client, assertion)
  const key = proof?.thumbprint
  checkKey(identity, key)
  const resource = await findResource(settings, identity, request)
  checkReach(client, resource)
  const scope = grantedScope(identity, request, resource)
  requireProof(proof, resource)
  await spendProof(proof)
  await spend(settings, trusted, identity)
  const person = await findPerson(settings, trusted, identity)
  if (!(await resource.mayUse(person)))
    throw new OAuthError('invalid_grant', `this person may not use ${resource.name}`)
  const response = await issue(settings, tokens, client, { person, resource, scope, key })
  await clients.confirm(client)
  return response
}

/** Whoever finds an assertion must not be able to use it, unless the operator takes that upon themselves. */
function checkClient(client: Client, issuers: readonly TrustedIssuer[]): void {
  if (isConfidential(client)) return
  if (issuers.some(({ unprovenClients = [] }) => unprovenClients.includes(client.clientId))) return
  const says = 'this grant is for clients that authenticate with a secret or a key; use authorization_code'
  throw new OAuthError('unauthorized_client', says)
}

function findIssuer(issuers: TrustedIssuers, assertion: string): TrustedIssuer {
  const named = assertedIssuer(assertion)
  const trusted = issuers.find(named)
  if (trusted !== undefined) return trusted
  const description = 'the issuer of the assertion is not one that this server trusts; ask its operator'
  throw new OAuthError('invalid_grant', description, { detail: named?.slice(0, 200) ?? 'not a JWT' })
}

async function verify(
  settings: AuthorizationServerSettings,
  issuers: TrustedIssuers,
  trusted: TrustedIssuer,
  { clientId }: Client,
  assertion: string,
): Promise<VerifiedIdentity> {
  const expected = { audience: settings.issuer, clientId, now: settings.clock() }
  const verified = await issuers.verify(assertion, trusted, expected)
  if ('fault' in verified)
    throw new OAuthError('invalid_grant', `the assertion was not accepted: ${verified.fault}`)
  return verified
}

function checkKey({ keyThumbprint }: VerifiedIdentity, key: string | undefined): void {
  if (keyThumbprint === undefined || keyThumbprint === key) return
  throw new OAuthError('invalid_grant', 'the assertion is bound to a key; send a DPoP proof by that key')
}

/** What the assertion names comes before what the client asks for; where both are silent, the one that there is. */
async function findResource(
  { resources }: AuthorizationServerSettings,
  identity: VerifiedIdentity,
  request: TokenRequest,
): Promise<GuardedResource> {
  const allowed = identity.resources.map(canonicalResource)
  const asked = request.resources.map(canonicalResource)
  const [wanted = allowed.length > 1 ? undefined : allowed[0]] = asked
  const isAllowed = allowed.length === 0 || allowed.includes(wanted)
  if (new Set(asked).size > 1 || !isAllowed)
    throw new OAuthError('invalid_target', 'ask for one resource that the assertion is for')
  const isNamed = request.resources.length > 0 || identity.resources.length > 0
  const found = wanted === undefined ? undefined : await resources.find(wanted)
  const resource = isNamed ? found : resources.standard
  if (resource === undefined)
    throw new OAuthError('invalid_target', 'the assertion is not for a resource that this server guards')
  return resource
}

function checkReach(client: Client, resource: GuardedResource): void {
  const problem = reachProblem(client, resource)
  if (problem !== undefined) throw new OAuthError('unauthorized_client', problem)
}

/** Never more than the issuer allows, than was asked for, and than there is. */
function grantedScope(
  identity: VerifiedIdentity,
  request: TokenRequest,
  { scopes }: GuardedResource,
): readonly string[] {
  const limits = [identity.scope, request.scope].filter((text) => text !== undefined).map(readScope)
  const granted = scopes
    .map(({ name }) => name)
    .filter((name) => limits.every((words) => words.includes(name)))
  if (granted.length > 0) return granted
  const offered = formatScope(scopes.map(({ name }) => name))
  throw new OAuthError(
    'invalid_scope',
    `nothing of what is allowed and asked for is offered here: ${offered}`,
  )
}

async function spend(
  { storage, clock }: AuthorizationServerSettings,
  { issuer }: TrustedIssuer,
  { id, expiresAt }: VerifiedIdentity,
): Promise<void> {
  const owner = hashToken(`identity assertions of ${issuer}`)
  const unique = { idHash: hashToken(`${owner} ${id}`), owner, expiresAt }
  const taken = await storage.takeUniqueId(unique, maximumRemembered, clock())
  if (taken === 'already-taken')
    throw new OAuthError('invalid_grant', 'the assertion was used before; ask the issuer for a new one')
  if (taken === 'full')
    throw new OAuthError('temporarily_unavailable', 'too many assertions of this issuer have not expired yet')
}

/** An id that follows from who somebody is there: no table has to say so, and no e-mail address makes two people one. */
async function findPerson(
  { storage, clock }: AuthorizationServerSettings,
  trusted: TrustedIssuer,
  { subject, tenant, localSubject, email, name }: VerifiedIdentity,
): Promise<UserRecord> {
  const { issuer } = trusted
  const userId = outsideUserId({ issuer, tenant, subject })
  if (localSubject !== undefined && localSubject !== userId)
    throw new OAuthError('invalid_grant', 'the assertion was not accepted: its aud_sub is somebody else here')
  const known = await storage.findUser(userId)
  if (known !== undefined) return known
  if (!(await isWelcome(trusted, { issuer, tenant, subject, email, name })))
    throw new OAuthError('invalid_grant', 'this person has no account here; ask the operator of this server')
  const person: UserRecord = {
    userId,
    username: outsideUsername({ issuer, tenant, subject }, email),
    displayName: (name ?? email ?? subject).slice(0, maximumLabelCharacters),
    passwordHash: undefined,
    role: 'member',
    createdAt: clock(),
  }
  await storage.createUser(person)
  return person
}

async function isWelcome({ mayJoin = true }: TrustedIssuer, person: VouchedPerson): Promise<boolean> {
  return typeof mayJoin === 'boolean' ? mayJoin : mayJoin(person)
}

async function issue(
  settings: AuthorizationServerSettings,
  tokens: Tokens,
  client: Client,
  granted: {
    person: UserRecord
    resource: GuardedResource
    scope: readonly string[]
    key: string | undefined
  },
): Promise<TokenResponse> {
  const now = settings.clock()
  const { accessTokenSeconds } = settings.lifetimes
  const { person, resource, scope, key } = granted
  const grant: GrantRecord = {
    grantId: tokens.newGrantId(),
    flowId: `${client.flowId ?? client.kind}.${randomId(settings.random)}`,
    clientId: client.clientId,
    clientRowId: client.rowId,
    clientName: clientNameOf(client, client.metadata.redirectUris[0] ?? '') ?? client.clientId,
    userId: person.userId,
    resource: resource.identifier,
    scope,
    redirectUri: '',
    createdAt: now,
    lastUsedAt: now,
    // The issuer decides again each time: nothing outlives the access token, and nobody gets its refresh token.
    expiresAt: now + accessTokenSeconds,
    revokedAt: undefined,
    revokedReason: undefined,
    keyThumbprint: key,
  }
  const pair = tokens.firstPair(grant.grantId, encodeBase64Url(settings.random(32)))
  await settings.storage.saveGrant(tokens.issued(pair, grant, 0))
  settings.telemetry.emit('token.issued', grant.flowId, {
    clientId: client.clientId,
    clientName: grant.clientName,
    grantId: grant.grantId,
    userId: person.userId,
    scope: formatScope(scope),
  })
  return {
    accessToken: await tokens.accessTokenFor(pair, grant, now + accessTokenSeconds),
    tokenType: key === undefined ? undefined : 'DPoP',
    refreshToken: undefined,
    expiresInSeconds: accessTokenSeconds,
    scope: formatScope(scope),
    resource: resource.identifier,
  }
}
