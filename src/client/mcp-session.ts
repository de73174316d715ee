/** One MCP session of a surface: which era is spoken, the handshake, requests, and the answers to what the server asks. */

import {
  type JsonRpcErrorBody,
  type JsonRpcRequest,
  type JsonRpcResponse,
  jsonRpcCodes,
} from '../mcp/json-rpc.ts'
import {
  clientCapabilitiesMeta,
  clientInfoMeta,
  type Era,
  isLegacyVersion,
  isModernVersion,
  newestModernVersion,
  protocolVersionMeta,
} from '../mcp/protocol-version.ts'
import { ConnectFailure } from './connect-failure.ts'
import { openEventStreamTransport } from './event-stream-transport.ts'
import { createInbox } from './inbox.ts'
import { RpcFailure, UnexpectedAnswer } from './mcp-errors.ts'
import { createStreamableHttp } from './streamable-http.ts'
import type { McpRules } from './surface.ts'
import type { Transport, TransportOptions } from './transport.ts'
import type { Wire } from './wire.ts'

export interface McpServer {
  name: string | undefined
  title: string | undefined
  version: string | undefined
  instructions: string | undefined
}

export interface McpSession {
  readonly era: Era
  readonly protocolVersion: string
  readonly transport: Transport['kind']
  readonly server: McpServer
  readonly capabilities: Readonly<Record<string, unknown>>
  /** A session id came, or none is needed. */
  readonly hasSession: boolean
  /** Odd, but no reason to stop. */
  readonly remarks: readonly string[]
  /** Throws `RpcFailure` for a JSON-RPC error, and what `Transport.request` throws. */
  request(
    method: string,
    params: Readonly<Record<string, unknown>>,
    seconds?: number,
  ): Promise<Record<string, unknown>>
  close(): Promise<void>
}

export interface McpSessionOptions {
  url: string
  rules: McpRules
  wire: Wire
  transport: 'auto' | 'streamable-http' | 'http+sse'
  userAgent(hasToken: boolean): string
  /** The token to send, refreshed ahead of time where the surface does that. */
  token(): Promise<string | undefined>
  requestSeconds: number
  /** What a server's request is answered with; undefined: this client cannot do that. */
  answer(method: string, params: unknown): Record<string, unknown> | undefined
}

/** Throws `Challenged` for 401 and 403, `ConnectFailure` for what cannot be mended by signing in. */
export async function openMcpSession(options: McpSessionOptions): Promise<McpSession> {
  const { rules } = options
  const overEvents =
    options.transport === 'http+sse' || (options.transport === 'auto' && wantsEvents(options))
  if (overEvents) return openLegacy(options, (transportOptions) => openEventStreamTransport(transportOptions))
  try {
    const modern = rules.first === 'server/discover' ? await probeEra(options) : undefined
    if (modern !== undefined) return openModern(options, modern)
    return await openLegacy(options, async (transportOptions) => createStreamableHttp(transportOptions))
  } catch (error) {
    if (!fallsBack(error, options)) throw error
    // MCP 2025-03-26, backwards compatibility: the refused POST was sent to a server of 2024-11-05.
    return openLegacy(options, (transportOptions) => openEventStreamTransport(transportOptions)).catch(() => {
      throw error
    })
  }
}

function wantsEvents(options: McpSessionOptions): boolean {
  if (options.rules.events === 'always') return true
  return options.rules.events === 'sse-path' && new URL(options.url).pathname.endsWith('/sse')
}

function fallsBack(error: unknown, options: McpSessionOptions): boolean {
  if (!(error instanceof UnexpectedAnswer) || options.transport !== 'auto') return false
  if (options.rules.fallsBackToEvents === 'never') return false
  if (options.rules.fallsBackToEvents === 'any-4xx') return error.status >= 400 && error.status <= 499
  return [400, 404, 405].includes(error.status)
}

/** The id that Claude Code's SDK gives its probe (recorded 2026-11). */
const probeId = 'server-discover-probe-1'

