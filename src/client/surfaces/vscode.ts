/** Visual Studio Code, read in its source: a program on the person's machine that also guesses endpoints nobody advertises. */

import type { Evidence, Surface } from '../surface.ts'

const read: Evidence = {
  source: 'https://github.com/microsoft/vscode/blob/main/src/vs/base/common/oauth.ts',
  observedAt: '2026-08',
}

const readTransport: Evidence = {
  source: 'https://github.com/microsoft/vscode/blob/main/src/vs/workbench/api/common/extHostMcp.ts',
  observedAt: '2026-08',
}

export const vscode: Surface = {
  name: 'vscode',
  title: 'Visual Studio Code',
  userAgents: { ...readTransport, otherwise: 'node', stages: {} },
  discovery: {
    ...read,
    headers: { 'MCP-Protocol-Version': '2025-11-25', Accept: 'application/json' },
    resourceMetadata: ['challenge', 'path', 'root'],
    challengeIsFinal: true,
    resourceMatch: 'identical',
    withoutResourceMetadata: 'server-origin',
    issuerMetadata: 'oauth-and-openid',
    assumedIssuerMetadata: 'oauth-and-openid',
    continueOn: '4xx-and-502',
    unusableResourceMetadata: 'absent',
    unusableIssuerMetadata: 'next',
    redirects: 'any',
    withoutIssuerMetadata: 'default-endpoints',
    issuerMatch: 'unchecked',
    pkce: 'unchecked',
    signInPasses: [{ stage: 'discovery', order: 'resource-first' }],
    againBeforeToken: 'never',
  },
  identity: {
    ...read,
    order: ['configured', 'metadata-document', 'registration'],
    metadataDocument: {
      source: 'https://vscode.dev/oauth/client-metadata.json',
      observedAt: '2026-08',
      clientId: 'https://vscode.dev/oauth/client-metadata.json',
      requires: 'flag',
    },
    registration: {
      ...read,
      body: {
        client_name: 'Visual Studio Code',
        client_uri: 'https://code.visualstudio.com',
        // Less what the server's metadata does not list; this is what goes out where it lists nothing.
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
        redirect_uris: [
          'https://insiders.vscode.dev/redirect',
          'https://vscode.dev/redirect',
          'http://127.0.0.1/',
          'http://127.0.0.1:33418/',
        ],
        scope: '{scope}',
        token_endpoint_auth_method: 'none',
        application_type: 'native',
      },
      requiredInAnswer: ['client_id'],
      refusesNull: false,
    },
    redirect: { ...read, kind: 'loopback', host: '127.0.0.1', path: '/', port: 33418 },
  },
  authorization: {
    ...read,
    scope: ['configured', 'challenge', 'resource-metadata'],
    offlineAccess: 'never',
    consentPrompt: false,
    resource: 'metadata-verbatim',
    resourceWithoutMetadata: 'none',
    issuerInResponse: 'unchecked',
    verifierBytes: 32,
  },
  token: { ...read, headers: { Accept: 'application/json' }, clientAuthentication: 'body' },
  refresh: { ...read, pass: undefined, aheadSeconds: 300, attempts: 1, afterwards: 'repeat' },
  challenges: {
    ...readTransport,
    maximumSignIns: 2,
    stepUpScope: 'challenge',
    revocation: undefined,
    // A 403 is taken for a challenge as a 401 is.
    otherForbidden: 'sign-in',
  },
  mcp: {
    ...readTransport,
    first: 'initialize',
    initializeVersion: '2025-11-25',
    modern: false,
    accept: 'text/event-stream, application/json',
    headers: {},
    clientInfo: { name: 'Visual Studio Code', version: '1.109.0' },
    capabilities: { roots: { listChanged: true }, sampling: {}, elicitation: { form: {}, url: {} } },
    probesStream: false,
    opensStream: true,
    listens: false,
    lists: 'declared',
    versionHeader: true,
    needsSessionId: false,
    fallsBackToEvents: 'any-4xx',
    events: 'never',
    resumes: true,
    endsSession: true,
    sessionLost: 'initialize-again',
  },
  deadlines: {
    ...readTransport,
    discoverySeconds: 60,
    registrationSeconds: 60,
    tokenSeconds: 60,
    refreshSeconds: 60,
    requestSeconds: 60,
    toolSeconds: 300,
  },
  notModelled: [
    'The device grant that it registers for is never used.',
    'The TLS handshake and the connections are Node’s, not Electron’s.',
  ],
}
