/** Connection stories in SQL: one row each, its steps as one text, because they are only ever read and written together. */

import { grownConnection } from '../connection-rule.ts'
import { lateRecordSeconds, maximumConnections, maximumStrangersConnections } from '../limits.ts'
import type { ConnectionRecord, ConnectionStep, ConnectionStorage, StoredConnection } from '../storage.ts'
import {
  columnList,
  formatNames,
  insertInto,
  readInteger,
  readNames,
  readOptionalText,
  readText,
  type SqlDriver,
  type SqlRow,
  type SqlTransaction,
  type SqlValue,
} from './driver.ts'

const columns = [
  'connection_id',
  'connector',
  'agent',
  'client_id',
  'client_name',
  'user_id',
  'grant_id',
  'redirect_host',
  'is_known',
  'started_at',
  'last_at',
  'steps',
  'joined',
  'recorded_at',
] as const

const insertConnection = `${insertInto('connections', columns)} ON CONFLICT (connection_id) DO NOTHING`
const updateConnection = `UPDATE connections SET ${columns
  .slice(1)
  .map((column) => `${column} = ?`)
  .join(', ')} WHERE connection_id = ?`
const selectConnection = `SELECT ${columnList(columns)} FROM connections WHERE connection_id = ?`
const selectLatest = `SELECT ${columnList(columns)} FROM connections`
const selectWhole = `SELECT j.connection_id AS connection_id FROM joined_connections j
  JOIN connections c ON c.connection_id = j.connection_id WHERE j.joined_id = ?`
const insertJoined = `INSERT INTO joined_connections (joined_id, connection_id, expires_at) VALUES (?, ?, ?)
  ON CONFLICT (joined_id) DO NOTHING`
const latestFirst = 'ORDER BY last_at DESC, sequence DESC LIMIT ?'

export function sqlConnections(driver: SqlDriver): ConnectionStorage {
  return {
    recordConnections: (changes, now) =>
      driver.write(async (transaction) => {
        // One instance may write a beginning while another writes the connection that takes it in: neither would see the other.
        await transaction.hold(changes.flatMap(({ connectionId, joined }) => [connectionId, ...joined]))
        let added = 0
        for (const change of changes) added += await record(transaction, change, now)
        if (added > 0) await removeSurplus(transaction)
      }),
    async listConnections({ recordedSince }, limit) {
      const rows =
        recordedSince === undefined
          ? await driver.read(`${selectLatest} ${latestFirst}`, [limit])
          : await driver.read(`${selectLatest} WHERE recorded_at >= ? ${latestFirst}`, [recordedSince, limit])
      return rows.map(readConnection)
    },
    async findConnection(connectionId) {
      const [row] = await driver.read(selectConnection, [connectionId])
      return row && readConnection(row)
    },
  }
}

/** Gives the number of rows that were added. */
async function record(transaction: SqlTransaction, said: ConnectionRecord, now: number): Promise<number> {
  const [part] = await transaction.read(selectWhole, [said.connectionId])
  const change = part === undefined ? said : { ...said, connectionId: readText(part, 'connection_id') }
  const absorbed: ConnectionRecord[] = []
  for (const id of change.joined) {
    if (id === change.connectionId) continue
    await transaction.run(insertJoined, [id, change.connectionId, now + lateRecordSeconds])
    const [row] = await transaction.lock(selectConnection, [id])
    if (row === undefined) continue
    absorbed.push(readConnection(row))
    await transaction.run('DELETE FROM connections WHERE connection_id = ?', [id])
  }
  const alone = grownConnection(undefined, absorbed, change)
  const added = await transaction.run(insertConnection, valuesOf(alone, now))
  if (added > 0) return added
  const [row] = await transaction.lock(selectConnection, [change.connectionId])
  const grown = grownConnection(row && readConnection(row), absorbed, change)
  const [id, ...rest] = valuesOf(grown, now)
  await transaction.run(updateConnection, [...rest, id ?? null])
  return 0
}

async function removeSurplus(transaction: SqlTransaction): Promise<void> {
  const keep = (where: string, order: string): string =>
    `DELETE FROM connections WHERE connection_id IN
      (SELECT connection_id FROM connections ${where} ORDER BY ${order} LIMIT ? OFFSET ?)`
  const all = maximumConnections
  await transaction.run(keep('WHERE is_known = 0', 'last_at DESC, sequence DESC'), [
    all,
    maximumStrangersConnections,
  ])
  await transaction.run(keep('', 'is_known DESC, last_at DESC, sequence DESC'), [all, all])
}

function valuesOf(connection: ConnectionRecord, recordedAt: number): SqlValue[] {
  return [
    connection.connectionId,
    connection.connector ?? null,
    connection.agent ?? null,
    connection.clientId ?? null,
    connection.clientName ?? null,
    connection.userId ?? null,
    connection.grantId ?? null,
    connection.redirectHost ?? null,
    Number(connection.isKnown),
    connection.startedAt,
    connection.lastAt,
    JSON.stringify(connection.steps),
    formatNames(connection.joined),
    recordedAt,
  ]
}

function readConnection(row: SqlRow): StoredConnection {
  return {
    connectionId: readText(row, 'connection_id'),
    connector: readOptionalText(row, 'connector'),
    agent: readOptionalText(row, 'agent'),
    clientId: readOptionalText(row, 'client_id'),
    clientName: readOptionalText(row, 'client_name'),
    userId: readOptionalText(row, 'user_id'),
    grantId: readOptionalText(row, 'grant_id'),
    redirectHost: readOptionalText(row, 'redirect_host'),
    isKnown: readInteger(row, 'is_known') === 1,
    startedAt: readInteger(row, 'started_at'),
    lastAt: readInteger(row, 'last_at'),
    steps: JSON.parse(readText(row, 'steps')) as ConnectionStep[],
    joined: readNames(row, 'joined'),
    recordedAt: readInteger(row, 'recorded_at'),
  }
}
