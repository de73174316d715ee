/** The memory adapter keeps every promise of the storage contract. */

import { describe, test } from 'vitest'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import { storageConformance } from '../../src/storage/conformance.ts'

describe('memory storage', () => {
  test.each(storageConformance)('$name', ({ run }) => run({ open: async () => memoryStorage() }))
})
