/** Authorization server metadata as Claude needs it: found, its issuer the one that was asked for, PKCE and a way to a client id in it (RFC 8414, MCP 2025-11-25). */

import { type Check, everyClient, notApplicable, passed, violated } from '../check.ts'
import { type Examination, type Exchange, outcomeOf, quoted } from '../examination.ts'
import { announcesDocuments, type FoundDocument, listsNone, placesOf } from '../facts.ts'

const shared = {
  stage: 'discovery',
  severity: 'error',
  clients: everyClient,
  party: 'authorization-server',
} as const

export const issuerMetadata: readonly Check[] = [
  {
    ...shared,
    id: 'issuer-metadata-missing',
    title: 'The authorization server has no metadata where clients look',
    rank: 60,
    source: 'RFC 8414 §3.1',
    claude: 'Guesses /authorize, /token and /register at the root of the host, and is answered 404.',
    fix: {
      general:
        'Serve /.well-known/oauth-authorization-server at the root of the issuer’s host, followed by the issuer’s path if it has one.',
      frameworks: {
        keycloak:
          'Keycloak serves it below the realm only: add a rewrite from the root, or put an authorization server in front.',
        cognito:
          'Cognito has openid-configuration below its path only: serve a copy on your own host, and name that as the issuer.',
      },
    },
    consequenceOf: [
      'address-refused',
      'issuer-address-refused',
      'bot-challenge',
      'answer-too-slow',
      'resource-metadata-missing',
      'resource-metadata-appended',
      'well-known-blocked',
      'well-known-localised',
      'html-instead-of-json',
      'well-known-reaches-mcp',
      'unknown-well-known-fails',
      'metadata-says-http',
      'metadata-names-private-host',
      'authorization-server-dead',
    ],
    judge: (examination) => {
      const { facts } = examination
      if (!facts.asksForToken) return notApplicable('the server asks for no token')
      if (facts.issuerMetadata !== undefined) return passed
      const asked = placesOf(examination, 'issuer')
      return violated(asked.map((place) => `${place.url}: ${outcomeOf(place)}`).join('; '), ...asked)
    },
  },
  {
    ...shared,
    id: 'issuer-mismatch',
    title: 'The authorization server calls itself by another name than the resource does',
    rank: 65,
    source: 'RFC 8414 §3.3',
    claude: 'Claude Code and the SDKs refuse the metadata: it could be somebody else’s.',
    clients: ['code', 'inspector', 'vscode', 'chatgpt'],
    fix: {
      general:
        'Make `issuer` and the entry in `authorization_servers` the same string, final slash included.',
      frameworks: {
        entra: 'The v2.0 common endpoint answers with `{tenantid}`: name your tenant in the issuer.',
        auth0: 'Auth0’s issuer ends in a slash; write it so in `authorization_servers`.',
      },
    },
    consequenceOf: ['metadata-says-http', 'issuer-metadata-malformed'],
    judge: withMetadata(({ body, exchange }, { facts }) => {
      if (facts.issuer === undefined || body.issuer === facts.issuer) return passed
      return violated(
        `issuer is ${quoted(body.issuer)}, authorization_servers[0] is ${quoted(facts.issuer)}`,
        exchange,
      )
    }),
  },
  {
    ...shared,
    id: 'pkce-not-advertised',
    title: 'The metadata does not list S256',
    rank: 66,
    source: 'MCP 2025-11-25 authorization code protection',
    claude: 'Must refuse to go on: without it a code could be used by whoever sees it.',
    fix: { general: 'Add `"code_challenge_methods_supported": ["S256"]`, and enforce it.' },
    judge: withMetadata(({ body, exchange }) => {
      const methods = body.code_challenge_methods_supported
      if (Array.isArray(methods) && methods.includes('S256')) return passed
      return violated(`code_challenge_methods_supported is ${quoted(methods)}`, exchange)
    }),
  },
  {
    ...shared,
    id: 'no-way-to-client-id',
    title: 'There is no way for Claude to get a client id',
    stage: 'registration',
    rank: 10,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/350',
    claude:
      'Neither registers nor presents its metadata document, and says that it could not reach the server.',
    seen: 'Automatic client registration isn’t supported',
    fix: {
      general:
        'Offer a `registration_endpoint`, or `client_id_metadata_document_supported: true` with "none" in `token_endpoint_auth_methods_supported`; else type a client id under Advanced settings.',
      frameworks: {
        entra: 'Entra has no dynamic registration: put an authorization server in front that does.',
        google: 'Google has no dynamic registration: put an authorization server in front that does.',
      },
    },
    judge: withMetadata(({ body, exchange }, { isClientGiven }) => {
      const takesDocuments = announcesDocuments(body)
      if (typeof body.registration_endpoint === 'string' || (takesDocuments && listsNone(body))) return passed
      if (isClientGiven) return notApplicable('a client id was given')
      if (takesDocuments) {
        return notApplicable('it takes client metadata documents, though not of public clients')
      }
      return violated('no registration_endpoint, and no client metadata documents', exchange)
    }),
  },
]

function withMetadata(
  judge: (
    found: FoundDocument & { exchange: Exchange },
    examination: Examination,
  ) => ReturnType<Check['judge']>,
): Check['judge'] {
  return (examination) => {
    const found = examination.facts.issuerMetadata
    return found === undefined ? notApplicable('there is no such metadata') : judge(found, examination)
  }
}
