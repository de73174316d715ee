/** The authorization request and what came back: scope, resource, PKCE, state and issuer as each surface handles them (OAuth 2.1 §4.1, RFC 8707, RFC 9207). */

import { formatAuthorizationRequest } from '../oauth/authorization-request.ts'
import {
  type AuthorizationResponse,
  issuerProblems,
  readAuthorizationResponse,
} from '../oauth/authorization-response.ts'
import type { Problem } from '../oauth/errors.ts'
import { challengeMethod, formatCodeChallenge } from '../oauth/pkce.ts'
import { formatScope, offlineAccess, readScope } from '../oauth/scope.ts'
import { encodeBase64Url } from '../platform/crypto.ts'
import { parseUrl } from '../platform/url.ts'
import type { CallbackListener } from './browser.ts'
import { ConnectFailure } from './connect-failure.ts'
import type { RegisteredClient } from './connection-state.ts'
import type { Discovery } from './discovery.ts'
import type { Flow } from './flow.ts'
import { refuseUnsafeEndpoint } from './safe-endpoint.ts'

/** What the code is good for only together with. */
export interface AuthorizedCode {
  code: string
  verifier: string
  redirectUri: string
  resource: string | undefined
  scope: string | undefined
}

/** Sends the browser to the authorization server and judges what it brings back. Throws `ConnectFailure`. */
export async function authorize(
  flow: Flow,
  discovery: Discovery,
  client: RegisteredClient,
  asked: { redirectUri: string; scope: string | undefined; callback: CallbackListener | undefined },
): Promise<AuthorizedCode> {
  const verifier = encodeBase64Url(flow.random(flow.surface.authorization.verifierBytes))
  const state = encodeBase64Url(flow.random(32))
  const resource = resourceIndicator(flow, discovery)
  const url = authorizationUrl(flow, discovery, client, { ...asked, verifier, state, resource })
  for (const word of readScope(asked.scope)) flow.requestedScopes.add(word)
  flow.transcript.mask.learn('code_verifier', verifier)

  const browser = browserFor(flow, asked.redirectUri)
  const visited = browser.visit({
    authorizationUrl: url,
    redirectUri: asked.redirectUri,
    callback: asked.callback,
    wire: flow.wire,
    transcript: flow.transcript,
    signal: flow.signal,
  })
  const landed = await untilAborted(flow.signal, visited)
  const code = judgeResponse(flow, discovery, landed, state)
  flow.transcript.mask.learn('code', code)
  return { code, verifier, redirectUri: asked.redirectUri, resource, scope: asked.scope }
}

/** The time limit of the run holds for the person at the browser too. */
function untilAborted<T>(signal: AbortSignal | undefined, waited: Promise<T>): Promise<T> {
  if (signal === undefined) return waited
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  return Promise.race([waited, promise]).finally(() => signal.removeEventListener('abort', onAbort))
}

/** The scope of this sign-in; undefined leaves the parameter out. */
export function chooseScope(flow: Flow, discovery: Discovery): string | undefined {
  const words = new Set(initialScope(flow, discovery))
  const missing = readScope(flow.memory.stepUpScope)
  const rule = flow.surface.challenges.stepUpScope
  if (missing.length > 0 && rule !== 'none') {
    if (rule === 'challenge') words.clear()
    // Scopes that were granted before would be lost if only the missing one were asked for (AUTH-2026-07-28-31).
    else for (const word of flow.requestedScopes) words.add(word)
    for (const word of missing) words.add(word)
  }
  addOfflineAccess(flow, discovery, words)
  return words.size === 0 ? undefined : formatScope(words)
}

function initialScope(flow: Flow, discovery: Discovery): string[] {
  const rules = flow.surface.authorization
  const known = {
    configured: readScope(flow.configuredScope),
    challenge: readScope(flow.lastChallenge?.scope),
    'resource-metadata': words(discovery.resource?.scopes_supported),
    'authorization-server': words(discovery.metadata.scopes_supported),
    fixed: readScope(rules.fixedScope),
  }
  for (const place of rules.scope) if (known[place].length > 0) return known[place]
  return []
}

function addOfflineAccess(flow: Flow, discovery: Discovery, scope: Set<string>): void {
  const rule = flow.surface.authorization.offlineAccess
  const listed = words(discovery.metadata.scopes_supported).includes(offlineAccess)
  if (rule === 'never' || !listed || flow.configuredScope !== undefined) return
  if (scope.size > 0 || rule === 'alone') scope.add(offlineAccess)
}

