/** Tells open pages of the console that something happened: one word at most once a second, by server-sent events (HTML §9.2). */

import type { EventReader } from '../platform/telemetry.ts'

export interface Live {
  readonly reader: EventReader
  /** `isStillAllowed` is asked now and then: who was signed out hears nothing more. */
  open(signal: AbortSignal, isStillAllowed: () => Promise<boolean>): Response
  close(): void
}

const maximumStreams = 50
const quietMs = 1_000
/** Proxies drop what is silent for a minute. */
const heartbeatMs = 25_000

export function createLive(): Live {
  const streams = new Set<Stream>()
  let timer: ReturnType<typeof setTimeout> | undefined

  function tell(text: string): void {
    for (const stream of [...streams]) stream.send(text)
  }

  return {
    reader() {
      if (streams.size === 0 || timer !== undefined) return
      timer = setTimeout(() => {
        timer = undefined
        tell('data: changed\n\n')
      }, quietMs)
      if (typeof timer === 'object') timer.unref()
    },
    open(signal, isStillAllowed) {
      if (streams.size >= maximumStreams) {
        return new Response(null, { status: 503, headers: { 'retry-after': '30' } })
      }
      const stream = createStream(isStillAllowed, () => streams.delete(stream))
      streams.add(stream)
      signal.addEventListener('abort', () => stream.end(), { once: true })
      return new Response(stream.body, {
        headers: {
          'content-type': 'text/event-stream',
          'cache-control': 'no-store',
          // nginx would keep it back until it is long enough.
          'x-accel-buffering': 'no',
        },
      })
    },
    close() {
      clearTimeout(timer)
      for (const stream of [...streams]) stream.end()
    },
  }
}

interface Stream {
  body: ReadableStream<Uint8Array>
  send(text: string): void
  end(): void
}

function createStream(isStillAllowed: () => Promise<boolean>, onEnd: () => void): Stream {
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let isOver = false
  const heartbeat = setInterval(() => {
    isStillAllowed().then(
      (isAllowed) => (isAllowed ? send(': still here\n\n') : end()),
      () => end(),
    )
  }, heartbeatMs)
  if (typeof heartbeat === 'object') heartbeat.unref()

  function send(text: string): void {
    if (!isOver) controller?.enqueue(encoder.encode(text))
  }

  function end(): void {
    if (isOver) return
    isOver = true
    clearInterval(heartbeat)
    onEnd()
    controller?.close()
  }

  const body = new ReadableStream<Uint8Array>({
    start(opened) {
      controller = opened
      opened.enqueue(encoder.encode('retry: 5000\n\n'))
    },
    cancel() {
      // Closed by the reader: there is nothing left to close.
      controller = undefined
      end()
    },
  })
  return { body, send, end }
}
