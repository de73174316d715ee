// A door on a port for a proxy to stand before, with a tool that says how far it is while it runs.

import { startServer } from '../../src/app/node.ts'
import { openDoor } from '../door.ts'
import { result, scriptedUpstream } from '../gateway/scripted-upstream.ts'

export interface DoorBehindProxy {
  /** As clients know it. */
  origin: string
  mcpUrl: string
  /** Of the door itself. */
  port: number
  /** What the last request said of whom it was forwarded for. */
  forwardedFor(): string | null
  call(accessToken: string, tool: 'slow' | 'quick', text?: string): Promise<Response>
  /** Lets the slow tool come to its end. */
  finish(): void
  close(): Promise<void>
}

export async function openBehindProxy(origin: string): Promise<DoorBehindProxy> {
  const finished = Promise.withResolvers<void>()
  const { upstream } = scriptedUpstream((seen) => {
    if (seen.body.method !== 'tools/call') return undefined
    const { name, arguments: given } = seen.body.params as { name: string; arguments: { text: string } }
    if (name === 'quick') return result(seen, content(`${given.text.length}`))
    return slowAnswer(seen.body.id, finished.promise)
  })
  const door = await openDoor({ publicUrl: origin, connectors: [{ name: 'Notes', path: '/mcp', upstream }] })
  let forwardedFor: string | null = null
  const server = await startServer({
    port: 0,
    host: '127.0.0.1',
    fetch(request, connection) {
      forwardedFor = request.headers.get('x-forwarded-for')
      return door.postern.fetch(request, connection)
    },
  })
  return {
    origin,
    mcpUrl: `${origin}/mcp`,
    port: server.port,
    forwardedFor: () => forwardedFor,
    finish: () => finished.resolve(),
    call: (accessToken, name, text = '') =>
      fetch(`${origin}/mcp`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          authorization: `Bearer ${accessToken}`,
          'mcp-protocol-version': '2025-11-25',
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name, arguments: { text }, _meta: { progressToken: 'p' } },
        }),
      }),
    async close() {
      finished.resolve()
      await server.close(0)
      await door.postern.close()
    },
  }
}

function content(text: string): Record<string, unknown> {
  return { content: [{ type: 'text', text }] }
}

/** Its progress at once, its result when it is told. */
function slowAnswer(id: unknown, finished: Promise<void>): Response {
  const event = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`
  const params = { progressToken: 'p', progress: 1, total: 2, message: 'half of it' }
  const stream = new ReadableStream<string>({
    async start(controller) {
      controller.enqueue(event({ method: 'notifications/progress', params }))
      await finished
      controller.enqueue(event({ id, result: content('all of it') }))
      controller.close()
    },
  })
  const headers = { 'content-type': 'text/event-stream' }
  return new Response(stream.pipeThrough(new TextEncoderStream()), { headers })
}
