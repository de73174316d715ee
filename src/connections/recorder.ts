/** Reads events and stores them as connections, in batches: never while a request waits, at most one write a minute for what repeats, and within bounds whatever strangers do. */

import { createBoundedMap } from '../platform/bounded-map.ts'
import type { Clock } from '../platform/clock.ts'
import type { EventReader, PosternEvent } from '../platform/telemetry.ts'
import { grownConnection } from '../storage/connection-rule.ts'
import type { ConnectionRecord, ConnectionStep, ConnectionStorage } from '../storage/storage.ts'
import { createGathering, type Placed } from './gathering.ts'

export interface ConnectionRecorder {
  readonly reader: EventReader
  /** Everything that was read is stored when this resolves; nothing is read any more. */
  close(): Promise<void>
}

export interface ConnectionRecorderOptions {
  storage: ConnectionStorage
  clock: Clock
  /** What could not be kept: too many strangers at once, or storage that does not answer. */
  onLost(count: number, reason: string): void
}

/** So soon is a new step stored that somebody can watch it happen. */
const newStepMs = 500
/** What repeats (calls, refreshes) is counted here, and stored this often. */
const repeatMs = 60_000
/** After a failed write. */
const retryMs = 5_000
/** In one transaction: two milliseconds, after which others get their turn. */
const maximumBatch = 50
/** With something to store; beyond this new connections are not taken on. */
const maximumDrafts = 5_000
/** Connections that strangers may begin: five times the two a second that real clients are seen to make. */
const strangersPerMinute = 600
/** Of which it is remembered which steps were stored already. */
const maximumRemembered = 5_000
const maximumNameLength = 80