/** The answer to `server/discover`, or undefined for a server that has to be spoken to as in 2025. */
async function probeEra(options: McpSessionOptions): Promise<Record<string, unknown> | undefined> {
  const { transport, end } = createLink(options, async (o) => createStreamableHttp(o))
  const message: JsonRpcRequest = {
    jsonrpc: '2.0',
    id: probeId,
    method: 'server/discover',
    params: { _meta: modernMeta(options.rules) },
  }
  const link = await transport
  try {
    const response = await link.request(message, modernHeaders('server/discover', {}), options.requestSeconds)
    return judgeProbe(response)
  } catch (error) {
    return judgeProbeRefusal(error)
  } finally {
    await end()
  }
}

function judgeProbe(response: JsonRpcResponse): Record<string, unknown> | undefined {
  if (response.error !== undefined) return judgeProbeError(response.error)
  const versions = response.result?.supportedVersions
  return Array.isArray(versions) && versions.some((version) => isModernVersion(String(version)))
    ? response.result
    : undefined
}

/** A refusal by 4xx is a server that does not know the method; 5xx, or no MCP at all, ends it (measured on the official client, 2026-11). */
function judgeProbeRefusal(error: unknown): undefined {
  if (!(error instanceof UnexpectedAnswer) || error.status < 400 || error.status > 499) throw error
  return error.rpc?.error === undefined ? undefined : judgeProbeError(error.rpc.error)
}

/** Any error is that of a server of the time before, but one that names versions of which we speak none. */
function judgeProbeError(error: JsonRpcErrorBody): undefined {
  if (error.code !== jsonRpcCodes.unsupportedProtocolVersion) return undefined
  const { supported } = objectOf(error.data)
  if (Array.isArray(supported) && supported.some((version) => isLegacyVersion(String(version))))
    return undefined
  throw new ConnectFailure('protocol', `the server speaks only ${JSON.stringify(supported)}`)
}

interface Link {
  transport: Promise<Transport>
  remarks: string[]
  /** The server said that the subscription stands. */
  acknowledged: Promise<void>
  end(): Promise<void>
}

/** A transport whose incoming requests are answered, and whose notifications are only in the transcript. */
function createLink(
  options: McpSessionOptions,
  open: (options: TransportOptions) => Promise<Transport>,
  headers: () => Readonly<Record<string, string>> = () => ({}),
): Link {
  const remarks: string[] = []
  const acknowledgement = Promise.withResolvers<void>()
  const inbox = createInbox({
    onRequest(request) {
      void reply(request).catch((error: unknown) => remarks.push(`an answer could not be sent: ${error}`))
    },
    onNotification(notification) {
      if (notification.method === 'notifications/subscriptions/acknowledged') acknowledgement.resolve()
    },
  })
  let hasToken = false
  const transport = open({
    url: options.url,
    rules: options.rules,
    wire: options.wire,
    inbox,
    requestSeconds: options.requestSeconds,
    userAgent: () => options.userAgent(hasToken),
    async token() {
      const token = await options.token()
      hasToken = token !== undefined
      return token
    },
  })
  transport.catch(() => undefined)
  return {
    transport,
    remarks,
    acknowledged: acknowledgement.promise,
    end: async () => (await transport).close(headers()),
  }

  async function reply(request: JsonRpcRequest): Promise<void> {
    const result = options.answer(request.method, request.params)
    const error = {
      code: jsonRpcCodes.methodNotFound,
      message: `this client does not answer ${request.method}`,
    }
    const response = { jsonrpc: '2.0' as const, id: request.id }
    const link = await transport
    await link.post(result === undefined ? { ...response, error } : { ...response, result }, headers())
  }
}

