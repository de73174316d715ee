/** SQL storage's driver for PostgreSQL: reads on any connection, each write in a transaction of its own. */

import type pg from 'pg'
import type { SqlDriver, SqlRow, SqlTransaction, SqlValue } from '../sql/driver.ts'
import { StorageError } from '../storage-error.ts'
import { closedError, gaveWay, isUnreachable, storageErrorOf, UnknownOutcome } from './errors.ts'
import { prepared, readRow } from './values.ts'

/**
 * READ COMMITTED, each write in a transaction of its own: a statement that meets a row which another transaction has
 * changed waits for it and then sees what it left, so that whoever locks first (`FOR UPDATE`) decides.
 */
export function postgresDriver(pool: pg.Pool): SqlDriver {
  let isClosed = false
  const underWay = new Set<Promise<unknown>>()

  function write<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    if (pool.waitingCount >= maximumQueuedWrites) {
      const says = `${maximumQueuedWrites} writes are waiting already; try again in a moment`
      throw new StorageError('overloaded', says)
    }
    return untilAnswered(() => writeOnce(pool, work))
  }

  return {
    async read(sql, values) {
      if (isClosed) throw closedError()
      return untilAnswered(() => query(pool, sql, values))
    },
    async write(work) {
      if (isClosed) throw closedError()
      const writing = write(work)
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

/**
 * What certainly changed nothing is done again: a transaction that had to give way to another, and one that had not come
 * to its end when the server went away, for as long as a restart takes.
 */
async function untilAnswered<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + restartPatienceMs
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!isWorthAnother(error, attempt, deadline)) throw storageErrorOf(error)
    }
    await pause(attempt)
  }
}

function isWorthAnother(error: unknown, attempt: number, deadline: number): boolean {
  if (gaveWay(error)) return attempt < maximumAttempts
  return isUnreachable(error) && !(error instanceof UnknownOutcome) && performance.now() < deadline
}

async function writeOnce<T>(pool: pg.Pool, work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let isBroken = true
  try {
    await client.query('BEGIN')
    const result = await work(transactionOn(client))
    await commit(client)
    isBroken = false
    return result
  } catch (error) {
    isBroken = isUnreachable(error) || !(await isRolledBack(client))
    throw error
  } finally {
    client.release(isBroken)
  }
}

async function commit(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('COMMIT')
  } catch (error) {
    if (!isUnreachable(error)) throw error
    throw new UnknownOutcome('the answer to COMMIT was lost', { cause: error })
  }
}

function transactionOn(client: pg.PoolClient): SqlTransaction {
  return {
    read: (sql, values) => query(client, sql, values),
    lock: (sql, values) => query(client, `${sql} FOR UPDATE`, values),
    async hold(names) {
      if (names.length > 0) await client.query({ name: 'hold', text: holdNames, values: [names] })
    },
    run: async (sql, values) => (await client.query(prepared(sql, values))).rowCount ?? 0,
  }
}

/** In one order, so that no two transactions wait for each other; of so many locks that the server's table of them stays small. */
const holdNames = `SELECT pg_advisory_xact_lock(${0x70737468}, slot) FROM
  (SELECT DISTINCT hashtext(name) & 1023 AS slot FROM unnest($1::text[]) AS name ORDER BY slot) AS slots`

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

/** So that those who met do not meet again. */
function pause(attempt: number): Promise<void> {
  const milliseconds = Math.min(2 ** attempt, longestPauseMs) * (0.5 + Math.random())
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

const longestPauseMs = 250
/** A restart of PostgreSQL takes a second or two; a caller waits longer than that for an answer. */
const restartPatienceMs = 4_000

/** A transaction that was chosen to give way (deadlock, serialisation) changed nothing, and is done again. */
const maximumAttempts = 8
/** Transactions beyond this many would wait for seconds; refusing them at once is kinder. */
const maximumQueuedWrites = 10_000
