/**
 * The conformance kit: every promise of the storage contract as a case that throws when it is broken, races
 * included. It is data and needs no test runner; whoever writes an adapter runs each case and is done.
 */

import { accountCases } from './conformance/accounts.ts'
import { authorizationCases } from './conformance/authorizations.ts'
import { clientCases } from './conformance/clients.ts'
import { connectionCases } from './conformance/connections.ts'
import { credentialCases } from './conformance/credentials.ts'
import { durableCases } from './conformance/durable.ts'
import { expiryCases } from './conformance/expiry.ts'
import { instanceCases } from './conformance/instances.ts'
import { invitationCases } from './conformance/invitations.ts'
import { keyCases } from './conformance/keys.ts'
import { passkeyCases } from './conformance/passkeys.ts'
import { pushedRequestCases } from './conformance/pushed-requests.ts'
import { rotationCases } from './conformance/rotation.ts'
import { tokenCases } from './conformance/tokens.ts'
import { usageCases } from './conformance/usage.ts'
import type { Storage } from './storage.ts'

export interface StorageHarness {
  /** A storage with nothing in it. The case closes it. */
  open(): Promise<Storage>
}

export interface DurableStorageHarness extends StorageHarness {
  /** Opens what a closed storage held, as a new process would. */
  reopen(closed: Storage): Promise<Storage>
}

export interface ConformanceCase<Harness> {
  name: string
  /** Rejects with what was expected and what was found. */
  run(harness: Harness): Promise<void>
}

/** For every adapter. */
export const storageConformance: readonly ConformanceCase<StorageHarness>[] = [
  ...clientCases,
  ...authorizationCases,
  ...tokenCases,
  ...rotationCases,
  ...accountCases,
  ...keyCases,
  ...connectionCases,
  ...invitationCases,
  ...pushedRequestCases,
  ...credentialCases,
  ...passkeyCases,
  ...usageCases,
  ...instanceCases,
  ...expiryCases,
].map(({ name, check }) => ({
  name,
  async run(harness) {
    const storage = await harness.open()
    try {
      await check(storage)
    } finally {
      await storage.close()
    }
  },
}))

/** For adapters that keep what they were given when the process ends. */
export const durableStorageConformance: readonly ConformanceCase<DurableStorageHarness>[] = durableCases.map(
  ({ name, fill, check }) => ({
    name,
    async run(harness) {
      const first = await harness.open()
      try {
        await fill(first)
      } finally {
        await first.close()
      }
      const second = await harness.reopen(first)
      try {
        await check(second)
      } finally {
        await second.close()
      }
    },
  }),
)
