/** The addresses that metadata names: https and public, as the world sees them, not as the server does behind its proxy (RFC 9728 §1.2, OAuth 2.1 §1.5). */

import { parseUrl } from '../../platform/url.ts'
import { type Check, everyClient, notApplicable, passed, testedLocally, violated } from '../check.ts'
import type { Document, Examination } from '../examination.ts'
import type { FoundDocument } from '../facts.ts'
import { isPrivateHost } from '../reach.ts'

const shared = {
  stage: 'discovery',
  severity: 'error',
  clients: everyClient,
} as const

export const metadataAddresses: readonly Check[] = [
  {
    ...shared,
    id: 'metadata-names-private-host',
    title: 'The metadata names a host that only the server itself can reach',
    rank: 30,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/430',
    claude: 'Asks from the internet, and finds nothing there: the token endpoint never hears of it.',
    clients: ['hosted', 'messages-api'],
    party: 'set-up',
    consequenceOf: ['url-not-public-https'],
    fix: {
      general:
        'Configure the public https address as base URL or issuer; names of containers and localhost mean nothing outside.',
      frameworks: {
        keycloak: '`KC_HOSTNAME=https://auth.example.com`, and `KC_PROXY_HEADERS=xforwarded`.',
        tunnel: 'Give the server the tunnel’s address as its base URL.',
        fastmcp: 'Set `base_url`.',
      },
    },
    judge: (examination) => {
      if (examination.isLocal) return testedLocally
      return judgeAddresses(examination, ({ hostname }) => isPrivateHost(hostname))
    },
  },
  {
    ...shared,
    id: 'metadata-says-http',
    title: 'The metadata names http addresses of an https server',
    rank: 32,
    source: 'OAuth 2.1 §1.5',
    claude: 'Does not take them for the server that was typed, and sends no code to an endpoint without TLS.',
    party: 'server',
    fix: {
      general:
        'Configure the public https address instead of building it from the request; or believe `X-Forwarded-Proto` of the proxy that ends TLS.',
      frameworks: {
        fastmcp:
          'Set `base_url` to the https address, or run uvicorn with `--proxy-headers --forwarded-allow-ips`.',
        express: '`app.set("trust proxy", 1)`.',
        spring: '`server.forward-headers-strategy=framework`.',
        django: '`SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")`.',
        nginx: '`proxy_set_header X-Forwarded-Proto $scheme`.',
      },
    },
    judge: (examination) => {
      if (!examination.url.startsWith('https:')) return notApplicable('the server itself is reached by http')
      return judgeAddresses(
        examination,
        ({ protocol, hostname }) => protocol === 'http:' && !isPrivateHost(hostname),
      )
    },
  },
]

/** All that a client goes to, with the name of the member that says so. */
function judgeAddresses(
  { facts }: Examination,
  isFault: (address: URL) => boolean,
): ReturnType<Check['judge']> {
  const pointer = facts.challenge?.resourceMetadata
  const named = [
    { name: 'resource_metadata', value: pointer, exchange: facts.firstAnswer },
    ...membersOf(facts.resourceMetadata, ({ resource, authorization_servers: servers }) => ({
      resource,
      'authorization_servers[0]': Array.isArray(servers) ? servers[0] : undefined,
    })),
    ...membersOf(facts.issuerMetadata, (body) => {
      const endpoints = Object.entries(body).filter(
        ([name]) => name === 'issuer' || usedEndpoints.includes(name),
      )
      return Object.fromEntries(endpoints)
    }),
  ].filter(({ value }) => typeof value === 'string')
  if (named.length === 0) return notApplicable('there is no metadata')
  const faults = named.filter(({ value }) => {
    const address = parseUrl(String(value))
    return address !== undefined && isFault(address)
  })
  if (faults.length === 0) return passed
  const exchanges = new Set(faults.map(({ exchange }) => exchange))
  return violated(
    faults.map(({ name, value }) => `${name} is ${String(value).slice(0, 200)}`).join('; '),
    ...exchanges,
  )
}

const usedEndpoints = ['authorization_endpoint', 'token_endpoint', 'registration_endpoint']

function membersOf(
  found: FoundDocument | undefined,
  pick: (body: Document) => Record<string, unknown>,
): { name: string; value: unknown; exchange: FoundDocument['exchange'] }[] {
  if (found === undefined) return []
  return Object.entries(pick(found.body)).map(([name, value]) => ({ name, value, exchange: found.exchange }))
}
