/** The audit log: which events are written down for good, by whom they were caused, and in what words. */

import type { Clock } from '../platform/clock.ts'
import type { EventFields, EventReader, PosternEvent } from '../platform/telemetry.ts'
import type { AuditEntry, AuditStorage } from '../storage/storage.ts'

export interface AuditRecorder {
  readonly reader: EventReader
  /** What no event has room for. */
  write(entry: AuditEntry): void
  /** Everything that was read is stored when this resolves; nothing is read any more. */
  close(): Promise<void>
}

export interface AuditRecorderOptions {
  storage: AuditStorage
  clock: Clock
  onLost(count: number, reason: string): void
}

type Actor = 'user' | 'client' | 'operator' | 'server' | 'stranger'

/** Every event that an audit log tells of. What strangers can cause without end is written down so often in a minute and no oftener. */
export const auditedEvents: ReadonlyMap<string, Actor> = new Map([
  ['setup.completed', 'user'],
  ['setup.refused', 'stranger'],
  ['login.succeeded', 'user'],
  ['login.failed', 'stranger'],
  ['login.ended', 'user'],
  ['passkey.added', 'user'],
  ['passkey.removed', 'user'],
  ['recovery.made', 'user'],
  ['consent.approved', 'user'],
  ['consent.denied', 'user'],
  ['consent.refused', 'user'],
  ['account.disconnected', 'user'],
  ['client.registered', 'stranger'],
  ['client.recovered', 'stranger'],
  ['client.changed', 'client'],
  ['client.removed', 'client'],
  ['token.issued', 'client'],
  ['grant.revoked', 'client'],
  ['refresh.reused', 'client'],
  ['code.replayed', 'client'],
])

/** What is told of an event beside who and when. */
const detailFields = [
  'code',
  'clientId',
  'clientName',
  'userId',
  'grantId',
  'connector',
  'scope',
  'redirectHost',
  'reason',
  'count',
] as const satisfies readonly (keyof EventFields)[]

const strangersPerMinute = 60
/** While storage does not answer. */
const maximumWaiting = 10_000
const retryMs = 2_000
/** In one transaction. */
const maximumBatch = 100

export function createAuditRecorder({ storage, clock, onLost }: AuditRecorderOptions): AuditRecorder {
  const waiting: AuditEntry[] = []
  const strangers = { since: 0, count: 0, skipped: 0 }
  let writing: Promise<void> | undefined
  let isClosed = false
  let lost = 0

  function read(event: PosternEvent): void {
    const actor = auditedEvents.get(event.name)
    if (actor === undefined || isClosed) return
    if (actor === 'stranger' && isTooMuch(event.at)) return
    add(entryOf(event, actor))
  }

  function isTooMuch(at: number): boolean {
    if (at - strangers.since >= 60) {
      if (strangers.skipped > 0) add(skipped(at, strangers.skipped))
      Object.assign(strangers, { since: at, count: 0, skipped: 0 })
    }
    strangers.count++
    if (strangers.count <= strangersPerMinute) return false
    strangers.skipped++
    return true
  }

  function add(entry: AuditEntry): void {
    if (waiting.length >= maximumWaiting) lost++
    else waiting.push(entry)
    writing ??= write().finally(() => {
      writing = undefined
    })
  }

  /** In their order; what cannot be written now is written later, before anything newer. */
  async function write(): Promise<void> {
    // The event that began this is one of several of the same request.
    await Promise.resolve()
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maximumBatch)
      try {
        await storage.appendAudit(batch)
      } catch (error) {
        onLost(lost, error instanceof Error ? error.message : String(error))
        if (isClosed) return
        await later(retryMs)
        continue
      }
      waiting.splice(0, batch.length)
      reportLost()
    }
  }

  function reportLost(): void {
    if (lost === 0) return
    onLost(lost, 'storage did not answer for too long')
    lost = 0
  }

  return {
    reader: read,
    write(entry) {
      if (!isClosed) add(entry)
    },
    async close() {
      if (strangers.skipped > 0) add(skipped(clock(), strangers.skipped))
      isClosed = true
      await writing
    },
  }
}

function entryOf(event: PosternEvent, actor: Actor): AuditEntry {
  const details: Record<string, string | number> = {}
  const actorField = actor === 'user' ? 'userId' : actor === 'client' ? 'clientId' : undefined
  for (const field of detailFields) {
    const value = event[field]
    if (value !== undefined && field !== actorField) details[field] = value
  }
  const actorId = actorField && event[actorField]
  return { at: event.at, action: event.name, actor, actorId, flowId: event.flowId, details }
}

function skipped(at: number, count: number): AuditEntry {
  return {
    at,
    action: 'audit.skipped',
    actor: 'server',
    actorId: undefined,
    flowId: undefined,
    details: { count },
  }
}

function later(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs)
    if (typeof timer === 'object') timer.unref()
  })
}
