// A legacy-era MCP server with the fixtures that the official conformance suite calls by name, over Streamable HTTP
// or stdio (MCP 2025-11-25).
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import {
  type EventStore,
  StreamableHTTPServerTransport,
} from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  type ElicitRequestFormParams,
  ElicitResultSchema,
  ErrorCode,
  GetPromptRequestSchema,
  type GetPromptResult,
  type JSONRPCMessage,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  type LoggingLevel,
  McpError,
  type Prompt,
  ReadResourceRequestSchema,
  type ReadResourceResult,
  type Resource,
  type ResourceTemplate,
  type ServerNotification,
  type ServerRequest,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  type Tool,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { answerQuestionPrompt, questionPrompt, questionTools } from './fixture-questions.ts'

export interface FixtureUpstream {
  /** The MCP endpoint. */
  readonly url: string
  close(): Promise<void>
}

/** Starts the fixture on 127.0.0.1; port 0 takes any free one. */
export async function startFixtureUpstream(options: { port?: number } = {}): Promise<FixtureUpstream> {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const http = createServer((request, response) => {
    handle(request, response, sessions).catch(() => answer(response, 500, 'Internal error'))
  })
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = http.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async close() {
      await Promise.all([...sessions.values()].map((transport) => transport.close()))
      http.closeAllConnections()
      await new Promise<void>((resolve) => http.close(() => resolve()))
    },
  }
}

