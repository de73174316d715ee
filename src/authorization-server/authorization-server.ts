/** The OAuth 2.1 authorization server: its rooms wired together, its endpoints as functions of a request. */

import type { AuthorizationServerMetadata } from '../oauth/authorization-server-metadata.ts'
import type { ResourceIdentifier } from '../oauth/resource-indicators.ts'
import { createClients } from './clients.ts'
import { createConsent } from './consent.ts'
import { authorizationEndpoint } from './endpoints/authorization.ts'
import { authorizationServerMetadata } from './endpoints/metadata.ts'
import { registrationEndpoint } from './endpoints/registration.ts'
import { registrationManagementEndpoint } from './endpoints/registration-management.ts'
import { revocationEndpoint } from './endpoints/revocation.ts'
import { tokenEndpoint } from './endpoints/token.ts'
import { createManagedRegistrations } from './managed-registrations.ts'
import { createRateLimits } from './rate-limits.ts'
import { createRegistrationIds } from './registration-ids.ts'
import { createRemoteKeys } from './remote-keys.ts'
import type { AuthorizationServerSettings } from './settings.ts'
import { createTokens, type DeadToken, type TokenPrincipal } from './tokens.ts'

/** Endpoints throw `OAuthError`; the front door turns it into a page, a redirect or JSON. */
export interface AuthorizationServer {
  metadata: AuthorizationServerMetadata
  authorize(request: Request): Promise<Response>
  decide(request: Request): Promise<Response>
  token(request: Request): Promise<Response>
  register(request: Request): Promise<Response>
  manageRegistration(request: Request): Promise<Response>
  revoke(request: Request): Promise<Response>
  /** What the gateway asks of it, and all that it knows of it. */
  findPrincipal(accessToken: string, resource: ResourceIdentifier): Promise<TokenPrincipal | undefined>
  findDeadToken(accessToken: string): Promise<DeadToken | undefined>
}

export function createAuthorizationServer(settings: AuthorizationServerSettings): AuthorizationServer {
  const limits = createRateLimits(settings.clock)
  const ids = createRegistrationIds(settings.keys, settings.random)
  const remoteKeys = createRemoteKeys(settings.outboundFetch, settings.clock)
  const clients = createClients(settings, limits, ids, remoteKeys)
  const registrations = createManagedRegistrations(settings, limits, ids, clients)
  const tokens = createTokens(settings)
  const consent = createConsent(settings, clients, tokens)
  return {
    metadata: authorizationServerMetadata(settings),
    authorize: (request) => authorizationEndpoint(settings, clients, consent, request),
    decide: (request) => consent.decide(request),
    token: (request) => tokenEndpoint(settings, clients, tokens, request),
    register: (request) => registrationEndpoint(clients, request),
    manageRegistration: (request) => registrationManagementEndpoint(registrations, request),
    revoke: (request) => revocationEndpoint(settings, clients, tokens, request),
    findPrincipal: tokens.findPrincipal,
    findDeadToken: tokens.findDeadToken,
  }
}
