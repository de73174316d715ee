/** PostgreSQL, for an installation of several instances: the same SQL, with transactions that wait for one another's rows. */

import { postgresDriver } from '../postgres/driver.ts'
import { storageErrorOf } from '../postgres/errors.ts'
import { listenForGrants } from '../postgres/listener.ts'
import { connectionConfig, createPool, loadDriver } from '../postgres/pool.ts'
import { migrate, refuseUnfinishedCopy } from '../postgres/schema.ts'
import { isPostgresUrl } from '../postgres/url.ts'
import { sqlStorage } from '../sql-storage.ts'
import type { Storage } from '../storage.ts'
import { withTokenCache } from '../token-cache.ts'

export interface PostgresStorageOptions {
  /** `postgres://user:password@host:port/database`, with `?sslmode=verify-full` where the network is not trusted. */
  url: string
  /** Connections that this instance holds at most, beside one on which it listens; all instances together stay below the server's `max_connections`. Default 10. */
  connections?: number | undefined
}

/**
 * Connects, and makes or migrates the tables. Rejects with a `StorageError` whose sentence says what to do. Needs the
 * package `pg`. A token that another instance has revoked is refused as soon as the news is here, and where it is lost
 * after 5 seconds; on the instance that revoked it at once.
 */
export async function postgresStorage({ url, connections = 10 }: PostgresStorageOptions): Promise<Storage> {
  if (!isPostgresUrl(url)) throw new TypeError('postgresStorage needs a URL that begins with postgres://')
  const driver = await loadDriver()
  const pool = createPool(driver, url, connections)
  try {
    await migrate(pool)
    await refuseUnfinishedCopy(pool)
  } catch (error) {
    await pool.end()
    throw storageErrorOf(error)
  }
  const { storage, drop, setHearing } = withTokenCache(sqlStorage(postgresDriver(pool)))
  const stopListening = listenForGrants(driver, connectionConfig(driver, url), {
    onGrant: drop,
    onHearing: setHearing,
  })
  return {
    ...storage,
    async close() {
      await stopListening()
      await storage.close()
    },
  }
}
