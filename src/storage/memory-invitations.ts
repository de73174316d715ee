/** Invitations to register, and ids that count once, in memory. */

import type { TokenHash } from '../platform/crypto.ts'
import type { InvitationRecord, InvitationStorage, UniqueIdRecord, UniqueIdStorage } from './storage.ts'

export function memoryInvitations(invitations: Map<TokenHash, InvitationRecord>): InvitationStorage {
  return {
    async addInvitation(invitation) {
      if (invitations.has(invitation.tokenHash)) throw new TypeError('an invitation is added once')
      invitations.set(invitation.tokenHash, { ...invitation })
    },
    async takeInvitation(tokenHash, now) {
      const invitation = invitations.get(tokenHash)
      if (invitation === undefined || invitation.usesLeft <= 0 || invitation.expiresAt <= now)
        return undefined
      invitation.usesLeft--
      return { ...invitation }
    },
    async listInvitations(limit) {
      const newest = [...invitations.values()].reverse().sort((a, b) => b.createdAt - a.createdAt)
      return newest.slice(0, limit).map((invitation) => ({ ...invitation }))
    },
    async removeInvitation(invitationId) {
      const found = [...invitations.values()].find((one) => one.invitationId === invitationId)
      return found !== undefined && invitations.delete(found.tokenHash)
    },
  }
}

export function memoryUniqueIds(ids: Map<TokenHash, UniqueIdRecord>): UniqueIdStorage {
  return {
    async takeUniqueId(id, maximumOfOwner, now) {
      let count = 0
      for (const { owner, expiresAt } of ids.values()) if (owner === id.owner && expiresAt > now) count++
      if (count >= maximumOfOwner) return 'full'
      const standing = ids.get(id.idHash)
      if (standing !== undefined && standing.expiresAt > now) return 'already-taken'
      ids.set(id.idHash, { ...id })
      return 'taken'
    },
  }
}
