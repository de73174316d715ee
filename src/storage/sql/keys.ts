/** Wrapped data keys in SQL. */

import type { KeyStorage, WrappedKeyRecord } from '../storage.ts'
import { isCompleteRewrap, refuseAddition } from '../wrapped-keys.ts'
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

const columns = ['purpose', 'master_key_id', 'wrapped', 'created_at'] as const

const selectKeys = `SELECT ${columnList(columns)} FROM data_keys`

export function sqlKeys(driver: SqlDriver): KeyStorage {
  return {
    async listKeys() {
      return (await driver.read(`${selectKeys} ORDER BY purpose`, [])).map(readKey)
    },
    addKeyIfAbsent: (key) =>
      driver.write(async (transaction) => {
        refuseAddition(key, (await transaction.lock(selectKeys, [])).map(readKey))
        const { purpose, masterKeyId, wrapped, createdAt } = key
        await transaction.run(`${insertInto('data_keys', columns)} ON CONFLICT (purpose) DO NOTHING`, [
          purpose,
          masterKeyId,
          writeBytes(wrapped),
          createdAt,
        ])
        const [row] = await transaction.read(`${selectKeys} WHERE purpose = ?`, [purpose])
        return row === undefined ? key : readKey(row)
      }),
    removeKey: (purpose) =>
      driver.write(
        async (transaction) =>
          (await transaction.run('DELETE FROM data_keys WHERE purpose = ?', [purpose])) > 0,
      ),
    rewrapKeys: (fromMasterKeyId, keys) =>
      driver.write(async (transaction) => {
        const stored = (await transaction.lock(selectKeys, [])).map(readKey)
        if (!isCompleteRewrap(fromMasterKeyId, stored, keys)) return false
        for (const { masterKeyId, wrapped, purpose } of keys) {
          await transaction.run('UPDATE data_keys SET master_key_id = ?, wrapped = ? WHERE purpose = ?', [
            masterKeyId,
            writeBytes(wrapped),
            purpose,
          ])
        }
        return true
      }),
  }
}

function readKey(row: SqlRow): WrappedKeyRecord {
  return {
    purpose: readText(row, 'purpose'),
    masterKeyId: readText(row, 'master_key_id'),
    wrapped: readBytes(row, 'wrapped'),
    createdAt: readInteger(row, 'created_at'),
  }
}
