/** The requests of probes to an authorization server, made from what the walk asked for (OAuth 2.1 §4.1.1 and §3.2.2), and how they were refused. */

import { isSafeEndpoint } from '../client/safe-endpoint.ts'
import type { WireRequest } from '../client/wire.ts'
import { encodeBase64Url } from '../platform/crypto.ts'
import { parseUrl } from '../platform/url.ts'
import { type Exchange, isRedirect, jsonOf } from './examination.ts'
import { type Facts, readFacts } from './facts.ts'
import type { ProbeBench } from './probe.ts'

/** What is known so far. */
export function factsOf({ url, surface, walk, earlier: probes }: ProbeBench): Facts {
  return readFacts({ url, surface, walk, probes })
}

/** As the metadata that was found names it; only for what carries no secret of a grant. */
export function endpointOf(
  { issuerMetadata }: Facts,
  name: 'authorization_endpoint' | 'token_endpoint',
): string | undefined {
  const endpoint = issuerMetadata?.body[name]
  return typeof endpoint === 'string' && isSafeEndpoint(endpoint) ? endpoint : undefined
}

/** What the walk asked for, or would have, with other values; `undefined` leaves a parameter out. Nobody holds its verifier. */
export function authorizationUrl(
  bench: ProbeBench,
  facts: Facts,
  changes: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const endpoint = endpointOf(facts, 'authorization_endpoint')
  if (endpoint === undefined) return undefined
  const url = new URL(facts.authorization?.url ?? endpoint)
  const resource = facts.resourceMetadata?.body.resource
  const parameters = {
    response_type: 'code',
    code_challenge_method: 'S256',
    ...(facts.authorization === undefined && typeof resource === 'string' ? { resource } : {}),
    code_challenge: encodeBase64Url(bench.random(32)),
    state: encodeBase64Url(bench.random(32)),
    ...changes,
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  return url.href
}

/** As Claude's browser tab comes to the authorization server. */
export function navigation(url: string): WireRequest {
  return {
    method: 'GET',
    url,
    headers: {
      Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
      'User-Agent': 'Mozilla/5.0 (compatible; Postern connector)',
      'Sec-Fetch-Dest': 'document',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Site': 'cross-site',
    },
  }
}

/** A form, as the walk's surface sends one; `undefined` leaves a field out. */
export function tokenRequest(
  bench: ProbeBench,
  url: string,
  fields: Readonly<Record<string, string | undefined>>,
  headers: Readonly<Record<string, string>> = {},
): WireRequest {
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) body.set(name, value)
  return {
    method: 'POST',
    url,
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Accept: 'application/json',
      'User-Agent': bench.surface.userAgents.stages.token ?? bench.surface.userAgents.otherwise,
      ...headers,
    },
    body: body.toString(),
  }
}

type Answered = Pick<Exchange, 'url' | 'status' | 'responseHeaders'>

/** The error that an authorization request was sent back with. */
export function returnedError(exchange: Answered | undefined): string | undefined {
  if (exchange === undefined || !isRedirect(exchange)) return undefined
  const asked = parseUrl(exchange.url)?.searchParams.get('redirect_uri')
  const target = exchange.responseHeaders.location ?? ''
  if (!asked || !target.startsWith(asked)) return undefined
  return parseUrl(target)?.searchParams.get('error') ?? undefined
}

/** A page of refusal or an error sent back; a page to sign in at, or the way to one, is neither. */
export function isRefusedRequest(exchange: Answered | undefined): boolean {
  return (exchange?.status ?? 0) >= 400 || returnedError(exchange) !== undefined
}

/** RFC 7591 §3.2.1: 201, or what some servers take for it, with the one member that every client needs. */
export function isRegistered(answer: Pick<Exchange, 'status' | 'responseBody'> | undefined): boolean {
  const isGood = answer?.status !== undefined && answer.status >= 200 && answer.status <= 299
  return isGood && typeof jsonOf(answer)?.client_id === 'string'
}

/** RFC 6749 §5.1. */
export function gaveTokens(answer: Pick<Exchange, 'status' | 'responseBody'> | undefined): boolean {
  return answer?.status === 200 && jsonOf(answer)?.access_token !== undefined
}

/** RFC 6749 §5.2, RFC 8707 §2. */
export function tokenErrorOf(exchange: Exchange | undefined): string | undefined {
  const error = jsonOf(exchange)?.error
  return typeof error === 'string' ? error : undefined
}
