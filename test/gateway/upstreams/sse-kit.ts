// The kit server behind the official transport of 2024-11-05, on a loopback port; its crash is a connection that breaks and a server that forgets.

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { createKitServer } from './kit-server.ts'

export interface SseKit {
  /** Of the stream. */
  url: string
  heard: { method: string; path: string; headers: IncomingMessage['headers'] }[]
  /** Streams that are open now. */
  open(): number
  /** As if the server had been started again. */
  restart(): void
  close(): Promise<void>
}

export async function startSseKit(): Promise<SseKit> {
  const transports = new Map<string, SSEServerTransport>()
  const heard: SseKit['heard'] = []
  const http = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://kit')
    heard.push({ method: request.method ?? '', path: pathname, headers: request.headers })
    if (request.method === 'GET' && pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', response)
      transports.set(transport.sessionId, transport)
      response.on('close', () => transports.delete(transport.sessionId))
      await createKitServer(restart).server.connect(transport)
      return
    }
    const transport = transports.get(searchParams.get('sessionId') ?? '')
    if (request.method === 'POST' && pathname === '/messages' && transport !== undefined) {
      return transport.handlePostMessage(request, response)
    }
    response.writeHead(404).end('Not found')
  })
  function restart(): void {
    transports.clear()
    http.closeAllConnections()
  }
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/sse`,
    heard,
    open: () => transports.size,
    restart,
    async close() {
      http.closeAllConnections()
      await new Promise<void>((resolve) => http.close(() => resolve()))
    },
  }
}
