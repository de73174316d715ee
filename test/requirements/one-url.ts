/** What it takes to serve every revision from one URL: the era switch, one authorization server for all, tolerances, and the gateway's own rules. */

import type { Requirement } from './requirement.ts'

export const oneUrlRequirements: readonly Requirement[] = [
  {
    id: 'MUX-01',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      '`OPTIONS` is answered with 204 before any authentication: GET, POST and DELETE, the requested headers (Authorization by name, since `*` does not cover it), and WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version and DPoP-Nonce exposed.',
    source: 'https://fetch.spec.whatwg.org/#http-cors-protocol',
  },
  {
    id: 'MUX-02',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'An `Origin` that is present and not allowed is answered with 403, an absent one passes; on loopback `Host` is checked too.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http',
  },
  {
    id: 'MUX-03',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'A missing or invalid token is answered with 401 on every method and in every era, malformed bodies included, always with `resource_metadata` and `scope`, and with `error="invalid_token"` only if a token was sent.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'MUX-04',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'GET with a session of the same principal opens or resumes its stream; an unknown, ended or foreign session is 404; without a session it is 405 with `Allow`.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'MUX-05',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'DELETE ends a session of the same principal with 2xx; an unknown one is 404; without a session it is 405.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'MUX-06',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'A POST over the size limit is 413, one that is not JSON is 400 `-32700`, text and form types are 415, and a missing or loose `Accept` or `Content-Type` is served.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#sending-messages',
  },
  {
    id: 'MUX-07',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'An array with a modern element is 400 `-32600`; on a session of 2025-03-26 or 2024-11-05, or with neither session nor header, each element is served; on a later session it is 400.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'MUX-08',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'A posted response goes to the server request that waits for it on a legacy session, with 202; otherwise it is 400 `-32600`.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'MUX-09',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'A request whose `_meta` names a version is modern, and is judged in this order: envelope complete (400 `-32602`), header equals claim (400 `-32020`), version implemented (400 `-32022`), mirrored headers (400 `-32020`), method known (404 `-32601`), capability declared (400 `-32021`); session and resumption headers are ignored.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'MUX-10',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      '`initialize` without a modern claim is legacy whatever its header says: a known legacy version is echoed, anything else, 2026-07-28 included, gets 2025-11-25, and a session id is minted.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'MUX-11',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      "Any other request without a claim is legacy: an unknown session is 404, an absent one 400 if the upstream needs state; without a version header the session's version counts, else 2025-03-26; another known version is served by the session; garbage is 400.",
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'MUX-12',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'HTTP+SSE clients have their own pair of URLs with the same authentication; `initialize` posted to the MCP endpoint never fails with 400, 404 or 405, because that makes clients fall back.',
    source: 'https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse',
  },
  {
    id: 'MUX-13',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'An accepted notification is 202 with an empty body in both eras, without enforcement of mirrored headers.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#sending-messages',
  },
  {
    id: 'MUX-14',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'The form of an answer follows the era and version of its request: modern ones gain `resultType`, cache hints and `serverInfo`, legacy ones carry none of these, nor members that their version does not know.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'MUX-15',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      '`supportedVersions` of discover and `data.supported` of `-32022` are consistent, and never hold legacy versions alone.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/server/discover',
  },
  {
    id: 'ASU-01',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'The authorization server is on the origin of the MCP endpoint, and its issuer is that origin without path and without trailing slash: only this serves clients of 2025-03-26 and clients that fall back to default paths.',
    source: 'https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization',
  },
  {
    id: 'ASU-02',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      "The issuer is the same bytes in protected resource metadata, authorization server metadata, the callback's `iss` and JWTs, and comes from configuration, never from `Host` or forwarded headers.",
    source: 'RFC 8414 §3.3',
  },
  {
    id: 'ASU-03',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'The metadata is equal at `/.well-known/oauth-authorization-server` and `/.well-known/openid-configuration`; an issuer with a path has all three variants.',
    source: 'RFC 8414 §3',
  },
  {
    id: 'ASU-04',
    level: 'DECISION',
    actor: 'resource server',
    sentence:
      'Protected resource metadata is at the path form, with and without a trailing slash, and at the root if there is one default server; `resource` is the MCP URL in both, and the challenge points to the path form.',
    source: 'RFC 9728 §3.1',
  },
  {
    id: 'ASU-05',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'The metadata names `code`, the code and refresh grants, S256, the methods `none`, `client_secret_post` and `client_secret_basic`, metadata documents, `iss`, and the scopes.',
    source: 'RFC 8414 §2',
  },
  {
    id: 'ASU-06',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'All ways in work: clients registered beforehand, with or without a secret, metadata documents, and dynamic registration with 201 and a full echo; `application_type` is accepted, not required, and refuses no loopback redirect.',
    source: 'RFC 7591 §3',
  },
  {
    id: 'ASU-07',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      '`resource` is optional: absent it is the default resource, present it must match or is `invalid_target`, and every token is bound to one.',
    source: 'RFC 8707 §2',
  },
  {
    id: 'ASU-08',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: 'PKCE with S256 is required of confidential clients too.',
    source: 'RFC 7636 §4.4.1',
  },
  {
    id: 'ASU-09',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: '`iss` is always sent, with success and with error.',
    source: 'RFC 9207 §2',
  },
  {
    id: 'ASU-10',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: 'Redirect URIs match exactly, with any port for 127.0.0.1, [::1] and localhost.',
    source: 'RFC 8252 §7.3',
  },
  {
    id: 'ASU-11',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'Access tokens are short-lived, refresh tokens rotate, and a short grace for the previous one returns the same successor, for surfaces that refresh at once and answers that get lost.',
    source: 'RFC 9700 §4.14',
  },
  {
    id: 'ASU-12',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'Every dead code or refresh token is `invalid_grant` and every unknown client 401 `invalid_client`, because clients recover from these two by themselves and from nothing else.',
    source: 'RFC 6749 §5.2',
  },
  {
    id: 'ASU-13',
    level: 'DECISION',
    actor: 'authorization server and resource server',
    sentence:
      "A 401 asks for the minimal set, a 403 for the granted scopes that matter and the needed ones together; token responses always hold `scope`; `offline_access` is in the authorization server's metadata alone and is not required for a refresh token.",
    source: 'RFC 6750 §3.1',
  },
  {
    id: 'ASU-14',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'Machine endpoints redirect within their origin by 307 or 308 or not at all; unknown well-known URLs are 404, never 5xx and never an HTML page.',
    source: 'RFC 8414 §3',
  },
  {
    id: 'ASU-15',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      "Pages answer POST with 303, forbid framing, let `form-action` reach the client's redirect, and the authorization endpoint has no CORS.",
    source: 'RFC 9700 §4.12',
  },
  {
    id: 'ASU-16',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'Metadata, token, registration and revocation allow any origin without credentials, and the header `MCP-Protocol-Version`.',
    source: 'https://fetch.spec.whatwg.org/#http-cors-protocol',
  },
  {
    id: 'TOL-1',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      "After 2025-11-25 was negotiated, requests with `MCP-Protocol-Version: 2026-07-28` and no envelope are served as legacy by the session's version, and the header is rewritten towards the upstream.",
    source: 'https://github.com/CodeWithCJ/SparkyFitness/issues/2155',
  },
  {
    id: 'TOL-2',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'A body that claims 2026-07-28 under a header of 2025-11-25 is served as modern where the gateway parses bodies and rewrites headers; the tolerance is for the version header alone.',
    source: 'https://github.com/anthropics/claude-code/issues/93290',
  },
  {
    id: 'TOL-3',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      "A header of 2025-11-25 after an older version was negotiated is served by the session's version.",
    source: 'https://github.com/anthropics/claude-code/issues/92835',
  },
  {
    id: 'TOL-4',
    level: 'DECISION',
    actor: 'gateway',
    sentence: "A missing version header after `initialize` means the session's version.",
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/70',
  },
  {
    id: 'TOL-5',
    level: 'DECISION',
    actor: 'authorization server and resource server',
    sentence: 'A root slash added to or taken from `resource` makes no difference.',
    source: 'https://github.com/anthropics/claude-code/issues/52871',
  },
  {
    id: 'TOL-6',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: 'A missing `resource` means the default resource.',
    source: 'https://github.com/PerpetualSoftware/pad/issues/380',
  },
  {
    id: 'TOL-7',
    level: 'DECISION',
    actor: 'gateway',
    sentence: '`initialize` is answered even if `server/discover` succeeded before.',
    source: 'https://github.com/anthropics/claude-code/issues/96183',
  },
  {
    id: 'TOL-8',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'A version header that was doubled, as in `2025-11-25, 2025-11-25`, counts once if all parts are equal; different parts are 400.',
    source: 'https://github.com/lowdefy/lowdefy/issues/2345',
  },
  {
    id: 'TOL-9',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'A probe with `Accept: */*`, one type or none, and without `Content-Type`, is answered with JSON.',
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/217',
  },
  {
    id: 'TOL-10',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: 'A registration without `application_type`, or with unknown members, is accepted.',
    source: 'RFC 7591 §2',
  },
  {
    id: 'GW-1',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      "The client's `Authorization`, `DPoP` and cookies are stripped before forwarding, the upstream gets a credential of its own, and its 401 challenges are never relayed as they are.",
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
  {
    id: 'GW-2',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      "Session ids outside are our own, sealed around the upstream's and bound to the principal; an upstream 404 leads to one new upstream session, then to 404 outside.",
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'GW-3',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'Unknown `Mcp-Param-*` and `traceparent` are forwarded; hop-by-hop headers and `X-Forwarded-*` from outside are dropped and set anew.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#custom-headers-from-tool-parameters',
  },
  {
    id: 'GW-4',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      "In front of a legacy upstream that is not bridged, its 4xx to the probe passes through with the request's id, and is never turned into 5xx, an empty 2xx, HTML, or `-32022` naming a modern version; an unknown method is judged before the session.",
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'GW-5',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'A modern client before a legacy upstream is bridged with one upstream session per principal, a synthesised `server/discover`, result members added, envelope keys stripped, and listen streams tagged.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'GW-6',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'A legacy client before a modern upstream is bridged by answering `initialize` from `server/discover`, building the envelope for each request, mapping errors, and stripping new result members.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'GW-7',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'The era of an upstream is remembered per origin and authorization context with an expiry, and probed again on a timer, on deploy, and on any `-32022`.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning',
  },
  {
    id: 'GW-8',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      '`private` answers never enter a shared cache; its key holds principal, method and parameters; retries with input are not cached.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching',
  },
  {
    id: 'GW-9',
    level: 'DECISION',
    actor: 'gateway',
    sentence: 'A gateway that filters lists by scope or policy rewrites `public` to `private`.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching',
  },
  {
    id: 'GW-10',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'A foreign `requestState` passes byte for byte; our own is sealed with principal, method, digest of the parameters and expiry.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr',
  },
  {
    id: 'GW-11',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'Policy is decided on the parsed body; mirrored headers are only compared, and rewritten from the body when forwarding.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#server-validation',
  },
  {
    id: 'GW-12',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'A modern client that disconnects aborts the upstream call; a legacy one leaves it running, and only `notifications/cancelled` ends it.',
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/cancellation',
  },
  {
    id: 'GW-13',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'SSE answers carry `X-Accel-Buffering: no` and `Cache-Control: no-cache, no-transform`, comments about every fifteen seconds, no buffering by compression, and no limit on their total time.',
    source:
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#receiving-messages',
  },
  {
    id: 'GW-14',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      "A 403 of the upstream's own policy does not reach the client as an OAuth 403 but as a tool error or a JSON-RPC error.",
    source: 'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
  },
]
