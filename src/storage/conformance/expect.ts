/** What a case of the kit says when a promise is broken, without any test runner. */

import type { Storage } from '../storage.ts'

export interface StorageCase {
  name: string
  check(storage: Storage): Promise<void>
}

export class ConformanceError extends Error {
  override readonly name = 'ConformanceError'
}

/** Equal as data: members that are undefined count as absent, order of members does not matter. */
export function expectEqual(what: string, found: unknown, expected: unknown): void {
  const left = canonical(found)
  const right = canonical(expected)
  if (left !== right) throw new ConformanceError(`${what}: expected ${right}, found ${left}`)
}

export function expectTrue(what: string, found: boolean): void {
  if (!found) throw new ConformanceError(`${what}: it is not so`)
}

export function expectFound<T>(what: string, found: T | undefined): T {
  if (found === undefined) throw new ConformanceError(`${what}: expected a record, found none`)
  return found
}

export async function expectRejected(what: string, work: Promise<unknown>): Promise<void> {
  const isRejected = await work.then(
    () => false,
    () => true,
  )
  if (!isRejected) throw new ConformanceError(`${what}: expected a rejection, it was fulfilled`)
}

/** How often each outcome came, so that "one won, ninety-nine lost" is one comparison. */
export function tally(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, member: unknown) => {
      if (member instanceof Uint8Array) return { bytes: [...member] }
      if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
      return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
    }) ?? 'undefined'
  )
}
