/** The authorization endpoint (OAuth 2.1 §4.1.1): a list of steps, before one of which errors are a page, and after it a redirect. */

import type { Login } from '../../identity/login.ts'
import { type AuthorizationRequest, readAuthorizationRequest } from '../../oauth/authorization-request.ts'
import { claudeCallbacks } from '../../oauth/claude.ts'
import { keyThumbprintProblems } from '../../oauth/dpop.ts'
import {
  AuthorizationError,
  concerning,
  type ErrorSubject,
  OAuthError,
  type OAuthErrorCode,
  type Problem,
} from '../../oauth/errors.ts'
import { codeChallengeProblems } from '../../oauth/pkce.ts'
import { readRequestUri } from '../../oauth/pushed-authorization.ts'
import {
  isLocalRedirect,
  redirectHost,
  type TrustedRedirect,
  trustRedirect,
} from '../../oauth/redirect-uri.ts'
import { canonicalResource, resourceProblems } from '../../oauth/resource-indicators.ts'
import { formatScope, requestedScopes } from '../../oauth/scope.ts'
import { hashToken, type Random, randomId, randomToken } from '../../platform/crypto.ts'
import type { PendingAuthorizationRecord } from '../../storage/storage.ts'
import { reachProblem } from '../client-reach.ts'
import { mayRedirectTo } from '../client-rules.ts'
import { type Client, type Clients, clientNameOf } from '../clients.ts'
import { type Consent, requestPath } from '../consent.ts'
import type { RateLimits } from '../rate-limits.ts'
import type { AuthorizationServerSettings, GuardedResource, RequestSource } from '../settings.ts'

export async function authorizationEndpoint(
  settings: AuthorizationServerSettings,
  clients: Clients,
  consent: Consent,
  limits: RateLimits,
  httpRequest: Request,
  source: RequestSource,
): Promise<Response> {
  const url = new URL(httpRequest.url)
  const pendingId = url.searchParams.get('request')
  if (pendingId !== null) return consent.resume(httpRequest, pendingId)
  const subject: ErrorSubject = {}
  return concerning(subject, () =>
    beginAuthorization(settings, clients, limits, httpRequest, source, url, subject),
  )
}

async function beginAuthorization(
  settings: AuthorizationServerSettings,
  clients: Clients,
  limits: RateLimits,
  httpRequest: Request,
  source: RequestSource,
  url: URL,
  subject: ErrorSubject,
): Promise<Response> {
  const parameters = await parametersOf(settings, httpRequest, url)
  const { request, repeated } = readAuthorizationRequest(parameters)
  const client = await findClient(clients, request, source)
  limits.take('authorizations', client.clientId, source.name)
  const flowId = attemptFlow(client, settings.random)
  subject.clientId = client.clientId
  subject.flowId = flowId
  const redirect = findRedirect(settings, client, request)
  const resource = await judgeRequest(
    settings,
    client,
    request,
    repeated,
    refusalBy(client, redirect, request),
  )
  const browser = settings.login.browserOf(httpRequest)
  const pending = await savePending(settings, browser, client, redirect, resource, request, flowId)
  return sendToConsent(browser, pending)
}

/** All that is asked of a request once it is known where its answer goes. */
export async function judgeRequest(
  settings: AuthorizationServerSettings,
  client: Client,
  request: AuthorizationRequest,
  repeated: readonly string[],
  refuse: Refuse,
): Promise<GuardedResource> {
  refuseRepeated(refuse, repeated)
  checkResponseType(refuse, request)
  checkChallenge(refuse, request)
  refuseFirst(refuse, keyThumbprintProblems(request.dpopJkt))
  const resource = await findGuardedResource(settings, refuse, request)
  checkReach(refuse, client, resource)
  checkPrompt(refuse, request)
  return resource
}

/** OAuth 2.1 §3.1 asks for GET and allows POST. Of a request that was pushed nothing but its name is read here (RFC 9126 §4). */
async function parametersOf(
  settings: AuthorizationServerSettings,
  httpRequest: Request,
  url: URL,
): Promise<URLSearchParams> {
  if (httpRequest.method !== 'GET')
    throw new OAuthError('invalid_request', 'open the authorization endpoint with GET')
  const requestUri = url.searchParams.get('request_uri')
  if (requestUri === null || requestUri === '') return url.searchParams
  const clientId = url.searchParams.get('client_id') ?? ''
  const reference = readRequestUri(requestUri)
  const pushed =
    reference === undefined
      ? undefined
      : await settings.storage.takePushedRequest(hashToken(reference), clientId, settings.clock())
  if (pushed === undefined) {
    const says =
      'request_uri is unknown, used, expired, or of another client; start again from the application'
    throw new OAuthError('invalid_request_uri', says)
  }
  return new URLSearchParams(pushed.parameters)
}

/** One for each request, since many share a client; it begins with that of the registration, so that a search for the one finds the other. */
function attemptFlow(client: Client, random: Random): string {
  return `${client.flowId ?? client.kind}.${randomId(random)}`
}

async function findClient(
  clients: Clients,
  request: AuthorizationRequest,
  source: RequestSource,
): Promise<Client> {
  if (request.clientId === undefined) throw new OAuthError('invalid_request', 'client_id is missing')
  const known = await clients.find(request.clientId)
  const isRemembered = known !== undefined && known.kind !== 'recovered'
  const client = isRemembered
    ? known
    : await clients.recover(request.clientId, request.redirectUri ?? '', source)
  if (client === undefined) {
    const says = 'the application that sent you here is not known to this server any more'
    throw new OAuthError('invalid_client', says, { occasion: 'unknown-client' })
  }
  return client
}

