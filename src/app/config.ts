/** What `postern.config.ts` exports by default, and `postern.config.json` holds: the options by name, for one connector or for several. */

import type { SignedIdentityOptions } from '../credentials/kinds/signed-identity.ts'
import type { UpstreamOauthOptions } from '../credentials/kinds/upstream-oauth.ts'
import type { UserSuppliedOptions } from '../credentials/kinds/user-supplied.ts'
import type { Access, PolicyRule, SignInForm } from '../gateway/gateway.ts'
import type { Auth0Options } from '../identity/providers/auth0.ts'
import type { EntraOptions } from '../identity/providers/entra.ts'
import type { GitHubOptions } from '../identity/providers/github.ts'
import type { GoogleOptions } from '../identity/providers/google.ts'
import type { KeycloakOptions } from '../identity/providers/keycloak.ts'
import type { OidcOptions } from '../identity/providers/oidc.ts'
import type { OktaOptions } from '../identity/providers/okta.ts'
import type { TrustedHeaderOptions } from '../identity/providers/trusted-header.ts'
import type { ScopeDefinition } from '../oauth/scope.ts'

/** Of one connector, its own members stand here too; of several, under `connectors`. */
export interface ConfigFile extends ConnectorConfig {
  connectors?: readonly (ConnectorConfig | TenantsConfig)[]
  defaultConnector?: string
  identity?: readonly IdentityConfig[]
  port?: number
  host?: string
  publicUrl?: string
  tunnel?: boolean
  trustedHost?: readonly string[]
  trustedProxy?: readonly string[]
  registration?: boolean
  metadataDocuments?: boolean
  preRegistered?: boolean
  invitedOnly?: boolean
  allowRedirect?: readonly string[]
  allowClientName?: readonly string[]
  tokenEndpointAudience?: boolean
  allowSource?: readonly string[]
  trustIssuer?: readonly string[]
  unprovenClient?: readonly string[]
  rateLimits?: boolean
  accessTokenMinutes?: number
  refreshTokenDays?: number
  siteName?: string
  siteLogo?: string
  siteColour?: string
  data?: string
  database?: string
  console?: boolean
  internalListen?: string
  metricsListen?: string
  logFormat?: 'pretty' | 'json'
  logLevel?: LogLevel
}

/** An MCP server and who may use it. */
export interface TenantConfig {
  command?: readonly string[]
  upstream?: string
  upstreamHeader?: readonly string[]
  env?: readonly string[]
  cwd?: string
  credential?: CredentialConfig
  name?: string
  access?: Access
  publicTools?: readonly string[] | 'read-only'
  hiddenTools?: readonly string[]
  signInForm?: SignInForm
  people?: readonly string[]
  policy?: readonly PolicyRule[]
  clients?: 'any' | 'own'
  proofOfPossession?: 'offered' | 'required'
}

/** One way in which people sign in. `clientSecret` is the environment variable that holds it. */
export type IdentityConfig =
  /** `passkeys`: people may sign in by them too. */
  | { kind: 'local'; passkeys?: boolean }
  | ({ kind: 'oidc' } & OidcOptions)
  | ({ kind: 'google' } & GoogleOptions)
  | ({ kind: 'entra' } & EntraOptions)
  | ({ kind: 'okta' } & OktaOptions)
  | ({ kind: 'auth0' } & Auth0Options)
  | ({ kind: 'keycloak' } & KeycloakOptions)
  | ({ kind: 'github' } & GitHubOptions)
  /** `secret` is the environment variable that holds it. */
  | ({ kind: 'header' } & TrustedHeaderOptions)

/** What the MCP server is called with. */
export type CredentialConfig =
  | { kind: 'none' }
  /** Of each header the environment variable that holds its value. */
  | { kind: 'static-secret'; headers: Readonly<Record<string, string>> }
  | ({ kind: 'user-supplied' } & UserSuppliedOptions)
  /** `clientSecret` is the environment variable that holds it. */
  | ({ kind: 'upstream-oauth' } & UpstreamOauthOptions)
  | ({ kind: 'signed-identity' } & SignedIdentityOptions)

export interface ConnectorConfig extends TenantConfig {
  path?: string
  scopes?: readonly ScopeDefinition[]
  accessTokens?: 'opaque' | 'jwt'
  icon?: string
}

/** A URL for each tenant; `path` has `{tenant}` in it. */
export interface TenantsConfig extends Pick<ConnectorConfig, 'scopes' | 'accessTokens' | 'icon'> {
  name: string
  path: string
  /** By name, or in a .ts or .js file a function that is asked when a tenant is first used. */
  tenants:
    | Readonly<Record<string, TenantConfig>>
    | ((tenant: string) => TenantConfig | undefined | Promise<TenantConfig | undefined>)
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

export type OptionName = keyof ConfigFile | keyof TenantsConfig | 'config' | 'masterKey' | 'consoleToken'
