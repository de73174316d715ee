/** Passkeys, by which people sign in without a password (WebAuthn), and recovery codes for when they are lost. */

import type { TokenHash } from '../../platform/crypto.ts'

export interface PasskeyRecord {
  /** As the authenticator named it, base64url. */
  passkeyId: string
  userId: string
  /** COSE, as it was registered. */
  publicKey: Uint8Array
  /** Of its signatures; 0 where it does not count. */
  counter: number
  transports: readonly string[]
  /** The person's own word for it. */
  label: string
  createdAt: number
  lastUsedAt: number | undefined
}

export interface PasskeyStorage {
  /** `full` where the person has `maximum`, `id-taken` where anybody has one of this id; nothing is changed then. */
  addPasskey(passkey: PasskeyRecord, maximum: number): Promise<'added' | 'id-taken' | 'full'>
  findPasskey(passkeyId: string): Promise<PasskeyRecord | undefined>
  listPasskeys(userId: string): Promise<PasskeyRecord[]>
  /** Notes a signature. False, and nothing is changed, where it did not count on: then there are two of it. */
  usePasskey(passkeyId: string, counter: number, at: number): Promise<boolean>
  /** In the same step every browser session of the person ends: one of them may have begun with it. False when this person has none of this id. */
  removePasskey(userId: string, passkeyId: string): Promise<boolean>
  /** In place of all that the person had. */
  saveRecoveryCodes(userId: string, codeHashes: readonly TokenHash[]): Promise<void>
  /** Succeeds once for each. */
  takeRecoveryCode(userId: string, codeHash: TokenHash): Promise<boolean>
  countRecoveryCodes(userId: string): Promise<number>
}
