/** SQLite files for tests, in one directory that goes when they are done. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import type { DurableStorageHarness } from '../../src/storage/conformance.ts'
import type { Storage } from '../../src/storage/storage.ts'

export interface TemporaryDatabases {
  harness: DurableStorageHarness
  /** The path of a file that does not exist yet. */
  newPath(): string
  remove(): void
}

export function temporaryDatabases(): TemporaryDatabases {
  const directory = mkdtempSync(join(tmpdir(), 'postern-storage-'))
  const paths = new WeakMap<Storage, string>()
  let count = 0
  const newPath = () => join(directory, `${++count}`, 'postern.db')
  function open(path: string): Storage {
    const storage = sqliteStorage({ path })
    paths.set(storage, path)
    return storage
  }
  return {
    harness: {
      open: async () => open(newPath()),
      reopen: async (closed) => open(paths.get(closed) ?? ''),
    },
    newPath,
    remove: () => rmSync(directory, { recursive: true }),
  }
}
