/** What every peer's process has in common: where it listens, and a database whose commits are on the disk when they return. */

import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'

/** The port, which is part of each issuer, and the path of the database. */
export const [port, databasePath] = [Number(process.argv[2]), String(process.argv[3])]
export const origin = `http://localhost:${port}`

/** As Postern opens its own: a write-ahead log, and FULL, so that an answered request survives a loss of power. */
export function openDatabase() {
  const database = new DatabaseSync(databasePath)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  return database
}

/** Serves until the process is killed. */
export function serve(listener) {
  createServer(listener).listen(port, '127.0.0.1', () => process.stdout.write('listening\n'))
}
