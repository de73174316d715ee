/** Ids that count once, in SQL. */

import type { UniqueIdStorage } from '../storage.ts'
import type { SqlDriver } from './driver.ts'

/** One that has expired and was not removed yet may be taken again. */
const take = `INSERT INTO unique_ids (id_hash, owner, expires_at) VALUES (?, ?, ?)
  ON CONFLICT (id_hash) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
  WHERE unique_ids.expires_at <= ?`
/** Finds a row where there are as many as the offset, plus one. */
const liveOfOwner = 'SELECT 1 AS found FROM unique_ids WHERE owner = ? AND expires_at > ? LIMIT 1 OFFSET ?'

export function sqlUniqueIds(driver: SqlDriver): UniqueIdStorage {
  return {
    takeUniqueId: ({ idHash, owner, expiresAt }, maximumOfOwner, now) =>
      driver.write(async (transaction) => {
        const last = await transaction.read(liveOfOwner, [owner, now, maximumOfOwner - 1])
        if (last.length > 0) return 'full'
        const taken = await transaction.run(take, [idHash, owner, expiresAt, now])
        return taken > 0 ? 'taken' : 'already-taken'
      }),
  }
}
