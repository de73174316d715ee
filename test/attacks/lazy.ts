// Into a connector that is open in part: past what is public, and into sessions that were begun without a token.

import { callMcp, connect, type Door } from '../door.ts'
import { type Attack, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const gateway = 'gateway/'

/** A door with one public tool, in front of a server that takes the first of two members, and every message for a request. */
interface Lazy {
  door: Door
  send(body: string, headers?: Record<string, string>): Promise<Response>
  ran: string[]
  /** The session of the server, as each message of these methods came with it. */
  sessions: { method: string; id: string }[]
}

async function openLazy(house: House, changes: Record<string, unknown> = {}): Promise<Lazy> {
  const ran: string[] = []
  const sessions: { method: string; id: string }[] = []
  let count = 0
  const upstream = house.inProcessUpstream({
    async handler(request) {
      const text = await request.text()
      if (request.method !== 'POST') return new Response(null, { status: 405 })
      const value = JSON.parse(text) as { id?: unknown; method: string } | { id?: unknown; method: string }[]
      const messages = Array.isArray(value) ? value : [value]
      ran.push(
        ...[...text.matchAll(/"name":"(\w+)"/g)].slice(0, messages.length).map(([, name = '']) => name),
      )
      const id = request.headers.get('mcp-session-id') ?? ''
      for (const { method } of messages) sessions.push({ method, id })
      const answers = messages.map((message) => ({
        jsonrpc: '2.0',
        id: message.id,
        result: resultOf(message.method),
      }))
      const headers = messages.some(({ method }) => method === 'initialize')
        ? { 'mcp-session-id': `upstream-${count++}` }
        : {}
      return Response.json(Array.isArray(value) ? answers : answers[0], { headers })
    },
  })
  const connector = { name: 'Notes', upstream, access: 'lazy' as const, publicTools: ['search'], ...changes }
  const door = await house.openDoor({ connector })
  const send = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    door.fetch('/mcp', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body,
    })
  return { door, send, ran, sessions }
}

function resultOf(method: string): Record<string, unknown> {
  if (method === 'initialize') {
    return { protocolVersion: '2025-03-26', capabilities: {}, serverInfo: { name: 'notes', version: '1' } }
  }
  const readOnly = { annotations: { readOnlyHint: true } }
  return { tools: [{ name: 'search', ...readOnly }, { name: 'erase', ...readOnly }, { name: 'erase' }] }
}

async function beginSession({ send }: Lazy): Promise<Record<string, string>> {
  const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { version: '1' } }
  const opened = await send(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }))
  return { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
}

const call = (name: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}"}}`
const ping = { id: 2, method: 'ping' }

const guestJudged = without(
  gateway,
  'if (isGuest(principal)) await permission.judgeGuest(request, body, principal)',
)

/** Succeeds if the tool that nobody may call without a token was run. */
function uninvited(
  attack: Omit<Attack, 'run'> & { body: string; headers?: Record<string, string>; publicTools?: 'read-only' },
): Attack {
  const { body, headers, publicTools, ...rest } = attack
  return {
    ...rest,
    async run(_, house) {
      const lazy = await openLazy(house, publicTools === undefined ? {} : { publicTools })
      const session = await beginSession(lazy)
      lazy.ran.length = 0
      await lazy.send(body, { ...session, ...headers })
      return succeededIf(lazy.ran.includes('erase'))
    },
  }
}

