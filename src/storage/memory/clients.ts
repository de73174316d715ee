/** Clients and client documents in memory. */

import { maximumClientDocuments, maximumUnconfirmedClients, revokedBecause } from '../limits.ts'
import type { ClientRecord, ClientStorage } from '../storage.ts'
import { copyOf, dropOldest, type Held, newestFirst } from './held.ts'
import { isGrantOf, revokeWhere } from './tokens.ts'

export function memoryClients(held: Held): ClientStorage {
  const { clients, documents } = held
  return {
    async registerClient(client, maximumSimilar) {
      const standing = clients.get(client.clientId)
      if (standing !== undefined) {
        standing.lastUsedAt = Math.max(standing.lastUsedAt, client.lastUsedAt)
        standing.expiresAt = laterEnd(standing.expiresAt, client.expiresAt)
        return 'renewed'
      }
      const added = { ...client }
      clients.set(client.clientId, added)
      if (isUnconfirmed(added)) keepNewestUnconfirmed(clients, added, maximumSimilar)
      return 'created'
    },
    async addPreRegisteredClient(client) {
      if (clients.has(client.clientId)) return 'id-taken'
      clients.set(client.clientId, { ...client })
      return 'created'
    },
    async saveManagedClient(client) {
      clients.delete(client.clientId)
      clients.set(client.clientId, { ...client })
    },
    async findClient(clientId) {
      return copyOf(clients.get(clientId))
    },
    async confirmClient(clientId, at, expiresAt) {
      const client = clients.get(clientId)
      if (client === undefined) return
      client.confirmedAt ??= at
      client.lastUsedAt = Math.max(client.lastUsedAt, at)
      client.expiresAt = expiresAt
    },
    async listClients(limit) {
      return newestFirst(clients.values(), limit)
    },
    async removeClient(clientId, at) {
      const revoked = revokeWhere(
        held,
        (grant) => isGrantOf(grant, clientId),
        at,
        revokedBecause.clientRemoved,
      )
      const hadDocument = documents.delete(clientId)
      return clients.delete(clientId) || hadDocument || revoked > 0
    },
    async saveClientDocument(record) {
      documents.delete(record.clientId)
      documents.set(record.clientId, { ...record })
      dropOldest(documents, maximumClientDocuments)
    },
    async findClientDocument(clientId) {
      return copyOf(documents.get(clientId))
    },
  }
}

/** A registration anybody can make must not shorten the life of the row it shares with one that a person confirmed. */
function laterEnd(standing: number | undefined, given: number | undefined): number | undefined {
  return standing === undefined || given === undefined ? standing : Math.max(standing, given)
}

function keepNewestUnconfirmed(clients: Held['clients'], newest: ClientRecord, maximumSimilar: number): void {
  const unconfirmed = [...clients.values()].filter((client) => isUnconfirmed(client) && client !== newest)
  const similar = unconfirmed.filter((client) => client.similarityKey === newest.similarityKey)
  similar.sort((a, b) => a.createdAt - b.createdAt)
  const surplus = [
    ...similar.slice(0, Math.max(0, similar.length + 1 - maximumSimilar)),
    ...unconfirmed.slice(0, Math.max(0, unconfirmed.length + 1 - maximumUnconfirmedClients)),
  ]
  for (const client of surplus) clients.delete(client.clientId)
}

function isUnconfirmed(client: ClientRecord): boolean {
  return client.kind !== 'pre-registered' && client.confirmedAt === undefined
}
