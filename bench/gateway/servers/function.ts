/** The function that all in-process servers of the benchmark have behind them: an MCP server with one tool, and nothing of an SDK. */

export const protocolVersion = '2025-11-25' as const

export const callBody: string = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'add', arguments: { a: 1, b: 2 } },
})

export const initializeBody: string = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion, capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
})

export const initializeResult: object = {
  protocolVersion,
  capabilities: { tools: {} },
  serverInfo: { name: 'bench', version: '1' },
}

export const add = { name: 'add', description: 'Adds two numbers.' } as const

const tools = [
  {
    ...add,
    inputSchema: {
      type: 'object',
      properties: { a: { type: 'number' }, b: { type: 'number' } },
      required: ['a', 'b'],
    },
    annotations: { readOnlyHint: true },
  },
]

interface Message {
  id?: number
  method: string
  params?: { arguments?: { a: number; b: number } }
}

/** Undefined: a notification. */
export function answer({ id, method, params }: Message): unknown {
  if (id === undefined) return undefined
  if (method === 'initialize') return { jsonrpc: '2.0', id, result: initializeResult }
  if (method === 'tools/list') return { jsonrpc: '2.0', id, result: { tools } }
  const { a = 0, b = 0 } = params?.arguments ?? {}
  return { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: String(a + b) }] } }
}

export async function answerRequest(request: Request): Promise<Response> {
  if (request.method === 'GET')
    return new Response(silence(), { headers: { 'content-type': 'text/event-stream' } })
  if (request.method !== 'POST') return new Response(null, { status: 405 })
  const answered = answer((await request.json()) as Message)
  return answered === undefined ? new Response(null, { status: 202 }) : Response.json(answered)
}

/** A stream that is open, and says nothing more. */
function silence(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(': open\n\n')),
  })
}
