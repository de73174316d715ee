/** Authorization requests that were pushed, in SQL. */

import type { TokenHash } from '../../platform/crypto.ts'
import { maximumPushedRequests } from '../limits.ts'
import type { PushedRequestRecord, PushedRequestStorage } from '../storage.ts'
import { columnList, insertInto, readInteger, readText, type SqlDriver, type SqlRow } from './driver.ts'

const columns = ['reference_hash', 'client_id', 'parameters', 'created_at', 'expires_at'] as const

export function sqlPushedRequests(driver: SqlDriver): PushedRequestStorage {
  return {
    savePushedRequest: (record) =>
      driver.write(async (transaction) => {
        const { referenceHash, clientId, parameters, createdAt, expiresAt } = record
        const values = [referenceHash, clientId, parameters, createdAt, expiresAt]
        await transaction.run(insertInto('pushed_requests', columns), values)
        await transaction.run(
          'DELETE FROM pushed_requests WHERE sequence <= (SELECT MAX(sequence) FROM pushed_requests) - ?',
          [maximumPushedRequests],
        )
      }),
    takePushedRequest: (referenceHash, clientId, now) =>
      driver.write(async (transaction) => {
        const [row] = await transaction.read(
          `DELETE FROM pushed_requests WHERE reference_hash = ? AND client_id = ? AND expires_at > ?
          RETURNING ${columnList(columns)}`,
          [referenceHash, clientId, now],
        )
        return row && readPushedRequest(row)
      }),
  }
}

function readPushedRequest(row: SqlRow): PushedRequestRecord {
  return {
    referenceHash: readText(row, 'reference_hash') as TokenHash,
    clientId: readText(row, 'client_id'),
    parameters: readText(row, 'parameters'),
    createdAt: readInteger(row, 'created_at'),
    expiresAt: readInteger(row, 'expires_at'),
  }
}
