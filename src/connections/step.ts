/** The closed words of a connection story: which step an event is, and how a step is told. No text of a request gets past this file. */

import type { PosternEvent } from '../platform/telemetry.ts'

/** What brings a connection forward, in the order in which it happens. */
export const milestones = [
  'challenged',
  'discovered',
  'registered',
  'authorization-requested',
  'signed-in',
  'consent-shown',
  'approved',
  'token-issued',
  'called',
  'refreshed',
] as const

export type Milestone = (typeof milestones)[number]

/** For a column. */
export const milestoneNames: Readonly<Record<Milestone, string>> = {
  challenged: 'first request',
  discovered: 'discovery',
  registered: 'registration',
  'authorization-requested': 'browser',
  'signed-in': 'sign-in',
  'consent-shown': 'consent page',
  approved: 'approval',
  'token-issued': 'tokens',
  called: 'calls',
  refreshed: 'refresh',
}

export type StepName =
  | Milestone
  | 'host-refused'
  | 'origin-refused'
  | 'missed'
  | 'guessed'
  | 'recovered'
  | 'registration-refused'
  | 'authorization-refused'
  | 'sign-in-impossible'
  | 'sign-in-failed'
  | 'consent-refused'
  | 'denied'
  | 'token-refused'
  | 'called-without-token'
  | 'token-rejected'
  | 'scope-refused'
  | 'session-lost'
  | 'session-opened'
  | 'session-ended'
  | 'call-refused'
  | 'call-failed'
  | 'upstream-failed'
  | 'refresh-repeated'
  | 'refresh-reused'
  | 'refresh-refused'
  | 'revoked'
  | 'failed'

export interface Sighting {
  name: StepName
  /** A word of this file; empty where there is one kind. */
  detail: string
}

/** Undefined for an event that no story tells of. */
export function stepOf(event: PosternEvent): Sighting | undefined {
  switch (event.name) {
    case 'mcp.request':
      return callOf(event)
    case 'mcp.refused':
      return refusedCallOf(event)
    case 'discovery.read':
      return (event.status ?? 0) < 300 ? step('discovered', documentOf(event.path ?? '')) : undefined
    case 'discovery.missed':
      return missOf(event)
    case 'discovery.guessed':
      return step('guessed', endpointOf(event.path ?? '') ?? 'other')
    case 'request.refused':
      return refusalOf(event)
    case 'session.opened':
      return event.reason === undefined ? step('session-opened') : undefined
    case 'login.failed':
      return step('sign-in-failed', event.reason === 'busy' ? 'busy' : 'wrong')
    case 'upstream.failed':
      return step('upstream-failed', firstOf(upstreamFaults, event.reason ?? '') ?? 'other')
    default: {
      const name = plainSteps.get(event.name)
      return name && step(name)
    }
  }
}

/** Events that are one step, whatever they say. */
const plainSteps: ReadonlyMap<string, StepName> = new Map([
  ['client.registered', 'registered'],
  ['client.recovered', 'recovered'],
  ['authorization.requested', 'authorization-requested'],
  ['login.impossible', 'sign-in-impossible'],
  ['login.braked', 'sign-in-failed'],
  ['login.succeeded', 'signed-in'],
  ['consent.shown', 'consent-shown'],
  ['consent.approved', 'approved'],
  ['consent.denied', 'denied'],
  ['token.issued', 'token-issued'],
  ['refresh.rotated', 'refreshed'],
  ['refresh.repeated', 'refresh-repeated'],
  ['refresh.reused', 'refresh-reused'],
  ['grant.revoked', 'revoked'],
  ['session.ended', 'session-ended'],
  ['request.failed', 'failed'],
])

function step(name: StepName, detail = ''): Sighting {
  return { name, detail }
}

function callOf({ status = 200, method, rpcMethod }: PosternEvent): Sighting | undefined {
  if (method === 'DELETE') return undefined
  if (status >= 400) return step('call-refused', statusWord(status))
  return step('called', method === 'GET' ? 'stream' : (calls.get(rpcMethod ?? '') ?? 'other'))
}

