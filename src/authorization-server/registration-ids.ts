/** What a registration is known by and proves itself with: its id, secret and management token, all derived and none of them stored (house rule 3). */

import { encodeBase64Url, equalInConstantTime, keyedHash, type Random } from '../platform/crypto.ts'
import type { AuthorizationServerKeys } from './settings.ts'

export interface RegistrationIds {
  /** `<row>.<issued>.<nonce>.<mac>`: valid without a row of its own, and no two registrations share one. */
  mint(rowId: string, now: number): string
  /** Undefined for an id that was not minted here. */
  read(clientId: string): MintedId | undefined
  secretOf(clientId: string): string
  /** The registration access token of RFC 7592 §3. */
  managementTokenOf(clientId: string): string
}

export interface MintedId {
  rowId: string
  issuedAt: number
}

export function createRegistrationIds(keys: AuthorizationServerKeys, random: Random): RegistrationIds {
  function mint(rowId: string, now: number): string {
    const body = `${rowId}.${now.toString(36)}.${encodeBase64Url(random(9))}`
    return `${body}.${macOf(body)}`
  }

  function read(clientId: string): MintedId | undefined {
    const parts = clientId.split('.')
    const [rowId, issued, nonce, mac] = parts
    if (parts.length !== 4 || rowId === undefined || issued === undefined || mac === undefined)
      return undefined
    const minted = { rowId, issuedAt: Number.parseInt(issued, 36) }
    return equalInConstantTime(mac, macOf(`${rowId}.${issued}.${nonce}`)) ? minted : undefined
  }

  function macOf(body: string): string {
    return encodeBase64Url(keyedHash(keys.clientId, 'client-id', body).subarray(0, 18))
  }

  return {
    mint,
    read,
    secretOf: (clientId) =>
      `pst_cs_${encodeBase64Url(keyedHash(keys.clientSecret, 'client-secret', clientId))}`,
    managementTokenOf: (clientId) =>
      `pst_rm_${encodeBase64Url(keyedHash(keys.clientSecret, 'registration-management', clientId))}`,
  }
}

/** The id under which the operator's list and the events know one registration. */
export function flowIdOf(mintedClientId: string): string {
  return mintedClientId.split('.')[2] ?? mintedClientId
}
