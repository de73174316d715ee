/** A database of any earlier version becomes what a new one is, and nobody in it is signed out. */

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresStorage } from '../../src/storage/adapters/postgres.ts'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import { accessHash, refreshHash, rotationOf, start } from '../../src/storage/conformance/records.ts'
import { createVersionTable, migrations } from '../../src/storage/migrations.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { isWhole } from '../whole.ts'
import { type PostgresServer, query, startPostgres } from './postgres-server.ts'
import { temporaryDatabases } from './temporary-databases.ts'

const earlier = migrations.slice(0, -1).map(({ version }) => version)

/** As version 1 had it, and every later one can. */
const rows = [
  `INSERT INTO users (user_id, username, username_key, display_name, password_hash, role, created_at)
    VALUES ('u', 'Ada', 'ada', 'Ada', NULL, 'admin', ${start})`,
  `INSERT INTO grants (grant_id, flow_id, client_id, client_row_id, client_name, user_id, resource, scope, redirect_uri,
      created_at, last_used_at, expires_at, revoked_at, revoked_reason)
    VALUES ('g', 'f', 'c', NULL, 'Claude', 'u', 'http://localhost:8787/mcp', 'read write', 'https://claude.ai/x',
      ${start}, ${start}, ${start + 86_400}, NULL, NULL)`,
  `INSERT INTO token_generations (grant_id, generation, refresh_hash, access_hash, issued_at, first_used_at, rotated_at,
      access_expires_at, access_first_used_at)
    VALUES ('g', 0, '${refreshHash('g', 0)}', '${accessHash('g', 0)}', ${start}, NULL, NULL, ${start + 3600}, NULL)`,
]

function statementsUpTo(version: number, sequenceColumn: string): string[] {
  const applied = migrations.filter((migration) => migration.version <= version)
  return [
    createVersionTable,
    ...applied.flatMap((migration) => [
      ...migration.statements({ sequenceColumn }),
      `INSERT INTO schema_version (version, applied_at) VALUES (${migration.version}, 0)`,
    ]),
    ...rows,
  ]
}

async function expectNobodySignedOut(storage: Storage): Promise<void> {
  expect((await storage.findUserByName('ada'))?.userId).toBe('u')
  expect((await storage.findAccessToken(accessHash('g', 0), start))?.grant.clientName).toBe('Claude')
  expect((await storage.rotateRefreshToken(rotationOf('g', 0, start), start)).outcome).toBe('rotated')
  expect(await storage.removeExpired(start, 100)).toBe(0)
}

describe('SQLite', () => {
  const databases = temporaryDatabases()
  afterAll(() => databases.remove())
  const shapeOf = (path: string): unknown => {
    const database = new DatabaseSync(path, { readOnly: true })
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all()
    const shape = tables.map(({ name }) => [name, database.prepare(`PRAGMA table_info(${name})`).all()])
    const indexes = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name")
      .all()
    database.close()
    return [shape, indexes]
  }

  test.each(earlier)('from version %i', async (version) => {
    const path = databases.newPath()
    mkdirSync(dirname(path))
    const old = new DatabaseSync(path)
    old.exec(`PRAGMA application_id = ${0x7073746e}`)
    for (const statement of statementsUpTo(version, 'INTEGER PRIMARY KEY')) old.exec(statement)
    old.close()
    const storage = sqliteStorage({ path })
    await expectNobodySignedOut(storage)
    await storage.close()
    const fresh = databases.newPath()
    await sqliteStorage({ path: fresh }).close()
    expect(shapeOf(path)).toEqual(shapeOf(fresh))
  })
})

describe('PostgreSQL', () => {
  let server: PostgresServer
  let shape: unknown
  const shapeOf = (url: string): Promise<unknown> =>
    query(
      url,
      `SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
        WHERE table_schema = 'public' ORDER BY table_name, column_name`,
    )

  beforeAll(async () => {
    server = await startPostgres()
    const fresh = await server.newDatabase()
    await (await postgresStorage({ url: fresh })).close()
    shape = await shapeOf(fresh)
  }, 180_000)
  afterAll(() => server.stop())

  /** The statements are those of SQLite; the default run has the way from either end. */
  const begun = isWhole ? earlier : earlier.filter((_, index) => index === 0 || index === earlier.length - 1)
  test.each(begun)('from version %i', async (version) => {
    const url = await server.newDatabase()
    const statements = statementsUpTo(version, 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY')
    await query(url, statements.join(';\n'))
    const storage = await postgresStorage({ url })
    await expectNobodySignedOut(storage)
    await storage.close()
    expect(await shapeOf(url)).toEqual(shape)
  })
})
