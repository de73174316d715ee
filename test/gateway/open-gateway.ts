// A gateway without a socket or an authorization server: tokens are names in a table, the clock is set by hand.

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js'
import {
  type Access,
  createGateway,
  defaultGatewayLimits,
  type Gateway,
  type GatewayLimits,
  type PolicyRule,
  type Principal,
  type SignInForm,
  type StrangerRules,
} from '../../src/gateway/gateway.ts'
import type { Upstream } from '../../src/gateway/upstream.ts'
import { readServerSentEvents } from '../../src/mcp/event-stream.ts'
import { issuerOf } from '../../src/oauth/authorization-server-metadata.ts'
import { resourceIdentifier } from '../../src/oauth/resource-indicators.ts'
import { defaultScopes, type ScopeDefinition } from '../../src/oauth/scope.ts'
import { importSealingKey } from '../../src/platform/crypto.ts'
import { createTelemetry, type PosternEvent } from '../../src/platform/telemetry.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'

export const origin = 'http://localhost:8787'

/** Three tokens of Ada: one that may do everything, the same after a refresh, one that may only read; and one of another person. */
export const tokens: Readonly<Record<string, Principal>> = {
  ada: principal('ada', 'claude', ['read', 'write']),
  'ada-refreshed': principal('ada', 'claude', ['read', 'write']),
  'ada-reads': principal('ada', 'claude', ['read']),
  'ada-elsewhere': principal('ada', 'inspector', ['read', 'write']),
  bob: principal('bob', 'claude', ['read', 'write']),
}

export interface OpenGateway {
  gateway: Gateway
  events: PosternEvent[]
  clock: { now: number }
  /** As it arrives on the MCP path. */
  send(init?: RequestInit & { path?: string }): Promise<Response>
  /** A POST as clients write it. `token` is left out when undefined. */
  post(
    token: string | undefined,
    message: unknown,
    headers?: Record<string, string | undefined>,
  ): Promise<Response>
  /** Through `initialize` and `initialized`: the headers of the session. */
  openSession(token: string, options?: SessionOptions): Promise<SessionHeaders>
  /** An official client of the handshake era, over this gateway. */
  connect(token: string, capabilities?: ClientCapabilities): Promise<ConnectedClient>
}

export interface SessionOptions {
  version?: string
  capabilities?: Record<string, unknown>
}

export type SessionHeaders = { 'mcp-session-id': string; 'mcp-protocol-version': string }

export interface ConnectedClient {
  client: Client
  transport: StreamableHTTPClientTransport
}

export interface OpenGatewayOptions {
  upstream: Upstream
  access?: Access
  strangers?: Partial<StrangerRules>
  signInForm?: SignInForm
  policy?: readonly PolicyRule[]
  scopes?: readonly ScopeDefinition[]
  limits?: Partial<GatewayLimits>
  storage?: ReturnType<typeof memoryStorage>
  findPrincipal?: (token: string) => Promise<Principal | undefined>
}

