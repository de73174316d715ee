// A server of the handshake era by the official SDK (v1) with one tool for each thing that eras do differently: in this process, or on stdio where this file is the program.

import { pathToFileURL } from 'node:url'
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import {
  type CallToolResult,
  CreateMessageResultSchema,
  ElicitResultSchema,
  ErrorCode,
  ListRootsResultSchema,
  McpError,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'

/** What the server has seen; one for all of its sessions. */
export interface Seen {
  initialized: number
  cancelled: number
  ended: number
  subscribed: string[]
}

export function createSeen(): Seen {
  return { initialized: 0, cancelled: 0, ended: 0, subscribed: [] }
}

export function createHandshakeServer(seen: Seen): McpServer {
  const server = new McpServer(
    { name: 'handshake', version: '1', title: 'Of the handshake era' },
    {
      capabilities: {
        logging: {},
        resources: { subscribe: true, listChanged: true },
        tools: { listChanged: true },
      },
      instructions: 'Ask me.',
    },
  )
  server.server.oninitialized = () => void seen.initialized++

  server.registerTool(
    'echo',
    {
      description: 'Says it again.',
      inputSchema: { text: z.string() },
      annotations: { readOnlyHint: true },
      _meta: { 'example.com/kept': true },
    },
    async ({ text }) => ({ ...said(text), structuredContent: { text }, _meta: { 'example.com/also': 1 } }),
  )
  server.registerTool('fail', {}, async () => ({ ...said('it went wrong'), isError: true }))
  server.registerTool(
    'count',
    { inputSchema: { to: z.number() } },
    async ({ to }, { _meta, sendNotification }) => {
      const progressToken = _meta?.progressToken
      for (let progress = 1; progress <= to && progressToken !== undefined; progress++) {
        const params = { progressToken, progress, total: to }
        await sendNotification({ method: 'notifications/progress', params })
      }
      return said(`counted to ${to}`)
    },
  )
  server.registerTool('ask', {}, async (extra) => {
    const { action, content } = await extra.sendRequest(
      { method: 'elicitation/create', params: question },
      ElicitResultSchema,
    )
    return said(`${action} ${JSON.stringify(content ?? {})}`)
  })
  // Not tied to the call, as many servers write it: it goes out on the stream of the session.
  server.registerTool('ask-aside', {}, async () => {
    const { action, content } = await server.server.elicitInput(question)
    return said(`${action} ${JSON.stringify(content ?? {})}`)
  })
  server.registerTool('ask-twice', {}, async (extra) => {
    const names: string[] = []
    for (const message of ['First?', 'Second?']) {
      const params = { ...question, message }
      const { content } = await extra.sendRequest(
        { method: 'elicitation/create', params },
        ElicitResultSchema,
      )
      names.push(String(content?.name))
    }
    return said(names.join(' and '))
  })
  server.registerTool('sample', {}, async (extra) => {
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'Who are you?' } }]
    const params = { messages, maxTokens: 10 }
    const { content } = await extra.sendRequest(
      { method: 'sampling/createMessage', params },
      CreateMessageResultSchema,
    )
    return said(content.type === 'text' ? content.text : 'no text')
  })
  server.registerTool('roots', {}, async (extra) => {
    const { roots } = await extra.sendRequest({ method: 'roots/list' }, ListRootsResultSchema)
    return said(roots.map(({ uri }) => uri).join(' '))
  })
  server.registerTool('wait', {}, async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    seen.cancelled++
    return said('too late')
  })
  server.registerTool('log', {}, async ({ sendNotification }) => {
    for (const level of ['debug', 'warning'] as const) {
      await sendNotification({ method: 'notifications/message', params: { level, data: `a ${level}` } })
    }
    return said('logged')
  })
  server.registerTool('seen', {}, async () => said(JSON.stringify(seen)))
  let hasGrown = false
  server.registerTool('grow', {}, async () => {
    if (hasGrown) server.sendToolListChanged()
    else server.registerTool('grown', {}, async () => said('new'))
    hasGrown = true
    return said('grown')
  })
  server.registerTool('touch', {}, async () => {
    await server.server.sendResourceUpdated({ uri: 'note://1' })
    return said('touched')
  })
  server.registerPrompt('greet', { argsSchema: { name: z.string() } }, async ({ name }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Hello ${name}` } }],
  }))
  const read = async (uri: URL): Promise<{ contents: { uri: string; text: string }[] }> => {
    if (uri.href === 'note://none') throw new McpError(-32002, 'Resource not found', { uri: uri.href })
    return { contents: [{ uri: uri.href, text: `the note ${uri.host}` }] }
  }
  server.registerResource('first', 'note://1', {}, read)
  server.registerResource('any', new ResourceTemplate('note://{id}', { list: undefined }), {}, read)
  server.server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    if (params.uri === 'note://none') throw new McpError(ErrorCode.InvalidParams, 'no such note')
    seen.subscribed.push(params.uri)
    return {}
  })
  server.server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    seen.subscribed = seen.subscribed.filter((uri) => uri !== params.uri)
    return {}
  })
  return server
}

export interface HandshakeHandler {
  handler(request: Request): Promise<Response>
  seen: Seen
  /** As if it had been started again. */
  restart(): void
}

/** Streamable HTTP with sessions. */
export function sessionfulHandler(): HandshakeHandler {
  const seen = createSeen()
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>()
  return {
    seen,
    restart: () => sessions.clear(),
    async handler(request) {
      const id = request.headers.get('mcp-session-id')
      const known = sessions.get(id ?? '')
      if (known !== undefined) return known.handleRequest(request)
      if (id !== null) return new Response('no such session', { status: 404 })
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (opened) => void sessions.set(opened, transport),
        onsessionclosed: (closed) => {
          sessions.delete(closed)
          seen.ended++
        },
      })
      await createHandshakeServer(seen).connect(transport)
      return transport.handleRequest(request)
    },
  }
}

/** Streamable HTTP without: each request meets a server of its own. */
export function sessionlessHandler(): HandshakeHandler {
  const seen = createSeen()
  return {
    seen,
    restart: () => {},
    async handler(request) {
      const transport = new WebStandardStreamableHTTPServerTransport()
      await createHandshakeServer(seen).connect(transport)
      return transport.handleRequest(request)
    },
  }
}

const question = {
  message: 'Who is it?',
  requestedSchema: {
    type: 'object' as const,
    properties: { name: { type: 'string' as const } },
    required: ['name'],
  },
}

function said(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await createHandshakeServer(createSeen()).connect(new StdioServerTransport())
}
