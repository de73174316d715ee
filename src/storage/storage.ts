/**
 * The storage contract: verbs of the domain, each with its atomic promise. There is no get and put: an
 * engine that cannot compare and swap cannot be one (docs/decisions/0002). `conformance.ts` proves an adapter.
 *
 * Every instant is epoch seconds; a record whose `expiresAt` is now has expired. Every secret arrives as a hash:
 * nothing here could be used to sign in. Lists come newest first.
 */

import type { AccountStorage } from './contract/accounts.ts'
import type { AuditStorage } from './contract/audit.ts'
import type { AuthorizationStorage } from './contract/authorizations.ts'
import type { ClientStorage } from './contract/clients.ts'
import type { ConnectionStorage } from './contract/connections.ts'
import type { CredentialStorage } from './contract/credentials.ts'
import type { DetourStorage } from './contract/detours.ts'
import type { InstanceStorage } from './contract/instances.ts'
import type { InvitationStorage } from './contract/invitations.ts'
import type { KeyStorage } from './contract/keys.ts'
import type { PasskeyStorage } from './contract/passkeys.ts'
import type { PushedRequestStorage } from './contract/pushed-requests.ts'
import type { SessionStorage } from './contract/sessions.ts'
import type { TokenStorage } from './contract/tokens.ts'
import type { ToolListStorage } from './contract/tool-lists.ts'
import type { UniqueIdStorage } from './contract/unique-ids.ts'
import type { UsageStorage } from './contract/usage.ts'

export type * from './contract/accounts.ts'
export type * from './contract/audit.ts'
export type * from './contract/authorizations.ts'
export type * from './contract/clients.ts'
export type * from './contract/connections.ts'
export type * from './contract/credentials.ts'
export type * from './contract/detours.ts'
export type * from './contract/instances.ts'
export type * from './contract/invitations.ts'
export type * from './contract/keys.ts'
export type * from './contract/passkeys.ts'
export type * from './contract/pushed-requests.ts'
export type * from './contract/sessions.ts'
export type * from './contract/tokens.ts'
export type * from './contract/tool-lists.ts'
export type * from './contract/unique-ids.ts'
export type * from './contract/usage.ts'

export interface Storage
  extends ClientStorage,
    AuthorizationStorage,
    TokenStorage,
    AccountStorage,
    SessionStorage,
    KeyStorage,
    ConnectionStorage,
    InvitationStorage,
    PushedRequestStorage,
    UniqueIdStorage,
    InstanceStorage,
    UsageStorage,
    ToolListStorage,
    AuditStorage,
    CredentialStorage,
    DetourStorage,
    PasskeyStorage {
  /**
   * Removes up to `limit` records whose time has passed, and says how many. Never touches a live one, nor a client
   * that has a live grant; a code that was taken stays for a day longer, so that a late replay is still recognised.
   */
  removeExpired(now: number, limit: number): Promise<number>
  /** Everything written so far is durable when this resolves. */
  close(): Promise<void>
}
