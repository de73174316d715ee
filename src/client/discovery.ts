/** Where the authorization server of an MCP server is found, in the order and with the patience of each surface (RFC 9728, RFC 8414). */

import {
  type AuthorizationServerMetadata,
  authorizationServerMetadataProblems,
  authorizationServerMetadataUrls,
  authorizationServerWellKnown,
  readAuthorizationServerMetadata,
} from '../oauth/authorization-server-metadata.ts'
import type { Problem } from '../oauth/errors.ts'
import {
  type ProtectedResourceMetadata,
  protectedResourceMetadataProblems,
  protectedResourceMetadataUrl,
  protectedResourceWellKnown,
  readProtectedResourceMetadata,
} from '../oauth/protected-resource-metadata.ts'
import { parseUrl } from '../platform/url.ts'
import { ConnectFailure } from './connect-failure.ts'
import type { Flow } from './flow.ts'
import { refuseUnsafeEndpoint } from './safe-endpoint.ts'
import { type DiscoveryPass, type Stage, userAgentOf } from './surface.ts'
import { smallAnswerBytes, type WireAnswer } from './wire.ts'

export interface Discovery {
  resource: ProtectedResourceMetadata | undefined
  /** The identifier that the metadata was looked up for. */
  issuer: string
  metadata: AuthorizationServerMetadata
  /** No metadata was found: the endpoints are those of MCP 2025-03-26. */
  isGuessed: boolean
  /** What this surface lets pass and another would not. */
  tolerated: readonly Problem[]
}

/** One round of metadata requests. Throws `ConnectFailure`. */
export async function discover(flow: Flow, pass: DiscoveryPass): Promise<Discovery> {
  const known = knownIssuer(flow, pass)
  if (known === undefined) {
    const resource = await findResourceMetadata(flow, pass)
    return discoverIssuer(flow, pass.stage, resource)
  }
  const found = await discoverIssuerAt(flow, pass.stage, known, 'named')
  const resource = await findResourceMetadata(flow, pass)
  const named = resource?.authorization_servers?.[0]
  // AUTH-2026-07-28-09: the resource has moved to another authorization server; nothing of the old one counts there.
  if (named !== undefined && named !== known) return discoverIssuer(flow, pass.stage, resource)
  return { ...found, resource }
}

/** What is asked once more after the browser came back, before the code is exchanged. */
export async function discoverAgain(flow: Flow, before: Discovery): Promise<Discovery> {
  const rule = flow.surface.discovery.againBeforeToken
  if (rule === 'never') return before
  if (rule === 'always') return discover(flow, { stage: 'discovery', order: 'resource-first' })
  if (before.resource === undefined) await findResourceMetadata(flow, { stage: 'sign-in' })
  return before
}

function knownIssuer(flow: Flow, pass: DiscoveryPass): string | undefined {
  const issuer = flow.memory.issuer
  if (pass.order === 'resource-first' || issuer === undefined) return undefined
  if (pass.order === 'issuer-first-if-registered' && flow.memory.clients[issuer] === undefined)
    return undefined
  return issuer
}

async function findResourceMetadata(
  flow: Flow,
  { stage, places }: Pick<DiscoveryPass, 'stage' | 'places'>,
): Promise<ProtectedResourceMetadata | undefined> {
  const rules = flow.surface.discovery
  for (const url of resourceMetadataUrls(flow, places)) {
    const answer = await getMetadata(flow, stage, url)
    const document = readJson(answer)
    const problems = protectedResourceMetadataProblems(document, {
      serverUrl: flow.serverUrl,
      match: rules.resourceMatch,
    })
    if (answer.status === 200 && problems.length === 0) return readProtectedResourceMetadata(document)
    if (answer.status !== 200 && isSkipped(answer.status, rules.continueOn)) continue
    const mismatch =
      answer.status === 200 && problems.some(({ code, at }) => code === 'invalid_target' && at === 'resource')
    if (mismatch || rules.unusableResourceMetadata === 'stop') {
      throw unusable(`the protected resource metadata at ${url}`, answer, problems)
    }
    if (rules.unusableResourceMetadata === 'absent') return undefined
  }
  return undefined
}

function resourceMetadataUrls(flow: Flow, asked: DiscoveryPass['places']): string[] {
  const rules = flow.surface.discovery
  const pointed = flow.lastChallenge?.resourceMetadata
  const challenge = pointed !== undefined && isHttpUrl(pointed) ? pointed : undefined
  const known = {
    challenge,
    path: protectedResourceMetadataUrl(flow.serverUrl),
    root: `${new URL(flow.serverUrl).origin}${protectedResourceWellKnown}`,
  }
  if (asked !== undefined) return asked.map((place) => known[place])
  if (rules.challengeIsFinal && challenge !== undefined && rules.resourceMetadata.includes('challenge')) {
    return [challenge]
  }
  const urls = rules.resourceMetadata.map((place) => known[place])
  return [...new Set(urls.filter((url) => url !== undefined))]
}

