/** The body of a POST: no web form, within its size, UTF-8, JSON, and JSON-RPC (MCP 2025-03-26, transports; JSON-RPC 2.0 §4). */

import { type JsonRpcMessage, jsonRpcCodes, jsonRpcFault } from '../mcp/json-rpc.ts'
import { isFormType } from '../mcp/streamable-http.ts'
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
  const declared = request.headers.get('content-length')
  if (declared !== null && Number(declared) > maximumBytes) throw tooLarge(maximumBytes)
  if (declared !== null) {
    // The length is known and small enough: one read, no copying.
    const bytes = await bytesOf(request)
    if (bytes.byteLength > maximumBytes) throw tooLarge(maximumBytes)
    return bytes
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > maximumBytes) throw tooLarge(maximumBytes)
    chunks.push(chunk)
  }
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : concatenate(chunks, size)
}

/** Runtimes that do not know it yet copy once more. */
async function bytesOf(request: Request): Promise<Uint8Array> {
  return 'bytes' in request ? request.bytes() : new Uint8Array(await (request as Body).arrayBuffer())
}

export function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole
}

function tooLarge(maximumBytes: number): RpcRefusal {
  return new RpcRefusal(413, jsonRpcCodes.serverError, `the body is larger than ${maximumBytes} bytes`)
}

function invalid(message: string): RpcRefusal {
  return new RpcRefusal(400, jsonRpcCodes.invalidRequest, message)
}
