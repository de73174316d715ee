/** PostgreSQL, for an installation of several instances: the same SQL, with transactions that wait for one another's rows. */

import type pg from 'pg'
import { createVersionTable, type Migration, pendingMigrations } from '../migrations.ts'
import type { SqlDriver, SqlRow, SqlTransaction, SqlValue } from '../sql/driver.ts'
import { sqlStorage } from '../sql-storage.ts'
import type { Storage } from '../storage.ts'
import { StorageError } from '../storage-error.ts'

export interface PostgresStorageOptions {
  /** `postgres://user:password@host:port/database`, with `?sslmode=verify-full` where the network is not trusted. */
  url: string
  /** Connections that this instance holds at most; all instances together stay below the server's `max_connections`. Default 10. */
  connections?: number | undefined
}

/** Connects, and makes or migrates the tables. Rejects with a `StorageError` whose sentence says what to do. Needs the package `pg`. */
export async function postgresStorage({ url, connections = 10 }: PostgresStorageOptions): Promise<Storage> {
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new TypeError('postgresStorage needs a URL that begins with postgres://')
  const pool = createPool(await loadDriver(), url, connections)
  try {
    await migrate(pool)
    return sqlStorage(postgresDriver(pool))
  } catch (error) {
    await pool.end()
    throw storageErrorOf(error)
  }
}

/** A server that does not take a connection in this time is down for whoever waits for an answer. */
const connectTimeoutMs = 5_000
/** Every statement is a look-up by an index or a small batch; whatever takes longer holds up others. */
const statementTimeoutMs = 5_000
/** Beyond the server's own limit, for a network that swallowed the answer. */
const answerTimeoutMs = 10_000
/** Several instances that start at once wait for the one that migrates. */
const migrationTimeoutMs = 60_000
/** A transaction that was chosen to give way (deadlock, serialisation) changed nothing, and is done again. */
const maximumAttempts = 8
/** Transactions beyond this many would wait for seconds; refusing them at once is kinder. */
const maximumQueuedWrites = 10_000
/** For `pg_advisory_lock`: `pstn`. */
const migrationLock = 0x7073746e

/** Loaded when it is needed, because most installations have no PostgreSQL and so no `pg`. */
async function loadDriver(): Promise<typeof pg> {
  const driver = await import('pg').catch((error: unknown) => {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error
    const says =
      'PostgreSQL is reached with the package pg, which is not installed beside postern: npm install pg'
    throw new StorageError('no-driver', says, { cause: error })
  })
  return driver.default
}

function createPool(driver: typeof pg, url: string, connections: number): pg.Pool {
  const pool = new driver.Pool({
    connectionString: url,
    max: connections,
    application_name: 'postern',
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: answerTimeoutMs,
    query_timeout: answerTimeoutMs,
    keepAlive: true,
    types: { getTypeParser: parsersOf(driver) },
  })
  // A connection that breaks tells whoever waits on it, and is replaced at the next use; nobody else needs to hear of it.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** Numbers are instants and counters, which fit a double for longer than PostgreSQL will. */
function parsersOf(driver: typeof pg): typeof pg.types.getTypeParser {
  return (oid: number, format?: unknown) => {
    if (oid === int8 || oid === numeric) return Number
    return driver.types.getTypeParser(oid, format as 'text')
  }
}

const int8 = 20
const numeric = 1700

async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query(
      `SET statement_timeout = ${migrationTimeoutMs}; SET lock_timeout = ${migrationTimeoutMs}`,
    )
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock])
    await client.query(createVersionTable)
    const { rows } = await client.query('SELECT MAX(version) AS version FROM schema_version')
    for (const migration of pendingMigrations(Number(rows[0]?.version ?? 0))) await apply(client, migration)
  } finally {
    // The lock and the settings belong to this connection, and end with it.
    client.release(true)
  }
}

async function apply(client: pg.PoolClient, migration: Migration): Promise<void> {
  await client.query('BEGIN')
  const sequenceColumn = 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY'
  for (const statement of migration.statements({ sequenceColumn })) await client.query(statement)
  await client.query(
    'INSERT INTO schema_version (version, applied_at) VALUES ($1, extract(epoch FROM now())::bigint)',
    [migration.version],
  )
  await client.query('COMMIT')
}

/**
 * READ COMMITTED, each write in a transaction of its own: a statement that meets a row which another transaction has
 * changed waits for it and then sees what it left, so that whoever locks first (`FOR UPDATE`) decides.
 */
