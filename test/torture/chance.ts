// Chance that repeats: every draw follows from a seed, so that what a failed run did can be done again.

export interface Chance {
  /** From `low` to below `high`. */
  between(low: number, high: number): number
  /** A whole number from `low` to `high`, both of them possible. */
  whole(low: number, high: number): number
  /** True so often. */
  happens(probability: number): boolean
  /** One of these, as often as its weight says. */
  pick<T>(weights: readonly (readonly [weight: number, value: T])[]): T
  /** Another sequence, of its own: what one client draws does not change what another gets. */
  fork(label: string): Chance
}

export function createChance(seed: string): Chance {
  const next = mulberry32(hash(seed))
  const between = (low: number, high: number): number => low + next() * (high - low)
  return {
    between,
    whole: (low, high) => Math.floor(between(low, high + 1)),
    happens: (probability) => next() < probability,
    pick(weights) {
      let left = next() * weights.reduce((sum, [weight]) => sum + weight, 0)
      for (const [weight, value] of weights) {
        left -= weight
        if (left < 0) return value
      }
      const last = weights.at(-1)
      if (last === undefined) throw new RangeError('nothing to pick from')
      return last[1]
    },
    fork: (label) => createChance(`${seed}/${label}`),
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return value >>> 0
}

function mulberry32(seed: number): () => number {
  let state = seed
  return function draw() {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
