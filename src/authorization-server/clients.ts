/** Who asks: registered (RFC 7591), by metadata document (CIMD), or entered by the operator; and what is done for one that was forgotten (house rules 3 and 4). */

import { pinnedClientDocuments, recoverableCallbacks } from '../oauth/claude.ts'
import type { ClientAuthentication } from '../oauth/client-authentication.ts'
import {
  clientIdMetadataDocumentProblems,
  clientIdUrlProblems,
  documentFreshSeconds,
  isClientIdUrl,
  readClientIdMetadataDocument,
} from '../oauth/client-id-metadata-document.ts'
import {
  type ClientInformation,
  type ClientMetadata,
  canonicalClientMetadata,
  clientMetadataProblems,
  formatClientMetadata,
  readClientMetadata,
} from '../oauth/client-metadata.ts'
import { OAuthError, refuseProblems } from '../oauth/errors.ts'
import { canonicalRedirectUri, redirectHost, redirectUriProblems } from '../oauth/redirect-uri.ts'
import { encodeBase64Url, equalInConstantTime, hashToken, keyedHash, sha256 } from '../platform/crypto.ts'
import { OutboundError } from '../platform/outbound-fetch.ts'
import type { ClientRecord } from '../storage/storage.ts'
import type { AuthorizationServerSettings } from './settings.ts'

/** A client whose identity was established; its metadata is still its own word. */
export interface Client {
  clientId: string
  kind: 'registered' | 'recovered' | 'document' | 'pre-registered'
  /** The id of its stored row; undefined for a metadata document. */
  rowId: string | undefined
  metadata: ClientMetadata
  secretHash: ClientRecord['secretHash']
  /** A person approved it before, or the operator entered it, or its document is pinned here. */
  isVouchedFor: boolean
  /** Joins a registration with the authorization that follows it. */
  flowId: string | undefined
  lastUsedAt: number | undefined
}

export interface Clients {
  /** `userAgent` is for the log. */
  register(document: unknown, userAgent: string | undefined): Promise<ClientInformation>
  /** Undefined for a client that is not known; throws `invalid_client` when it says who it is in a way that cannot be right. */
  find(clientId: string, use?: DocumentUse): Promise<Client | undefined>
  /** House rule 4: brings back a forgotten client for this one request, to ask for consent anew; nothing is approved by it. */
  recover(clientId: string, redirectUri: string): Promise<Client | undefined>
  /** The client that proves to be one of these; throws `invalid_client`. */
  authenticate(readings: readonly ClientAuthentication[]): Promise<Client>
  /** A person approved it: it now lives as long as it is used. */
  confirm(client: Client): Promise<void>
}

/** A person is to be asked, for which a document must not have been withdrawn; or somebody whom a person approved goes on. */
type DocumentUse = 'to-ask' | 'to-go-on'

/** Registrations that differ in nothing but their name and wait for approval; beyond it the oldest goes. */
const maximumSimilarClients = 50
/** Stored rows that may be made in a minute. Renewals are free, and Claude's registrations are all one row, so that a flood of invented clients never reaches them. */
const newClientsPerMinute = 120
/** Documents being fetched at one time. */
const maximumDocumentFetches = 10
/** A used client's row is moved on at most this often. */
const renewEverySeconds = 86_400
const maximumClientIdLength = 256

