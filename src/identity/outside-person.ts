/** People who are vouched for elsewhere: who they are here follows from who they are there, so that no e-mail address makes two people one. */

import { encodeBase64Url, sha256 } from '../platform/crypto.ts'

/** As an issuer names somebody. */
export interface OutsideIdentity {
  issuer: string
  /** Of an issuer that serves several companies. */
  tenant: string | undefined
  subject: string
}

export function outsideUserId({ issuer, tenant, subject }: OutsideIdentity): string {
  const identity = JSON.stringify([issuer, tenant ?? null, subject])
  return `usr_${encodeBase64Url(sha256(identity).subarray(0, 15))}`
}

/** Local accounts cannot be called so, and nobody signs in by it. */
export function outsideUsername(identity: OutsideIdentity, label: string | undefined): string {
  const shown = (label ?? identity.subject).slice(0, maximumLabelCharacters)
  return `${shown} (${new URL(identity.issuer).host}, ${outsideUserId(identity).slice(4, 10)})`
}

export const maximumLabelCharacters = 80
