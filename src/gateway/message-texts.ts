/** The messages of a body, each with the text that it was written as. */

import type { JsonRpcMessage } from '../mcp/json-rpc.ts'
import { elementsOf } from '../mcp/json-text.ts'
import type { UpstreamCall } from './upstream.ts'

export function* messagesWithTexts({
  messages,
  batch,
  text,
}: Pick<UpstreamCall, 'messages' | 'batch' | 'text'>): Generator<[JsonRpcMessage, string]> {
  const [only] = messages
  if (!batch) {
    if (only !== undefined) yield [only, text]
    return
  }
  const spans = elementsOf(text)
  for (const message of messages) {
    const span = spans.next()
    if (span.done) return
    yield [message, text.slice(span.value.start, span.value.end)]
  }
}
