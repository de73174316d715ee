/** A storage in this process's memory: for tests and for trying things out. A restart forgets everything. */

import { memoryAccounts } from '../memory/accounts.ts'
import { memoryAudit } from '../memory/audit.ts'
import { memoryAuthorizations } from '../memory/authorizations.ts'
import { memoryClients } from '../memory/clients.ts'
import { memoryConnections } from '../memory/connections.ts'
import { memoryCredentials } from '../memory/credentials.ts'
import { memoryDetours } from '../memory/detours.ts'
import { removeExpiredRecords } from '../memory/expiry.ts'
import { createHeld } from '../memory/held.ts'
import { memoryInstances } from '../memory/instances.ts'
import { memoryInvitations } from '../memory/invitations.ts'
import { memoryKeys } from '../memory/keys.ts'
import { memoryPasskeys } from '../memory/passkeys.ts'
import { memoryPushedRequests } from '../memory/pushed-requests.ts'
import { memorySessions } from '../memory/sessions.ts'
import { memoryTokens } from '../memory/tokens.ts'
import { memoryToolLists } from '../memory/tool-lists.ts'
import { memoryUniqueIds } from '../memory/unique-ids.ts'
import { memoryUsage } from '../memory/usage.ts'
import type { Storage } from '../storage.ts'

/** Each verb runs to its end without waiting for anything, so each is atomic. */
export function memoryStorage(): Storage {
  const held = createHeld()
  return {
    ...memoryClients(held),
    ...memoryAuthorizations(held),
    ...memoryTokens(held),
    ...memoryAccounts(held),
    ...memorySessions(held),
    ...memoryKeys(held),
    ...memoryConnections(held),
    ...memoryInvitations(held),
    ...memoryPushedRequests(held),
    ...memoryUniqueIds(held),
    ...memoryInstances(held),
    ...memoryCredentials(held),
    ...memoryDetours(held),
    ...memoryPasskeys(held),
    ...memoryUsage(held),
    ...memoryToolLists(held),
    ...memoryAudit(held),
    removeExpired: async (now, limit) => removeExpiredRecords(held, now, limit),
    async close() {},
  }
}
