/** Connections to PostgreSQL, with a deadline on everything. */

import type pg from 'pg'
import { StorageError } from '../storage-error.ts'
import { codeOf } from './errors.ts'

/** Loaded when it is needed, because most installations have no PostgreSQL and so no `pg`. */
export async function loadDriver(): Promise<typeof pg> {
  const driver = await import('pg').catch((error: unknown) => {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error
    const says =
      'PostgreSQL is reached with the package pg, which is not installed beside postern: npm install pg'
    throw new StorageError('no-driver', says, { cause: error })
  })
  return driver.default
}

export function connectionConfig(driver: typeof pg, url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'postern',
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: answerTimeoutMs,
    query_timeout: answerTimeoutMs,
    keepAlive: true,
    types: { getTypeParser: parsersOf(driver) },
  }
}

export function createPool(driver: typeof pg, url: string, connections: number): pg.Pool {
  const pool = new driver.Pool({ ...connectionConfig(driver, url), max: connections })
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

/** A server that does not take a connection in this time is down for whoever waits for an answer. */
const connectTimeoutMs = 5_000
/** Every statement is a look-up by an index or a small batch; whatever takes longer holds up others. */
const statementTimeoutMs = 5_000
/** Beyond the server's own limit, for a network that swallowed the answer. */
const answerTimeoutMs = 6_000
