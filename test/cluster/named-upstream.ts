// An MCP server with sessions, which answers each call with the name that its session was opened under: a call that reached it as somebody else's is seen.

import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface NamedUpstream {
  readonly url: string
  stop(): Promise<void>
}

export async function startNamedUpstream(): Promise<NamedUpstream> {
  const names = new Map<string, string>()
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    if (request.method !== 'POST')
      return void response.writeHead(request.method === 'DELETE' ? 200 : 405).end()
    const { id, method, params } = JSON.parse(text) as {
      id?: unknown
      method: string
      params?: { clientInfo?: { name: string }; arguments?: { text?: string } }
    }
    if (id === undefined) return void response.writeHead(202).end()
    const session = String(request.headers['mcp-session-id'] ?? '')
    const answer = (result: object, headers: Record<string, string> = {}): void => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers })
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }))
    }
    if (method === 'initialize') {
      const opened = randomUUID()
      names.set(opened, params?.clientInfo?.name ?? '')
      const serverInfo = { name: 'named', version: '1' }
      return answer(
        { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo },
        { 'mcp-session-id': opened },
      )
    }
    if (!names.has(session)) return void response.writeHead(404).end()
    if (method === 'tools/list') {
      const tool = { name: 'whoami', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }
      return answer({ tools: [tool] })
    }
    answer({ content: [{ type: 'text', text: `${names.get(session)} ${params?.arguments?.text}` }] })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    stop() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
