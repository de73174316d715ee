// What an attack is: data with a source, something to run against a door, and the guard without which it succeeds.

import type { Door } from '../door.ts'
import type { House } from './house.ts'

export interface Attack {
  /** What the attacker does; with the ids of the requirements that forbid it. */
  name: string
  /** The standard, house rule or public report that describes it. */
  source: string
  /** Against a fresh door, or others opened from the same house. */
  run(door: Door, house: House): Promise<Outcome>
  /** Without it the attack succeeds. */
  guard: Mutant
  /** Guards that stand behind the first: only without these too does the attack succeed. */
  alsoNeeds?: readonly Mutant[]
}

export type Outcome = 'defended' | 'succeeded'

/** One guard removed, as an edit of one place in the sources. Blanks in `find` stand for any blanks, so that formatting breaks nothing. */
export interface Mutant {
  /** Or the folder, with a slash at its end, within which the guard may move. */
  file: string
  find: string
  replace: string
}

export function without(file: string, find: string, replace = ''): Mutant {
  return { file: `src/${file}`, find, replace }
}

export function succeededIf(isHarmDone: boolean): Outcome {
  return isHarmDone ? 'succeeded' : 'defended'
}
