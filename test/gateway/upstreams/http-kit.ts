// The kit server behind HTTP handlers with sessions, on a loopback port or as a function; its crash is a connection that breaks and a server that forgets.

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { createKitServer } from './kit-server.ts'

export interface HttpKit {
  url: string
  /** Headers of everything that came. */
  heard: IncomingMessage['headers'][]
  close(): Promise<void>
}

export async function startHttpKit(): Promise<HttpKit> {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const heard: IncomingMessage['headers'][] = []
  const http = createServer(async (request, response) => {
    heard.push(request.headers)
    const id = request.headers['mcp-session-id']
    const known = typeof id === 'string' ? sessions.get(id) : undefined
    if (known !== undefined) return known.handleRequest(request, response)
    if (id !== undefined) {
      response.writeHead(404, { 'content-type': 'application/json' })
      response.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}')
      return
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (opened) => void sessions.set(opened, transport),
      onsessionclosed: (closed) => void sessions.delete(closed),
    })
    const { server } = createKitServer(() => {
      sessions.clear()
      http.closeAllConnections()
    })
    await server.connect(transport as Transport)
    await transport.handleRequest(request, response)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    heard,
    async close() {
      http.closeAllConnections()
      await new Promise<void>((resolve) => http.close(() => resolve()))
    },
  }
}

/** The same as a function, with the web-standard transport. */
export function kitHandler(): (request: Request) => Promise<Response> {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>()
  const breakers = new Set<() => void>()
  return async function handle(request) {
    const id = request.headers.get('mcp-session-id')
    const known = id === null ? undefined : sessions.get(id)
    if (id !== null && known === undefined) return new Response(null, { status: 404 })
    if (known !== undefined) return breakable(await known.handleRequest(request), breakers)
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (opened) => void sessions.set(opened, transport),
      onsessionclosed: (closed) => void sessions.delete(closed),
    })
    const { server } = createKitServer(() => {
      sessions.clear()
      // After the answer's stream is open.
      setTimeout(() => breakers.forEach((breakOff) => void breakOff()), 20)
    })
    await server.connect(transport as Transport)
    return transport.handleRequest(request)
  }
}

function breakable(response: Response, breakers: Set<() => void>): Response {
  const reader = response.body?.getReader()
  if (reader === undefined) return response
  let breakOff = (): void => {}
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      breakOff = () => controller.error(new Error('the server broke down'))
      breakers.add(breakOff)
    },
    async pull(controller) {
      const { done, value } = await reader.read()
      if (!done) return controller.enqueue(value)
      breakers.delete(breakOff)
      controller.close()
    },
    cancel(reason) {
      breakers.delete(breakOff)
      return reader.cancel(reason)
    },
  })
  return new Response(body, { status: response.status, headers: response.headers })
}
