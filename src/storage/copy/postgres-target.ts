/** The PostgreSQL database that records are copied into; nobody can open it as a storage before the copy is whole. */

import type pg from 'pg'
import { storageErrorOf } from '../postgres/errors.ts'
import { connectionConfig, createPool, loadDriver } from '../postgres/pool.ts'
import { migrate, unfinishedCopy } from '../postgres/schema.ts'
import { withoutPassword } from '../postgres/url.ts'
import { writable } from '../postgres/values.ts'
import type { SqlValue } from '../sql/driver.ts'
import { StorageError } from '../storage-error.ts'

export interface TargetTable {
  readonly name: string
  readonly columns: readonly string[]
  readonly key: readonly string[]
}

type Row = readonly SqlValue[]

export interface PostgresTarget {
  insert(table: TargetTable, rows: readonly Row[]): Promise<void>
  /** All or nothing: the rows of these keys are gone, and then those that are given are there. */
  replace(
    changes: readonly { table: TargetTable; keys: readonly Row[]; rows: readonly Row[] }[],
  ): Promise<void>
  /** For the planner, who has only seen empty tables. */
  analyze(): Promise<void>
  count(table: TargetTable): Promise<number>
  /** From here on it can be opened. */
  finish(): Promise<void>
  close(): Promise<void>
}

/** Makes the tables, and empties them if a copy was cut off here. Refuses a database that has records of its own. */
export async function openPostgresTarget(
  url: string,
  tables: readonly TargetTable[],
): Promise<PostgresTarget> {
  const driver = await loadDriver()
  const pool = createPool(driver, url, 1)
  await migrate(pool)
    .catch((error: unknown) => Promise.reject(storageErrorOf(error)))
    .finally(() => pool.end())
  const client = new driver.Client({
    ...connectionConfig(driver, url),
    statement_timeout: batchTimeoutMs,
    query_timeout: 2 * batchTimeoutMs,
    idle_in_transaction_session_timeout: batchTimeoutMs,
  })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await refuseRecords(client, url)
    await client.query(`CREATE TABLE IF NOT EXISTS ${unfinishedCopy} (started_at TIMESTAMPTZ NOT NULL)`)
    await client.query(`TRUNCATE ${tables.map(({ name }) => name).join(', ')}`)
    return targetOn(client, tables, await readTypes(client))
  } catch (error) {
    await client.end()
    throw storageErrorOf(error)
  }
}

/** A batch of rows with all their indexes, on a busy machine. */
const batchTimeoutMs = 60_000

async function refuseRecords(client: pg.Client, url: string): Promise<void> {
  const { rows } = await client.query('SELECT to_regclass($1) AS found', [unfinishedCopy])
  if (rows[0]?.found !== null) return
  for (const name of firstWritten) {
    const { rowCount } = await client.query(`SELECT 1 FROM ${name} LIMIT 1`)
    if (rowCount === 0) continue
    const says = `${withoutPassword(url)} has records of its own (in ${name}); copy into an empty database`
    throw new StorageError('not-writable', says)
  }
}

/** A Postern that was ever used has rows in one of these; other tables may have rows from the start. */
const firstWritten: readonly string[] = ['users', 'data_keys', 'clients']

function targetOn(client: pg.Client, tables: readonly TargetTable[], types: ColumnTypes): PostgresTarget {
  async function insert(table: TargetTable, rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return
    const { name, columns } = table
    await client.query(
      `INSERT INTO ${name} (${columns.join(', ')}) OVERRIDING SYSTEM VALUE SELECT * FROM ${unnest(table, columns)}`,
      columnsOf(rows, columns.length),
    )
  }

  async function remove(table: TargetTable, keys: readonly Row[]): Promise<void> {
    const { name, key } = table
    const same = key.map((column) => `${name}.${column} = k.${column}`).join(' AND ')
    await client.query(
      `DELETE FROM ${name} USING ${unnest(table, key)} AS k (${key.join(', ')}) WHERE ${same}`,
      columnsOf(keys, key.length),
    )
  }

  function unnest({ name }: TargetTable, columns: readonly string[]): string {
    const typed = columns.map((column, index) => `$${index + 1}::${types.get(`${name}.${column}`)}[]`)
    return `unnest(${typed.join(', ')})`
  }

  return {
    insert,
    async replace(changes) {
      await client.query('BEGIN')
      // First all that goes, so that nothing that comes meets what it follows.
      for (const { table, keys } of changes) await remove(table, keys)
      for (const { table, rows } of changes) await insert(table, rows)
      await client.query('COMMIT')
    },
    async analyze() {
      await client.query('ANALYZE')
    },
    async count({ name }) {
      const { rows } = await client.query(`SELECT COUNT(*) AS count FROM ${name}`)
      return Number(rows[0]?.count)
    },
    async finish() {
      await client.query('BEGIN')
      for (const { name, columns } of tables) {
        if (!columns.includes('sequence')) continue
        await client.query(
          `SELECT setval(pg_get_serial_sequence('${name}', 'sequence'), (SELECT COALESCE(MAX(sequence), 0) + 1 FROM ${name}), false)`,
        )
      }
      await client.query(`DROP TABLE ${unfinishedCopy}`)
      await client.query('COMMIT')
    },
    close: () => client.end(),
  }
}

/** By table and column. */
type ColumnTypes = ReadonlyMap<string, string>

async function readTypes(client: pg.Client): Promise<ColumnTypes> {
  const { rows } = await client.query(
    'SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema()',
  )
  return new Map(rows.map((row) => [`${row.table_name}.${row.column_name}`, String(row.data_type)]))
}

/** A list for each column, as `unnest` takes them. */
function columnsOf(rows: readonly Row[], count: number): SqlValue[][] {
  return Array.from({ length: count }, (_, index) => rows.map((row) => writable(row[index] ?? null)))
}
