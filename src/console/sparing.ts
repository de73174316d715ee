/** What takes long is done once for all who wait for it, and not again before ten times that has passed: whoever watches the console must not slow down what it shows. */

/** What takes longer is not done for every page. */
const cheapMs = 50
/** Of all time, what one such work may take while somebody watches. */
const share = 0.1

export function sparing<T>(work: () => Promise<T>): () => Promise<T> {
  let latest: Promise<T> | undefined
  let goodUntil = 0

  async function timed(): Promise<T> {
    const startedAt = performance.now()
    const result = await work()
    const tookMs = performance.now() - startedAt
    goodUntil = tookMs < cheapMs ? 0 : performance.now() + tookMs / share
    return result
  }

  return function workOrRemember() {
    if (latest !== undefined && performance.now() < goodUntil) return latest
    const working = timed()
    latest = working
    // Whoever comes while it is under way waits for the same.
    goodUntil = Number.POSITIVE_INFINITY
    working.catch(() => {
      latest = undefined
    })
    return working
  }
}
