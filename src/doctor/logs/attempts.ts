/** From requests to attempts: whose they are by program and time, where one attempt ends and the next begins. */

import { type Agent, partsOf } from '../../connections/agent.ts'
import type { Milestone, Sighting } from '../../connections/step.ts'
import { claudeCallbacks } from '../../oauth/claude.ts'
import { isLoopbackHost, parseUrl } from '../../platform/url.ts'
import type { ConnectionRecord, ConnectionStep } from '../../storage/storage.ts'
import { endpointOf, isSamePlace } from './places.ts'
import { isClient, programOf } from './reading.ts'
import type { LoggedRequest } from './request.ts'
import { sightingOf } from './sighting.ts'

/** More than anybody reads; the latest are kept. */
const maximumAttempts = 1000
/** That may still go on: what was silent longest is over, whatever a stranger writes into a log. */
const maximumOpen = 200
/** Steps before the browser follow each other within a second or two. */
const earlySeconds = 60
/** Two registrations of one attempt, for two programs behind one name (observed 2026-07). */
const twinSeconds = 10
/** As long as a person may take to sign in. */
const personSeconds = 1800

interface Attempt {
  agent: Agent
  redirectHost: string | undefined
  steps: Map<string, Mutable<ConnectionStep>>
  reached: Set<string>
  startedAt: number
  lastAt: number
  tokenAt: number | undefined
  /** Early steps of which it is not known yet whether they begin another attempt. */
  pending: Entry[]
}

