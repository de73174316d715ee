// One client of each generation behind one face: the official SDKs, made to ask for the revision that they stand for.

import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { type OpenGateway, origin } from '../open-gateway.ts'

export const generations = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'] as const
export type Generation = (typeof generations)[number]

/** What the client heard without asking. */
export interface Heard {
  toolsChanged: number
  updated: string[]
  logged: unknown[]
}

export interface CallOptions {
  signal?: AbortSignal
  onprogress?: (progress: { progress: number }) => void
}

export interface EraClient {
  heard: Heard
  negotiated(): string | undefined
  listTools(): Promise<{ tools: { name: string }[] }>
  callTool(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<unknown>
  getPrompt(name: string, args: Record<string, string>): Promise<{ messages: { content: unknown }[] }>
  readResource(uri: string): Promise<{ contents: unknown[] }>
  /** Begins to hear of tools, and of this resource. */
  watch(uri: string): Promise<void>
  setLogLevel(level: 'warning'): Promise<void>
  close(): Promise<void>
}

export function connect(door: OpenGateway, generation: Generation): Promise<EraClient> {
  return generation === '2026-07-28' ? connectModern(door) : connectLegacy(door, generation)
}

const roots = [{ uri: 'file:///one' }, { uri: 'file:///two' }]
const accepted = { action: 'accept' as const, content: { name: 'Ada' } }
const sampled = {
  role: 'assistant' as const,
  content: { type: 'text' as const, text: 'a test' },
  model: 'test',
}
const requestInit = { headers: { authorization: 'Bearer ada' } }

async function connectLegacy(door: OpenGateway, generation: Generation): Promise<EraClient> {
  const hasElicitation = generation >= '2025-06-18'
  const capabilities = { sampling: {}, roots: {}, ...(hasElicitation ? { elicitation: {} } : {}) }
  const client = new Client({ name: `client of ${generation}`, version: '1' }, { capabilities })
  const heard: Heard = { toolsChanged: 0, updated: [], logged: [] }
  if (hasElicitation) client.setRequestHandler(ElicitRequestSchema, async () => accepted)
  client.setRequestHandler(CreateMessageRequestSchema, async () => sampled)
  client.setRequestHandler(ListRootsRequestSchema, async () => ({ roots }))
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard.toolsChanged++)
  client.setNotificationHandler(
    ResourceUpdatedNotificationSchema,
    ({ params }) => void heard.updated.push(params.uri),
  )
  client.setNotificationHandler(
    LoggingMessageNotificationSchema,
    ({ params }) => void heard.logged.push(params.data),
  )
  const fetch = (url: string | URL, init?: RequestInit): Promise<Response> =>
    door.gateway.fetch(new Request(url, init))
  const transport: Transport =
    generation === '2024-11-05'
      ? new SSEClientTransport(new URL(`${origin}/mcp/sse`), { requestInit, fetch })
      : (new StreamableHTTPClientTransport(new URL(`${origin}/mcp`), { requestInit, fetch }) as Transport)
  asksFor(transport, generation)
  let version: string | undefined
  const learn = transport.setProtocolVersion?.bind(transport)
  transport.setProtocolVersion = (negotiated) => {
    version = negotiated
    learn?.(negotiated)
  }
  await client.connect(transport)
  return {
    heard,
    negotiated: () => version,
    listTools: () => client.listTools(),
    callTool: (name, args = {}, options = {}) =>
      client.callTool({ name, arguments: args }, undefined, options),
    getPrompt: (name, args) => client.getPrompt({ name, arguments: args }),
    readResource: (uri) => client.readResource({ uri }),
    watch: async (uri) => void (await client.subscribeResource({ uri })),
    setLogLevel: async (level) => void (await client.setLoggingLevel(level)),
    close: () => client.close(),
  }
}

/** The official client asks for the newest revision that it knows; a client of that time asked for its own. */
function asksFor(transport: Transport, generation: Generation): void {
  const send = transport.send.bind(transport)
  transport.send = (message, options) => {
    if (!('method' in message) || message.method !== 'initialize') return send(message, options)
    return send({ ...message, params: { ...message.params, protocolVersion: generation } }, options)
  }
}

async function connectModern(door: OpenGateway): Promise<EraClient> {
  const capabilities = { elicitation: { form: {} }, sampling: {}, roots: {} }
  const client = new ModernClient(
    { name: 'client of 2026-07-28', version: '1' },
    { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  const heard: Heard = { toolsChanged: 0, updated: [], logged: [] }
  client.setRequestHandler('elicitation/create', async () => accepted)
  client.setRequestHandler('sampling/createMessage', async () => sampled)
  client.setRequestHandler('roots/list', async () => ({ roots }))
  client.setNotificationHandler('notifications/tools/list_changed', () => void heard.toolsChanged++)
  client.setNotificationHandler(
    'notifications/resources/updated',
    ({ params }) => void heard.updated.push(params.uri),
  )
  client.setNotificationHandler('notifications/message', ({ params }) => void heard.logged.push(params.data))
  const transport = new ModernTransport(new URL(`${origin}/mcp`), {
    requestInit,
    fetch: (url, init) => door.gateway.fetch(new Request(url, init)),
  })
  await client.connect(transport)
  let meta: Record<string, unknown> | undefined
  return {
    heard,
    negotiated: () => client.getNegotiatedProtocolVersion(),
    listTools: () => client.listTools(),
    callTool: (name, args = {}, options = {}) =>
      client.callTool({ name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) }, options),
    getPrompt: (name, args) => client.getPrompt({ name, arguments: args }),
    readResource: (uri) => client.readResource({ uri }),
    watch: async (uri) =>
      void (await client.listen({ toolsListChanged: true, resourceSubscriptions: [uri] })),
    async setLogLevel(level) {
      meta = { 'io.modelcontextprotocol/logLevel': level }
    },
    close: () => client.close(),
  }
}
