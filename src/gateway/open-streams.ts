/** GET streams that are open: counted for each caller, and ended when the token that opened them is no longer good. */

import { type JsonRpcId, jsonRpcCodes } from '../mcp/json-rpc.ts'
import { type HangUp, HangUpSource } from '../platform/hang-up.ts'
import { RpcRefusal } from './refusal.ts'

export interface OpenStreams {
  /** Throws a refusal of request `id` when the caller has as many as it may. */
  open(
    caller: string,
    isStillAllowed: () => Promise<boolean>,
    left: HangUp,
    id?: JsonRpcId | undefined,
  ): OpenStream
  closeAll(): void
}

export interface OpenStream {
  /** Aborts when the stream has to end, or its client has left. */
  signal: HangUp
  /** The stream is over, or came to nothing. */
  ended(): void
}

/** An answer that is a stream, ended when it has to be. Any other is over at once. */
export function endWith(response: Response, stream: OpenStream): Response {
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
  if (!isStream || response.body === null) {
    stream.ended()
    return response
  }
  const reader = response.body.getReader()
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const stop = (): void => {
        if (isOver) return
        finish()
        controller.close()
        void reader.cancel().catch(() => undefined)
      }
      stream.signal.addEventListener('abort', stop, { once: true })
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (isOver) return
        if (!done) return controller.enqueue(value)
        finish()
        controller.close()
      } catch (error) {
        finish()
        controller.error(error)
      }
    },
    cancel(reason) {
      finish()
      return reader.cancel(reason)
    },
  })
  let isOver = false
  function finish(): void {
    isOver = true
    stream.ended()
  }
  return new Response(body, response)
}

export interface OpenStreamsOptions {
  maximumPerCaller: number
  /** How long a stream may outlive its token. */
  recheckMs: number
}

export function createOpenStreams({ maximumPerCaller, recheckMs }: OpenStreamsOptions): OpenStreams {
  const streams = new Set<{ caller: string; end: () => void; isStillAllowed: () => Promise<boolean> }>()
  const counts = new Map<string, number>()
  /** One for all streams: ten thousand idle ones cost one timer. */
  let timer: ReturnType<typeof setInterval> | undefined

  async function recheck(): Promise<void> {
    for (const stream of [...streams]) {
      // A store that cannot be asked says nothing about the token.
      const isAllowed = await stream.isStillAllowed().catch(() => true)
      if (!isAllowed) stream.end()
    }
  }

  return {
    open(caller, isStillAllowed, left, id) {
      const count = counts.get(caller) ?? 0
      if (count >= maximumPerCaller) throw tooManyStreams(id)
      const signal = new HangUpSource()
      const stream = { caller, isStillAllowed, end: () => signal.abort() }
      left.addEventListener('abort', stream.end, { once: true })
      streams.add(stream)
      counts.set(caller, count + 1)
      timer ??= setInterval(recheck, recheckMs)
      return {
        signal,
        ended() {
          if (!streams.delete(stream)) return
          left.removeEventListener('abort', stream.end)
          const rest = (counts.get(caller) ?? 1) - 1
          if (rest > 0) counts.set(caller, rest)
          else counts.delete(caller)
          if (streams.size > 0) return
          clearInterval(timer)
          timer = undefined
        },
      }
    },
    closeAll() {
      for (const stream of [...streams]) stream.end()
    },
  }
}

export function tooManyStreams(id: JsonRpcId | null = null): RpcRefusal {
  return new RpcRefusal(429, jsonRpcCodes.serverError, 'too many streams are open', {
    headers: { 'retry-after': String(retryAfterSeconds) },
    id,
  })
}

const retryAfterSeconds = 30
