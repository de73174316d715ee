/** The OAuth documents behind MCP, as far as an MCP deployment needs them. */

import type { Requirement } from './requirement.ts'

export const oauthRequirements: readonly Requirement[] = [
  {
    id: 'OA21-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'Complete redirect URIs are registered and compared as exact strings; only the port of a loopback redirect is ignored, on 127.0.0.1 and [::1] alike.',
    source: 'draft-ietf-oauth-v2-1-16 §2.3.1, §4.1.1, §8.4.2',
  },
  {
    id: 'OA21-02',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'Private-use schemes without a dot are rejected.',
    source: 'draft-ietf-oauth-v2-1-16 §2.3.1',
  },
  {
    id: 'OA21-03',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'A missing or invalid client id or redirect URI is shown to the user on an error page, never redirected.',
    source: 'draft-ietf-oauth-v2-1-16 §4.1.2.1',
  },
  {
    id: 'OA21-04',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Other errors of an authorization request are redirected with `error`, `state` and `iss`.',
    source: 'draft-ietf-oauth-v2-1-16 §4.1.2.1',
  },
  {
    id: 'OA21-05',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'The authorization endpoint supports GET, ignores unknown parameters, refuses repeated ones, treats empty ones as absent, and has no CORS.',
    source: 'draft-ietf-oauth-v2-1-16 §3.1',
  },
  {
    id: 'OA21-06',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'The token endpoint takes form-encoded POSTs, ignores unknown parameters and refuses repeated ones, except where an extension allows them, as for `resource`.',
    source: 'draft-ietf-oauth-v2-1-16 §3.2',
  },
  {
    id: 'OA21-07',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'S256 is supported and enforced for public clients: a request without `code_challenge` is refused, a verifier comes if and only if a challenge came, and the challenge is never exposed.',
    source: 'draft-ietf-oauth-v2-1-16 §4.1.1',
  },
  {
    id: 'OA21-08',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'Only S256 is advertised and accepted; `plain` is answered with `invalid_request`.',
    source: 'draft-ietf-oauth-v2-1-16 §4.1.1',
  },
  {
    id: 'OA21-09',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'A code lives ten minutes at most, is bound to client, redirect URI and challenge, and yields one access token; a second valid use is denied and should revoke, while an invalid replay should not.',
    source: 'draft-ietf-oauth-v2-1-16 §4.1.2, §4.1.3, §7.5.2',
  },
  {
    id: 'OA21-10',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      '`redirect_uri` in a token request is tolerated and enforced if sent; clients of OAuth 2.1 leave it out.',
    source: 'draft-ietf-oauth-v2-1-16 §10.2',
  },
  {
    id: 'OA21-11',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'Client secrets are accepted in the body, by Basic as an option, by one method in a request, and never in the URL.',
    source: 'draft-ietf-oauth-v2-1-16 §2.4.1',
  },
  {
    id: 'OA21-12',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'A token response is 200 JSON with `Cache-Control: no-store`, `access_token` and `token_type`; `expires_in` is recommended, and `scope` required where it differs from the request.',
    source: 'draft-ietf-oauth-v2-1-16 §3.2.3',
  },
  {
    id: 'OA21-13',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'Token errors are JSON, 400 with one of the registered codes; `invalid_client` is 401, with `WWW-Authenticate` when Basic was used.',
    source: 'draft-ietf-oauth-v2-1-16 §3.2.4',
  },
  {
    id: 'OA21-14',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      "A refresh token that is unknown, expired, revoked or another client's is answered with `invalid_grant`.",
    source: 'draft-ietf-oauth-v2-1-16 §3.2.4',
  },
  {
    id: 'OA21-15',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'Refresh tokens of public clients rotate or are bound to a key; reuse revokes the family; scope stays the same on rotation, may be narrowed, and not widened.',
    source: 'draft-ietf-oauth-v2-1-16 §4.3.1, §4.3.3',
  },
  {
    id: 'OA21-16',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Refresh tokens are bound to client, scope and resource.',
    source: 'draft-ietf-oauth-v2-1-16 §4.3.3',
  },
  {
    id: 'OA21-17',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'Refresh tokens expire when idle, and are revoked on security events.',
    source: 'draft-ietf-oauth-v2-1-16 §4.3.3',
  },
  {
    id: 'OA21-18',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      'The Bearer header is accepted, its scheme case-insensitive; tokens in the query are ignored; one method in a request.',
    source: 'draft-ietf-oauth-v2-1-16 §5.1',
  },
  {
    id: 'OA21-19',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      '401 and 403 carry `WWW-Authenticate: Bearer` with at least one parameter: `invalid_request` is 400, `invalid_token` 401, `insufficient_scope` 403.',
    source: 'draft-ietf-oauth-v2-1-16 §5.3.1, §5.3.2',
  },
  {
    id: 'OA21-20',
    level: 'SHOULD',
    actor: 'resource server',
    sentence: 'A challenge to a request that sent no credential holds no `error`.',
    source: 'draft-ietf-oauth-v2-1-16 §5.3.2',
  },
  {
    id: 'OA21-21',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      '`scope` and the error parameters appear at most once in a challenge and use the restricted characters.',
    source: 'draft-ietf-oauth-v2-1-16 §5.3.1',
  },
  {
    id: 'OA21-22',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Codes and tokens resist guessing with 128 bits at least, 160 as recommended.',
    source: 'draft-ietf-oauth-v2-1-16 §7.7',
  },
  {
    id: 'OA21-23',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'A POST of credentials is never answered with 307; 303 is recommended.',
    source: 'draft-ietf-oauth-v2-1-16 §7.5.3',
  },
  {
    id: 'OA21-24',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Every page is protected from clickjacking by X-Frame-Options and CSP.',
    source: 'draft-ietf-oauth-v2-1-16 §7.11',
  },
  {
    id: 'OA21-25',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'The authorization server is no open redirector: it authenticates the user first, and does not bounce errors to untrusted clients.',
    source: 'draft-ietf-oauth-v2-1-16 §7.13.2',
  },
  {
    id: 'OA21-26',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence:
      "Consent shows the client's name, origin and scopes, with extra care for clients nobody vetted; users and administrators can list and revoke grants.",
    source: 'draft-ietf-oauth-v2-1-16 §7.9',
  },
  {
    id: 'OA21-27',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Native apps are not asked for secrets, and a secret inside an app is treated as public.',
    source: 'draft-ietf-oauth-v2-1-16 §8.1',
  },
  {
    id: 'OA21-28',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'JWT client authentication follows the audience rules of rfc7523bis: the issuer is the audience.',
    source: 'draft-ietf-oauth-v2-1-16 §2.4.2',
  },
  {
    id: 'OA21-29',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'There is no implicit and no password grant, and client_credentials is for confidential clients alone.',
    source: 'draft-ietf-oauth-v2-1-16 §4.2, §10.1',
  },
  {
    id: 'OA21-30',
    level: 'MUST',
    actor: 'everyone',
    sentence: 'TLS is used everywhere except for loopback redirects.',
    source: 'draft-ietf-oauth-v2-1-16 §1.5',
  },
  {
    id: 'R6749-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'Basic is supported for clients with a secret, form-decoding its parts, and also for clients that did not encode them: a client id that is a URL survives either way.',
    source: 'RFC 6749 §2.3.1',
  },
  {
    id: 'R6749-02',
    level: 'MUST',
    actor: 'authorization server',
    sentence: '`redirect_uri` in the token request equals that of the authorization request.',
    source: 'RFC 6749 §4.1.3',
  },
  {
    id: 'R6749-03',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Token responses carry `Pragma: no-cache` beside `no-store`.',
    source: 'RFC 6749 §5.1',
  },
  {
    id: 'R6750-01',
    level: 'MAY',
    actor: 'resource server',
    sentence:
      'Body and query methods exist in this document; MCP forbids the query, and the MCP endpoint accepts neither.',
    source: 'RFC 6750 §2',
  },
  {
    id: 'R7636-01',
    level: 'MUST',
    actor: 'client',
    sentence:
      'A verifier has 43 to 128 unreserved characters; the S256 challenge is BASE64URL(SHA256(verifier)) without padding.',
    source: 'RFC 7636 §4.1, §4.2',
  },
  {
    id: 'R7636-02',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'A missing challenge and an unsupported method are `invalid_request`; a verifier that does not match is `invalid_grant`.',
    source: 'RFC 7636 §4.4.1, §4.6',
  },
  {
    id: 'R8414-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      '`issuer` is https without query and fragment, and identical byte for byte to the identifier in use.',
    source: 'RFC 8414 §2, §3.3',
  },
  {
    id: 'R8414-02',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'The well-known name goes between host and path; the answer is 200 `application/json` without authentication.',
    source: 'RFC 8414 §3',
  },
  {
    id: 'R8414-03',
    level: 'MUST',
    actor: 'authorization server',
    sentence: '`authorization_endpoint`, `token_endpoint` and `response_types_supported` are present.',
    source: 'RFC 8414 §2',
  },
  {
    id: 'R8414-04',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'Defaults are published, because absence means something else: grant types would mean implicit too, authentication methods Basic alone, and missing challenge methods no PKCE.',
    source: 'RFC 8414 §2',
  },
  {
    id: 'R8414-05',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Empty arrays are left out.',
    source: 'RFC 8414 §3.2',
  },
  {
    id: 'R8414-06',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'The metadata also lists scopes, revocation and introspection endpoints with their methods, a registration endpoint only if it works, the flags for metadata documents and `iss`, and the service documentation.',
    source: 'RFC 8414 §2',
  },
  {
    id: 'R8414-07',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'The same document under `openid-configuration` also holds `jwks_uri`, `subject_types_supported` and `id_token_signing_alg_values_supported`, which strict OpenID parsers require.',
    source: 'RFC 8414 §3',
  },
  {
    id: 'R8414-08',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'CORS is open on metadata, token, registration and revocation, with `mcp-protocol-version` in the preflight, and closed on the authorization endpoint.',
    source: 'RFC 8414 §3',
  },
  {
    id: 'R9728-01',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      'The metadata is 200 `application/json` without authentication; `resource` is required, and empty members are left out.',
    source: 'RFC 9728 §2, §3.2',
  },
  {
    id: 'R9728-02',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      'Path and query of the resource follow the well-known name: `/a/mcp` is described at `/.well-known/oauth-protected-resource/a/mcp`.',
    source: 'RFC 9728 §3.1',
  },
  {
    id: 'R9728-03',
    level: 'MUST',
    actor: 'client',
    sentence:
      '`resource` is identical to the identifier that the URL was built from or, if the URL came from a 401, to the URL that was requested; otherwise the document is not used.',
    source: 'RFC 9728 §3.3',
  },
  {
    id: 'R9728-04',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      'The 401 carries `resource_metadata`, which may stand beside `scope`, serve DPoP too, and change over time.',
    source: 'RFC 9728 §5.1, §5.2',
  },
  {
    id: 'R9728-05',
    level: 'SHOULD',
    actor: 'client',
    sentence: 'The client fetches the metadata again on a new challenge.',
    source: 'RFC 9728 §5.2',
  },
  {
    id: 'R9728-06',
    level: 'SHOULD',
    actor: 'resource server',
    sentence:
      'The metadata holds `scopes_supported`, `bearer_methods_supported: ["header"]`, `resource_name`, `resource_documentation`, and the DPoP members where DPoP is used.',
    source: 'RFC 9728 §2',
  },
  {
    id: 'R9728-07',
    level: 'SHOULD',
    actor: 'authorization server and client',
    sentence: 'Tokens are restricted to their audience.',
    source: 'RFC 9728 §7.4',
  },
  {
    id: 'R9728-08',
    level: 'MUST',
    actor: 'client',
    sentence:
      'TLS is validated, fetches are guarded against SSRF, and strings are compared by code point without normalisation.',
    source: 'RFC 9728 §6, §7.7',
  },
  {
    id: 'R7591-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'A registration is answered with 201, JSON, `no-store`, `client_id` and all registered metadata, values that were changed included.',
    source: 'RFC 7591 §3.2.1',
  },
  {
    id: 'R7591-02',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Where a `client_secret` is issued `client_secret_expires_at` stands beside it, 0 for never.',
    source: 'RFC 7591 §3.2.1',
  },
  {
    id: 'R7591-03',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'Unknown metadata is ignored, values may be replaced, and the defaults are `client_secret_basic`, `authorization_code` and `code`.',
    source: 'RFC 7591 §2',
  },
  {
    id: 'R7591-04',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'Grants with redirects need `redirect_uris`: bad ones are 400 `invalid_redirect_uri`, anything else bad is `invalid_client_metadata`.',
    source: 'RFC 7591 §2, §3.2.2',
  },
  {
    id: 'R7591-05',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      '`token_endpoint_auth_method: none` is honoured without issuing a secret; `scope`, `application_type` and `software_id` are accepted.',
    source: 'RFC 7591 §2',
  },
  {
    id: 'R7591-06',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence:
      'Open registration is limited in rate, unused clients expire, everything is taken as claimed by the client itself, and `logo_uri` and its like are restricted.',
    source: 'RFC 7591 §5',
  },
  {
    id: 'R7591-07',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'A minted client id never starts with `https://`, and is never used twice.',
    source: 'RFC 7591 §3.2.1',
  },
  {
    id: 'R7591-08',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'A client that is unknown at the token endpoint gets `invalid_client`, which makes clients register again; at the authorization endpoint it gets an error page.',
    source: 'RFC 7591 §5',
  },
  {
    id: 'R7592-01',
    level: 'MAY',
    actor: 'authorization server',
    sentence:
      'Registrations may be managed by a registration access token: GET, PUT, and DELETE with 204, which ends the grants; a bad token is answered with 401.',
    source: 'RFC 7592 §2, §3',
  },
  {
    id: 'R8707-01',
    level: 'MUST',
    actor: 'client',
    sentence: '`resource` is an absolute URI without fragment, should have no query, and may be repeated.',
    source: 'RFC 8707 §2',
  },
  {
    id: 'R8707-02',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'A `resource` that is invalid, unknown or malformed is `invalid_target`, and tokens should be restricted to the resource they were asked for.',
    source: 'RFC 8707 §2',
  },
  {
    id: 'R8707-03',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence:
      'A token request may name some of the authorized resources, no others, and stands for all of them if it names none.',
    source: 'RFC 8707 §2.2',
  },
  {
    id: 'R8707-04',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'The same holds for a refresh.',
    source: 'RFC 8707 §2.2',
  },
  {
    id: 'R8707-05',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      '`resource` is optional and clients of 2025-03-26 do not send it: the single resource is the default, and the token is bound to it.',
    source: 'RFC 8707 §2',
  },
  {
    id: 'R8707-06',
    level: 'DECISION',
    actor: 'authorization server and resource server',
    sentence:
      'Resources are compared exactly, save for the case of scheme and host and for a root path that may be `/` or empty; longer paths keep their slashes unless both forms are declared.',
    source: 'RFC 8707 §2',
  },
  {
    id: 'R9207-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      '`iss` is in success and error responses, at most once, https without query and fragment, and identical to the `issuer` of the metadata.',
    source: 'RFC 9207 §2',
  },
  {
    id: 'R9207-02',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'The metadata says that `iss` is sent.',
    source: 'RFC 9207 §3',
  },
  {
    id: 'R9207-03',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The client compares `iss` and rejects a response that fails, as AUTH-2026-07-28-13 lists the cases.',
    source: 'RFC 9207 §2.4',
  },
  {
    id: 'R9207-04',
    level: 'DECISION',
    actor: 'proxy',
    sentence: "A proxy in front of another authorization server sends its own `iss`, never the other's.",
    source: 'RFC 9207 §2',
  },
  {
    id: 'R8252-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Loopback redirects by IP literal match on any port; path, scheme and query stay exact.',
    source: 'RFC 8252 §7.3',
  },
  {
    id: 'R8252-02',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      '`localhost` is treated alike, because Claude Code redirects there; the standard only discourages it.',
    source: 'RFC 8252 §8.3',
  },
  {
    id: 'R8252-03',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'The rule holds for registrations, for metadata documents, and for `redirect_uri` at the token endpoint.',
    source: 'RFC 8252 §7.3',
  },
  {
    id: 'R8252-04',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: '`127.0.0.1` and `localhost` are different strings, and the one does not match the other.',
    source: 'RFC 8252 §7.3',
  },
  {
    id: 'R8252-05',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Public native clients use PKCE, and the type of the client is recorded.',
    source: 'RFC 8252 §8.1, §8.4',
  },
  {
    id: 'R7009-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      "Revocation is a form POST with `token` and an optional hint; confidential clients authenticate, public ones send `client_id`, and the token must be the client's own.",
    source: 'RFC 7009 §2.1',
  },
  {
    id: 'R7009-02',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'An unknown token is answered with 200 too, and a wrong hint changes nothing.',
    source: 'RFC 7009 §2.2',
  },
  {
    id: 'R7009-03',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'Revoking a refresh token ends its access tokens, so that the MCP endpoint answers 401.',
    source: 'RFC 7009 §2.1',
  },
  {
    id: 'R7662-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'The caller authenticates; a token that is unknown, expired or not for the caller yields `{"active":false}` alone.',
    source: 'RFC 7662 §2.1, §2.2',
  },
  {
    id: 'R7662-02',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'The answer holds `aud`, `scope`, `client_id`, `sub`, `exp` and `iss`, and the time for which resource servers may cache it is bounded.',
    source: 'RFC 7662 §2.2, §4',
  },
  {
    id: 'R9068-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'A JWT access token has `typ: at+jwt`, an asymmetric algorithm (RS256 supported, never `none`), iss, exp, aud, sub, client_id, iat, jti, and `scope` when scope was requested.',
    source: 'RFC 9068 §2',
  },
  {
    id: 'R9068-02',
    level: 'MUST',
    actor: 'authorization server',
    sentence: '`aud` is the requested resource, or the default one.',
    source: 'RFC 9068 §3',
  },
  {
    id: 'R9068-03',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      'The resource server checks typ, the exact issuer, that it is in the audience, signature and expiry; an ID token does not pass.',
    source: 'RFC 9068 §4',
  },
  {
    id: 'R9068-04',
    level: 'MUST',
    actor: 'client',
    sentence: 'The client does not read the access token.',
    source: 'RFC 9068 §6',
  },
  {
    id: 'R9700-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'A verifier is refused if the authorization request had no challenge.',
    source: 'RFC 9700 §2.1.1, §4.8.2',
  },
  {
    id: 'R9700-02',
    level: 'MUST',
    actor: 'gateway and resource server',
    sentence:
      'A reverse proxy strips from outside the security headers that it sets itself: `X-Forwarded-User` and `X-Forwarded-Host` from a stranger change neither identity nor issuer nor URLs.',
    source: 'RFC 9700 §4.13',
  },
  {
    id: 'R9700-03',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: "The `sub` of a client's own token cannot be that of a user.",
    source: 'RFC 9700 §4.15',
  },
  {
    id: 'R9700-04',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'Sign-in and consent pages hold no third-party content and set a Referrer-Policy.',
    source: 'RFC 9700 §4.2.4',
  },
  {
    id: 'R9700-05',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'Asymmetric client authentication and sender-constrained tokens are recommended.',
    source: 'RFC 9700 §2.2.1, §2.5',
  },
  {
    id: 'R9700-06',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Redirect URIs are not `http`, save on loopback.',
    source: 'RFC 9700 §2.6',
  },
  {
    id: 'CIMD-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'A client id URL is https with a path, without dot segments, fragment, user or password, and should have no query, while a port is allowed; anything else is refused without a fetch.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §3',
  },
  {
    id: 'CIMD-02',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'The document is fetched when its URL appears, and the request ends if the fetch fails.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4',
  },
  {
    id: 'CIMD-03',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Only 200 is success, and redirects are not followed.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4',
  },
  {
    id: 'CIMD-04',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'Special-use addresses (RFC 6890) are refused after resolution, DNS rebinding and IPv4-mapped addresses included, unless the authorization server is on loopback itself.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.5',
  },
  {
    id: 'CIMD-05',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence:
      'The document is JSON by its content type, 5 KB at most as recommended, and is fetched within a time limit.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.6',
  },
  {
    id: 'CIMD-06',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      '`client_id` in the document equals the URL as a string: a trailing slash or another case fails.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4.1',
  },
  {
    id: 'CIMD-07',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'The document names no method with a shared secret and holds no `client_secret`.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4.1',
  },
  {
    id: 'CIMD-08',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Redirect URIs match those of the document exactly, save for the port of loopback.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4.5',
  },
  {
    id: 'CIMD-09',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'HTTP caching is respected within bounds of our own; errors and invalid documents are never cached.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4.4',
  },
  {
    id: 'CIMD-10',
    level: 'MAY',
    actor: 'authorization server',
    sentence:
      "Redirect URIs may be restricted to the client's origin; Claude Code redirects to loopback, so this is not done blindly.",
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4.2, §6.1',
  },
  {
    id: 'CIMD-11',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence:
      'The page shows the host of the client id; a logo is fetched ahead under the same guard and served by us, or not shown, never linked.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.4, §6.7',
  },
  {
    id: 'CIMD-12',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'When redirect URIs, keys, authentication method or scope of the document change, consent is asked again or grants are revoked.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §4.4, §6.3',
  },
  {
    id: 'CIMD-13',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'A document with `private_key_jwt` and keys makes client authentication mandatory; without it the error is `invalid_client`.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.2',
  },
  {
    id: 'CIMD-14',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Support is announced in the metadata, and ids of our own should never start with `https://`.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §5',
  },
  {
    id: 'CIMD-15',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: '`none` is in `token_endpoint_auth_methods_supported`, which hosted Claude requires.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §5',
  },
  {
    id: 'CIMD-16',
    level: 'MAY',
    actor: 'authorization server',
    sentence:
      'A trust policy, registered document URLs, or a warning at first use may restrict who connects.',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6.8',
  },
  {
    id: 'IDJAG-01',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'The grant is for confidential clients alone; a public one is refused by default.',
    source: 'draft-ietf-oauth-identity-assertion-authz-grant-03 §8.1',
  },
  {
    id: 'IDJAG-02',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'The granted `scope` and `resource` are in the token response.',
    source: 'draft-ietf-oauth-identity-assertion-authz-grant-03 §4.4.2',
  },
  {
    id: 'IDJAG-03',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'A grant with `cnf` needs a DPoP proof with the same key; otherwise the error is `invalid_grant`.',
    source: 'draft-ietf-oauth-identity-assertion-authz-grant-03 §8.6.1',
  },
  {
    id: 'IDJAG-04',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'The metadata does not reveal which issuers are trusted.',
    source: 'draft-ietf-oauth-identity-assertion-authz-grant-03 §8.4',
  },
  {
    id: 'IDJAG-05',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'With several tenants `iss`, `tenant` and `sub` together are unique, and `aud_tenant` and `aud_sub` are honoured.',
    source: 'draft-ietf-oauth-identity-assertion-authz-grant-03 §6.3',
  },
  {
    id: 'R9449-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'The token endpoint checks the proof: typ `dpop+jwt`, asymmetric algorithm, public `jwk`, `htm` POST, `htu` the token URL without query, fresh `iat`, unused `jti`; the token gets `cnf.jkt` and type DPoP, a bad proof `invalid_dpop_proof`.',
    source: 'RFC 9449 §4.3, §5',
  },
  {
    id: 'R9449-02',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Refresh tokens of public clients are bound to the key.',
    source: 'RFC 9449 §5',
  },
  {
    id: 'R9449-03',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      'The resource server takes `Authorization: DPoP` with a proof that holds `ath`, compares the key, and answers otherwise with 401, `WWW-Authenticate: DPoP` and `algs`.',
    source: 'RFC 9449 §7.1',
  },
  {
    id: 'R9449-04',
    level: 'MAY',
    actor: 'client and server',
    sentence: 'Nonces may be demanded by `use_dpop_nonce` with `DPoP-Nonce`.',
    source: 'RFC 9449 §8, §9',
  },
  {
    id: 'R9449-05',
    level: 'DECISION',
    actor: 'gateway',
    sentence: '`htu` is the public URL, which a gateway therefore has to know; the proof is not forwarded.',
    source: 'RFC 9449 §4.3',
  },
]
