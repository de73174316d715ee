// One server of each kind, by the official SDKs, with the same tools.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import type { Upstream } from '../../../src/gateway/upstream.ts'
import { inProcessUpstream } from '../../../src/gateway/upstreams/in-process.ts'
import { stdioUpstream } from '../../../src/gateway/upstreams/stdio.ts'
import { urlUpstream } from '../../../src/gateway/upstreams/url.ts'
import {
  createHandshakeServer,
  createSeen,
  sessionfulHandler,
  sessionlessHandler,
} from '../bridge/handshake-server.ts'
import { statelessHandler } from '../bridge/stateless-server.ts'

export interface StartedUpstream {
  upstream: Upstream
  close(): Promise<void>
}

export const kinds = [
  'stdio',
  'HTTP+SSE',
  'Streamable HTTP, sessions',
  'Streamable HTTP, no sessions',
  '2026-07-28 only',
  '2026-07-28 only, stdio',
  'both eras',
] as const
export type Kind = (typeof kinds)[number]

export const starts: Readonly<Record<Kind, () => Promise<StartedUpstream>>> = {
  stdio: async () => plain(command('handshake-server.ts')),
  'HTTP+SSE': startSse,
  'Streamable HTTP, sessions': async () => plain(inProcessUpstream(sessionfulHandler())),
  'Streamable HTTP, no sessions': async () => plain(inProcessUpstream(sessionlessHandler())),
  '2026-07-28 only': async () => plain(inProcessUpstream(statelessHandler('reject'))),
  '2026-07-28 only, stdio': async () => plain(command('stateless-server.ts')),
  'both eras': async () => plain(inProcessUpstream(statelessHandler('stateless'))),
}

function plain(upstream: Upstream): StartedUpstream {
  return { upstream, close: async () => {} }
}

function command(file: string): Upstream {
  return stdioUpstream({
    command: [process.execPath, join(import.meta.dirname, '..', 'bridge', file)],
    cwd: import.meta.dirname,
    env: {},
    environment: process.env,
  })
}

async function startSse(): Promise<StartedUpstream> {
  const seen = createSeen()
  const transports = new Map<string, SSEServerTransport>()
  const http = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://upstream')
    if (request.method === 'GET' && pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', response)
      transports.set(transport.sessionId, transport)
      response.on('close', () => transports.delete(transport.sessionId))
      await createHandshakeServer(seen).connect(transport)
      return
    }
    const transport = transports.get(searchParams.get('sessionId') ?? '')
    if (request.method === 'POST' && transport !== undefined)
      return transport.handlePostMessage(request, response)
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  return {
    upstream: urlUpstream({ url: `http://127.0.0.1:${port}/sse` }),
    async close() {
      http.closeAllConnections()
      await new Promise<void>((resolve) => http.close(() => resolve()))
    },
  }
}