interface Entry {
  sighting: Sighting
  request: LoggedRequest
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** The path of the MCP endpoint is the one that clients post to; a URL that was typed knows better. */
export function gatherAttempts(
  requests: readonly LoggedRequest[],
  typedPath: string | undefined,
): { attempts: ConnectionRecord[]; mcpPath: string | undefined } {
  const mcpPath = typedPath ?? likelyMcpPath(requests)
  let finished: Attempt[] = []
  const open = new Map<string, Attempt>()
  const end = (key: string): void => {
    const attempt = open.get(key)
    open.delete(key)
    if (attempt !== undefined) finished.push(attempt)
    if (finished.length > 2 * maximumAttempts) finished = finished.slice(-maximumAttempts)
  }
  const begin = (key: string, agent: Agent, at: number): Attempt => {
    const attempt = newAttempt(agent, at)
    end(key)
    open.set(key, attempt)
    const [oldest] = open.keys()
    if (open.size > maximumOpen && oldest !== undefined) end(oldest)
    return attempt
  }
  const browsers = new Set<string>()
  for (const request of requests) {
    const agent = programOf(request)
    const isSignIn = endpointOf(request.path) === 'authorize'
    if (isSignIn) browsers.add(request.address ?? '')
    const isBrowser = agent === 'browser' || isSignIn || isUnnamedBrowser(request, browsers, mcpPath)
    const found = isBrowser ? whoseBrowser(request, open) : { key: keyOf(agent, request), agent }
    let attempt = open.get(found.key)
    const sighting = sightingOf(request, standingOf(attempt, request.at), mcpPath)
    if (sighting === undefined) continue
    if (attempt === undefined || isAnother(attempt, sighting, request.at)) {
      const moved = attempt === undefined ? [] : attempt.pending.splice(0)
      attempt = begin(found.key, found.agent, moved[0]?.request.at ?? request.at)
      for (const entry of moved) note(attempt, entry)
    }
    // Where the log tells no programs, the callback tells whose it is.
    if (attempt.agent === 'none') attempt.agent = found.agent
    take(attempt, { sighting, request })
    // Kept in the order of their last request.
    open.delete(found.key)
    open.set(found.key, attempt)
  }
  const all = [...finished, ...open.values()].flatMap(resolved)
  const inOrder = all.toSorted((left, right) => left.lastAt - right.lastAt).slice(-maximumAttempts)
  return { attempts: inOrder.map((attempt, index) => recordOf(attempt, index, mcpPath)), mcpPath }
}

/** Where a log does not tell programs, forms of a site are posted too. */
const usualPath = /(?:^|\/)(?:mcp|sse)(?:\/|$)/

function likelyMcpPath(requests: readonly LoggedRequest[]): string | undefined {
  const counts = new Map<string, number>()
  for (const request of requests) {
    const { method, path, status } = request
    const isLikely = isClient(programOf(request)) || usualPath.test(path)
    if (method !== 'POST' || !isLikely || endpointOf(path) !== undefined) continue
    // A place that is not there is the last to be believed.
    counts.set(path, (counts.get(path) ?? 0) + (status === 404 ? 0.001 : 1))
  }
  return [...counts].toSorted(([, left], [, right]) => right - left)[0]?.[0]
}

/** Requests of hosted Claude come from many addresses, those of another program from one. */
function keyOf(agent: Agent, { address = '' }: LoggedRequest): string {
  if (agent === 'claude') return 'claude'
  return `${partsOf('claude-code').includes(agent) ? 'claude-code' : agent} ${address}`
}

/** Where the log tells no programs: it asks for pages from where a sign-in was opened. */
function isUnnamedBrowser(
  { address = '', path, userAgent }: LoggedRequest,
  browsers: ReadonlySet<string>,
  mcpPath: string | undefined,
): boolean {
  const isPage = endpointOf(path) === undefined && (mcpPath === undefined || !isSamePlace(path, mcpPath))
  return userAgent === undefined && isPage && browsers.has(address)
}

/** A person's browser says at the authorization endpoint whose sign-in it is, and asks from the same address afterwards. */
function whoseBrowser(
  { address = '', at, redirectUri }: LoggedRequest,
  open: Map<string, Attempt>,
): { key: string; agent: Agent } {
  const callback = parseUrl(redirectUri ?? '')
  const isClaude = claudeCallbacks.some((known) => parseUrl(known)?.host === callback?.host)
  const latest = [...open].findLast(([key, { agent, lastAt, reached }]) => {
    const isPossible = isClaude ? agent === 'none' : key !== 'claude' || callback === undefined
    return isPossible && at - lastAt <= personSeconds && !reached.has('token-issued')
  })
  if (isClaude && (latest === undefined || open.has('claude'))) return { key: 'claude', agent: 'claude' }
  if (latest !== undefined) return { key: latest[0], agent: isClaude ? 'claude' : latest[1].agent }
  const isLocal = callback !== undefined && isLoopbackHost(callback.hostname)
  return { key: `browser ${address}`, agent: isLocal ? 'claude-code' : 'other' }
}

function newAttempt(agent: Agent, at: number): Attempt {
  return {
    agent,
    redirectHost: undefined,
    steps: new Map(),
    reached: new Set(),
    startedAt: at,
    lastAt: at,
    tokenAt: undefined,
    pending: [],
  }
}

function standingOf(attempt: Attempt | undefined, at: number): Parameters<typeof sightingOf>[1] {
  return {
    has: (milestone: Milestone) => attempt?.reached.has(milestone) === true,
    sinceTokenSeconds: attempt?.tokenAt === undefined ? undefined : at - attempt.tokenAt,
  }
}

const earlySteps: ReadonlySet<string> = new Set(['challenged', 'token-rejected', 'discovered', 'missed'])

function isConnected({ reached }: Attempt): boolean {
  return reached.has('token-issued') || reached.has('called')
}

function isAnother(attempt: Attempt, { name }: Sighting, at: number): boolean {
  const { lastAt, reached } = attempt
  const pause = at - lastAt
  const isInBrowser = reached.has('authorization-requested')
  if (!isConnected(attempt) && pause > personSeconds) return true
  switch (name) {
    case 'challenged':
      return isInBrowser ? !isConnected(attempt) : pause > earlySeconds && !isConnected(attempt)
    case 'discovered':
    case 'missed':
      // Claude reads metadata again between the browser and the token.
      return !isInBrowser && !isConnected(attempt) && pause > earlySeconds
    case 'registered':
    case 'registration-refused':
      return isInBrowser || isConnected(attempt) || (reached.has('registered') && pause > twinSeconds)
    case 'authorization-requested':
    case 'authorization-refused':
      return isConnected(attempt)
    default:
      return false
  }
}

function take(attempt: Attempt, entry: Entry): void {
  const { sighting, request } = entry
  if (
    earlySteps.has(sighting.name) &&
    (isConnected(attempt) || attempt.reached.has('authorization-requested'))
  ) {
    attempt.pending.push(entry)
    attempt.lastAt = request.at
    return
  }
  for (const early of attempt.pending.splice(0)) note(attempt, early)
  note(attempt, entry)
}

function note(attempt: Attempt, { request, sighting: { detail, name } }: Entry): void {
  const { at, durationMs, redirectUri, status } = request
  const key = `${name} ${detail}`
  const known = attempt.steps.get(key)
  attempt.reached.add(name)
  attempt.lastAt = Math.max(attempt.lastAt, at)
  if (name === 'token-issued' || name === 'refreshed') attempt.tokenAt = at
  if (name === 'authorization-requested') attempt.redirectHost = parseUrl(redirectUri ?? '')?.host
  const longestMs = Math.max(known?.longestMs ?? 0, durationMs ?? 0) || undefined
  if (known === undefined) {
    attempt.steps.set(key, {
      name,
      detail,
      isInferred: false,
      count: 1,
      firstAt: at,
      lastAt: at,
      status,
      errorId: undefined,
      longestMs,
    })
  } else Object.assign(known, { count: known.count + 1, lastAt: at, status, longestMs })
}

/** What follows a good connection and leads nowhere is an attempt of its own, if it looked for a sign-in. */
function resolved(attempt: Attempt): Attempt[] {
  const { pending } = attempt
  const [first] = pending
  const isOwn = pending.some(({ sighting: { name } }) => name === 'discovered' || name === 'missed')
  if (first === undefined) return [attempt]
  if (!isOwn || !attempt.reached.has('called')) {
    for (const entry of pending.splice(0)) note(attempt, entry)
    return [attempt]
  }
  const later = newAttempt(attempt.agent, first.request.at)
  for (const { request, sighting } of pending.splice(0)) {
    const isKnock = sighting.name === 'token-rejected' && request.hasToken !== true
    note(later, { request, sighting: isKnock ? { name: 'challenged', detail: '' } : sighting })
  }
  attempt.lastAt = Math.max(...[...attempt.steps.values()].map(({ lastAt }) => lastAt))
  return [attempt, later]
}

function recordOf(attempt: Attempt, index: number, mcpPath: string | undefined): ConnectionRecord {
  const { agent, lastAt, redirectHost, startedAt, steps } = attempt
  return {
    connectionId: String(index + 1),
    connector: mcpPath,
    agent,
    clientId: undefined,
    clientName: undefined,
    userId: undefined,
    grantId: undefined,
    redirectHost,
    isKnown: true,
    startedAt: Math.floor(startedAt),
    lastAt: Math.floor(lastAt),
    steps: [...steps.values()].map((step) => ({
      ...step,
      firstAt: Math.floor(step.firstAt),
      lastAt: Math.floor(step.lastAt),
    })),
    joined: [],
  }
}
