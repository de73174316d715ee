/** Asks for the metadata at every place where some client looks, also after one was found (RFC 9728 §3, RFC 8414 §3, OpenID Connect Discovery §4). */

import type { WireAnswer } from '../../client/wire.ts'
import {
  authorizationServerMetadataUrls,
  authorizationServerWellKnown,
} from '../../oauth/authorization-server-metadata.ts'
import { protectedResourceMetadataUrls } from '../../oauth/protected-resource-metadata.ts'
import { findBearerChallenge } from '../../oauth/www-authenticate.ts'
import { parseUrl } from '../../platform/url.ts'
import { exchangesOf, jsonOf } from '../examination.ts'
import { firstIssuer } from '../facts.ts'
import type { Probe, ProbeBench } from '../probe.ts'

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
    get(bench, 'origin-oauth', `${origin}${authorizationServerWellKnown}`),
    get(bench, 'unknown', `${origin}/.well-known/nothing-is-here`),
  ])
  const document = resources
    .slice(0, 3)
    .map(readDocument)
    .find((found) => found !== undefined)
  const issuer = firstIssuer(document) ?? origin
  const [oauth, openid, appended] = authorizationServerMetadataUrls(issuer)
  await Promise.all([
    get(bench, 'issuer-oauth', oauth),
    get(bench, 'issuer-openid', openid),
    get(bench, 'issuer-openid-appended', appended),
  ])
}

function pointerOf({ walk }: ProbeBench): string | undefined {
  const knock = exchangesOf({ walk }, 'probe').findLast(({ status }) => status === 401)
  const pointer = findBearerChallenge(knock?.responseHeaders['www-authenticate'])?.resourceMetadata
  return /^https?:$/.test(parseUrl(pointer ?? '')?.protocol ?? '') ? pointer : undefined
}

/** As hosted Claude asks. */
function get(bench: ProbeBench, label: string, url: string | undefined): Promise<WireAnswer | undefined> {
  if (url === undefined) return Promise.resolve(undefined)
  const { headers } = bench.surface.discovery
  const agent = bench.surface.userAgents.stages.discovery ?? bench.surface.userAgents.otherwise
  return bench.send(label, { method: 'GET', url, headers: { ...headers, 'User-Agent': agent } })
}

function readDocument(answer: WireAnswer | undefined): ReturnType<typeof jsonOf> {
  return answer?.status === 200 ? jsonOf({ responseBody: answer.text }) : undefined
}
