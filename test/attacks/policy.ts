// Past the scope: a token that may only read, and messages that we read as harmless and the server behind the door does not.

import { connect, type Door } from '../door.ts'
import { anyOf } from './adversary.ts'
import { type Attack, type Mutant, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const gateway = 'gateway/'
const mcp = 'mcp/'

/** What a server takes for the tool to run, undefined for none; each server has its own way of reading. */
type Reading = (text: string, headers: Headers) => string | undefined

interface Reader {
  send(body: string, headers?: Record<string, string>): Promise<Response>
  /** An MCP session; some messages are let in only with one. */
  openSession(): Promise<Record<string, string>>
  hasErased(): boolean
}

/** A door in front of a server that reads its own way, and a token that may only read. */
async function openReader(house: House, reading: Reading): Promise<Reader> {
  let isErased = false
  const upstream = house.inProcessUpstream({
    async handler(request) {
      if (request.method !== 'POST') return new Response(null, { status: 405 })
      const text = await request.text()
      if (reading(text, request.headers) === 'erase') isErased = true
      return answerOf(JSON.parse(text))
    },
  })
  const door: Door = await house.openDoor({ connector: { name: 'Notes', upstream } })
  const { accessToken, scope } = await connect(door, { untick: 'write' })
  if (scope !== 'read') throw new Error(`the token has the scope ${scope}`)
  const send = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    door.fetch('/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${accessToken}`,
        ...headers,
      },
      body,
    })
  return {
    send,
    async openSession() {
      const params = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'x', version: '1' },
      }
      const opened = await send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }))
      return { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
    },
    hasErased: () => isErased,
  }
}

function answerOf(body: unknown): Response {
  const answers = [body].flat().flatMap((message) => {
    const { id, method } = message as { id?: number; method?: string }
    if (id === undefined || method === undefined) return []
    const tools = [
      { name: 'search', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } },
      { name: 'erase', inputSchema: { type: 'object' } },
    ]
    const opened = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      serverInfo: { name: 'x', version: '1' },
    }
    const result = method === 'tools/list' ? { tools } : method === 'initialize' ? opened : { content: [] }
    return [{ jsonrpc: '2.0', id, result }]
  })
  if (answers.length === 0) return new Response(null, { status: 202 })
  return Response.json(Array.isArray(body) ? answers : answers[0])
}

/* Ways of reading */

interface Message {
  method?: string
  params?: { name?: string }
}

/** As the standard has it; a batch runs all that is in it. */
const strictly: Reading = (text) => {
  const tools = [JSON.parse(text) as Message | Message[]].flat().map(toolOf)
  return tools.includes('erase') ? 'erase' : tools[0]
}

/** A method that comes without an id is run all the same, and its case does not matter. */
const leniently: Reading = (text) => {
  const { method, params } = JSON.parse(text) as Message
  return /^tools\/(?:call|invoke)$/i.test(method ?? '') ? params?.name : undefined
}

/** Of a repeated name the first counts. */
const firstWins: Reading = (text) => {
  const plain = text.replace(/\\u([0-9a-f]{4})/gi, (_, code) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
  const method = /"method"\s*:\s*"([^"]*)"/.exec(plain)?.[1]
  return method === 'tools/call' ? /"name"\s*:\s*"([^"]*)"/.exec(plain)?.[1] : undefined
}

/** Names compared as Go's encoding/json does: without case, ſ for s; the last one counts. */
const likeGo: Reading = (text) =>
  toolOf(foldNames(JSON.parse(text), (name) => name.replaceAll('ſ', 's').toLowerCase()))

/** Names compared up to a NUL. */
const untilNul: Reading = (text) => toolOf(foldNames(JSON.parse(text), (name) => name.replace(/\0.*$/s, '')))

/** A proxy in front of the server decides by the header. */
const byHeader: Reading = (text, headers) => headers.get('mcp-name') ?? strictly(text, headers)

function toolOf({ method, params }: Message): string | undefined {
  return method === 'tools/call' ? params?.name : undefined
}

function foldNames(value: unknown, fold: (name: string) => string): Message {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value as Message
  const folded: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) folded[fold(name)] = foldNames(member, fold)
  return folded
}

/* Messages */

const callErase = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'erase', arguments: {} } }
const callSearch = { ...callErase, id: 8, params: { name: 'search', arguments: {} } }

interface Smuggling {
  name: string
  source: string
  reading: Reading
  body: string | Record<string, unknown> | readonly Record<string, unknown>[]
  headers?: Record<string, string>
  inSession?: boolean
  guard: Mutant
  alsoNeeds?: readonly Mutant[]
}

