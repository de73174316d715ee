// Between us and the server behind the door: what of a client reaches it, what of it reaches a client, whose session is used.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, callMcp, connect, type Door } from '../door.ts'
import { type Attack, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const gateway = 'gateway/'
const mcp = 'mcp/'
const platform = 'platform/'

interface Seen {
  headers: Headers
  body: string
}

type Answer = (request: Request, message: { id?: number; method?: string }) => Response | undefined

/** A door in front of a server that remembers what it was sent, and answers as an attack needs it. */
async function openWatched(
  house: House,
  answer: Answer = () => undefined,
  options: Parameters<House['openDoor']>[0] = {},
): Promise<{ door: Door; seen: Seen[] }> {
  const seen: Seen[] = []
  const upstream = house.inProcessUpstream({
    async handler(request) {
      const body = await request.text()
      seen.push({ headers: request.headers, body })
      if (request.method !== 'POST')
        return new Response(null, { status: request.method === 'DELETE' ? 200 : 405 })
      const message = JSON.parse(body) as { id?: number; method?: string }
      const own = answer(request, message)
      if (own !== undefined) return own
      if (message.id === undefined) return new Response(null, { status: 202 })
      const opened = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        serverInfo: { name: 'x', version: '1' },
      }
      const result = message.method === 'initialize' ? opened : { tools: [], content: [] }
      const headers = message.method === 'initialize' ? { 'mcp-session-id': `upstream-${seen.length}` } : {}
      return Response.json({ jsonrpc: '2.0', id: message.id, result }, { headers })
    },
  })
  const door = await house.openDoor({
    ...options,
    connector: { name: 'Notes', upstream, ...options.connector },
  })
  return { door, seen }
}

const list = { id: 5, method: 'tools/list' }

async function initialize(
  door: Door,
  accessToken: string | undefined,
  changes: Record<string, unknown> = {},
) {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'x', version: '1' },
    ...changes,
  }
  const response = await callMcp(door, accessToken, { id: 1, method: 'initialize', params })
  return { response, sessionId: response.headers.get('mcp-session-id') ?? '' }
}

const allowList = without(
  gateway,
  "return (name.startsWith('mcp-') && !writtenHere.has(name)) || forwardedHeaders.has(name)",
  'return !writtenHere.has(name)',
)

/** Headers that a client sends and the server behind the door must not believe, or not even see. */
async function reaches(house: House, headers: Record<string, string>): Promise<boolean> {
  const { door, seen } = await openWatched(house)
  const { accessToken } = await connect(door)
  seen.length = 0
  await callMcp(door, accessToken, list, headers)
  if (seen.length === 0) throw new Error('nothing reached the server')
  const sent = new Headers(headers)
  sent.set('authorization', `Bearer ${accessToken}`)
  const isOurs = (name: string): boolean => name === 'content-type' || name === 'accept'
  return seen.some((request) =>
    [...sent].some(([name, value]) => !isOurs(name) && request.headers.get(name) === value),
  )
}

