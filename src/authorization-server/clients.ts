/** Who asks: registered (RFC 7591), by metadata document (CIMD), or entered by the operator; and what is done for one that was forgotten (house rules 3 and 4). */

import { pinnedClientDocuments, recoverableCallbacks } from '../oauth/claude.ts'
import type { ClientAuthentication } from '../oauth/client-authentication.ts'
import {
  clientIdUrlProblems,
  isClientIdUrl,
  readClientIdMetadataDocument,
} from '../oauth/client-id-metadata-document.ts'
import {
  type ClientInformation,
  type ClientMetadata,
  canonicalClientMetadata,
  clientMetadataProblems,
  readClientMetadata,
} from '../oauth/client-metadata.ts'
import { concern, OAuthError, refuseProblems } from '../oauth/errors.ts'
import { canonicalRedirectUri, redirectHost, redirectUriProblems } from '../oauth/redirect-uri.ts'
import { encodeBase64Url, equalInConstantTime, formatId, hashToken, sha256 } from '../platform/crypto.ts'
import type { ClientRecord } from '../storage/storage.ts'
import { createClientAssertions } from './client-assertions.ts'
import { createClientDocuments, type DocumentUse } from './client-documents.ts'
import { clientRuleProblems } from './client-rules.ts'
import { endpointPaths } from './endpoints/metadata.ts'
import { type RateLimits, takeNewClient } from './rate-limits.ts'
import { flowIdOf, type RegistrationIds } from './registration-ids.ts'
import type { RemoteKeys } from './remote-keys.ts'
import type { AuthorizationServerSettings, RequestSource } from './settings.ts'

/** A client whose identity was established; its metadata is still its own word. */
export interface Client {
  clientId: string
  kind: 'registered' | 'recovered' | 'managed' | 'document' | 'pre-registered'
  /** The id of its stored row; undefined for a metadata document. */
  rowId: string | undefined
  metadata: ClientMetadata
  secretHash: ClientRecord['secretHash']
  /** The URL of the one connector that the operator entered it for; undefined: any. */
  resource: string | undefined
  /** A person approved it before, or the operator entered it, or its document is pinned here. */
  isVouchedFor: boolean
  /** Joins a registration with the authorization that follows it. */
  flowId: string | undefined
  lastUsedAt: number | undefined
}

export interface Clients {
  register(document: unknown, by: Registrant): Promise<ClientInformation>
  /** Undefined for a client that is not known; throws `invalid_client` when it says who it is in a way that cannot be right. */
  find(clientId: string, use?: DocumentUse): Promise<Client | undefined>
  /** House rule 4: brings back a forgotten client for this one request, to ask for consent anew; nothing is approved by it. */
  recover(clientId: string, redirectUri: string, source: RequestSource): Promise<Client | undefined>
  /** The client that proves to be one of these; throws `invalid_client`. */
  authenticate(readings: readonly ClientAuthentication[]): Promise<Client>
  /** A person approved it: it now lives as long as it is used. */
  confirm(client: Client): Promise<void>
}

/** What is known of whoever registers, beside what they say of the client. */
export interface Registrant {
  /** For the log. */
  userAgent: string | undefined
  /** The initial access token that came with it. */
  invitation: string | undefined
  source: RequestSource
}

/** Registrations that differ in nothing but their name and wait for approval; beyond it the oldest goes. */
const maximumSimilarClients = 50
/** A used client's row is moved on at most this often. */
const renewEverySeconds = 86_400
const maximumClientIdLength = 256

