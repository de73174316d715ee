/** One MCP session of a surface: its contract, and which transport and era it is opened in. */

import type { Era } from '../mcp/protocol-version.ts'
import { probeEra } from './era-probe.ts'
import { openEventStreamTransport } from './event-stream-transport.ts'
import { openLegacySession } from './legacy-session.ts'
import { UnexpectedAnswer } from './mcp-errors.ts'
import { openModernSession } from './modern-session.ts'
import { createStreamableHttp } from './streamable-http.ts'
import type { McpRules } from './surface.ts'
import type { Transport } from './transport.ts'
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
  if (overEvents)
    return openLegacySession(options, (transportOptions) => openEventStreamTransport(transportOptions))
  try {
    const modern = rules.first === 'server/discover' ? await probeEra(options) : undefined
    if (modern !== undefined) return openModernSession(options, modern)
    return await openLegacySession(options, async (transportOptions) =>
      createStreamableHttp(transportOptions),
    )
  } catch (error) {
    if (!fallsBack(error, options)) throw error
    // MCP 2025-03-26, backwards compatibility: the refused POST was sent to a server of 2024-11-05.
    return openLegacySession(options, (transportOptions) => openEventStreamTransport(transportOptions)).catch(
      () => {
        throw error
      },
    )
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