const passing: readonly Attack[] = [
  {
    name: "[SBP-06] [GW-1] the client's own token, cookies and proofs handed to the server behind the door",
    source: 'MCP security best practices (token passthrough), RFC 9700 §4.10',
    guard: allowList,
    run: async (_, house) =>
      succeededIf(await reaches(house, { cookie: 'postern-8787=secret', dpop: 'proof' })),
  },
  {
    name: '[R9700-02] [HS-09] headers by which a proxy says who somebody is',
    source: 'RFC 9700 §4.13, house rule 9',
    guard: allowList,
    run: async (_, house) =>
      succeededIf(
        await reaches(house, {
          'x-forwarded-user': 'admin',
          'x-auth-request-email': 'admin@example.com',
          'x-forwarded-for': '127.0.0.1',
          'x-real-ip': '127.0.0.1',
          'x-original-url': '/admin',
        }),
      ),
  },
  {
    name: '[R9700-02] a host that the client says we are reached at',
    source: 'RFC 9700 §4.13, requirements GW-3; RFC 7239 §8',
    guard: without(gateway, "for (const name in ownHeaders) headers.set(name, ownHeaders[name] ?? '')"),
    alsoNeeds: [allowList],
    run: async (_, house) =>
      succeededIf(
        await reaches(house, { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'gopher' }),
      ),
  },
  {
    name: '[GW-1] the sign-in of the server behind the door, shown to the client as ours',
    source: 'requirements GW-1; RFC 9728 §7.4; MCP security best practices',
    guard: without(
      gateway,
      'async function shape(call: UpstreamCall, response: Response, onEnd: () => void): Promise<Response> {',
      'async function shape(call: UpstreamCall, response: Response, onEnd: () => void): Promise<Response> { if (response.status === 401) return response;',
    ),
    async run(_, house) {
      const challenge = 'Bearer resource_metadata="https://evil.example/.well-known/oauth-protected-resource"'
      const { door } = await openWatched(house, (_, { method }) =>
        method === 'tools/list'
          ? new Response('{}', { status: 401, headers: { 'www-authenticate': challenge } })
          : undefined,
      )
      const response = await callMcp(door, (await connect(door)).accessToken, list)
      const isShown = (response.headers.get('www-authenticate') ?? '').includes('evil.example')
      return succeededIf(response.status === 401 || isShown)
    },
  },
  {
    name: '[GW-14] a refusal of the server behind the door that makes the client ask its person for more scope',
    source: 'requirements GW-14; RFC 6750 §3.1',
    guard: without(
      gateway,
      'response.status === 401 || response.status === 403) { await discard',
      'response.status === 401) { await discard',
    ),
    async run(_, house) {
      const { door } = await openWatched(house, (_, { method }) =>
        method === 'tools/list' ? Response.json({ error: 'insufficient_scope' }, { status: 403 }) : undefined,
      )
      return succeededIf((await callMcp(door, (await connect(door)).accessToken, list)).status === 403)
    },
  },
  {
    name: 'cookies and headers that the server behind the door sets in our name',
    source: 'RFC 6265 §8.6; requirements GW-1; RFC 9700 §4.13',
    guard: without(
      gateway,
      "return new Response(body, { status: response.status, headers: { 'content-type': 'application/json' } })",
      'return new Response(body, { status: response.status, headers: response.headers })',
    ),
    async run(_, house) {
      const { door } = await openWatched(house, (_, { id, method }) =>
        method === 'tools/list'
          ? Response.json(
              { jsonrpc: '2.0', id, result: { tools: [] } },
              { headers: { 'set-cookie': 'postern-8787=planted', 'clear-site-data': '"*"' } },
            )
          : undefined,
      )
      const response = await callMcp(door, (await connect(door)).accessToken, list)
      return succeededIf(response.headers.has('set-cookie') || response.headers.has('clear-site-data'))
    },
  },
  {
    name: 'a server behind the door that redirects us into the inner network',
    source: 'MCP security best practices (SSRF)',
    guard: without(
      gateway,
      "signal: signalFor(way, signal), redirect: 'manual' }",
      "signal: signalFor(way, signal), redirect: 'follow' }",
    ),
    async run(_, house) {
      const asked: string[] = []
      const browse = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
        asked.push(String(input))
        const isInner = asked.length > 1
        if (isInner) return Response.json({ jsonrpc: '2.0', id: 1, result: { secret: true } })
        const redirect = new Response(null, { status: 307, headers: { location: 'http://169.254.169.254/' } })
        return init.redirect === 'manual' ? redirect : browse('http://169.254.169.254/', init)
      }
      const upstream = house.streamableHttpUpstream({
        url: 'https://tools.example/mcp',
        fetch: browse as typeof fetch,
      })
      const door = await house.openDoor({ connector: { name: 'Notes', upstream, access: 'none' } })
      await callMcp(door, undefined, {
        id: 1,
        method: 'initialize',
        params: { protocolVersion: '2025-11-25' },
      })
      return succeededIf(asked.some((url) => url.includes('169.254')))
    },
  },
]

/** A second person, or the same one with another client. */
async function victimAndThief(
  house: House,
): Promise<{ door: Door; seen: Seen[]; victim: Connection; thief: Connection }> {
  const { door, seen } = await openWatched(house)
  const victim = await connect(door)
  const thief = await connect(door)
  return { door, seen, victim, thief }
}