export function createClients(
  settings: AuthorizationServerSettings,
  limits: RateLimits,
  ids: RegistrationIds,
  remoteKeys: RemoteKeys,
): Clients {
  const { storage, clock, telemetry, lifetimes, waysIn, clientRules } = settings
  const assertions = createClientAssertions(settings, remoteKeys)
  const documents = createClientDocuments(settings, limits)

  async function register(document: unknown, by: Registrant): Promise<ClientInformation> {
    refuseProblems(clientMetadataProblems(document))
    const metadata = readClientMetadata(document)
    refuseProblems(clientRuleProblems(clientRules, metadata))
    if (waysIn.registration === 'invited') await takeInvitation(by.invitation)
    const now = clock()
    const rowId = rowIdOf(metadata)
    const isNew = (await storage.findClient(rowId)) === undefined
    if (isNew && waysIn.registration !== 'invited') takeNewClient(limits, by.source)
    await storage.registerClient(rowOf(rowId, metadata, now), maximumSimilarClients)
    const clientId = ids.mint(rowId, now)
    telemetry.emit('client.registered', flowIdOf(clientId), {
      clientId,
      clientName: metadata.clientName,
      redirectHost: redirectHost(metadata.redirectUris[0] ?? ''),
      userAgent: by.userAgent,
    })
    return informationOf(settings, ids, clientId, metadata)
  }

  async function takeInvitation(token: string | undefined): Promise<void> {
    const taken = token === undefined ? undefined : await storage.takeInvitation(hashToken(token), clock())
    if (taken !== undefined) return
    const says =
      'registering here needs a valid initial access token; ask the operator of this server for one'
    throw new OAuthError('invalid_token', says)
  }

  async function find(clientId: string, use: DocumentUse = 'to-ask'): Promise<Client | undefined> {
    if (isClientIdUrl(clientId)) return waysIn.metadataDocument ? findByDocument(clientId, use) : undefined
    const minted = ids.read(clientId)
    const row = await findRow(clientId, minted?.rowId)
    if (row === undefined || row.kind === 'removed' || row.kind === 'resource-server') return undefined
    // The id of a stored row, without a mac of ours around it, names nobody.
    if (row.kind === 'registered' && minted === undefined) return undefined
    if (row.kind === 'recovered' && row.clientId !== recoveredRowId(clientId)) return undefined
    if (row.kind === 'managed' && row.clientId !== ownRowId(clientId)) return undefined
    if (row.kind === 'pre-registered' ? !waysIn.preRegistered : !waysIn.registration) return undefined
    if (row.expiresAt !== undefined && row.expiresAt <= clock()) return undefined
    if (row.kind !== 'pre-registered') refuseByRules(row.metadata)
    return {
      clientId,
      kind: row.kind,
      rowId: row.clientId,
      metadata: row.metadata,
      secretHash: isSelfRegistered(row) ? secretHashOfRegistered(clientId, row.metadata) : row.secretHash,
      resource: row.resource,
      isVouchedFor: row.kind === 'pre-registered' || row.confirmedAt !== undefined,
      flowId: minted === undefined ? undefined : flowIdOf(clientId),
      lastUsedAt: row.lastUsedAt,
    }
  }

  /** What its holder made of a registration comes before the row that it shared; a public one has made nothing of it. */
  async function findRow(clientId: string, rowId: string | undefined): Promise<ClientRecord | undefined> {
    const row = await storage.findClient(rowId ?? clientId)
    if (row !== undefined && (rowId === undefined || row.metadata.tokenEndpointAuthMethod === 'none'))
      return row
    const own = rowId === undefined ? undefined : await storage.findClient(ownRowId(clientId))
    return own ?? row ?? (await storage.findClient(recoveredRowId(clientId)))
  }

  function refuseByRules(metadata: ClientMetadata): void {
    const problem = clientRuleProblems(clientRules, metadata)[0]
    if (problem !== undefined) throw new OAuthError('invalid_client', problem.says, { detail: problem.at })
  }

  async function recover(
    clientId: string,
    redirectUri: string,
    source: RequestSource,
  ): Promise<Client | undefined> {
    if (!waysIn.registration || isClientIdUrl(clientId)) return undefined
    if (clientId.length > maximumClientIdLength || !/^[\x21-\x7e]+$/.test(clientId)) return undefined
    const minted = ids.read(clientId)
    const isBuiltIn = recoverableCallbacks.includes(canonicalRedirectUri(redirectUri))
    if (minted === undefined && !isBuiltIn) return undefined
    // Else whoever was not invited would come in by the side.
    if (minted === undefined && waysIn.registration === 'invited') return undefined
    if (redirectUriProblems([redirectUri]).length > 0) return undefined
    const metadata: ClientMetadata = {
      ...readClientMetadata({ token_endpoint_auth_method: 'none' }),
      clientName: recoveredName(redirectUri),
      redirectUris: [redirectUri],
    }
    if (clientRuleProblems(clientRules, metadata).length > 0) return undefined
    // Its holder gave it up, or changed it: nothing was forgotten.
    if (minted !== undefined && (await storage.findClient(ownRowId(clientId))) !== undefined) return undefined
    const rowId = recoveredRowId(clientId)
    const isNew = (await storage.findClient(rowId)) === undefined
    if (isNew) takeNewClient(limits, source)
    // It may have been confidential; whoever holds an id of ours can also hold its secret, and may show it.
    const secretHash = minted === undefined ? undefined : hashToken(ids.secretOf(clientId))
    await storage.registerClient(
      { ...rowOf(rowId, metadata, clock()), kind: 'recovered', secretHash },
      maximumSimilarClients,
    )
    if (isNew)
      telemetry.emit('client.recovered', minted === undefined ? rowId : flowIdOf(clientId), {
        clientId,
        redirectHost: redirectHost(redirectUri),
      })
    const client = await find(clientId)
    // Another may have come first and have named another callback: what that one said binds nobody, and vouches for nobody.
    return client?.kind === 'recovered' ? { ...client, metadata, isVouchedFor: false } : client
  }

  async function authenticate(readings: readonly ClientAuthentication[]): Promise<Client> {
    for (const reading of readings) {
      const client = await find(reading.clientId, 'to-go-on')
      if (client === undefined) continue
      const fault = await faultOf(client, reading)
      if (fault === undefined) return client
      throw concern(new OAuthError('invalid_client', fault), { clientId: client.clientId })
    }
    // Exactly this makes Claude forget the id and register again (support article 11503834).
    const unknown = new OAuthError('invalid_client', 'this client is not known here; register again')
    // Only an id of our own: people have typed secrets into the field for the client id.
    const own = readings.find(({ clientId }) => ids.read(clientId) !== undefined)
    throw own === undefined ? unknown : concern(unknown, { clientId: own.clientId })
  }

  async function faultOf(client: Client, reading: ClientAuthentication): Promise<string | undefined> {
    if (client.metadata.tokenEndpointAuthMethod === 'private_key_jwt')
      return assertions.faultOf(client, reading)
    return isProven(client, reading) ? undefined : refusalOf(client, reading)
  }

  async function confirm(client: Client): Promise<void> {
    if (client.rowId === undefined) return
    const now = clock()
    const isFresh = client.isVouchedFor && now - (client.lastUsedAt ?? 0) < renewEverySeconds
    if (isFresh) return
    const expiresAt = client.kind === 'pre-registered' ? undefined : now + lifetimes.clientSeconds
    await storage.confirmClient(client.rowId, now, expiresAt)
  }

  /** One stored row for every registration of this metadata, whatever its port, time or number. */
  function rowOf(rowId: string, metadata: ClientMetadata, now: number): ClientRecord {
    const redirectUris = metadata.redirectUris.map(canonicalRedirectUri)
    return {
      clientId: rowId,
      kind: 'registered',
      metadata: { ...metadata, redirectUris },
      secretHash: undefined,
      similarityKey: rowIdOf({ ...metadata, clientName: undefined }),
      createdAt: now,
      lastUsedAt: now,
      confirmedAt: undefined,
      expiresAt: now + lifetimes.unconfirmedClientSeconds,
    }
  }

  function secretHashOfRegistered(clientId: string, metadata: ClientMetadata): ClientRecord['secretHash'] {
    return metadata.tokenEndpointAuthMethod === 'none' ? undefined : hashToken(ids.secretOf(clientId))
  }

  async function findByDocument(clientId: string, use: DocumentUse): Promise<Client> {
    refuseProblems(clientIdUrlProblems(clientId))
    const pinned = pinnedClientDocuments[clientId]
    const metadata =
      pinned === undefined ? await documents.find(clientId, use) : readClientIdMetadataDocument(pinned)
    refuseByRules(metadata)
    return {
      clientId,
      kind: 'document',
      rowId: undefined,
      metadata,
      secretHash: undefined,
      resource: undefined,
      isVouchedFor: pinned !== undefined,
      flowId: undefined,
      lastUsedAt: undefined,
    }
  }

  return { register, find, recover, authenticate, confirm }
}

