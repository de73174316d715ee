// A handler that notes what reaches it and answers as it is told: for what the gateway sends on, and what it makes of odd answers.

import type { UpstreamLimits } from '../../src/gateway/limits.ts'
import type { Upstream } from '../../src/gateway/upstream.ts'
import { inProcessUpstream } from '../../src/gateway/upstreams/in-process.ts'

export interface Reached {
  method: string
  headers: Record<string, string>
  text: string
  body: { id?: unknown; method?: string; params?: Record<string, unknown> }
}

export interface ScriptedUpstream {
  upstream: Upstream
  handler(request: Request): Promise<Response>
  reached: Reached[]
  /** What reached it that is a call of this method. */
  calls(method: string): Reached[]
}

type Answer = (request: Reached) => Response | undefined | Promise<Response | undefined>

/** Without a script it is a sessionless server of 2025-11-25 with two tools. */
export function scriptedUpstream(
  script: Answer = () => undefined,
  limits?: Partial<UpstreamLimits>,
): ScriptedUpstream {
  const reached: Reached[] = []
  const handler = async (request: Request): Promise<Response> => {
    const text = await request.text()
    const seen: Reached = {
      method: request.method,
      headers: Object.fromEntries(request.headers),
      text,
      body: text === '' ? {} : JSON.parse(text),
    }
    reached.push(seen)
    return (await script(seen)) ?? usual(seen)
  }
  return {
    upstream: inProcessUpstream(limits === undefined ? { handler } : { handler, limits }),
    handler,
    reached,
    calls: (method) => reached.filter(({ body }) => body.method === method),
  }
}

/** The same, and it says that it speaks 2026-07-28 too. */
export function modernScriptedUpstream(
  script: Answer = () => undefined,
  limits?: Partial<UpstreamLimits>,
): ScriptedUpstream {
  return scriptedUpstream(
    async (seen) =>
      (await script(seen)) ?? (seen.body.method === 'server/discover' ? discovered(seen) : undefined),
    limits,
  )
}

export function discovered(seen: Reached): Response {
  return result(seen, {
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
    ttlMs: 0,
    cacheScope: 'private',
  })
}

export function result(seen: Reached, value: Record<string, unknown>): Response {
  return Response.json({ jsonrpc: '2.0', id: seen.body.id, result: value })
}

export const tools: readonly Record<string, unknown>[] = [
  {
    name: 'search',
    inputSchema: { type: 'object' },
    annotations: { readOnlyHint: true, title: 'Search notes' },
  },
  { name: 'erase', title: 'Erase a note', inputSchema: { type: 'object' } },
  { name: 'append', inputSchema: { type: 'object' }, annotations: { destructiveHint: false } },
]

function usual(seen: Reached): Response {
  if (seen.method !== 'POST') return new Response(null, { status: 405 })
  const { id, method, params = {} } = seen.body
  if (method === undefined || id === undefined) return new Response(null, { status: 202 })
  if (method === 'initialize') {
    return result(seen, {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'scripted', version: '1' },
    })
  }
  if (method === 'tools/list') return result(seen, { tools })
  if (method === 'tools/call') {
    return result(seen, { content: [{ type: 'text', text: `called ${String(params.name)}` }] })
  }
  if (method === 'ping' || method === 'resources/read' || method === 'prompts/get') return result(seen, {})
  return Response.json({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } })
}
