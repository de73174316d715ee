/** A copy of an SQLite database that is in use, whole as of one instant (https://sqlite.org/backup.html). */

import { closeSync, openSync, rmSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'
import { StorageError } from './storage-error.ts'

/** Makes the file, for its owner alone; one that is there already is not written over. */
export async function backUp(path: string, to: string): Promise<void> {
  try {
    closeSync(openSync(to, 'wx', 0o600))
  } catch (error) {
    throw notMade(to, error)
  }
  try {
    await copyWhole(path, to)
  } catch (error) {
    rmSync(to, { force: true })
    throw notMade(to, error)
  }
}

async function copyWhole(path: string, to: string): Promise<void> {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  try {
    await backup(database, to, { rate: pagesPerStep })
  } finally {
    database.close()
  }
}

function notMade(to: string, error: unknown): StorageError {
  const why = error instanceof Error ? error.message : String(error)
  return new StorageError('not-writable', `the backup ${to} cannot be made: ${why}`, { cause: error })
}

/** 4 MB between two looks at whether somebody wants to write. */
const pagesPerStep = 1_000
