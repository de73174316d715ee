/** The SQLite adapter keeps every promise of the storage contract, across a new start too. */

import { afterAll, describe, test } from 'vitest'
import { durableStorageConformance, storageConformance } from '../../src/storage/conformance.ts'
import { temporaryDatabases } from './temporary-databases.ts'

describe('SQLite storage', () => {
  const databases = temporaryDatabases()
  afterAll(() => databases.remove())
  test.each(storageConformance)('$name', ({ run }) => run(databases.harness))
  test.each(durableStorageConformance)('$name', ({ run }) => run(databases.harness))
})
