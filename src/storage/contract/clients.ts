/** Clients, and the documents of those that are known by one. */

import type { ClientMetadata } from '../../oauth/client-metadata.ts'
import type { TokenHash } from '../../platform/crypto.ts'

export interface ClientRecord {
  /** A minted row id, or for a pre-registered client the id it was given. Never an https URL. */
  clientId: string
  /**
   * `recovered`: brought back for a client whose registration was forgotten (house rule 4). `managed`: one registration
   * that was changed by its holder, and so shares its row with no other; `removed`: one that its holder removed (RFC 7592).
   * `resource-server`: no client, but entered as one: it asks about tokens (RFC 7662).
   */
  kind: 'registered' | 'recovered' | 'managed' | 'removed' | 'pre-registered' | 'resource-server'
  metadata: ClientMetadata
  /** Of a resource server: the one whose tokens it may ask about. Of a pre-registered client: the only one it may ask for. */
  resource?: string | undefined
  /** Pre-registered confidential clients and resource servers only; a registered client's secret is derived, not stored. */
  secretHash: TokenHash | undefined
  /** Registrations that differ in nothing but their name share one; how many may wait unconfirmed is capped. */
  similarityKey: string
  createdAt: number
  lastUsedAt: number
  /** When a person first approved it; an unconfirmed registration expires. */
  confirmedAt: number | undefined
  /** `undefined` for a pre-registered client, which stays until it is removed. */
  expiresAt: number | undefined
}

/** A fetched client metadata document, kept for when its host does not answer. */
export interface ClientDocumentRecord {
  clientId: string
  document: Readonly<Record<string, unknown>>
  fetchedAt: number
  /** Until then it is used without asking again; afterwards only if asking fails. */
  freshUntil: number
}

export interface ClientStorage {
  /**
   * Inserts, or renews `lastUsedAt` and `expiresAt` of the row that is there, to the later of the two; its
   * metadata stays. Where more than `maximumSimilar` unconfirmed rows share the similarity key, the oldest of them
   * go, never the one just added.
   */
  registerClient(client: ClientRecord, maximumSimilar: number): Promise<'created' | 'renewed'>
  /** Succeeds once for an id; for a resource server too. */
  addPreRegisteredClient(client: ClientRecord): Promise<'created' | 'id-taken'>
  /** Inserts, or replaces all of the row that is there: for one registration alone, by its holder (RFC 7592). */
  saveManagedClient(client: ClientRecord): Promise<void>
  findClient(clientId: string): Promise<ClientRecord | undefined>
  /** Called at approval: sets `confirmedAt` if unset, `lastUsedAt`, and `expiresAt` as given. */
  confirmClient(clientId: string, at: number, expiresAt: number | undefined): Promise<void>
  listClients(limit: number): Promise<ClientRecord[]>
  /**
   * Removes the client or client document and revokes the grants made with it, in one step: those whose `clientRowId`
   * or `clientId` it is. False when nothing was there.
   */
  removeClient(clientId: string, at: number): Promise<boolean>
  saveClientDocument(record: ClientDocumentRecord): Promise<void>
  findClientDocument(clientId: string): Promise<ClientDocumentRecord | undefined>
}
