/** The storage contract in SQL, written once for every engine that has transactions; engines differ in their driver. */

import { sqlAccounts } from './sql/accounts.ts'
import { sqlAudit } from './sql/audit.ts'
import { sqlAuthorizations } from './sql/authorizations.ts'
import { sqlClients } from './sql/clients.ts'
import { sqlConnections } from './sql/connections.ts'
import { sqlCredentials } from './sql/credentials.ts'
import { sqlDetours } from './sql/detours.ts'
import type { SqlDriver } from './sql/driver.ts'
import { removeExpiredRows } from './sql/expiry.ts'
import { sqlInstances } from './sql/instances.ts'
import { sqlInvitations } from './sql/invitations.ts'
import { sqlKeys } from './sql/keys.ts'
import { sqlPasskeys } from './sql/passkeys.ts'
import { sqlPushedRequests } from './sql/pushed-requests.ts'
import { sqlSessions } from './sql/sessions.ts'
import { sqlTokens } from './sql/tokens.ts'
import { sqlToolLists } from './sql/tool-lists.ts'
import { sqlUniqueIds } from './sql/unique-ids.ts'
import { sqlUsage } from './sql/usage.ts'
import type { Storage } from './storage.ts'

/** The tables must be there: see `migrations.ts`. */
export function sqlStorage(driver: SqlDriver): Storage {
  return {
    ...sqlClients(driver),
    ...sqlAuthorizations(driver),
    ...sqlTokens(driver),
    ...sqlAccounts(driver),
    ...sqlSessions(driver),
    ...sqlKeys(driver),
    ...sqlConnections(driver),
    ...sqlInvitations(driver),
    ...sqlPushedRequests(driver),
    ...sqlUniqueIds(driver),
    ...sqlInstances(driver),
    ...sqlCredentials(driver),
    ...sqlDetours(driver),
    ...sqlPasskeys(driver),
    ...sqlUsage(driver),
    ...sqlToolLists(driver),
    ...sqlAudit(driver),
    removeExpired: (now, limit) => driver.write((transaction) => removeExpiredRows(transaction, now, limit)),
    close: () => driver.close(),
  }
}
