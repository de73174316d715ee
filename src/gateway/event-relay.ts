/** An upstream's event stream passed on byte for byte, and read to its answers where the client wants JSON. */

import { formatServerSentEvent, keepAliveComment, readServerSentEvents } from '../mcp/event-stream.ts'
import type { JsonRpcResponse } from '../mcp/json-rpc.ts'
import type { UpstreamLimits } from './limits.ts'

export interface PipeOptions {
  limits: UpstreamLimits
  /** Called once, whichever side ends the stream. */
  onEnd?: (() => void) | undefined
  /** What the client is told instead of the rest, if the upstream breaks off. */
  onBreak?: (() => string[]) | undefined
  /** Ends the stream from our side. */
  signal?: AbortSignal | undefined
}

/**
 * The same bytes, with comments between events while the upstream is silent, and an end when it is silent for too long. Reads
 * only as fast as the client does.
 */
export function pipeEventStream(
  source: ReadableStream<Uint8Array>,
  { limits, onEnd, onBreak, signal }: PipeOptions,
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  const encoder = new TextEncoder()
  let heardAt = performance.now()
  let isBetweenEvents = true
  let isResumable = false
  let isOver = false

  function finish(): void {
    if (isOver) return
    isOver = true
    clearInterval(timer)
    onEnd?.()
  }

  let timer: ReturnType<typeof setInterval> | undefined
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const stop = (): void => {
        if (isOver) return
        finish()
        controller.close()
        void reader.cancel().catch(() => undefined)
      }
      signal?.addEventListener('abort', stop, { once: true })
      timer = setInterval(() => {
        const silence = performance.now() - heardAt
        if (silence > limits.streamIdleMs) {
          stop()
        } else if (
          silence >= limits.keepAliveMs / 2 &&
          isBetweenEvents &&
          (controller.desiredSize ?? 0) > 0
        ) {
          controller.enqueue(encoder.encode(keepAliveComment))
        }
      }, limits.keepAliveMs)
    },
    async pull(controller) {
      let read: ReadableStreamReadResult<Uint8Array>
      try {
        read = await reader.read()
      } catch {
        if (isOver) return
        // A client that was given event ids takes up the stream again by itself.
        const last = isResumable ? [] : (onBreak?.() ?? [])
        for (const data of last) {
          const event = formatServerSentEvent({ event: 'message', data })
          controller.enqueue(encoder.encode(isBetweenEvents ? event : `\n\n${event}`))
          isBetweenEvents = true
        }
        finish()
        controller.close()
        return
      }
      if (isOver) return
      if (read.done) {
        finish()
        controller.close()
        return
      }
      heardAt = performance.now()
      isResumable ||= startsWithId(read.value)
      isBetweenEvents = endsEvent(read.value)
      controller.enqueue(read.value)
    },
    cancel(reason) {
      finish()
      return reader.cancel(reason)
    },
  })
}

export interface ReceivedAnswer {
  /** As it came. */
  text: string
  response: JsonRpcResponse
}

/** The answers of a JSON or event-stream response; what comes before them in a stream is dropped. */
export async function readAnswers(
  response: Response,
  expected: number,
  limits: UpstreamLimits,
): Promise<ReceivedAnswer[]> {
  const type = response.headers.get('content-type') ?? ''
  if (!type.startsWith('text/event-stream') || response.body === null) {
    const text = await readText(response, limits.messageBytes)
    const value = JSON.parse(text) as JsonRpcResponse | JsonRpcResponse[]
    if (!Array.isArray(value)) return [{ text, response: value }]
    return value.map((one) => ({ text: JSON.stringify(one), response: one }))
  }
  const answers: ReceivedAnswer[] = []
  const stream = pipeEventStream(response.body, { limits })
  for await (const { data } of readServerSentEvents(stream, limits.messageBytes)) {
    // A priming event has no data (MCP 2025-11-25).
    if (data === '') continue
    const message = JSON.parse(data) as JsonRpcResponse
    if (message.result === undefined && message.error === undefined) continue
    answers.push({ text: data, response: message })
    if (answers.length >= expected) break
  }
  return answers
}

/** Throws instead of growing without end. */
export async function readText(response: Response, maximumBytes: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > maximumBytes) throw new RangeError(`an answer is larger than ${maximumBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** True when the last bytes end an event, so that a comment may follow. */
function endsEvent(bytes: Uint8Array): boolean {
  const [before, last] = [bytes.at(-2), bytes.at(-1)]
  if (last !== 10) return false
  return before === 10 || (before === 13 && bytes.at(-3) === 10)
}

/** A server that can resume gives its first event an id (MCP 2025-11-25, "priming event"), or each of them one. */
function startsWithId(bytes: Uint8Array): boolean {
  return /(?:^|\n)id:/.test(new TextDecoder().decode(bytes.subarray(0, 4096)))
}
