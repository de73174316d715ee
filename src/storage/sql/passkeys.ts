/** Passkeys and recovery codes in SQL. */

import type { PasskeyRecord, PasskeyStorage } from '../storage.ts'
import {
  columnList,
  formatNames,
  insertInto,
  readBytes,
  readInteger,
  readNames,
  readOptionalInteger,
  readText,
  type SqlDriver,
  type SqlRow,
  writeBytes,
} from './driver.ts'

const columns = [
  'passkey_id',
  'user_id',
  'public_key',
  'counter',
  'transports',
  'label',
  'created_at',
  'last_used_at',
] as const

const select = `SELECT ${columnList(columns)} FROM passkeys`

export function sqlPasskeys(driver: SqlDriver): PasskeyStorage {
  return {
    addPasskey: (passkey, maximum) =>
      driver.write(async (transaction) => {
        // The person's own row makes two additions at the same time meet, whatever the engine.
        await transaction.lock('SELECT user_id FROM users WHERE user_id = ?', [passkey.userId])
        const held = await transaction.read('SELECT passkey_id FROM passkeys WHERE user_id = ?', [
          passkey.userId,
        ])
        if (held.length >= maximum) return 'full'
        const added = await transaction.run(
          `${insertInto('passkeys', columns)} ON CONFLICT (passkey_id) DO NOTHING`,
          [
            passkey.passkeyId,
            passkey.userId,
            writeBytes(passkey.publicKey),
            passkey.counter,
            formatNames(passkey.transports),
            passkey.label,
            passkey.createdAt,
            passkey.lastUsedAt ?? null,
          ],
        )
        return added === 0 ? 'id-taken' : 'added'
      }),
    async findPasskey(passkeyId) {
      const [row] = await driver.read(`${select} WHERE passkey_id = ?`, [passkeyId])
      return row && readPasskey(row)
    },
    async listPasskeys(userId) {
      const newest = `${select} WHERE user_id = ? ORDER BY created_at DESC, passkey_id DESC`
      return (await driver.read(newest, [userId])).map(readPasskey)
    },
    usePasskey: (passkeyId, counter, at) =>
      driver.write(async (transaction) => {
        const used = await transaction.run(
          `UPDATE passkeys SET counter = ?, last_used_at = ?
          WHERE passkey_id = ? AND (counter < ? OR (counter = 0 AND ? = 0))`,
          [counter, at, passkeyId, counter, counter],
        )
        return used > 0
      }),
    removePasskey: (userId, passkeyId) =>
      driver.write(async (transaction) => {
        const remove = 'DELETE FROM passkeys WHERE user_id = ? AND passkey_id = ?'
        if ((await transaction.run(remove, [userId, passkeyId])) === 0) return false
        await transaction.run('DELETE FROM browser_sessions WHERE user_id = ?', [userId])
        return true
      }),
    saveRecoveryCodes: (userId, codeHashes) =>
      driver.write(async (transaction) => {
        await transaction.run('DELETE FROM recovery_codes WHERE user_id = ?', [userId])
        for (const codeHash of codeHashes)
          await transaction.run(insertInto('recovery_codes', ['user_id', 'code_hash']), [userId, codeHash])
      }),
    takeRecoveryCode: (userId, codeHash) =>
      driver.write(async (transaction) => {
        const take = 'DELETE FROM recovery_codes WHERE user_id = ? AND code_hash = ?'
        return (await transaction.run(take, [userId, codeHash])) > 0
      }),
    async countRecoveryCodes(userId) {
      const rows = await driver.read('SELECT code_hash FROM recovery_codes WHERE user_id = ?', [userId])
      return rows.length
    },
  }
}

function readPasskey(row: SqlRow): PasskeyRecord {
  return {
    passkeyId: readText(row, 'passkey_id'),
    userId: readText(row, 'user_id'),
    publicKey: readBytes(row, 'public_key'),
    counter: readInteger(row, 'counter'),
    transports: readNames(row, 'transports'),
    label: readText(row, 'label'),
    createdAt: readInteger(row, 'created_at'),
    lastUsedAt: readOptionalInteger(row, 'last_used_at'),
  }
}
