/** The embedded database: one SQLite file through `node:sqlite`, durable at every commit, shared by the server and the command line. */

import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { findMove } from '../copy/move-node.ts'
import { createVersionTable, pendingMigrations } from '../migrations.ts'
import { withoutPassword } from '../postgres/url.ts'
import type { SqlDriver, SqlRow, SqlTransaction } from '../sql/driver.ts'
import { sqlStorage } from '../sql-storage.ts'
import { countRevocations, remembering } from '../sqlite/remembered.ts'
import type { Storage } from '../storage.ts'
import { StorageError } from '../storage-error.ts'

export interface SqliteStorageOptions {
  /** Made if absent, readable by its owner alone; so is its directory. `-wal` and `-shm` files stand beside it. */
  path: string
}

/** Opens, or makes and migrates. Throws a `StorageError` whose sentence says what to do. */
export function sqliteStorage({ path }: SqliteStorageOptions): Storage {
  if (path === '' || path === ':memory:' || path.startsWith('file:')) {
    throw new TypeError('sqliteStorage needs the path of a file; for memory use memoryStorage()')
  }
  createFile(path)
  const writer = openDatabase(path)
  try {
    prepareDatabase(writer, path)
    const reader = openDatabase(path)
    reader.exec('PRAGMA query_only = ON')
    const driver = sqliteDriver(writer, reader, path)
    const { storage, onCommit } = remembering(sqlStorage(driver), reader)
    driver.onCommit = onCommit
    return storage
  } catch (error) {
    writer.close()
    throw storageErrorOf(error, path)
  }
}

/** At start, another process may be migrating; waiting blocks nothing yet. */
const openTimeoutMs = 5_000

/** A write waits this long for another process's transaction, which takes milliseconds, before it gives up. */
const lockedTimeoutMs = 5_000

/** SQLite's own waiting stops this whole process, so it is short, and the rest is done between turns. */
const blockingTimeoutMs = 5
const lockedRetryMs = 5

/** Writes beyond this many would wait for seconds; refusing them at once is kinder. */
const maximumQueuedWrites = 10_000

/** Between two commits the process gets to do other things. */
const maximumWritesPerCommit = 256

/** Rotations touch pages all over the indexes; measured with `bench/storage.ts`, this saves a third of the system time. */
const cacheKibibytes = 32_768

/** 16 MB: pages that many commits changed are copied once, and a third less is written than at SQLite's 4 MB. */
const checkpointPages = 4_000

/** Tells our files from other programs' (`file` and `PRAGMA application_id`): "pstn". */
const applicationId = 0x7073746e

function createFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    // SQLite gives the -wal and -shm files the mode of this one.
    closeSync(openSync(path, 'a', 0o600))
  } catch (error) {
    throw storageErrorOf(error, path)
  }
}

function openDatabase(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: openTimeoutMs })
  } catch (error) {
    throw storageErrorOf(error, path)
  }
}

function prepareDatabase(database: DatabaseSync, path: string): void {
  // In this order: another process that makes our tables sets the id in the same transaction.
  const tables = Number(database.prepare('SELECT COUNT(*) AS count FROM sqlite_master').get()?.count)
  const owner = Number(database.prepare('PRAGMA application_id').get()?.application_id)
  if (owner !== applicationId && tables > 0) {
    throw new StorageError(
      'not-a-database',
      `${path} is the database of another program; choose another path`,
    )
  }
  switchToWal(database)
  // FULL: a commit is on the disk when it returns, so an answered request survives a loss of power.
  database.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA trusted_schema = OFF')
  database.exec(`PRAGMA cache_size = -${cacheKibibytes}; PRAGMA wal_autocheckpoint = ${checkpointPages}`)
  refuseMoved(database, path)
  migrate(database)
  database.exec(`PRAGMA busy_timeout = ${blockingTimeoutMs}`)
}

function refuseMoved(database: DatabaseSync, path: string): void {
  const move = findMove(database)
  if (move === undefined) return
  const target = withoutPassword(move.target)
  throw new StorageError('moved', `the records of ${path} were moved; start with --database ${target}`)
}

/** The switch needs the file alone, and SQLite does not wait for that by itself; two first starts meet here. */
function switchToWal(database: DatabaseSync): void {
  const deadline = performance.now() + openTimeoutMs
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lockedRetryMs)
    }
  }
}

