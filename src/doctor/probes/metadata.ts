/** Asks for the metadata at every place where some client looks, also after one was found (RFC 9728 §3, RFC 8414 §3, OpenID Connect Discovery §4). */

import { isSafeEndpoint } from '../../client/safe-endpoint.ts'
import type { WireAnswer } from '../../client/wire.ts'
import {
  authorizationServerMetadataUrls,
  authorizationServerWellKnown,
  openidConfigurationWellKnown,
} from '../../oauth/authorization-server-metadata.ts'
import {
  protectedResourceMetadataUrls,
  protectedResourceWellKnown,
} from '../../oauth/protected-resource-metadata.ts'
import { findBearerChallenge } from '../../oauth/www-authenticate.ts'
import { parseUrl } from '../../platform/url.ts'
import { exchangesOf, jsonOf } from '../examination.ts'
import { firstIssuer } from '../facts.ts'
import type { Probe, ProbeBench } from '../probe.ts'
import { browserOrigin, preflightHeaders } from './knocks.ts'

export const metadata: Probe = {
  name: 'metadata',
  title: 'Metadata at every place where a client looks',
  stage: 'discovery',
  effects: undefined,
  isIntrusive: false,
  run: askEverywhere,
}

async function askEverywhere(bench: ProbeBench): Promise<void> {
  const origin = new URL(bench.url).origin
  const pointer = pointerOf(bench)
  const [path, root] = protectedResourceMetadataUrls(bench.url)
  const resources = await Promise.all([
    get(bench, 'resource-pointer', pointer),
    get(bench, 'resource-path', path),
    get(bench, 'resource-root', root),
    get(bench, 'resource-appended', appended(bench.url, protectedResourceWellKnown)),
    get(bench, 'origin-oauth', `${origin}${authorizationServerWellKnown}`),
    get(bench, 'origin-openid', `${origin}${openidConfigurationWellKnown}`),
    get(bench, 'unknown', `${origin}/.well-known/nothing-is-here`),
    get(bench, 'unknown-plain', `${origin}/nothing-is-here`),
    get(bench, 'resource-from-browser', pointer ?? path, { Origin: browserOrigin }),
  ])
  const document = resources
    .slice(0, 3)
    .map(readDocument)
    .find((found) => found !== undefined)
  const issuer = firstIssuer(document) ?? origin
  const issuerOrigin = new URL(issuer).origin
  const [oauth, openid, openidAppended] = authorizationServerMetadataUrls(issuer)
  const found = await Promise.all([
    get(bench, 'issuer-oauth', oauth),
    get(bench, 'issuer-openid', openid),
    get(bench, 'issuer-openid-appended', openidAppended),
    get(bench, 'issuer-oauth-appended', appended(issuer, authorizationServerWellKnown)),
    get(bench, 'issuer-plain', issuerOrigin === origin ? undefined : `${issuerOrigin}/nothing-is-here`),
    get(bench, 'issuer-from-browser', oauth, { Origin: browserOrigin }),
  ])
  const endpoint = found
    .slice(0, 3)
    .map(readDocument)
    .find((found) => found !== undefined)?.registration_endpoint
  if (typeof endpoint !== 'string' || !isSafeEndpoint(endpoint)) return
  await bench.send('registration-preflight', {
    method: 'OPTIONS',
    url: endpoint,
    headers: preflightHeaders('POST', 'content-type'),
  })
}

/** Where frameworks that mount everything below one path put it; another place only where there is a path. */
function appended(url: string, wellKnown: string): string | undefined {
  const { origin, pathname } = new URL(url)
  const path = pathname.replace(/\/$/, '')
  return path === '' ? undefined : `${origin}${path}${wellKnown}`
}

function pointerOf({ walk }: ProbeBench): string | undefined {
  const knock = exchangesOf({ walk }, 'probe').findLast(({ status }) => status === 401)
  const pointer = findBearerChallenge(knock?.responseHeaders['www-authenticate'])?.resourceMetadata
  return /^https?:$/.test(parseUrl(pointer ?? '')?.protocol ?? '') ? pointer : undefined
}

/** As hosted Claude asks. */
function get(
  bench: ProbeBench,
  label: string,
  url: string | undefined,
  added: Record<string, string> = {},
): Promise<WireAnswer | undefined> {
  if (url === undefined) return Promise.resolve(undefined)
  const { headers } = bench.surface.discovery
  const agent = bench.surface.userAgents.stages.discovery ?? bench.surface.userAgents.otherwise
  return bench.send(label, { method: 'GET', url, headers: { ...headers, 'User-Agent': agent, ...added } })
}

function readDocument(answer: WireAnswer | undefined): ReturnType<typeof jsonOf> {
  return answer?.status === 200 ? jsonOf({ responseBody: answer.text }) : undefined
}
