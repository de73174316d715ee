/** The authorization chapter of MCP, revision by revision, with the document on security best practices and the extensions. */

import type { Requirement } from './requirement.ts'

export const authorizationRequirements: readonly Requirement[] = [
  {
    id: 'AUTH-2025-03-26-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'The authorization server implements OAuth 2.1 for public and for confidential clients.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-02',
    level: 'SHOULD',
    actor: 'authorization server and client',
    sentence: 'Authorization server and client support dynamic client registration (RFC 7591).',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-03',
    level: 'MUST',
    actor: 'server and client',
    sentence:
      'Authorization server metadata (RFC 8414) is found at the authorization base URL, which is the MCP URL without its path; serving it is recommended, reading it is required.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-04',
    level: 'MUST',
    actor: 'server',
    sentence: 'A server without metadata serves `/authorize`, `/token` and `/register` on that origin.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-05',
    level: 'MUST',
    actor: 'client',
    sentence: 'The client tries the metadata first, then the default paths.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-06',
    level: 'SHOULD',
    actor: 'client',
    sentence:
      'The client sends `MCP-Protocol-Version` with metadata requests, so neither the server nor its preflight may stumble over it.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-07',
    level: 'MUST',
    actor: 'server',
    sentence: 'A request that needs authorization and has none is answered with 401.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-08',
    level: 'MUST',
    actor: 'client',
    sentence: 'Every client uses PKCE.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-09',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The access token is sent in the Authorization header of every HTTP request, within a session too, and never in the query string, where it must not authenticate.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-10',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      'The resource server validates tokens: 401 for an invalid or expired one, 403 for missing scope, 400 for a malformed request.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-11',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Authorization endpoints are HTTPS; redirect URIs are HTTPS or localhost, and are validated.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-12',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'Tokens expire, have limited lifetimes, and refresh tokens rotate.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-13',
    level: 'MUST',
    actor: 'client',
    sentence: 'The client stores tokens securely.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-14',
    level: 'MUST',
    actor: 'proxy',
    sentence:
      "A server that signs users in elsewhere binds its own tokens to the third party's, checks their state before it honours its own, handles expiry and renewal, validates redirects, stores credentials safely, ends sessions in time, and copes when the third party fails.",
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-03-26-15',
    level: 'SHOULD',
    actor: 'server',
    sentence:
      'Grants fit who is behind the client: authorization_code for people, client_credentials for applications.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'AUTH-2025-06-18-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'As AUTH-2025-03-26-01: The authorization server implements OAuth 2.1 for public and for confidential clients.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization',
  },
  {
    id: 'AUTH-2025-06-18-02',
    level: 'SHOULD',
    actor: 'authorization server and client',
    sentence:
      'As AUTH-2025-03-26-02: Authorization server and client support dynamic client registration (RFC 7591).',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization',
  },
  {
    id: 'AUTH-2025-06-18-03',
    level: 'MUST',
    actor: 'server',
    sentence:
      'The server publishes protected resource metadata (RFC 9728) with at least one entry in `authorization_servers`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#authorization-server-location',
  },
  {
    id: 'AUTH-2025-06-18-04',
    level: 'MUST',
    actor: 'server',
    sentence: 'Every 401 carries `WWW-Authenticate` with `resource_metadata`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#authorization-server-location',
  },
  {
    id: 'AUTH-2025-06-18-05',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The client reads `WWW-Authenticate` and the protected resource metadata, and chooses the authorization server by RFC 9728 §7.6.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#authorization-server-location',
  },
  {
    id: 'AUTH-2025-06-18-06',
    level: 'MUST',
    actor: 'authorization server and client',
    sentence:
      'The authorization server publishes RFC 8414 metadata and the client uses it; default paths no longer exist.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#server-metadata-discovery',
  },
  {
    id: 'AUTH-2025-06-18-07',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The client sends `resource`, the canonical URI of the MCP server, with authorization and token requests, even if the authorization server ignores it.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#resource-parameter-implementation',
  },
  {
    id: 'AUTH-2025-06-18-08',
    level: 'SHOULD',
    actor: 'client and server',
    sentence:
      'The most specific URI is used; scheme and host in lower case, upper case accepted; no trailing slash unless it means something; no fragment.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#canonical-server-uri',
  },
  {
    id: 'AUTH-2025-06-18-09',
    level: 'MUST',
    actor: 'client',
    sentence:
      'As AUTH-2025-03-26-09: The access token is sent in the Authorization header of every HTTP request, within a session too, and never in the query string, where it must not authenticate.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#token-requirements',
  },
  {
    id: 'AUTH-2025-06-18-10',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      'The resource server validates tokens by OAuth 2.1 §5.2 and that they were issued for it; an invalid, expired or foreign one is answered with 401.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#token-handling',
  },
  {
    id: 'AUTH-2025-06-18-11',
    level: 'MUST',
    actor: 'client',
    sentence: "The client sends only tokens that were issued by this server's authorization server.",
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#token-requirements',
  },
  {
    id: 'AUTH-2025-06-18-12',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      'The server accepts no other tokens, and passes none on: an upstream sees another credential, or none.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#access-token-privilege-restriction',
  },
  {
    id: 'AUTH-2025-06-18-13',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      'The answers are 401 for no or a bad token, 403 for missing scope, 400 for a malformed request.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#error-handling',
  },
  {
    id: 'AUTH-2025-06-18-14',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'Access tokens should be short-lived, and refresh tokens of public clients rotate; the old one then fails.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#token-theft',
  },
  {
    id: 'AUTH-2025-06-18-15',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Authorization endpoints are HTTPS, and redirect URIs are localhost or HTTPS.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#communication-security',
  },
  {
    id: 'AUTH-2025-06-18-16',
    level: 'MUST',
    actor: 'client',
    sentence: 'The client uses PKCE.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#authorization-code-protection',
  },
  {
    id: 'AUTH-2025-06-18-17',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'Redirect URIs are matched exactly against the registered ones, and nobody is redirected to an untrusted one.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#open-redirection',
  },
  {
    id: 'AUTH-2025-06-18-18',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'Only a trusted redirect URI is redirected to without asking.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#open-redirection',
  },
  {
    id: 'AUTH-2025-06-18-19',
    level: 'SHOULD',
    actor: 'client',
    sentence: 'The client sends `state` and verifies it.',
    source: 'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#open-redirection',
  },
  {
    id: 'AUTH-2025-06-18-20',
    level: 'MUST',
    actor: 'proxy',
    sentence:
      "A proxy with a static client id at the third party obtains the user's consent for each dynamically registered client before it forwards.",
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#confused-deputy-problem',
  },
  {
    id: 'AUTH-2025-06-18-21',
    level: 'MUST',
    actor: 'client and server',
    sentence: 'Both sides follow OAuth 2.1 §7 and store tokens securely.',
    source:
      'https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization#security-considerations',
  },
  {
    id: 'AUTH-2025-11-25-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'As AUTH-2025-06-18-01: The authorization server implements OAuth 2.1 for public and for confidential clients.',
    source: 'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization',
  },
  {
    id: 'AUTH-2025-11-25-02',
    level: 'SHOULD',
    actor: 'authorization server and client',
    sentence:
      'Both support client id metadata documents: the metadata says `client_id_metadata_document_supported`, and a URL works as a client id.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#client-id-metadata-documents',
  },
  {
    id: 'AUTH-2025-11-25-03',
    level: 'MAY',
    actor: 'authorization server and client',
    sentence: 'Both may support dynamic client registration.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#dynamic-client-registration',
  },
  {
    id: 'AUTH-2025-11-25-04',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As AUTH-2025-06-18-03: The server publishes protected resource metadata (RFC 9728) with at least one entry in `authorization_servers`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#authorization-server-location',
  },
  {
    id: 'AUTH-2025-11-25-05',
    level: 'MUST',
    actor: 'server',
    sentence:
      'The server does at least one of these: it names `resource_metadata` on 401, or serves the metadata at `/.well-known/oauth-protected-resource` followed by the path of the endpoint, or at the root; Postern does all three.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#protected-resource-metadata-discovery-requirements',
  },
  {
    id: 'AUTH-2025-11-25-06',
    level: 'MUST',
    actor: 'client',
    sentence: 'The client supports both ways: the header first, then the URL with the path, then the root.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#protected-resource-metadata-discovery-requirements',
  },
  {
    id: 'AUTH-2025-11-25-07',
    level: 'SHOULD',
    actor: 'server',
    sentence: 'The challenge of a 401 carries `scope`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#protected-resource-metadata-discovery-requirements',
  },
  {
    id: 'AUTH-2025-11-25-08',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The scopes of a challenge are authoritative, and nothing is assumed about their relation to `scopes_supported`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#scope-selection-strategy',
  },
  {
    id: 'AUTH-2025-11-25-09',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'The authorization server publishes RFC 8414 metadata or OpenID Connect discovery.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#authorization-server-metadata-discovery',
  },
  {
    id: 'AUTH-2025-11-25-10',
    level: 'MUST',
    actor: 'client',
    sentence:
      'For an issuer with a path the client asks for `/.well-known/oauth-authorization-server/<path>`, `/.well-known/openid-configuration/<path>`, `/<path>/.well-known/openid-configuration`, in this order; without a path for the two well-known names at the root.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#authorization-server-metadata-discovery',
  },
  {
    id: 'AUTH-2025-11-25-11',
    level: 'SHOULD',
    actor: 'client',
    sentence:
      'The client prefers credentials it was given, then a client id metadata document if supported, then dynamic registration if there is an endpoint, then asks the user.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#client-registration-approaches',
  },
  {
    id: 'AUTH-2025-11-25-12',
    level: 'MUST',
    actor: 'client',
    sentence:
      'A client id that is a document URL is https with a path, and the document holds `client_id` equal to it, `client_name` and `redirect_uris`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#client-id-metadata-documents',
  },
  {
    id: 'AUTH-2025-11-25-13',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence:
      'The authorization server fetches the document when it meets such a client id, caches it as HTTP says, and guards against SSRF.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#client-id-metadata-documents',
  },
  {
    id: 'AUTH-2025-11-25-14',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'The document is valid JSON with the required members, its `client_id` equals the URL, and the requested redirect URI is among its own.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#client-id-metadata-documents',
  },
  {
    id: 'AUTH-2025-11-25-15',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'The consent page shows the host of the redirect URI; for a client with loopback redirects alone it should warn in addition.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#client-id-metadata-documents',
  },
  {
    id: 'AUTH-2025-11-25-16',
    level: 'MAY',
    actor: 'authorization server',
    sentence: 'The authorization server may restrict which domains it trusts for such documents.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#client-id-metadata-documents',
  },
  {
    id: 'AUTH-2025-11-25-17',
    level: 'SHOULD',
    actor: 'client',
    sentence:
      'The first request asks for the `scope` of the challenge, else for all of `scopes_supported`, else leaves `scope` out.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#scope-selection-strategy',
  },
  {
    id: 'AUTH-2025-11-25-18',
    level: 'MUST',
    actor: 'client',
    sentence:
      'As AUTH-2025-06-18-07 and AUTH-2025-06-18-08: `resource` goes with authorization and token requests, in canonical form.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#resource-parameter-implementation',
  },
  {
    id: 'AUTH-2025-11-25-19',
    level: 'MUST',
    actor: 'client and resource server',
    sentence:
      'As AUTH-2025-06-18-09 to AUTH-2025-06-18-13: Bearer header on every request, tokens validated for this server alone, none passed on, and the answers 401, 403 and 400.',
    source: 'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#token-requirements',
  },
  {
    id: 'AUTH-2025-11-25-20',
    level: 'SHOULD',
    actor: 'resource server',
    sentence:
      'A call that lacks scope is answered with 403 and `WWW-Authenticate: Bearer error="insufficient_scope"` with `scope` and `resource_metadata`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#runtime-insufficient-scope-errors',
  },
  {
    id: 'AUTH-2025-11-25-21',
    level: 'SHOULD',
    actor: 'resource server',
    sentence:
      'The scopes of that challenge are, as recommended, those already granted that matter and those newly needed, and the choice is consistent.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#runtime-insufficient-scope-errors',
  },
  {
    id: 'AUTH-2025-11-25-22',
    level: 'SHOULD',
    actor: 'client',
    sentence:
      'A client for people steps up on such a challenge, with a limit on attempts, and keeps track of them.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#step-up-authorization-flow',
  },
  {
    id: 'AUTH-2025-11-25-23',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The client verifies PKCE support in the metadata, refuses to go on if `code_challenge_methods_supported` is absent, and uses S256.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#authorization-code-protection',
  },
  {
    id: 'AUTH-2025-11-25-24',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'An OpenID Connect discovery document, if there is one, includes `code_challenge_methods_supported`.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#authorization-code-protection',
  },
  {
    id: 'AUTH-2025-11-25-25',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'As AUTH-2025-06-18-14, AUTH-2025-06-18-15, AUTH-2025-06-18-17 and AUTH-2025-06-18-18: short-lived tokens, rotation for public clients, HTTPS, exact redirect URIs and none that is untrusted.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#security-considerations',
  },
  {
    id: 'AUTH-2025-11-25-26',
    level: 'SHOULD',
    actor: 'client',
    sentence: 'The client offers static credentials, built in or typed by the user.',
    source: 'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#preregistration',
  },
  {
    id: 'AUTH-2025-11-25-27',
    level: 'MUST',
    actor: 'proxy',
    sentence:
      'As AUTH-2025-06-18-12 and AUTH-2025-06-18-20: consent for each dynamic client, and no token is passed on.',
    source:
      'https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#confused-deputy-problem',
  },
  {
    id: 'AUTH-2026-07-28-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'The authorization server implements OAuth 2.1 (draft 13) for public and confidential clients.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-02',
    level: 'SHOULD',
    actor: 'authorization server and client',
    sentence: 'Both support client id metadata documents (draft 00).',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration',
  },
  {
    id: 'AUTH-2026-07-28-03',
    level: 'MAY',
    actor: 'authorization server and client',
    sentence:
      'Both may support dynamic client registration, which is deprecated and stays until 2027-07-28 at least; older clients depend on it.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration',
  },
  {
    id: 'AUTH-2026-07-28-04',
    level: 'MUST',
    actor: 'server and client',
    sentence:
      'The server publishes protected resource metadata with `authorization_servers`, and the client uses it.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery',
  },
  {
    id: 'AUTH-2026-07-28-05',
    level: 'MUST',
    actor: 'server',
    sentence:
      'As AUTH-2025-11-25-05: The server does at least one of these: it names `resource_metadata` on 401, or serves the metadata at `/.well-known/oauth-protected-resource` followed by the path of the endpoint, or at the root; Postern does all three.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery',
  },
  {
    id: 'AUTH-2026-07-28-06',
    level: 'MUST',
    actor: 'client',
    sentence:
      'As AUTH-2025-11-25-06: The client supports both ways: the header first, then the URL with the path, then the root.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery',
  },
  {
    id: 'AUTH-2026-07-28-07',
    level: 'MUST',
    actor: 'authorization server and client',
    sentence:
      'The authorization server publishes RFC 8414 metadata or OpenID Connect discovery; the client supports both in the fixed order of AUTH-2025-11-25-10, with the default well-known names alone.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery',
  },
  {
    id: 'AUTH-2026-07-28-08',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The `issuer` in the metadata is identical to the identifier from which its URL was built; otherwise the document is not used.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery',
  },
  {
    id: 'AUTH-2026-07-28-09',
    level: 'MUST',
    actor: 'client',
    sentence:
      'Registrations and tokens are kept apart by `issuer` and never used with another; when the metadata names another authorization server the client registers again, and reports credentials it was given that no longer fit; document URLs as client ids are portable.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery',
  },
  {
    id: 'AUTH-2026-07-28-10',
    level: 'MUST',
    actor: 'client',
    sentence: 'The client records the validated `issuer` with the PKCE verifier before it redirects.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations',
  },
  {
    id: 'AUTH-2026-07-28-11',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'Authorization responses, errors included, carry `iss`.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations',
  },
  {
    id: 'AUTH-2026-07-28-12',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'An authorization server that sends `iss` says `authorization_response_iss_parameter_supported: true`.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations',
  },
  {
    id: 'AUTH-2026-07-28-13',
    level: 'MUST',
    actor: 'client',
    sentence:
      'Before any token request: flag and `iss` means compare; flag without `iss` means reject; `iss` without flag means compare; neither means proceed.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations',
  },
  {
    id: 'AUTH-2026-07-28-14',
    level: 'MUST',
    actor: 'client',
    sentence:
      'Issuers are compared as plain strings, without normalising case, port, slash or percent encoding.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations',
  },
  {
    id: 'AUTH-2026-07-28-15',
    level: 'MUST',
    actor: 'client',
    sentence: 'When the issuers differ, the error values of the response are neither acted upon nor shown.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations',
  },
  {
    id: 'AUTH-2026-07-28-16',
    level: 'SHOULD',
    actor: 'client',
    sentence:
      'As AUTH-2025-11-25-11: The client prefers credentials it was given, then a client id metadata document if supported, then dynamic registration if there is an endpoint, then asks the user.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration',
  },
  {
    id: 'AUTH-2026-07-28-17',
    level: 'MUST',
    actor: 'authorization server and client',
    sentence:
      'As AUTH-2025-11-25-12 to AUTH-2025-11-25-16: form of the document, exact `client_id`, guarded and cached fetch, redirect URIs from the document, redirect host shown, optional trust policy.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration',
  },
  {
    id: 'AUTH-2026-07-28-18',
    level: 'MUST',
    actor: 'client',
    sentence:
      'A registration carries `application_type`, which should be `native` for localhost, command line, desktop and mobile and `web` for remote web; refusals are surfaced, and the client may retry with adjusted values.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration',
  },
  {
    id: 'AUTH-2026-07-28-19',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'The authorization server accepts both values and does not refuse a loopback redirect because an older client left `application_type` out.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration',
  },
  {
    id: 'AUTH-2026-07-28-20',
    level: 'SHOULD',
    actor: 'server',
    sentence: 'The challenge of a 401 carries `scope`, consistent with the other places that name scopes.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-21',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The scopes of a challenge are authoritative for the operation at hand; scopes granted before should be included when authorizing again.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-22',
    level: 'SHOULD',
    actor: 'client',
    sentence:
      'As AUTH-2025-11-25-17: The first request asks for the `scope` of the challenge, else for all of `scopes_supported`, else leaves `scope` out.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-23',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The client sends the canonical `resource` with authorization, token and refresh requests, always.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-24',
    level: 'MUST',
    actor: 'client',
    sentence: 'The Bearer header goes with every request, and a token is never in a query.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-25',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      'The resource server validates the token and its audience before any processing, answers an invalid or expired one with 401, and neither accepts nor passes on any other.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-26',
    level: 'MUST',
    actor: 'client',
    sentence: "The client sends only tokens of this server's authorization server.",
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-27',
    level: 'MUST',
    actor: 'client',
    sentence:
      'Refresh tokens are kept secret; `refresh_token` is among the registered `grant_types`; `offline_access` may be asked for if the authorization server lists it; that one is issued is never assumed.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-28',
    level: 'SHOULD',
    actor: 'resource server',
    sentence:
      '`offline_access` is neither in the challenge nor in the `scopes_supported` of the protected resource metadata.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-29',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      'The answers are 401 for no or a bad token, 403 for missing scope, 400 for a malformed request.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-30',
    level: 'SHOULD',
    actor: 'resource server',
    sentence:
      'A call that lacks scope is answered with 403 `insufficient_scope`, `resource_metadata`, and in `scope` all that the operation needs at once; scopes granted before need not be repeated.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-31',
    level: 'SHOULD',
    actor: 'client',
    sentence:
      'The client asks for the union of scopes granted before and challenged, limits its attempts and keeps track of them.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-32',
    level: 'MUST',
    actor: 'resource server',
    sentence:
      'Where one scope implies another the server honours it, so that a token with the broad one passes where the narrow one is needed.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'AUTH-2026-07-28-33',
    level: 'MUST',
    actor: 'client',
    sentence:
      'As AUTH-2025-11-25-23: The client verifies PKCE support in the metadata, refuses to go on if `code_challenge_methods_supported` is absent, and uses S256.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations',
  },
  {
    id: 'AUTH-2026-07-28-34',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'OpenID Connect discovery documents include `code_challenge_methods_supported`.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery',
  },
  {
    id: 'AUTH-2026-07-28-35',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'Access tokens should be short-lived, and refresh tokens of public clients rotate.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations',
  },
  {
    id: 'AUTH-2026-07-28-36',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'Endpoints are HTTPS; redirect URIs are localhost or HTTPS, matched exactly, with precautions against untrusted ones, and only trusted ones should be redirected to without asking.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations',
  },
  {
    id: 'AUTH-2026-07-28-37',
    level: 'MUST',
    actor: 'client',
    sentence: 'The client registers its redirect URIs, and should use `state`.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations',
  },
  {
    id: 'AUTH-2026-07-28-38',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'The authorization server minds section 6 of the client id metadata draft and shows the redirect host; it should guard its fetches against SSRF and warn of loopback-only clients.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations',
  },
  {
    id: 'AUTH-2026-07-28-39',
    level: 'MUST',
    actor: 'proxy',
    sentence:
      "A proxy with a static client id obtains consent for each dynamic client, and never forwards the client's token.",
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/security-considerations',
  },
  {
    id: 'AUTH-2026-07-28-40',
    level: 'MUST',
    actor: 'server',
    sentence:
      'URL elicitation is no way to sign in to the MCP server: third-party credentials never pass through the client, who opens the URL must be the user of the request, and the URL holds neither secrets nor a prepared sign-in.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'SBP-01',
    level: 'MUST',
    actor: 'proxy',
    sentence:
      'Clients are approved per user, and the approval is checked before the third party is redirected to; the first request of a new client never goes straight on.',
    source:
      'https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#confused-deputy-problem',
  },
  {
    id: 'SBP-02',
    level: 'MUST',
    actor: 'proxy',
    sentence:
      'The consent page names the client, the third-party scopes and the registered redirect URI, carries a CSRF token, and cannot be framed.',
    source:
      'https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#confused-deputy-problem',
  },
  {
    id: 'SBP-03',
    level: 'MUST',
    actor: 'proxy',
    sentence:
      'Consent cookies are `__Host-`, Secure, HttpOnly and SameSite=Lax, signed or kept on the server, and bound to the client id.',
    source:
      'https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#confused-deputy-problem',
  },
  {
    id: 'SBP-04',
    level: 'MUST',
    actor: 'proxy',
    sentence: 'Redirect URIs are compared as exact strings, and a changed one is refused.',
    source:
      'https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#confused-deputy-problem',
  },
  {
    id: 'SBP-05',
    level: 'MUST',
    actor: 'proxy',
    sentence:
      'The `state` towards the third party is random, stored only after consent and just before the redirect, verified against the browser, used once, and lives about ten minutes.',
    source:
      'https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#confused-deputy-problem',
  },
  {
    id: 'SBP-06',
    level: 'MUST',
    actor: 'server',
    sentence: 'The server accepts no token that was not issued for it.',
    source:
      'https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#token-passthrough',
  },
  {
    id: 'SBP-07',
    level: 'MUST',
    actor: 'client',
    sentence:
      'A hosted client fetches https alone, blocks private and reserved addresses, validates redirects, and should pin DNS and leave through an egress proxy.',
    source:
      'https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#server-side-request-forgery-ssrf',
  },
  {
    id: 'SBP-08',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence:
      "The same protections hold for the authorization server's fetches of client metadata documents, `jwks_uri` and `logo_uri`.",
    source:
      'https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#server-side-request-forgery-ssrf',
  },
  {
    id: 'SBP-09',
    level: 'MUST',
    actor: 'server',
    sentence:
      'A state handle is no authentication (modern servers): it is random, bound to the user, and expires.',
    source:
      'https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#state-handle-hijacking',
  },
  {
    id: 'SBP-10',
    level: 'MUST',
    actor: 'server',
    sentence:
      "A session is no authentication (legacy servers): its id is random and bound to the user, and another user's token with it is refused.",
    source:
      'https://modelcontextprotocol.io/docs/2025-11-25/tutorials/security/security_best_practices#session-hijacking',
  },
  {
    id: 'SBP-11',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The client opens authorization URLs only if they are https, or http on loopback, and never through a shell; `javascript:` and the like are refused.',
    source:
      'https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#oauth-authorization-url-validation',
  },
  {
    id: 'SBP-12',
    level: 'SHOULD',
    actor: 'server and authorization server',
    sentence:
      'First scopes are minimal, there is no wildcard scope, challenges are precise, tokens with fewer scopes are tolerated, and elevations are logged.',
    source:
      'https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#scope-minimization',
  },
  {
    id: 'SBP-13',
    level: 'MUST',
    actor: 'client',
    sentence:
      'As AUTH-2026-07-28-10 to AUTH-2026-07-28-15: the issuer is recorded before the redirect and compared with `iss` before the code is used.',
    source:
      'https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#mix-up-attacks',
  },
  {
    id: 'EXT-CC-01',
    level: 'MUST',
    actor: 'client',
    sentence:
      'The client credentials grant authenticates by `private_key_jwt`, which is recommended, or by a secret, with a client registered beforehand, not dynamically.',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/draft/oauth-client-credentials.mdx',
  },
  {
    id: 'EXT-CC-02',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'The metadata lists `private_key_jwt` or `client_secret_basic` or both, and for JWTs `token_endpoint_auth_signing_alg_values_supported`.',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/draft/oauth-client-credentials.mdx',
  },
  {
    id: 'EXT-CC-03',
    level: 'MAY',
    actor: 'client and server',
    sentence: 'Both sides may name the extension in their `extensions` capabilities.',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/draft/oauth-client-credentials.mdx',
  },
  {
    id: 'EXT-EMA-01',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence:
      'The metadata names `urn:ietf:params:oauth:grant-profile:id-jag` in `authorization_grant_profiles_supported`, and must then list the jwt-bearer grant in `grant_types_supported`.',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/stable/enterprise-managed-authorization.mdx',
  },
  {
    id: 'EXT-EMA-02',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'The token endpoint accepts the jwt-bearer grant with an `assertion` and authenticates the client, by Basic or by a document URL as client id, optionally with `private_key_jwt`.',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/stable/enterprise-managed-authorization.mdx',
  },
  {
    id: 'EXT-EMA-03',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      "The assertion is signed by a trusted identity provider's key with an allowed algorithm, never `none`; its `typ` is `oauth-id-jag+jwt`; iss, sub, aud, iat and exp are checked.",
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/stable/enterprise-managed-authorization.mdx',
  },
  {
    id: 'EXT-EMA-04',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      '`aud` is our own issuer, as a string or an array of one, and `client_id` the authenticated client; otherwise the error is `invalid_grant`.',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/stable/enterprise-managed-authorization.mdx',
  },
  {
    id: 'EXT-EMA-05',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      '`resource`, if present, is one of our MCP servers; the token is for that audience, and its scope is what was asked for as far as the assertion allows.',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/stable/enterprise-managed-authorization.mdx',
  },
  {
    id: 'EXT-EMA-06',
    level: 'MUST',
    actor: 'authorization server',
    sentence: 'A `jti` that was used is refused until it expires.',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/stable/enterprise-managed-authorization.mdx',
  },
  {
    id: 'EXT-EMA-07',
    level: 'SHOULD',
    actor: 'authorization server',
    sentence: 'The answer holds no refresh token.',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/stable/enterprise-managed-authorization.mdx',
  },
  {
    id: 'EXT-EMA-08',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      'TLS everywhere; keys are fetched over TLS and rotated safely; the assertion is neither logged nor put into a URL.',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/stable/enterprise-managed-authorization.mdx',
  },
  {
    id: 'EXT-EMA-09',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: 'Accounts are linked by `iss` and `sub`, by `email` only where nothing else fits.',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/stable/enterprise-managed-authorization.mdx',
  },
  {
    id: 'EXT-EMA-10',
    level: 'MUST',
    actor: 'client',
    sentence:
      "The client obtains the assertion by token exchange (RFC 8693) at the identity provider, authenticated, with the authorization server's issuer as `audience`; the user is not sent to our authorization endpoint.",
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/stable/enterprise-managed-authorization.mdx',
  },
  {
    id: 'EXT-DPOP-01',
    level: 'MUST',
    actor: 'client and server',
    sentence:
      'DPoP is RFC 9449 as it stands (R9449-01 to R9449-05); the resource server accepts an `iat` within five minutes either way; keeping state and sending nonces are optional.',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/draft/dpop-extension.mdx',
  },
  {
    id: 'EXT-DPOP-02',
    level: 'MUST',
    actor: 'resource server',
    sentence: 'A DPoP-bound token presented as Bearer is refused (RFC 9449 §7.2).',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/draft/dpop-extension.mdx',
  },
  {
    id: 'EXT-WIF-01',
    level: 'MUST',
    actor: 'authorization server',
    sentence:
      "The jwt-bearer grant takes a platform's JWT (iss, sub, aud of the token endpoint, exp, iat, jti) from a configured issuer whose keys come over TLS; no `client_id` is needed.",
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/draft/workload-identity-federation.mdx',
    notBuilt:
      'A draft for programs that act for nobody; every connection through Postern acts for a person, and no Claude client offers it.',
  },
  {
    id: 'EXT-WIF-02',
    level: 'SHOULD',
    actor: 'client',
    sentence: 'After a refusal the client neither retries nor tries another grant.',
    source:
      'https://github.com/modelcontextprotocol/ext-auth/blob/main/specification/draft/workload-identity-federation.mdx',
  },
]
