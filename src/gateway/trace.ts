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
  return new RequestTrace(telemetry)
}

class RequestTrace implements Trace {
  readonly #telemetry: Telemetry
  #flowId: string | undefined
  fields: EventFields = {}

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry
  }

  /** Made late: most requests belong to a flow that their token knows. */
  get flowId(): string {
    this.#flowId ??= randomId()
    return this.#flowId
  }

  set flowId(known: string) {
    this.#flowId = known
  }

  emit(name: string, fields: EventFields): void {
    this.#telemetry.emit(name, this.flowId, this.fields, fields)
  }
}

export function describeBody(body: MessageBody, trace: Trace): void {
  const [first] = body.messages
  if (first === undefined) return
  const rpcMethod = isResponse(first) ? 'response' : first.method
  Object.assign(trace.fields, { rpcMethod, tool: toolOf(first), bytes: body.bytes.byteLength })
}
