/** People and the setup link in memory. */

import { revokedBecause, usernameKey } from '../limits.ts'
import type { AccountStorage, UserRecord } from '../storage.ts'
import { forgetCredentialsOf } from './credentials.ts'
import { copyOf, type Held, newestFirst } from './held.ts'
import { forgetPasskeysOf } from './passkeys.ts'
import { endBrowserSessions } from './sessions.ts'
import { revokeWhere } from './tokens.ts'

export function memoryAccounts(held: Held): AccountStorage {
  const { users, userIdsByName } = held
  return {
    async createUser(user) {
      if (userIdsByName.has(usernameKey(user.username))) return 'name-taken'
      addUser(held, user)
      return 'created'
    },
    async createFirstUser(user, setupHash, now) {
      if (users.size > 0) return 'not-first'
      if (held.setupLink?.setupHash !== setupHash || held.setupLink.expiresAt <= now) return 'link-invalid'
      addUser(held, user)
      return 'created'
    },
    async findUser(userId) {
      return copyOf(users.get(userId))
    },
    async findUserByName(username) {
      return copyOf(users.get(userIdsByName.get(usernameKey(username)) ?? ''))
    },
    async listUsers(limit) {
      return newestFirst(users.values(), limit)
    },
    async hasUsers() {
      return users.size > 0
    },
    async setPasswordHash(userId, passwordHash) {
      const user = users.get(userId)
      if (user === undefined) return false
      user.passwordHash = passwordHash
      return true
    },
    async changePasswordHash(userId, passwordHash) {
      const user = users.get(userId)
      if (user === undefined) return false
      user.passwordHash = passwordHash
      endBrowserSessions(held, userId)
      return true
    },
    async saveOutsideUser(user) {
      const known = users.get(user.userId)
      if (known === undefined) {
        if (userIdsByName.has(usernameKey(user.username))) return 'name-taken'
        addUser(held, user)
        return 'created'
      }
      const { displayName, role, outside } = user
      Object.assign(known, { displayName, role, outside })
      return 'updated'
    },
    async removeUser(userId, at) {
      const user = users.get(userId)
      if (user === undefined) return false
      users.delete(userId)
      userIdsByName.delete(usernameKey(user.username))
      endBrowserSessions(held, userId)
      forgetPasskeysOf(held, userId)
      for (const [hash, code] of held.codes) {
        if (code.userId === userId && code.grantId === undefined) held.codes.delete(hash)
      }
      forgetCredentialsOf(held, userId)
      revokeWhere(held, (grant) => grant.userId === userId, at, revokedBecause.userRemoved)
      return true
    },
    async saveSetupLink(setupHash, expiresAt) {
      held.setupLink = { setupHash, expiresAt }
    },
    async hasSetupLink(now) {
      return held.setupLink !== undefined && held.setupLink.expiresAt > now
    },
  }
}

function addUser(held: Held, user: UserRecord): void {
  held.users.set(user.userId, { ...user })
  held.userIdsByName.set(usernameKey(user.username), user.userId)
  held.setupLink = undefined
}