/** All in one commit, so that a first start waits for the disk once. */
function migrate(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    database.exec(createVersionTable)
    const newest = database.prepare('SELECT MAX(version) AS version FROM schema_version').get()
    const pending = pendingMigrations(Number(newest?.version ?? 0))
    if (pending.length > 0) database.exec(`PRAGMA application_id = ${applicationId}`)
    for (const next of pending) {
      for (const statement of next.statements({ sequenceColumn: 'INTEGER PRIMARY KEY' })) {
        database.exec(statement)
      }
      database
        .prepare('INSERT INTO schema_version (version, applied_at) VALUES (?, unixepoch())')
        .run(next.version)
    }
    countRevocations(database)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

interface QueuedWrite {
  work(transaction: SqlTransaction): Promise<unknown>
  resolve(result: unknown): void
  reject(error: unknown): void
}

/**
 * Group commit: the writes that came in one turn run one after another in one transaction, each in a savepoint
 * of its own so that it fails alone; one commit makes all of them durable, and only then do they resolve. The
 * reader is another connection, so that no read sees what is not yet committed.
 */
function sqliteDriver(
  writer: DatabaseSync,
  reader: DatabaseSync,
  path: string,
): SqlDriver & { onCommit(): void } {
  const queue: QueuedWrite[] = []
  let flushing: Promise<void> | undefined
  let isClosed = false
  const onReader = statementsOf(reader)
  const onWriter = statementsOf(writer)

  const transaction: SqlTransaction = {
    read: async (sql, values) => onWriter(sql).all(...values) as SqlRow[],
    lock: async (sql, values) => onWriter(sql).all(...values) as SqlRow[],
    // One transaction writes at a time.
    hold: async () => undefined,
    run: async (sql, values) => Number(onWriter(sql).run(...values).changes),
  }

  async function flush(): Promise<void> {
    while (queue.length > 0) {
      await nextTurn()
      const group = queue.splice(0, maximumWritesPerCommit)
      try {
        const settle = await commitGroup(group)
        for (const settleOne of settle) settleOne()
      } catch (error) {
        for (const { reject } of group) reject(storageErrorOf(error, path))
      }
    }
    flushing = undefined
  }

  /** What to tell each write once all are durable. Rejects when none is. */
  async function commitGroup(group: readonly QueuedWrite[]): Promise<(() => void)[]> {
    await begin()
    const settle: (() => void)[] = []
    try {
      for (const write of group) settle.push(await runAlone(write))
      onWriter('COMMIT').run()
      driver.onCommit()
      return settle
    } catch (error) {
      if (writer.isTransaction) onWriter('ROLLBACK').run()
      throw error
    }
  }

  /** IMMEDIATE: whoever reads in order to write must know that nobody writes in between. */
  async function begin(): Promise<void> {
    const deadline = performance.now() + lockedTimeoutMs
    for (;;) {
      try {
        onWriter('BEGIN IMMEDIATE').run()
        return
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw error
      }
      await new Promise((resolve) => setTimeout(resolve, lockedRetryMs))
    }
  }

  async function runAlone({ work, resolve, reject }: QueuedWrite): Promise<() => void> {
    onWriter('SAVEPOINT one').run()
    try {
      const result = await work(transaction)
      onWriter('RELEASE one').run()
      return () => resolve(result)
    } catch (error) {
      // A full disk or a failed read ends the whole transaction, and with it the group.
      if (!writer.isTransaction) throw error
      onWriter('ROLLBACK TO one').run()
      onWriter('RELEASE one').run()
      return () => reject(storageErrorOf(error, path))
    }
  }

  const driver: SqlDriver & { onCommit(): void } = {
    onCommit() {},
    async read(sql, values) {
      if (isClosed) throw closedError()
      try {
        return onReader(sql).all(...values) as SqlRow[]
      } catch (error) {
        throw storageErrorOf(error, path)
      }
    },
    write<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
      return new Promise((resolve, reject) => {
        if (isClosed) return reject(closedError())
        if (queue.length >= maximumQueuedWrites) {
          const says = `${maximumQueuedWrites} writes are waiting already; try again in a moment`
          return reject(new StorageError('overloaded', says))
        }
        queue.push({ work, resolve: (result) => resolve(result as T), reject })
        flushing ??= flush()
      })
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await flushing
      reader.close()
      writer.close()
    },
  }
  return driver
}

/** The texts of SQL storage are a fixed set, so each connection prepares each of them once. */
function statementsOf(database: DatabaseSync): (sql: string) => StatementSync {
  const statements = new Map<string, StatementSync>()
  return function statementFor(sql) {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(sql)
    statements.set(sql, statement)
    return statement
  }
}

/** After the requests that arrived in this turn were read, so that their writes share a commit. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function closedError(): StorageError {
  return new StorageError('closed', 'the storage was closed')
}

function isBusy(error: unknown): boolean {
  return primaryCodeOf(error) === 5
}

/** SQLite's primary result code (https://sqlite.org/rescode.html): extended codes add to it in the higher bits. */
function primaryCodeOf(error: unknown): number | undefined {
  const isNumbered = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
  return isNumbered ? Number(error.errcode) & 0xff : undefined
}

function storageErrorOf(error: unknown, path: string): unknown {
  const says = (kind: StorageError['kind'], sentence: string) =>
    new StorageError(kind, sentence, { cause: error })
  if (error instanceof Error && 'syscall' in error) {
    return says('not-writable', `the database ${path} cannot be made or opened: ${error.message}`)
  }
  switch (primaryCodeOf(error)) {
    case 1: // SQLITE_ERROR
      return /no such table/.test(messageOf(error))
        ? says('moved', `the records of ${path} were moved`)
        : error
    case 5: // SQLITE_BUSY
      return says('locked', `the database ${path} is locked by another process, which did not finish in time`)
    case 8: // SQLITE_READONLY
    case 14: // SQLITE_CANTOPEN
      return says('not-writable', `the database ${path}, or its directory, cannot be written by this user`)
    case 10: // SQLITE_IOERR
      return says('not-writable', `the disk under ${path} failed: ${messageOf(error)}`)
    case 13: // SQLITE_FULL
      return says('not-writable', `the disk under ${path} is full`)
    case 11: // SQLITE_CORRUPT
      return says('not-a-database', `the database ${path} is damaged; restore it from a backup`)
    case 26: // SQLITE_NOTADB
      return says('not-a-database', `${path} is not a database; choose another path`)
    default:
      return error
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