const calls: ReadonlyMap<string, string> = new Map([
  ['initialize', 'initialize'],
  ['server/discover', 'discover'],
  ['tools/list', 'list-tools'],
  ['tools/call', 'call-tool'],
])

function refusedCallOf({ status = 0, method, reason = '' }: PosternEvent): Sighting | undefined {
  if (status === 401) {
    if (reason === 'no token') return step('challenged')
    return step('token-rejected', firstOf(deadTokens, reason) ?? 'unknown')
  }
  if (status === 421) return step('host-refused')
  if (status === 404) return step('session-lost')
  if (status === 403 && reason.startsWith('lacks the scope')) return step('scope-refused')
  if (status === 403) return step('origin-refused')
  // Every client asks once for a stream that there need not be.
  if (status === 405 && method !== 'POST') return undefined
  return step('call-refused', statusWord(status))
}

function statusWord(status: number): string {
  return knownStatuses.has(status) ? String(status) : 'other'
}

const knownStatuses: ReadonlySet<number> = new Set([400, 404, 405, 413, 415, 429])

function documentOf(path: string): string {
  return path.includes('oauth-protected-resource') ? 'resource' : 'server'
}

function missOf({ path = '', status, method }: PosternEvent): Sighting | undefined {
  if (status === 421) return step('host-refused')
  const isMetadata = /\.well-known\/(?:oauth-|openid-configuration)/.test(path)
  if (isMetadata) return step('missed', path.startsWith('/.well-known/') ? documentOf(path) : 'appended')
  if (path.includes('/.well-known/')) return undefined
  const endpoint = endpointOf(path)
  if (endpoint === 'register') return step('missed', 'register')
  if (endpoint !== undefined) return step('missed', 'endpoint')
  return method === 'POST' || method === 'GET' ? step('missed', 'mcp') : undefined
}

function endpointOf(path: string): string | undefined {
  return /\/(authorize|token|register)\/?$/.exec(path)?.[1]
}

/* Refusals: recognised by the sentences of their endpoints, of which only the word is kept. */

type Faults = readonly (readonly [word: string, shape: RegExp])[]

function firstOf(faults: Faults, text: string): string | undefined {
  return faults.find(([, shape]) => shape.test(text))?.[0]
}

function refusalOf({ path = '', code = '', reason = '' }: PosternEvent): Sighting | undefined {
  switch (endpointOf(path)) {
    case 'register':
      return step('registration-refused', registrationFaults.get(code) ?? 'other')
    case 'authorize': {
      const consent = firstOf(consentFaults, reason)
      if (consent !== undefined) return consent === 'over' ? undefined : step('consent-refused', consent)
      return step('authorization-refused', firstOf(authorizationFaults, `${code}: ${reason}`) ?? 'other')
    }
    case 'token': {
      const refresh = firstOf(refreshFaults, reason)
      // The event of its own has told of it.
      if (refresh !== undefined) return refresh === 'reused' ? undefined : step('refresh-refused', refresh)
      return step('token-refused', firstOf(codeFaults, `${code}: ${reason}`) ?? 'other')
    }
    default:
      return undefined
  }
}

const registrationFaults: ReadonlyMap<string, string> = new Map([
  ['invalid_redirect_uri', 'redirect'],
  ['invalid_client_metadata', 'metadata'],
  ['invalid_token', 'invitation'],
  ['temporarily_unavailable', 'busy'],
  ['too_many_requests', 'busy'],
])

const consentFaults: Faults = [
  ['not-genuine', /did not come from our own page/],
  ['other-browser', /begun in another browser/],
  ['over', /is over or unknown|was answered already/],
]

const authorizationFaults: Faults = [
  ['document', /metadata document could not be read/],
  ['unknown-client', /^invalid_client: |not known (?:to this server|here) any more/],
  ['limited', /^(?:too_many_requests|temporarily_unavailable): /],
  ['redirect', /redirect_uri is not one that|only to applications it was told of/],
  ['resource', /^invalid_target: /],
  ['challenge', /code_challenge/],
  ['response-type', /response_type/],
  ['prompt', /^interaction_required: /],
]