export function createClients(settings: AuthorizationServerSettings): Clients {
  const { storage, keys, clock, telemetry, lifetimes, waysIn } = settings
  const newRows = createBudget(newClientsPerMinute, 60, clock)
  const documentFetches = new Map<string, Promise<ClientMetadata>>()

  async function register(document: unknown, userAgent: string | undefined): Promise<ClientInformation> {
    refuseProblems(clientMetadataProblems(document))
    const metadata = readClientMetadata(document)
    const now = clock()
    const rowId = rowIdOf(metadata)
    const isNew = (await storage.findClient(rowId)) === undefined
    if (isNew && !newRows.take()) {
      throw new OAuthError(
        'temporarily_unavailable',
        'too many new clients register at the moment; try again in a minute',
      )
    }
    await storage.registerClient(rowOf(rowId, metadata, now), maximumSimilarClients)
    const clientId = mintClientId(rowId, now)
    const clientSecret = metadata.tokenEndpointAuthMethod === 'none' ? undefined : derivedSecret(clientId)
    const flowId = flowIdOf(clientId)
    telemetry.emit('client.registered', flowId, {
      clientId,
      clientName: metadata.clientName,
      redirectHost: redirectHost(metadata.redirectUris[0] ?? ''),
      userAgent,
    })
    return { clientId, clientIdIssuedAt: now, clientSecret, metadata }
  }

  async function find(clientId: string, use: DocumentUse = 'to-ask'): Promise<Client | undefined> {
    if (isClientIdUrl(clientId)) return waysIn.metadataDocument ? findByDocument(clientId, use) : undefined
    const minted = readMintedClientId(clientId)
    const row =
      (await storage.findClient(minted?.rowId ?? clientId)) ??
      (await storage.findClient(recoveredRowId(clientId)))
    if (row === undefined) return undefined
    // The id of a stored row, without a mac of ours around it, names nobody.
    if (row.kind === 'registered' && minted === undefined) return undefined
    if (row.kind === 'recovered' && row.clientId !== recoveredRowId(clientId)) return undefined
    if (row.kind === 'pre-registered' ? !waysIn.preRegistered : !waysIn.registration) return undefined
    if (row.expiresAt !== undefined && row.expiresAt <= clock()) return undefined
    return {
      clientId,
      kind: row.kind,
      rowId: row.clientId,
      metadata: row.metadata,
      secretHash: row.kind === 'registered' ? secretHashOfRegistered(clientId, row.metadata) : row.secretHash,
      isVouchedFor: row.kind === 'pre-registered' || row.confirmedAt !== undefined,
      flowId: minted === undefined ? undefined : flowIdOf(clientId),
      lastUsedAt: row.lastUsedAt,
    }
  }

  async function recover(clientId: string, redirectUri: string): Promise<Client | undefined> {
    if (!waysIn.registration || isClientIdUrl(clientId)) return undefined
    if (clientId.length > maximumClientIdLength || !/^[\x21-\x7e]+$/.test(clientId)) return undefined
    const minted = readMintedClientId(clientId)
    const isBuiltIn = recoverableCallbacks.includes(canonicalRedirectUri(redirectUri))
    if (minted === undefined && !isBuiltIn) return undefined
    if (redirectUriProblems([redirectUri]).length > 0) return undefined
    const rowId = recoveredRowId(clientId)
    const isNew = (await storage.findClient(rowId)) === undefined
    if (isNew && !newRows.take()) return undefined
    const metadata: ClientMetadata = {
      ...readClientMetadata({ token_endpoint_auth_method: 'none' }),
      clientName: recoveredName(redirectUri),
      redirectUris: [redirectUri],
    }
    // It may have been confidential; whoever holds an id of ours can also hold its secret, and may show it.
    const secretHash = minted === undefined ? undefined : hashToken(derivedSecret(clientId))
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
      if (isProven(client, reading)) return client
      throw new OAuthError('invalid_client', refusalOf(client, reading))
    }
    // Exactly this makes Claude forget the id and register again (support article 11503834).
    throw new OAuthError('invalid_client', 'this client is not known here; register again')
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

  /** `<row>.<issued>.<nonce>.<mac>`: valid without a row of its own, and no two registrations share one. */
  function mintClientId(rowId: string, now: number): string {
    const body = `${rowId}.${now.toString(36)}.${encodeBase64Url(settings.random(9))}`
    return `${body}.${macOf(body)}`
  }

  function readMintedClientId(clientId: string): { rowId: string } | undefined {
    const parts = clientId.split('.')
    const [rowId, issued, nonce, mac] = parts
    if (parts.length !== 4 || rowId === undefined || mac === undefined) return undefined
    return equalInConstantTime(mac, macOf(`${rowId}.${issued}.${nonce}`)) ? { rowId } : undefined
  }

  function macOf(body: string): string {
    return encodeBase64Url(keyedHash(keys.clientId, 'client-id', body).subarray(0, 18))
  }

  function derivedSecret(clientId: string): string {
    return `pst_cs_${encodeBase64Url(keyedHash(keys.clientSecret, 'client-secret', clientId))}`
  }

  function secretHashOfRegistered(clientId: string, metadata: ClientMetadata): ClientRecord['secretHash'] {
    return metadata.tokenEndpointAuthMethod === 'none' ? undefined : hashToken(derivedSecret(clientId))
  }

  async function findByDocument(clientId: string, use: DocumentUse): Promise<Client> {
    refuseProblems(clientIdUrlProblems(clientId))
    const pinned = pinnedClientDocuments[clientId]
    return {
      clientId,
      kind: 'document',
      rowId: undefined,
      metadata: pinned === undefined ? await documentOf(clientId, use) : readClientIdMetadataDocument(pinned),
      secretHash: undefined,
      isVouchedFor: pinned !== undefined,
      flowId: undefined,
      lastUsedAt: undefined,
    }
  }

  async function documentOf(clientId: string, use: DocumentUse): Promise<ClientMetadata> {
    const stored = await storage.findClientDocument(clientId)
    if (stored !== undefined && stored.freshUntil > clock())
      return readClientIdMetadataDocument(stored.document)
    try {
      return await fetchOnce(clientId)
    } catch (error) {
      // Draft §4.4 forbids caching a failure, not using an earlier success while its host is down (RFC 5861 §4).
      const isUsable = use === 'to-go-on' || !(error instanceof DocumentWithdrawn)
      if (stored !== undefined && error instanceof OutboundError && isUsable)
        return readClientIdMetadataDocument(stored.document)
      if (!(error instanceof OutboundError)) throw error
      telemetry.emit('client.document_failed', clientId, { clientId, reason: error.message })
      throw new OAuthError(
        'invalid_client',
        `the client's metadata document could not be read: ${error.message}`,
      )
    }
  }

  function fetchOnce(clientId: string): Promise<ClientMetadata> {
    const running = documentFetches.get(clientId)
    if (running !== undefined) return running
    if (documentFetches.size >= maximumDocumentFetches) {
      throw new OAuthError('temporarily_unavailable', 'too many client documents are being read; try again')
    }
    const fetching = fetchDocument(clientId).finally(() => documentFetches.delete(clientId))
    documentFetches.set(clientId, fetching)
    return fetching
  }

  async function fetchDocument(clientId: string): Promise<ClientMetadata> {
    const answer = await settings.outboundFetch(clientId, { headers: { accept: 'application/json' } })
    if (answer.status !== 200) {
      const says = `${new URL(clientId).host} answered ${answer.status} instead of 200`
      if (answer.status === 404 || answer.status === 410) throw new DocumentWithdrawn('wrong-status', says)
      throw new OutboundError('wrong-status', says)
    }
    const type = answer.headers.get('content-type') ?? ''
    if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
      throw new OutboundError('wrong-body', `the document is ${JSON.stringify(type.slice(0, 100))}, not JSON`)
    }
    const document = parseJson(answer.text)
    refuseProblems(clientIdMetadataDocumentProblems(clientId, document))
    const metadata = readClientIdMetadataDocument(document)
    const now = clock()
    const freshUntil = now + documentFreshSeconds(answer.headers.get('cache-control'))
    // What is not understood is not kept: nested deep enough, it could be read and not be written.
    const kept = { client_id: clientId, ...formatClientMetadata(metadata) }
    await storage.saveClientDocument({ clientId, document: kept, fetchedAt: now, freshUntil })
    return metadata
  }

  return { register, find, recover, authenticate, confirm }
}

/** Not a host that is down: one that says that there is no such document, and no earlier one speaks against it. */
class DocumentWithdrawn extends OutboundError {}

/** The id under which the operator's list and the events know one registration. */
export function flowIdOf(mintedClientId: string): string {
  return mintedClientId.split('.')[2] ?? mintedClientId
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

function rowIdOf(metadata: ClientMetadata): string {
  return encodeBase64Url(sha256(canonicalClientMetadata(metadata)).subarray(0, 16))
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new OutboundError('wrong-body', 'the document is not JSON', { cause })
  }
}

/** So many per period, no queue. */
function createBudget(limit: number, periodSeconds: number, clock: () => number): { take(): boolean } {
  let periodStart = clock()
  let left = limit
  return {
    take() {
      const now = clock()
      if (now - periodStart >= periodSeconds) {
        periodStart = now
        left = limit
      }
      if (left <= 0) return false
      left -= 1
      return true
    },
  }
}
