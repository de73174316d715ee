// More than anybody needs: bodies, addresses, batches, nesting, streams.

import { authorizeUrl, callMcp, connect, type Door, pkce, readForm } from '../door.ts'
import { asksForConsent, isRegistered, obtainCode, redeem, registerClaude } from './adversary.ts'
import { type Attack, succeededIf, without } from './attack.ts'

const server = 'authorization-server/'
const gateway = 'gateway/'
const identity = 'identity/'
const oauth = 'oauth/'
const mcp = 'mcp/'

const padding = 'x'.repeat(200_000)

/** A body that comes in pieces and does not say how long it is. */
function endless(size: number): { body: ReadableStream<Uint8Array>; sent(): number } {
  let sent = 0
  const piece = new TextEncoder().encode(' '.repeat(16_384))
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent >= size) controller.close()
      else controller.enqueue(piece)
      sent += piece.length
    },
  })
  return { body, sent: () => sent }
}

async function openStreams(door: Door, accessToken: string, count: number): Promise<number> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }
  const opened = await callMcp(door, accessToken, { id: 1, method: 'initialize', params })
  const headers = {
    accept: 'text/event-stream',
    authorization: `Bearer ${accessToken}`,
    'mcp-session-id': opened.headers.get('mcp-session-id') ?? '',
  }
  const streams = await Promise.all(Array.from({ length: count }, () => door.fetch('/mcp', { headers })))
  const open = streams.filter(({ status }) => status === 200)
  await Promise.all(open.map(({ body }) => body?.cancel()))
  return open.length
}

const bodies: readonly Attack[] = [
  {
    name: 'a token request of a megabyte',
    source: 'RFC 9110 §15.5.14, CWE-770',
    guard: without(server, 'maximumFormBytes = 65_536', 'maximumFormBytes = 65_536_000'),
    async run(door) {
      return succeededIf((await redeem(door, await obtainCode(door), { padding })).status === 200)
    },
  },
  {
    name: 'a registration of a megabyte',
    source: 'RFC 7591 §5; CWE-770',
    guard: without(server, 'maximumFormBytes = 65_536', 'maximumFormBytes = 65_536_000'),
    run: async (door) => succeededIf(await isRegistered(door, { padding })),
  },
  {
    name: 'a sign-in of a megabyte',
    source: 'CWE-770; RFC 9110 §15.5.14',
    guard: without(identity, 'maximumFormBytes = 16_384', 'maximumFormBytes = 16_384_000'),
    async run(door) {
      const browser = door.browser()
      const { action, fields } = readForm(await (await browser.get('/login')).text())
      fields.set('username', 'ada')
      fields.set('password', 'correct horse battery')
      fields.set('padding', padding)
      return succeededIf((await browser.post(action, fields)).status === 303)
    },
  },
  {
    name: 'a state of a megabyte, to be stored for each visitor',
    source: 'RFC 6749 §4.1.1; CWE-770, RFC 9110 §15.5.15',
    guard: without(oauth, 'if (parameters.toString().length > maximumRequestLength)', 'if (false)'),
    async run(door) {
      const link = authorizeUrl(door, await registerClaude(door), pkce().challenge, { state: padding })
      return succeededIf(await asksForConsent(link, door.browser()))
    },
  },
  {
    name: 'an MCP message that is longer than it says',
    source: 'RFC 9110 §8.6; CWE-770',
    guard: without('platform/', 'return bytes.byteLength > maximumBytes ? undefined : bytes', 'return bytes'),
    async run(_, house) {
      const door = await house.openDoor({ limits: { bodyBytes: 10_000 } })
      const { accessToken } = await connect(door)
      const long = { id: 1, method: 'tools/list', params: { padding } }
      return succeededIf((await callMcp(door, accessToken, long, { 'content-length': '100' })).status === 200)
    },
  },
  {
    name: 'an MCP message that does not say how long it is, and does not end',
    source: 'RFC 9112 §7.1; CWE-770',
    guard: without('platform/', 'if (size > maximumBytes) return undefined'),
    async run(_, house) {
      const door = await house.openDoor({ limits: { bodyBytes: 10_000 } })
      const { accessToken } = await connect(door)
      const { body, sent } = endless(2_000_000)
      const init: RequestInit & { duplex: 'half' } = {
        method: 'POST',
        duplex: 'half',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
        body,
      }
      await door.fetch('/mcp', init)
      return succeededIf(sent() >= 2_000_000)
    },
  },
  {
    name: 'a batch of ten thousand calls',
    source: 'JSON-RPC 2.0 §6; CWE-770; MCP 2025-03-26 (batching)',
    guard: without(gateway, 'if (messages.length > limits.batchMessages)', 'if (false)'),
    async run(_, house) {
      let calls = 0
      const upstream = house.inProcessUpstream({
        async handler(request) {
          const messages = [await request.json()].flat() as { id?: number }[]
          calls = Math.max(calls, messages.length)
          return Response.json(messages.map(({ id }) => ({ jsonrpc: '2.0', id, result: {} })))
        },
      })
      const door = await house.openDoor({ connector: { name: 'Notes', upstream, access: 'none' } })
      const batch = Array.from({ length: 10_000 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'ping' }))
      await door.fetch('/mcp', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(batch),
      })
      return succeededIf(calls === 10_000)
    },
  },
]

const depths: readonly Attack[] = [
  {
    name: 'capabilities nested so deeply that they can be read and not be written down',
    source: 'RFC 8259 §9 (depth); CWE-674',
    guard: without(mcp, 'return Number.POSITIVE_INFINITY', "throw new RangeError('too deep')"),
    async run(door) {
      const { accessToken } = await connect(door)
      const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
      const response = await door.fetch('/mcp', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
        body: `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"a":${deep}},"clientInfo":{"name":"x","version":"1"}}}`,
      })
      return succeededIf(response.status >= 500)
    },
  },
  {
    name: 'capabilities so long that the session id no longer fits into a header',
    source: 'RFC 9110 §5.4; CWE-770',
    guard: without(mcp, 'lengthOf(declared) <= maximumSealedMemberCharacters', 'true'),
    async run(door) {
      const { accessToken } = await connect(door)
      const params = {
        protocolVersion: '2025-11-25',
        capabilities: { padding },
        clientInfo: { name: 'x', version: '1' },
      }
      const response = await callMcp(door, accessToken, { id: 1, method: 'initialize', params })
      return succeededIf((response.headers.get('mcp-session-id') ?? '').length > 8192)
    },
  },
  {
    name: 'more open streams than a person can use',
    source: 'MCP 2025-03-26 transports; CWE-770, RFC 9110 §15.6.4',
    guard: without(gateway, 'if (count >= maximumPerCaller) throw tooManyStreams(id)', ''),
    async run(_, house) {
      const upstream = house.inProcessUpstream({
        async handler(request) {
          if (request.method === 'GET') {
            const headers = { 'content-type': 'text/event-stream' }
            return new Response(new ReadableStream({}), { headers })
          }
          const { id } = (await request.json()) as { id?: number }
          if (id === undefined) return new Response(null, { status: 202 })
          const result = {
            protocolVersion: '2025-11-25',
            capabilities: {},
            serverInfo: { name: 'x', version: '1' },
          }
          return Response.json({ jsonrpc: '2.0', id, result })
        },
      })
      const door = await house.openDoor({ connector: { name: 'Notes', upstream } })
      const { accessToken } = await connect(door)
      return succeededIf((await openStreams(door, accessToken, 50)) >= 50)
    },
  },
]

export const floodAttacks: readonly Attack[] = [...bodies, ...depths]
