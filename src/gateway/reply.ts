/** The answer to one POST in the form that events choose: JSON if the answer comes first, a stream if anything comes before it (MCP 2025-03-26, transports, "Sending Messages to the Server"). */

import { eventStreamHeaders, formatServerSentEvent, keepAliveComment } from '../mcp/event-stream.ts'
import { formatRpcError, jsonRpcCodes } from '../mcp/json-rpc.ts'
import { asResponse, type PlainBody, PlainResponse } from '../platform/plain-response.ts'
import type { UpstreamLimits } from './limits.ts'

export interface EventSink {
  readonly response: Response
  /** False when the client is gone, or reads so slowly that no more is held for it. */
  send(text: string, event?: 'message' | 'endpoint'): boolean
  end(): void
}

/** A stream of JSON-RPC messages with keep-alives. `onEnd` is called once, whichever side ends it. */
export function openEventSink(
  limits: Pick<UpstreamLimits, 'keepAliveMs' | 'messageBytes'>,
  onEnd: () => void = () => {},
): EventSink {
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let over = false
  const finish = (): void => {
    if (over) return
    over = true
    clearInterval(keepAlive)
    onEnd()
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start(opened) {
        controller = opened
      },
      cancel: finish,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 65_536 }),
  )
  const keepAlive = setInterval(() => {
    if ((controller?.desiredSize ?? 0) > 0) controller?.enqueue(encoder.encode(keepAliveComment))
  }, limits.keepAliveMs)
  return {
    response: new Response(body, { headers: { ...eventStreamHeaders } }),
    send(text, event = 'message') {
      if (over || controller === undefined) return false
      if ((controller.desiredSize ?? 0) < -limits.messageBytes) return false
      controller.enqueue(encoder.encode(formatServerSentEvent({ event, data: text })))
      return true
    },
    end() {
      if (over) return
      controller?.close()
      finish()
    },
  }
}

export interface Reply {
  readonly response: Promise<Response>
  /** A notification or request of the upstream, before the answer. False if this client cannot be given one here. */
  tell(text: string): boolean
  /** One of the answers; the last completes the reply. */
  answer(text: string, status?: number): void
  /** No more answers come: the client cancelled. */
  abandon(): void
}

export interface ReplyOptions {
  /** How many requests the POST held. */
  expected: number
  batch: boolean
  wantsEventStream: boolean
  limits: UpstreamLimits
  /** The client left before its answer. */
  onGone: () => void
}

export function createReply(options: ReplyOptions): Reply {
  const { promise, resolve } = Promise.withResolvers<Response>()
  const answers: string[] = []
  let worstStatus = 200
  let sink: EventSink | undefined
  let complete = false

  const stream = (): EventSink => {
    if (sink !== undefined) return sink
    clearTimeout(timer)
    const opened = openEventSink(options.limits, () => {
      if (!complete) options.onGone()
    })
    sink = opened
    for (const text of answers) opened.send(text)
    resolve(opened.response)
    return opened
  }
  const mayStream = options.wantsEventStream && options.expected > 0
  const timer = mayStream ? setTimeout(stream, options.limits.streamAfterMs) : undefined

  return {
    response: promise,
    tell(text) {
      if (complete || !mayStream) return false
      return stream().send(text)
    },
    answer(text, status = 200) {
      if (complete) return
      worstStatus = Math.max(worstStatus, status)
      answers.push(text)
      sink?.send(text)
      if (answers.length < options.expected) return
      complete = true
      clearTimeout(timer)
      if (sink !== undefined) sink.end()
      else resolve(jsonResponse(options.batch ? `[${answers.join(',')}]` : (answers[0] ?? ''), worstStatus))
    },
    abandon() {
      if (complete) return
      complete = true
      clearTimeout(timer)
      const opened = sink ?? openEventSink(options.limits)
      resolve(opened.response)
      opened.end()
    },
  }
}

export function jsonResponse(text: PlainBody, status: number = 200): Response {
  return asResponse(new PlainResponse(text, { status, headers: { 'content-type': 'application/json' } }))
}

/** To a client's answer to a question that nobody asked, or no longer. */
export function nothingWaits(): Response {
  const refusal = formatRpcError(null, jsonRpcCodes.invalidRequest, 'no request waits for this response')
  return jsonResponse(JSON.stringify(refusal), 400)
}