export const lazyAttacks: readonly Attack[] = [
  uninvited({
    name: '[HS-06] a tool that is not public, called without a token',
    source: 'house rule 6, MCP 2025-11-25 authorization (access token usage)',
    body: call('erase'),
    guard: guestJudged,
  }),
  uninvited({
    name: '[HS-06] a tool that is not public, under headers that name one that is',
    source: 'house rule 6, MCP 2026-07-28 transports (header validation)',
    body: call('erase'),
    headers: { 'mcp-method': 'tools/list', 'mcp-name': 'search' },
    guard: guestJudged,
  }),
  uninvited({
    name: '[HS-06] a tool that is not public, in a batch with one that is',
    source: 'house rule 6, JSON-RPC 2.0 §6',
    body: `[${call('search')},${call('erase')}]`,
    guard: without(gateway, 'if (judged.every(Boolean)) return', 'if (judged.some(Boolean)) return'),
  }),
  uninvited({
    name: '[HS-06] a tool that is not public, named before one that is, for a server that takes the first',
    source: 'house rule 6, RFC 8259 §4 (duplicate names)',
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"erase","name":"search"}}',
    guard: without(gateway, 'const isPlain = !isAmbiguous(body.text, body.batch)', 'const isPlain = true'),
  }),
  uninvited({
    name: '[HS-06] a tool that is not public, called without an id as if it were a notification',
    source: 'house rule 6, JSON-RPC 2.0 §4.1',
    body: '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"erase"}}',
    guard: without(
      gateway,
      "if (!isRequest(message)) return message.method.startsWith('notifications/')",
      'if (!isRequest(message)) return true',
    ),
  }),
  uninvited({
    name: '[HS-06] a tool that is listed twice, once as one that only reads',
    source: 'house rule 6, MCP 2025-11-25 tools (annotations are untrusted)',
    publicTools: 'read-only',
    body: call('erase'),
    guard: without(
      gateway,
      'named.every(({ readOnly }) => readOnly)',
      'named.some(({ readOnly }) => readOnly)',
    ),
  }),
  {
    name: '[HS-06] the names of tools that are hidden from strangers',
    source: 'house rule 6',
    guard: without(gateway, "if (list === 'tools' && hidden.includes(String(entry.name))) return false"),
    async run(_, house) {
      const lazy = await openLazy(house, { hiddenTools: ['erase'] })
      const list = await lazy.send('{"jsonrpc":"2.0","id":1,"method":"tools/list"}')
      return succeededIf((await list.text()).includes('erase'))
    },
  },
  {
    name: "[HS-06] [SBP-10] somebody's session, used without a token",
    source: 'house rule 6, MCP security best practices (session hijacking)',
    guard: without(
      gateway,
      'return session.userId === caller.userId && session.clientId === caller.clientId',
      'return true',
    ),
    async run(_, house) {
      const lazy = await openLazy(house)
      const { accessToken } = await connect(lazy.door)
      const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { version: '1' } }
      const opened = await callMcp(lazy.door, accessToken, { id: 0, method: 'initialize', params })
      const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
      await callMcp(lazy.door, accessToken, ping, session)
      const own = lazy.sessions.at(-1)?.id
      lazy.sessions.length = 0
      await callMcp(lazy.door, undefined, ping, session)
      return succeededIf(lazy.sessions.at(-1)?.id === own)
    },
  },
  {
    name: '[HS-06] [SBP-10] a session begun without a token and kept, after its victim has signed in with it',
    source: 'house rule 6, MCP security best practices (session hijacking); CWE-384',
    guard: without(
      gateway,
      "if (mark !== undefined) return { kind: 'foreign' }",
      "if (mark !== undefined) return { kind: 'bound', ...entry }",
    ),
    async run(_, house) {
      const lazy = await openLazy(house)
      const session = await beginSession(lazy)
      const { accessToken } = await connect(lazy.door)
      await callMcp(lazy.door, accessToken, ping, session)
      return succeededIf((await callMcp(lazy.door, undefined, ping, session)).status === 200)
    },
  },
  {
    name: "[HS-06] [SBP-10] a session that has become somebody's, taken over with a token of one's own",
    source: 'house rule 6, MCP security best practices (session hijacking); CWE-384',
    guard: without(gateway, "if (standing.owner !== owner) return { kind: 'foreign' }"),
    async run(_, house) {
      const lazy = await openLazy(house)
      const session = await beginSession(lazy)
      const victim = await connect(lazy.door)
      const thief = await connect(lazy.door)
      await callMcp(lazy.door, victim.accessToken, ping, session)
      return succeededIf((await callMcp(lazy.door, thief.accessToken, ping, session)).status === 200)
    },
  },
  {
    name: '[HS-06] what a stranger left in a session, for whoever signs in with it',
    source: 'house rule 6; CWE-384',
    guard: without(gateway, 'initialized: found.claimed === undefined', 'initialized: true'),
    alsoNeeds: [
      without(
        gateway,
        'session: { ...session, userId, clientId, upstreamSessionId: undefined }',
        'session: { ...session, userId, clientId }',
      ),
    ],
    async run(_, house) {
      const lazy = await openLazy(house)
      const session = await beginSession(lazy)
      const { accessToken } = await connect(lazy.door)
      await callMcp(lazy.door, accessToken, ping, session)
      return succeededIf(lazy.sessions.at(-1)?.id === 'upstream-0')
    },
  },
]
