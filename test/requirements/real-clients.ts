/** What a server must put up with: fifteen clients recorded on loopback in November 2026, each fact broke at least one of them, or would have. */

import type { Requirement } from './requirement.ts'

export const realClientsRequirements: readonly Requirement[] = [
  {
    id: 'RC-01',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      '`server/discover` with `MCP-Protocol-Version: 2026-07-28` is the first thing sent, and a gateway before a 2025 server passes its refusal on rather than answering 5xx.',
    source: 'recorded on loopback, November 2026: Claude Code 2.1.329, AI SDK, agents',
  },
  {
    id: 'RC-02',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'GET and HEAD on the MCP endpoint without a token come first or second, and get the same 401 challenge as POST.',
    source: 'recorded on loopback, November 2026: Codex, mcp-remote 0.15.1, Gemini CLI (HEAD)',
  },
  {
    id: 'RC-03',
    level: 'DECISION',
    actor: 'gateway',
    sentence: 'A request without `MCP-Protocol-Version` after `initialize` is served.',
    source: 'recorded on loopback, November 2026: Gemini CLI',
  },
  {
    id: 'RC-04',
    level: 'DECISION',
    actor: 'authorization server and resource server',
    sentence:
      '`resource` in the metadata is the MCP URL exactly; `http://host/` and `http://host` from a client are one resource.',
    source:
      'recorded on loopback, November 2026: all fifteen; slash added by Claude Code, mcp-remote, opencode, mcpjam',
  },
  {
    id: 'RC-05',
    level: 'DECISION',
    actor: 'resource server',
    sentence:
      'Protected resource metadata answers at the place with the path suffix, since the root alone is not enough without a challenge parameter.',
    source: 'recorded on loopback, November 2026: mcpjam',
  },
  {
    id: 'RC-06',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      "A client that read no protected resource metadata sends no `resource` and no `scope`, or `resource` all the same, or every scope of the authorization server's list, openid too; each of them is authorized.",
    source:
      'recorded on loopback, November 2026: SDKs, Claude Code, opencode, mcporter, agents, use-mcp; Codex, Gemini CLI, AI SDK, mcp-remote',
  },
  {
    id: 'RC-07',
    level: 'DECISION',
    actor: 'authorization server and resource server',
    sentence:
      "The challenge's `scope` and the metadata's `scopes_supported` name the same scopes, because some clients go by the one and some by the other.",
    source:
      'recorded on loopback, November 2026: SDKs, Codex, mcp-remote, opencode, mcporter, AI SDK, agents; Claude Code, Inspector; Gemini CLI',
  },
  {
    id: 'RC-08',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: '`iss` is in the redirect and exactly the issuer whenever the metadata promises it.',
    source:
      'recorded on loopback, November 2026: Claude Code, Codex, Gemini CLI, mcp-remote, Inspector 2.12.0, SDK v2, agents, AI SDK',
  },
  {
    id: 'RC-09',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: 'A registration with `"scope":""` is accepted.',
    source: 'recorded on loopback, November 2026: Inspector 2.12.0',
  },
  {
    id: 'RC-10',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: 'The scope of a registration is no ceiling: the same client may ask for more later.',
    source: 'recorded on loopback, November 2026: Claude Code 2.1.329',
  },
  {
    id: 'RC-11',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'A registration with empty `redirect_uris` and `grant_types` may be refused with 400 and nothing worse.',
    source: 'recorded on loopback, November 2026: Gemini CLI',
  },
  {
    id: 'RC-12',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'The same registration arrives again and again, for each sign-in, each list, and five times after a refusal, and is answered every time.',
    source: 'recorded on loopback, November 2026: opencode, Gemini CLI, mcporter',
  },
  {
    id: 'RC-13',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'A refresh that asks for the scopes of the first request although fewer were granted is answered with those that were granted.',
    source: 'recorded on loopback, November 2026: Codex',
  },
  {
    id: 'RC-14',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: 'A refresh that asks for exactly the granted scopes is answered.',
    source: 'recorded on loopback, November 2026: mcp-remote 0.15.1',
  },
  {
    id: 'RC-15',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'Two refreshes at once with the same token do not kill the grant, and access tokens live longer than ten minutes.',
    source: 'recorded on loopback, November 2026: Gemini CLI, Claude Code 2.1.329',
  },
  {
    id: 'RC-16',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: '`prompt=consent` and unknown parameters at the authorization endpoint change nothing.',
    source: 'recorded on loopback, November 2026: SDK v2 and its family, Claude Code',
  },
  {
    id: 'RC-17',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: 'A client registered for `client_secret_post` may authenticate by Basic.',
    source: "recorded on loopback, November 2026: all but Gemini CLI, and mcpjam's code exchange",
  },
  {
    id: 'RC-18',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'Loopback redirects come with `localhost` and `127.0.0.1`, any port, and paths such as `/callback`, `/oauth/callback`, `/mcp/oauth/callback` and `/agents/…/callback`.',
    source: 'recorded on loopback, November 2026: all with a local callback',
  },
  {
    id: 'RC-19',
    level: 'DECISION',
    actor: 'authorization server',
    sentence: '`none` is among `token_endpoint_auth_methods_supported`.',
    source: 'recorded on loopback, November 2026: Codex, SDKs, Claude Code',
  },
  {
    id: 'RC-20',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'Metadata, registration, token and MCP endpoint answer preflights, expose WWW-Authenticate and Mcp-Session-Id, and allow mcp-protocol-version, mcp-session-id, authorization and content-type; sign-in and consent pages do not cut a popup from its opener.',
    source: 'recorded on loopback, November 2026: use-mcp',
  },
  {
    id: 'RC-21',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'A code presented again with a wrong redirect URI or an unknown client leaves the first token alive; only a replay with matching client and redirect revokes.',
    source: 'recorded on loopback, November 2026: mcpjam',
  },
  {
    id: 'RC-22',
    level: 'DECISION',
    actor: 'gateway',
    sentence:
      'A connection does not depend on step-up by 403: everything that is needed is asked for at first.',
    source:
      'recorded on loopback, November 2026: SDK v1, AI SDK, Codex, Inspector, SDK v2, mcp-remote, Claude Code',
  },
  {
    id: 'RC-23',
    level: 'DECISION',
    actor: 'authorization server',
    sentence:
      'Where the two metadata documents of Claude cannot be fetched, as in a test without network, their clients still connect.',
    source: 'recorded on loopback, November 2026: Claude Code, Codex',
  },
]