function postgresDriver(pool: pg.Pool): SqlDriver {
  let isClosed = false
  const underWay = new Set<Promise<unknown>>()

  async function writeUntilDone<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    if (isClosed) throw closedError()
    if (pool.waitingCount >= maximumQueuedWrites) {
      const says = `${maximumQueuedWrites} writes are waiting already; try again in a moment`
      throw new StorageError('overloaded', says)
    }
    for (let attempt = 1; ; attempt++) {
      try {
        return await writeOnce(pool, work)
      } catch (error) {
        if (!gaveWay(error) || attempt === maximumAttempts) throw storageErrorOf(error)
      }
      await pause(attempt)
    }
  }

  return {
    async read(sql, values) {
      if (isClosed) throw closedError()
      try {
        return await query(pool, sql, values)
      } catch (error) {
        throw storageErrorOf(error)
      }
    },
    async write(work) {
      const writing = writeUntilDone(work)
      underWay.add(writing)
      return writing.finally(() => underWay.delete(writing))
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await Promise.allSettled(underWay)
      await pool.end()
    },
  }
}

async function writeOnce<T>(pool: pg.Pool, work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let isBroken = false
  try {
    await client.query('BEGIN')
    const result = await work(transactionOn(client))
    await client.query('COMMIT')
    return result
  } catch (error) {
    isBroken = !(await isRolledBack(client))
    throw error
  } finally {
    client.release(isBroken)
  }
}

function transactionOn(client: pg.PoolClient): SqlTransaction {
  return {
    read: (sql, values) => query(client, sql, values),
    lock: (sql, values) => query(client, `${sql} FOR UPDATE`, values),
    run: async (sql, values) => (await client.query(prepared(sql, values))).rowCount ?? 0,
  }
}

async function isRolledBack(client: pg.PoolClient): Promise<boolean> {
  return client.query('ROLLBACK').then(
    () => true,
    () => false,
  )
}

async function query(
  on: pg.Pool | pg.PoolClient,
  sql: string,
  values: readonly SqlValue[],
): Promise<SqlRow[]> {
  const { rows } = await on.query<Record<string, SqlValue>>(prepared(sql, values))
  return rows.map(readRow)
}

/* Statements and values */

interface PreparedStatement {
  name: string
  text: string
}

/** The texts of SQL storage are a fixed set, so that each connection prepares each of them once. */
const statements = new Map<string, PreparedStatement>()

function prepared(sql: string, values: readonly SqlValue[]): pg.QueryConfig {
  let statement = statements.get(sql)
  if (statement === undefined) {
    let count = 0
    statement = { name: `postern_${statements.size}`, text: sql.replaceAll('?', () => `$${++count}`) }
    statements.set(sql, statement)
  }
  return { ...statement, values: values.map(writable) }
}

/**
 * PostgreSQL's text holds every character but U+0000, which a `state` may hold. It is written as two characters of
 * which the first is private to programs (Unicode §23.5), and so is that one itself.
 */
const privateMark = '\uE000'

function writable(value: SqlValue): SqlValue {
  if (typeof value !== 'string' || !/[\0\uE000]/.test(value)) return value
  return value.replaceAll(privateMark, `${privateMark}1`).replaceAll('\0', `${privateMark}0`)
}

function readRow(row: Record<string, SqlValue>): SqlRow {
  for (const [column, value] of Object.entries(row)) {
    if (typeof value === 'string' && value.includes(privateMark))
      row[column] = value.replaceAll(`${privateMark}0`, '\0').replaceAll(`${privateMark}1`, privateMark)
  }
  return row
}

/* Errors */

/** PostgreSQL, appendix A: serialization_failure and deadlock_detected. */
function gaveWay(error: unknown): boolean {
  const code = codeOf(error)
  return code === '40001' || code === '40P01'
}

/** So that those who met do not meet again. */
function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2 ** attempt * (0.5 + Math.random())))
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function closedError(): StorageError {
  return new StorageError('closed', 'the storage was closed')
}

function storageErrorOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StorageError) return error
  const says = (kind: StorageError['kind'], sentence: string) =>
    new StorageError(kind, sentence, { cause: error })
  const code = codeOf(error) ?? ''
  if (code.startsWith('28'))
    return says('not-writable', `PostgreSQL refused the user or the password: ${error.message}`)
  if (code === '3D000') return says('not-writable', `${error.message}; create it with createdb`)
  if (code === '42501')
    return says('not-writable', `the user of the database may not do this: ${error.message}`)
  if (code === '53100') return says('not-writable', 'the disk of the PostgreSQL server is full')
  if (code === '53300') return says('overloaded', 'the PostgreSQL server takes no more connections')
  if (code === '55P03' || code === '57014')
    return says('locked', 'a statement waited too long for PostgreSQL, or for another transaction')
  if (isUnreachable(code, error)) return says('unreachable', `PostgreSQL cannot be reached: ${error.message}`)
  return error
}

/** Class 08 (connection), 57P (shut down, starting up), a socket's own codes, and what the driver says without any. */
function isUnreachable(code: string, { message }: Error): boolean {
  if (/^(08|57P)/.test(code) || /^E[A-Z]{3,}$/.test(code)) return true
  return /Connection terminated|timeout exceeded when trying to connect|Query read timeout|not queryable/i.test(
    message,
  )
}
