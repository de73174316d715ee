/** People and the setup link in SQL. */

import { revokedBecause, usernameKey } from '../limits.ts'
import type { AccountStorage, OutsideFacts, UserRecord } from '../storage.ts'
import {
  columnList,
  insertInto,
  readInteger,
  readOptionalText,
  readText,
  type SqlDriver,
  type SqlReader,
  type SqlRow,
  type SqlTransaction,
} from './driver.ts'
import { revokeWhere } from './tokens.ts'

const columns = [
  'user_id',
  'username',
  'username_key',
  'display_name',
  'password_hash',
  'role',
  'created_at',
  'outside',
] as const

const selectUsers = `SELECT ${columnList(columns)} FROM users`
const setPasswordHash = 'UPDATE users SET password_hash = ? WHERE user_id = ?'

export function sqlAccounts(driver: SqlDriver): AccountStorage {
  return {
    createUser: (user) =>
      driver.write(async (transaction) => {
        if ((await insertUser(transaction, user)) === 0) return 'name-taken'
        await transaction.run('DELETE FROM setup_links', [])
        return 'created'
      }),
    createFirstUser: (user, setupHash, now) =>
      driver.write(async (transaction) => {
        // Deleting first makes two submissions meet at this row, whatever the engine.
        const spent = await transaction.run(
          'DELETE FROM setup_links WHERE setup_hash = ? AND expires_at > ?',
          [setupHash, now],
        )
        if (await hasUsers(transaction)) return 'not-first'
        if (spent === 0) return 'link-invalid'
        await insertUser(transaction, user)
        return 'created'
      }),
    async findUser(userId) {
      const [row] = await driver.read(`${selectUsers} WHERE user_id = ?`, [userId])
      return row && readUser(row)
    },
    async findUserByName(username) {
      const [row] = await driver.read(`${selectUsers} WHERE username_key = ?`, [usernameKey(username)])
      return row && readUser(row)
    },
    async listUsers(limit) {
      const newest = `${selectUsers} ORDER BY created_at DESC, user_id DESC LIMIT ?`
      return (await driver.read(newest, [limit])).map(readUser)
    },
    hasUsers: () => hasUsers(driver),
    setPasswordHash: (userId, passwordHash) =>
      driver.write(async (transaction) => {
        return (await transaction.run(setPasswordHash, [passwordHash, userId])) > 0
      }),
    changePasswordHash: (userId, passwordHash) =>
      driver.write(async (transaction) => {
        if ((await transaction.run(setPasswordHash, [passwordHash, userId])) === 0) return false
        await transaction.run('DELETE FROM browser_sessions WHERE user_id = ?', [userId])
        return true
      }),
    saveOutsideUser: (user) =>
      driver.write(async (transaction) => {
        const update = 'UPDATE users SET display_name = ?, role = ?, outside = ? WHERE user_id = ?'
        const values = [user.displayName, user.role, formatOutside(user), user.userId]
        if ((await transaction.run(update, values)) > 0) return 'updated'
        if ((await insertUser(transaction, user)) > 0) return 'created'
        // Either of the same person, at the same time, or of another with this name.
        return (await transaction.run(update, values)) > 0 ? 'updated' : 'name-taken'
      }),
    removeUser: (userId, at) =>
      driver.write(async (transaction) => {
        if ((await transaction.run('DELETE FROM users WHERE user_id = ?', [userId])) === 0) return false
        await transaction.run('DELETE FROM browser_sessions WHERE user_id = ?', [userId])
        for (const table of ['credentials', 'passkeys', 'recovery_codes'])
          await transaction.run(`DELETE FROM ${table} WHERE user_id = ?`, [userId])
        await transaction.run('DELETE FROM authorization_codes WHERE user_id = ? AND grant_id IS NULL', [
          userId,
        ])
        await revokeWhere(transaction, 'user_id = ?', [userId], at, revokedBecause.userRemoved)
        return true
      }),
    saveSetupLink: (setupHash, expiresAt) =>
      driver.write(async (transaction) => {
        await transaction.run(
          `INSERT INTO setup_links (only_one, setup_hash, expires_at) VALUES (1, ?, ?)
          ON CONFLICT (only_one) DO UPDATE SET setup_hash = excluded.setup_hash, expires_at = excluded.expires_at`,
          [setupHash, expiresAt],
        )
      }),
    async hasSetupLink(now) {
      return (await driver.read('SELECT only_one FROM setup_links WHERE expires_at > ?', [now])).length > 0
    },
  }
}

function insertUser(transaction: SqlTransaction, user: UserRecord): Promise<number> {
  return transaction.run(`${insertInto('users', columns)} ON CONFLICT DO NOTHING`, [
    user.userId,
    user.username,
    usernameKey(user.username),
    user.displayName,
    user.passwordHash ?? null,
    user.role,
    user.createdAt,
    formatOutside(user),
  ])
}

async function hasUsers(reader: SqlReader): Promise<boolean> {
  return (await reader.read('SELECT user_id FROM users LIMIT 1', [])).length > 0
}

function formatOutside({ outside }: UserRecord): string | null {
  return outside === undefined ? null : JSON.stringify(outside)
}

function readUser(row: SqlRow): UserRecord {
  const outside = readOptionalText(row, 'outside')
  return {
    userId: readText(row, 'user_id'),
    username: readText(row, 'username'),
    displayName: readText(row, 'display_name'),
    passwordHash: readOptionalText(row, 'password_hash'),
    role: readText(row, 'role') as UserRecord['role'],
    createdAt: readInteger(row, 'created_at'),
    ...(outside === undefined ? {} : { outside: JSON.parse(outside) as OutsideFacts }),
  }
}
