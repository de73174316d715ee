/**
 * Says to which connection an event belongs. What names its client or its authorization request is tied to that;
 * what comes before (the first 401, discovery) is gathered by kind of program and time, and joined to the next
 * registration or authorization of that kind. Remembers within bounds, and stores nothing.
 */

import { type BoundedMap, createBoundedMap } from '../platform/bounded-map.ts'
import { randomId } from '../platform/crypto.ts'
import type { PosternEvent } from '../platform/telemetry.ts'
import { type Agent, agentOf, agentOfClient, partsOf } from './agent.ts'
import { type Sighting, type StepName, stepOf } from './step.ts'

export interface Placed {
  connectionId: string
  sighting: Sighting
  /** By kind of program and time alone. */
  isInferred: boolean
  agent: Agent | undefined
  /** Connections that turn out to be the beginning of this one. */
  joined: readonly string[]
}

/** Undefined for an event that no connection tells of. */
export type Gathering = (event: PosternEvent) => Placed | undefined

/** Requests of one kind of program belong together while they follow each other within this. */
const gatheringSeconds = 60
/** And at most for this long, so that a monitor that asks every minute does not make one story for ever. */
const maximumGatheringSeconds = 600
/** Where nobody signs in, calls are gathered for as long as they go on. */
const openGatheringSeconds = 3600
/** Refused requests that name nothing that is known: a second try of the same client. */
const retrySeconds = 600
/** Claude reads the metadata once more between the code and the token. */
const readAgainSeconds = 120
/** The first call follows the tokens within a second or two. */
const firstCallSeconds = 60

const maximumGroups = 500
const maximumClients = 2_000
/** Between approval and first call. */
const maximumAttempts = 200
const maximumFailing = 500

interface Group {
  connectionId: string
  startedAt: number
  lastAt: number
}

interface Attempt {
  agent: Agent | undefined
  stage: 'requested' | 'approved' | 'issued'
  at: number
}

interface Memory {
  groups: BoundedMap<string, Group>
  /** Registrations that no browser has followed yet, by client. */
  beginnings: BoundedMap<string, { connectionId: string; agent: Agent | undefined }>
  /** The latest connection of a client that is nobody else's. */
  latestOf: BoundedMap<string, string>
  attempts: BoundedMap<string, Attempt>
  /** When the upstream failed last, for the call that failed by it. */
  failedAt: BoundedMap<string, number>
}

export function createGathering(): Gathering {
  const memory: Memory = {
    groups: createBoundedMap(maximumGroups),
    beginnings: createBoundedMap(maximumClients),
    latestOf: createBoundedMap(maximumClients),
    attempts: createBoundedMap(maximumAttempts),
    failedAt: createBoundedMap(maximumFailing),
  }
  return function place(event) {
    const sighting = stepOf(event)
    if (sighting === undefined) return undefined
    const placed = isTied(event) ? placeTied(memory, event, sighting) : placeUntied(memory, event, sighting)
    if (placed !== undefined) follow(memory, event, placed)
    return placed
  }
}

/** The connection is named: by the authorization request (`….…`), or by the grant. */
function isTied({ flowId, grantId }: PosternEvent): boolean {
  return flowId.includes('.') || (grantId !== undefined && grantId !== '')
}

function placeTied(memory: Memory, event: PosternEvent, sighting: Sighting): Placed {
  const { flowId } = event
  const { name } = sighting
  if (name === 'authorization-requested' || name === 'authorization-refused') {
    const begun = memory.beginnings.get(event.clientId ?? '')
    memory.beginnings.delete(event.clientId ?? '')
    const agent = agentOfClient(event) ?? begun?.agent
    const joined = begun === undefined ? beginningsOf(memory, event, agent) : [begun.connectionId]
    return { connectionId: flowId, sighting, isInferred: false, agent, joined }
  }
  const isFailed = name === 'called' && hasJustFailed(memory, event)
  return {
    connectionId: flowId,
    sighting: isFailed ? callFailed : sighting,
    isInferred: false,
    agent: undefined,
    joined: [],
  }
}

/** A registration that another instance saw is still named by the flow; without one, what came before is joined. */
function beginningsOf(memory: Memory, { flowId, at }: PosternEvent, agent: Agent | undefined): string[] {
  const registration = /^([A-Za-z0-9_-]{12})\./.exec(flowId)?.[1]
  return registration === undefined ? takeGroups(memory, partsOf(agent), at) : [registration]
}

/** A call failed if its upstream did while it lasted. */
function hasJustFailed(memory: Memory, { flowId, at, durationMs = 0 }: PosternEvent): boolean {
  const failedAt = memory.failedAt.get(flowId)
  if (failedAt === undefined) return false
  memory.failedAt.delete(flowId)
  return failedAt >= at - Math.ceil(durationMs / 1000)
}

function placeUntied(memory: Memory, event: PosternEvent, sighting: Sighting): Placed | undefined {
  const { at, flowId, clientId } = event
  const { name } = sighting
  if (name === 'registered' || name === 'recovered') {
    const program = name === 'registered' ? agentOf(event.userAgent) : undefined
    const client = agentOfClient(event)
    const joined = takeGroups(memory, [program, ...partsOf(client)], at)
    return { connectionId: flowId, sighting, isInferred: false, agent: client ?? program, joined }
  }
  if (name === 'authorization-refused' || name === 'token-refused') {
    const agent = name === 'token-refused' ? agentOf(event.userAgent) : undefined
    const connectionId =
      memory.latestOf.get(clientId ?? '') ?? grouped(memory, `${name} ${clientId ?? agent}`, at, retry)
    return { connectionId, sighting, isInferred: false, agent, joined: [] }
  }
  return namelessSteps.has(name) ? placeNameless(memory, event, sighting) : undefined
}

