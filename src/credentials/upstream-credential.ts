/** What an upstream is called with: a contract, one kind for each way in which it comes about. */

import type { OutboundFetch } from '../platform/outbound-fetch.ts'
import type { AppliedCredential } from './caller-credential.ts'

/** Told apart by `kind`; one file each in `kinds/`. */
export type UpstreamCredential =
  | FixedCredential
  | SuppliedCredential
  | AccountCredential
  | StatementCredential

/** The same for everybody. */
export interface FixedCredential {
  readonly kind: 'fixed'
  readonly headers: Readonly<Record<string, string>>
}

/** A person's own, typed into the consent page. */
export interface SuppliedCredential {
  readonly kind: 'supplied'
  readonly title: string | undefined
  readonly help: string | undefined
  /** Where a person finds it, for a link. */
  readonly helpUrl: string | undefined
  readonly fields: readonly CredentialField[]
  /** What is to be kept of the form, in one spelling; or what is wrong with it, by field. */
  read(form: ReadonlyMap<string, string>): SuppliedValues
  apply(values: CredentialValues): SuppliedUse
  /** Asks the upstream whether it accepts them. Undefined where there is nobody to ask but the MCP server itself. */
  readonly check: ((values: CredentialValues, way: CheckWay) => Promise<CheckOutcome>) | undefined
}

export interface CredentialField {
  readonly name: string
  readonly label: string
  readonly hint: string | undefined
  /** Not shown while it is typed, and never again. */
  readonly isSecret: boolean
  readonly isRequired: boolean
}

export type CredentialValues = Readonly<Record<string, string>>

export type FieldProblem = 'missing' | 'pattern' | 'characters' | 'too-long' | 'not-a-url'

export type SuppliedValues =
  | { outcome: 'ready'; values: CredentialValues }
  | { outcome: 'wrong'; problems: ReadonlyMap<string, FieldProblem> }

export interface SuppliedUse extends AppliedCredential {
  readonly environment: Readonly<Record<string, string>>
}

export interface CheckWay {
  /** To addresses that the operator named. */
  operatorFetch: OutboundFetch
  /** To addresses that a person named: public ones only. */
  guardedFetch: OutboundFetch
}

/** `says`: the upstream's own words, which are a stranger's. */
export type CheckOutcome =
  | { outcome: 'good'; label: string | undefined }
  | { outcome: 'refused'; says: string | undefined }
  | { outcome: 'unreachable'; says: string | undefined }

/** A person's own account at another provider, connected by OAuth. */
export interface AccountCredential {
  readonly kind: 'account'
  /** As people know it. */
  readonly provider: string
  /** Rejects with `CredentialUnavailable` where it cannot be found out where to sign in there. */
  begin(way: CheckWay, redirectUri: string): Promise<BegunAccount>
  /** `answer` is the redirect URI with what the browser brought; its `state` was judged. */
  finish(way: CheckWay, answer: URL, secret: Readonly<Record<string, string>>): Promise<FinishedAccount>
  renew(way: CheckWay, refreshToken: string): Promise<RenewedAccount>
  apply(accessToken: string): AppliedCredential
}

export interface BegunAccount {
  /** Whole but for the `state`. */
  location: URL
  /** What has to be known to finish, such as the PKCE verifier. */
  secret: Readonly<Record<string, string>>
}

export interface AccountTokens {
  accessToken: string
  refreshToken: string | undefined
  /** Undefined where the provider does not say. */
  expiresInSeconds: number | undefined
}

/** `says` is for the log. */
export type FinishedAccount =
  | { outcome: 'connected'; tokens: AccountTokens; label: string | undefined }
  | { outcome: 'declined' | 'failed'; says: string }

/** `dead`: only the person can bring it back. `unavailable`: it may be good the next time. */
export type RenewedAccount =
  | { outcome: 'renewed'; tokens: AccountTokens }
  | { outcome: 'dead' | 'unavailable'; says: string }

/** Who calls, in words that Postern signs. */
export interface StatementCredential {
  readonly kind: 'statement'
  readonly audience: string
  readonly header: string
  readonly lifetimeSeconds: number
  readonly isPairwise: boolean
  readonly claims: readonly ('username' | 'name' | 'email' | 'role' | 'groups')[]
}
