/** What upstreams are called with for each person, in SQL. */

import type { CredentialRecord, CredentialStorage } from '../storage.ts'
import {
  columnList,
  insertInto,
  readBytes,
  readInteger,
  readOptionalInteger,
  readOptionalText,
  readText,
  type SqlDriver,
  type SqlRow,
  type SqlValue,
  writeBytes,
} from './driver.ts'

const columns = [
  'user_id',
  'connector',
  'credential_id',
  'kind',
  'sealed',
  'label',
  'version',
  'created_at',
  'changed_at',
  'refused_at',
] as const

const select = `SELECT ${columnList(columns)} FROM credentials`
const isThisVersion = 'user_id = ? AND connector = ? AND credential_id = ? AND version = ?'
const upsert = `${insertInto('credentials', columns)} ON CONFLICT (user_id, connector) DO UPDATE SET
  ${columns
    .slice(2)
    .map((column) => `${column} = excluded.${column}`)
    .join(', ')}, renewing_until = NULL`

export function sqlCredentials(driver: SqlDriver): CredentialStorage {
  const change = (statement: string, values: readonly SqlValue[]): Promise<boolean> =>
    driver.write(async (transaction) => (await transaction.run(statement, values)) > 0)

  return {
    async saveCredential(record) {
      await change(upsert, [
        record.userId,
        record.connector,
        record.credentialId,
        record.kind,
        writeBytes(record.sealed),
        record.label ?? null,
        record.version,
        record.createdAt,
        record.changedAt,
        record.refusedAt ?? null,
      ])
    },
    async findCredential(userId, connector) {
      const [row] = await driver.read(`${select} WHERE user_id = ? AND connector = ?`, [userId, connector])
      return row && readCredential(row)
    },
    async listCredentials({ userId, connector }, limit) {
      const wanted = [
        ...(userId === undefined ? [] : ([['user_id = ?', userId]] as const)),
        ...(connector === undefined ? [] : ([['connector = ?', connector]] as const)),
      ]
      const where =
        wanted.length === 0 ? '' : ` WHERE ${wanted.map(([condition]) => condition).join(' AND ')}`
      const newest = `${select}${where} ORDER BY created_at DESC, user_id DESC, connector DESC LIMIT ?`
      return (await driver.read(newest, [...wanted.map(([, value]) => value), limit])).map(readCredential)
    },
    removeCredential: (userId, connector) =>
      change('DELETE FROM credentials WHERE user_id = ? AND connector = ?', [userId, connector]),
    takeCredentialRenewal: ({ userId, connector, credentialId, version }, until, now) =>
      change(
        `UPDATE credentials SET renewing_until = ? WHERE ${isThisVersion} AND refused_at IS NULL
        AND (renewing_until IS NULL OR renewing_until <= ?)`,
        [until, userId, connector, credentialId, version, now],
      ),
    async dropCredentialRenewal({ userId, connector, credentialId, version }) {
      const drop = `UPDATE credentials SET renewing_until = NULL WHERE ${isThisVersion}`
      await change(drop, [userId, connector, credentialId, version])
    },
    renewCredential: ({ userId, connector, credentialId, version, sealed, changedAt }) =>
      change(
        `UPDATE credentials SET sealed = ?, version = version + 1, changed_at = ?, refused_at = NULL,
        renewing_until = NULL WHERE ${isThisVersion}`,
        [writeBytes(sealed), changedAt, userId, connector, credentialId, version],
      ),
    refuseCredential: ({ userId, connector, credentialId, version }, at) =>
      change(
        `UPDATE credentials SET refused_at = ?, renewing_until = NULL WHERE ${isThisVersion} AND refused_at IS NULL`,
        [at, userId, connector, credentialId, version],
      ),
  }
}

function readCredential(row: SqlRow): CredentialRecord {
  return {
    userId: readText(row, 'user_id'),
    connector: readText(row, 'connector'),
    credentialId: readText(row, 'credential_id'),
    kind: readText(row, 'kind') as CredentialRecord['kind'],
    sealed: readBytes(row, 'sealed'),
    label: readOptionalText(row, 'label'),
    version: readInteger(row, 'version'),
    createdAt: readInteger(row, 'created_at'),
    changedAt: readInteger(row, 'changed_at'),
    refusedAt: readOptionalInteger(row, 'refused_at'),
  }
}