/** One server per session: the SDK's Server holds the state of exactly one peer. */
export function createFixtureServer(): Server {
  const server = new Server(
    { name: 'fixture-upstream', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        logging: {},
        completions: {},
      },
      instructions: 'Fixtures of the MCP conformance suite.',
    },
  )
  const subscribed = new Set<string>()
  const log: Log = { level: 'debug' }

  server.setRequestHandler(SetLevelRequestSchema, ({ params }) => {
    log.level = params.level
    return {}
  })
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: TOOLS.map(({ definition }) => definition),
  }))
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => {
    const tool = TOOLS.find(({ definition }) => definition.name === params.name)
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${params.name}`)
    return tool.call({ arguments: params.arguments ?? {}, extra, server, log })
  })
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: RESOURCES }))
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: RESOURCE_TEMPLATES,
  }))
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => readFixture(params.uri))
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    subscribed.add(params.uri)
    return {}
  })
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    subscribed.delete(params.uri)
    return {}
  })
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: PROMPTS }))
  server.setRequestHandler(GetPromptRequestSchema, ({ params }, extra) =>
    params.name === questionPrompt.name
      ? answerQuestionPrompt({ extra })
      : fixturePrompt(params.name, params.arguments ?? {}),
  )
  server.setRequestHandler(CompleteRequestSchema, ({ params }) => {
    const values = COMPLETIONS.filter((value) => value.startsWith(params.argument.value))
    return { completion: { values, total: values.length, hasMore: false } }
  })
  return server
}

export const COMPLETIONS: readonly string[] = ['paris', 'park', 'party', 'test-value']

/** Long enough that a relay which buffers shows, short enough that nobody waits. */
const STEP_MILLISECONDS = 50

/** What the priming event tells a client whose stream we close in the middle (SEP-1699). */
const RETRY_MILLISECONDS = 200

const LOG_LEVELS: readonly LoggingLevel[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
]

export interface Log {
  level: LoggingLevel
}

export interface ToolCall {
  readonly arguments: Record<string, unknown>
  readonly extra: RequestHandlerExtra<ServerRequest, ServerNotification>
  readonly server: Server
  readonly log: Log
}

export interface FixtureTool {
  readonly definition: Tool
  call(call: ToolCall): CallToolResult | Promise<CallToolResult>
}

// A 1x1 red PNG and the shortest well-formed WAV: results that a relay must not touch.
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA='

const NO_ARGUMENTS: Tool['inputSchema'] = { type: 'object', properties: {} }

export const DEFAULTS_SCHEMA: ElicitRequestFormParams['requestedSchema'] = {
  type: 'object',
  properties: {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  },
}

export const ENUMS_SCHEMA: ElicitRequestFormParams['requestedSchema'] = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: {
      type: 'string',
      oneOf: [
        { const: 'value1', title: 'First Option' },
        { const: 'value2', title: 'Second Option' },
        { const: 'value3', title: 'Third Option' },
      ],
    },
    legacyEnum: {
      type: 'string',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: {
      type: 'array',
      items: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    },
    titledMulti: {
      type: 'array',
      items: {
        anyOf: [
          { const: 'value1', title: 'First Choice' },
          { const: 'value2', title: 'Second Choice' },
          { const: 'value3', title: 'Third Choice' },
        ],
      },
    },
  },
}

export const TOOLS: readonly FixtureTool[] = [
  ...questionTools,
  {
    definition: readOnly('test_simple_text', 'Returns one text block.'),
    call: () => text('This is a simple text response for testing.'),
  },
  {
    definition: readOnly('test_image_content', 'Returns one image block.'),
    call: () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }),
  },
  {
    definition: readOnly('test_audio_content', 'Returns one audio block.'),
    call: () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }),
  },
  {
    definition: readOnly('test_embedded_resource', 'Returns one embedded resource.'),
    call: () => ({
      content: [
        {
          type: 'resource',
          resource: {
            uri: 'test://embedded-resource',
            mimeType: 'text/plain',
            text: 'This is an embedded resource content.',
          },
        },
      ],
    }),
  },
  {
    definition: readOnly('test_multiple_content_types', 'Returns text, image and resource in one result.'),
    call: () => ({
      content: [
        { type: 'text', text: 'Multiple content types test:' },
        { type: 'image', data: PNG, mimeType: 'image/png' },
        {
          type: 'resource',
          resource: {
            uri: 'test://mixed-content-resource',
            mimeType: 'application/json',
            text: JSON.stringify({ test: 'data', value: 123 }),
          },
        },
      ],
    }),
  },
  {
    definition: readOnly('test_tool_with_logging', 'Sends three log notifications while it runs.'),
    async call({ extra, log }) {
      await notifyLog(extra, log, 'Tool execution started')
      await pause(STEP_MILLISECONDS)
      await notifyLog(extra, log, 'Tool processing data')
      await pause(STEP_MILLISECONDS)
      await notifyLog(extra, log, 'Tool execution completed')
      return text('Tool with logging executed successfully')
    },
  },
  {
    definition: readOnly('test_error_handling', 'Always fails, as a tool result.'),
    call: () => ({ ...text('This tool intentionally returns an error for testing'), isError: true }),
  },
  {
    definition: readOnly('test_tool_with_progress', 'Reports progress 0, 50 and 100 of 100.'),
    async call({ extra }) {
      const progressToken = extra._meta?.progressToken
      for (const progress of [0, 50, 100]) {
        if (progress > 0) await pause(STEP_MILLISECONDS)
        if (progressToken === undefined) continue
        await extra.sendNotification({
          method: 'notifications/progress',
          params: { progressToken, progress, total: 100, message: `Completed step ${progress} of 100` },
        })
      }
      return text(String(progressToken ?? 'no progress token'))
    },
  },
  {
    definition: {
      name: 'test_sampling',
      description: "Asks the client's model to answer a prompt.",
      inputSchema: {
        type: 'object',
        properties: { prompt: { type: 'string', description: 'The prompt to send to the model' } },
        required: ['prompt'],
      },
    },
    async call({ arguments: { prompt }, extra, server }) {
      if (server.getClientCapabilities()?.sampling === undefined)
        return failure('Client does not support sampling')
      const { content } = await extra.sendRequest(
        {
          method: 'sampling/createMessage',
          params: {
            messages: [{ role: 'user', content: { type: 'text', text: String(prompt) } }],
            maxTokens: 100,
          },
        },
        CreateMessageResultSchema,
      )
      return text(`LLM response: ${content.type === 'text' ? content.text : JSON.stringify(content)}`)
    },
  },
  {
    definition: {
      name: 'test_elicitation',
      description: 'Asks the user for a username and an email address.',
      inputSchema: {
        type: 'object',
        properties: { message: { type: 'string', description: 'The message to show the user' } },
        required: ['message'],
      },
    },
    call: (call) =>
      elicit(call, 'User response', {
        message: String(call.arguments.message),
        requestedSchema: {
          type: 'object',
          properties: {
            username: { type: 'string', description: "User's response" },
            email: { type: 'string', description: "User's email address" },
          },
          required: ['username', 'email'],
        },
      }),
  },
  {
    definition: {
      name: 'test_elicitation_sep1034_defaults',
      description: 'Asks the user with a default for every primitive type (SEP-1034).',
      inputSchema: NO_ARGUMENTS,
    },
    call: (call) =>
      elicit(call, 'Elicitation completed', {
        message: 'Please review these defaults',
        requestedSchema: DEFAULTS_SCHEMA,
      }),
  },
  {
    definition: {
      name: 'test_elicitation_sep1330_enums',
      description: 'Asks the user with all five enum variants (SEP-1330).',
      inputSchema: NO_ARGUMENTS,
    },
    call: (call) =>
      elicit(call, 'Elicitation completed', {
        message: 'Please choose',
        requestedSchema: ENUMS_SCHEMA,
      }),
  },
  {
    definition: readOnly(
      'test_reconnection',
      'Closes its own stream and answers after the client resumes it (SEP-1699).',
    ),
    async call({ extra }) {
      await pause(STEP_MILLISECONDS)
      extra.closeSSEStream?.()
      await pause(STEP_MILLISECONDS)
      return text('Reconnection test completed successfully')
    },
  },
  {
    definition: {
      name: 'json_schema_2020_12_tool',
      description: 'Has an input schema that uses JSON Schema 2020-12 (SEP-1613, SEP-2106).',
      inputSchema: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        $defs: {
          address: {
            $anchor: 'addressDef',
            type: 'object',
            properties: { street: { type: 'string' }, city: { type: 'string' } },
          },
        },
        properties: {
          name: { type: 'string' },
          address: { $ref: '#/$defs/address' },
          contactMethod: { type: 'string', enum: ['phone', 'email'] },
          phone: { type: 'string' },
          email: { type: 'string' },
        },
        allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
        if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { required: ['phone'] },
        else: { required: ['email'] },
        additionalProperties: false,
      },
    },
    call: ({ arguments: given }) => text(`JSON Schema 2020-12 tool called with: ${JSON.stringify(given)}`),
  },
]

export const RESOURCES: Resource[] = [
  {
    uri: 'test://static-text',
    name: 'Static text',
    description: 'A text resource.',
    mimeType: 'text/plain',
  },
  {
    uri: 'test://static-binary',
    name: 'Static binary',
    description: 'A PNG image.',
    mimeType: 'image/png',
  },
  {
    uri: 'test://watched-resource',
    name: 'Watched resource',
    description: 'A resource to subscribe to.',
    mimeType: 'text/plain',
  },
]

export const RESOURCE_TEMPLATES: ResourceTemplate[] = [
  {
    uriTemplate: 'test://template/{id}/data',
    name: 'Template',
    description: 'A resource with one parameter.',
    mimeType: 'application/json',
  },
]

export const PROMPTS: Prompt[] = [
  questionPrompt,
  { name: 'test_simple_prompt', description: 'A prompt without arguments.' },
  {
    name: 'test_prompt_with_arguments',
    description: 'A prompt with two arguments.',
    arguments: [
      { name: 'arg1', description: 'First test argument', required: true },
      { name: 'arg2', description: 'Second test argument', required: true },
    ],
  },
  {
    name: 'test_prompt_with_embedded_resource',
    description: 'A prompt that embeds a resource.',
    arguments: [{ name: 'resourceUri', description: 'URI of the resource to embed', required: true }],
  },
  { name: 'test_prompt_with_image', description: 'A prompt with an image.' },
]

export function readFixture(uri: string): ReadResourceResult {
  const [content] = RESOURCES.filter((resource) => resource.uri === uri)
  if (uri === 'test://static-binary') return { contents: [{ uri, mimeType: 'image/png', blob: PNG }] }
  if (uri === 'test://static-text') {
    return {
      contents: [{ uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }],
    }
  }
  if (content !== undefined)
    return { contents: [{ uri, mimeType: 'text/plain', text: content.description ?? '' }] }
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1]
  if (id !== undefined) {
    const body = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` })
    return { contents: [{ uri, mimeType: 'application/json', text: body }] }
  }
  // MCP 2025-11-25, server/resources: "Resource not found: -32002".
  throw new McpError(-32002, `Resource not found: ${uri}`, { uri })
}