/** Steps of requests in which nobody says who they are; other events without a connection are nobody's. */
const namelessSteps: ReadonlySet<StepName> = new Set([
  'challenged',
  'discovered',
  'missed',
  'guessed',
  'host-refused',
  'origin-refused',
  'registration-refused',
  'token-rejected',
  'called',
  'call-refused',
  'session-opened',
  'session-ended',
])

function placeNameless(memory: Memory, event: PosternEvent, sighting: Sighting): Placed | undefined {
  const { at } = event
  const { name } = sighting
  const agent = agentOf(event.userAgent)
  // Its own look at its public URL.
  if (agent === 'postern') return undefined
  const attempt = attemptMeant(memory, name, agent, at)
  if (attempt !== undefined) {
    const meant = name === 'challenged' ? calledWithoutToken : sighting
    return { connectionId: attempt, sighting: meant, isInferred: true, agent: undefined, joined: [] }
  }
  const isOpen = name === 'called' || name === 'session-opened' || name === 'session-ended'
  const key = isOpen ? `open ${agent}` : earlyKey(agent)
  const connectionId = grouped(memory, key, at, isOpen ? openGathering : earlyGathering)
  return { connectionId, sighting, isInferred: !isOpen, agent, joined: [] }
}

/** What a kind of program that is just about to connect asks without an id is most likely part of that. */
function attemptMeant(memory: Memory, name: StepName, agent: Agent, at: number): string | undefined {
  const stage = name === 'discovered' ? 'approved' : 'issued'
  if (name !== 'discovered' && name !== 'challenged' && name !== 'token-rejected') return undefined
  if (name === 'discovered' && isGathering(memory, agent, at)) return undefined
  const seconds = name === 'discovered' ? readAgainSeconds : firstCallSeconds
  const meant = memory.attempts.latestFirst().find(([, attempt]) => {
    return attempt.agent === agent && attempt.stage === stage && at - attempt.at <= seconds
  })
  return meant?.[0]
}

const calledWithoutToken: Sighting = { name: 'called-without-token', detail: '' }
const callFailed: Sighting = { name: 'call-failed', detail: '' }

/* Groups */

interface Span {
  pauseSeconds: number
  longestSeconds: number
}

const earlyGathering: Span = { pauseSeconds: gatheringSeconds, longestSeconds: maximumGatheringSeconds }
const openGathering: Span = { pauseSeconds: openGatheringSeconds, longestSeconds: Number.POSITIVE_INFINITY }
const retry: Span = { pauseSeconds: retrySeconds, longestSeconds: retrySeconds }

function earlyKey(agent: Agent | undefined): string {
  return `early ${agent}`
}

function grouped({ groups }: Memory, key: string, at: number, span: Span): string {
  const standing = groups.get(key)
  if (standing !== undefined && at - standing.lastAt <= span.pauseSeconds) {
    if (at - standing.startedAt <= span.longestSeconds) {
      standing.lastAt = at
      return standing.connectionId
    }
  }
  const connectionId = randomId()
  groups.set(key, { connectionId, startedAt: at, lastAt: at })
  return connectionId
}

function isGathering({ groups }: Memory, agent: Agent, at: number): boolean {
  const group = groups.get(earlyKey(agent))
  return group !== undefined && at - group.lastAt <= gatheringSeconds
}

/** Taken once: what came before one connection did not come before another. */
function takeGroups({ groups }: Memory, agents: readonly (Agent | undefined)[], at: number): string[] {
  const keys = agents.map(earlyKey)
  const fresh = keys
    .flatMap((key) => groups.get(key) ?? [])
    .filter(({ lastAt }) => at - lastAt <= gatheringSeconds)
  for (const key of keys) groups.delete(key)
  return [...new Set(fresh.map(({ connectionId }) => connectionId))]
}

/** Remembers what later events are understood by. */
function follow(memory: Memory, event: PosternEvent, placed: Placed): void {
  const { connectionId, agent } = placed
  const { clientId, at } = event
  switch (placed.sighting.name) {
    case 'called':
    case 'call-failed':
      memory.attempts.delete(connectionId)
      return
    case 'upstream-failed':
      memory.failedAt.set(connectionId, at)
      return
    case 'registered':
    case 'recovered':
      if (clientId !== undefined) memory.beginnings.set(clientId, { connectionId, agent })
      break
    case 'authorization-requested':
      memory.attempts.set(connectionId, { agent, stage: 'requested', at })
      break
    case 'approved':
      memory.attempts.set(connectionId, { agent: agentOfAttempt(memory, event), stage: 'approved', at })
      break
    case 'token-issued':
      memory.attempts.set(connectionId, { agent: agentOfAttempt(memory, event), stage: 'issued', at })
      break
    default:
      return
  }
  // A client that is known by a document is everybody's.
  if (clientId !== undefined && !clientId.startsWith('https:')) memory.latestOf.set(clientId, connectionId)
}

function agentOfAttempt({ attempts }: Memory, event: PosternEvent): Agent | undefined {
  return attempts.get(event.flowId)?.agent ?? agentOfClient(event)
}
