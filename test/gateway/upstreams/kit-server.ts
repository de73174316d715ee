// An MCP server made with the official SDK whose tools show what an upstream must manage: echo, stream, wait, ask, crash, binary. Runs on stdio when started as a program.

import { pathToFileURL } from 'node:url'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  ElicitResultSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'

export interface KitServer {
  server: Server
  /** How often a call was told to stop. */
  cancelled(): number
}

/** 64 KiB of every byte value: base64 of it has all 64 characters in it. */
export const binary: string = Buffer.from(
  Uint8Array.from({ length: 65_536 }, (_, index) => (index * 7) % 256),
).toString('base64')

export function createKitServer(crash: () => void): KitServer {
  let cancelled = 0
  const server = new Server(
    { name: 'kit', version: '1' },
    { capabilities: { tools: { listChanged: true }, resources: {}, logging: {} } },
  )
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.keys(tools).map((name) => ({
      name,
      inputSchema: { type: 'object' as const },
      annotations: { readOnlyHint: true },
    })),
  }))
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => ({
    contents: [{ uri: params.uri, mimeType: 'application/octet-stream', blob: binary }],
  }))
  const text = (value: string): CallToolResult => ({ content: [{ type: 'text', text: value }] })
  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, milliseconds))

  type Call = Parameters<Parameters<typeof server.setRequestHandler<typeof CallToolRequestSchema>>[1]>
  const tools: Record<string, (...call: Call) => CallToolResult | Promise<CallToolResult>> = {
    echo: ({ params }) => text(String(params.arguments?.text)),
    image: () => ({ content: [{ type: 'image', data: binary, mimeType: 'image/png' }] }),
    async progress({ params }, extra) {
      const progressToken = params._meta?.progressToken
      for (const progress of [1, 2, 3]) {
        if (progressToken === undefined) continue
        await extra.sendNotification({
          method: 'notifications/progress',
          params: { progressToken, progress, total: 3 },
        })
        await pause(10)
      }
      return text('done')
    },
    async wait(_, extra) {
      await new Promise<void>((resolve) => {
        extra.signal.addEventListener('abort', () => {
          cancelled++
          resolve()
        })
      })
      return text('never')
    },
    async ask(_, extra) {
      const params = { message: 'Who?', requestedSchema: { type: 'object' as const, properties: {} } }
      const { action } = await extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema)
      return text(`they ${action}`)
    },
    async change() {
      await server.sendToolListChanged()
      return text('changed')
    },
    async log(_, extra) {
      await extra.sendNotification({
        method: 'notifications/message',
        params: { level: 'info', data: 'hello' },
      })
      return text('logged')
    },
    cancelled: () => text(String(cancelled)),
    process: () => text(String(process.pid)),
    environment: () => text(JSON.stringify(process.env)),
    place: () => text(process.cwd()),
    client: () =>
      text(
        JSON.stringify([server.getClientVersion(), server.getClientCapabilities(), process.argv.slice(2)]),
      ),
    crash() {
      crash()
      return new Promise<CallToolResult>(() => {})
    },
  }
  server.setRequestHandler(CallToolRequestSchema, (request, extra) => {
    const tool = tools[request.params.name]
    return tool === undefined ? { ...text('no such tool'), isError: true } : tool(request, extra)
  })
  return { server, cancelled: () => cancelled }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stderr.write('kit server says hello\n')
  await createKitServer(() => process.exit(3)).server.connect(new StdioServerTransport())
}
