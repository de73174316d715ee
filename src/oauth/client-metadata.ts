/** What a client says of itself when it registers (RFC 7591 §2), and what it is told it was registered as (§3.2.1). */

import type { Problem } from './errors.ts'
import { type JsonWebKeySet, jsonWebKeySetProblems, readJsonWebKeySet } from './json-web-key.ts'
import { canonicalRedirectUri, redirectUriProblems } from './redirect-uri.ts'
import { formatScope, readScope } from './scope.ts'

export type TokenEndpointAuthMethod =
  | 'none'
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt'

/** What a client may register itself with. A key needs somebody who vouches for it: the operator, or the host of a metadata document. */
export const tokenEndpointAuthMethods: readonly TokenEndpointAuthMethod[] = [
  'none',
  'client_secret_post',
  'client_secret_basic',
]

export type GrantType = 'authorization_code' | 'refresh_token'

export const grantTypes: readonly GrantType[] = ['authorization_code', 'refresh_token']

/** The members that Postern keeps. Everything in it is the client's own word, and is shown as such. */
export interface ClientMetadata {
  clientName: string | undefined
  clientUri: string | undefined
  logoUri: string | undefined
  redirectUris: readonly string[]
  tokenEndpointAuthMethod: TokenEndpointAuthMethod
  grantTypes: readonly GrantType[]
  applicationType: 'web' | 'native' | undefined
  /** What it registered for; a hint, never a ceiling: the same client asks for more later (Claude Code step-up, recorded 2026-11). */
  scope: string | undefined
  /** Of `private_key_jwt`: one of the two. */
  jwks: JsonWebKeySet | undefined
  jwksUri: string | undefined
  /** It takes no tokens but such as are bound to its key (RFC 9449 §5.2). */
  boundTokens?: true | undefined
  softwareId: string | undefined
  softwareVersion: string | undefined
}

/** Longer values are nobody's name or address. */
const maximumTextLength = 1000
const maximumRedirectUris = 20

/**
 * Problems that make a registration impossible. Unknown members, unknown grant and response types,
 * a blank scope and a missing or odd `application_type` are none: they are ignored or intersected,
 * because released clients send them (RFC 7591 §2 lets a server replace values).
 */
export function clientMetadataProblems(
  document: unknown,
  methods: readonly TokenEndpointAuthMethod[] = tokenEndpointAuthMethods,
): Problem[] {
  const problem = (at: string, says: string): Problem[] => [
    { code: 'invalid_client_metadata', at, says, standard: 'RFC 7591 §2' },
  ]
  if (!isObject(document)) return problem('', 'client metadata must be a JSON object')
  const uris = document.redirect_uris
  if (!Array.isArray(uris) || uris.length === 0 || !uris.every((uri) => typeof uri === 'string')) {
    const says = 'redirect_uris must be a list of at least one URL'
    return [{ code: 'invalid_redirect_uri', at: 'redirect_uris', says, standard: 'RFC 7591 §2' }]
  }
  if (uris.length > maximumRedirectUris) {
    const says = `redirect_uris lists more than ${maximumRedirectUris} URLs`
    return [{ code: 'invalid_redirect_uri', at: 'redirect_uris', says, standard: 'RFC 7591 §5' }]
  }
  const method = document.token_endpoint_auth_method
  if (typeof method === 'string' && !methods.includes(method as TokenEndpointAuthMethod)) {
    return problem(
      'token_endpoint_auth_method',
      `token_endpoint_auth_method ${JSON.stringify(method.slice(0, 100))} is not supported; use one of ${methods.join(', ')}`,
    )
  }
  const grants = document.grant_types
  if (Array.isArray(grants) && !grants.includes('authorization_code')) {
    return problem(
      'grant_types',
      'grant_types must include authorization_code: a person consents to every connection',
    )
  }
  const responses = document.response_types
  if (Array.isArray(responses) && responses.length > 0 && !responses.includes('code')) {
    return problem('response_types', 'response_types must include code')
  }
  const keyProblems = method === 'private_key_jwt' ? clientKeyProblems(document) : []
  return [...keyProblems, ...redirectUriProblems(uris as string[])]
}

