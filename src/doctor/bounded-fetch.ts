/** A fetch whose answers come to an end: a body larger or longer than the doctor's patience breaks off with an error that says so. */

export interface FetchBounds {
  maximumBytes: number
  /** From the request to the last byte. */
  seconds: number
}

export function boundFetch(unbounded: typeof fetch, bounds: FetchBounds): typeof fetch {
  return async (input, init) => {
    const { promise: late, reject } = Promise.withResolvers<never>()
    late.catch(() => undefined)
    const timer = setTimeout(() => {
      reject(new DOMException(`nothing more came within ${bounds.seconds} seconds`, 'TimeoutError'))
    }, bounds.seconds * 1000)
    // Who gives an answer up does not read it to its end: neither the timer nor the body may hold the program.
    const giveUp = (): void => {
      clearTimeout(timer)
      reject(init?.signal?.reason)
    }
    init?.signal?.addEventListener('abort', giveUp, { once: true })
    try {
      const response = await Promise.race([unbounded(input, init), late])
      if (response.body === null) {
        clearTimeout(timer)
        return response
      }
      const { status, statusText, headers } = response
      const body = bounded(response.body, bounds, late, () => clearTimeout(timer))
      return new Response(body, { status, statusText, headers })
    } catch (error) {
      clearTimeout(timer)
      throw error
    }
  }
}

function bounded(
  body: ReadableStream<Uint8Array>,
  { maximumBytes }: FetchBounds,
  late: Promise<never>,
  ended: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let size = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await Promise.race([reader.read(), late])
          if (done) {
            ended()
            return controller.close()
          }
          size += value.byteLength
          if (size > maximumBytes) throw new Error(`the body is larger than ${maximumBytes} bytes`)
          controller.enqueue(value)
        } catch (error) {
          ended()
          reader.cancel(error).catch(() => undefined)
          controller.error(error)
        }
      },
      async cancel(reason) {
        ended()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
