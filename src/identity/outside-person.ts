/** People who are vouched for elsewhere: who they are here follows from who they are there, so that no e-mail address makes two people one. */

import { encodeBase64Url, sha256 } from '../platform/crypto.ts'
import type { UserRecord } from '../storage/storage.ts'
import type { OutsideVisitor } from './identity-provider.ts'

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

/** After the last `@`: before it there may be others (RFC 5321 §4.1.2). */
export function domainOfAddress(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1)
}

/** The account of somebody who enters: what the provider says now is what counts. */
export function outsideUserOf(
  provider: string,
  visitor: OutsideVisitor,
  role: UserRecord['role'],
  now: number,
): UserRecord {
  const { email, handle, groups = [], displayName } = visitor
  return {
    userId: outsideUserId(visitor),
    // The name holds a part of the id, so that nobody else has it.
    username: outsideUsername(visitor, email ?? handle),
    displayName: (displayName ?? email ?? handle ?? visitor.subject).slice(0, maximumLabelCharacters),
    passwordHash: undefined,
    role,
    createdAt: now,
    outside: { provider, email, groups: groups.slice(0, maximumGroups) },
  }
}

/** More say nothing about what a person may do here. */
const maximumGroups = 1000
