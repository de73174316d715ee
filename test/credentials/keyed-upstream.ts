// An MCP server that only knows keys: it says whose key it was called with, and binds its sessions to it.

import type { Upstream } from '../../src/gateway/upstream.ts'
import { inProcessUpstream } from '../../src/index.ts'

export interface KeyedUpstream {
  upstream: Upstream
  /** The same, for a port. */
  handler(request: Request): Promise<Response>
  /** Whose each key is; what is taken out is refused from then on. */
  keys: Map<string, string>
  /** What it was asked: method and person, as far as it knew one. */
  calls: { method: string; person: string | undefined; authorization: string | null; headers: Headers }[]
}

export function keyedUpstream(keys: Record<string, string>, header = 'authorization'): KeyedUpstream {
  const known = new Map(Object.entries(keys))
  const calls: KeyedUpstream['calls'] = []
  const sessions = new Map<string, string>()
  let count = 0

  async function handler(request: Request): Promise<Response> {
    const key = request.headers.get(header)?.replace(/^Bearer /, '') ?? ''
    const person = known.get(key)
    const { id, method } =
      request.method === 'POST'
        ? ((await request.json()) as { id?: number; method: string })
        : { id: undefined, method: request.method }
    calls.push({ method, person, authorization: request.headers.get(header), headers: request.headers })
    if (person === undefined) {
      return Response.json({ message: `there is no key <b>${key.slice(0, 4)}</b>…` }, { status: 401 })
    }
    if (request.method !== 'POST') return new Response(null, { status: 405 })
    const session = request.headers.get('mcp-session-id')
    if (method !== 'initialize' && session !== null && sessions.get(session) !== key)
      return new Response(null, { status: 404 })
    if (id === undefined) return new Response(null, { status: 202 })
    const headers = new Headers()
    if (method === 'initialize') {
      const opened = `session-${++count}`
      sessions.set(opened, key)
      headers.set('mcp-session-id', opened)
    }
    const results: Record<string, unknown> = {
      initialize: {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'keyed', version: '1' },
      },
      'tools/list': {
        tools: [{ name: 'whoami', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } }],
      },
      'tools/call': { content: [{ type: 'text', text: `you are ${person}` }] },
    }
    return Response.json({ jsonrpc: '2.0', id, result: results[method] }, { headers })
  }
  return { upstream: inProcessUpstream({ handler }), handler, keys: known, calls }
}