export function fixturePrompt(name: string, given: Record<string, string>): GetPromptResult {
  switch (name) {
    case 'test_simple_prompt':
      return { messages: [userText('This is a simple prompt for testing.')] }
    case 'test_prompt_with_arguments':
      return { messages: [userText(`Prompt with arguments: arg1='${given.arg1}', arg2='${given.arg2}'`)] }
    case 'test_prompt_with_embedded_resource':
      return {
        messages: [
          {
            role: 'user',
            content: {
              type: 'resource',
              resource: {
                uri: given.resourceUri ?? '',
                mimeType: 'text/plain',
                text: 'Embedded resource content for testing.',
              },
            },
          },
          userText('Please process the embedded resource above.'),
        ],
      }
    case 'test_prompt_with_image':
      return {
        messages: [
          { role: 'user', content: { type: 'image', data: PNG, mimeType: 'image/png' } },
          userText('Please analyze the image above.'),
        ],
      }
    default:
      throw new McpError(ErrorCode.InvalidParams, `Unknown prompt: ${name}`)
  }
}

async function elicit(
  call: ToolCall,
  label: string,
  params: ElicitRequestFormParams,
): Promise<CallToolResult> {
  if (call.server.getClientCapabilities()?.elicitation === undefined) {
    return failure('Client does not support elicitation')
  }
  const { action, content } = await call.extra.sendRequest(
    { method: 'elicitation/create', params },
    ElicitResultSchema,
  )
  return text(`${label}: action=${action}, content=${JSON.stringify(content ?? {})}`)
}

