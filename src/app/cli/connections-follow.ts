/** `postern connections --follow`: each step as it is recorded, and each connection that stops, also by silence. */

import { setTimeout as wait } from 'node:timers/promises'
import { type Story, type TimelineEntry, tellStory } from '../../connections/story.ts'
import { systemClock } from '../../platform/clock.ts'
import type { Storage } from '../../storage/storage.ts'
import {
  asJson,
  clip,
  clockTime,
  findShown,
  type Shown,
  shortId,
  stateNames,
  stateStyles,
} from './shown-connection.ts'
import type { Writer } from './terminal.ts'

const pollMs = 1000
/** A write may end a moment after its time was taken. */
const overlapSeconds = 5
/** A story changes by silence too: it stops when nothing comes any more. */
const watchedSeconds = 3600

/** Until Ctrl+C. `before` was shown already. */
export async function followConnections(
  storage: Storage,
  out: Writer,
  before: readonly Shown[],
  isJson: boolean,
): Promise<void> {
  const told = new Map(before.map(({ story }) => [story.connectionId, toldOf(story)]))
  const watched = new Map(before.map((shown) => [shown.story.connectionId, shown]))
  const ended = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort())
  let since = systemClock() - overlapSeconds
  while (!ended.signal.aborted) {
    await wait(pollMs, undefined, { signal: ended.signal }).catch(() => undefined)
    const now = systemClock()
    const changed = await findShown(storage, { recordedSince: since }, true)
    since = now - overlapSeconds
    for (const shown of changed) watched.set(shown.story.connectionId, shown)
    const news: News[] = []
    for (const [connectionId, shown] of watched) {
      if (now - shown.connection.recordedAt > watchedSeconds) watched.delete(connectionId)
      else news.push(...newsOf({ ...shown, story: tellStory(shown.connection, now) }, told, now))
    }
    for (const one of news.sort((a, b) => a.at - b.at)) tell(one, out, isJson)
  }
}

/** What was told of a connection: its steps, and how it stood. */
interface Told {
  steps: ReadonlySet<string>
  verdict: string
}

/** A step, or, without one, that the connection stands otherwise than before. */
interface News {
  at: number
  shown: Shown
  step: TimelineEntry | undefined
}

function newsOf(shown: Shown, told: Map<string, Told>, now: number): News[] {
  const { story, connection } = shown
  const earlier = told.get(story.connectionId) ?? beginningOf(connection.joined, told)
  told.set(story.connectionId, toldOf(story))
  const steps = story.timeline.filter((step) => earlier?.steps.has(stepKey(step)) !== true)
  const isOtherwise = earlier?.verdict !== verdictOf(story)
  const isWorthSaying = story.diagnosis !== undefined || story.state === 'connected'
  return [
    ...steps.map((step) => ({ at: step.at, shown, step })),
    ...(isOtherwise && isWorthSaying ? [{ at: now, shown, step: undefined }] : []),
  ]
}

/** The steps of what it has taken in were told under another id. */
function beginningOf(joined: readonly string[], told: ReadonlyMap<string, Told>): Told | undefined {
  const parts = joined.flatMap((connectionId) => told.get(connectionId) ?? [])
  return parts.length === 0
    ? undefined
    : { steps: new Set(parts.flatMap(({ steps }) => [...steps])), verdict: '' }
}

function toldOf(story: Story): Told {
  return { steps: new Set(story.timeline.map(stepKey)), verdict: verdictOf(story) }
}

function stepKey({ name, detail, isInferred }: TimelineEntry): string {
  return `${name} ${detail} ${isInferred}`
}

function verdictOf({ state, diagnosis }: Story): string {
  return `${state} ${diagnosis?.id ?? ''}`
}

function tell({ at, shown, step }: News, out: Writer, isJson: boolean): void {
  const { story } = shown
  if (isJson) {
    out.line(JSON.stringify({ ...asJson(shown), step: step ?? null }))
    return
  }
  const label = `${clockTime(at)}  ${shortId(story.connectionId)}  ${clip(story.client, 14).padEnd(14)}`
  if (step !== undefined) {
    out.line(`${label}  ${step.isInferred ? '~ ' : ''}${step.words}`)
    return
  }
  out.line(`${label}  ${out.style(stateStyles[story.state], stateNames[story.state])}`)
  if (story.diagnosis === undefined) return
  const { seen, cause, fix } = story.diagnosis
  out.paragraph(seen, '          ')
  out.paragraph(`Likely: ${cause}`, '          ')
  out.paragraph(`To do: ${fix}`, '          ')
}
