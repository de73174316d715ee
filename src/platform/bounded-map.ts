/** A map that forgets what was used longest ago, as far as it matters: uses are not told apart before it is half full. */

export interface BoundedMap<Key, Value> {
  get(key: Key): Value | undefined
  set(key: Key, value: Value): void
  delete(key: Key): void
  /** What was set last comes first. */
  latestFirst(): [Key, Value][]
}

export function createBoundedMap<Key, Value>(maximumEntries: number): BoundedMap<Key, Value> {
  const entries = new Map<Key, Value>()
  return {
    get(key) {
      const value = entries.get(key)
      if (value === undefined) return undefined
      // A Map iterates in the order of insertion: what is inserted anew is forgotten last. That is many times the
      // work of finding it, and while there is room nothing is forgotten.
      if (entries.size * 2 > maximumEntries) {
        entries.delete(key)
        entries.set(key, value)
      }
      return value
    },
    set(key, value) {
      entries.delete(key)
      entries.set(key, value)
      if (entries.size <= maximumEntries) return
      const oldest = entries.keys().next()
      if (!oldest.done) entries.delete(oldest.value)
    },
    delete(key) {
      entries.delete(key)
    },
    latestFirst: () => [...entries].reverse(),
  }
}
