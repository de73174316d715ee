/** Publishes what this server offers (RFC 8414 §3): built once, since nothing in it depends on a request. */

import type { AuthorizationServerMetadata } from '../../oauth/authorization-server-metadata.ts'
import { clientAssertionAlgorithms } from '../../oauth/client-assertion.ts'
import { grantTypes, tokenEndpointAuthMethods } from '../../oauth/client-metadata.ts'
import { dpopAlgorithms } from '../../oauth/dpop.ts'
import { identityAssertionProfile, jwtBearerGrantType } from '../../oauth/identity-assertion.ts'
import { challengeMethod } from '../../oauth/pkce.ts'
import { offlineAccess } from '../../oauth/scope.ts'
import type { AuthorizationServerSettings } from '../settings.ts'

/** Where the endpoints stand under the issuer. The aliases serve clients that guess (MCP 2025-03-26, default endpoints). */
export const endpointPaths = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  registration: '/oauth/register',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
  pushedAuthorization: '/oauth/par',
  jwks: '/oauth/jwks',
  /** Of statements of who calls, for the MCP servers that get them. */
  identityKeys: '/oauth/identity/jwks',
  /** Where browsers come back to from the provider of an account that a connector is called with. */
  accountReturn: '/oauth/upstream/callback',
} as const

export const endpointAliases = {
  authorization: '/authorize',
  token: '/token',
  registration: '/register',
} as const

/** The same document under both well-known names: whichever a client reads first tells it everything (requirement ASU-03). */
export function authorizationServerMetadata(
  settings: AuthorizationServerSettings,
): AuthorizationServerMetadata {
  const { issuer, waysIn } = settings
  // A key is the operator's to enter, or a document's to publish; who registers has none.
  const takesKeys = waysIn.preRegistered || waysIn.metadataDocument
  const authMethods = takesKeys ? [...tokenEndpointAuthMethods, 'private_key_jwt'] : tokenEndpointAuthMethods
  const algorithms = takesKeys ? clientAssertionAlgorithms : undefined
  return {
    issuer,
    authorization_endpoint: issuer + endpointPaths.authorization,
    token_endpoint: issuer + endpointPaths.token,
    ...(waysIn.registration ? { registration_endpoint: issuer + endpointPaths.registration } : {}),
    revocation_endpoint: issuer + endpointPaths.revocation,
    dpop_signing_alg_values_supported: dpopAlgorithms,
    // Offered, never required: no MCP client pushes.
    pushed_authorization_request_endpoint: issuer + endpointPaths.pushedAuthorization,
    introspection_endpoint: issuer + endpointPaths.introspection,
    introspection_endpoint_auth_methods_supported: authMethods.filter((method) => method !== 'none'),
    ...(algorithms === undefined
      ? {}
      : { introspection_endpoint_auth_signing_alg_values_supported: algorithms }),
    // Strict OpenID readers stop without these three members, though no id token is ever issued (requirement R8414-07).
    jwks_uri: issuer + endpointPaths.jwks,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: [...settings.resources.offeredScopes, offlineAccess],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    ...grantsOf(settings),
    // Hosted Claude uses a metadata document only where it sees `none` listed.
    token_endpoint_auth_methods_supported: authMethods,
    ...(algorithms === undefined ? {} : { token_endpoint_auth_signing_alg_values_supported: algorithms }),
    revocation_endpoint_auth_methods_supported: authMethods,
    ...(algorithms === undefined
      ? {}
      : { revocation_endpoint_auth_signing_alg_values_supported: algorithms }),
    code_challenge_methods_supported: [challengeMethod],
    ...(waysIn.metadataDocument ? { client_id_metadata_document_supported: true } : {}),
    authorization_response_iss_parameter_supported: true,
  }
}

/** Which issuers are trusted is nobody's business (requirement IDJAG-04); that some are is what a client has to know. */
function grantsOf({
  trustedIssuers,
}: AuthorizationServerSettings): Pick<
  AuthorizationServerMetadata,
  'grant_types_supported' | 'authorization_grant_profiles_supported'
> {
  if (trustedIssuers.length === 0) return { grant_types_supported: grantTypes }
  return {
    grant_types_supported: [...grantTypes, jwtBearerGrantType],
    authorization_grant_profiles_supported: [identityAssertionProfile],
  }
}
