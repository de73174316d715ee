// The lab: one known-good MCP server with sign-in, in process, and the places where a fault is let in: its edge, its settings, its network, its clock.

import type { HandshakeFacts, Network } from '../../../src/client/network.ts'
import { authorizationServer } from './authorization-server.ts'
import { mcpServer } from './mcp-server.ts'

export type Handler = (request: Request) => Promise<Response> | Response
/** Stands before the server, as a proxy or firewall does: it may answer itself, or change what goes in or comes out. */
export type Edge = (
  request: Request,
  next: (request: Request) => Promise<Response>,
) => Promise<Response> | Response

export interface Lab {
  settings: LabSettings
  /** The URL a person types. */
  url: string
  /** The issuer, as the variant has it. */
  issuer: string
  fetch: typeof fetch
  network: Network
  addresses: Map<string, readonly string[]>
  handshakes: Map<string, HandshakeFacts>
  /** The last one added stands outermost. */
  addEdge(edge: Edge): void
  /** The good server keeps everything; a fault may forget. */
  onRestart(forget: () => void): void
  restart(): void
  /** Seconds since the epoch, and a stopwatch: both stand still unless they are moved. */
  clock: { now: number; ms: number }
  stopwatch: () => number
}

export interface LabSettings {
  access: 'oauth' | 'none' | 'lazy'
  issuerForm: 'root' | 'path' | 'other-origin'
  identity: 'registration' | 'metadata-document'
  /** What the MCP server lists. */
  tools: Record<string, unknown>[]
  accessTokenSeconds: number
}

export const user = { username: 'ada', password: 'correct horse battery' } as const

const origin = 'https://mcp.lab.example'
const otherOrigin = 'https://auth.lab.example'

export function createLab(given: Partial<LabSettings> = {}): Lab {
  const settings: LabSettings = {
    access: 'oauth',
    issuerForm: 'root',
    identity: 'registration',
    tools: structuredClone(goodTools),
    accessTokenSeconds: 3600,
    ...given,
  }
  const issuers = { root: origin, path: `${origin}/tenant`, 'other-origin': otherOrigin }
  const clock = { now: 1_800_000_000, ms: 0 }
  const lab: Lab = {
    settings,
    url: `${origin}/mcp`,
    issuer: issuers[settings.issuerForm],
    fetch: (input, init) => throughEdges(new Request(input, init), init?.signal),
    network: {
      addresses: async (hostname) => lab.addresses.get(hostname) ?? ['93.184.216.34'],
      handshake: async (hostname) =>
        lab.handshakes.get(hostname) ?? { trusted: true, validUntilAt: undefined },
    },
    addresses: new Map(),
    handshakes: new Map(),
    addEdge: (edge) => edges.push(edge),
    onRestart: (forget) => restarts.push(forget),
    restart: () => {
      for (const forget of restarts) forget()
    },
    clock,
    stopwatch: () => clock.ms,
  }
  const edges: Edge[] = []
  const restarts: (() => void)[] = []
  const authorization = authorizationServer(lab)
  const mcp = mcpServer(lab, authorization.isAccepted)
  const routes: Handler = async (request) =>
    (await authorization.handle(request)) ?? (await mcp(request)) ?? notFound()
  return lab

  /** A signal that is ignored by a server that never answers still ends the request, as a socket would. */
  async function throughEdges(request: Request, signal: AbortSignal | null | undefined): Promise<Response> {
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    aborted.catch(() => undefined)
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    const handle = edges.reduce<Handler>(
      (inner, edge) => (passed) => edge(passed, async (changed) => inner(changed)),
      routes,
    )
    return Promise.race([handle(request), aborted])
  }
}

const goodTools = [
  {
    name: 'search_notes',
    title: 'Search notes',
    description: 'Finds notes that contain a text.',
    inputSchema: {
      type: 'object',
      properties: { text: { type: 'string', description: 'What to look for' } },
      required: ['text'],
    },
    annotations: { readOnlyHint: true },
  },
  {
    name: 'delete_note',
    title: 'Delete a note',
    description: 'Deletes the note with this id.',
    inputSchema: {
      type: 'object',
      properties: { id: { type: 'string', description: 'Which note' } },
      required: ['id'],
    },
    annotations: { readOnlyHint: false, destructiveHint: true },
  },
]

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*', ...headers },
  })
}

export function unauthorized(lab: Lab, token: string | undefined): Response {
  const { origin, pathname } = new URL(lab.url)
  const pointer = `${origin}/.well-known/oauth-protected-resource${pathname}`
  const error = token === undefined ? '' : 'error="invalid_token", '
  return json({ error: 'invalid_token' }, 401, {
    'WWW-Authenticate': `Bearer ${error}resource_metadata="${pointer}", scope="notes:read notes:write"`,
    'Access-Control-Expose-Headers': 'WWW-Authenticate',
  })
}

export function html(text: string, status = 200, headers: Record<string, string> = {}): Response {
  const page = `<!doctype html><html><head><title>Lab</title></head><body>${text}</body></html>`
  return new Response(page, { status, headers: { 'Content-Type': 'text/html; charset=utf-8', ...headers } })
}

export function notFound(): Response {
  return json({ error: 'not_found' }, 404)
}
