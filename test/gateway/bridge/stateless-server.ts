// The same tools as in handshake-server.ts, by the official SDK (v2) for servers that know 2026-07-28 alone, or both eras: in this process, or on stdio where this file is the program.

import { pathToFileURL } from 'node:url'
import {
  acceptedContent,
  type CallToolResult,
  createMcpHandler,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  McpServer,
  ResourceNotFoundError,
  ResourceTemplate,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'
import { createSeen, type Seen } from './handshake-server.ts'

export interface Changes {
  toolsChanged(): void
  resourceUpdated(uri: string): void
}

/** What outlives one request. */
export interface Shared {
  seen: Seen
  hasGrown: boolean
  changes: Changes | undefined
}

export function createStatelessServer(shared: Shared): McpServer {
  const { seen } = shared
  const server = new McpServer(
    { name: 'stateless', version: '1', title: 'Of the stateless era' },
    {
      capabilities: {
        logging: {},
        resources: { subscribe: true, listChanged: true },
        tools: { listChanged: true },
      },
      instructions: 'Ask me.',
    },
  )
  server.registerTool(
    'echo',
    {
      description: 'Says it again.',
      inputSchema: z.object({ text: z.string() }),
      annotations: { readOnlyHint: true },
      _meta: { 'example.com/kept': true },
    },
    async ({ text }) => ({ ...said(text), structuredContent: { text }, _meta: { 'example.com/also': 1 } }),
  )
  server.registerTool('fail', {}, async () => ({ ...said('it went wrong'), isError: true }))
  server.registerTool('count', { inputSchema: z.object({ to: z.number() }) }, async ({ to }, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken
    for (let progress = 1; progress <= to && progressToken !== undefined; progress++) {
      await mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken, progress, total: to },
      })
    }
    return said(`counted to ${to}`)
  })
  for (const name of ['ask', 'ask-aside']) server.registerTool(name, {}, async (context) => ask(context))
  server.registerTool('ask-twice', {}, async (context) => {
    const first = context.mcpReq.requestState() ?? named(context, 'name')
    if (first === undefined) return question('First?')
    const second = context.mcpReq.requestState() === undefined ? undefined : named(context, 'name')
    if (second === undefined) return { ...question('Second?'), requestState: String(first) }
    return said(`${first} and ${second}`)
  })
  server.registerTool('sample', {}, async ({ mcpReq }) => {
    const given = inputResponse(mcpReq.inputResponses, 'sampled')
    if (given.kind === 'sampling') {
      const { content } = given.result
      return said('text' in content ? String(content.text) : 'no text')
    }
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'Who are you?' } }]
    return inputRequired({
      inputRequests: { sampled: inputRequired.createMessage({ messages, maxTokens: 10 }) },
    })
  })
  server.registerTool('roots', {}, async ({ mcpReq }) => {
    const given = inputResponse(mcpReq.inputResponses, 'roots')
    if (given.kind === 'roots') return said(given.roots.map(({ uri }) => uri).join(' '))
    return inputRequired({ inputRequests: { roots: inputRequired.listRoots() } })
  })
  server.registerTool('wait', {}, async ({ mcpReq: { signal } }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    seen.cancelled++
    return said('too late')
  })
  server.registerTool('log', {}, async ({ mcpReq }) => {
    for (const level of ['debug', 'warning'] as const) await mcpReq.log(level, `a ${level}`)
    return said('logged')
  })
  server.registerTool('seen', {}, async () => said(JSON.stringify(seen)))
  server.registerTool('grow', {}, async () => {
    shared.hasGrown = true
    if (shared.changes === undefined) server.sendToolListChanged()
    else shared.changes.toolsChanged()
    return said('grown')
  })
  if (shared.hasGrown) server.registerTool('grown', {}, async () => said('new'))
  server.registerTool('touch', {}, async () => {
    if (shared.changes === undefined) await server.server.sendResourceUpdated({ uri: 'note://1' })
    else shared.changes.resourceUpdated('note://1')
    return said('touched')
  })
  server.registerPrompt('greet', { argsSchema: z.object({ name: z.string() }) }, async ({ name }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Hello ${name}` } }],
  }))
  const read = async (uri: URL): Promise<{ contents: { uri: string; text: string }[] }> => {
    if (uri.href === 'note://none') throw new ResourceNotFoundError(uri.href)
    return { contents: [{ uri: uri.href, text: `the note ${uri.host}` }] }
  }
  server.registerResource('first', 'note://1', {}, read)
  server.registerResource('any', new ResourceTemplate('note://{id}', { list: undefined }), {}, read)
  return server
}

export interface StatelessHandler {
  handler(request: Request): Promise<Response>
  seen: Seen
}

export function statelessHandler(legacy: 'reject' | 'stateless' = 'reject'): StatelessHandler {
  const shared: Shared = { seen: createSeen(), hasGrown: false, changes: undefined }
  const handler = createMcpHandler(() => createStatelessServer(shared), { legacy })
  shared.changes = handler.notify
  return { seen: shared.seen, handler: (request) => handler.fetch(request) }
}

function ask(context: ServerContext): CallToolResult | InputRequiredResult {
  const given = inputResponse(context.mcpReq.inputResponses, 'name')
  if (given.kind !== 'elicit') return question('Who is it?')
  return said(`${given.action} ${JSON.stringify(given.content ?? {})}`)
}

function named({ mcpReq }: ServerContext, key: string): string | undefined {
  return acceptedContent<{ name: string }>(mcpReq.inputResponses, key)?.name
}

function question(message: string): InputRequiredResult {
  const requestedSchema = {
    type: 'object' as const,
    properties: { name: { type: 'string' as const } },
    required: ['name'],
  }
  return inputRequired({ inputRequests: { name: inputRequired.elicit({ message, requestedSchema }) } })
}

function said(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const shared: Shared = { seen: createSeen(), hasGrown: false, changes: undefined }
  const legacy = process.argv.includes('--both-eras') ? 'serve' : 'reject'
  serveStdio(() => createStatelessServer(shared), { legacy })
}
