/** What SQL storage needs of a database, kept small and structural so that each engine's driver is a page. */

import { decodeBase64Url, encodeBase64Url } from '../../platform/crypto.ts'

export type SqlValue = string | number | null
export type SqlRow = Readonly<Record<string, SqlValue>>

/** Values stand for `?`, in order; a driver whose engine numbers them translates. */
export interface SqlReader {
  read(sql: string, values: readonly SqlValue[]): Promise<SqlRow[]>
}

/** Inside a transaction everything waited for is one of these three: anything else would hold it open. */
export interface SqlTransaction extends SqlReader {
  /** Reads rows that nobody else changes before this transaction ends (`FOR UPDATE`, where an engine has it). */
  lock(sql: string, values: readonly SqlValue[]): Promise<SqlRow[]>
  /** Nobody else holds one of these names before this transaction ends; for what has no row yet that could be locked. Once in a transaction, before it reads. */
  hold(names: readonly string[]): Promise<void>
  /** Gives the number of rows that were changed. */
  run(sql: string, values: readonly SqlValue[]): Promise<number>
}

export interface SqlDriver extends SqlReader {
  /** All that `work` writes, or nothing. Durable when it resolves; whatever was resolved before is seen by every later read. */
  write<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>
  /** Waits for the writes that are under way. */
  close(): Promise<void>
}

/** A table's columns in one order, for its inserts, its selects and its reader. */
export function columnList(columns: readonly string[], table?: string, prefix = ''): string {
  return columns
    .map((column) => (table === undefined ? column : `${table}.${column} AS ${prefix}${column}`))
    .join(', ')
}

export function insertInto(table: string, columns: readonly string[]): string {
  return `INSERT INTO ${table} (${columnList(columns)}) VALUES (${columns.map(() => '?').join(', ')})`
}

export function readText(row: SqlRow, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`column ${column} holds no text`)
  return value
}

export function readOptionalText(row: SqlRow, column: string): string | undefined {
  return row[column] === null ? undefined : readText(row, column)
}

export function readInteger(row: SqlRow, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new TypeError(`column ${column} holds no number`)
  return value
}

export function readOptionalInteger(row: SqlRow, column: string): number | undefined {
  return row[column] === null ? undefined : readInteger(row, column)
}

/** Bytes are kept as text, which every engine has alike. */
export function writeBytes(bytes: Uint8Array): string {
  return encodeBase64Url(bytes)
}

export function readBytes(row: SqlRow, column: string): Uint8Array {
  const bytes = decodeBase64Url(readText(row, column))
  if (bytes === undefined) throw new TypeError(`column ${column} holds no base64url`)
  return bytes
}

/** Scope names hold no space (RFC 6749 §3.3). */
export function formatNames(names: readonly string[]): string {
  return names.join(' ')
}

export function readNames(row: SqlRow, column: string): string[] {
  const text = readText(row, column)
  return text === '' ? [] : text.split(' ')
}
