/** What a stored connection proves, asked in the words of its steps. Pure. */

import type { ConnectionRecord, ConnectionStep } from '../storage/storage.ts'
import { type Milestone, milestones, type StepName } from './step.ts'

/** Clients do their next step within a second or two; after this long it will not come. */
export const silenceSeconds = 60

export interface Evidence {
  readonly agent: string | undefined
  /** The furthest milestone; undefined before the first. */
  readonly reached: Milestone | undefined
  /** Since its last step. */
  readonly quietSeconds: number
  has(name: StepName, ...details: string[]): boolean
  count(name: StepName, ...details: string[]): number
  /** When it was seen last; before all time if never. */
  last(name: StepName, ...details: string[]): number
}

/** For one of these reasons, and not got over since. */
export function isTokenRefused({ has, last }: Evidence, ...details: string[]): boolean {
  return has('token-refused', ...details) && last('token-refused', ...details) >= last('token-issued')
}

export function evidenceOf(connection: ConnectionRecord, now: number): Evidence {
  const matching = (name: StepName, details: readonly string[]): ConnectionStep[] =>
    connection.steps.filter((step) => {
      return step.name === name && (details.length === 0 || details.includes(step.detail))
    })
  return {
    agent: connection.agent,
    reached: milestones.findLast((name) => connection.steps.some((step) => step.name === name)),
    quietSeconds: now - connection.lastAt,
    has: (name, ...details) => matching(name, details).length > 0,
    count: (name, ...details) => matching(name, details).reduce((sum, { count }) => sum + count, 0),
    last: (name, ...details) => Math.max(...matching(name, details).map(({ lastAt }) => lastAt)),
  }
}
