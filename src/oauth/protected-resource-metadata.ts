/** Protected resource metadata (RFC 9728): which authorization server guards a resource. */

import { parseUrl } from '../platform/url.ts'
import type { Problem } from './errors.ts'

/** The wire form. */
export interface ProtectedResourceMetadata {
  resource: string
  authorization_servers?: readonly string[]
  scopes_supported?: readonly string[]
  bearer_methods_supported?: readonly string[]
  dpop_signing_alg_values_supported?: readonly string[]
  dpop_bound_access_tokens_required?: boolean
  resource_name?: string
  resource_documentation?: string
  [member: string]: unknown
}

export const protectedResourceWellKnown = '/.well-known/oauth-protected-resource'

/** RFC 9728 §3.1: the well-known string goes between host and path; a query of the resource follows. */
export function protectedResourceMetadataUrl(resource: string): string {
  const url = new URL(resource)
  const path = url.pathname === '/' ? '' : url.pathname
  return `${url.origin}${protectedResourceWellKnown}${path}${url.search}`
}

/** Where a client without a pointer looks, in order (MCP 2025-11-25): the path form, then the root. */
export function protectedResourceMetadataUrls(resource: string): string[] {
  const url = parseUrl(resource)
  if (url === undefined || !/^https?:$/.test(url.protocol)) return []
  const root = `${url.origin}${protectedResourceWellKnown}`
  return [...new Set([protectedResourceMetadataUrl(resource), root])]
}

/** Which `resource` a client takes for the URL that it was given. Clients differ, see `src/client/surfaces`. */
export type ResourceMatch = 'identical' | 'identical-or-origin' | 'prefix'

/** What makes protected resource metadata unusable for a client that was given `serverUrl` (RFC 9728 §2 and §3.3). */
export function protectedResourceMetadataProblems(
  document: unknown,
  expected: { serverUrl: string; match: ResourceMatch },
): Problem[] {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return [resourceProblem('', 'protected resource metadata must be a JSON object', 'RFC 9728 §3.2')]
  }
  const { resource, authorization_servers: servers } = document as Record<string, unknown>
  const problems: Problem[] = []
  if (typeof resource !== 'string' || parseUrl(resource) === undefined) {
    problems.push(resourceProblem('resource', 'resource must be an absolute URL', 'RFC 9728 §2'))
  } else if (!isResourceOf(resource, expected.serverUrl, expected.match)) {
    const says = `resource is ${JSON.stringify(resource.slice(0, 200))}, but the server was reached as ${JSON.stringify(expected.serverUrl)}`
    problems.push(resourceProblem('resource', says, 'RFC 9728 §3.3'))
  }
  const first = Array.isArray(servers) ? servers[0] : undefined
  if (typeof first !== 'string' || parseUrl(first) === undefined) {
    const says = 'authorization_servers must list at least one issuer'
    problems.push(resourceProblem('authorization_servers', says, 'MCP 2025-11-25, server location'))
  }
  return problems
}

/** Call after `protectedResourceMetadataProblems` found none that matters. */
export function readProtectedResourceMetadata(document: unknown): ProtectedResourceMetadata {
  return document as ProtectedResourceMetadata
}

/** RFC 9728 §6: compared by code point; only the path that every URL has may be left out at the root. */
function isResourceOf(resource: string, serverUrl: string, match: ResourceMatch): boolean {
  const reached = new URL(serverUrl)
  if (withoutRootSlash(resource) === withoutRootSlash(serverUrl)) return true
  if (match === 'identical') return false
  if (match === 'identical-or-origin') return withoutRootSlash(resource) === reached.origin
  const named = new URL(resource)
  // `/mcp/` for a server typed as `/mcp` is refused by the TypeScript SDK (recorded 2026-11).
  if (named.origin !== reached.origin || named.pathname.length > reached.pathname.length) return false
  return withSlash(reached.pathname).startsWith(withSlash(named.pathname))
}

function withoutRootSlash(text: string): string {
  return parseUrl(text)?.pathname === '/' ? text.replace(/\/$/, '') : text
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`
}

function resourceProblem(at: string, says: string, standard: string): Problem {
  return { code: 'invalid_target', at, says, standard }
}
