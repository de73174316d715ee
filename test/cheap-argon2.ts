// Hashing a password is what an open door costs most; how much is the business of test/identity/local-accounts.test.ts alone.

import type { Argon2Cost } from '../src/identity/providers/local-accounts.ts'

export const cheapArgon2: Argon2Cost = { memoryKibibytes: 64, passes: 1, parallelism: 1 }