function smuggling({ name, source, reading, body, headers, inSession, guard, alsoNeeds }: Smuggling): Attack {
  return {
    name,
    source,
    guard,
    ...(alsoNeeds === undefined ? {} : { alsoNeeds }),
    async run(_, house) {
      const reader = await openReader(house, reading)
      const session = inSession === true ? await reader.openSession() : {}
      await reader.send(typeof body === 'string' ? body : JSON.stringify(body), { ...headers, ...session })
      return succeededIf(reader.hasErased())
    },
  }
}

/** The text of a call of `search`, with this in front of or behind its parameters. */
function searchWith(parts: {
  before?: string
  after?: string
  beforeName?: string
  afterName?: string
}): string {
  const { before = '', after = '', beforeName = '', afterName = '' } = parts
  return `{"jsonrpc":"2.0","id":8,"method":"tools/call",${before}"params":{${beforeName}"name":"search"${afterName}}${after}}`
}

const scopeJudged = without(gateway, 'if (missing.length === 0) return', 'return')
const ambiguousRefused = without(mcp, 'seen.has(folded) ||')
const escapesRefused = without(mcp, 'if (isEscaped ||', 'if (')
const namesFolded = without(mcp, 'const folded = foldName(name)', 'const folded = name')
const judgedByBody = without(
  gateway,
  '(await catalogue.findTool(call, tool))?.readOnly === true',
  "(await catalogue.findTool(call, request.headers.get('mcp-name') ?? tool))?.readOnly === true",
)
const callsJudgedByMethod = without(
  gateway,
  "if (!isRequest(message) && message.method.startsWith('notifications/'))",
  'if (!isRequest(message))',
)
const unknownWrites = without(
  gateway,
  "needs.get(message.method) ?? 'write'",
  "needs.get(message.method) ?? 'none'",
)

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

