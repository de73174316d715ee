/** What one connector is called with for each person, whatever kind it is: the contract that consent and gateway hold to. */

import type { Clock } from '../platform/clock.ts'
import type { TokenHash } from '../platform/crypto.ts'
import type { Telemetry } from '../platform/telemetry.ts'
import type { Detours } from '../storage/detours.ts'
import type { CredentialStorage, UniqueIdStorage } from '../storage/storage.ts'
import type { CredentialView } from '../ui/credential.ts'
import { createAccountWallet } from './account-wallet.ts'
import type { CallerCredential } from './caller-credential.ts'
import { createSuppliedWallet } from './supplied-wallet.ts'
import type {
  AccountCredential,
  CheckOutcome,
  CheckWay,
  SuppliedCredential,
  SuppliedUse,
} from './upstream-credential.ts'
import type { Vault } from './vault.ts'

export interface Wallet {
  /** Undefined where the person has none that was not refused. `onLost` is told when that becomes so. */
  find(userId: string, flowId: string, onLost: () => Promise<void>): Promise<CallerCredential | undefined>
  /** For the consent page. */
  view(userId: string, fault?: ReturnFault): Promise<CredentialView>
  /** What the form of the consent page brought, for this person. */
  accept(visit: Visit, form: URLSearchParams): Promise<Acceptance>
  /** For a page that was shown to somebody else. */
  startOver(userId: string): Promise<Extract<Acceptance, { outcome: 'again' }>>
  /** The browser came back from where `accept` sent it, to this address with what that had kept. */
  finish(
    person: Pick<Visit, 'userId' | 'flowId'>,
    answer: URL,
    secret: Readonly<Record<string, string>>,
  ): Promise<Return>
}

export interface Visit {
  userId: string
  flowId: string
  browserHash: TokenHash
  /** What the consent page has to know when the browser comes back. */
  carried: Readonly<Record<string, unknown>>
}

/** `again`: nothing was kept; the page is to be shown once more. `elsewhere`: the browser has to go there first. */
export type Acceptance =
  | { outcome: 'ready' }
  | { outcome: 'again'; status: number; view: CredentialView }
  | { outcome: 'elsewhere'; provider: string; location: URL }

export type Return = 'connected' | ReturnFault

/** Closed words, which a page may show and an address may carry. */
export type ReturnFault = 'declined' | 'failed'

/** Of the browser that was sent to connect an account. */
export const accountDetour = 'account'

export interface WalletOptions {
  /** The connector's path. */
  connector: string
  storage: CredentialStorage & UniqueIdStorage
  vault: Vault
  detours: Detours
  /** Where browsers come back to. */
  redirectUri: string
  way: CheckWay
  /** Where the kind has nobody to ask: the MCP server itself. */
  checkByServer(use: SuppliedUse): Promise<CheckOutcome>
  telemetry: Telemetry
  clock: Clock
}

export type PersonalCredential = SuppliedCredential | AccountCredential

export function createWallet(credential: PersonalCredential, options: WalletOptions): Wallet {
  return credential.kind === 'supplied'
    ? createSuppliedWallet(credential, options)
    : createAccountWallet(credential, options)
}
