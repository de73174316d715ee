/** Invitations to register, in memory. */

import type { InvitationStorage } from '../storage.ts'
import { type Held, newestFirst } from './held.ts'

export function memoryInvitations({ invitations }: Held): InvitationStorage {
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
      return newestFirst(invitations.values(), limit)
    },
    async removeInvitation(invitationId) {
      const found = [...invitations.values()].find((one) => one.invitationId === invitationId)
      return found !== undefined && invitations.delete(found.tokenHash)
    },
  }
}
