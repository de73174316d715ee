/** Authorization server metadata (RFC 8414; OpenID Connect Discovery 1.0 for the second well-known name). */

import { isSecureOrLoopback, parseUrl } from '../platform/url.ts'
import type { Problem } from './errors.ts'

/** The issuer's exact bytes: PRM, metadata and `iss` are compared with it character by character (RFC 9207 §2.4). */
export type Issuer = string & { readonly __brand: 'Issuer' }

/** The issuer at the root of an origin: no path, no trailing slash, so that every client generation finds it. */
export function issuerOf(origin: string): Issuer {
  return new URL(origin).origin as Issuer
}

/** The wire form. Members that are not offered are absent, never null or empty. */
export interface AuthorizationServerMetadata {
  issuer: string
  authorization_endpoint: string
  token_endpoint: string
  registration_endpoint?: string
  revocation_endpoint?: string
  introspection_endpoint?: string
  jwks_uri?: string
  scopes_supported?: readonly string[]
  response_types_supported: readonly string[]
  response_modes_supported?: readonly string[]
  grant_types_supported?: readonly string[]
  /** Draft-ietf-oauth-identity-assertion-authz-grant §7. */
  authorization_grant_profiles_supported?: readonly string[]
  token_endpoint_auth_methods_supported?: readonly string[]
  revocation_endpoint_auth_methods_supported?: readonly string[]
  code_challenge_methods_supported?: readonly string[]
  client_id_metadata_document_supported?: boolean
  authorization_response_iss_parameter_supported?: boolean
  service_documentation?: string
  [member: string]: unknown
}

export const authorizationServerWellKnown = '/.well-known/oauth-authorization-server'
export const openidConfigurationWellKnown = '/.well-known/openid-configuration'

/** Where a client looks for an issuer's metadata, in order (MCP 2025-11-25, authorization server metadata discovery). */
export function authorizationServerMetadataUrls(issuer: string): string[] {
  const url = parseUrl(issuer)
  if (url === undefined || !/^https?:$/.test(url.protocol)) return []
  const path = url.pathname.replace(/\/$/, '')
  const inserted = [authorizationServerWellKnown, openidConfigurationWellKnown].map(
    (wellKnown) => `${url.origin}${wellKnown}${path}`,
  )
  return path === '' ? inserted : [...inserted, `${url.origin}${path}${openidConfigurationWellKnown}`]
}

/** How much of a document is asked for; what one client forgives, another refuses. */
export interface MetadataExpectations {
  /** The identifier that the document's address was built from; undefined when it is not compared. */
  issuer: string | undefined
  /** MCP 2025-11-25 refuses a document without `code_challenge_methods_supported`; older clients only one that lists it without S256. */
  pkce: 'required' | 'refused-without-s256' | 'unchecked'
}

/** What makes the metadata of an authorization server unusable for a client (RFC 8414 §2 and §3.3, MCP 2025-11-25). */
export function authorizationServerMetadataProblems(
  document: unknown,
  expected: MetadataExpectations,
): Problem[] {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return [metadataProblem('', 'authorization server metadata must be a JSON object', 'RFC 8414 §3.2')]
  }
  const members = document as Record<string, unknown>
  return [
    ...issuerMemberProblems(members.issuer, expected.issuer),
    ...endpointProblems(members, 'authorization_endpoint', true),
    ...endpointProblems(members, 'token_endpoint', true),
    ...endpointProblems(members, 'registration_endpoint', false),
    ...endpointProblems(members, 'revocation_endpoint', false),
    ...responseTypeProblems(members.response_types_supported),
    ...challengeMethodProblems(members.code_challenge_methods_supported, expected.pkce),
  ]
}

/** Call after `authorizationServerMetadataProblems` found none that matters. */
export function readAuthorizationServerMetadata(document: unknown): AuthorizationServerMetadata {
  return document as AuthorizationServerMetadata
}

/** RFC 8414 §3.3: identical, or the document belongs to somebody else (mix-up, RFC 9700 §4.4). */
function issuerMemberProblems(issuer: unknown, expected: string | undefined): Problem[] {
  if (typeof issuer !== 'string') return [metadataProblem('issuer', 'issuer is missing', 'RFC 8414 §2')]
  if (expected === undefined || issuer === expected) return []
  const says = `issuer is ${JSON.stringify(issuer.slice(0, 200))}, but the document was looked up for ${JSON.stringify(expected)}; they must be identical`
  return [metadataProblem('issuer', says, 'RFC 8414 §3.3')]
}

/** A browser is sent to the one, secrets go to the others: https, or http on this machine; never a scheme that runs what it carries. */
function endpointProblems(members: Record<string, unknown>, name: string, required: boolean): Problem[] {
  const value = members[name]
  if (value === undefined) {
    return required ? [metadataProblem(name, `${name} is missing`, 'RFC 8414 §2')] : []
  }
  const url = typeof value === 'string' ? parseUrl(value) : undefined
  if (url === undefined) return [metadataProblem(name, `${name} is not an absolute URL`, 'RFC 8414 §2')]
  if (isSecureOrLoopback(url)) return []
  const says = `${name} ${JSON.stringify(String(value).slice(0, 200))} must be https; http is for loopback only`
  return [metadataProblem(name, says, 'OAuth 2.1 §1.5')]
}

function responseTypeProblems(value: unknown): Problem[] {
  if (Array.isArray(value) && value.includes('code')) return []
  const says = 'response_types_supported must list "code"'
  return [metadataProblem('response_types_supported', says, 'RFC 8414 §2')]
}

function challengeMethodProblems(value: unknown, asked: MetadataExpectations['pkce']): Problem[] {
  if (asked === 'unchecked' || (Array.isArray(value) && value.includes('S256'))) return []
  if (value === undefined && asked === 'refused-without-s256') return []
  const says =
    value === undefined
      ? 'code_challenge_methods_supported is missing; a client must then assume that PKCE is not supported, and stop'
      : 'code_challenge_methods_supported does not list "S256"'
  return [
    metadataProblem(
      'code_challenge_methods_supported',
      says,
      'MCP 2025-11-25, authorization code protection',
    ),
  ]
}

function metadataProblem(at: string, says: string, standard: string): Problem {
  return { code: 'invalid_request', at, says, standard }
}