/** What is to be added to a stored connection. */
interface Draft extends Mutable<Omit<ConnectionRecord, 'steps'>> {
  readonly steps: Map<string, Mutable<ConnectionStep>>
  dueAtMs: number
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

export function createConnectionRecorder(options: ConnectionRecorderOptions): ConnectionRecorder {
  const { storage, clock } = options
  const place = createGathering()
  const drafts = new Map<string, Draft>()
  const stored = createBoundedMap<string, Set<string>>(maximumRemembered)
  const strangers = { since: 0, count: 0 }
  let timer: { dueAtMs: number; handle: ReturnType<typeof setTimeout> } | undefined
  let writing: Promise<void> | undefined
  let isClosed = false
  let lost = 0

  function read(event: PosternEvent): void {
    if (isClosed) return
    const placed = place(event)
    if (placed === undefined) return
    const draft = drafts.get(placed.connectionId) ?? begin(placed, event)
    if (draft !== undefined) note(draft, placed, event)
  }

  function begin(placed: Placed, event: PosternEvent): Draft | undefined {
    const { connectionId } = placed
    const isNew = stored.get(connectionId) === undefined
    if (drafts.size >= maximumDrafts || (isNew && !isPerson(event) && areTooMany())) {
      lost++
      plan(performance.now() + repeatMs)
      return undefined
    }
    const draft = emptyDraft(connectionId, event.at, performance.now() + repeatMs)
    drafts.set(connectionId, draft)
    plan(draft.dueAtMs)
    return draft
  }

  function areTooMany(): boolean {
    const now = clock()
    if (now - strangers.since >= 60) {
      strangers.since = now
      strangers.count = 0
    }
    strangers.count++
    return strangers.count > strangersPerMinute
  }

  function note(draft: Draft, { sighting, isInferred, agent, joined }: Placed, event: PosternEvent): void {
    const { name, detail } = sighting
    const { at, status, errorId, durationMs } = event
    draft.lastAt = Math.max(draft.lastAt, at)
    if (agent !== undefined) draft.agent = agent
    if (joined.length > 0) draft.joined = [...draft.joined, ...joined]
    const key = `${name} ${detail} ${isInferred}`
    const step = draft.steps.get(key)
    if (step !== undefined) {
      step.count++
      step.lastAt = at
      step.status = status ?? step.status
      step.errorId = errorId ?? step.errorId
      if (durationMs !== undefined) step.longestMs = Math.max(step.longestMs ?? 0, durationMs)
      return
    }
    identify(draft, event, isInferred)
    draft.steps.set(key, {
      name,
      detail,
      isInferred,
      count: 1,
      firstAt: at,
      lastAt: at,
      status,
      errorId,
      longestMs: durationMs,
    })
    const keys = stored.get(draft.connectionId)
    if (keys?.has(key)) return
    if (keys === undefined) stored.set(draft.connectionId, new Set([key]))
    else keys.add(key)
    draft.dueAtMs = Math.min(draft.dueAtMs, performance.now() + newStepMs)
    plan(draft.dueAtMs)
  }

  function plan(dueAtMs: number): void {
    if (timer !== undefined && timer.dueAtMs <= dueAtMs) return
    clearTimeout(timer?.handle)
    const handle = setTimeout(wake, Math.max(0, dueAtMs - performance.now()))
    // On Node a timer keeps the process alive; elsewhere it is a number and keeps nothing.
    if (typeof handle === 'object') handle.unref()
    timer = { dueAtMs, handle }
  }

  function wake(): void {
    timer = undefined
    writing ??= store(false).finally(() => {
      writing = undefined
      const nextDueAtMs = Math.min(...Array.from(drafts.values(), ({ dueAtMs }) => dueAtMs))
      if (Number.isFinite(nextDueAtMs) && !isClosed) plan(nextDueAtMs)
    })
  }

  /** In the order in which they began, so that a beginning is there when the connection that it belongs to takes it in. */
  async function store(everything: boolean): Promise<void> {
    reportLost('too many strangers at once')
    for (;;) {
      const now = performance.now()
      const due = [...drafts.values()].filter(({ dueAtMs }) => everything || dueAtMs <= now)
      const batch = due.slice(0, maximumBatch)
      if (batch.length === 0) return
      for (const { connectionId } of batch) drafts.delete(connectionId)
      try {
        await storage.recordConnections(batch.map(recordOf), clock())
      } catch (error) {
        if (everything) lost += batch.length + drafts.size
        else takeBack(batch)
        reportLost(error instanceof Error ? error.message : String(error))
        return
      }
    }
  }

  /** To be tried again, before what was noted meanwhile. */
  function takeBack(batch: readonly Draft[]): void {
    const later = [...drafts.values()]
    const dueAtMs = performance.now() + retryMs
    drafts.clear()
    for (const draft of batch) drafts.set(draft.connectionId, { ...draft, dueAtMs })
    for (const draft of later) {
      const earlier = drafts.get(draft.connectionId)
      const together = earlier && grownConnection(recordOf(earlier), [], recordOf(draft))
      drafts.set(draft.connectionId, together === undefined ? draft : draftOf(together, dueAtMs))
    }
  }

  function reportLost(reason: string): void {
    if (lost === 0) return
    const count = lost
    lost = 0
    options.onLost(count, reason)
  }

  return {
    reader: read,
    async close() {
      isClosed = true
      clearTimeout(timer?.handle)
      await writing
      await store(true)
    },
  }
}

/** Who it is, in the fields that hold no secret. A session tells what the client calls itself in MCP, which is another name. */
function identify(draft: Draft, event: PosternEvent, isInferred: boolean): void {
  const { connector, clientId, clientName, redirectHost, userId, grantId } = event
  if (connector !== undefined) draft.connector = connector
  if (isInferred) return
  if (clientId !== undefined && isKnownClient(event)) draft.clientId = clientId
  if (redirectHost !== undefined) draft.redirectHost = redirectHost
  if (clientName !== undefined && event.name !== 'session.opened') {
    draft.clientName = clientName.slice(0, maximumNameLength)
  }
  if (!isPerson(event)) return
  draft.isKnown = true
  draft.userId = userId
  draft.grantId = grantId ?? draft.grantId
}

/** Not what a stranger wrote into the field for it; people have put secrets there. A recovered client chose its id. */
function isKnownClient({ name, flowId, clientId }: PosternEvent): boolean {
  if (clientId === '' || flowId.startsWith('recovered.')) return false
  return name === 'client.registered' || flowId.includes('.')
}

/** Somebody signed in. Where nobody does, each session is a user of its own, without a grant. */
function isPerson({ name, userId, grantId }: PosternEvent): boolean {
  if (userId === undefined) return false
  return (grantId !== undefined && grantId !== '') || /^(?:login|consent|token)\./.test(name)
}

function emptyDraft(connectionId: string, at: number, dueAtMs: number): Draft {
  return {
    connectionId,
    connector: undefined,
    agent: undefined,
    clientId: undefined,
    clientName: undefined,
    userId: undefined,
    grantId: undefined,
    redirectHost: undefined,
    isKnown: false,
    startedAt: at,
    lastAt: at,
    joined: [],
    steps: new Map(),
    dueAtMs,
  }
}

function recordOf({ steps, dueAtMs: _, ...draft }: Draft): ConnectionRecord {
  return { ...draft, steps: [...steps.values()] }
}

function draftOf({ steps, ...record }: ConnectionRecord, dueAtMs: number): Draft {
  const keyed = steps.map((step) => [`${step.name} ${step.detail} ${step.isInferred}`, { ...step }] as const)
  return { ...record, steps: new Map(keyed), dueAtMs }
}
