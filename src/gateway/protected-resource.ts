/** The MCP endpoint as a protected resource: its metadata, and what a caller without the right token is told (RFC 9728, RFC 6750 §3, MCP 2025-11-25 authorization). */

import type { JsonRpcRequest } from '../mcp/json-rpc.ts'
import type { Era } from '../mcp/protocol-version.ts'
import type { Issuer } from '../oauth/authorization-server-metadata.ts'
import { dpopAlgorithms, formatDpopChallenge } from '../oauth/dpop.ts'
import { statusOf } from '../oauth/errors.ts'
import {
  type ProtectedResourceMetadata,
  protectedResourceMetadataUrl,
} from '../oauth/protected-resource-metadata.ts'
import type { ResourceIdentifier } from '../oauth/resource-indicators.ts'
import { formatScope, type ScopeDefinition } from '../oauth/scope.ts'
import { type BearerChallenge, formatBearerChallenge } from '../oauth/www-authenticate.ts'

export interface ProtectedResource {
  name: string
  resource: ResourceIdentifier
  issuer: Issuer
  scopes: readonly ScopeDefinition[]
  /** It takes no bearer tokens, only such as are bound to a key (RFC 9449). */
  boundTokensOnly?: boolean | undefined
}

/**
 * The resource is named as the client spelled it: clients compare it with the URL that was typed, byte for byte.
 * Only a final slash and the query may differ, neither of which makes another resource (house rule 8).
 */
export function resourceMetadata(
  { name, resource, issuer, scopes, boundTokensOnly = false }: ProtectedResource,
  request: Request,
): ProtectedResourceMetadata {
  return {
    resource: spelled(resource, new URL(request.url)),
    authorization_servers: [issuer],
    scopes_supported: scopes.map((scope) => scope.name),
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: dpopAlgorithms,
    ...(boundTokensOnly ? { dpop_bound_access_tokens_required: true } : {}),
    resource_name: name,
  }
}

/** What a caller is told who lacks something, before it has a form. */
export interface Demand {
  status: number
  challenge: BearerChallenge
  /** It is told of DPoP too. */
  isForProof: boolean
  /** For people who read answers. */
  says: string
}

/** RFC 6750 §3.1: no error code for a request that brought no token. */
export function signInDemand(resource: ProtectedResource, request: Request, isTokenSent: boolean): Demand {
  const dead = 'the access token is unknown, expired or revoked'
  return {
    status: statusOf.invalid_token,
    challenge: {
      resourceMetadata: metadataUrl(resource, request),
      scope: formatScope(resource.scopes.map(({ name }) => name)),
      error: isTokenSent ? 'invalid_token' : undefined,
      errorDescription: isTokenSent ? dead : undefined,
    },
    isForProof: isForProof(resource, request),
    says: isTokenSent ? dead : 'sign in first: an access token is required',
  }
}

/** The granted and the needed scopes together, so that stepping up loses nothing (requirement ASU-13). */
export function scopeDemand(
  resource: ProtectedResource,
  request: Request,
  granted: readonly string[],
  missing: readonly string[],
): Demand {
  const union = resource.scopes
    .map(({ name }) => name)
    .filter((name) => [...granted, ...missing].includes(name))
  const says = `this needs the scope ${formatScope(missing)}`
  return {
    status: statusOf.insufficient_scope,
    challenge: {
      resourceMetadata: metadataUrl(resource, request),
      scope: formatScope(union),
      error: 'insufficient_scope',
      errorDescription: says,
    },
    isForProof: isForProof(resource, request),
    says,
  }
}

/** RFC 9449 §7.1: where a proof of possession is required, and for a client that came with one. Others are not told of it: some read only the first challenge, and read it as Bearer. */
function isForProof({ boundTokensOnly = false }: ProtectedResource, request: Request): boolean {
  return boundTokensOnly || /^dpop /i.test(request.headers.get('authorization')?.trim() ?? '')
}

/** RFC 6750 §3, RFC 9449 §7.1. */
export function asHttp({ status, challenge, isForProof, says }: Demand): Response {
  const isScope = challenge.error === 'insufficient_scope'
  const body = {
    error: challenge.error ?? 'unauthorized',
    error_description: says,
    ...(isScope ? { scope: challenge.scope } : {}),
  }
  const headers = new Headers({
    'www-authenticate': formatBearerChallenge(challenge),
    'cache-control': 'no-store',
  })
  if (isForProof) headers.append('www-authenticate', formatDpopChallenge(challenge))
  return Response.json(body, { status, headers })
}

/**
 * As the result of a tool, with status 200, for clients that look for the challenge there (OpenAI Apps SDK,
 * authentication, 2026-09: it must name an error and describe it).
 */
export function asToolResult({ challenge, says }: Demand, call: JsonRpcRequest, era: Era): Response {
  const named = { ...challenge, error: challenge.error ?? 'insufficient_scope', errorDescription: says }
  const result = {
    ...(era === 'modern' ? { resultType: 'complete' } : {}),
    content: [{ type: 'text', text: `${says[0]?.toUpperCase()}${says.slice(1)}.` }],
    isError: true,
    _meta: { [challengeMeta]: [formatBearerChallenge(named)] },
  }
  return Response.json({ jsonrpc: '2.0', id: call.id, result }, { headers: { 'cache-control': 'no-store' } })
}

const challengeMeta = 'mcp/www_authenticate'

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
