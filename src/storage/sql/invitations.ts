/** Invitations to register, in SQL. */

import type { TokenHash } from '../../platform/crypto.ts'
import type { InvitationRecord, InvitationStorage } from '../storage.ts'
import { columnList, insertInto, readInteger, readText, type SqlDriver, type SqlRow } from './driver.ts'

const columns = ['invitation_id', 'token_hash', 'note', 'created_at', 'expires_at', 'uses_left'] as const

const select = `SELECT ${columnList(columns)} FROM invitations`

export function sqlInvitations(driver: SqlDriver): InvitationStorage {
  return {
    addInvitation: (invitation) =>
      driver.write(async (transaction) => {
        const { invitationId, tokenHash, note, createdAt, expiresAt, usesLeft } = invitation
        const values = [invitationId, tokenHash, note, createdAt, expiresAt, usesLeft]
        await transaction.run(insertInto('invitations', columns), values)
      }),
    takeInvitation: (tokenHash, now) =>
      driver.write(async (transaction) => {
        const [row] = await transaction.read(
          `UPDATE invitations SET uses_left = uses_left - 1
          WHERE token_hash = ? AND uses_left > 0 AND expires_at > ? RETURNING ${columnList(columns)}`,
          [tokenHash, now],
        )
        return row && readInvitation(row)
      }),
    async listInvitations(limit) {
      const newest = `${select} ORDER BY created_at DESC, sequence DESC LIMIT ?`
      return (await driver.read(newest, [limit])).map(readInvitation)
    },
    removeInvitation: (invitationId) =>
      driver.write(
        async (transaction) =>
          (await transaction.run('DELETE FROM invitations WHERE invitation_id = ?', [invitationId])) > 0,
      ),
  }
}

function readInvitation(row: SqlRow): InvitationRecord {
  return {
    invitationId: readText(row, 'invitation_id'),
    tokenHash: readText(row, 'token_hash') as TokenHash,
    note: readText(row, 'note'),
    createdAt: readInteger(row, 'created_at'),
    expiresAt: readInteger(row, 'expires_at'),
    usesLeft: readInteger(row, 'uses_left'),
  }
}
