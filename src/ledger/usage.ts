/** Reads events and stores how the connectors are used: which tools by which grant, and how much happens in each hour. */

import type { EventReader, PosternEvent } from '../platform/telemetry.ts'
import type { HourCount, ToolUse, UsageStorage } from '../storage/storage.ts'

export interface UsageRecorder {
  readonly reader: EventReader
  /** Everything that was read is stored when this resolves; nothing is read any more. */
  close(): Promise<void>
}

export interface UsageRecorderOptions {
  storage: UsageStorage
  /** What could not be stored, and is tried again; `count` of them were left out. */
  onLost(count: number, reason: string): void
}

/** What is counted in each hour, for each connector. */
export type Measure =
  | 'calls'
  | 'failures'
  | 'refusals'
  | 'connected'
  | 'refreshed'
  | 'disconnected'
  | `ms-${number}`
  | 'ms-more'

/** How long calls of tools took: the upper ends of the classes that they are counted in, milliseconds. */
export const durationClasses = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000] as const

/** Between what happens and its place on a page. */
const storeMs = 2_000
/** After a failed write, and at most so many different things wait for it. */
const retryMs = 5_000
const maximumWaiting = 5_000
const secondsOfHour = 3600

export function createUsageRecorder({ storage, onLost }: UsageRecorderOptions): UsageRecorder {
  const uses = new Map<string, ToolUse>()
  const counts = new Map<string, HourCount>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let writing: Promise<void> | undefined
  let isClosed = false
  let lost = 0

  function read(event: PosternEvent): void {
    if (isClosed) return
    for (const measure of measuresOf(event)) count(event.connector ?? '', measure, event.at)
    const tool = calledTool(event)
    if (tool !== undefined && event.grantId !== undefined) use(event.grantId, tool, event.at)
    if (uses.size + counts.size > 0) plan(storeMs)
  }

  function count(connector: string, measure: Measure, at: number): void {
    const hourAt = at - (at % secondsOfHour)
    const key = `${hourAt} ${measure} ${connector}`
    const standing = counts.get(key)
    if (standing !== undefined) standing.count++
    else if (mayGrow()) counts.set(key, { hourAt, connector, measure, count: 1 })
  }

  function use(grantId: string, tool: string, at: number): void {
    const key = `${grantId} ${tool}`
    const standing = uses.get(key)
    if (standing === undefined) {
      if (mayGrow()) uses.set(key, { grantId, tool, calls: 1, firstAt: at, lastAt: at })
      return
    }
    standing.calls++
    standing.lastAt = Math.max(standing.lastAt, at)
  }

  function mayGrow(): boolean {
    if (uses.size + counts.size < maximumWaiting) return true
    lost++
    return false
  }

  function plan(delayMs: number): void {
    if (timer !== undefined || writing !== undefined || isClosed) return
    timer = setTimeout(wake, delayMs)
    // On Node a timer keeps the process alive; elsewhere it is a number and keeps nothing.
    if (typeof timer === 'object') timer.unref()
  }

  function wake(): void {
    timer = undefined
    writing = store().then((isStored) => {
      writing = undefined
      if (uses.size + counts.size > 0) plan(isStored ? storeMs : retryMs)
    })
  }

  async function store(): Promise<boolean> {
    const [batch, hours] = [[...uses.values()], [...counts.values()]]
    uses.clear()
    counts.clear()
    try {
      await storage.recordUsage(batch, hours)
    } catch (error) {
      takeBack(batch, hours)
      onLost(lost, error instanceof Error ? error.message : String(error))
      lost = 0
      return false
    }
    if (lost > 0) onLost(lost, 'too much at once')
    lost = 0
    return true
  }

  /** To be tried again, together with what was counted meanwhile. */
  function takeBack(batch: readonly ToolUse[], hours: readonly HourCount[]): void {
    for (const one of batch) {
      const key = `${one.grantId} ${one.tool}`
      const later = uses.get(key)
      uses.set(
        key,
        later === undefined ? one : { ...later, calls: later.calls + one.calls, firstAt: one.firstAt },
      )
    }
    for (const one of hours) {
      const key = `${one.hourAt} ${one.measure} ${one.connector}`
      counts.set(key, { ...one, count: one.count + (counts.get(key)?.count ?? 0) })
    }
  }

  return {
    reader: read,
    async close() {
      isClosed = true
      clearTimeout(timer)
      await writing
      if (uses.size + counts.size > 0) await store()
    },
  }
}

function measuresOf(event: PosternEvent): Measure[] {
  switch (event.name) {
    case 'mcp.request':
      return calledTool(event) === undefined ? [] : ['calls', durationMeasure(event.durationMs ?? 0)]
    case 'mcp.refused':
      // A first request without a token is how every connection begins, and no refusal of anything.
      return event.status === 401 ? [] : ['refusals']
    case 'upstream.failed':
    case 'request.failed':
      return ['failures']
    case 'token.issued':
      return ['connected']
    case 'refresh.rotated':
      return ['refreshed']
    case 'grant.revoked':
      return ['disconnected']
    default:
      return []
  }
}

function calledTool({ name, rpcMethod, tool, status = 0 }: PosternEvent): string | undefined {
  return name === 'mcp.request' && rpcMethod === 'tools/call' && status < 400 ? tool : undefined
}

function durationMeasure(durationMs: number): Measure {
  const bound = durationClasses.find((end) => durationMs <= end)
  return bound === undefined ? 'ms-more' : `ms-${bound}`
}
