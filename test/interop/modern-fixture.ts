// A server of 2026-07-28 alone with the fixtures that the official conformance suite calls by name, by the official SDK (v2).

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNodeHandler } from '@modelcontextprotocol/node'
import {
  acceptedContent,
  type CallToolResult,
  createMcpHandler,
  type GetPromptResult,
  type InputRequest,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type McpHttpHandler,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  Server,
  type ServerContext,
  type Tool,
} from '@modelcontextprotocol/server'
import { questionPrompt } from './fixture-questions.ts'
import {
  COMPLETIONS,
  DEFAULTS_SCHEMA,
  ENUMS_SCHEMA,
  fixturePrompt,
  isLoopbackRequest,
  PROMPTS,
  RESOURCE_TEMPLATES,
  RESOURCES,
  readFixture,
  TOOLS,
  type ToolCall,
} from './fixture-upstream.ts'

export interface ModernFixture {
  url: string
  close(): Promise<void>
}

export async function startModernFixture(): Promise<ModernFixture> {
  const handler = createModernFixture()
  const answer = toNodeHandler(handler)
  const http = createServer((request, response) => {
    if (isLoopbackRequest(request)) void answer(request as Parameters<typeof answer>[0], response)
    else response.writeHead(403).end()
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async close() {
      await handler.close()
      http.closeAllConnections()
      await new Promise<void>((resolve) => http.close(() => resolve()))
    },
  }
}

function createModernFixture(): McpHttpHandler {
  const handler = createMcpHandler(() => createServerOf(() => handler.notify), { legacy: 'reject' })
  return handler
}

function createServerOf(notify: () => McpHttpHandler['notify']): Server {
  const server = new Server(
    { name: 'modern-fixture', version: '1.0.0' },
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
  server.setRequestHandler('tools/list', () => ({ tools: TOOLS.map(({ definition }) => definition as Tool) }))
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const tool = TOOLS.find(({ definition }) => definition.name === params.name)
    if (tool === undefined)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`)
    const own = ownTools[params.name]
    if (own !== undefined) return own(context, notify())
    return (await tool.call({ arguments: params.arguments ?? {} } as ToolCall)) as CallToolResult
  })
  server.setRequestHandler('resources/list', () => ({ resources: RESOURCES }))
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: RESOURCE_TEMPLATES }))
  server.setRequestHandler('resources/read', ({ params }) => read(params.uri))
  server.setRequestHandler('prompts/list', () => ({ prompts: PROMPTS }))
  server.setRequestHandler('prompts/get', ({ params }, context) => {
    if (params.name !== questionPrompt.name)
      return fixturePrompt(params.name, params.arguments ?? {}) as GetPromptResult
    const given = acceptedContent<{ context: string }>(context.mcpReq.inputResponses, 'user_context')
    if (given === undefined) return inputRequired({ inputRequests: { user_context: ask('context') } })
    return {
      messages: [{ role: 'user', content: { type: 'text', text: `In the context of ${given.context}.` } }],
    }
  })
  server.setRequestHandler('completion/complete', ({ params }) => {
    const values = COMPLETIONS.filter((value) => value.startsWith(params.argument.value))
    return { completion: { values, total: values.length, hasMore: false } }
  })
  return server
}

type OwnTool = (
  context: ServerContext,
  notify: McpHttpHandler['notify'],
) => CallToolResult | InputRequiredResult | Promise<CallToolResult | InputRequiredResult>

/** What the handshake era does otherwise. */
const ownTools: Readonly<Record<string, OwnTool>> = {
  async test_tool_with_logging({ mcpReq }) {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await mcpReq.log('info', data)
    }
    return said('Tool with logging executed successfully')
  },
  async test_logging_tool({ mcpReq }) {
    await mcpReq.log('info', 'logged')
    return said('logged')
  },
  async test_tool_with_progress({ mcpReq }) {
    const progressToken = mcpReq._meta?.progressToken
    for (const progress of [0, 50, 100]) {
      if (progressToken === undefined) continue
      await mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken, progress, total: 100 },
      })
    }
    return said(String(progressToken ?? 'no progress token'))
  },
  test_reconnection: () => said('Reconnection test completed successfully'),
  test_sampling: (context) => sampled(context, (answer) => `LLM response: ${answer}`),
  test_elicitation: (context) => elicited(context, 'User response', ask('username')),
  test_elicitation_sep1034_defaults: (context) =>
    elicited(context, 'Elicitation completed', form(DEFAULTS_SCHEMA)),
  test_elicitation_sep1330_enums: (context) => elicited(context, 'Elicitation completed', form(ENUMS_SCHEMA)),
  test_input_required_result_elicitation: (context) => named(context),
  test_streaming_elicitation: (context) => named(context),
  test_input_required_result_sampling: (context) => sampled(context, (answer) => answer),
  test_missing_capability(context) {
    if (declared(context).sampling === undefined) {
      throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } })
    }
    return sampled(context, (answer) => answer)
  },
  test_input_required_result_list_roots({ mcpReq }) {
    const given = inputResponse(mcpReq.inputResponses, 'client_roots')
    if (given.kind === 'roots') return said(given.roots.map(({ uri }) => uri).join(' '))
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } })
  },
  test_input_required_result_request_state: (context) => stated(context),
  test_input_required_result_tampered_state: (context) => stated(context),
  test_input_required_result_multiple_inputs({ mcpReq }) {
    const given = mcpReq.inputResponses
    if (given?.user_name !== undefined && given.greeting !== undefined && given.client_roots !== undefined) {
      return said('all of them')
    }
    return inputRequired({
      inputRequests: {
        user_name: ask('name'),
        greeting: question(),
        client_roots: inputRequired.listRoots(),
      },
      requestState: sealed('waiting'),
    })
  },
  test_input_required_result_multi_round({ mcpReq }) {
    const name = acceptedContent<{ name: string }>(mcpReq.inputResponses, 'step1')?.name
    if (name !== undefined) {
      return inputRequired({ inputRequests: { step2: ask('color') }, requestState: sealed(name) })
    }
    const color = acceptedContent<{ color: string }>(mcpReq.inputResponses, 'step2')?.color
    if (color !== undefined) return said(`${opened(mcpReq.requestState())} likes ${color}`)
    return inputRequired({ inputRequests: { step1: ask('name') }, requestState: sealed('') })
  },
  test_input_required_result_capabilities(context) {
    const { sampling, elicitation } = declared(context)
    const inputRequests: Record<string, InputRequest> = {}
    if (sampling !== undefined) inputRequests.capital_question = question()
    if (elicitation !== undefined) inputRequests.user_name = ask('name')
    return inputRequired({ inputRequests })
  },
  test_trigger_tool_change(_, notify) {
    notify.toolsChanged()
    return said('changed')
  },
  test_trigger_prompt_change(_, notify) {
    notify.promptsChanged()
    return said('changed')
  },
}

function named({ mcpReq }: ServerContext): CallToolResult | InputRequiredResult {
  const name = acceptedContent<{ name: string }>(mcpReq.inputResponses, 'user_name')?.name
  if (typeof name === 'string') return said(`Hello, ${name}!`)
  return inputRequired({ inputRequests: { user_name: ask('name') } })
}

function elicited(
  { mcpReq }: ServerContext,
  label: string,
  asked: InputRequest,
): CallToolResult | InputRequiredResult {
  const given = inputResponse(mcpReq.inputResponses, 'form')
  if (given.kind !== 'elicit') return inputRequired({ inputRequests: { form: asked } })
  return said(`${label}: action=${given.action}, content=${JSON.stringify(given.content ?? {})}`)
}

function form(requestedSchema: typeof DEFAULTS_SCHEMA): InputRequest {
  const params = { message: 'Please fill this in', requestedSchema } as Parameters<
    typeof inputRequired.elicit
  >[0]
  return inputRequired.elicit(params)
}

function sampled(
  { mcpReq }: ServerContext,
  write: (answer: string) => string,
): CallToolResult | InputRequiredResult {
  const given = inputResponse(mcpReq.inputResponses, 'capital_question')
  if (given.kind !== 'sampling') return inputRequired({ inputRequests: { capital_question: question() } })
  const { content } = given.result
  return said(write('text' in content ? String(content.text) : JSON.stringify(content)))
}

function stated({ mcpReq }: ServerContext): CallToolResult | InputRequiredResult {
  const state = mcpReq.requestState<string>()
  if (state === undefined) {
    return inputRequired({
      inputRequests: { confirm: ask('ok', 'boolean') },
      requestState: sealed('waiting'),
    })
  }
  opened(state)
  return said('state-ok')
}

function ask(name: string, type: 'string' | 'boolean' = 'string'): InputRequest {
  const property = type === 'string' ? { type: 'string' as const } : { type: 'boolean' as const }
  const requestedSchema = { type: 'object' as const, properties: { [name]: property }, required: [name] }
  return inputRequired.elicit({ message: `What is your ${name}?`, requestedSchema })
}

function question(): InputRequest {
  const content = { type: 'text' as const, text: 'What is the capital of France?' }
  return inputRequired.createMessage({ messages: [{ role: 'user', content }], maxTokens: 100 })
}

function declared({ mcpReq }: ServerContext): Record<string, unknown> {
  const meta = (mcpReq.envelope ?? {}) as Record<string, unknown>
  return (meta['io.modelcontextprotocol/clientCapabilities'] ?? {}) as Record<string, unknown>
}

const key = randomBytes(32)

function sealed(text: string): string {
  return `${Buffer.from(text).toString('base64url')}.${mac(text)}`
}

function opened(state: unknown): string {
  const [encoded = '', given = ''] = String(state).split('.')
  const text = Buffer.from(encoded, 'base64url').toString()
  const expected = mac(text)
  const isWhole =
    given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected))
  if (!isWhole) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'requestState was changed')
  return text
}

function mac(text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url')
}

function read(uri: string): ReadResourceResult {
  try {
    return readFixture(uri)
  } catch {
    throw new ResourceNotFoundError(uri)
  }
}

function said(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}
