/** The body of a POST: no web form, within its size, UTF-8, JSON, and JSON-RPC (MCP 2025-03-26, transports; JSON-RPC 2.0 §4). */

import { type JsonRpcMessage, jsonRpcCodes, jsonRpcFault } from '../mcp/json-rpc.ts'
import { isFormType } from '../mcp/streamable-http.ts'
import { readBoundedBody } from '../platform/bounded-body.ts'
import { PlainRequest } from '../platform/plain-request.ts'
import type { GatewayLimits } from './limits.ts'
import { RpcRefusal } from './refusal.ts'

export interface MessageBody {
  bytes: Uint8Array
  text: string
  messages: JsonRpcMessage[]
  batch: boolean
}

export async function readMessageBody(request: Request, limits: GatewayLimits): Promise<MessageBody> {
  if (isFormType(request.headers.get('content-type'))) {
    throw new RpcRefusal(415, jsonRpcCodes.serverError, 'Content-Type must be application/json')
  }
  const whole = PlainRequest.takeBody(request)
  if (whole !== undefined && whole.length > limits.bodyBytes) throw tooLarge(limits.bodyBytes)
  const bytes = whole ?? (await readCapped(request, limits.bodyBytes))
  let text: string
  let value: unknown
  try {
    text = decoder.decode(bytes)
    value = JSON.parse(text)
  } catch {
    throw new RpcRefusal(400, jsonRpcCodes.parseError, 'the body is not JSON in UTF-8')
  }
  const batch = Array.isArray(value)
  const messages: unknown[] = Array.isArray(value) ? value : [value]
  if (messages.length === 0) throw invalid('a batch must not be empty')
  if (messages.length > limits.batchMessages) {
    throw invalid(`a batch must not hold more than ${limits.batchMessages} messages`)
  }
  for (const message of messages) {
    const fault = jsonRpcFault(message)
    if (fault !== undefined) throw invalid(fault)
  }
  return { bytes, text, messages: messages as JsonRpcMessage[], batch }
}

const decoder = new TextDecoder('utf-8', { fatal: true })

export async function readCapped(request: Request, maximumBytes: number): Promise<Uint8Array> {
  const bytes = await readBoundedBody(request, maximumBytes)
  if (bytes === undefined) throw tooLarge(maximumBytes)
  return bytes
}

function tooLarge(maximumBytes: number): RpcRefusal {
  return new RpcRefusal(413, jsonRpcCodes.serverError, `the body is larger than ${maximumBytes} bytes`)
}

function invalid(message: string): RpcRefusal {
  return new RpcRefusal(400, jsonRpcCodes.invalidRequest, message)
}
