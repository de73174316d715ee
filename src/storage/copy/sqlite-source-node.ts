/** The SQLite file that records are copied out of while its server goes on: a snapshot, then what was changed since, then the end of it. */

import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { SqlValue } from '../sql/driver.ts'
import { revocationCountTable } from '../sqlite/remembered.ts'
import { StorageError } from '../storage-error.ts'
import { createMoveTable, type Move, recordMove } from './move-node.ts'

export interface Table {
  readonly name: string
  readonly columns: readonly string[]
  /** What tells its rows apart. */
  readonly key: readonly string[]
}

export type Row = readonly SqlValue[]

/** One table's rows that were changed: as they are now, and the keys of all, of which some may be gone. */
export interface Changes {
  table: Table
  keys: Row[]
  rows: Row[]
}

export interface SqliteSource {
  readonly tables: readonly Table[]
  /** All rows as they were at one instant; whatever is changed from before that instant on is among the changes. */
  snapshot(batchSize: number): Generator<{ table: Table; rows: Row[] }>
  /** What was changed since the last time, as it is at one instant. */
  changes(): Changes[]
  /** Nobody writes from here on, until this ends. */
  pause(): void
  count(table: Table): number
  /** Ends the pause for good: whoever works on this file finds that its records have moved. */
  finish(move: Move): void
  /** The file is as it was; a pause ends. */
  giveUp(): void
}

export function openSqliteSource(path: string, version: number): SqliteSource {
  if (!existsSync(path)) throw new StorageError('not-a-database', `there is no database at ${path}`)
  const writer = new DatabaseSync(path, { timeout: pauseTimeoutMs })
  const reader = new DatabaseSync(path, { timeout: pauseTimeoutMs })
  const tables = readTables(writer, path, version)
  let seen = 0
  let isPaused = false
  removeLog(writer, tables)
  writeLog(writer, tables)

  function changesOn(database: DatabaseSync): Changes[] {
    const entries = database
      .prepare(`SELECT sequence, table_name, key FROM ${log} WHERE sequence > ? ORDER BY sequence`)
      .all(seen)
    seen = Number(entries.at(-1)?.sequence ?? seen)
    return tables.flatMap((table) => {
      const own = entries.filter((entry) => entry.table_name === table.name)
      const keys = [...new Set(own.map(({ key }) => String(key)))].map((key) => JSON.parse(key) as Row)
      if (keys.length === 0) return []
      const where = table.key.map((column) => `${column} = ?`).join(' AND ')
      const one = database.prepare(`SELECT ${table.columns.join(', ')} FROM ${table.name} WHERE ${where}`)
      one.setReturnArrays(true)
      return { table, keys, rows: keys.flatMap((key) => one.all(...key) as unknown as Row[]) }
    })
  }

  return {
    tables,
    *snapshot(batchSize) {
      reader.exec('BEGIN')
      for (const table of tables) {
        const all = reader.prepare(`SELECT ${table.columns.join(', ')} FROM ${table.name}`)
        all.setReturnArrays(true)
        let rows: Row[] = []
        for (const row of all.iterate()) {
          rows.push(row as unknown as Row)
          if (rows.length < batchSize) continue
          yield { table, rows }
          rows = []
        }
        if (rows.length > 0) yield { table, rows }
      }
      reader.exec('COMMIT')
    },
    changes() {
      if (isPaused) return changesOn(writer)
      reader.exec('BEGIN')
      try {
        return changesOn(reader)
      } finally {
        reader.exec('COMMIT')
      }
    },
    pause() {
      writer.exec('BEGIN IMMEDIATE')
      isPaused = true
    },
    count: ({ name }) => Number(writer.prepare(`SELECT COUNT(*) AS count FROM ${name}`).get()?.count),
    finish(move) {
      removeLog(writer, tables)
      writer.exec(createMoveTable)
      recordMove(writer, move)
      // What is prepared on them fails from the next step on, in every process: nobody can go on here unawares.
      const names = [...tables.map(({ name }) => name), ...(isCounted(writer) ? [revocationCountTable] : [])]
      for (const name of names) writer.exec(`ALTER TABLE ${name} RENAME TO moved_${name}`)
      writer.exec('COMMIT')
      isPaused = false
      reader.close()
      writer.close()
    },
    giveUp() {
      if (isPaused) writer.exec('ROLLBACK')
      isPaused = false
      if (reader.isTransaction) reader.exec('ROLLBACK')
      removeLog(writer, tables)
      reader.close()
      writer.close()
    },
  }
}

