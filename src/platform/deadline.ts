/** Deadlines for what is nearly always over long before: each costs a place in a row of its equals, and one timer watches the row. */

export interface Deadline {
  /** It was met. */
  clear(): void
}

/**
 * `onLate` is called after `milliseconds`, unless it is cleared before. It keeps no program running that has nothing
 * else to do.
 */
export function startDeadline(milliseconds: number, onLate: () => void): Deadline {
  let row = rows.get(milliseconds)
  if (row === undefined) {
    row = new Row(milliseconds)
    if (rows.size < maximumRows) rows.set(milliseconds, row)
  }
  return row.add(onLate)
}

/** By length; there are as many as there are settings. */
const rows = new Map<number, Row>()
const maximumRows = 100

/** Of equal length, so that whatever began first is late first. */
class Row {
  readonly #milliseconds: number
  /** Before the first and after the last. */
  readonly #ends: Place = new Place(0, undefined)
  #isWatched = false

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds
  }

  add(onLate: () => void): Deadline {
    const place = new Place(performance.now() + this.#milliseconds, onLate)
    place.standBefore(this.#ends)
    if (!this.#isWatched) this.#watch(this.#milliseconds)
    return place
  }

  #watch(milliseconds: number): void {
    this.#isWatched = true
    const timer = setTimeout(() => {
      this.#isWatched = false
      this.#look()
    }, milliseconds)
    ;(timer as { unref?: () => void }).unref?.()
  }

  #look(): void {
    const now = performance.now()
    for (let first = this.#ends.next; first !== this.#ends; first = this.#ends.next) {
      // Timers may come a fraction of a millisecond early.
      if (first.lateAt - now >= 1) {
        if (!this.#isWatched) this.#watch(first.lateAt - now)
        return
      }
      const { onLate } = first
      first.clear()
      try {
        onLate?.()
      } catch (error) {
        // As from a timer of its own: whoever stands behind it is served all the same.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}

class Place implements Deadline {
  readonly lateAt: number
  onLate: (() => void) | undefined
  next: Place = this
  #previous: Place = this

  constructor(lateAt: number, onLate: (() => void) | undefined) {
    this.lateAt = lateAt
    this.onLate = onLate
  }

  standBefore(other: Place): void {
    this.#previous = other.#previous
    this.next = other
    other.#previous.next = this
    other.#previous = this
  }

  clear(): void {
    this.#previous.next = this.next
    this.next.#previous = this.#previous
    this.next = this
    this.#previous = this
    // It may be remembered for longer than what it would have done.
    this.onLate = undefined
  }
}
