/** When a server that runs is to end: by a signal of the system, or because something that serving needs has ended. */

export interface StopSignal {
  /** Resolves at the first signal; rejects if something that serving needs has ended. */
  readonly promise: Promise<void>
  readonly signal: AbortSignal
  fail(error: Error): void
}

/** The first SIGINT or SIGTERM closes in order, a second one at once. */
export function stopSignal(): StopSignal {
  const controller = new AbortController()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // It may be rejected before anybody waits for it.
  promise.catch(() => undefined)
  function onSignal(signal: NodeJS.Signals): void {
    if (controller.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143)
    controller.abort()
    resolve()
  }
  function fail(error: Error): void {
    controller.abort()
    reject(error)
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
  // A fault of ours that nobody caught: what state it left is unknown, so the end is in order, and a supervisor starts anew.
  process.on('uncaughtException', fail)
  return { promise, signal: controller.signal, fail }
}