/** The server's own transactions take milliseconds. */
const pauseTimeoutMs = 5_000
const log = 'copy_changes'

function readTables(database: DatabaseSync, path: string, expectedVersion: number): Table[] {
  const names = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .all()
    .map(({ name }) => String(name))
  if (names.includes('moved_to'))
    throw new StorageError('moved', `the records of ${path} have been moved already`)
  if (!names.includes('schema_version'))
    throw new StorageError('not-a-database', `${path} is not a database of Postern`)
  const found = Number(
    database.prepare('SELECT MAX(version) AS version FROM schema_version').get()?.version ?? 0,
  )
  if (found !== expectedVersion) {
    const says = `${path} has schema version ${found}, and this Postern copies version ${expectedVersion}; start its server once with this Postern`
    throw new StorageError(found > expectedVersion ? 'newer-schema' : 'locked', says)
  }
  return names
    .filter((name) => !['schema_version', log, revocationCountTable].includes(name))
    .map((name) => ({ name, columns: columnsOf(database, name), key: keyOf(database, name) }))
}

/** A file that no server of this version has opened has no count. */
function isCounted(database: DatabaseSync): boolean {
  const find = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?")
  return find.get(revocationCountTable) !== undefined
}

function columnsOf(database: DatabaseSync, table: string): string[] {
  return database
    .prepare(`PRAGMA table_info(${table})`)
    .all()
    .map(({ name }) => String(name))
}

/** The primary key, unless it only numbers the rows; then the shortest of what is unique. */
function keyOf(database: DatabaseSync, table: string): string[] {
  const primary = database
    .prepare(`PRAGMA table_info(${table})`)
    .all()
    .filter(({ pk }) => Number(pk) > 0)
    .sort((one, other) => Number(one.pk) - Number(other.pk))
    .map(({ name }) => String(name))
  if (primary.length > 0 && primary[0] !== 'sequence') return primary
  const [shortest] = database
    .prepare(`PRAGMA index_list(${table})`)
    .all()
    .filter((index) => Number(index.unique) === 1 && Number(index.partial) === 0)
    .map((index) =>
      database
        .prepare(`PRAGMA index_info(${String(index.name)})`)
        .all()
        .map(({ name }) => String(name)),
    )
    .sort((one, other) => one.length - other.length || (one.join() < other.join() ? -1 : 1))
  // The numbers are copied as they are, so they serve where nothing else is unique.
  const key = shortest ?? primary
  if (key.length === 0) throw new TypeError(`nothing tells the rows of ${table} apart`)
  return key
}

function writeLog(database: DatabaseSync, tables: readonly Table[]): void {
  inTransaction(database, () => {
    database.exec(
      `CREATE TABLE ${log} (sequence INTEGER PRIMARY KEY, table_name TEXT NOT NULL, key TEXT NOT NULL)`,
    )
    for (const { name, key } of tables) {
      const keyIn = (row: string): string =>
        `json_array(${key.map((column) => `${row}.${column}`).join(', ')})`
      const note = (row: string): string =>
        `INSERT INTO ${log} (table_name, key) VALUES ('${name}', ${keyIn(row)});`
      database.exec(`CREATE TRIGGER copy_${name}_insert AFTER INSERT ON ${name} BEGIN ${note('NEW')} END`)
      database.exec(
        `CREATE TRIGGER copy_${name}_update AFTER UPDATE ON ${name} BEGIN ${note('OLD')} ${note('NEW')} END`,
      )
      database.exec(`CREATE TRIGGER copy_${name}_delete AFTER DELETE ON ${name} BEGIN ${note('OLD')} END`)
    }
  })
}

/** Also what a copy left that was killed. */
function removeLog(database: DatabaseSync, tables: readonly Table[]): void {
  const remove = (): void => {
    for (const { name } of tables) {
      for (const when of ['insert', 'update', 'delete'])
        database.exec(`DROP TRIGGER IF EXISTS copy_${name}_${when}`)
    }
    database.exec(`DROP TABLE IF EXISTS ${log}`)
  }
  if (database.isTransaction) remove()
  else inTransaction(database, remove)
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    work()
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
