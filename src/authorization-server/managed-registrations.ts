/** A registration read, changed and removed by its holder (RFC 7592), for confidential clients: public ones share a row with strangers (house rule 3). */

import {
  type ClientInformation,
  type ClientMetadata,
  clientMetadataProblems,
  readClientMetadata,
} from '../oauth/client-metadata.ts'
import { OAuthError, refuseProblems } from '../oauth/errors.ts'
import { canonicalRedirectUri, redirectHost } from '../oauth/redirect-uri.ts'
import { equalInConstantTime } from '../platform/crypto.ts'
import type { ClientRecord } from '../storage/storage.ts'
import { clientRuleProblems } from './client-rules.ts'
import { type Client, type Clients, informationOf, isConfidential, ownRowId } from './clients.ts'
import { type RateLimits, takeNewClient } from './rate-limits.ts'
import { flowIdOf, type RegistrationIds } from './registration-ids.ts'
import type { AuthorizationServerSettings, RequestSource } from './settings.ts'

/** Each throws `invalid_token` for a token that is not this registration's, and for one of a registration that is gone (RFC 7592 §2.1). */
export interface ManagedRegistrations {
  read(clientId: string, token: string | undefined): Promise<ClientInformation>
  /** All of its metadata; what is left out is gone. Its id and its secret stay. */
  replace(
    clientId: string,
    token: string | undefined,
    document: unknown,
    source: RequestSource,
  ): Promise<ClientInformation>
  /** Its connections end with it. */
  remove(clientId: string, token: string | undefined): Promise<void>
}

/** An id of ours stays well-formed for ever; that it was given up is remembered for as long as anybody could still hold a secret of it. */
const removalKeptSeconds = 10 * 365 * 86_400

export function createManagedRegistrations(
  settings: AuthorizationServerSettings,
  limits: RateLimits,
  ids: RegistrationIds,
  clients: Clients,
): ManagedRegistrations {
  const { storage, clock, telemetry, lifetimes } = settings

  async function read(clientId: string, token: string | undefined): Promise<ClientInformation> {
    const { metadata } = await authorize(clientId, token)
    return informationOf(settings, ids, clientId, metadata)
  }

  async function replace(
    clientId: string,
    token: string | undefined,
    document: unknown,
    source: RequestSource,
  ): Promise<ClientInformation> {
    const client = await authorize(clientId, token)
    refuseOtherIdentity(clientId, document)
    refuseProblems(clientMetadataProblems(document))
    const metadata = readClientMetadata(document)
    refuseProblems(clientRuleProblems(settings.clientRules, metadata))
    // What people allowed a client that proves itself must not pass to whoever knows its id.
    if (metadata.tokenEndpointAuthMethod === 'none')
      throw new OAuthError(
        'invalid_client_metadata',
        'a client with a secret keeps it; register anew for none',
      )
    if (client.kind !== 'managed') takeNewClient(limits, source)
    const now = clock()
    const wasApproved = await hasGrants(clientId)
    await storage.saveManagedClient({
      ...recordOf(clientId, metadata, now),
      confirmedAt: wasApproved ? now : undefined,
      expiresAt: now + (wasApproved ? lifetimes.clientSeconds : lifetimes.unconfirmedClientSeconds),
    })
    emit('client.changed', clientId, metadata)
    return informationOf(settings, ids, clientId, metadata)
  }

  async function remove(clientId: string, token: string | undefined): Promise<void> {
    const { metadata } = await authorize(clientId, token)
    const now = clock()
    // That nobody ever approved it makes its secret worthless, so that a stranger's is not remembered for long.
    const wasApproved = await hasGrants(clientId)
    // First the sign that it is gone, then what it had: whoever exchanges a code in between looks for the sign afterwards.
    await storage.saveManagedClient({
      ...recordOf(clientId, metadata, now),
      kind: 'removed',
      confirmedAt: wasApproved ? now : undefined,
      expiresAt: now + (wasApproved ? removalKeptSeconds : lifetimes.unconfirmedClientSeconds),
    })
    await storage.removeClient(clientId, now)
    emit('client.removed', clientId, metadata)
  }

  async function authorize(clientId: string, token: string | undefined): Promise<Client> {
    if (token === undefined) throw new OAuthError('invalid_token', 'the registration access token is missing')
    const isHolder = equalInConstantTime(token, ids.managementTokenOf(clientId))
    const client = isHolder && ids.read(clientId) !== undefined ? await clients.find(clientId) : undefined
    const isManageable =
      client?.kind === 'managed' || (client?.kind === 'registered' && isConfidential(client))
    if (client === undefined || !isManageable)
      throw new OAuthError('invalid_token', 'the registration access token is wrong, or its client is gone')
    limits.take('changes', clientId)
    return client
  }

  async function hasGrants(clientId: string): Promise<boolean> {
    return (await storage.listGrants({ clientId }, 1)).length > 0
  }

  function recordOf(clientId: string, metadata: ClientMetadata, now: number): ClientRecord {
    return {
      clientId: ownRowId(clientId),
      kind: 'managed',
      metadata: { ...metadata, redirectUris: metadata.redirectUris.map(canonicalRedirectUri) },
      secretHash: undefined,
      similarityKey: ownRowId(clientId),
      createdAt: now,
      lastUsedAt: now,
      confirmedAt: undefined,
      expiresAt: undefined,
    }
  }

  function emit(name: string, clientId: string, { clientName, redirectUris }: ClientMetadata): void {
    const [first = ''] = redirectUris
    telemetry.emit(name, flowIdOf(clientId), { clientId, clientName, redirectHost: redirectHost(first) })
  }

  /** RFC 7592 §2.2: it names the client it is for, and nothing that the server alone decides. */
  function refuseOtherIdentity(clientId: string, document: unknown): void {
    const members = (typeof document === 'object' && document !== null ? document : {}) as Record<
      string,
      unknown
    >
    const decided = serverMembers.find((name) => members[name] !== undefined)
    if (decided !== undefined)
      throw new OAuthError('invalid_request', `${decided} is not the client's to set`)
    if (members.client_id !== clientId)
      throw new OAuthError('invalid_request', 'client_id must be the id of this registration')
    const { client_secret: secret } = members
    if (secret !== undefined && !equalInConstantTime(String(secret), ids.secretOf(clientId)))
      throw new OAuthError(
        'invalid_request',
        'client_secret must be the one of this registration, or be left out',
      )
  }

  return { read, replace, remove }
}

const serverMembers: readonly string[] = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
]
