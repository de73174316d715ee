/** The MCP endpoint as a protected resource: its metadata, and what a caller without the right token is told (RFC 9728, RFC 6750 §3, MCP 2025-11-25 authorization). */

import type { Issuer } from '../oauth/authorization-server-metadata.ts'
import { statusOf } from '../oauth/errors.ts'
import {
  type ProtectedResourceMetadata,
  protectedResourceMetadataUrl,
} from '../oauth/protected-resource-metadata.ts'
import type { ResourceIdentifier } from '../oauth/resource-indicators.ts'
import { formatScope, type ScopeDefinition } from '../oauth/scope.ts'
import { formatBearerChallenge } from '../oauth/www-authenticate.ts'

export interface ProtectedResource {
  name: string
  resource: ResourceIdentifier
  issuer: Issuer
  scopes: readonly ScopeDefinition[]
}

/**
 * The resource is named as the client spelled it: clients compare it with the URL that was typed, byte for byte.
 * Only a final slash and the query may differ, neither of which makes another resource (house rule 8).
 */
export function resourceMetadata(
  { name, resource, issuer, scopes }: ProtectedResource,
  request: Request,
): ProtectedResourceMetadata {
  return {
    resource: spelled(resource, new URL(request.url)),
    authorization_servers: [issuer],
    scopes_supported: scopes.map((scope) => scope.name),
    bearer_methods_supported: ['header'],
    resource_name: name,
  }
}

/** RFC 6750 §3.1: no error code for a request that brought no token. */
export function unauthorized(resource: ProtectedResource, request: Request, isTokenSent: boolean): Response {
  const challenge = formatBearerChallenge({
    resourceMetadata: metadataUrl(resource, request),
    scope: formatScope(resource.scopes.map(({ name }) => name)),
    error: isTokenSent ? 'invalid_token' : undefined,
    errorDescription: isTokenSent ? 'the access token is unknown, expired or revoked' : undefined,
  })
  const body = isTokenSent
    ? { error: 'invalid_token', error_description: 'the access token is unknown, expired or revoked' }
    : { error: 'unauthorized', error_description: 'sign in first: an access token is required' }
  return refusal(statusOf.invalid_token, challenge, body)
}

/** The granted and the needed scopes together, so that stepping up loses nothing (requirement ASU-13). */
export function insufficientScope(
  resource: ProtectedResource,
  request: Request,
  granted: readonly string[],
  missing: readonly string[],
): Response {
  const union = resource.scopes
    .map(({ name }) => name)
    .filter((name) => [...granted, ...missing].includes(name))
  const description = `this needs the scope ${formatScope(missing)}`
  const challenge = formatBearerChallenge({
    resourceMetadata: metadataUrl(resource, request),
    scope: formatScope(union),
    error: 'insufficient_scope',
    errorDescription: description,
  })
  return refusal(statusOf.insufficient_scope, challenge, {
    error: 'insufficient_scope',
    error_description: description,
    scope: formatScope(union),
  })
}

/** As many characters of a query as are echoed; a longer one is left out. */
const maximumQueryCharacters = 256

function metadataUrl({ resource }: ProtectedResource, request: Request): string {
  return protectedResourceMetadataUrl(spelled(resource, new URL(request.url)))
}

function spelled(resource: ResourceIdentifier, { pathname, search }: URL): string {
  const query = search.length > 1 && search.length <= maximumQueryCharacters ? search : ''
  const isRoot = new URL(resource).pathname === '/'
  const hasSlash = isRoot ? query !== '' : pathname.endsWith('/')
  return `${resource}${hasSlash ? '/' : ''}${query}`
}

function refusal(status: number, challenge: string, body: Record<string, string>): Response {
  return Response.json(body, {
    status,
    headers: { 'www-authenticate': challenge, 'cache-control': 'no-store' },
  })
}