/** True when a request with this id reached the server in a session of this name. */
async function usesSession(
  door: Door,
  seen: Seen[],
  accessToken: string,
  id: string,
  upstreamId: string,
): Promise<boolean> {
  seen.length = 0
  await callMcp(door, accessToken, list, { 'mcp-session-id': id })
  return seen.some(({ headers }) => headers.get('mcp-session-id') === upstreamId)
}

const sealed = without(
  platform,
  'const sealed = await crypto.subtle.encrypt(',
  'return plain; const sealed = await crypto.subtle.encrypt(',
)
const opened = without(platform, 'if (box.length < 12 + 16) return undefined', 'return box')

const sessions: readonly Attack[] = [
  {
    name: "[SBP-10] the session of somebody else, used with a token of one's own",
    source: 'MCP security best practices (session hijacking)',
    guard: without(
      gateway,
      'return session.userId === caller.userId && session.clientId === caller.clientId',
      'return true',
    ),
    async run(_, house) {
      const { door, seen, victim, thief } = await victimAndThief(house)
      const { sessionId } = await initialize(door, victim.accessToken)
      const name = await upstreamNameOf(door, seen, victim.accessToken, sessionId)
      return succeededIf(await usesSession(door, seen, thief.accessToken, sessionId, name))
    },
  },
  {
    name: "[SBP-10] the session of somebody else, ended with a token of one's own",
    source: 'MCP security best practices (session hijacking)',
    guard: without(
      gateway,
      'return session.userId === caller.userId && session.clientId === caller.clientId',
      'return true',
    ),
    async run(_, house) {
      const { door, victim, thief } = await victimAndThief(house)
      const { sessionId } = await initialize(door, victim.accessToken)
      return succeededIf((await endSession(door, thief.accessToken, sessionId)).status === 204)
    },
  },
  {
    name: '[GW-2] [SBP-10] a session id that is the one of the server behind the door, for whoever guesses it',
    source: 'requirements GW-2, MCP security best practices (session hijacking)',
    guard: without(
      gateway,
      'response.headers.set(sessionHeader, id)',
      'response.headers.set(sessionHeader, opened.upstreamSessionId ?? id)',
    ),
    async run(_, house) {
      const { door } = await openWatched(house)
      const { sessionId } = await initialize(door, (await connect(door)).accessToken)
      return succeededIf(sessionId.startsWith('upstream-') || sessionId.length < 64)
    },
  },
  {
    name: '[SBP-10] a session id taken apart, and put together with the session of somebody else',
    source: 'MCP security best practices (session hijacking), RFC 5116 §2.1',
    guard: opened,
    alsoNeeds: [sealed],
    async run(_, house) {
      const { door, seen } = await openWatched(house)
      const { accessToken } = await connect(door)
      const { sessionId } = await initialize(door, accessToken)
      const plain = Buffer.from(sessionId.slice(3), 'base64url').toString('latin1')
      const forged = `s1_${Buffer.from(plain.replace(/upstream-\d+/, 'of-the-victim'), 'latin1').toString('base64url')}`
      return succeededIf(await usesSession(door, seen, accessToken, forged, 'of-the-victim'))
    },
  },
  {
    name: '[SBP-09] a session that was ended',
    source: 'MCP 2025-03-26 transports (session management)',
    guard: without(
      gateway,
      'const mark = await storage.findMcpSession(entry.hash, now)',
      'const mark = undefined',
    ),
    async run(_, house) {
      const { door } = await openWatched(house)
      const { accessToken } = await connect(door)
      const { sessionId } = await initialize(door, accessToken)
      await endSession(door, accessToken, sessionId)
      return succeededIf(
        (await callMcp(door, accessToken, list, { 'mcp-session-id': sessionId })).status === 200,
      )
    },
  },
  {
    name: '[SBP-09] a session of last year',
    source: 'MCP security best practices (session expiry)',
    guard: without(
      gateway,
      'if (entry === undefined || entry.session.expiresAt <= now)',
      'if (entry === undefined)',
    ),
    async run(_, house) {
      const { door } = await openWatched(house)
      const own = await connect(door)
      const { sessionId } = await initialize(door, own.accessToken)
      door.clock.now += 365 * 86_400
      const { accessToken } = await connect(door, { clientId: own.clientId }).catch(() => connect(door))
      return succeededIf((await endSession(door, accessToken, sessionId)).status === 204)
    },
  },
  {
    name: '[HS-08] the session of another connector of the same house',
    source: 'house rule 8, MCP security best practices (session hijacking)',
    guard: without(
      mcp,
      'return `mcp session ${formatPrefix} ${connectorPath}`',
      'return `mcp session ${formatPrefix}`',
    ),
    async run(_, house) {
      const storage = house.memoryStorage()
      const here = await openWatched(house, undefined, { storage })
      const upstream = house.inProcessUpstream({ handler: async () => new Response(null, { status: 405 }) })
      const there = await house.openDoor({
        storage,
        connector: { name: 'Other', upstream, path: '/t/other/mcp' },
      })
      const own = await connect(here.door)
      const { sessionId } = await initialize(here.door, own.accessToken)
      const { accessToken } = await connect(there, { clientId: own.clientId })
      return succeededIf((await endSession(there, accessToken, sessionId)).status === 204)
    },
  },
]

