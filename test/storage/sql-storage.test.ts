/** The SQL is not SQLite storage's own: another driver keeps the contract with it, and no statement reads a table from end to end. */

import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { rotationOf, start, storeGrant, tokensOf } from '../../src/storage/conformance/records.ts'
import { storageConformance } from '../../src/storage/conformance.ts'
import {
  createVersionTable,
  type Migration,
  migrations,
  pendingMigrations,
} from '../../src/storage/migrations.ts'
import type { SqlDriver, SqlRow, SqlTransaction } from '../../src/storage/sql/driver.ts'
import { sqlStorage } from '../../src/storage/sql-storage.ts'

const statements = new Set<string>()

/** One connection, one write at a time, no groups; remembers every statement it was given. */
function plainDriver(database = migrated(':memory:')): SqlDriver {
  const all = async (sql: string, values: readonly (string | number | null)[]) => {
    statements.add(sql)
    return database.prepare(sql).all(...values) as SqlRow[]
  }
  const transaction: SqlTransaction = {
    read: all,
    lock: all,
    hold: async () => undefined,
    run: async (sql, values) => {
      statements.add(sql)
      return Number(database.prepare(sql).run(...values).changes)
    },
  }
  let last: Promise<unknown> = Promise.resolve()
  async function writeAlone<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    database.exec('BEGIN')
    try {
      const result = await work(transaction)
      database.exec('COMMIT')
      return result
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
  return {
    read: async (sql, values) => {
      await last.catch(() => undefined)
      return all(sql, values)
    },
    write(work) {
      const write = last.catch(() => undefined).then(() => writeAlone(work))
      last = write
      return write
    },
    close: async () => database.close(),
  }
}

function migrated(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec(createVersionTable)
  for (const migration of migrations) {
    for (const statement of migration.statements({ sequenceColumn: 'INTEGER PRIMARY KEY' })) {
      database.exec(statement)
    }
  }
  return database
}

describe('SQL storage over another driver', () => {
  test.each(storageConformance)('$name', ({ run }) => run({ open: async () => sqlStorage(plainDriver()) }))
})

describe('statements', () => {
  const database = migrated(':memory:')
  afterAll(() => database.close())

  /** One row, and one for each purpose. */
  const small = /^SCAN (?:setup_links|data_keys)/

  test('each finds its rows by an index', () => {
    expect(statements.size).toBeGreaterThan(50)
    const slow: string[] = []
    for (const sql of statements) {
      const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]
      for (const { detail } of steps) {
        const isScan =
          /^SCAN/.test(detail) && !/USING (?:COVERING )?INDEX/.test(detail) && !small.test(detail)
        if (isScan) slow.push(`${detail}: ${sql}`)
      }
    }
    expect(slow).toEqual([])
  })
})

describe('rows of a grant', () => {
  test.each([
    ['a handful when it is refreshed every hour', 3600, 50, 4],
    ['those in grace and 256 with a live access token when it is refreshed every second', 1, 700, 258],
  ])('stay %s', async (_what, seconds, rotations, most) => {
    const database = migrated(':memory:')
    const storage = sqlStorage(plainDriver(database))
    await storeGrant(storage, tokensOf('g'))
    for (let generation = 0; generation < rotations; generation++) {
      const now = start + generation * seconds
      const { outcome } = await storage.rotateRefreshToken(rotationOf('g', generation, now), now)
      expect(outcome).toBe('rotated')
    }
    const rows = database.prepare('SELECT generation FROM token_generations ORDER BY generation').all()
    expect(rows.length).toBeLessThanOrEqual(most)
    expect(rows.at(-1)).toEqual({ generation: rotations })
    await storage.close()
  })
})

describe('migrations', () => {
  const step = (version: number): Migration => ({ version, statements: () => [] })

  test('are numbered from 1 without a gap', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1))
  })

  test('continue where the database stands, and refuse one that is ahead', () => {
    const known = [step(1), step(2), step(3)]
    const versions = (version: number) => pendingMigrations(version, known).map((each) => each.version)
    expect([versions(0), versions(1), versions(3)]).toEqual([[1, 2, 3], [2, 3], []])
    expect(() => pendingMigrations(4, known)).toThrow(/schema version 4.*up to 3/)
  })
})