async function discoverIssuer(
  flow: Flow,
  stage: Stage,
  resource: ProtectedResourceMetadata | undefined,
): Promise<Discovery> {
  // Only the first is used by any of Claude's clients, with no way back (documented 2026-09).
  const named = resource?.authorization_servers?.[0]
  if (named !== undefined) return { ...(await discoverIssuerAt(flow, stage, named, 'named')), resource }
  if (flow.surface.discovery.withoutResourceMetadata === 'refuse') {
    throw new ConnectFailure(
      'sign-in',
      'the server names no authorization server: its protected resource metadata was not found',
      {
        problems: [
          {
            code: 'invalid_request',
            at: 'resource_metadata',
            says: 'the 401 carries no resource_metadata and no well-known place answers',
            standard: 'RFC 9728 §5.1',
          },
        ],
      },
    )
  }
  const origin = new URL(flow.serverUrl).origin
  return { ...(await discoverIssuerAt(flow, stage, origin, 'assumed')), resource }
}

async function discoverIssuerAt(
  flow: Flow,
  stage: Stage,
  issuer: string,
  how: 'named' | 'assumed',
): Promise<Omit<Discovery, 'resource'>> {
  const rules = flow.surface.discovery
  const expectations = {
    issuer: rules.issuerMatch === 'identical' ? issuer : undefined,
    pkce: rules.pkce,
  }
  for (const url of issuerMetadataUrls(flow, issuer, how)) {
    const answer = await getMetadata(flow, stage, url)
    const document = readJson(answer)
    if (answer.status !== 200) {
      if (isSkipped(answer.status, rules.continueOn)) continue
      throw unusable(`the authorization server metadata at ${url}`, answer, [])
    }
    const problems = authorizationServerMetadataProblems(document, expectations)
    const fatal = problems.filter(({ at }) => !judgedWhenUsed.has(at))
    if (fatal.length === 0) {
      const tolerated = authorizationServerMetadataProblems(document, { issuer, pkce: 'required' })
      return { issuer, metadata: readAuthorizationServerMetadata(document), isGuessed: false, tolerated }
    }
    if (document === undefined && rules.unusableIssuerMetadata === 'next') continue
    throw unusable(`the authorization server metadata at ${url}`, answer, fatal)
  }
  if (rules.withoutIssuerMetadata === 'refuse') {
    throw new ConnectFailure('sign-in', `no metadata of the authorization server ${issuer} was found`)
  }
  return { issuer, metadata: defaultMetadata(issuer), isGuessed: true, tolerated: [] }
}

/** An endpoint that is not used does no harm; these are judged before something is sent there. */
const judgedWhenUsed = new Set(['registration_endpoint', 'revocation_endpoint'])

function issuerMetadataUrls(flow: Flow, issuer: string, how: 'named' | 'assumed'): string[] {
  const rules = flow.surface.discovery
  const names = how === 'named' ? rules.issuerMetadata : rules.assumedIssuerMetadata
  const urls = authorizationServerMetadataUrls(issuer)
  return names === 'oauth' ? urls.filter((url) => url.includes(authorizationServerWellKnown)) : urls
}

/** MCP 2025-03-26, authorization §2.3.3: the fallbacks for servers without metadata discovery. */
function defaultMetadata(issuer: string): AuthorizationServerMetadata {
  const origin = new URL(issuer).origin
  return {
    issuer,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    response_types_supported: ['code'],
  }
}

/** More hops than this are a loop. */
const maximumRedirects = 5

async function getMetadata(flow: Flow, stage: Stage, url: string): Promise<WireAnswer> {
  const rules = flow.surface.discovery
  let target = url
  for (let hop = 0; ; hop++) {
    // Plain http could be rewritten by anybody on the way.
    refuseUnsafeEndpoint(target)
    const answer = await flow.wire.send(
      {
        method: 'GET',
        url: target,
        headers: { ...rules.headers, 'User-Agent': userAgentOf(flow.surface, stage) },
      },
      { deadlineSeconds: flow.surface.deadlines.discoverySeconds, maximumBytes: smallAnswerBytes },
    )
    const location = answer.headers.get('location')
    if (answer.status < 300 || answer.status >= 400 || location === null || hop === maximumRedirects)
      return answer
    const next = URL.canParse(location, target) ? new URL(location, target).href : undefined
    if (next === undefined) return answer
    if (rules.redirects === 'same-origin' && new URL(next).origin !== new URL(target).origin) return answer
    target = next
  }
}

function isHttpUrl(text: string): boolean {
  return /^https?:$/.test(parseUrl(text)?.protocol ?? '')
}

function isSkipped(status: number, continueOn: '4xx' | '4xx-and-502'): boolean {
  if (status === 502) return continueOn === '4xx-and-502'
  return status < 500
}

function readJson(answer: WireAnswer): unknown {
  try {
    return JSON.parse(answer.text)
  } catch {
    return undefined
  }
}

function unusable(what: string, answer: WireAnswer, problems: readonly Problem[]): ConnectFailure {
  const first = problems[0]?.says
  const why = answer.status === 200 ? (first ?? 'it is not JSON') : `the status is ${answer.status}`
  return new ConnectFailure('sign-in', `${what} cannot be used: ${why}`, { problems })
}
