/** A copy of an SQLite database that is in use, whole as of one instant (https://sqlite.org/backup.html). */

import { chmodSync, closeSync, openSync, rmSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'
import { StorageError } from './storage-error.ts'

/** Makes the file, for its owner alone; one that is there already is not written over. */
export async function backUp(path: string, to: string): Promise<void> {
  try {
    closeSync(openSync(to, 'wx', 0o600))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new StorageError('not-writable', `the backup ${to} cannot be made: ${why}`, { cause: error })
  }
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  try {
    await backup(database, to, { rate: pagesPerStep })
    chmodSync(to, 0o600)
  } catch (error) {
    rmSync(to, { force: true })
    throw error
  } finally {
    database.close()
  }
}

/** 4 MB between two looks at whether somebody wants to write. */
const pagesPerStep = 1_000
