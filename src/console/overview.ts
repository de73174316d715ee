/** How it goes: what the last day or week was like, counted. */

import { milestoneNames } from '../connections/step.ts'
import type { Story } from '../connections/story.ts'
import { durationClasses } from '../ledger/usage.ts'
import type { Clock } from '../platform/clock.ts'
import type { HourCount, Storage } from '../storage/storage.ts'
import type { OverviewReport, StageFailures } from '../ui/console/reports.ts'
import { text } from '../ui/text.ts'
import { liveGrants, maximumCounted } from './grants.ts'
import type { Stories } from './stories.ts'

export interface OverviewSources {
  storage: Storage
  clock: Clock
  stories: Stories
}

const secondsOfHour = 3600

export async function overviewReport(
  hours: number,
  { storage, clock, stories }: OverviewSources,
): Promise<OverviewReport> {
  const now = clock()
  const step = hours > 24 ? 6 * secondsOfHour : secondsOfHour
  const since = now - (now % step) - (hours * secondsOfHour - step)
  const starts = Array.from({ length: (hours * secondsOfHour) / step }, (_, index) => since + index * step)
  const told = (await stories()).map(({ story }) => story)
  const attempts = told.filter(({ state, startedAt }) => state !== 'looked' && startedAt >= since)
  const counts = await storage.listHourCounts(since)
  const within = <T>(all: readonly T[], atOf: (one: T) => number, start: number): T[] =>
    all.filter((one) => atOf(one) >= start && atOf(one) < start + step)
  return {
    now,
    hours,
    totals: {
      people: (await storage.listUsers(maximumCounted)).length,
      grants: (await liveGrants(storage, now)).length,
      attempts: attempts.length,
      connected: attempts.filter(({ state }) => state === 'connected').length,
      stopped: attempts.filter(isFailing).length,
      calls: sumOf(counts, 'calls'),
      failures: sumOf(counts, 'failures'),
    },
    attempts: starts.map((at) => {
      const begun = within(attempts, ({ startedAt }) => startedAt, at)
      const connected = begun.filter(({ state }) => state === 'connected').length
      const stopped = begun.filter(isFailing).length
      return { at, connected, stopped, other: begun.length - connected - stopped }
    }),
    calls: starts.map((at) => {
      const some = within(counts, ({ hourAt }) => hourAt, at)
      return { at, calls: sumOf(some, 'calls'), failures: sumOf(some, 'failures') }
    }),
    latency: starts.map((at) => {
      const some = within(counts, ({ hourAt }) => hourAt, at)
      return { at, medianMs: quantile(some, 0.5), highMs: quantile(some, 0.95) }
    }),
    failures: failuresByStage(attempts.filter(isFailing)),
  }
}

export function isFailing({ state }: Story): boolean {
  return state === 'stopped' || state === 'troubled'
}

function failuresByStage(failing: readonly Story[]): StageFailures[] {
  const stages = new Map<string, Story[]>()
  for (const story of failing) {
    const stage =
      story.reached === undefined
        ? text.console.beforeAnything
        : text.console.stopsAfter(milestoneNames[story.reached])
    stages.set(stage, [...(stages.get(stage) ?? []), story])
  }
  const mostFirst = <T extends { count: number }>(all: T[]): T[] => all.sort((a, b) => b.count - a.count)
  return mostFirst(
    [...stages].map(([stage, stories]) => {
      const causes = new Map<string, { id: string; seen: string; count: number }>()
      for (const { diagnosis, lastStep } of stories) {
        const [id, seen] =
          diagnosis === undefined ? ['unexplained', lastStep] : [diagnosis.id, diagnosis.seen]
        const known = causes.get(id)
        causes.set(id, { id, seen, count: (known?.count ?? 0) + 1 })
      }
      return { stage, count: stories.length, causes: mostFirst([...causes.values()]) }
    }),
  )
}

export function sumOf(counts: readonly HourCount[], measure: string): number {
  return counts.reduce((sum, one) => (one.measure === measure ? sum + one.count : sum), 0)
}

/** The upper end of the class in which that share of the calls has ended; beyond the last class twice its end stands for all. */
function quantile(counts: readonly HourCount[], share: number): number | undefined {
  const all = [...durationClasses.map((end) => sumOf(counts, `ms-${end}`)), sumOf(counts, 'ms-more')]
  const total = all.reduce((sum, count) => sum + count, 0)
  if (total === 0) return undefined
  let seen = 0
  const at = all.findIndex((count) => {
    seen += count
    return seen >= share * total
  })
  return durationClasses[at] ?? 2 * (durationClasses.at(-1) ?? 0)
}
