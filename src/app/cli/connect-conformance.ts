/** What the official conformance suite tells its client under test, through the environment (@modelcontextprotocol/conformance 0.2). */

import type { Listed, ToolCall } from '../../client/connector.ts'

export interface ConformanceRun {
  scenario: string
  revision: string | undefined
  clientId: string | undefined
  clientSecret: string | undefined
  /** The suite's own document, which it expects as client id wherever metadata documents are offered. */
  clientMetadataUrl: string
  acceptsElicitation: boolean
  chooseCalls(tools: readonly Listed[]): readonly ToolCall[]
}

export function conformanceRun(
  env: Readonly<Record<string, string | undefined>>,
): ConformanceRun | undefined {
  const scenario = env.MCP_CONFORMANCE_SCENARIO
  if (scenario === undefined || scenario === '') return undefined
  const context = readContext(env.MCP_CONFORMANCE_CONTEXT)
  return {
    scenario,
    revision: env.MCP_CONFORMANCE_PROTOCOL_VERSION,
    clientId: textOf(context.client_id),
    clientSecret: textOf(context.client_secret),
    clientMetadataUrl: 'https://conformance-test.local/client-metadata.json',
    acceptsElicitation: asksForInput.some((start) => scenario.startsWith(start)),
    chooseCalls: (tools) => readCalls(context.toolCalls) ?? toolsToCall(scenario, tools).map(callOf),
  }
}

function readContext(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch (cause) {
    throw new TypeError('MCP_CONFORMANCE_CONTEXT is not JSON', { cause })
  }
}

/** Scenarios whose tools ask the client something back: elicitation, and multi round-trip requests. */
const asksForInput = ['elicitation-', 'sep-2322-']

/** One call shows most things; how state is kept apart shows only over several; and one server lists a tool that it does not have. */
function toolsToCall(scenario: string, tools: readonly Listed[]): readonly Listed[] {
  if (scenario.startsWith('sep-2322-')) return tools
  return scenario === 'json-schema-ref-no-deref' ? [] : tools.slice(0, 1)
}

/** Some scenarios say which calls they want. */
function readCalls(calls: unknown): readonly ToolCall[] | undefined {
  if (!Array.isArray(calls)) return undefined
  return calls.map((call: { name?: unknown; arguments?: unknown }) => {
    return { name: String(call.name), arguments: (call.arguments ?? {}) as Record<string, unknown> }
  })
}

/** The tool, with a plain value for each argument that its schema requires. */
function callOf(tool: Listed): ToolCall {
  const schema = (tool.inputSchema ?? {}) as {
    required?: unknown
    properties?: Record<string, { type?: unknown }>
  }
  const required = Array.isArray(schema.required) ? schema.required.map(String) : []
  const values = required.map((name) => [name, exampleOf(schema.properties?.[name]?.type)])
  return { name: String(tool.name), arguments: Object.fromEntries(values) }
}

function exampleOf(type: unknown): unknown {
  if (type === 'number' || type === 'integer') return 2
  if (type === 'boolean') return true
  if (type === 'array') return []
  return type === 'object' ? {} : 'example'
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
