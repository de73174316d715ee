/** A session of the stateless revisions: no handshake, every request with its envelope, input given in further rounds (MCP 2026-07-28). */

import type { JsonRpcRequest } from '../mcp/json-rpc.ts'
import { type MirroredParameter, mirroredHeaders, readMirroredParameters } from '../mcp/parameter-headers.ts'
import { newestModernVersion } from '../mcp/protocol-version.ts'
import { ConnectFailure } from './connect-failure.ts'
import type { McpSession, McpSessionOptions } from './mcp-session.ts'
import { modernHeaders, modernMeta } from './modern-envelope.ts'
import { createLink, objectOf, resultOf, serverOf } from './session-link.ts'
import { createStreamableHttp } from './streamable-http.ts'

/** Rounds of "I need input first" before a modern request is given up. */
const maximumRounds = 3

export async function openModernSession(
  options: McpSessionOptions,
  discovered: Record<string, unknown>,
): Promise<McpSession> {
  const { rules } = options
  const link = createLink(options, async (transportOptions) => createStreamableHttp(transportOptions))
  const transport = await link.transport
  const mirrored = new Map<string, readonly MirroredParameter[]>()
  let nextId = 0
  const send = async (
    method: string,
    params: Readonly<Record<string, unknown>>,
    seconds: number,
  ): Promise<Record<string, unknown>> => {
    const parameters = method === 'tools/call' ? (mirrored.get(String(params.name)) ?? []) : []
    const headers = { ...modernHeaders(method, params), ...mirroredHeaders(parameters, params.arguments) }
    const message: JsonRpcRequest = {
      jsonrpc: '2.0',
      id: nextId++,
      method,
      params: { ...params, _meta: modernMeta(rules) },
    }
    const result = resultOf(method, await transport.request(message, headers, seconds))
    return method === 'tools/list' ? usableTools(result, mirrored, link.remarks) : result
  }
  const request = async (
    method: string,
    params: Readonly<Record<string, unknown>>,
    seconds: number = options.requestSeconds,
  ): Promise<Record<string, unknown>> => {
    let asked = params
    for (let round = 0; ; round++) {
      const result = await send(method, asked, seconds)
      if (result.resultType !== 'input_required') return result
      if (round === maximumRounds) {
        throw new ConnectFailure('protocol', `${method} still asks for input after ${maximumRounds} rounds`)
      }
      asked = { ...params, ...inputFor(result, options) }
    }
  }
  const meta = objectOf(discovered._meta)
  const capabilities = objectOf(discovered.capabilities)
  if (rules.listens) {
    const listening = listen(send, capabilities, options.requestSeconds)
    await Promise.race([link.acknowledged, listening, pause(acknowledgementPatienceMs)])
  }
  return {
    era: 'modern',
    protocolVersion: newestModernVersion,
    transport: transport.kind,
    server: serverOf(
      meta['io.modelcontextprotocol/serverInfo'] ?? discovered.serverInfo,
      discovered.instructions,
    ),
    capabilities,
    hasSession: true,
    remarks: link.remarks,
    request,
    close: link.end,
  }
}

/** HTTP-2026-07-28-19: a tool whose marks are wrong is dropped, and the others stay. */
function usableTools(
  result: Record<string, unknown>,
  mirrored: Map<string, readonly MirroredParameter[]>,
  remarks: string[],
): Record<string, unknown> {
  if (!Array.isArray(result.tools)) return result
  const tools = result.tools.filter((tool) => {
    const { name, inputSchema } = objectOf(tool)
    const read = readMirroredParameters(inputSchema)
    if ('fault' in read) remarks.push(`the tool ${String(name)} is dropped: ${read.fault}`)
    else mirrored.set(String(name), read.parameters)
    return !('fault' in read)
  })
  return { ...result, tools }
}

/** How long the rest waits for the subscription. */
const acknowledgementPatienceMs = 1000

/** The stream that a modern client holds open for changes; its end is no failure. */
async function listen(
  send: (method: string, params: Readonly<Record<string, unknown>>, seconds: number) => Promise<unknown>,
  capabilities: Readonly<Record<string, unknown>>,
  seconds: number,
): Promise<void> {
  const notifications = {
    ...('tools' in capabilities ? { toolsListChanged: true } : {}),
    ...('prompts' in capabilities ? { promptsListChanged: true } : {}),
    ...('resources' in capabilities ? { resourcesListChanged: true } : {}),
  }
  await send('subscriptions/listen', { notifications }, seconds).catch(() => undefined)
}

/** MCP 2026-07-28, multi round-trip requests: the answers by key, and the server's state byte for byte. */
function inputFor(result: Record<string, unknown>, options: McpSessionOptions): Record<string, unknown> {
  const responses = Object.entries(objectOf(result.inputRequests)).map(([key, asked]) => {
    const { method, params } = objectOf(asked)
    const answer = options.answer(String(method), params)
    if (answer === undefined) {
      throw new ConnectFailure(
        'protocol',
        `the server asks for ${String(method)}, which this client never declared`,
      )
    }
    return [key, answer]
  })
  return {
    inputResponses: Object.fromEntries(responses),
    ...(typeof result.requestState === 'string' ? { requestState: result.requestState } : {}),
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
