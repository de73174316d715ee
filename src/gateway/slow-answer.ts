/** A call whose answer is long in coming is answered with a stream, which can say meanwhile that it is alive: proxies and clients hang up on silence after a minute (MCP 2025-03-26, transports; requirement GW-13). */

import { CredentialLost } from '../credentials/caller-credential.ts'
import { eventStreamHeaders, formatServerSentEvent, keepAliveComment } from '../mcp/event-stream.ts'
import { isRequest } from '../mcp/json-rpc.ts'
import { elementsOf } from '../mcp/json-text.ts'
import { startDeadline } from '../platform/deadline.ts'
import { discard, mediaType } from './http-exchange.ts'
import type { UpstreamLimits } from './limits.ts'
import { failureResponse, type UpstreamCall } from './upstream.ts'

/** The answer itself if it begins in time, or if the client takes no stream. `work` rejects on a fault of ours, or with `CredentialLost`. */
export function withSignsOfLife(
  call: UpstreamCall,
  work: Promise<Response>,
  limits: UpstreamLimits,
): Promise<Response> {
  if (!call.wantsEventStream || !call.messages.some(isRequest)) return work
  return new Promise((resolve, reject) => {
    const deadline = startDeadline(limits.streamAfterMs, () => {
      const told = work.catch((error: unknown) => {
        // The status has been sent; the next call gets the 401.
        if (!(error instanceof CredentialLost)) throw error
        return failureResponse(call.messages, call.batch, error.message)
      })
      resolve(new Response(lateStream(told, limits), { headers: { ...eventStreamHeaders } }))
    })
    work.then(
      (response) => {
        deadline.clear()
        resolve(response)
      },
      (error: unknown) => {
        deadline.clear()
        reject(error)
      },
    )
  })
}

function lateStream(work: Promise<Response>, { keepAliveMs }: UpstreamLimits): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  let isCancelled = false
  let keepAlive: ReturnType<typeof setInterval> | undefined
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(keepAliveComment))
      keepAlive = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(keepAliveComment))
      }, keepAliveMs)
    },
    async pull(controller) {
      const response = await work.finally(() => clearInterval(keepAlive))
      if (isCancelled) return
      if (mediaType(response) === 'text/event-stream' && response.body !== null) {
        reader ??= response.body.getReader()
        const { done, value } = await reader.read()
        if (!done) controller.enqueue(value)
        else if (!isCancelled) controller.close()
        return
      }
      for (const data of messagesIn(await response.text())) {
        controller.enqueue(encoder.encode(formatServerSentEvent({ event: 'message', data })))
      }
      controller.close()
    },
    async cancel(reason) {
      isCancelled = true
      clearInterval(keepAlive)
      if (reader !== undefined) await reader.cancel(reason)
      else void work.then(discard, () => undefined)
    },
  })
}

function messagesIn(text: string): string[] {
  if (!text.trimStart().startsWith('[')) return text === '' ? [] : [text]
  return [...elementsOf(text)].map(({ start, end }) => text.slice(start, end))
}
