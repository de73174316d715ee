/** Events: what happened, under a stable dotted name and a flow id. Logs, metrics, audit and the connection story read them. */

import type { Clock } from './clock.ts'

/**
 * Everything an event may say. The list is closed so that no caller can put a token, a code, a
 * secret or a header into a log: there is no field to hold one.
 */
export interface EventFields {
  clientId?: string | undefined
  clientName?: string | undefined
  userId?: string | undefined
  grantId?: string | undefined
  connector?: string | undefined
  method?: string | undefined
  path?: string | undefined
  status?: number | undefined
  code?: string | undefined
  reason?: string | undefined
  errorId?: string | undefined
  tool?: string | undefined
  rpcMethod?: string | undefined
  protocolVersion?: string | undefined
  scope?: string | undefined
  redirectHost?: string | undefined
  userAgent?: string | undefined
  durationMs?: number | undefined
  bytes?: number | undefined
  count?: number | undefined
  pid?: number | undefined
}

export interface PosternEvent extends EventFields {
  /** Stable and documented: `code.replayed`, `token.issued`, … (docs/reference/events.md). */
  readonly name: string
  /** Epoch seconds. */
  readonly at: number
  /** Joins what one connection attempt did, from registration or first request to token and calls. */
  readonly flowId: string
}

export type EventReader = (event: PosternEvent) => void

export interface Telemetry {
  /** What `more` says goes before what `fields` say. */
  emit(name: string, flowId: string, fields?: EventFields, more?: EventFields): void
}

/** Hands each event to every reader. A reader that throws costs nobody else anything. */
export function createTelemetry(clock: Clock, readers: readonly EventReader[]): Telemetry {
  return {
    emit(name, flowId, fields, more) {
      if (readers.length === 0) return
      const event: PosternEvent = { name, at: clock(), flowId }
      if (fields !== undefined) tell(event, fields)
      if (more !== undefined) tell(event, more)
      for (const reader of readers) {
        try {
          reader(event)
        } catch {
          // A log that cannot be written must not fail the request that it tells of.
        }
      }
    },
  }
}

/** Our own look at our public URL is made as Claude makes it, and says so in this header. */
export const probeHeader = 'postern-probe'

/** As events have it. */
export function userAgentOf({ headers }: Request): string | undefined {
  const userAgent = headers.get('user-agent') ?? undefined
  return headers.has(probeHeader) ? `${userAgent} (Postern probe)` : userAgent
}

/** Longer texts are somebody else's words; 300 characters tell what they were about. */
const maximumTextLength = 300

/** Every secret that Postern mints starts with `pst_`, so that one which strays into a text is found. */
const mintedSecret = /pst_[a-z]{2}_[A-Za-z0-9_.~-]+/g

export function redactText(text: string): string {
  // Looked for first: nearly no text holds one, and every event of every call comes through here.
  const clean = text.includes('pst_') ? text.replace(mintedSecret, 'pst_[redacted]') : text
  return clean.length > maximumTextLength ? clean.slice(0, maximumTextLength) : clean
}

function tell(event: EventFields, fields: EventFields): void {
  const told = event as Record<string, string | number>
  for (const key in fields) {
    const value = fields[key as keyof EventFields]
    if (value !== undefined) told[key] = typeof value === 'string' ? redactText(value) : value
  }
}
