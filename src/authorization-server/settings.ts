/** What the authorization server is told once, at start. */

import type { Wallet } from '../credentials/wallet.ts'
import type { Login } from '../identity/login.ts'
import type { Issuer } from '../oauth/authorization-server-metadata.ts'
import type { ResourceIdentifier } from '../oauth/resource-indicators.ts'
import type { ScopeDefinition } from '../oauth/scope.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/crypto.ts'
import type { OutboundFetch } from '../platform/outbound-fetch.ts'
import type { Telemetry } from '../platform/telemetry.ts'
import type { Detours } from '../storage/detours.ts'
import type { Storage, UserRecord } from '../storage/storage.ts'
import type { Brand } from '../ui/brand.ts'
import type { RateRules } from './rate-limits.ts'
import type { SigningKeys } from './signing-keys.ts'

/** A resource that this server issues tokens for, as its consent page shows it. */
export interface GuardedResource {
  identifier: ResourceIdentifier
  name: string
  /** What events call it, which names change more often than: its path, after its host where that is its own. */
  place: string
  /** A `data:` URL of an image. */
  icon: string | undefined
  scopes: readonly ScopeDefinition[]
  /** `jwt`: signed, for a resource server elsewhere that reads them by itself (RFC 9068); revoking is then only as fast there as they expire. */
  accessTokens: 'opaque' | 'jwt'
  /** The tools behind it, for the consent page; undefined when they cannot be had in time. */
  tools(): Promise<readonly ToolDescription[] | undefined>
  /** Its tokens are bound to a key (RFC 9449), or there are none. */
  boundTokensOnly: boolean
  /** Clients that were entered for this very resource, and no others. */
  ownClientsOnly: boolean
  /** Asked once somebody has signed in. */
  mayUse(person: UserRecord): Promise<boolean>
  /** Where each person gives what the upstream is called with in their name. */
  wallet?: Wallet | undefined
}

/** Some stand from the start, others (tenants) are known only when they are asked for. */
export interface GuardedResources {
  standing: readonly GuardedResource[]
  /** What a request means that names none (requirement ASU-07); undefined where several are equals. */
  standard: GuardedResource | undefined
  /** Of all there can be, for the metadata. */
  offeredScopes: readonly string[]
  find(identifier: ResourceIdentifier): Promise<GuardedResource | undefined>
}

export interface ToolDescription {
  name: string
  title: string | undefined
  /** Of the scope that allows it. */
  scope: string
  readOnly: boolean
  destructive: boolean
}

/** Which kinds of client may identify themselves. */
export interface WaysIn {
  /** `invited`: only with an initial access token from `postern clients invite` (RFC 7591 §3). */
  registration: boolean | 'invited'
  metadataDocument: boolean
  preRegistered: boolean
}

/** Where a request comes from: a hint for limits, which nothing is granted or refused for by itself. */
export interface RequestSource {
  /** One customer's addresses; `unknown` where the listener does not say. */
  name: string
  /** In the range that Anthropic publishes. */
  isClaude: boolean
}

/** What is asked of clients that come by themselves, by registration or by metadata document; those that the operator entered are not judged. */
export interface ClientRules {
  /** Where their answers may go, as `isRedirectTo` reads it; undefined: anywhere. */
  redirectHosts: readonly string[] | undefined
  /** What they may be called; undefined: anything. Their own word, so that this keeps out only those who do not lie. */
  clientNames: readonly string[] | undefined
  /** Client assertions may also name the token endpoint as their audience, as before draft-ietf-oauth-rfc7523bis. */
  tokenEndpointAudience: boolean
}

export const defaultClientRules: ClientRules = {
  redirectHosts: undefined,
  clientNames: undefined,
  tokenEndpointAudience: false,
}

/** An issuer that vouches for people (enterprise-managed authorization): whoever it names to a client is not asked for consent here. */
export interface TrustedIssuer {
  /** As its assertions name it in `iss`. */
  issuer: string
  /** Where its keys are; undefined: its OpenID discovery document says. */
  jwksUri?: string | undefined
  /** Ids of clients without a secret or key that may bring its assertions all the same, such as Claude's metadata document; whoever else gets hold of one that is not used yet can use it. Default: none. */
  unprovenClients?: readonly string[] | undefined
  /** Who of its people gets an account at the first visit. Undefined or `true`: everybody it vouches for; `false`: nobody, so that it stays with those who have one. */
  mayJoin?: boolean | ((person: VouchedPerson) => boolean | Promise<boolean>) | undefined
}

/** Whom an issuer speaks of, in its own words. */
export interface VouchedPerson {
  issuer: string
  /** Of an issuer that serves several companies. */
  tenant: string | undefined
  subject: string
  email: string | undefined
  name: string | undefined
}

export interface Lifetimes {
  /** More than ten minutes: below, some clients refresh twice at once (Gemini CLI, recorded 2026-11). */
  accessTokenSeconds: number
  /** Counted from the last refresh. */
  refreshTokenSeconds: number
  authorizationCodeSeconds: number
  /** How long a person may take to sign in and decide. */
  pendingSeconds: number
  /** How long a registration that nobody approved is kept. */
  unconfirmedClientSeconds: number
  /** Counted from the last use of an approved one; longer than a refresh token lives. */
  clientSeconds: number
  /** House rule 2 (a). */
  lostResponseSeconds: number
  /** House rule 2 (b). */
  reuseGraceSeconds: number
}

export const defaultLifetimes: Lifetimes = {
  accessTokenSeconds: 3600,
  refreshTokenSeconds: 90 * 86_400,
  authorizationCodeSeconds: 300,
  pendingSeconds: 1800,
  unconfirmedClientSeconds: 86_400,
  clientSeconds: 400 * 86_400,
  lostResponseSeconds: 86_400,
  reuseGraceSeconds: 60,
}

/** Each purpose has a key of its own, so that a tag made for one can never stand for another. */
export interface AuthorizationServerKeys {
  clientId: Uint8Array
  clientSecret: Uint8Array
  authorizationCode: Uint8Array
  tokens: Uint8Array
}

export interface AuthorizationServerSettings {
  issuer: Issuer
  /** What a person reads at the top of each page. */
  brand: Brand
  resources: GuardedResources
  waysIn: WaysIn
  clientRules: ClientRules
  /** Undefined: nothing is limited. */
  rateRules: RateRules | undefined
  trustedIssuers: readonly TrustedIssuer[]
  lifetimes: Lifetimes
  storage: Storage
  keys: AuthorizationServerKeys
  /** There where the tokens of some resource are signed. */
  signingKeys: SigningKeys | undefined
  login: Login
  detours: Detours
  outboundFetch: OutboundFetch
  telemetry: Telemetry
  clock: Clock
  random: Random
}

/** Larger bodies are no OAuth request. */
export const maximumFormBytes = 65_536
