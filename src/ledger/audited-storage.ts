/** A storage that writes into the audit log what somebody with power over others' records does with it: at the command line, or in the console. */

import type { Clock } from '../platform/clock.ts'
import type { AuditEntry, Storage } from '../storage/storage.ts'

/** An operator at the command line has no name here: whoever may read the data directory is one. */
export type Doer = { actor: 'operator' } | { actor: 'user'; userId: string }

/** What is written down here, for whoever looks for one kind of it. */
export const operatorActions = [
  'user.created',
  'user.removed',
  'user.password_set',
  'grant.revoked',
  'client.created',
  'client.removed',
  'invitation.created',
  'invitation.removed',
  'keys.rewrapped',
  'keys.removed',
  'credential.removed',
  'passkey.removed',
  'recovery.ended',
] as const

/** Only what came about is written down, right after it did. */
export function auditedStorage(storage: Storage, doer: Doer, clock: Clock): Storage {
  async function note(
    action: (typeof operatorActions)[number],
    details: AuditEntry['details'],
  ): Promise<void> {
    const actorId = doer.actor === 'user' ? doer.userId : undefined
    await storage.appendAudit([
      { at: clock(), action, actor: doer.actor, actorId, flowId: undefined, details },
    ])
  }

  return {
    ...storage,
    async createUser(user) {
      const outcome = await storage.createUser(user)
      const { userId, username, role } = user
      if (outcome === 'created') await note('user.created', { userId, username, role })
      return outcome
    },
    async removeUser(userId, at) {
      const user = await storage.findUser(userId)
      const isRemoved = await storage.removeUser(userId, at)
      if (isRemoved) await note('user.removed', { userId, username: user?.username ?? '' })
      return isRemoved
    },
    async changePasswordHash(userId, passwordHash) {
      const isSet = await storage.changePasswordHash(userId, passwordHash)
      if (isSet) await note('user.password_set', { userId })
      return isSet
    },
    async revokeGrant(grantId, at, reason) {
      const grant = await storage.findGrant(grantId)
      const isRevoked = await storage.revokeGrant(grantId, at, reason)
      if (isRevoked && grant !== undefined) {
        const { userId, clientId, clientName } = grant
        await note('grant.revoked', { grantId, userId, clientId, clientName, reason })
      }
      return isRevoked
    },
    async addPreRegisteredClient(client) {
      const outcome = await storage.addPreRegisteredClient(client)
      const { clientId, kind } = client
      if (outcome === 'created') await note('client.created', { clientId, kind })
      return outcome
    },
    async removeClient(clientId, at) {
      const isRemoved = await storage.removeClient(clientId, at)
      if (isRemoved) await note('client.removed', { clientId })
      return isRemoved
    },
    async addInvitation(invitation) {
      await storage.addInvitation(invitation)
      const { invitationId, note: purpose } = invitation
      await note('invitation.created', { invitationId, note: purpose })
    },
    async removeInvitation(invitationId) {
      const isRemoved = await storage.removeInvitation(invitationId)
      if (isRemoved) await note('invitation.removed', { invitationId })
      return isRemoved
    },
    async rewrapKeys(fromMasterKeyId, keys) {
      const areRewrapped = await storage.rewrapKeys(fromMasterKeyId, keys)
      if (areRewrapped) await note('keys.rewrapped', { count: keys.length })
      return areRewrapped
    },
    async removeKey(purpose) {
      const isRemoved = await storage.removeKey(purpose)
      if (isRemoved) await note('keys.removed', { purpose })
      return isRemoved
    },
    async removeCredential(userId, connector) {
      const isRemoved = await storage.removeCredential(userId, connector)
      if (isRemoved) await note('credential.removed', { userId, connector })
      return isRemoved
    },
    async removePasskey(userId, passkeyId) {
      const isRemoved = await storage.removePasskey(userId, passkeyId)
      if (isRemoved) await note('passkey.removed', { userId })
      return isRemoved
    },
    async saveRecoveryCodes(userId, codeHashes) {
      await storage.saveRecoveryCodes(userId, codeHashes)
      await note('recovery.ended', { userId })
    },
  }
}