/** RFC 7591 §2: `jwks` and `jwks_uri` are not used together. */
function clientKeyProblems(document: Record<string, unknown>): Problem[] {
  const { jwks, jwks_uri: jwksUri } = document
  if (jwks !== undefined && jwksUri === undefined) return jsonWebKeySetProblems(jwks, 'jwks')
  const isAddress =
    typeof jwksUri === 'string' &&
    jwksUri.length <= maximumTextLength &&
    webUrlOf(jwksUri) === jwksUri &&
    new URL(jwksUri).username === ''
  if (jwks === undefined && isAddress) return []
  const says =
    jwks !== undefined
      ? 'private_key_jwt takes its keys from jwks or from jwks_uri, not from both'
      : 'private_key_jwt needs jwks, or a jwks_uri that is an https URL'
  return [{ code: 'invalid_client_metadata', at: 'jwks_uri', says, standard: 'RFC 7591 §2' }]
}

/** Call after `clientMetadataProblems` found none. Defaults are those of RFC 7591 §2, but for refresh tokens, which every client is given. */
export function readClientMetadata(document: unknown): ClientMetadata {
  const given = isObject(document) ? document : {}
  const method = given.token_endpoint_auth_method
  const hasKeys = method === 'private_key_jwt'
  const scope = formatScope(readScope(textOf(given.scope)))
  return {
    clientName: textOf(given.client_name),
    clientUri: webUrlOf(given.client_uri),
    logoUri: webUrlOf(given.logo_uri),
    redirectUris: Array.isArray(given.redirect_uris) ? (given.redirect_uris as string[]) : [],
    tokenEndpointAuthMethod:
      typeof method === 'string' ? (method as TokenEndpointAuthMethod) : 'client_secret_basic',
    grantTypes: [...grantTypes],
    applicationType:
      given.application_type === 'web' || given.application_type === 'native'
        ? given.application_type
        : undefined,
    scope: scope === '' ? undefined : scope,
    jwks: hasKeys && given.jwks !== undefined ? readJsonWebKeySet(given.jwks) : undefined,
    jwksUri: hasKeys ? webUrlOf(given.jwks_uri) : undefined,
    boundTokens: given.dpop_bound_access_tokens === true ? true : undefined,
    softwareId: textOf(given.software_id),
    softwareVersion: textOf(given.software_version),
  }
}

/** The wire form; members without a value are left out, because strict clients fail on null (seen in the TypeScript SDK). */
export function formatClientMetadata(metadata: ClientMetadata): Record<string, unknown> {
  return withoutUndefined({
    client_name: metadata.clientName,
    client_uri: metadata.clientUri,
    logo_uri: metadata.logoUri,
    redirect_uris: metadata.redirectUris,
    token_endpoint_auth_method: metadata.tokenEndpointAuthMethod,
    grant_types: metadata.grantTypes,
    response_types: ['code'],
    application_type: metadata.applicationType,
    scope: metadata.scope,
    jwks: metadata.jwks,
    jwks_uri: metadata.jwksUri,
    dpop_bound_access_tokens: metadata.boundTokens,
    software_id: metadata.softwareId,
    software_version: metadata.softwareVersion,
  })
}

/** RFC 7591 §3.2.1. */
export interface ClientInformation {
  clientId: string
  clientIdIssuedAt: number
  clientSecret: string | undefined
  /** Where, and with which token, its holder may change it (RFC 7592 §3). */
  management: { token: string; url: string } | undefined
  metadata: ClientMetadata
}

export function formatClientInformation(information: ClientInformation): Record<string, unknown> {
  return withoutUndefined({
    client_id: information.clientId,
    client_id_issued_at: information.clientIdIssuedAt,
    client_secret: information.clientSecret,
    client_secret_expires_at: information.clientSecret === undefined ? undefined : 0,
    registration_access_token: information.management?.token,
    registration_client_uri: information.management?.url,
    ...formatClientMetadata(information.metadata),
  })
}

/** Two registrations with this text in common are the same client but for its loopback port (house rule 3). */
export function canonicalClientMetadata(metadata: ClientMetadata): string {
  const redirectUris = metadata.redirectUris.map(canonicalRedirectUri).sort()
  return JSON.stringify(formatClientMetadata({ ...metadata, redirectUris }))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const characters = [...value].filter((character) => !isControl(character))
  const text = characters.slice(0, maximumTextLength).join('').trim()
  return text === '' ? undefined : text
}

/** Control and direction-changing characters could make one name look like another on the consent page; half a surrogate pair is no character. */
function isControl(character: string): boolean {
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character)
}

function webUrlOf(value: unknown): string | undefined {
  const text = textOf(value)
  return text !== undefined && /^https:\/\//i.test(text) && URL.canParse(text) ? text : undefined
}

function withoutUndefined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
