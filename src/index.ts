/** Postern as a library: web-standard only, for whatever serves `Request` and `Response`. */

export type {
  ConnectorOptions,
  ConnectorRules,
  Person,
  Tenant,
  TenantConnectorOptions,
} from './app/connector-options.ts'
export { createPostern, type Postern, type PosternOptions } from './app/postern.ts'
export type { SourceOptions } from './app/sources.ts'
export {
  defaultRateRules,
  type RateLimitName,
  type RateRule,
  type RateRules,
} from './authorization-server/rate-limits.ts'
export type {
  ClientRules,
  Lifetimes,
  TrustedIssuer,
  VouchedPerson,
  WaysIn,
} from './authorization-server/settings.ts'
export { noCredential } from './credentials/kinds/none.ts'
export { type SignedIdentityOptions, signedIdentity } from './credentials/kinds/signed-identity.ts'
export { type StaticSecretOptions, staticSecret } from './credentials/kinds/static-secret.ts'
export { type UpstreamOauthOptions, upstreamOauth } from './credentials/kinds/upstream-oauth.ts'
export {
  type SuppliedCheck,
  type SuppliedField,
  type UserSuppliedOptions,
  userSupplied,
} from './credentials/kinds/user-supplied.ts'
export type { UpstreamCredential } from './credentials/upstream-credential.ts'
export type { PolicyRule, PolicySelection } from './gateway/access-policy.ts'
export { defaultGatewayLimits, type GatewayLimits } from './gateway/limits.ts'
export type { Upstream } from './gateway/upstream.ts'
export { type InProcessUpstreamOptions, inProcessUpstream } from './gateway/upstreams/in-process.ts'
export {
  type StreamableHttpUpstreamOptions,
  streamableHttpUpstream,
} from './gateway/upstreams/streamable-http.ts'
export { type UrlUpstreamOptions, urlUpstream } from './gateway/upstreams/url.ts'
export type { EntryRules } from './identity/entry-rules.ts'
export type { IdentityProvider, OutsideVisitor } from './identity/identity-provider.ts'
export { type Auth0Options, auth0 } from './identity/providers/auth0.ts'
export { type EntraOptions, entra } from './identity/providers/entra.ts'
export { type GitHubOptions, github } from './identity/providers/github.ts'
export { type GoogleOptions, google } from './identity/providers/google.ts'
export { type KeycloakOptions, keycloak } from './identity/providers/keycloak.ts'
export { type OidcOptions, oidc } from './identity/providers/oidc.ts'
export { type OktaOptions, okta } from './identity/providers/okta.ts'
export { passkeys } from './identity/providers/passkeys.ts'
export { type TrustedHeaderOptions, trustedHeader } from './identity/providers/trusted-header.ts'
export { defaultScopes, type ScopeDefinition } from './oauth/scope.ts'
export type { Connection } from './platform/request-source.ts'
export { createTelemetry, type EventReader, type PosternEvent, type Telemetry } from './platform/telemetry.ts'
export { memoryStorage } from './storage/adapters/memory.ts'
export type { Storage } from './storage/storage.ts'
