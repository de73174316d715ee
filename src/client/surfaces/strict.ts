/** No product, but the standard to the letter, one revision of MCP at a time: what it refuses is a fault of the server. */

import type { Evidence, McpRules, Surface } from '../surface.ts'

const specification = (revision: string, page: string): Evidence => ({
  source: `https://modelcontextprotocol.io/specification/${revision}/${page}`,
  observedAt: '2026-11',
})

export const strictRevisions: readonly string[] = [
  '2024-11-05',
  '2025-03-26',
  '2025-06-18',
  '2025-11-25',
  '2026-07-28',
]

/** Legacy servers are the greater part today, so that the newest handshake revision is the default. */
export const strict: Surface = strictAt('2025-11-25')

/** Throws `TypeError` for a revision that MCP never had. */
export function strictAt(revision: string): Surface {
  if (!strictRevisions.includes(revision)) {
    throw new TypeError(`${revision} is no revision of MCP; known are ${strictRevisions.join(', ')}`)
  }
  const since = (first: string): boolean => revision >= first
  const authorizationPage = specification(
    since('2025-03-26') ? revision : '2025-03-26',
    'basic/authorization',
  )
  return {
    name: 'strict',
    title: `The standard, MCP ${revision}`,
    revision,
    userAgents: { ...authorizationPage, otherwise: 'postern-strict/1', stages: {} },
    discovery: {
      ...authorizationPage,
      headers: { 'MCP-Protocol-Version': revision, Accept: 'application/json' },
      resourceMetadata: since('2025-11-25')
        ? ['challenge', 'path', 'root']
        : since('2025-06-18')
          ? ['challenge']
          : [],
      challengeIsFinal: true,
      resourceMatch: 'identical-or-origin',
      withoutResourceMetadata: since('2025-06-18') ? 'refuse' : 'server-origin',
      issuerMetadata: since('2025-11-25') ? 'oauth-and-openid' : 'oauth',
      assumedIssuerMetadata: 'oauth',
      continueOn: '4xx',
      unusableResourceMetadata: 'stop',
      unusableIssuerMetadata: 'stop',
      redirects: 'same-origin',
      withoutIssuerMetadata: since('2025-06-18') ? 'refuse' : 'default-endpoints',
      issuerMatch: 'identical',
      pkce: since('2025-11-25') ? 'required' : 'refused-without-s256',
      signInPasses: [{ stage: 'discovery', order: 'resource-first' }],
      againBeforeToken: 'never',
    },
    identity: {
      ...authorizationPage,
      order: since('2025-11-25')
        ? ['configured', 'metadata-document', 'registration']
        : ['configured', 'registration'],
      // It has no document of its own; one can be named when connecting.
      metadataDocument: undefined,
      registration: {
        ...authorizationPage,
        body: {
          client_name: 'Postern strict client',
          redirect_uris: ['{redirect_uri}'],
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
          token_endpoint_auth_method: '{method}',
          ...(since('2026-07-28') ? { application_type: 'native' } : {}),
          scope: '{scope}',
        },
        requiredInAnswer: ['client_id'],
        refusesNull: false,
      },
      redirect: { ...authorizationPage, kind: 'loopback', host: '127.0.0.1', path: '/callback' },
    },
    authorization: {
      ...authorizationPage,
      scope: since('2025-11-25') ? ['configured', 'challenge', 'resource-metadata'] : ['configured'],
      offlineAccess: since('2026-07-28') ? 'with-others' : 'never',
      consentPrompt: since('2026-07-28'),
      resource: since('2025-06-18') ? 'metadata-verbatim' : 'none',
      resourceWithoutMetadata: since('2025-06-18') ? 'canonical' : 'none',
      issuerInResponse: since('2025-11-25') ? 'four-rows' : 'unchecked',
      verifierBytes: 32,
    },
    token: {
      ...authorizationPage,
      headers: { Accept: 'application/json' },
      clientAuthentication: 'registered',
    },
    refresh: { ...authorizationPage, pass: undefined, aheadSeconds: 0, attempts: 1, afterwards: 'repeat' },
    challenges: {
      ...authorizationPage,
      maximumSignIns: 3,
      stepUpScope: since('2025-11-25') ? 'union' : 'none',
      revocation: undefined,
      otherForbidden: 'stop',
    },
    mcp: strictMcp(revision),
    deadlines: {
      ...authorizationPage,
      discoverySeconds: 30,
      registrationSeconds: 30,
      tokenSeconds: 30,
      refreshSeconds: 30,
      requestSeconds: 60,
      toolSeconds: 300,
    },
    notModelled: ['It is no product: what it refuses, a product may put up with.'],
  }
}

function strictMcp(revision: string): McpRules {
  const since = (first: string): boolean => revision >= first
  const modern = since('2026-07-28')
  return {
    ...specification(revision, 'basic/transports'),
    first: modern ? 'server/discover' : 'initialize',
    initializeVersion: modern ? '2025-11-25' : revision,
    modern,
    accept: 'application/json, text/event-stream',
    headers: {},
    clientInfo: { name: 'postern-strict', version: '1.0.0' },
    capabilities: {},
    probesStream: false,
    opensStream: true,
    listens: false,
    lists: 'declared',
    versionHeader: since('2025-06-18'),
    needsSessionId: false,
    fallsBackToEvents: since('2025-11-25') ? '400-404-405' : 'any-4xx',
    events: revision === '2024-11-05' ? 'always' : 'never',
    resumes: since('2025-03-26'),
    endsSession: since('2025-03-26'),
    sessionLost: 'initialize-again',
  }
}
