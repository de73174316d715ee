/** What there is in a PostgreSQL database, read without changing it. */

import { migrations } from '../migrations.ts'
import type { StorageFacts } from '../storage-facts.ts'
import { storageErrorOf } from './errors.ts'
import { connectionConfig, loadDriver } from './pool.ts'
import { withoutPassword } from './url.ts'

export async function postgresFacts(url: string): Promise<StorageFacts> {
  const driver = await loadDriver()
  const client = new driver.Client(connectionConfig(driver, url))
  client.on('error', () => undefined)
  const value = async (sql: string): Promise<unknown> =>
    Object.values((await client.query(sql)).rows[0] ?? {})[0]
  try {
    await client.connect()
    const { rows: tables } = await client.query<{ name: string }>(
      'SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename',
    )
    const names = tables.map(({ name }) => name)
    const rows: Record<string, number> = {}
    for (const name of names) {
      if (name !== 'schema_version') rows[name] = Number(await value(`SELECT COUNT(*) FROM ${name}`))
    }
    return {
      engine: `PostgreSQL ${String(await value('SHOW server_version'))}`,
      where: withoutPassword(url),
      version: names.includes('schema_version')
        ? Number(await value('SELECT MAX(version) FROM schema_version'))
        : 0,
      newestVersion: migrations.at(-1)?.version ?? 0,
      bytes: Number(await value('SELECT pg_database_size(current_database())')),
      rows,
    }
  } catch (error) {
    throw storageErrorOf(error)
  } finally {
    await client.end()
  }
}
