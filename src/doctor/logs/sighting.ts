/** Which step of a connection a logged request is, in the words of the connection story; what is seen only in a log is a detail of these. */

import type { Milestone, Sighting } from '../../connections/step.ts'
import { stepWords } from '../../connections/step.ts'
import { endpointOf, isSamePlace } from './places.ts'
import type { LoggedRequest } from './request.ts'

/** What of the connection is known before this request. */
export interface Standing {
  has(milestone: Milestone): boolean
  /** Since the token endpoint answered last. */
  sinceTokenSeconds: number | undefined
}

/** Hosted Claude waits so long for metadata, a registration or tokens (troubleshooting page, 2026-09). */
const patienceMs = 10_000
/** Right after the tokens a call without one is no new beginning. */
const firstCallSeconds = 60
/** Two of these within so little time used one refresh token. */
const atOnceSeconds = 5

/** Undefined for a request that no story tells of. */
export function sightingOf(
  request: LoggedRequest,
  standing: Standing,
  mcpPath: string | undefined,
): Sighting | undefined {
  switch (endpointOf(request.path)) {
    case 'resource-metadata':
      return metadata('resource', request)
    case 'server-metadata':
      return metadata('server', request)
    case 'register':
      return request.method === 'POST' ? registration(request) : undefined
    case 'authorize':
      return authorization(request)
    case 'token':
      return request.method === 'OPTIONS' ? undefined : token(request, standing)
    case 'revoke':
      return isGood(request) ? step('revoked') : undefined
    default:
      return mcpPath !== undefined && isSamePlace(request.path, mcpPath)
        ? call(request, standing)
        : elsewhere(request)
  }
}

function step(name: Sighting['name'], detail = ''): Sighting {
  return { name, detail }
}

function isGood({ status }: LoggedRequest): boolean {
  return status >= 200 && status < 300
}

/** How a request went wrong: one word for every status that means the same here. */
export type Fault =
  | 'absent'
  | 'forbidden'
  | 'unauthorized'
  | 'redirect'
  | 'busy'
  | 'late'
  | 'wrong-method'
  | 'wrong-form'
  | 'refused'
  | 'unreachable'
  | 'failed'

function faultOf({ durationMs = 0, status }: LoggedRequest, patience: number): Fault | undefined {
  if ([408, 499, 504].includes(status) || durationMs > patience) return 'late'
  if (status < 300) return undefined
  if (status < 400) return 'redirect'
  if (status === 502 || status === 503) return 'unreachable'
  if (status >= 500) return 'failed'
  return byStatus.get(status) ?? 'refused'
}

const byStatus: ReadonlyMap<number, Fault> = new Map([
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'absent'],
  [410, 'absent'],
  [405, 'wrong-method'],
  [406, 'wrong-form'],
  [415, 'wrong-form'],
  [422, 'wrong-form'],
  [429, 'busy'],
])

function metadata(which: 'resource' | 'server', request: LoggedRequest): Sighting | undefined {
  if (request.method !== 'GET') return undefined
  const fault = faultOf(request, patienceMs)
  return fault === undefined ? step('discovered', which) : step('missed', `${which}-${fault}`)
}

function registration(request: LoggedRequest): Sighting {
  const fault = faultOf(request, patienceMs)
  return fault === undefined ? step('registered') : step('registration-refused', fault)
}

/** A page of the sign-in, or a redirect to one. */
function authorization(request: LoggedRequest): Sighting | undefined {
  const fault = faultOf(request, Number.POSITIVE_INFINITY)
  if (request.method === 'POST' && keepsPost.includes(request.status)) return step('consent-refused')
  if (request.method !== 'GET') return undefined
  return fault === undefined || fault === 'redirect'
    ? step('authorization-requested')
    : step('authorization-refused', fault)
}

/** RFC 9110 §15.4.8: with these the browser posts to the client’s callback, which takes nothing but GET. */
const keepsPost: readonly number[] = [307, 308]

