/** The documents of the authorization server beside each other: alive, of a form that clients read, and all saying the same (RFC 8414 §2, §3). */

import { authorizationServerMetadataProblems } from '../../oauth/authorization-server-metadata.ts'
import { type Check, everyClient, notApplicable, passed, violated } from '../check.ts'
import { type Document, type Exchange, jsonOf, outcomeOf, probed, quoted } from '../examination.ts'
import { placesOf } from '../facts.ts'

const shared = {
  stage: 'discovery',
  severity: 'error',
  clients: everyClient,
  party: 'authorization-server',
} as const

export const issuerDocuments: readonly Check[] = [
  {
    ...shared,
    id: 'authorization-server-dead',
    title: 'The first authorization server does not answer',
    rank: 55,
    source: 'MCP 2025-11-25 authorization server location',
    claude: 'Uses the first entry only; when that is dead it does not go on to the second.',
    party: 'server',
    fix: {
      general:
        'Put the authorization server that is alive first in `authorization_servers`, and take out the others.',
    },
    consequenceOf: [
      'name-unknown',
      'certificate-chain-incomplete',
      'certificate-not-trusted',
      'certificate-expired',
      'certificate-wrong-name',
      'tls-refused',
      'no-answer',
      'metadata-names-private-host',
      'metadata-says-http',
    ],
    judge: (examination) => {
      if (examination.facts.issuer === undefined) return notApplicable('the metadata names none')
      const places = placesOf(examination, 'issuer')
      const isDead = places.every(({ status }) => status === undefined || status >= 502)
      return places.length > 0 && isDead
        ? violated(places.map((place) => `${place.url}: ${outcomeOf(place)}`).join('; '), ...places)
        : passed
    },
  },
  {
    ...shared,
    id: 'issuer-metadata-malformed',
    title: 'The metadata of the authorization server is not of the form that clients read',
    rank: 62,
    source: 'RFC 8414 §2',
    claude:
      'Claude Code and every client on an SDK check the form, and refuse the whole document for one wrong member.',
    fix: {
      general:
        'List what is offered as arrays of strings, name every endpoint whole, and leave out what there is not: never `null`.',
    },
    judge: (examination) => {
      const found = examination.facts.issuerMetadata
      if (found === undefined) return notApplicable('there is no such metadata')
      const faults = formFaults(found.body)
      return faults.length === 0 ? passed : violated(faults.join('; '), found.exchange)
    },
  },
  {
    ...shared,
    id: 'openid-metadata-only',
    title: 'The metadata is only at the last of the places where clients look',
    rank: 72,
    severity: 'warning',
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/962',
    claude:
      'Is to try three places for an issuer with a path; since 2026-05 it was seen to give up before the third, and to guess endpoints.',
    clients: ['hosted', 'code'],
    fix: {
      general:
        'Serve the same document at /.well-known/oauth-authorization-server followed by the issuer’s path, and at the root of the host.',
      frameworks: {
        keycloak: 'Rewrite /.well-known/oauth-authorization-server/realms/* to the document of the realm.',
        cognito: 'Serve a copy on your own host, and name that as the issuer.',
        entra: 'Put an authorization server in front that serves both.',
      },
    },
    judge: (examination) => {
      const [oauth, openid, appended] = ['issuer-oauth', 'issuer-openid', 'issuer-openid-appended'].map(
        (label) => probed(examination, 'metadata', label),
      )
      if (appended === undefined) return notApplicable('the issuer has no path')
      if (!isIssuerMetadata(appended) || isIssuerMetadata(oauth) || isIssuerMetadata(openid)) return passed
      const missing = [oauth, openid].flatMap((place) => place ?? [])
      return violated(
        `only ${appended.url}; ${missing.map((place) => `${place.url}: ${outcomeOf(place)}`).join('; ')}`,
        appended,
        ...missing,
      )
    },
  },
  {
    ...shared,
    id: 'metadata-documents-differ',
    title: 'The two documents of the authorization server differ',
    rank: 74,
    severity: 'warning',
    source: 'RFC 8414 §5',
    claude:
      'Takes the first that answers, and other clients the other one: what works in one fails in the next.',
    fix: {
      general: 'Serve one and the same document at oauth-authorization-server and at openid-configuration.',
    },
    judge: (examination) => {
      const documents = placesOf(examination, 'issuer').filter(isIssuerMetadata)
      const [first, ...others] = documents
      if (first === undefined || others.length === 0) return notApplicable('there is only one')
      for (const other of others) {
        const differing = differences(jsonOf(first) ?? {}, jsonOf(other) ?? {})
        if (differing.length > 0) {
          const [one, two] = [first, other].map(({ url }) => new URL(url).pathname)
          return violated(`${one} and ${two} differ in ${differing.join(', ')}`, first, other)
        }
      }
      return passed
    },
  },
  {
    ...shared,
    id: 'other-issuer-at-origin',
    title: 'The host of the MCP server announces another authorization server',
    rank: 76,
    severity: 'warning',
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/823',
    claude:
      'Goes by the resource metadata; wherever that fails it, and in older clients always, it takes the one at the root of the host.',
    party: 'set-up',
    fix: {
      general:
        'Give the MCP server a host name of its own, apart from applications with a sign-in of their own; or serve the right issuer’s document there too.',
    },
    judge: (examination) => {
      const { issuer } = examination.facts
      if (issuer === undefined) return notApplicable('the metadata names no authorization server')
      const other = ['origin-oauth', 'origin-openid']
        .flatMap((label) => probed(examination, 'metadata', label) ?? [])
        .find((exchange) => isIssuerMetadata(exchange) && !isSameIssuer(jsonOf(exchange)?.issuer, issuer))
      return other === undefined
        ? passed
        : violated(
            `${new URL(other.url).pathname} names ${quoted(jsonOf(other)?.issuer)}, the resource ${quoted(issuer)}`,
            other,
          )
    },
  },
]

