/** Invitations: initial access tokens, by which an operator lets clients register (RFC 7591 §3). */

import type { TokenHash } from '../../platform/crypto.ts'

export interface InvitationRecord {
  invitationId: string
  tokenHash: TokenHash
  /** The operator's own word for whom it is. */
  note: string
  createdAt: number
  expiresAt: number
  /** How many registrations it is still good for. */
  usesLeft: number
}

export interface InvitationStorage {
  addInvitation(invitation: InvitationRecord): Promise<void>
  /** Takes one use, in one step, and gives what is left of it. Undefined when it is unknown, expired or used up. */
  takeInvitation(tokenHash: TokenHash, now: number): Promise<InvitationRecord | undefined>
  listInvitations(limit: number): Promise<InvitationRecord[]>
  /** False when nothing was there. */
  removeInvitation(invitationId: string): Promise<boolean>
}
