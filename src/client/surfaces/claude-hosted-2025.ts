/** Claude's hosted apps in mid-2025, superseded: kept because servers written against it must go on working. */

import type { Evidence, Surface } from '../surface.ts'
import { claudeHosted } from './claude-hosted.ts'

const seen: Evidence = { source: 'https://github.com/losvedir/remote_mcp_auth', observedAt: '2025-07' }

export const claudeHosted2025: Surface = {
  ...claudeHosted,
  name: 'claude-hosted-2025',
  title: 'Claude on the web, as in 2025',
  userAgents: { ...seen, otherwise: 'python-httpx/0.27.0', stages: {} },
  discovery: {
    ...claudeHosted.discovery,
    ...seen,
    headers: { Accept: '*/*' },
    resourceMetadata: [],
    withoutResourceMetadata: 'server-origin',
    assumedIssuerMetadata: 'oauth',
    issuerMatch: 'unchecked',
    pkce: 'unchecked',
    againBeforeToken: 'never',
  },
  identity: {
    ...claudeHosted.identity,
    ...seen,
    order: ['configured', 'registration'],
    metadataDocument: undefined,
    registration: {
      ...seen,
      body: {
        redirect_uris: ['{redirect_uri}'],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        client_name: 'claudeai',
        scope: 'claudeai',
      },
      requiredInAnswer: ['client_id'],
      refusesNull: false,
    },
  },
  authorization: {
    ...seen,
    scope: ['fixed'],
    fixedScope: 'claudeai',
    offlineAccess: 'never',
    consentPrompt: false,
    resource: 'none',
    resourceWithoutMetadata: 'none',
    issuerInResponse: 'unchecked',
    verifierBytes: 96,
  },
  challenges: { ...claudeHosted.challenges, ...seen, stepUpScope: 'none', maximumSignIns: 1 },
  mcp: {
    ...claudeHosted.mcp,
    ...seen,
    first: 'initialize',
    initializeVersion: '2024-11-05',
    modern: false,
    capabilities: {},
    probesStream: true,
    opensStream: true,
    versionHeader: false,
    needsSessionId: true,
  },
  notModelled: [
    'Requests come from this machine: the addresses, the TLS handshake and the reuse of connections are not those of its cloud.',
    'Put together from what public servers wrote down in mid-2025; nobody can record it any more.',
  ],
}
