/** Whether an MCP server takes what a person has just typed in, before it is kept (house rule 10). */

import { type CallerCredential, CredentialLost } from '../credentials/caller-credential.ts'
import type { CheckOutcome, SuppliedUse } from '../credentials/upstream-credential.ts'
import { randomId } from '../platform/crypto.ts'

/** `list` does with it what a first call would do. */
export async function tryCredential(
  use: SuppliedUse,
  list: (credential: CallerCredential) => Promise<unknown>,
): Promise<CheckOutcome> {
  const refuse = async (_: unknown, says: string): Promise<never> => {
    throw new CredentialLost(says)
  }
  const own = { renew: refuse, lose: refuse }
  // An id of its own: nothing that this began is gone on with.
  const credential = { id: randomId(), environment: use.environment, current: async () => use, own }
  try {
    await list(credential)
    return { outcome: 'good', label: undefined }
  } catch (error) {
    const outcome = error instanceof CredentialLost ? 'refused' : 'unreachable'
    return { outcome, says: error instanceof Error ? error.message : undefined }
  }
}
