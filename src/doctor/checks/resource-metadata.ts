/** Protected resource metadata as Claude needs it: found where it looks, open to all, and for the very URL that was typed (RFC 9728 §2, §3). */

import { protectedResourceMetadataProblems } from '../../oauth/protected-resource-metadata.ts'
import { type Check, couldNotRun, everyClient, notApplicable, passed, violated } from '../check.ts'
import { outcomeOf, quoted } from '../examination.ts'
import { placesOf } from '../facts.ts'

export const resourceMetadata: readonly Check[] = [
  {
    id: 'resource-metadata-guarded',
    title: 'The protected resource metadata itself asks for a token',
    stage: 'discovery',
    rank: 20,
    severity: 'error',
    source: 'RFC 9728 §3.1',
    claude: 'Cannot read where to sign in without having signed in, and stops before registering.',
    clients: everyClient,
    party: 'server',
    fix: {
      general: 'Serve /.well-known/* before the middleware that checks tokens.',
      frameworks: {
        spring: '`requestMatchers("/.well-known/**").permitAll()`.',
        express: 'Mount `mcpAuthMetadataRouter` before `requireBearerAuth`.',
      },
    },
    consequenceOf: ['address-refused', 'bot-challenge', 'well-known-blocked'],
    judge: (examination) => {
      const guarded = placesOf(examination, 'resource').find(({ status }) => status === 401 || status === 403)
      if (examination.facts.resourceMetadata !== undefined || guarded === undefined) return passed
      return violated(`GET ${guarded.url}: ${outcomeOf(guarded)}`, guarded)
    },
  },
  {
    id: 'resource-metadata-missing',
    title: 'No protected resource metadata is found',
    stage: 'discovery',
    rank: 25,
    severity: 'error',
    source: 'MCP 2025-11-25 authorization server location',
    claude:
      'Takes the server’s own origin for the authorization server, and guesses /authorize, /token and /register there.',
    clients: everyClient,
    party: 'server',
    fix: {
      general:
        'Serve it at /.well-known/oauth-protected-resource followed by the path of the endpoint, and also without the path.',
    },
    consequenceOf: [
      'address-refused',
      'bot-challenge',
      'answer-too-slow',
      'resource-metadata-guarded',
      'well-known-blocked',
      'well-known-localised',
      'html-instead-of-json',
      'well-known-reaches-mcp',
      'unknown-well-known-fails',
      'resource-metadata-appended',
    ],
    judge: (examination) => {
      if (!examination.facts.asksForToken) return notApplicable('the server asks for no token')
      const asked = placesOf(examination, 'resource')
      if (examination.facts.resourceMetadata !== undefined) return passed
      if (asked.length === 0) return couldNotRun('no metadata was asked for')
      return violated(
        asked.map((place) => `${new URL(place.url).pathname}: ${outcomeOf(place)}`).join('; '),
        ...asked,
      )
    },
  },
  {
    id: 'resource-mismatch',
    title: 'The metadata is for another URL than the one that was typed',
    stage: 'discovery',
    rank: 40,
    severity: 'error',
    source: 'RFC 9728 §3.3',
    claude:
      'Refuses metadata that is not for the typed URL, path and slash included: “does not match expected”, or silence.',
    clients: everyClient,
    party: 'server',
    fix: {
      general:
        'Make `resource` equal to the URL that people type, byte for byte; build it from configuration, not from the Host header.',
      frameworks: {
        fastmcp:
          'Set `base_url` to the public https address; behind a proxy run uvicorn with `--proxy-headers`.',
        tunnel: 'Configure the tunnel’s public address as the base URL; the server else names its local one.',
      },
    },
    consequenceOf: ['metadata-says-http', 'metadata-names-private-host', 'resource-of-other-path'],
    judge: ({ url, facts }) => {
      if (facts.resourceMetadata === undefined) return notApplicable('there is no such metadata')
      const { body, exchange } = facts.resourceMetadata
      const problems = protectedResourceMetadataProblems(body, { serverUrl: url, match: 'identical' })
      const mismatch = problems.find(({ at }) => at === 'resource')
      return mismatch === undefined ? passed : violated(mismatch.says, exchange)
    },
  },
  {
    id: 'authorization-server-missing',
    title: 'The metadata names no authorization server',
    stage: 'discovery',
    rank: 41,
    severity: 'error',
    source: 'MCP 2025-11-25 authorization server location',
    claude: 'Falls back to guessing at the server’s own origin.',
    clients: everyClient,
    party: 'server',
    fix: { general: 'List the issuer in `authorization_servers`; only the first entry is used.' },
    judge: ({ facts }) => {
      if (facts.resourceMetadata === undefined) return notApplicable('there is no such metadata')
      if (facts.issuer !== undefined) return passed
      const { body, exchange } = facts.resourceMetadata
      return violated(`authorization_servers is ${quoted(body.authorization_servers)}`, exchange)
    },
  },
]
