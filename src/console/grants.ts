/** Which grants stand. */

import type { GrantRecord, Storage } from '../storage/storage.ts'

/** Counted, not shown. */
export const maximumCounted = 5_000

export async function liveGrants(storage: Pick<Storage, 'listGrants'>, now: number): Promise<GrantRecord[]> {
  return (await storage.listGrants({}, maximumCounted)).filter((grant) => endOf(grant, now) === undefined)
}

/** Undefined for one that stands. */
export function endOf(grant: GrantRecord, now: number): { at: number; why: string } | undefined {
  const { revokedAt, revokedReason = '', expiresAt } = grant
  if (revokedAt !== undefined) return { at: revokedAt, why: revokedReason }
  return expiresAt <= now ? { at: expiresAt, why: '' } : undefined
}
