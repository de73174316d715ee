/** Where messages from the server end up, on whichever stream they came: responses to whom they are owed, requests to be answered. */

import {
  isRequest,
  isResponse,
  type JsonRpcId,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcFault,
} from '../mcp/json-rpc.ts'
import { ConnectFailure } from './connect-failure.ts'

export interface Inbox {
  /** Registers an id before its request leaves, so that no answer is too early. */
  expect(id: JsonRpcId, seconds: number, what: string): Expected
  /** One message or, from old servers, a batch. Throws `ConnectFailure` for what is no message. */
  receive(value: unknown): void
  /** Nothing more will come. */
  fail(error: Error): void
}

export interface Expected {
  response: Promise<JsonRpcResponse>
  readonly isSettled: boolean
  abandon(): void
}

export interface InboxReaders {
  onRequest(request: JsonRpcRequest): void
  onNotification(notification: JsonRpcNotification): void
}

interface Waiting {
  isSettled: boolean
  resolve(response: JsonRpcResponse): void
  reject(error: Error): void
}

export function createInbox(readers: InboxReaders): Inbox {
  const waiting = new Map<JsonRpcId, Waiting>()
  return { expect, receive, fail }

  function expect(id: JsonRpcId, seconds: number, what: string): Expected {
    const { promise, resolve, reject } = Promise.withResolvers<JsonRpcResponse>()
    const entry: Waiting = { isSettled: false, resolve, reject }
    waiting.set(id, entry)
    const tooLate = (): void => {
      entry.isSettled = true
      reject(new ConnectFailure('not-reached', `${what} was not answered within ${seconds} seconds`))
    }
    const timer = setTimeout(tooLate, seconds * 1000)
    // Whoever waits sees a rejection; for one that nobody waits for any more it means nothing.
    promise.catch(() => undefined)
    return {
      response: promise,
      get isSettled() {
        return entry.isSettled
      },
      abandon() {
        clearTimeout(timer)
        waiting.delete(id)
      },
    }
  }

  function receive(value: unknown): void {
    if (Array.isArray(value)) {
      for (const message of value) receive(message)
      return
    }
    const fault = jsonRpcFault(value)
    if (fault !== undefined) {
      throw new ConnectFailure('protocol', `the server sent no JSON-RPC message: ${fault}`)
    }
    const message = value as JsonRpcMessage
    if (isResponse(message)) settle(message)
    else if (isRequest(message)) readers.onRequest(message)
    else readers.onNotification(message)
  }

  function settle(response: JsonRpcResponse): void {
    const entry = response.id === null ? undefined : waiting.get(response.id)
    if (entry === undefined) return
    entry.isSettled = true
    entry.resolve(response)
  }

  function fail(error: Error): void {
    for (const entry of waiting.values()) {
      entry.isSettled = true
      entry.reject(error)
    }
  }
}