async function openLegacy(
  options: McpSessionOptions,
  open: (options: TransportOptions) => Promise<Transport>,
): Promise<McpSession> {
  const { rules } = options
  let version: string | undefined
  let nextId = 0
  const headers = (): Record<string, string> => {
    return version !== undefined && rules.versionHeader ? { 'MCP-Protocol-Version': version } : {}
  }
  const link = createLink(options, open, headers)
  const transport = await link.transport
  const request = async (
    method: string,
    params: Readonly<Record<string, unknown>>,
    seconds: number = options.requestSeconds,
  ): Promise<Record<string, unknown>> => {
    const message: JsonRpcRequest = { jsonrpc: '2.0', id: nextId++, method, params: { ...params } }
    return resultOf(method, await transport.request(message, headers(), seconds))
  }
  try {
    const result = await request('initialize', {
      protocolVersion: rules.initializeVersion,
      capabilities: rules.capabilities,
      clientInfo: rules.clientInfo,
    })
    version = readVersion(result.protocolVersion)
    await transport.post({ jsonrpc: '2.0', method: 'notifications/initialized' }, headers())
    const odd = rules.opensStream ? await transport.openStream(headers()) : undefined
    if (odd !== undefined) link.remarks.push(odd)
    return {
      era: 'legacy',
      protocolVersion: version,
      transport: transport.kind,
      server: serverOf(result.serverInfo, result.instructions),
      capabilities: objectOf(result.capabilities),
      get hasSession() {
        return transport.hasSession
      },
      remarks: link.remarks,
      request,
      close: link.end,
    }
  } catch (error) {
    await link.end()
    throw error
  }
}

/** MCP lifecycle: a version that we do not speak ends the session. */
function readVersion(version: unknown): string {
  if (typeof version === 'string' && isLegacyVersion(version)) return version
  throw new ConnectFailure(
    'protocol',
    `initialize was answered with protocolVersion ${JSON.stringify(version)}, which is no handshake revision of MCP`,
  )
}

/** Rounds of "I need input first" before a modern request is given up. */
const maximumRounds = 3

async function openModern(
  options: McpSessionOptions,
  discovered: Record<string, unknown>,
): Promise<McpSession> {
  const { rules } = options
  const link = createLink(options, async (transportOptions) => createStreamableHttp(transportOptions))
  const transport = await link.transport
  let nextId = 0
  const send = async (
    method: string,
    params: Readonly<Record<string, unknown>>,
    seconds: number,
  ): Promise<Record<string, unknown>> => {
    const message: JsonRpcRequest = {
      jsonrpc: '2.0',
      id: nextId++,
      method,
      params: { ...params, _meta: modernMeta(rules) },
    }
    return resultOf(method, await transport.request(message, modernHeaders(method, params), seconds))
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

function modernMeta(rules: McpRules): Record<string, unknown> {
  return {
    [protocolVersionMeta]: newestModernVersion,
    [clientInfoMeta]: rules.clientInfo,
    [clientCapabilitiesMeta]: rules.capabilities,
  }
}

/** HTTP-2026-07-28-09, -14 and -15: what the body says, mirrored for whoever stands in between. */
function modernHeaders(method: string, params: Readonly<Record<string, unknown>>): Record<string, string> {
  const name = method === 'resources/read' ? params.uri : params.name
  const named = ['tools/call', 'prompts/get', 'resources/read'].includes(method) && typeof name === 'string'
  return {
    'MCP-Protocol-Version': newestModernVersion,
    'Mcp-Method': method,
    ...(named ? { 'Mcp-Name': headerValue(name) } : {}),
  }
}

/** HTTP-2026-07-28-18: what a header cannot carry, or what looks like this form, goes as base64. */
function headerValue(text: string): string {
  if (/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !/^=\?base64\?.*\?=$/i.test(text)) return text
  const binary = String.fromCharCode(...new TextEncoder().encode(text))
  return `=?base64?${btoa(binary)}?=`
}

function resultOf(method: string, response: JsonRpcResponse): Record<string, unknown> {
  if (response.error !== undefined) throw new RpcFailure(method, response.error)
  return objectOf(response.result)
}

function serverOf(info: unknown, instructions: unknown): McpServer {
  const { name, title, version } = objectOf(info)
  return {
    name: textOf(name),
    title: textOf(title),
    version: textOf(version),
    instructions: textOf(instructions),
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
