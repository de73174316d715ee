/** What the gateway itself refuses, thrown by whichever step finds it and turned into an answer in one place. */

import { formatRpcError, type JsonRpcErrorBody, type JsonRpcId } from '../mcp/json-rpc.ts'
import { jsonResponse } from './reply.ts'

/** An answer that ends the request here, and why, for the log. */
export class Refusal extends Error {
  readonly response: Response

  constructor(reason: string, response: Response) {
    super(reason)
    this.name = 'Refusal'
    this.response = response
  }
}

/** Refused in the words of JSON-RPC. */
export class RpcRefusal extends Refusal {
  constructor(
    status: number,
    code: number,
    message: string,
    options: {
      id?: JsonRpcId | null
      headers?: Record<string, string>
      data?: JsonRpcErrorBody['data']
    } = {},
  ) {
    const error = formatRpcError(options.id ?? null, code, message, options.data)
    const response = jsonResponse(JSON.stringify(error), status)
    for (const [name, value] of Object.entries(options.headers ?? {})) response.headers.set(name, value)
    super(message, response)
    this.name = 'RpcRefusal'
  }
}
