/** What most checks ask of an examination, read once: the first answer, both metadata documents, and the decisive exchanges. */

import { type BearerChallenge, findBearerChallenge } from '../oauth/www-authenticate.ts'
import { parseUrl } from '../platform/url.ts'
import {
  type Document,
  type Examination,
  type Exchange,
  everyExchange,
  exchangesOf,
  jsonOf,
  mediaTypeOf,
  probed,
  stepsOf,
} from './examination.ts'

export interface Facts {
  /** The last answer to a knock without a token, and what was knocked with. */
  firstAnswer: Exchange | undefined
  /** To `initialize` without a token, which every server knows; `server/discover` may be refused by one of before. */
  initialize: Exchange | undefined
  /** The Bearer challenge of the first answer. */
  challenge: BearerChallenge | undefined
  /** The path ends in /sse, out of which Claude reads the transport of 2024, and that is spoken: nothing is posted to this URL. */
  speaksOldTransport: boolean
  /** Somebody, somewhere on the way, asked for a token with 401. */
  asksForToken: boolean
  /** What Claude would take for the protected resource metadata: of the pointer, else of the path, else of the root. */
  resourceMetadata: FoundDocument | undefined
  /** The first authorization server that it names. */
  issuer: string | undefined
  issuerMetadata: FoundDocument | undefined
  /** The last POST to the registration endpoint. */
  registration: Exchange | undefined
  /** The request that the browser was sent to, at the last sign-in. */
  authorization: Exchange | undefined
  /** The redirect that carried an answer to the client. */
  landing: { exchange: Exchange; url: URL } | undefined
  /** The exchange of the code. */
  token: Exchange | undefined
  /** The first request with a token to the MCP server. */
  firstCall: Exchange | undefined
}

export interface FoundDocument {
  exchange: Exchange
  body: Document
}

export function readFacts(seen: Pick<Examination, 'url' | 'walk' | 'probes' | 'surface'>): Facts {
  const knocks = exchangesOf(seen, 'probe').filter(({ requestHeaders }) => !hasToken(requestHeaders))
  const firstAnswer = knocks.findLast(({ status }) => status !== undefined) ?? knocks.at(-1)
  const resourceMetadata = findResourceMetadata(seen)
  const issuer = firstIssuer(resourceMetadata?.body)
  const issuerMetadata = findIssuerMetadata(seen, issuer)
  const endpoint = (name: string): string => String(issuerMetadata?.body[name] ?? '')
  // Whoever steps up signs in again: what was asked, where it landed and what was given are of one sign-in.
  const signIn = stepsOf(seen, 'authorization').findLast(({ exchanges }) => exchanges.length > 0)
  const authorization = signIn?.exchanges[0]
  const walked = exchangesOf(seen, 'registration', 'authorization', 'token').filter(
    ({ number }) => number >= (authorization?.number ?? 0),
  )
  return {
    firstAnswer,
    initialize: probed(seen, 'knocks', 'httpx') ?? firstAnswer,
    challenge: findBearerChallenge(firstAnswer?.responseHeaders['www-authenticate']),
    speaksOldTransport:
      endsInSse(seen.url) && everyExchange(seen).some((exchange) => isStreamAt(seen.url, exchange)),
    asksForToken: exchangesOf(seen, 'probe', 'session', 'lists', 'call').some(({ status }) => status === 401),
    resourceMetadata,
    issuer,
    issuerMetadata,
    registration: exchangesOf(seen, 'registration').findLast(({ method }) => method === 'POST'),
    authorization,
    landing: findLanding(walked),
    token: exchangesOf(seen, 'token').findLast(
      ({ method, url }) =>
        method === 'POST' && (url === endpoint('token_endpoint') || !url.includes('/.well-known/')),
    ),
    firstCall: exchangesOf(seen, 'probe', 'session').find(({ requestHeaders }) => hasToken(requestHeaders)),
  }
}

export function endsInSse(url: string): boolean {
  return /\/sse\/?$/i.test(new URL(url).pathname)
}

function isStreamAt(url: string, exchange: Exchange): boolean {
  const isOpened = exchange.method === 'GET' && exchange.status === 200
  return isOpened && exchange.url === url && mediaTypeOf(exchange) === 'text/event-stream'
}

export function hasToken(headers: Readonly<Record<string, string>>): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')
}

/**
 * The places where a client looks for one of the documents, in its order, as they were answered. Of the probe, which
 * asks everywhere: the walk stops at the first that serves.
 */
export function placesOf(seen: Pick<Examination, 'probes'>, document: 'resource' | 'issuer'): Exchange[] {
  return places[document].flatMap((label) => probed(seen, 'metadata', label) ?? [])
}

const places = {
  resource: ['resource-pointer', 'resource-path', 'resource-root'],
  issuer: ['issuer-oauth', 'issuer-openid', 'issuer-openid-appended'],
} as const

/** Whether it could be metadata: 200, and a JSON object. */
export function isDocument(exchange: Exchange | undefined): boolean {
  return exchange?.status === 200 && jsonOf(exchange) !== undefined
}

/** By the authorization server's own word: a client may present the address of its metadata document. */
export function announcesDocuments(metadata: Document | undefined): boolean {
  return metadata?.client_id_metadata_document_supported === true
}

/** Without it hosted Claude, a public client, presents no document (documented 2026-09). */
export function listsNone(metadata: Document | undefined): boolean {
  const methods = metadata?.token_endpoint_auth_methods_supported
  return Array.isArray(methods) && methods.includes('none')
}

function findResourceMetadata(seen: Pick<Examination, 'probes'>): FoundDocument | undefined {
  return firstDocument(placesOf(seen, 'resource'))
}

function findIssuerMetadata(
  seen: Pick<Examination, 'probes'>,
  issuer: string | undefined,
): FoundDocument | undefined {
  const found = firstDocument(placesOf(seen, 'issuer'))
  return (
    found ?? (issuer === undefined ? firstDocument([probed(seen, 'metadata', 'origin-oauth')]) : undefined)
  )
}

function firstDocument(candidates: readonly (Exchange | undefined)[]): FoundDocument | undefined {
  const exchange = candidates.find(isDocument)
  const body = jsonOf(exchange)
  return exchange === undefined || body === undefined ? undefined : { exchange, body }
}

export function firstIssuer(document: Document | undefined): string | undefined {
  const servers = document?.authorization_servers
  const first: unknown = Array.isArray(servers) ? servers[0] : undefined
  return typeof first === 'string' && parseUrl(first) !== undefined ? first : undefined
}

function findLanding(exchanges: readonly Exchange[]): Facts['landing'] {
  for (const exchange of exchanges.toReversed()) {
    const url = parseUrl(exchange.responseHeaders.location ?? '')
    const isAnswer = url?.searchParams.has('code') === true || url?.searchParams.has('error') === true
    if (url !== undefined && isAnswer && url.searchParams.has('state')) return { exchange, url }
  }
  return undefined
}
