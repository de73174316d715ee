/** Browsers that were sent to another server and are to come back, in SQL. */

import type { TokenHash } from '../../platform/crypto.ts'
import { maximumDetours } from '../limits.ts'
import type { DetourRecord, DetourStorage } from '../storage.ts'
import {
  columnList,
  insertInto,
  readBytes,
  readInteger,
  readText,
  type SqlDriver,
  type SqlRow,
  writeBytes,
} from './driver.ts'

const columns = ['state_hash', 'browser_hash', 'purpose', 'sealed', 'created_at', 'expires_at'] as const

export function sqlDetours(driver: SqlDriver): DetourStorage {
  return {
    saveDetour: ({ stateHash, browserHash, purpose, sealed, createdAt, expiresAt }) =>
      driver.write(async (transaction) => {
        const values = [stateHash, browserHash, purpose, writeBytes(sealed), createdAt, expiresAt]
        await transaction.run(insertInto('detours', columns), values)
        await transaction.run(
          'DELETE FROM detours WHERE sequence <= (SELECT MAX(sequence) FROM detours) - ?',
          [maximumDetours],
        )
      }),
    takeDetour: ({ stateHash, browserHash, purpose }, now) =>
      driver.write(async (transaction) => {
        const [row] = await transaction.read(
          `DELETE FROM detours WHERE state_hash = ? AND browser_hash = ? AND purpose = ? AND expires_at > ?
          RETURNING ${columnList(columns)}`,
          [stateHash, browserHash, purpose, now],
        )
        return row && readDetour(row)
      }),
  }
}

function readDetour(row: SqlRow): DetourRecord {
  return {
    stateHash: readText(row, 'state_hash') as TokenHash,
    browserHash: readText(row, 'browser_hash') as TokenHash,
    purpose: readText(row, 'purpose'),
    sealed: readBytes(row, 'sealed'),
    createdAt: readInteger(row, 'created_at'),
    expiresAt: readInteger(row, 'expires_at'),
  }
}
