/** The identities that Claude's clients publish, as observed; pinned because fetching them is often answered by a bot wall (403, `cf-mitigated`). */

/** The client id of claude.ai, and of Claude on desktop and mobile. */
export const hostedClaude = 'https://claude.ai/oauth/mcp-oauth-client-metadata'

/** Observed 2026-09-29 and 2026-10-01. Keyed by client id; served documents, word for word. */
export const pinnedClientDocuments: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  [hostedClaude]: {
    client_id: hostedClaude,
    client_name: 'Claude',
    client_uri: 'https://claude.ai',
    redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  'https://claude.ai/oauth/claude-code-client-metadata': {
    client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
    client_name: 'Claude Code',
    redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
}

/** Where Claude takes the answer. Hosted Claude uses the first; its documentation asks that the second be allowed too. */
export const claudeCallbacks: readonly string[] = [
  'https://claude.ai/api/mcp/auth_callback',
  'https://claude.com/api/mcp/auth_callback',
]

/** Claude Code's callback on any port; `127.0.0.1` in 2.1.229 and 2.1.230. */
export const claudeCodeCallbacks: readonly string[] = [
  'http://localhost/callback',
  'http://127.0.0.1/callback',
]

/** Callbacks of clients so well known that one of them, presented with a client id that was lost, tells enough to offer consent again (house rule 4). */
export const recoverableCallbacks: readonly string[] = [
  ...claudeCallbacks,
  ...claudeCodeCallbacks,
  'http://[::1]/callback',
]

/** Where requests of Anthropic's servers come from (claude.com/docs/connectors, read 2026-11): a hint and a preset, not who somebody is. */
export const claudeSourceRanges: readonly string[] = ['160.79.104.0/21']

/** Pages of these origins may call the MCP endpoint: Claude Desktop's connector sends `Origin: https://claude.ai` (observed 2026-08-24). */
export const claudeOrigins: readonly string[] = ['https://claude.ai', 'https://claude.com']
