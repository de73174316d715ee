/** That somebody no longer waits for an answer: what an AbortSignal tells (DOM standard §3.2), without the event target behind it, which costs more than most of a call. */

/** An AbortSignal is one. */
export interface HangUp {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export class HangUpSource implements HangUp {
  #listeners: (() => void)[] | undefined
  #signal: AbortController | undefined
  #isAborted = false

  get aborted(): boolean {
    return this.#isAborted
  }

  get reason(): unknown {
    return this.#isAborted ? new DOMException('This operation was aborted', 'AbortError') : undefined
  }

  /** Each listener is called once. */
  addEventListener(_: 'abort', listener: () => void): void {
    this.#listeners ??= []
    this.#listeners.push(listener)
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    const at = this.#listeners?.indexOf(listener) ?? -1
    if (at >= 0) this.#listeners?.splice(at, 1)
  }

  abort(): void {
    if (this.#isAborted) return
    this.#isAborted = true
    this.#signal?.abort()
    for (const listener of this.#listeners?.splice(0) ?? []) listener()
  }

  /** For whoever wants one of the runtime's own. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#signal = new AbortController()
      if (this.#isAborted) this.#signal.abort()
    }
    return this.#signal.signal
  }
}

export function signalOf(hangUp: HangUp): AbortSignal {
  return hangUp instanceof HangUpSource ? hangUp.signal : (hangUp as AbortSignal)
}

/** The signal in what `user` is given to begin with, a `fetch` or a class of Request: the hang-up itself where it knows of them. */
export function signalFor(user: typeof fetch | typeof Request, hangUp: HangUp): AbortSignal {
  return knowing.has(user) ? (hangUp as AbortSignal) : signalOf(hangUp)
}

const knowing = new WeakSet<typeof fetch | typeof Request>()

/** `user` takes a hang-up for a signal. */
export function knowingHangUps<User extends typeof fetch | typeof Request>(user: User): User {
  knowing.add(user)
  return user
}

export function knowsHangUps(user: typeof fetch | typeof Request): boolean {
  return knowing.has(user)
}