/** A missing S256 and a strange issuer are findings of their own, and so are addresses without TLS. */
function formFaults(body: Document): string[] {
  const required = authorizationServerMetadataProblems(body, { issuer: undefined, pkce: 'unchecked' })
    .filter(({ says }) => !says.includes('must be https'))
    .map(({ says }) => says)
  const nulls = Object.keys(body).filter((name) => body[name] === null)
  const texts = Object.keys(body).filter(
    (name) => name.endsWith('_supported') && typeof body[name] === 'string',
  )
  return [
    ...required,
    ...nulls.map((name) => `${name} is null`),
    ...texts.map((name) => `${name} is the string ${quoted(body[name])}`),
  ]
}

/** Only what decides whether a client gets through. */
function differences(one: Document, two: Document): string[] {
  const same = ['issuer', 'authorization_endpoint', 'token_endpoint', 'registration_endpoint']
  const lists: [string, string][] = [
    ['code_challenge_methods_supported', 'S256'],
    ['token_endpoint_auth_methods_supported', 'none'],
  ]
  const has = (document: Document, name: string, value: string): boolean => {
    const list = document[name]
    return Array.isArray(list) && list.includes(value)
  }
  return [
    ...[...same, 'client_id_metadata_document_supported'].filter((name) => one[name] !== two[name]),
    ...lists
      .filter(([name, value]) => has(one, name, value) !== has(two, name, value))
      .map(([name, value]) => `${value} of ${name}`),
  ]
}

function isIssuerMetadata(exchange: Exchange | undefined): boolean {
  return exchange?.status === 200 && typeof jsonOf(exchange)?.token_endpoint === 'string'
}

/** The final slash is the business of `issuer-mismatch`. */
function isSameIssuer(one: unknown, other: string): boolean {
  return String(one).replace(/\/$/, '') === other.replace(/\/$/, '')
}
