/** Claude Code, as recorded on loopback for 2.1.329: CIMD, DCR, refresh after 401, `invalid_grant`, `invalid_client`, 403. */

import type { Evidence, Surface } from '../surface.ts'

const recorded: Evidence = { source: 'recorded', observedAt: '2026-11' }

const version = '2.1.329'

export const claudeCode: Surface = {
  name: 'claude-code',
  title: `Claude Code ${version}`,
  userAgents: {
    ...recorded,
    otherwise: `claude-code/${version} (sdk-cli)`,
    // The login is another program than the one that speaks MCP.
    stages: {
      'sign-in': 'Bun/1.4.4',
      registration: 'Bun/1.4.4',
      token: 'Bun/1.4.4',
      revocation: 'axios/1.15.2',
    },
  },
  discovery: {
    ...recorded,
    headers: { 'MCP-Protocol-Version': '2025-11-25', Accept: 'application/json' },
    resourceMetadata: ['challenge', 'path', 'root'],
    challengeIsFinal: true,
    resourceMatch: 'prefix',
    withoutResourceMetadata: 'server-origin',
    issuerMetadata: 'oauth-and-openid',
    assumedIssuerMetadata: 'oauth-and-openid',
    continueOn: '4xx-and-502',
    unusableResourceMetadata: 'absent',
    unusableIssuerMetadata: 'stop',
    redirects: 'same-origin',
    withoutIssuerMetadata: 'default-endpoints',
    issuerMatch: 'identical',
    pkce: 'refused-without-s256',
    signInPasses: [
      { stage: 'discovery', order: 'issuer-first-if-remembered' },
      { stage: 'sign-in', order: 'resource-first' },
      { stage: 'sign-in', order: 'issuer-first-if-registered' },
    ],
    againBeforeToken: 'resource-metadata-if-absent',
  },
  identity: {
    ...recorded,
    order: ['configured', 'metadata-document', 'registration'],
    metadataDocument: {
      ...recorded,
      clientId: 'https://claude.ai/oauth/claude-code-client-metadata',
      requires: 'flag',
    },
    registration: {
      ...recorded,
      body: {
        client_name: 'Claude Code ({server})',
        redirect_uris: ['{redirect_uri}'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        scope: '{scope}',
      },
      requiredInAnswer: ['client_id', 'redirect_uris'],
      refusesNull: true,
    },
    redirect: { ...recorded, kind: 'loopback', host: 'localhost', path: '/callback', configuredPort: 3118 },
  },
  authorization: {
    ...recorded,
    scope: ['configured', 'resource-metadata'],
    offlineAccess: 'with-others',
    consentPrompt: true,
    resource: 'metadata-url',
    resourceWithoutMetadata: 'none',
    issuerInResponse: 'four-rows',
    verifierBytes: 32,
  },
  token: { ...recorded, headers: { Accept: 'application/json' }, clientAuthentication: 'registered' },
  refresh: {
    ...recorded,
    pass: { stage: 'discovery', order: 'issuer-first-if-remembered' },
    aheadSeconds: 300,
    attempts: 1,
    afterwards: 'reconnect',
  },
  challenges: {
    ...recorded,
    maximumSignIns: 2,
    stepUpScope: 'challenge',
    revocation: { stage: 'sign-in', order: 'resource-first', places: ['root'] },
    otherForbidden: 'sign-in',
  },
  mcp: {
    ...recorded,
    first: 'server/discover',
    initializeVersion: '2025-11-25',
    modern: true,
    accept: 'application/json, text/event-stream',
    headers: { 'Accept-Encoding': 'identity' },
    clientInfo: {
      name: 'claude-code',
      title: 'Claude Code',
      version,
      description: "Anthropic's agentic coding tool",
      websiteUrl: 'https://claude.com/claude-code',
    },
    capabilities: { roots: { listChanged: true }, elicitation: { form: {}, url: {} } },
    probesStream: false,
    opensStream: true,
    listens: true,
    lists: 'declared',
    versionHeader: true,
    needsSessionId: false,
    // The transport is chosen when the server is added, never guessed.
    fallsBackToEvents: 'never',
    events: 'sse-path',
    resumes: true,
    endsSession: false,
    sessionLost: 'stop',
  },
  deadlines: {
    source: 'https://code.claude.com/docs/en/mcp',
    observedAt: '2026-09',
    discoverySeconds: 30,
    registrationSeconds: 30,
    tokenSeconds: 30,
    refreshSeconds: 30,
    requestSeconds: 60,
    toolSeconds: 300,
  },
  notModelled: [
    'The TLS handshake and the connections are Node’s, not Bun’s.',
    '`claude mcp logout`, and what it keeps of an earlier server.',
    'It runs as three programs, to list, to sign in and to work; this is one, which sends what the three send.',
  ],
}
