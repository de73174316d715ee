/** ChatGPT's connectors: one cloud like hosted Claude's, its own metadata document, `resource` on both legs. */

import type { Evidence, Surface } from '../surface.ts'
import { claudeHosted } from './claude-hosted.ts'

const documented: Evidence = {
  source: 'https://developers.openai.com/apps-sdk/build/auth',
  observedAt: '2026-09',
}

/** Its published document, its User-Agent and its revision, each as copied into tests of public servers. */
const seen: Evidence = {
  source: 'https://chatgpt.com/oauth/client.json, as servers of others have pinned it',
  observedAt: '2026-10',
}

export const chatgpt: Surface = {
  ...claudeHosted,
  name: 'chatgpt',
  title: 'ChatGPT',
  userAgents: { ...seen, otherwise: 'openai-mcp/1.0.0', stages: {} },
  discovery: {
    ...claudeHosted.discovery,
    ...documented,
    resourceMatch: 'prefix',
    assumedIssuerMetadata: 'oauth-and-openid',
    pkce: 'required',
    againBeforeToken: 'never',
  },
  identity: {
    ...documented,
    order: ['configured', 'metadata-document', 'registration'],
    metadataDocument: { ...seen, clientId: 'https://chatgpt.com/oauth/client.json', requires: 'flag' },
    registration: {
      ...documented,
      body: {
        client_name: 'ChatGPT',
        redirect_uris: ['{redirect_uri}'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: '{method}',
      },
      requiredInAnswer: ['client_id'],
      refusesNull: false,
    },
    // Newer connectors have a callback each, `https://chatgpt.com/connector/oauth/…`; the document names this one.
    redirect: { ...seen, kind: 'fixed', uri: 'https://chatgpt.com/connector_platform_oauth_redirect' },
  },
  authorization: {
    ...documented,
    scope: ['configured', 'challenge', 'resource-metadata', 'authorization-server'],
    offlineAccess: 'never',
    consentPrompt: false,
    resource: 'metadata-verbatim',
    resourceWithoutMetadata: 'canonical',
    issuerInResponse: 'unchecked',
    verifierBytes: 32,
  },
  token: { ...documented, headers: { Accept: 'application/json' }, clientAuthentication: 'registered' },
  refresh: { ...documented, pass: undefined, aheadSeconds: 0, attempts: 1, afterwards: 'repeat' },
  challenges: {
    ...documented,
    maximumSignIns: 2,
    stepUpScope: 'challenge',
    revocation: undefined,
    otherForbidden: 'stop',
  },
  mcp: {
    ...claudeHosted.mcp,
    ...seen,
    first: 'server/discover',
    initializeVersion: '2025-11-25',
    modern: true,
    clientInfo: { name: 'openai-mcp', version: '1.0.0' },
    capabilities: {},
    // Sessionless, and no GET or DELETE was seen.
    opensStream: false,
    lists: 'tools',
    fallsBackToEvents: 'any-4xx',
  },
  deadlines: { ...claudeHosted.deadlines, ...documented, toolSeconds: 60 },
  notModelled: [
    'Requests come from this machine: the addresses, the TLS handshake and the reuse of connections are not those of its cloud.',
    'Newer connectors have a callback each; this has the one that the document names.',
  ],
}
