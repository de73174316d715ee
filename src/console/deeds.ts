/** What an operator does to records, from a page or over the API: each also a command, and each in the audit log. */

import { auditedStorage, type Doer } from '../ledger/audited-storage.ts'
import type { Clock } from '../platform/clock.ts'
import type { Telemetry } from '../platform/telemetry.ts'
import type { Storage } from '../storage/storage.ts'
import type { DeedName } from '../ui/console/records.ts'

export const deeds: readonly DeedName[] = [
  'revoke-grant',
  'remove-user',
  'remove-client',
  'remove-credential',
]

export interface DeedOptions {
  storage: Storage
  clock: Clock
  telemetry: Telemetry
}

/** `done`, or `nothing` where there was nothing to do. */
export async function perform(
  act: DeedName,
  id: string,
  doer: Doer,
  { storage, clock, telemetry }: DeedOptions,
): Promise<'done' | 'nothing'> {
  const audited = auditedStorage(storage, doer, clock)
  const isDone = await performOn(audited, act, id, clock())
  const userId = doer.actor === 'user' ? doer.userId : undefined
  telemetry.emit('console.acted', 'console', { userId, code: act, reason: isDone ? 'done' : 'nothing' })
  return isDone ? 'done' : 'nothing'
}

async function performOn(storage: Storage, act: DeedName, id: string, now: number): Promise<boolean> {
  switch (act) {
    case 'revoke-grant':
      return storage.revokeGrant(id, now, 'revoked-by-operator')
    case 'remove-user':
      return storage.removeUser(id, now)
    case 'remove-client':
      return storage.removeClient(id, now)
    case 'remove-credential': {
      const key = readCredentialKey(id)
      return key !== undefined && storage.removeCredential(...key)
    }
  }
}

/** The person and the connector that it belongs to, as the page wrote them. */
function readCredentialKey(id: string): [userId: string, connector: string] | undefined {
  let key: unknown
  try {
    key = JSON.parse(id)
  } catch {
    return undefined
  }
  const [userId, connector] = Array.isArray(key) ? key : []
  return typeof userId === 'string' && typeof connector === 'string' ? [userId, connector] : undefined
}
