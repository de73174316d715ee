/** What is known of one request so far, for the events that tell of it. */

import { isResponse } from '../mcp/json-rpc.ts'
import { randomId } from '../platform/crypto.ts'
import type { EventFields, Telemetry } from '../platform/telemetry.ts'
import type { MessageBody } from './body.ts'
import { toolOf } from './policy.ts'

export interface Trace {
  flowId: string
  fields: EventFields
  emit(name: string, fields: EventFields): void
}

export function createTrace(telemetry: Telemetry): Trace {
  let flowId: string | undefined
  const trace: Trace = {
    // Most requests belong to a flow that their token knows.
    get flowId() {
      flowId ??= randomId()
      return flowId
    },
    set flowId(known) {
      flowId = known
    },
    fields: {},
    emit: (name, fields) => telemetry.emit(name, trace.flowId, { ...trace.fields, ...fields }),
  }
  return trace
}

export function describeBody(body: MessageBody, trace: Trace): void {
  const [first] = body.messages
  if (first === undefined) return
  const rpcMethod = isResponse(first) ? 'response' : first.method
  trace.fields = { ...trace.fields, rpcMethod, tool: toolOf(first), bytes: body.bytes.byteLength }
}