const refreshFaults: Faults = [
  ['other-client', /refresh token is .*: it belongs to another client$/],
  ['revoked', /refresh token is .*: revoked$/],
  ['expired', /refresh token is .*: expired$/],
  ['reused', /refresh token is .*: reused/],
  ['unknown', /refresh token is /],
  ['resource', /this token is for the resource/],
]

const codeFaults: Faults = [
  ['issuer-silent', /the issuer(?:'s keys| of the assertion) could not be/],
  ['limited', /^(?:too_many_requests|temporarily_unavailable): /],
  ['unknown-client', /^invalid_client: .*(?:not known here|metadata document)/],
  ['client-secret', /^invalid_client: /],
  ['other-client', /authorization code is .*: of another client$/],
  ['expired', /authorization code is .*: expired$/],
  ['verifier', /authorization code is .*: too many wrong verifiers$|code_verifier/],
  ['replayed', /authorization code is .*: used before/],
  ['unknown', /authorization code is /],
  ['redirect', /redirect_uri is not the one of the authorization request/],
  ['resource', /this code is for the resource/],
  ['client-credentials', /client_credentials/],
  ['proof', /^invalid_dpop_proof: |send a DPoP proof by that key/],
  ['unproven-client', /this grant is for clients that authenticate/],
  ['unknown-issuer', /issuer of the assertion is not one/],
  ['person', /this person (?:has no account here|may not use)/],
  ['assertion', /assertion|nothing of what is allowed and asked for/],
  ['form', /send the parameters as/],
]

const deadTokens: Faults = [
  ['expired', /: expired$/],
  ['other-resource', /: for another resource$/],
]

/** The gateway's own sentences; what an upstream said comes after them, and is not looked at. */
const upstreamFaults: Faults = [
  ['not-started', /could not be started|ended before it answered/],
  ['ended', /ended in the middle/],
  ['late', /did not answer (?:within|initialize in time)|is still starting/],
  ['broke-off', /broke off in the middle/],
  ['refused', /refused Postern/],
  ['redirect', /answered with a redirect/],
  ['not-mcp', /instead of an MCP message/],
  ['unreachable', /could not be reached/],
  ['status', /answered HTTP \d|did not open a session/],
]

/* In words */

/** How a step is told in a timeline, in the past tense. */
export function stepWords({ name, detail }: { name: string; detail: string }): string {
  const words = told[name as StepName]
  if (words === undefined) return name
  return typeof words === 'string' ? words : (words[detail] ?? words.other ?? name)
}

const told: Readonly<Record<StepName, string | Readonly<Record<string, string>>>> = {
  challenged: 'first request, sent to sign in (401)',
  discovered: { resource: 'read the resource metadata', server: 'read the server metadata' },
  registered: 'registered as a client',
  'authorization-requested': 'opened the sign-in in a browser',
  'signed-in': 'a person signed in',
  'consent-shown': 'the person was asked for consent',
  approved: 'the person approved; a code was issued',
  'token-issued': 'exchanged the code for tokens',
  called: {
    initialize: 'called initialize with the token',
    discover: 'called server/discover with the token',
    'list-tools': 'listed the tools',
    'call-tool': 'called a tool',
    stream: 'opened a stream for news',
    other: 'made other calls',
  },
  refreshed: 'refreshed the tokens',
  'host-refused': 'asked for a host name that is not ours',
  'origin-refused': 'called from a page that may not',
  missed: {
    resource: 'looked for resource metadata of another URL (404)',
    server: 'looked for server metadata of another URL (404)',
    appended: 'looked for metadata below the MCP path (404)',
    register: 'tried to register, which is switched off (404)',
    endpoint: 'tried an OAuth endpoint that is not here (404)',
    mcp: 'called a URL that is not the MCP endpoint (404)',
  },
  guessed: {
    authorize: 'guessed /authorize',
    token: 'guessed /token',
    register: 'guessed /register',
    other: 'guessed an endpoint',
  },
  recovered: 'came with a client id that was lost, and was taken back',
  'registration-refused': {
    redirect: 'registration refused: redirect URI',
    metadata: 'registration refused: client metadata',
    invitation: 'registration refused: not invited',
    busy: 'registration put off: too many new clients',
    other: 'registration refused',
  },
  'authorization-refused': {
    'unknown-client': 'authorization refused: unknown client',
    document: 'authorization refused: client metadata document unreadable',
    redirect: 'authorization refused: redirect URI not registered',
    resource: 'authorization refused: unknown resource',
    challenge: 'authorization refused: no usable PKCE challenge',
    'response-type': 'authorization refused: response type',
    prompt: 'authorization refused: asked to do without a person',
    limited: 'authorization put off: too many requests',
    other: 'authorization refused',
  },
  'sign-in-impossible': 'nobody can sign in: there is no account yet',
  'sign-in-failed': { busy: 'sign-in put off: too many at once', other: 'sign-in failed' },
  'consent-refused': {
    'not-genuine': 'the answer to the consent page could not be trusted',
    'other-browser': 'the consent page was opened in another browser',
  },
  denied: 'the person declined',
  'token-refused': {
    verifier: 'code refused: wrong PKCE verifier',
    redirect: 'code refused: other redirect URI than authorized',
    resource: 'code refused: other resource than authorized',
    'other-client': 'code refused: it belongs to another client',
    expired: 'code refused: expired',
    unknown: 'code refused: unknown',
    replayed: 'code refused: used before',
    'unknown-client': 'token request refused: unknown client',
    'client-secret': 'token request refused: client secret missing or wrong',
    'client-credentials': 'token request refused: client_credentials',
    proof: 'token request refused: its key was not proved',
    'unproven-client': "a company's word refused: its client has no secret and no key",
    'unknown-issuer': "a company's word refused: its issuer is not trusted",
    'issuer-silent': "a company's word put off: its keys could not be read",
    assertion: "a company's word refused: not for this, or not any more",
    person: "a company's word refused: this person is not let in",
    form: 'token request refused: not a form',
    limited: 'token request put off: too many requests',
    other: 'token request refused',
  },
  'called-without-token': 'called again without the new token (401)',
  'token-rejected': {
    expired: 'called with an expired token (401)',
    'other-resource': 'called with a token for another resource (401)',
    unknown: 'called with a token that is not known (401)',
  },
  'scope-refused': 'a call needed more scope (403)',
  'session-lost': 'called with a session that is over (404)',
  'session-opened': 'opened an MCP session',
  'session-ended': 'ended its MCP session',
  'call-refused': {
    '400': 'a call was malformed (400)',
    '404': 'a call found nothing (404)',
    '405': 'a call used a wrong method (405)',
    '413': 'a call was too large (413)',
    '415': 'a call was not JSON (415)',
    '429': 'too many streams (429)',
    other: 'a call was refused',
  },
  'call-failed': 'a call failed behind Postern',
  'upstream-failed': {
    'not-started': 'your MCP server did not start',
    ended: 'your MCP server ended in the middle of a call',
    late: 'your MCP server did not answer in time',
    'broke-off': 'your MCP server broke off its answer',
    refused: 'your MCP server refused Postern',
    redirect: 'your MCP server answered with a redirect',
    'not-mcp': 'your MCP server did not answer in MCP',
    unreachable: 'your MCP server could not be reached',
    status: 'your MCP server answered with an HTTP error',
    other: 'your MCP server could not answer',
  },
  'refresh-repeated': 'asked again for tokens it had lost',
  'refresh-reused': 'used an old refresh token again; all were revoked',
  'refresh-refused': {
    revoked: 'refresh refused: revoked',
    expired: 'refresh refused: expired',
    unknown: 'refresh refused: unknown',
    'other-client': 'refresh refused: token of another client',
    resource: 'refresh refused: other resource than authorized',
  },
  revoked: 'gave its tokens back',
  failed: 'something went wrong in Postern',
}
