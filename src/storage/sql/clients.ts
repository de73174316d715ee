/** Clients and client documents in SQL. */

import type { ClientMetadata } from '../../oauth/client-metadata.ts'
import type { TokenHash } from '../../platform/crypto.ts'
import { maximumClientDocuments, maximumUnconfirmedClients, revokedBecause } from '../limits.ts'
import type { ClientDocumentRecord, ClientRecord, ClientStorage } from '../storage.ts'
import {
  columnList,
  insertInto,
  readInteger,
  readOptionalInteger,
  readOptionalText,
  readText,
  type SqlDriver,
  type SqlRow,
  type SqlTransaction,
  type SqlValue,
} from './driver.ts'
import { revokeWhere } from './tokens.ts'

const columns = [
  'client_id',
  'kind',
  'metadata',
  'secret_hash',
  'similarity_key',
  'created_at',
  'last_used_at',
  'confirmed_at',
  'expires_at',
  'resource',
] as const
const documentColumns = ['client_id', 'document', 'fetched_at', 'fresh_until'] as const

const insertClient = `${insertInto('clients', columns)} ON CONFLICT (client_id) DO NOTHING`
const selectClients = `SELECT ${columnList(columns)} FROM clients`
const unconfirmed = `confirmed_at IS NULL AND kind <> 'pre-registered'`

export function sqlClients(driver: SqlDriver): ClientStorage {
  return {
    registerClient: (client, maximumSimilar) =>
      driver.write(async (transaction) => {
        if ((await transaction.run(insertClient, valuesOf(client))) === 0) {
          await renew(transaction, client)
          return 'renewed'
        }
        await keepNewestUnconfirmed(transaction, client, maximumSimilar)
        return 'created'
      }),
    addPreRegisteredClient: (client) =>
      driver.write(async (transaction) =>
        (await transaction.run(insertClient, valuesOf(client))) === 0 ? 'id-taken' : 'created',
      ),
    saveManagedClient: (client) =>
      driver.write(async (transaction) => {
        await transaction.run('DELETE FROM clients WHERE client_id = ?', [client.clientId])
        await transaction.run(insertClient, valuesOf(client))
      }),
    async findClient(clientId) {
      const [row] = await driver.read(`${selectClients} WHERE client_id = ?`, [clientId])
      return row && readClient(row)
    },
    confirmClient: (clientId, at, expiresAt) =>
      driver.write(async (transaction) => {
        await transaction.run(
          `UPDATE clients SET confirmed_at = COALESCE(confirmed_at, ?), expires_at = ?,
            last_used_at = CASE WHEN last_used_at < ? THEN ? ELSE last_used_at END
          WHERE client_id = ?`,
          [at, expiresAt ?? null, at, at, clientId],
        )
      }),
    async listClients(limit) {
      const newest = `${selectClients} ORDER BY created_at DESC, sequence DESC LIMIT ?`
      return (await driver.read(newest, [limit])).map(readClient)
    },
    removeClient: (clientId, at) =>
      driver.write(async (transaction) => {
        const removed = await transaction.run('DELETE FROM clients WHERE client_id = ?', [clientId])
        const documents = await transaction.run('DELETE FROM client_documents WHERE client_id = ?', [
          clientId,
        ])
        const ofClient = 'client_row_id = ? OR client_id = ?'
        const revoked = await revokeWhere(
          transaction,
          ofClient,
          [clientId, clientId],
          at,
          revokedBecause.clientRemoved,
        )
        return removed + documents + revoked > 0
      }),
    saveClientDocument: (record) =>
      driver.write(async (transaction) => {
        // Not an update: a row's sequence says how long ago its document was fetched.
        await transaction.run('DELETE FROM client_documents WHERE client_id = ?', [record.clientId])
        const { clientId, document, fetchedAt, freshUntil } = record
        const values = [clientId, JSON.stringify(document), fetchedAt, freshUntil]
        await transaction.run(insertInto('client_documents', documentColumns), values)
        await transaction.run(
          'DELETE FROM client_documents WHERE sequence <= (SELECT MAX(sequence) FROM client_documents) - ?',
          [maximumClientDocuments],
        )
      }),
    async findClientDocument(clientId) {
      const select = `SELECT ${columnList(documentColumns)} FROM client_documents WHERE client_id = ?`
      const [row] = await driver.read(select, [clientId])
      return row && readClientDocument(row)
    },
  }
}

/** A registration anybody can make must not shorten the life of the row it shares with one that a person confirmed. */
async function renew(transaction: SqlTransaction, client: ClientRecord): Promise<void> {
  const { lastUsedAt, clientId } = client
  const expiresAt = client.expiresAt ?? null
  await transaction.run(
    `UPDATE clients SET
      last_used_at = CASE WHEN last_used_at < ? THEN ? ELSE last_used_at END,
      expires_at = CASE WHEN expires_at < ? THEN ? ELSE expires_at END
    WHERE client_id = ?`,
    [lastUsedAt, lastUsedAt, expiresAt, expiresAt, clientId],
  )
}

/** No more can be above the maximum than were added since the last time this ran. */
const surplusAtOnce = 1000

async function keepNewestUnconfirmed(
  transaction: SqlTransaction,
  newest: ClientRecord,
  maximumSimilar: number,
): Promise<void> {
  await transaction.run(
    `DELETE FROM clients WHERE sequence IN (
      SELECT sequence FROM clients WHERE similarity_key = ? AND ${unconfirmed} AND client_id <> ?
      ORDER BY created_at DESC, sequence DESC LIMIT ? OFFSET ?
    )`,
    [newest.similarityKey, newest.clientId, surplusAtOnce, Math.max(0, maximumSimilar - 1)],
  )
  await transaction.run(
    `DELETE FROM clients WHERE ${unconfirmed} AND sequence <= (SELECT MAX(sequence) FROM clients) - ?`,
    [maximumUnconfirmedClients],
  )
}

function valuesOf(client: ClientRecord): SqlValue[] {
  return [
    client.clientId,
    client.kind,
    JSON.stringify(client.metadata),
    client.secretHash ?? null,
    client.similarityKey,
    client.createdAt,
    client.lastUsedAt,
    client.confirmedAt ?? null,
    client.expiresAt ?? null,
    client.resource ?? null,
  ]
}

function readClient(row: SqlRow): ClientRecord {
  return {
    clientId: readText(row, 'client_id'),
    kind: readText(row, 'kind') as ClientRecord['kind'],
    metadata: JSON.parse(readText(row, 'metadata')) as ClientMetadata,
    secretHash: readOptionalText(row, 'secret_hash') as TokenHash | undefined,
    similarityKey: readText(row, 'similarity_key'),
    createdAt: readInteger(row, 'created_at'),
    lastUsedAt: readInteger(row, 'last_used_at'),
    confirmedAt: readOptionalInteger(row, 'confirmed_at'),
    expiresAt: readOptionalInteger(row, 'expires_at'),
    resource: readOptionalText(row, 'resource'),
  }
}

function readClientDocument(row: SqlRow): ClientDocumentRecord {
  return {
    clientId: readText(row, 'client_id'),
    document: JSON.parse(readText(row, 'document')) as Record<string, unknown>,
    fetchedAt: readInteger(row, 'fetched_at'),
    freshUntil: readInteger(row, 'fresh_until'),
  }
}
