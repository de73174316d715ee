/** What there is in an SQLite file, read without changing it. */

import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { findMove } from './copy/move-node.ts'
import { migrations } from './migrations.ts'
import { withoutPassword } from './postgres/url.ts'
import type { StorageFacts } from './storage-facts.ts'

export function sqliteFacts(path: string): StorageFacts {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  try {
    const value = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0]
    const names = database
      .prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .all()
      .map(({ name }) => String(name))
    const move = findMove(database)
    const counted = names.filter((name) => !/^(schema_version|moved_|copy_changes)/.test(name))
    return {
      engine: `SQLite ${String(value('SELECT sqlite_version()'))}`,
      where: path,
      version: names.includes('schema_version')
        ? Number(value('SELECT MAX(version) FROM schema_version'))
        : 0,
      newestVersion: migrations.at(-1)?.version ?? 0,
      bytes: statSync(path).size,
      rows: Object.fromEntries(counted.map((name) => [name, Number(value(`SELECT COUNT(*) FROM ${name}`))])),
      ...(move === undefined ? {} : { movedTo: withoutPassword(move.target) }),
    }
  } finally {
    database.close()
  }
}