const smugglings: readonly Attack[] = [
  smuggling({
    name: '[OA21-19] a tool that writes, called by a token that may only read',
    source: 'RFC 6750 §3.1, MCP security best practices (scope minimization)',
    reading: strictly,
    body: callErase,
    guard: scopeJudged,
  }),
  smuggling({
    name: '[GW-11] a harmless tool in the header and another in the body',
    source: 'requirements GW-11; MCP 2026-07-28 transports (mirrored headers)',
    reading: strictly,
    body: callErase,
    headers: { 'mcp-method': 'tools/call', 'mcp-name': 'search' },
    guard: judgedByBody,
  }),
  smuggling({
    name: '[GW-11] the same in the revision that has these headers',
    source: 'MCP 2026-07-28 transports (mirrored headers)',
    reading: strictly,
    body: { ...callErase, params: { ...callErase.params, _meta: modernMeta } },
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'search' },
    guard: judgedByBody,
    alsoNeeds: [
      without(mcp, "mirrorFault('Mcp-Name', headers.get(nameHeader), mirroredName(request))", 'undefined'),
    ],
  }),
  smuggling({
    name: '[GW-11] a header for whatever stands between us and the server, which the body contradicts',
    source: 'requirements GW-11; MCP 2026-07-28 transports (mirrored headers)',
    reading: byHeader,
    body: callSearch,
    headers: { 'mcp-name': 'erase' },
    guard: without(
      gateway,
      'sessionHeader, versionHeader, methodHeader, nameHeader])',
      'sessionHeader, versionHeader])',
    ),
  }),
  smuggling({
    name: 'a call behind a harmless one in a batch',
    source: 'JSON-RPC 2.0 §6; MCP 2025-03-26 (batching)',
    reading: strictly,
    body: [callSearch, callErase],
    guard: without(
      gateway,
      'for (const message of messages) { const needed',
      'for (const message of messages.slice(0, 1)) { const needed',
    ),
  }),
  smuggling({
    name: 'a call without an id, which is run all the same',
    source: 'JSON-RPC 2.0 §4.1; MCP 2025-11-25 (notifications)',
    reading: leniently,
    body: { jsonrpc: '2.0', method: 'tools/call', params: { name: 'erase' } },
    guard: callsJudgedByMethod,
  }),
  smuggling({
    name: 'a call whose id is null, taken for a notification by us and for a call by the server',
    source: 'JSON-RPC 2.0 §4 (id), MCP 2025-11-25 (requests)',
    reading: leniently,
    body: { jsonrpc: '2.0', id: null, method: 'tools/call', params: { name: 'erase' } },
    guard: without(mcp, "if (message.id === null) return 'the id of a request must not be null'"),
    alsoNeeds: [callsJudgedByMethod],
  }),
  smuggling({
    name: 'a method in other letters',
    source: 'JSON-RPC 2.0 §4 (case-sensitive); MCP 2025-11-25',
    reading: leniently,
    body: { ...callErase, method: 'Tools/Call' },
    guard: unknownWrites,
  }),
  smuggling({
    name: '[HS-06] a method that we do not know and the server does',
    source: 'house rule 6 (unknown methods are protected)',
    reading: leniently,
    body: { ...callErase, method: 'tools/invoke' },
    guard: unknownWrites,
  }),
  smuggling({
    name: '[HS-06] a method called like a property of every object',
    source: 'CWE-1321; house rule 6',
    reading: (text) => ((JSON.parse(text) as Message).method === 'constructor' ? 'erase' : undefined),
    body: { ...callErase, method: 'constructor' },
    guard: without(
      gateway,
      'needs.get(message.method)',
      '(Object.fromEntries(needs) as Record<string, NeededScope>)[message.method]',
    ),
  }),
  smuggling({
    name: 'a tool named twice, for a server that takes the first name',
    source: 'RFC 8259 §4 (duplicate names); modelcontextprotocol/go-sdk#805',
    reading: firstWins,
    body: searchWith({ beforeName: '"name":"erase",' }),
    guard: ambiguousRefused,
  }),
  smuggling({
    name: 'parameters given twice, for a server that takes the first',
    source: 'RFC 8259 §4 (duplicate names)',
    reading: firstWins,
    body: searchWith({ before: '"params":{"name":"erase"},' }),
    guard: ambiguousRefused,
  }),
  smuggling({
    name: 'a method given twice, of which we read the one that opens a session',
    source: 'RFC 8259 §4 (duplicate names)',
    reading: firstWins,
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"initialize","params":{"name":"erase","protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}',
    guard: without(
      gateway,
      "'legacy', owner, undefined, trace) await permission.judgeScope(request, call, principal)",
      "'legacy', owner, undefined, trace)",
    ),
  }),
  smuggling({
    name: 'a tool named twice, once with an escaped letter',
    source: 'RFC 8259 §8.3 (string comparison)',
    reading: firstWins,
    body: searchWith({ beforeName: String.raw`"na\u006de":"erase",` }),
    guard: escapesRefused,
    alsoNeeds: [
      without(mcp, 'const name = JSON.parse(written) as string', 'const name = written.slice(1, -1)'),
    ],
  }),
  smuggling({
    name: 'a tool named a second time in other letters',
    source: 'GHSA-wvj2-96wp-fq3f (CVE-2026-27896), modelcontextprotocol/go-sdk#805',
    reading: likeGo,
    body: searchWith({ afterName: ',"Name":"erase"' }),
    guard: namesFolded,
  }),
  smuggling({
    name: 'parameters given a second time with a long s',
    source: 'GHSA-wvj2-96wp-fq3f (CVE-2026-27896)',
    reading: likeGo,
    body: searchWith({ after: ',"paramſ":{"name":"erase"}' }),
    guard: without(mcp, '.toUpperCase()'),
  }),
  smuggling({
    name: 'a tool named a second time with a NUL behind the name',
    source: 'GHSA-q382-vc8q-7jhj',
    reading: untilNul,
    body: searchWith({ afterName: String.raw`,"name\u0000":"erase"` }),
    guard: without(mcp, String.raw`.replace(/\p{Cc}/gu, '')`),
    alsoNeeds: [escapesRefused],
  }),
  smuggling({
    name: 'a call in capital letters that looks like an answer',
    source: 'GHSA-wvj2-96wp-fq3f (CVE-2026-27896), GHSA-4gph-2hhr-5mwg',
    reading: likeGo,
    body: {
      jsonrpc: '2.0',
      id: 1,
      error: { code: 1, message: '' },
      Method: 'tools/call',
      Params: { name: 'erase' },
    },
    inSession: true,
    guard: without(mcp, '|| (name !== folded && expected.has(folded))'),
  }),
  smuggling({
    name: 'a tool named twice in the second message of a batch',
    source: 'RFC 8259 §4; MCP 2025-03-26 (batching)',
    reading: (text, headers) => firstWins(text.slice(text.indexOf(',{')), headers),
    body: `[{"jsonrpc":"2.0","id":1,"method":"ping"},${searchWith({ beforeName: '"name":"erase",' })}]`,
    guard: without(
      gateway,
      'return [...elementsOf(text)].some(',
      'return [...elementsOf(text)].slice(0, 1).some(',
    ),
  }),
]

/** What a list of many pages, or one that fails, says of a tool. */
const listings: readonly Attack[] = [
  {
    name: '[HS-06] a tool that the server does not list',
    source: 'house rule 6 (unknown is protected); MCP 2025-11-25 tools',
    guard: without(gateway, '?.readOnly === true', '?.readOnly !== false'),
    async run(_, house) {
      let ran = ''
      const reader = await openReader(house, (text) => {
        ran += toolOf(JSON.parse(text) as Message) ?? ''
        return undefined
      })
      return succeededIf(
        await anyOf(['hidden', 'Search', 'search '], async (name) => {
          await reader.send(JSON.stringify({ ...callErase, params: { name, arguments: {} } }))
          return ran !== ''
        }),
      )
    },
  },
]

export const policyAttacks: readonly Attack[] = [...smugglings, ...listings]
