/** An upstream's event stream passed on byte for byte, and read to its answers where the client wants JSON. */

import { formatServerSentEvent, keepAliveComment, readServerSentEvents } from '../mcp/event-stream.ts'
import type { JsonRpcResponse } from '../mcp/json-rpc.ts'
import { concatenate } from '../platform/bounded-body.ts'
import type { HangUp } from '../platform/hang-up.ts'
import type { UpstreamLimits } from './limits.ts'

export interface PipeOptions {
  limits: UpstreamLimits
  /** Called once, whichever side ends the stream, with how much of it came. */
  onEnd?: ((bytes: number) => void) | undefined
  /** What the client is told instead of the rest, if the upstream breaks off. */
  onBreak?: (() => string[]) | undefined
  /** Ends the stream from our side. */
  signal?: HangUp | undefined
}

/**
 * The same bytes, with comments between events while the upstream is silent, and an end when it is silent for too
 * long. Reads only as fast as the client does.
 */
export function pipeEventStream(
  source: ReadableStream<Uint8Array>,
  { limits, onEnd, onBreak, signal }: PipeOptions,
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  let heardAt = performance.now()
  let isBetweenEvents = true
  let isResumable = false
  let isOver = false
  let bytes = 0
  /** Of the event that has not ended yet; more than that if chunks and events never end together. */
  let unfinishedBytes = 0

  function finish(): void {
    if (isOver) return
    isOver = true
    clearInterval(timer)
    onEnd?.(bytes)
  }

  function breakOff(controller: ReadableStreamDefaultController<Uint8Array>): void {
    // A client that was given event ids takes up the stream again by itself.
    const last = isResumable ? [] : (onBreak?.() ?? [])
    for (const data of last) {
      const event = formatServerSentEvent({ event: 'message', data })
      controller.enqueue(encoder.encode(isBetweenEvents ? event : `\n\n${event}`))
      isBetweenEvents = true
    }
    finish()
    controller.close()
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
          void reader.cancel().catch(() => undefined)
          breakOff(controller)
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
        if (!isOver) breakOff(controller)
        return
      }
      if (isOver) return
      if (read.done) {
        finish()
        controller.close()
        return
      }
      heardAt = performance.now()
      bytes += read.value.byteLength
      unfinishedBytes += read.value.byteLength
      isResumable ||= startsWithId(read.value)
      isBetweenEvents = endsEvent(read.value)
      if (isBetweenEvents) unfinishedBytes = 0
      else if (unfinishedBytes > limits.messageBytes)
        unfinishedBytes = bytesAfterEvent(read.value) ?? unfinishedBytes
      if (unfinishedBytes > limits.messageBytes) {
        void reader.cancel().catch(() => undefined)
        breakOff(controller)
        return
      }
      controller.enqueue(read.value)
    },
    cancel(reason) {
      finish()
      return reader.cancel(reason)
    },
  })
}

const encoder = new TextEncoder()

/** A JSON body as it comes. Cut short it must not look whole, so then it ends in an error. */
export function pipeJson(
  source: ReadableStream<Uint8Array>,
  limits: UpstreamLimits,
  onEnd: (bytes: number) => void = () => {},
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  let bytes = 0
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const timer = setTimeout(() => {
        controller.error(new RangeError(`nothing came for ${limits.streamIdleMs} ms`))
        void reader.cancel().catch(() => undefined)
      }, limits.streamIdleMs)
      const { done, value } = await reader.read().finally(() => clearTimeout(timer))
      if (!done) {
        bytes += value.byteLength
        if (bytes <= limits.messageBytes) return controller.enqueue(value)
        void reader.cancel().catch(() => undefined)
        controller.error(new RangeError(`an answer is larger than ${limits.messageBytes} bytes`))
        return
      }
      onEnd(bytes)
      if (controller.desiredSize !== null) controller.close()
    },
    cancel: (reason) => reader.cancel(reason),
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
    const text = await readText(response, {
      maximumBytes: limits.messageBytes,
      deadlineMs: limits.openDeadlineMs,
    })
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

/** The whole body. Throws instead of growing without end, or waiting without end for the next part of it. */
export async function readBytes(response: Response, limits: BodyLimits): Promise<Uint8Array> {
  const reader = response.body?.getReader()
  const parts: Uint8Array[] = []
  let size = 0
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    void reader?.cancel().catch(() => undefined)
  }, limits.deadlineMs)
  try {
    for (;;) {
      const read = await reader?.read()
      if (isLate) throw new RangeError(`an answer took longer than ${limits.deadlineMs} ms`)
      if (read === undefined || read.done) break
      size += read.value.byteLength
      parts.push(read.value)
      if (size <= limits.maximumBytes) continue
      void reader?.cancel().catch(() => undefined)
      throw new RangeError(`an answer is larger than ${limits.maximumBytes} bytes`)
    }
  } finally {
    clearTimeout(timer)
  }
  return concatenate(parts, size)
}

export interface BodyLimits {
  maximumBytes: number
  /** From now to its last byte. */
  deadlineMs: number
}

export async function readText(response: Response, limits: BodyLimits): Promise<string> {
  return new TextDecoder().decode(await readBytes(response, limits))
}

/** True when the last bytes end an event, so that a comment may follow. */
function endsEvent(bytes: Uint8Array): boolean {
  const [before, last] = [bytes.at(-2), bytes.at(-1)]
  if (last !== 10) return false
  return before === 10 || (before === 13 && bytes.at(-3) === 10)
}

/** What follows the last event that ends in these bytes; undefined if none does. */
function bytesAfterEvent(bytes: Uint8Array): number | undefined {
  for (let at = bytes.lastIndexOf(10); at > 0; at = bytes.lastIndexOf(10, at - 1)) {
    if (endsEvent(bytes.subarray(0, at + 1))) return bytes.byteLength - at - 1
  }
  return undefined
}

/** A server that can resume gives its first event an id (MCP 2025-11-25, "priming event"), or each of them one. */
function startsWithId(bytes: Uint8Array): boolean {
  return /(?:^|\n)id:/.test(new TextDecoder().decode(bytes.subarray(0, 4096)))
}
