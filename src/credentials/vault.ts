/** What people gave us to use in their name, encrypted for one person and connector each (house rule 5). */

import { openBox, sealBox } from '../platform/crypto.ts'
import type { CredentialRecord } from '../storage/storage.ts'

export interface Vault {
  seal(owner: SecretOwner, secret: Readonly<Record<string, unknown>>): Promise<Uint8Array>
  /** Undefined for what was sealed with another key or for somebody else, or was changed. */
  open(record: CredentialRecord): Promise<Readonly<Record<string, unknown>> | undefined>
}

export type SecretOwner = Pick<CredentialRecord, 'userId' | 'connector' | 'credentialId' | 'kind'>

export function createVault(key: CryptoKey): Vault {
  return {
    seal: (owner, secret) => sealBox(key, new TextEncoder().encode(JSON.stringify(secret)), contextOf(owner)),
    async open(record) {
      const plain = await openBox(key, record.sealed, contextOf(record))
      if (plain === undefined) return undefined
      return JSON.parse(new TextDecoder().decode(plain)) as Readonly<Record<string, unknown>>
    },
  }
}

/** A row that is copied to another person, connector or kind does not open there. */
function contextOf({ userId, connector, credentialId, kind }: SecretOwner): string {
  return JSON.stringify(['postern credential', userId, connector, credentialId, kind])
}