function token(request: LoggedRequest, standing: Standing): Sighting {
  const fault = faultOf(request, patienceMs)
  const isRefresh = standing.has('token-issued') || standing.has('called')
  if (fault === undefined) return step(isRefresh ? 'refreshed' : 'token-issued')
  if (!isRefresh) return step('token-refused', fault)
  const isAtOnce = standing.sinceTokenSeconds !== undefined && standing.sinceTokenSeconds <= atOnceSeconds
  const isRefused = fault === 'refused' || fault === 'unauthorized'
  return step('refresh-refused', isAtOnce && isRefused ? 'at-once' : fault)
}

function call(request: LoggedRequest, standing: Standing): Sighting | undefined {
  const { hasToken, method, status } = request
  const wasConnected = standing.has('token-issued') || standing.has('called')
  if (method === 'GET') return isGood(request) ? step('called', 'stream') : undefined
  if (method !== 'POST') return undefined
  const fault = faultOf(request, Number.POSITIVE_INFINITY)
  if (fault === undefined) return step('called', 'other')
  if (status === 401) {
    if (!wasConnected && hasToken !== true) return step('challenged')
    const isFresh = standing.sinceTokenSeconds !== undefined && standing.sinceTokenSeconds <= firstCallSeconds
    return hasToken === false && isFresh ? step('called-without-token') : step('token-rejected')
  }
  if (fault === 'absent' && standing.has('called')) return step('session-lost')
  if (fault === 'late' || fault === 'unreachable' || fault === 'failed') return step('upstream-failed', fault)
  return step('call-refused', fault)
}

/** A client at a place that is not the MCP endpoint, or a page of the sign-in. */
function elsewhere({ method, status, userAgent }: LoggedRequest): Sighting | undefined {
  const isBrowser = /^Mozilla\//.test(userAgent ?? '')
  const mayBeBrowser = isBrowser || userAgent === undefined
  if (mayBeBrowser && method === 'POST' && keepsPost.includes(status)) return step('consent-refused')
  if (isBrowser) return status >= 500 ? step('sign-in-failed') : undefined
  return method === 'POST' && status === 404 ? step('missed', 'mcp') : undefined
}

/* In words */

/** As `stepWords`, of what a log shows. */
export function loggedStepWords({ name, detail }: { name: string; detail: string }): string {
  const subject = subjects[name]
  if (name === 'called') return detail === 'stream' ? 'opened a stream' : 'called the MCP endpoint'
  if (name === 'missed') {
    const [which = '', ...fault] = detail.split('-')
    return which === 'mcp'
      ? 'called a URL that is not the MCP endpoint'
      : `asked for the ${which} metadata: ${faultWords[fault.join('-')] ?? 'refused'}`
  }
  if (subject === undefined) return stepWords({ name, detail })
  const says = faultWords[detail]
  return says === undefined ? subject : `${subject}: ${says}`
}

const subjects: Readonly<Record<string, string>> = {
  'registration-refused': 'tried to register',
  'authorization-refused': 'opened the sign-in',
  'sign-in-failed': 'a page of the sign-in failed',
  'consent-refused': 'a form of the sign-in was answered with a redirect that keeps the POST',
  'token-refused': 'asked for tokens',
  'refresh-refused': 'asked for new tokens',
  'token-rejected': 'called with a token that is not accepted',
  'call-refused': 'called the MCP endpoint',
  'upstream-failed': 'called the MCP endpoint',
}

const faultWords: Readonly<Record<string, string>> = {
  absent: 'not there',
  forbidden: 'forbidden',
  unauthorized: 'not authorized',
  redirect: 'sent elsewhere',
  busy: 'put off',
  late: 'not in time',
  'wrong-method': 'not with this method',
  'wrong-form': 'not in this form',
  refused: 'refused',
  unreachable: 'not reached',
  failed: 'a server error',
  'at-once': 'refused, right after another had got them',
}