async function notifyLog(extra: ToolCall['extra'], log: Log, data: string): Promise<void> {
  if (LOG_LEVELS.indexOf('info') < LOG_LEVELS.indexOf(log.level)) return
  await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data } })
}

function readOnly(name: string, description: string): Tool {
  return { name, description, inputSchema: NO_ARGUMENTS, annotations: { readOnlyHint: true } }
}

function text(value: string): CallToolResult {
  return { content: [{ type: 'text', text: value }] }
}

function failure(message: string): CallToolResult {
  return { ...text(message), isError: true }
}

function userText(value: string): GetPromptResult['messages'][number] {
  return { role: 'user', content: { type: 'text', text: value } }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  sessions: Map<string, StreamableHTTPServerTransport>,
): Promise<void> {
  if (!isLoopbackRequest(request)) return answer(response, 403, 'Host or Origin is not a loopback name')
  if (new URL(request.url ?? '/', 'http://localhost').pathname !== '/mcp')
    return answer(response, 404, 'Not found')
  const sessionId = request.headers['mcp-session-id']
  if (typeof sessionId === 'string') {
    const transport = sessions.get(sessionId)
    if (transport === undefined) return answer(response, 404, 'Session not found')
    return transport.handleRequest(request, response)
  }
  // Without a session only `initialize` is meaningful; the transport refuses everything else with 400.
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
    eventStore: createEventStore(),
    retryInterval: RETRY_MILLISECONDS,
  })
  const server = createFixtureServer()
  await server.connect(transport as Parameters<Server['connect']>[0])
  await transport.handleRequest(request, response)
  if (transport.sessionId === undefined) await server.close()
}

/** Against DNS rebinding (MCP 2025-11-25, transports, "Security Warning"): both headers name this machine. */
export function isLoopbackRequest(request: IncomingMessage): boolean {
  const { host, origin } = request.headers
  return isLoopbackUrl(`http://${host}`) && (origin === undefined || isLoopbackUrl(origin))
}

function isLoopbackUrl(url: string): boolean {
  return URL.canParse(url) && ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)
}

function answer(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message }, id: null }))
}

function createEventStore(): EventStore {
  const events: { streamId: string; message: JSONRPCMessage }[] = []
  return {
    async storeEvent(streamId, message) {
      return String(events.push({ streamId, message }) - 1)
    },
    async getStreamIdForEventId(eventId) {
      return events[Number(eventId)]?.streamId
    },
    async replayEventsAfter(lastEventId, { send }) {
      const last = Number(lastEventId)
      const streamId = events[last]?.streamId
      if (streamId === undefined) return ''
      for (const [index, event] of events.entries()) {
        // Priming events are stored as an empty object: they mark a place and carry no message.
        if (index > last && event.streamId === streamId && 'jsonrpc' in event.message) {
          await send(String(index), event.message)
        }
      }
      return streamId
    },
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: 'string' }, stdio: { type: 'boolean' } } })
  if (values.stdio) {
    await createFixtureServer().connect(new StdioServerTransport())
    return
  }
  const upstream = await startFixtureUpstream({ port: Number(values.port ?? 0) })
  process.stdout.write(`${upstream.url}\n`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void upstream.close().then(() => process.exit(0)))
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main()