export async function openGateway(options: OpenGatewayOptions): Promise<OpenGateway> {
  const events: PosternEvent[] = []
  const clock = { now: 1_800_000_000 }
  const gateway = createGateway({
    connector: {
      name: 'Notes',
      path: '/mcp',
      resource: resourceIdentifier(origin, '/mcp'),
      scopes: options.scopes ?? defaultScopes,
      upstream: options.upstream,
      access: options.access ?? 'oauth',
      strangers: { publicTools: [], hiddenTools: [], ...options.strangers },
      signInForm: options.signInForm,
      policy: options.policy,
    },
    origin,
    issuer: issuerOf(origin),
    findPrincipal: options.findPrincipal ?? (async (token) => tokens[token]),
    sessionKey: await importSealingKey(new Uint8Array(32).fill(7)),
    storage: options.storage ?? memoryStorage(),
    allowedHosts: (host) => host === 'localhost:8787',
    allowedOrigins: (name) => [origin, 'https://claude.ai', 'http://127.0.0.1:6274'].includes(name),
    limits: { ...defaultGatewayLimits, ...options.limits },
    telemetry: createTelemetry(() => clock.now, [(event) => void events.push(event)]),
    clock: () => clock.now,
  })

  const send: OpenGateway['send'] = ({ path = '/mcp', ...init } = {}) => {
    const request = new Request(origin + path, init)
    if (!request.headers.has('host')) request.headers.set('host', 'localhost:8787')
    return gateway.fetch(request)
  }

  const post: OpenGateway['post'] = (token, message, headers = {}) => {
    const all = new Headers({
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    })
    if (token !== undefined) all.set('authorization', `Bearer ${token}`)
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined) all.delete(name)
      else all.set(name, value)
    }
    // Bytes, because a text would bring a Content-Type of its own.
    const body = new TextEncoder().encode(typeof message === 'string' ? message : JSON.stringify(message))
    return send({ method: 'POST', headers: all, body })
  }

  return {
    gateway,
    events,
    clock,
    send,
    post,
    async openSession(token, { version = '2025-11-25', capabilities = {} } = {}) {
      const response = await post(token, initializeMessage(version, capabilities))
      const answer = await readAnswer(response)
      const id = response.headers.get('mcp-session-id')
      if (id === null) throw new Error(`initialize was answered ${JSON.stringify(answer)}`)
      const headers = { 'mcp-session-id': id, 'mcp-protocol-version': String(answer.result?.protocolVersion) }
      const greeted = await post(token, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers)
      if (greeted.status !== 202) throw new Error(`initialized was answered ${greeted.status}`)
      return headers
    },
    async connect(token, capabilities = {}) {
      const client = new Client({ name: 'test', version: '1' }, { capabilities })
      const transport = new StreamableHTTPClientTransport(new URL(`${origin}/mcp`), {
        requestInit: { headers: { authorization: `Bearer ${token}` } },
        fetch: (url, init) => gateway.fetch(new Request(url, init)),
      })
      await client.connect(transport as Transport)
      return { client, transport }
    },
  }
}

export function initializeMessage(
  version: string,
  capabilities: Record<string, unknown> = {},
): Record<string, unknown> {
  const params = { protocolVersion: version, capabilities, clientInfo: { name: 'test', version: '1' } }
  return { jsonrpc: '2.0', id: 'init', method: 'initialize', params }
}

/** A request of 2026-07-28: envelope in the body, and the headers that repeat it. */
export function modernCall(
  method: string,
  params: Record<string, unknown> = {},
  changes: { meta?: Record<string, unknown>; headers?: Record<string, string | undefined> } = {},
): { message: Record<string, unknown>; headers: Record<string, string | undefined> } {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
    ...changes.meta,
  }
  const name = params.name ?? params.uri
  return {
    message: { jsonrpc: '2.0', id: 7, method, params: { ...params, _meta: meta } },
    headers: {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
      ...changes.headers,
    },
  }
}

export interface RpcAnswer {
  id?: unknown
  method?: string
  params?: Record<string, unknown>
  result?: Record<string, unknown>
  error?: { code: number; message: string; data?: unknown }
}

/** The answer in a JSON or event-stream body. */
export async function readAnswer(response: Response): Promise<RpcAnswer> {
  const answer = (await readMessages(response)).findLast((message) => message.method === undefined)
  if (answer === undefined) throw new Error('the stream ended without an answer')
  return answer
}

/** Every message of a body that ends. */
export async function readMessages(response: Response): Promise<RpcAnswer[]> {
  const type = response.headers.get('content-type') ?? ''
  if (!type.startsWith('text/event-stream')) {
    const value = JSON.parse(await response.text()) as RpcAnswer | RpcAnswer[]
    return Array.isArray(value) ? value : [value]
  }
  const messages: RpcAnswer[] = []
  for await (const message of messagesOf(response)) messages.push(message)
  return messages
}

/** Messages as they come. */
export async function* messagesOf(response: Response): AsyncGenerator<RpcAnswer> {
  if (response.body === null) return
  for await (const { data } of readServerSentEvents(response.body)) {
    if (data !== '') yield JSON.parse(data) as RpcAnswer
  }
}

/** Until it holds, or for longer than any machine needs. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited half a minute for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function principal(userId: string, clientId: string, scope: readonly string[]): Principal {
  return { userId, clientId, grantId: `grant-of-${userId}`, flowId: `flow-of-${userId}`, scope }
}
