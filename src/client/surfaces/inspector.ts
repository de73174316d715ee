/** MCP Inspector's command line, as recorded on loopback for 2.12.0: the SDK's own flow with a fixed callback, and tools only. */

import type { Evidence, Surface } from '../surface.ts'

const recorded: Evidence = { source: 'recorded', observedAt: '2026-11' }

const version = '2.12.0'

export const inspector: Surface = {
  name: 'inspector',
  title: `MCP Inspector ${version}, command line`,
  userAgents: { ...recorded, otherwise: 'node', stages: {} },
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
    signInPasses: [{ stage: 'discovery', order: 'resource-first' }],
    againBeforeToken: 'never',
  },
  identity: {
    ...recorded,
    // It has no metadata document of its own; one can be named when connecting.
    order: ['configured', 'metadata-document', 'registration'],
    metadataDocument: undefined,
    registration: {
      ...recorded,
      body: {
        redirect_uris: ['{redirect_uri}'],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        client_name: 'MCP Inspector',
        client_uri: 'https://github.com/modelcontextprotocol/inspector',
        scope: '{scope}',
        application_type: 'native',
      },
      requiredInAnswer: ['client_id', 'redirect_uris'],
      refusesNull: true,
    },
    redirect: { ...recorded, kind: 'loopback', host: '127.0.0.1', path: '/oauth/callback', port: 6276 },
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
  refresh: { ...recorded, pass: undefined, aheadSeconds: 0, attempts: 1, afterwards: 'reconnect' },
  challenges: {
    ...recorded,
    maximumSignIns: 2,
    // A 403 that names a missing scope ends the command.
    stepUpScope: 'none',
    revocation: undefined,
    otherForbidden: 'stop',
  },
  mcp: {
    ...recorded,
    first: 'initialize',
    initializeVersion: '2025-11-25',
    modern: false,
    accept: 'application/json, text/event-stream',
    headers: {},
    clientInfo: { name: 'inspector-cli', version },
    capabilities: {
      roots: { listChanged: true },
      extensions: { 'io.modelcontextprotocol/tasks': {}, 'io.modelcontextprotocol/skills': {} },
    },
    probesStream: false,
    opensStream: true,
    listens: false,
    lists: 'tools',
    versionHeader: true,
    needsSessionId: false,
    // The transport is an argument of the command.
    fallsBackToEvents: 'never',
    events: 'sse-path',
    resumes: true,
    endsSession: false,
    sessionLost: 'stop',
  },
  deadlines: {
    source: 'https://github.com/modelcontextprotocol/inspector',
    observedAt: '2026-11',
    discoverySeconds: 60,
    registrationSeconds: 60,
    tokenSeconds: 60,
    refreshSeconds: 60,
    requestSeconds: 60,
    toolSeconds: 60,
  },
  notModelled: [
    'It remembers the metadata of a sign-in; this reads it again before a renewal.',
    'It names no Accept for the metadata of the resource and for registration, and sends `tools/list` without params; this names JSON, and sends empty ones.',
    'Its web page and its terminal page: this is the command line.',
  ],
}
