/** Statements and values as PostgreSQL takes them: numbered places, each text prepared once, and text without U+0000. */

import type pg from 'pg'
import type { SqlRow, SqlValue } from '../sql/driver.ts'

interface PreparedStatement {
  name: string
  text: string
}

/** The texts of SQL storage are a fixed set, so that each connection prepares each of them once. */
const statements = new Map<string, PreparedStatement>()

export function prepared(sql: string, values: readonly SqlValue[]): pg.QueryConfig {
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

export function writable(value: SqlValue): SqlValue {
  if (typeof value !== 'string' || !/[\0\uE000]/.test(value)) return value
  return value.replaceAll(privateMark, `${privateMark}1`).replaceAll('\0', `${privateMark}0`)
}

export function readRow(row: Record<string, SqlValue>): SqlRow {
  for (const [column, value] of Object.entries(row)) {
    if (typeof value === 'string' && value.includes(privateMark))
      row[column] = value.replaceAll(`${privateMark}0`, '\0').replaceAll(`${privateMark}1`, privateMark)
  }
  return row
}