/** Until here nobody may be redirected; a request without a redirect URI is understood if only one can be meant. */
export function findRedirect(
  settings: AuthorizationServerSettings,
  client: Client,
  request: AuthorizationRequest,
): TrustedRedirect {
  const registered = client.metadata.redirectUris
  const only = registered.length === 1 && !isLocalRedirect(registered[0] ?? '') ? registered[0] : undefined
  const asked = request.redirectUri ?? only
  if (asked === undefined) throw new OAuthError('invalid_request', 'redirect_uri is missing')
  const redirect = trustRedirect(asked, registered)
  if (redirect === undefined) {
    throw new OAuthError('invalid_request', 'redirect_uri is not one that this application registered', {
      detail: asked,
    })
  }
  // The operator's list stands above what a client registered, also before the list was made.
  if (client.kind !== 'pre-registered' && !mayRedirectTo(settings.clientRules, asked)) {
    const says = 'this server sends answers only to applications it was told of; ask its operator'
    throw new OAuthError('invalid_request', says, { detail: asked })
  }
  return redirect
}

type Browser = ReturnType<Login['browserOf']>

export type Refuse = (code: OAuthErrorCode, description: string) => never

/**
 * Errors travel by redirect where somebody vouches for the client or its callback. Anybody may register
 * anything, and must not make of this server a springboard to it before a person saw a page (OAuth 2.1 §7.13).
 */
function refusalBy(client: Client, redirect: TrustedRedirect, request: AuthorizationRequest): Refuse {
  const mayBounce =
    client.isVouchedFor || isLocalRedirect(redirect.uri) || claudeCallbacks.includes(redirect.uri)
  return function refuse(code, description) {
    if (mayBounce) throw new AuthorizationError(redirect, request.state, code, description)
    throw new OAuthError(code, description)
  }
}

function refuseFirst(refuse: Refuse, problems: readonly Problem[]): void {
  const first = problems[0]
  if (first !== undefined) refuse(first.code, `${first.says} (${first.standard})`)
}

/** OAuth 2.1 §3.1. */
function refuseRepeated(refuse: Refuse, repeated: readonly string[]): void {
  if (repeated.length > 0) refuse('invalid_request', `sent more than once: ${repeated.join(', ')}`)
}

function checkResponseType(refuse: Refuse, request: AuthorizationRequest): void {
  if (request.responseType === undefined)
    refuse('invalid_request', 'response_type is missing; it must be code')
  if (request.responseType !== 'code') refuse('unsupported_response_type', 'response_type must be code')
}

function checkChallenge(refuse: Refuse, request: AuthorizationRequest): void {
  refuseFirst(refuse, codeChallengeProblems(request))
}

/** Left out it means the one resource there is (clients of 2025-03-26 do not know the parameter). */
async function findGuardedResource(
  { resources }: AuthorizationServerSettings,
  refuse: Refuse,
  request: AuthorizationRequest,
): Promise<GuardedResource> {
  refuseFirst(refuse, resourceProblems(request.resources))
  const named = new Set(request.resources.map(canonicalResource))
  const [only] = named
  const found = only === undefined ? undefined : await resources.find(only)
  const resource = named.size === 0 ? resources.standard : found
  if (named.size <= 1 && resource !== undefined) return resource
  const known = resources.standing.map(({ identifier }) => identifier)
  return refuse(
    'invalid_target',
    `resource must be ${known.length === 0 ? 'the URL of a connector here' : `one of ${known.join(', ')}`}`,
  )
}

/** RFC 6749 §4.1.2.1. */
function checkReach(refuse: Refuse, client: Client, resource: GuardedResource): void {
  const problem = reachProblem(client, resource)
  if (problem !== undefined) refuse('unauthorized_client', problem)
}

/** `consent` and `login` are what happens anyway; only `none` asks for what cannot be. */
function checkPrompt(refuse: Refuse, request: AuthorizationRequest): void {
  if (request.prompt?.split(' ').includes('none')) refuse('interaction_required', 'a person has to consent')
}

async function savePending(
  settings: AuthorizationServerSettings,
  browser: Browser,
  client: Client,
  redirect: TrustedRedirect,
  resource: GuardedResource,
  request: AuthorizationRequest,
  flowId: string,
): Promise<PendingAuthorizationRecord> {
  const now = settings.clock()
  const scope = requestedScopes(request.scope, resource.scopes).map(({ name }) => name)
  const pending: PendingAuthorizationRecord = {
    pendingId: randomToken(settings.random),
    browserHash: browser.browserHash,
    flowId,
    clientId: client.clientId,
    redirectUri: redirect.uri,
    state: request.state,
    resource: resource.identifier,
    scope,
    codeChallenge: request.codeChallenge ?? '',
    keyThumbprint: request.dpopJkt,
    createdAt: now,
    expiresAt: now + settings.lifetimes.pendingSeconds,
    decision: undefined,
  }
  await settings.storage.savePendingAuthorization(pending)
  settings.telemetry.emit('authorization.requested', pending.flowId, {
    clientId: client.clientId,
    clientName: clientNameOf(client, redirect.uri),
    redirectHost: redirectHost(redirect.uri),
    scope: formatScope(scope),
    connector: resource.place,
  })
  return pending
}

/** The request is stored and the browser bound to it: from here its address is short, and survives sign-in. */
function sendToConsent(browser: Browser, pending: PendingAuthorizationRecord): Response {
  const headers = new Headers({ location: requestPath(pending.pendingId), 'cache-control': 'no-store' })
  if (browser.setCookie !== undefined) headers.append('set-cookie', browser.setCookie)
  return new Response(null, { status: 303, headers })
}
