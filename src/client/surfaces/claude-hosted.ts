/** Claude's hosted apps (claude.ai, Desktop, mobile, Cowork) in 2026: one cloud opens every connection, the browser is the user's. */

import type { Surface } from '../surface.ts'

const authenticationPage = 'https://claude.com/docs/connectors/building/authentication'
const troubleshootingPage = 'https://claude.com/docs/connectors/building/troubleshooting'

export const claudeHosted: Surface = {
  name: 'claude-hosted',
  title: 'Claude on the web, desktop and mobile',
  userAgents: {
    source:
      'https://github.com/anthropics/claude-ai-mcp/issues/49, https://github.com/anthropics/claude-ai-mcp/issues/354',
    observedAt: '2026-08-14',
    otherwise: 'python-httpx/0.28.1',
    stages: { mcp: 'Claude-User' },
  },
  discovery: {
    source: `${troubleshootingPage}, https://github.com/anthropics/claude-ai-mcp/issues/214`,
    observedAt: '2026-09',
    headers: { 'MCP-Protocol-Version': '2025-11-25', Accept: '*/*' },
    resourceMetadata: ['challenge', 'path', 'root'],
    challengeIsFinal: false,
    resourceMatch: 'identical',
    withoutResourceMetadata: 'server-origin',
    issuerMetadata: 'oauth-and-openid',
    assumedIssuerMetadata: 'oauth',
    continueOn: '4xx',
    unusableResourceMetadata: 'next',
    unusableIssuerMetadata: 'next',
    redirects: 'any',
    withoutIssuerMetadata: 'default-endpoints',
    // Not known whether it compares the issuer; the Python SDK, whose User-Agent it sends, does not.
    issuerMatch: 'unchecked',
    pkce: 'required',
    signInPasses: [{ stage: 'discovery', order: 'resource-first' }],
    againBeforeToken: 'always',
  },
  identity: {
    source: authenticationPage,
    observedAt: '2026-09',
    order: ['configured', 'metadata-document', 'registration'],
    metadataDocument: {
      source: authenticationPage,
      observedAt: '2026-09-29',
      clientId: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
      requires: 'flag-and-none',
    },
    registration: {
      source: 'https://github.com/anthropics/claude-ai-mcp/issues/654',
      observedAt: '2026-08-14',
      body: {
        redirect_uris: ['{redirect_uri}'],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        client_name: 'Claude',
        application_type: 'web',
      },
      requiredInAnswer: ['client_id'],
      refusesNull: false,
    },
    redirect: {
      source: authenticationPage,
      observedAt: '2026-09',
      kind: 'fixed',
      uri: 'https://claude.ai/api/mcp/auth_callback',
    },
  },
  authorization: {
    source: `${authenticationPage}, https://github.com/anthropics/mcpb/issues/188`,
    observedAt: '2026-09',
    scope: ['configured', 'challenge', 'resource-metadata', 'authorization-server'],
    offlineAccess: 'alone',
    consentPrompt: true,
    resource: 'canonical',
    resourceWithoutMetadata: 'canonical',
    // Inferred from the Python SDK; not seen to be refused by hosted Claude.
    issuerInResponse: 'four-rows',
    verifierBytes: 96,
  },
  token: {
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/667',
    observedAt: '2026-10-10',
    headers: { Accept: '*/*' },
    clientAuthentication: 'body',
  },
  refresh: {
    source: `${authenticationPage}, https://github.com/anthropics/claude-ai-mcp/issues/299`,
    observedAt: '2026-10-10',
    pass: undefined,
    aheadSeconds: 300,
    attempts: 2,
    afterwards: 'repeat',
  },
  challenges: {
    source: 'https://claude.com/docs/connectors/building/lazy-authentication',
    observedAt: '2026-09',
    maximumSignIns: 2,
    stepUpScope: 'union',
    revocation: undefined,
    otherForbidden: 'stop',
  },
  mcp: {
    source:
      'reports of typo3-mcp#110 and SparkyFitness#2155; https://github.com/anthropics/claude-ai-mcp/issues/354',
    observedAt: '2026-08-19',
    first: 'server/discover',
    initializeVersion: '2025-11-25',
    modern: true,
    accept: 'application/json, text/event-stream',
    headers: {},
    clientInfo: { name: 'claude-ai', version: '0.1.0' },
    capabilities: {
      extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } },
    },
    probesStream: false,
    opensStream: false,
    listens: false,
    lists: 'always',
    versionHeader: true,
    needsSessionId: false,
    fallsBackToEvents: 'never',
    events: 'sse-path',
    resumes: false,
    endsSession: false,
    sessionLost: 'stop',
  },
  deadlines: {
    source: troubleshootingPage,
    observedAt: '2026-09',
    discoverySeconds: 10,
    registrationSeconds: 10,
    tokenSeconds: 10,
    refreshSeconds: 30,
    requestSeconds: 60,
    toolSeconds: 300,
  },
}