function words(list: unknown): string[] {
  return Array.isArray(list) ? readScope(list.filter((word) => typeof word === 'string').join(' ')) : []
}

/** RFC 8707 §2: which resource the token shall be for. */
export function resourceIndicator(flow: Flow, discovery: Discovery): string | undefined {
  const rules = flow.surface.authorization
  const named = discovery.resource?.resource
  if (named === undefined) {
    return rules.resourceWithoutMetadata === 'canonical' ? canonicalServerUrl(flow.serverUrl) : undefined
  }
  if (rules.resource === 'metadata-url') return new URL(named).href
  if (rules.resource === 'metadata-verbatim') return named
  return rules.resource === 'canonical' ? canonicalServerUrl(flow.serverUrl) : undefined
}

/** Scheme and host in lower case, no default port, no fragment, no slash at the end (documented for hosted Claude, 2026-09). */
export function canonicalServerUrl(serverUrl: string): string {
  const url = new URL(serverUrl)
  url.hash = ''
  return url.search === '' ? url.href.replace(/\/$/, '') : url.href
}

function authorizationUrl(
  flow: Flow,
  discovery: Discovery,
  client: RegisteredClient,
  request: {
    verifier: string
    state: string
    redirectUri: string
    scope: string | undefined
    resource: string | undefined
  },
): string {
  const endpoint = discovery.metadata.authorization_endpoint
  refuseUnsafeEndpoint(endpoint)
  const prompted =
    flow.surface.authorization.consentPrompt && readScope(request.scope).includes(offlineAccess)
  const parameters = formatAuthorizationRequest({
    responseType: 'code',
    clientId: client.clientId,
    redirectUri: request.redirectUri,
    state: request.state,
    scope: request.scope,
    resources: request.resource === undefined ? [] : [request.resource],
    codeChallenge: formatCodeChallenge(request.verifier),
    codeChallengeMethod: challengeMethod,
    prompt: prompted ? 'consent' : undefined,
  })
  // RFC 6749 §3.1: a query that the endpoint has of its own is kept.
  const url = new URL(endpoint)
  for (const [name, value] of parameters) url.searchParams.append(name, value)
  return url.href
}

function browserFor(flow: Flow, redirectUri: string): NonNullable<Flow['browser']> {
  if (flow.browser === undefined) {
    throw new ConnectFailure('sign-in', 'a person has to sign in, and there is no browser to do it with')
  }
  if (flow.surface.identity.redirect.kind === 'fixed' && !flow.browser.catchesForeignRedirects) {
    throw new ConnectFailure(
      'usage',
      `${flow.surface.title} takes the answer at ${redirectUri}, which the ${flow.browser.name} browser would really go to; use --browser fetch or --browser headless`,
    )
  }
  return flow.browser
}

function judgeResponse(flow: Flow, discovery: Discovery, landed: string, state: string): string {
  const url = parseUrl(landed)
  if (url === undefined) throw new ConnectFailure('sign-in', 'the browser came back with no readable URL')
  const response = readAuthorizationResponse(url.searchParams)
  if (response.state !== state) {
    const says =
      response.state === undefined
        ? 'state is missing in the redirect'
        : 'state in the redirect is not the one that was sent'
    throw refusal(says, [{ code: 'invalid_request', at: 'state', says, standard: 'OAuth 2.1 §4.1.2' }])
  }
  refuseForeignIssuer(flow, discovery, response)
  if (response.error !== undefined) {
    const described =
      response.errorDescription === undefined ? '' : `: ${response.errorDescription.slice(0, 300)}`
    throw refusal(`the authorization server answered ${response.error.slice(0, 100)}${described}`, [])
  }
  if (response.code === undefined || response.code === '') {
    const says = 'the redirect carries neither code nor error'
    throw refusal(says, [{ code: 'invalid_request', at: 'code', says, standard: 'OAuth 2.1 §4.1.2' }])
  }
  return response.code
}

/** RFC 9207 §2.4: judged before `error` is believed, because a foreign issuer may have written that too. */
function refuseForeignIssuer(flow: Flow, discovery: Discovery, response: AuthorizationResponse): void {
  if (flow.surface.authorization.issuerInResponse === 'unchecked') return
  const problems = issuerProblems(response, {
    issuer: discovery.metadata.issuer,
    promised: discovery.metadata.authorization_response_iss_parameter_supported === true,
  })
  if (problems.length > 0) throw refusal(problems[0]?.says ?? '', problems)
}

function refusal(says: string, problems: readonly Problem[]): ConnectFailure {
  return new ConnectFailure('sign-in', says, { problems })
}
