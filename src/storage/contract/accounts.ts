/** People, and the link by which the first of them comes in. */

import type { TokenHash } from '../../platform/crypto.ts'

export interface UserRecord {
  userId: string
  /** Compared without case. */
  username: string
  displayName: string
  /** Argon2id, in PHC string form; undefined for people who sign in elsewhere. */
  passwordHash: string | undefined
  role: 'admin' | 'member'
  createdAt: number
  /** Of people who sign in elsewhere: as the provider of that name said at their last sign-in. */
  outside?: OutsideFacts | undefined
}

export interface OutsideFacts {
  /** The name of the identity provider. */
  provider: string
  /** Only one that the provider vouches for. */
  email: string | undefined
  groups: readonly string[]
}

export interface AccountStorage {
  createUser(user: UserRecord): Promise<'created' | 'name-taken'>
  /**
   * Makes the first account and spends the setup link in one step. Of two at once, one wins. `link-invalid`
   * when the hash is not the stored one or its time has passed, `not-first` when an account exists, whatever the hash.
   */
  createFirstUser(
    user: UserRecord,
    setupHash: TokenHash,
    now: number,
  ): Promise<'created' | 'link-invalid' | 'not-first'>
  findUser(userId: string): Promise<UserRecord | undefined>
  findUserByName(username: string): Promise<UserRecord | undefined>
  listUsers(limit: number): Promise<UserRecord[]>
  hasUsers(): Promise<boolean>
  /** Of the same password, made anew. */
  setPasswordHash(userId: string, passwordHash: string): Promise<boolean>
  /** Of another password: in the same step every browser session of the person ends. */
  changePasswordHash(userId: string, passwordHash: string): Promise<boolean>
  /**
   * Inserts a person who signs in elsewhere, or brings display name, role and outside facts of the one with this id up
   * to date; the user name stays. `name-taken` where another has that name, and nothing is changed.
   */
  saveOutsideUser(user: UserRecord): Promise<'created' | 'updated' | 'name-taken'>
  /**
   * Removes the account, its browser sessions, its codes that were not taken, its credentials, passkeys and recovery
   * codes, and revokes its grants, in one step.
   */
  removeUser(userId: string, at: number): Promise<boolean>
  /** Replaces any earlier link. The first account, however it was made, spends it. */
  saveSetupLink(setupHash: TokenHash, expiresAt: number): Promise<void>
  hasSetupLink(now: number): Promise<boolean>
}