/** What a registration is told of itself. Only a confidential one may change itself. */
export function informationOf(
  settings: AuthorizationServerSettings,
  ids: RegistrationIds,
  clientId: string,
  metadata: ClientMetadata,
): ClientInformation {
  const isConfidential = metadata.tokenEndpointAuthMethod !== 'none'
  const url = `${settings.issuer}${endpointPaths.registration}?client_id=${encodeURIComponent(clientId)}`
  return {
    clientId,
    clientIdIssuedAt: ids.read(clientId)?.issuedAt ?? settings.clock(),
    clientSecret: isConfidential ? ids.secretOf(clientId) : undefined,
    management: isConfidential ? { token: ids.managementTokenOf(clientId), url } : undefined,
    metadata,
  }
}

/** Whether it proves itself by more than PKCE. One that was forgotten may, and need not. */
export function isConfidential({ kind, secretHash, metadata }: Client): boolean {
  if (kind === 'recovered') return false
  return secretHash !== undefined || metadata.tokenEndpointAuthMethod === 'private_key_jwt'
}

/** Whether its id is its own: that of a document or of an entered client stands for everybody who uses that product. */
export function isOneRegistration({ kind }: Client): boolean {
  return kind !== 'document' && kind !== 'pre-registered'
}

/** What a person is told of it: of a recovered client nothing is known but where the answer to this request goes. */
export function clientNameOf(client: Client, redirectUri: string): string | undefined {
  return client.kind === 'recovered' ? recoveredName(redirectUri) : client.metadata.clientName
}

