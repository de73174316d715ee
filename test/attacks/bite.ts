// Runs each attack against a house without the guard that it names, in one process, and prints one line of JSON for each run.

import { registerHooks, stripTypeScriptTypes } from 'node:module'
import type { Attack, Mutant, Outcome } from './attack.ts'
import { attacks } from './attacks.ts'
import { fileOf, root, sourceWithout } from './guards.ts'
import type { House } from './house.ts'

export interface BiteReport {
  attack: string
  /** Without the guard and all that stands behind it. */
  outcome: Outcome | 'failed'
  /** Without the first guard alone; undefined where no other stands behind it. */
  alone: Outcome | 'failed' | undefined
  /** What went wrong when an outcome is `failed`. */
  reason: string | undefined
}

/** Longer than any attack takes on a busy machine. */
const deadlineMs = 20_000

const houses = new Map<string, readonly Mutant[]>()
const stripped = new Map<string, string>()

/** A module of the project that is imported by one of a mutated house belongs to that house too. */
registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context)
    const house =
      context.parentURL === undefined ? null : new URL(context.parentURL).searchParams.get('house')
    const isOurs = resolved.url.startsWith(root.href) && !resolved.url.includes('/node_modules/')
    return house === null || !isOurs ? resolved : { ...resolved, url: `${resolved.url}?house=${house}` }
  },
  load(url, context, nextLoad) {
    const { href, searchParams } = new URL(url)
    const removed = houses.get(searchParams.get('house') ?? '')
    if (removed === undefined) return nextLoad(url, context)
    const file = href.slice(root.href.length).replace(/\?.*$/, '')
    return { format: 'module', source: codeOf(removed, file), shortCircuit: true }
  },
})

function codeOf(removed: readonly Mutant[], file: string): string {
  const isMutated = removed.some((mutant) => fileOf(mutant) === file)
  const known = isMutated ? undefined : stripped.get(file)
  if (known !== undefined) return known
  const code = stripTypeScriptTypes(sourceWithout(removed, file))
  if (!isMutated) stripped.set(file, code)
  return code
}

async function openHouseWithout(removed: readonly Mutant[]): Promise<House> {
  const id = String(houses.size)
  for (const mutant of removed) fileOf(mutant)
  houses.set(id, removed)
  const module = (await import(`./house.ts?house=${id}`)) as typeof import('./house.ts')
  return module.openHouse(removed)
}

async function attempt(
  attack: Attack,
  removed: readonly Mutant[],
): Promise<{ outcome: Outcome | 'failed'; reason: string | undefined }> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => resolve('late'), deadlineMs)
  try {
    const house = await openHouseWithout(removed)
    const outcome = await Promise.race([attack.run(await house.openDoor(), house), late])
    if (outcome === 'late') return { outcome: 'failed', reason: `no outcome after ${deadlineMs} ms` }
    return { outcome, reason: undefined }
  } catch (error) {
    return {
      outcome: 'failed',
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }
  } finally {
    clearTimeout(timer)
  }
}

async function bite(attack: Attack): Promise<BiteReport> {
  const behind = attack.alsoNeeds ?? []
  const alone = behind.length === 0 ? undefined : (await attempt(attack, [attack.guard])).outcome
  const { outcome, reason } = await attempt(attack, [attack.guard, ...behind])
  return { attack: attack.name, outcome, alone, reason }
}

/** A part of all, so that several processes can share the work: `bite.ts 0 2` is every second attack. */
const [part = 0, parts = 1] = process.argv.slice(2, 4).map(Number)
const words = process.argv.slice(4)
for (const [index, attack] of attacks.entries()) {
  if (index % parts !== part || !words.every((word) => attack.name.includes(word))) continue
  process.stdout.write(`${JSON.stringify(await bite(attack))}\n`)
}
// Slow peers of attacks may still be waiting for something.
process.exit(0)
