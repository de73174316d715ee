/** The OAuth 2.1 authorization server: its rooms wired together, its endpoints as functions of a request. */

import type { AuthorizationServerMetadata } from '../oauth/authorization-server-metadata.ts'
import type { JsonWebKeySet } from '../oauth/json-web-key.ts'
import { createClients } from './clients.ts'
import { createConsent } from './consent.ts'
import { authorizationEndpoint } from './endpoints/authorization.ts'
import { introspectionEndpoint } from './endpoints/introspection.ts'
import { authorizationServerMetadata } from './endpoints/metadata.ts'
import { pushedAuthorizationEndpoint } from './endpoints/pushed-authorization.ts'
import { registrationEndpoint } from './endpoints/registration.ts'
import { registrationManagementEndpoint } from './endpoints/registration-management.ts'
import { revocationEndpoint } from './endpoints/revocation.ts'
import { tokenEndpoint } from './endpoints/token.ts'
import { createManagedRegistrations } from './managed-registrations.ts'
import { createProofs } from './proofs.ts'
import { createRateLimits } from './rate-limits.ts'
import { createRegistrationIds } from './registration-ids.ts'
import { createRemoteKeys } from './remote-keys.ts'
import type { AuthorizationServerSettings, RequestSource } from './settings.ts'
import { createTokens, type DeadToken, type Tokens } from './tokens.ts'
import { createTrustedIssuers } from './trusted-issuers.ts'

/** Endpoints throw `OAuthError`; the front door turns it into a page, a redirect or JSON. */
export interface AuthorizationServer {
  metadata: AuthorizationServerMetadata
  authorize(request: Request, source: RequestSource): Promise<Response>
  decide(request: Request): Promise<Response>
  /** From the provider of an account that a connector is called with. */
  comeBack(request: Request): Promise<Response>
  token(request: Request, source: RequestSource): Promise<Response>
  register(request: Request, source: RequestSource): Promise<Response>
  manageRegistration(request: Request, source: RequestSource): Promise<Response>
  revoke(request: Request, source: RequestSource): Promise<Response>
  introspect(request: Request, source: RequestSource): Promise<Response>
  pushAuthorization(request: Request, source: RequestSource): Promise<Response>
  /** With which signed access tokens are verified; empty where none is signed. */
  keySet(): Promise<JsonWebKeySet>
  /** What the gateway asks of it, and all that it knows of it. */
  findPrincipal: Tokens['findPrincipal']
  findDeadToken(accessToken: string): Promise<DeadToken | undefined>
}

export function createAuthorizationServer(settings: AuthorizationServerSettings): AuthorizationServer {
  const limits = createRateLimits(settings.rateRules, settings.clock)
  const ids = createRegistrationIds(settings.keys, settings.random)
  const remoteKeys = createRemoteKeys(settings.outboundFetch, settings.clock)
  const clients = createClients(settings, limits, ids, remoteKeys)
  const registrations = createManagedRegistrations(settings, limits, ids, clients)
  const proofs = createProofs(settings)
  const tokens = createTokens(settings, proofs)
  const issuers = createTrustedIssuers(settings)
  const consent = createConsent(settings, clients, tokens, limits)
  return {
    metadata: authorizationServerMetadata(settings),
    authorize: (request, source) =>
      authorizationEndpoint(settings, clients, consent, limits, request, source),
    decide: (request) => consent.decide(request),
    comeBack: (request) => consent.comeBack(request),
    token: (request, source) =>
      tokenEndpoint(settings, clients, tokens, proofs, issuers, limits, request, source),
    register: (request, source) => registrationEndpoint(clients, request, source),
    manageRegistration: (request, source) => registrationManagementEndpoint(registrations, request, source),
    revoke: (request, source) => revocationEndpoint(settings, clients, tokens, limits, request, source),
    introspect: (request, source) =>
      introspectionEndpoint(settings, clients, tokens, limits, request, source),
    pushAuthorization: (request, source) =>
      pushedAuthorizationEndpoint(settings, clients, proofs, limits, request, source),
    keySet: async () => (await settings.signingKeys?.published()) ?? { keys: [] },
    findPrincipal: tokens.findPrincipal,
    findDeadToken: tokens.findDeadToken,
  }
}