function recoveredName(redirectUri: string): string {
  return `The application at ${redirectHost(canonicalRedirectUri(redirectUri))}`
}

/** Never the row of a registration: whoever recovers a client chooses its redirect, and must not choose it for others. */
function recoveredRowId(clientId: string): string {
  return `recovered-${encodeBase64Url(sha256(clientId).subarray(0, 16))}`
}

/** Of one registration alone, made when its holder changes or removes it. */
export function ownRowId(clientId: string): string {
  return `own-${encodeBase64Url(sha256(clientId).subarray(0, 16))}`
}

function isSelfRegistered({ kind }: ClientRecord): boolean {
  return kind === 'registered' || kind === 'managed'
}

function rowIdOf(metadata: ClientMetadata): string {
  return formatId(sha256(canonicalClientMetadata(metadata)).subarray(0, 16))
}

/** `none` is enough for a public client, whose proof is PKCE; a confidential one needs its secret, by whichever of the two methods it likes (most pick Basic whenever it is listed). */
function isProven(client: Client, reading: ClientAuthentication): boolean {
  if (client.secretHash === undefined) return reading.method === 'none'
  if (client.kind === 'recovered' && reading.method === 'none') return true
  return reading.secrets.some((secret) => equalInConstantTime(hashToken(secret), client.secretHash ?? ''))
}

function refusalOf(client: Client, reading: ClientAuthentication): string {
  if (client.secretHash === undefined) return 'this client is public: send client_id alone, without a secret'
  if (reading.method === 'none') return 'this client is confidential: its client_secret is missing'
  return 'the client_secret is wrong'
}
