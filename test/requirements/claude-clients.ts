/** What a server must be so that Claude's clients connect to it the first time, from Anthropic's documentation and public reports. */

import type { Requirement } from './requirement.ts'

export const claudeClientsRequirements: readonly Requirement[] = [
  {
    id: 'CC-01',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      "The server is one public https host on port 443 with IPv4 and a full certificate chain, answers within two seconds from a cold start, has no bot or country rule on the MCP endpoint, `/.well-known/*` and OAuth paths, looks neither at User-Agent nor at Claude's Origin, and admits 160.79.104.0/21.",
    source: 'https://claude.com/docs/connectors/building/troubleshooting',
  },
  {
    id: 'CC-02',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'The URL that the user types is served with and without its final slash, in place, without redirects, and public URLs are absolute and come from configuration, not from `Host`.',
    source: 'https://claude.com/docs/connectors/building/troubleshooting',
  },
  {
    id: 'CC-03',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'No or an invalid token is answered with 401 and `WWW-Authenticate: Bearer` with `resource_metadata` and `scope`, before any check but those of HS-17; insufficient scope is 403 `insufficient_scope` with `scope` and `resource_metadata`.',
    source: 'https://claude.com/docs/connectors/building/authentication',
  },
  {
    id: 'CC-04',
    level: 'DECISION',
    actor: 'resource server',
    sentence:
      'Protected resource metadata is at the path form and at the root, without authentication, with CORS, `resource` equal to the typed URL byte for byte, one entry in `authorization_servers`, and minimal `scopes_supported` without offline_access.',
    source: 'https://claude.com/docs/connectors/building/authentication',
  },
  {
    id: 'CC-05',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'The issuer is the root of the same host; its metadata is at both root well-knowns and at both with the MCP path inserted, the issuer string identical to the protected resource metadata, S256, the methods none, client_secret_post and client_secret_basic, the flag for metadata documents, offline_access among the scopes, and the `iss` flag with `iss` sent.',
    source: 'https://claude.com/docs/connectors/building/authentication',
  },
  {
    id: 'CC-06',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      '`/authorize`, `/token` and `/register` answer at the root even where the real endpoints are elsewhere, and unknown well-knowns are 404 with JSON.',
    source: 'https://claude.com/docs/connectors/building/troubleshooting',
  },
  {
    id: 'CC-07',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'Registration takes anonymous JSON, answers 201 with every accepted member and no null, ignores unknown members, allows both Claude callbacks and loopback on any port, never merges two registrations into one, and its client ids live long.',
    source: 'https://claude.com/docs/connectors/building/authentication',
  },
  {
    id: 'CC-08',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      "Copies of Claude's two metadata documents are pinned, unknown grant types in them are intersected, the loopback port is ignored, and other documents are fetched under an SSRF guard and cached, stale if the fetch fails.",
    source: 'https://claude.com/docs/connectors/building/authentication',
  },
  {
    id: 'CC-09',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'The authorization endpoint tolerates a blank scope, drops unknown scopes, accepts `claudeai`, compares `resource` loosely, keeps the request through sign-in, redirects by 302 or 303, sends no `form-action` that blocks claude.ai, `claude:` or loopback, and returns `state` intact.',
    source: 'https://claude.com/docs/connectors/building/authentication',
  },
  {
    id: 'CC-10',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'The token endpoint takes a form without CSRF guard, public clients and secrets by body or Basic, verifiers of up to 128 characters, and answers 200 JSON with an integer `expires_in`, Bearer, always a refresh token, scope and no-store; errors are JSON, 401 `invalid_client` and 400 `invalid_grant`.',
    source: 'https://claude.com/docs/connectors/building/authentication',
  },
  {
    id: 'CC-11',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'Refresh tokens rotate, the same answer is given again within the grace of HS-02, the store is durable and consistent, and clients outlive their refresh tokens.',
    source: 'https://claude.com/docs/connectors/building/authentication',
  },
  {
    id: 'CC-12',
    level: 'DECISION',
    actor: 'resource server',
    sentence: 'Access tokens are for the canonical URL, compared loosely for a final slash, and expire.',
    source: 'https://claude.com/docs/connectors/building/authentication',
  },
  {
    id: 'CC-13',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'The MCP endpoint negotiates any version, answers `server/discover` or passes on a clean refusal, needs no state of its own, answers notifications with 202 and GET and DELETE without a session with 405 and `Allow`, lists tools, prompts and resources, and is strict about neither Accept nor Origin; sessions follow MUX-04, MUX-05 and MUX-11.',
    source: 'https://claude.com/docs/connectors/building/troubleshooting',
  },
  {
    id: 'CC-14',
    level: 'DECISION',
    actor: 'server',
    sentence:
      'Tools have titles, hints, names of at most 64 characters and object schemas; results stay within 25 000 tokens and 300 seconds; a 401 of the upstream becomes HTTP 401.',
    source: 'https://claude.com/docs/connectors/building/review-criteria',
  },
  {
    id: 'CC-15',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      "Each step is logged with the client's address, User-Agent, client id, name of the step and time in the flow, so that the missing step names the fault; a self-test calls from outside as Claude does.",
    source: 'https://claude.com/docs/connectors/building/testing',
  },
]
