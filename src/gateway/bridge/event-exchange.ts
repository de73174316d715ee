/** Every message of an upstream's answer as it comes, and where its stream could be taken up again (MCP 2025-11-25, transports, resumability). */

import { readServerSentEvents } from '../../mcp/event-stream.ts'
import { type JsonRpcMessage, jsonRpcFault } from '../../mcp/json-rpc.ts'
import { readText } from '../event-relay.ts'
import { discard, mediaType } from '../http-exchange.ts'
import type { UpstreamLimits } from '../limits.ts'

/** Where a stream ended. */
export interface StreamPosition {
  lastEventId: string | undefined
  retryMs: number | undefined
}

/** Whatever breaks off, or is no message, is an end without an answer. Never rejects. */
export async function readExchange(
  response: Response,
  limits: UpstreamLimits,
  onMessage: (message: JsonRpcMessage, text: string) => void,
): Promise<StreamPosition> {
  const position: StreamPosition = { lastEventId: undefined, retryMs: undefined }
  try {
    if (mediaType(response) === 'text/event-stream' && response.body !== null) {
      for await (const { data, id, retryMs } of readServerSentEvents(response.body, limits.messageBytes)) {
        if (id !== undefined) position.lastEventId = id
        if (retryMs !== undefined) position.retryMs = retryMs
        // A priming event has no data (MCP 2025-11-25).
        if (data !== '') readMessages(data, onMessage)
      }
    } else if (response.status !== 202 && response.status !== 204) {
      const whole = { maximumBytes: limits.messageBytes, deadlineMs: limits.callDeadlineMs }
      readMessages(await readText(response, whole), onMessage)
    }
  } catch {
    await discard(response)
  }
  return position
}

function readMessages(text: string, onMessage: (message: JsonRpcMessage, text: string) => void): void {
  const value: unknown = JSON.parse(text)
  // A server of 2025-03-26 may answer with an array.
  for (const element of Array.isArray(value) ? value : [value]) {
    if (jsonRpcFault(element) !== undefined) continue
    onMessage(element as JsonRpcMessage, Array.isArray(value) ? JSON.stringify(element) : text)
  }
}