/** The name that the server gave this session, as it sees it in the next request. */
async function upstreamNameOf(door: Door, seen: Seen[], accessToken: string, id: string): Promise<string> {
  seen.length = 0
  await callMcp(door, accessToken, list, { 'mcp-session-id': id })
  const name = seen.at(-1)?.headers.get('mcp-session-id') ?? ''
  if (name === '') throw new Error('the session has no name at the server')
  return name
}

function endSession(door: Door, accessToken: string, id: string): Promise<Response> {
  return door.fetch(new URL(door.mcpUrl).pathname, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${accessToken}`, 'mcp-session-id': id },
  })
}

/* Commands */

/** A command that writes down its environment, its arguments and its id, and answers every request. */
function noteTaker(file: string): string {
  const note = `require('fs').appendFileSync(${JSON.stringify(file)}, JSON.stringify({env:process.env,pid:process.pid})+'\\n')`
  const answer = `const m=JSON.parse(l);if(m.id!==undefined)console.log(JSON.stringify({jsonrpc:'2.0',id:m.id,result:{protocolVersion:'2025-11-25',capabilities:{},serverInfo:{name:'x',version:'1'},tools:[]}}))`
  return `${note};require('readline').createInterface({input:process.stdin}).on('line',l=>{${answer}})`
}

async function withCommand(
  house: House,
  options: { args?: string[]; environment?: Record<string, string> },
  use: (
    door: Door,
    folder: string,
    notes: () => { env: Record<string, string>; pid: number }[],
  ) => Promise<boolean>,
): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-attack-'))
  const file = join(folder, 'notes')
  const program = join(folder, 'server.cjs')
  writeFileSync(program, noteTaker(file))
  const upstream = house.stdioUpstream({
    command: [process.execPath, program, ...(options.args ?? [])],
    cwd: folder,
    env: {},
    environment: { PATH: process.env.PATH ?? '', ...options.environment },
  })
  try {
    const door = await house.openDoor({ connector: { name: 'Notes', upstream } })
    const notes = () =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { env: Record<string, string>; pid: number })
    return await use(door, folder, notes)
  } finally {
    await upstream.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const processes: readonly Attack[] = [
  {
    name: '[HS-01] a command that reads our secrets in its environment',
    source: 'house rule 1; SECURITY.md, CWE-526',
    guard: without(gateway, "['PATH', 'HOME', 'LANG', 'TMPDIR']", 'Object.keys(environment)'),
    async run(_, house) {
      const environment = {
        POSTERN_MASTER_KEY: 'secret',
        AWS_SECRET_ACCESS_KEY: 'secret',
        npm_config_token: 'secret',
      }
      return succeededIf(
        await withCommand(house, { environment }, async (door, _, notes) => {
          await initialize(door, (await connect(door)).accessToken)
          return notes().some(({ env }) => Object.values(env).includes('secret'))
        }),
      )
    },
  },
  {
    name: '[HS-01] one of our secrets named as a variable for the command',
    source: 'house rule 1',
    guard: without(gateway, 'if (own !== undefined) throw', 'if (false) throw'),
    async run(_, house) {
      const give = (name: string): boolean => {
        try {
          house.stdioUpstream({ command: ['true'], cwd: '/', env: { [name]: 'secret' }, environment: {} })
          return true
        } catch {
          return false
        }
      }
      return succeededIf(['POSTERN_MASTER_KEY', 'postern_master_key', 'Postern_X'].some(give))
    },
  },
  {
    name: 'an argument that a shell would run',
    source: 'CWE-78; CVE-2025-6514 (mcp-remote)',
    guard: without(gateway, 'shell: false', 'shell: true'),
    async run(_, house) {
      return succeededIf(
        await withCommand(house, { args: ['$(touch pwned)', '`touch pwned`'] }, async (door, folder) => {
          await initialize(door, (await connect(door)).accessToken)
          return existsSync(join(folder, 'pwned'))
        }),
      )
    },
  },
  {
    name: '[HS-01] the process of somebody else, with what it remembers',
    source: 'house rule 1, MCP security best practices (session hijacking)',
    guard: without(gateway, '`${JSON.stringify(caller.key)} ${era} `', '`${era} `'),
    async run(_, house) {
      return succeededIf(
        await withCommand(house, {}, async (door, _, notes) => {
          const [victim, thief] = [await connect(door), await connect(door)]
          await initialize(door, victim.accessToken)
          const before = notes().length
          await initialize(door, thief.accessToken)
          return notes().length === before
        }),
      )
    },
  },
]

/** A process that strangers share: what it says unasked, and what one of them says about the call of another. */
function openPeer(house: House, shared: boolean) {
  const heard: string[] = []
  const written: string[] = []
  const listen = (text: string): boolean => heard.push(text) > 0
  const peer = house.createPeer({
    write: (line) => written.push(line),
    listeners: () => [{ sessionKey: 'of-a-stranger', send: listen }],
    shared,
    onStray: () => {},
  })
  return { peer, heard, written }
}

const strangers: readonly Attack[] = [
  {
    name: '[HS-01] news of one stranger told to all who share a process',
    source: 'house rule 1 (shared processes)',
    guard: without(
      gateway,
      "if (options.shared) return if (notification.method === 'notifications/cancelled')",
      "if (notification.method === 'notifications/cancelled')",
    ),
    async run(_, house) {
      const { peer, heard } = openPeer(house, true)
      peer.receive(
        JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { data: 'of Ada' } }),
      )
      return succeededIf(heard.length > 0)
    },
  },
  {
    name: '[HS-01] a question about one stranger put to another who shares the process',
    source: 'house rule 1 (shared processes); MCP 2025-11-25 sampling',
    guard: without(
      gateway,
      'if (options.shared || asked.size >= maximumAskedRequests)',
      'if (asked.size >= maximumAskedRequests)',
    ),
    async run(_, house) {
      const { peer, heard } = openPeer(house, true)
      const params = { messages: [{ role: 'user', content: { type: 'text', text: 'of Ada' } }], maxTokens: 1 }
      peer.receive(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'sampling/createMessage', params }))
      return succeededIf(heard.length > 0)
    },
  },
  {
    name: '[HS-01] a call of another session cancelled by its number',
    source: 'MCP 2025-11-25 cancellation, house rule 1',
    guard: without(
      gateway,
      'call.sessionKey === sessionKey && call.request.id === requestId',
      'call.request.id === requestId',
    ),
    async run(_, house) {
      const { peer } = openPeer(house, false)
      let isCancelled = false
      const request = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: {} } as const
      peer.call({
        request,
        text: JSON.stringify(request),
        sessionKey: 'of-ada',
        tell: () => true,
        settle: () => {},
        abandon: () => {
          isCancelled = true
        },
      })
      const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } } as const
      peer.notify(cancel, JSON.stringify(cancel), 'of-eve')
      return succeededIf(isCancelled)
    },
  },
  {
    name: '[HS-01] an answer to the question that somebody else was asked',
    source: 'house rule 1; JSON-RPC 2.0 §5',
    guard: without(
      gateway,
      'const original = id === undefined ? undefined : asked.get(id) if (',
      'const original = id === undefined ? undefined : (asked.get(id) ?? id); if (',
    ),
    async run(_, house) {
      const { peer, written } = openPeer(house, false)
      const answer = { jsonrpc: '2.0', id: 'guessed', result: { action: 'accept' } } as const
      return succeededIf(peer.answer(answer, JSON.stringify(answer)) || written.length > 0)
    },
  },
]

export const upstreamAttacks: readonly Attack[] = [...passing, ...sessions, ...processes, ...strangers]
