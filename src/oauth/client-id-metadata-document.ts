/** Client ID Metadata Documents: a client whose id is the https URL of its own metadata (draft-ietf-oauth-client-id-metadata-document; MCP 2025-11-25). */

import { parseUrl } from '../platform/url.ts'
import {
  type ClientMetadata,
  clientMetadataProblems,
  readClientMetadata,
  type TokenEndpointAuthMethod,
} from './client-metadata.ts'
import type { Problem } from './errors.ts'

/** Any id of this form is a document's address; ids that Postern mints never start so. */
export function isClientIdUrl(clientId: string): boolean {
  return /^https:\/\//i.test(clientId)
}

/** Draft §3: https, a path, and no dot segment, fragment, user name or password. Judged before anything is fetched. */
export function clientIdUrlProblems(clientId: string): Problem[] {
  const fault = clientIdUrlFault(clientId)
  if (fault === undefined) return []
  return [{ code: 'invalid_client', at: 'client_id', says: fault, standard: 'CIMD §3' }]
}

const maximumUrlLength = 2000

function clientIdUrlFault(clientId: string): string | undefined {
  const url = parseUrl(clientId)
  if (url === undefined || url.protocol !== 'https:') return 'a client id URL must be an https URL'
  if (clientId.length > maximumUrlLength) return `a client id URL is at most ${maximumUrlLength} characters`
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(clientId)) return 'a client id URL is plain ASCII without blanks'
  if (clientId.includes('#')) return 'a client id URL has no fragment'
  if (url.username !== '' || url.password !== '') return 'a client id URL has no user name or password'
  if (url.pathname === '/' || url.pathname === '') return 'a client id URL has a path'
  if (/\/(?:\.|%2e){1,2}(?:\/|$|\?)/i.test(clientId)) return 'a client id URL has no dot segments'
  return undefined
}

/** Draft §4: the document names its own address, and no secret that would have to be shared. */
export function clientIdMetadataDocumentProblems(clientId: string, document: unknown): Problem[] {
  const members = (typeof document === 'object' && document !== null ? document : {}) as Record<
    string,
    unknown
  >
  const problem = (at: string, says: string): Problem[] => [
    { code: 'invalid_client', at, says, standard: 'CIMD §4' },
  ]
  if (members.client_id !== clientId) {
    return problem('client_id', 'the document must name as client_id the very URL it was fetched from')
  }
  if (typeof members.client_name !== 'string' || members.client_name.trim() === '') {
    return problem('client_name', 'the document must have a client_name')
  }
  if (members.client_secret !== undefined || members.client_secret_expires_at !== undefined) {
    return problem('client_secret', 'a public document must not hold a client secret')
  }
  if (!documentAuthMethods.includes(authMethodOf(members) as TokenEndpointAuthMethod)) {
    const says =
      'a client with a metadata document authenticates with none, or with private_key_jwt and keys of its own'
    return problem('token_endpoint_auth_method', says)
  }
  return clientMetadataProblems(withAuthMethod(members), documentAuthMethods).map((found) => ({
    ...found,
    code: 'invalid_client',
  }))
}

/** Call after `clientIdMetadataDocumentProblems` found none. */
export function readClientIdMetadataDocument(document: unknown): ClientMetadata {
  return readClientMetadata(withAuthMethod(document as Record<string, unknown>))
}

/** Nothing that would have to be shared. */
const documentAuthMethods: readonly TokenEndpointAuthMethod[] = ['none', 'private_key_jwt']

/** A document that publishes keys and names no method means them: from then on whoever comes without one is somebody else (draft §6.2). */
function authMethodOf({ token_endpoint_auth_method: method, ...members }: Record<string, unknown>): unknown {
  if (method !== undefined) return method
  return members.jwks !== undefined || members.jwks_uri !== undefined ? 'private_key_jwt' : 'none'
}

function withAuthMethod(members: Record<string, unknown>): Record<string, unknown> {
  return { ...members, token_endpoint_auth_method: authMethodOf(members) }
}

/** Within these, a server's Cache-Control decides how long a document is used without asking again, in seconds. */
export const documentFreshness: { readonly minimumSeconds: number; readonly maximumSeconds: number } = {
  minimumSeconds: 300,
  maximumSeconds: 86_400,
}

/** A document that asks not to be kept is kept for the minimum all the same (RFC 9111 §5.2.2): each sign-in reads it several times. */
export function documentFreshSeconds(cacheControl: string | null): number {
  const directives = cacheControl ?? ''
  if (/(?:^|[,\s])no-(?:store|cache)(?=$|[,\s=])/i.test(directives)) return documentFreshness.minimumSeconds
  const maxAge = Number(/(?:^|[,\s])max-age="?(\d+)/i.exec(directives)?.[1] ?? 3600)
  return Math.min(documentFreshness.maximumSeconds, Math.max(documentFreshness.minimumSeconds, maxAge))
}
