/** What a session stands on: a transport whose incoming requests are answered, and the reading of what comes back. */

import { type JsonRpcRequest, type JsonRpcResponse, jsonRpcCodes } from '../mcp/json-rpc.ts'
import { createInbox } from './inbox.ts'
import { RpcFailure } from './mcp-errors.ts'
import type { McpServer, McpSessionOptions } from './mcp-session.ts'
import type { Transport, TransportOptions } from './transport.ts'

export interface Link {
  transport: Promise<Transport>
  remarks: string[]
  /** The server said that the subscription stands. */
  acknowledged: Promise<void>
  end(): Promise<void>
}

/** A transport whose incoming requests are answered, and whose notifications are only in the transcript. */
export function createLink(
  options: McpSessionOptions,
  open: (options: TransportOptions) => Promise<Transport>,
  headers: () => Readonly<Record<string, string>> = () => ({}),
): Link {
  const remarks: string[] = []
  const acknowledgement = Promise.withResolvers<void>()
  const inbox = createInbox({
    onRequest(request) {
      void reply(request).catch((error: unknown) => remarks.push(`an answer could not be sent: ${error}`))
    },
    onNotification(notification) {
      if (notification.method === 'notifications/subscriptions/acknowledged') acknowledgement.resolve()
    },
  })
  let hasToken = false
  const transport = open({
    url: options.url,
    rules: options.rules,
    wire: options.wire,
    inbox,
    requestSeconds: options.requestSeconds,
    userAgent: () => options.userAgent(hasToken),
    async token() {
      const token = await options.token()
      hasToken = token !== undefined
      return token
    },
  })
  transport.catch(() => undefined)
  return {
    transport,
    remarks,
    acknowledged: acknowledgement.promise,
    end: async () => (await transport).close(headers()),
  }

  async function reply(request: JsonRpcRequest): Promise<void> {
    const result = options.answer(request.method, request.params)
    const error = {
      code: jsonRpcCodes.methodNotFound,
      message: `this client does not answer ${request.method}`,
    }
    const response = { jsonrpc: '2.0' as const, id: request.id }
    const link = await transport
    await link.post(result === undefined ? { ...response, error } : { ...response, result }, headers())
  }
}

export function resultOf(method: string, response: JsonRpcResponse): Record<string, unknown> {
  if (response.error !== undefined) throw new RpcFailure(method, response.error)
  return objectOf(response.result)
}

export function serverOf(info: unknown, instructions: unknown): McpServer {
  const { name, title, version } = objectOf(info)
  return {
    name: textOf(name),
    title: textOf(title),
    version: textOf(version),
    instructions: textOf(instructions),
  }
}

export function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
