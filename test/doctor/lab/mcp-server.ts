// The good MCP server of the lab: 2025-11-25 and before, stateless (its session id means nothing to it), JSON answers; tokens asked for as the variant says.

import { json, type Lab, unauthorized } from './lab.ts'

type Message = { id?: string | number; method?: string; params?: Record<string, unknown> }

const versions = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']
/** Given because the clients of 2025 list nothing without one. */
export const sessionId = 'session-of-the-lab'
/** What a lazy server answers to anybody. */
const openMethods = ['initialize', 'server/discover', 'ping', 'tools/list', 'prompts/list', 'resources/list']

export function mcpServer(
  lab: Lab,
  isAccepted: (token: string | undefined) => boolean,
): (request: Request) => Promise<Response | undefined> {
  return async (request) => {
    const { origin, pathname } = new URL(request.url)
    if (origin !== new URL(lab.url).origin || pathname.replace(/\/$/, '') !== new URL(lab.url).pathname)
      return undefined
    const token = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
    const message =
      request.method === 'POST' ? ((await request.json().catch(() => ({}))) as Message) : undefined
    if (needsToken(message, token) && !isAccepted(token)) return unauthorized(lab, token)
    if (message === undefined) return json({ error: 'method not allowed' }, 405, { Allow: 'POST' })
    if (message.method === undefined) return json(rpcError(null, -32600, 'Invalid Request'), 400)
    if (message.id === undefined) return new Response(null, { status: 202 })
    const headers: Record<string, string> =
      message.method === 'initialize' ? { 'Mcp-Session-Id': sessionId } : {}
    return json(answer(lab, message), 200, headers)
  }

  function needsToken(message: Message | undefined, token: string | undefined): boolean {
    const { access } = lab.settings
    if (access === 'none') return false
    if (access === 'oauth' || token !== undefined) return true
    const method = message?.method ?? ''
    return message !== undefined && !openMethods.includes(method) && !method.startsWith('notifications/')
  }
}

function answer(lab: Lab, { id, method, params }: Message): unknown {
  if (method === 'initialize') {
    const asked = String(params?.protocolVersion)
    return result(id, {
      protocolVersion: versions.includes(asked) ? asked : versions.at(-1),
      capabilities: { tools: {}, prompts: {}, resources: {} },
      serverInfo: { name: 'lab', title: 'The lab', version: '1.0.0' },
    })
  }
  if (method === 'ping') return result(id, {})
  if (method === 'tools/list') return result(id, { tools: lab.settings.tools })
  if (method === 'prompts/list') return result(id, { prompts: [] })
  if (method === 'resources/list') return result(id, { resources: [] })
  if (method === 'tools/call') return result(id, { content: [{ type: 'text', text: 'done' }] })
  return rpcError(id, -32601, `Method not found: ${method}`)
}

function result(id: Message['id'], value: Record<string, unknown>): unknown {
  return { jsonrpc: '2.0', id, result: value }
}

function rpcError(id: Message['id'] | null, code: number, message: string): unknown {
  return { jsonrpc: '2.0', id, error: { code, message } }
}
