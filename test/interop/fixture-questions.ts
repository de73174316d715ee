// What the conformance suite calls by name since 2026-07-28, as a server of the handshake era does it: it asks in the middle of a call.

import {
  type CallToolResult,
  CreateMessageResultSchema,
  ElicitResultSchema,
  type GetPromptResult,
  ListRootsResultSchema,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js'
import type { ToolCall } from './fixture-upstream.ts'

type Asking = Pick<ToolCall, 'extra'>

export const questionTools: readonly {
  definition: Tool
  call(call: ToolCall): CallToolResult | Promise<CallToolResult>
}[] = [
  tool('test_input_required_result_elicitation', async (call) =>
    said(`Hello, ${await askFor(call, 'name')}!`),
  ),
  tool('test_input_required_result_sampling', async (call) => said(await sample(call))),
  tool('test_input_required_result_list_roots', async (call) => said(await listRoots(call))),
  tool('test_input_required_result_request_state', async (call) => {
    await askFor(call, 'ok', 'boolean')
    return said('state-ok')
  }),
  tool('test_input_required_result_multiple_inputs', async (call) =>
    said((await Promise.all([askFor(call, 'name'), sample(call), listRoots(call)])).join(', ')),
  ),
  tool('test_input_required_result_multi_round', async (call) =>
    said(`${await askFor(call, 'name')} likes ${await askFor(call, 'color')}`),
  ),
  tool('test_input_required_result_tampered_state', async (call) => said(await askFor(call, 'name'))),
  tool('test_input_required_result_capabilities', async (call) => {
    const { sampling, elicitation } = call.server.getClientCapabilities() ?? {}
    const answers = [
      sampling === undefined ? undefined : await sample(call),
      elicitation === undefined ? undefined : await askFor(call, 'name'),
    ]
    return said(answers.join(' '))
  }),
  // It does not look first whether it may ask.
  tool('test_missing_capability', async (call) => said(await sample(call))),
  tool('test_streaming_elicitation', async (call) => said(await askFor(call, 'name'))),
  tool('test_logging_tool', async ({ extra }) => {
    await extra.sendNotification({
      method: 'notifications/message',
      params: { level: 'info', data: 'logged' },
    })
    return said('logged')
  }),
  tool('test_trigger_tool_change', async ({ server }) => {
    await server.sendToolListChanged()
    return said('changed')
  }),
  tool('test_trigger_prompt_change', async ({ server }) => {
    await server.sendPromptListChanged()
    return said('changed')
  }),
]

export const questionPrompt = {
  name: 'test_input_required_result_prompt',
  description: 'A prompt that asks for its context.',
} as const

export async function answerQuestionPrompt(call: Asking): Promise<GetPromptResult> {
  const context = await askFor(call, 'context')
  return { messages: [{ role: 'user', content: { type: 'text', text: `In the context of ${context}.` } }] }
}

async function askFor(
  { extra }: Asking,
  name: string,
  type: 'string' | 'boolean' = 'string',
): Promise<string> {
  const property = type === 'string' ? { type: 'string' as const } : { type: 'boolean' as const }
  const requestedSchema = { type: 'object' as const, properties: { [name]: property }, required: [name] }
  const params = { message: `What is your ${name}?`, requestedSchema }
  const { content } = await extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema)
  return String(content?.[name])
}

async function sample({ extra }: Asking): Promise<string> {
  const messages = [
    { role: 'user' as const, content: { type: 'text' as const, text: 'What is the capital of France?' } },
  ]
  const params = { messages, maxTokens: 100 }
  const { content } = await extra.sendRequest(
    { method: 'sampling/createMessage', params },
    CreateMessageResultSchema,
  )
  return content.type === 'text' ? content.text : content.type
}

async function listRoots({ extra }: Asking): Promise<string> {
  const { roots } = await extra.sendRequest({ method: 'roots/list' }, ListRootsResultSchema)
  return roots.map(({ uri }) => uri).join(' ')
}

function tool(
  name: string,
  call: (call: ToolCall) => Promise<CallToolResult>,
): { definition: Tool; call(call: ToolCall): Promise<CallToolResult> } {
  return {
    definition: { name, description: 'Asks, tells or changes something.', inputSchema: { type: 'object' } },
    call,
  }
}

function said(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}
