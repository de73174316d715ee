// Clients of the handshake era before servers that know 2026-07-28 alone.

import { join } from 'node:path'
import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { afterEach, describe, expect, test } from 'vitest'
import type { Upstream } from '../../../src/gateway/upstream.ts'
import { inProcessUpstream } from '../../../src/gateway/upstreams/in-process.ts'
import { stdioUpstream } from '../../../src/gateway/upstreams/stdio.ts'
import {
  initializeMessage,
  messagesOf,
  modernCall,
  type OpenGateway,
  openGateway,
  type RpcAnswer,
  readAnswer,
  readMessages,
  until,
} from '../open-gateway.ts'
import { modernScriptedUpstream, type Reached, result, type ScriptedUpstream } from '../scripted-upstream.ts'
import { sessionfulHandler, sessionlessHandler } from './handshake-server.ts'
import { statelessHandler } from './stateless-server.ts'

const open: OpenGateway[] = []
const clients: Client[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  await Promise.all(open.splice(0).map(({ gateway }) => gateway.close()))
})

async function door(upstream: Upstream): Promise<OpenGateway> {
  const opened = await openGateway({ upstream })
  open.push(opened)
  return opened
}

async function connect(own: OpenGateway, isAskable = false): Promise<Client> {
  const asked = { elicitation: {}, sampling: {}, roots: {} }
  const { client } = await own.connect('ada', isAskable ? asked : {})
  clients.push(client)
  if (!isAskable) return client
  client.setRequestHandler(ElicitRequestSchema, async () => ({ action: 'accept', content: { name: 'Ada' } }))
  client.setRequestHandler(CreateMessageRequestSchema, async () => ({
    role: 'assistant',
    content: { type: 'text', text: 'a test' },
    model: 'test',
  }))
  client.setRequestHandler(ListRootsRequestSchema, async () => ({
    roots: [{ uri: 'file:///one' }, { uri: 'file:///two' }],
  }))
  return client
}

const kinds: Record<string, () => Upstream> = {
  HTTP: () => inProcessUpstream({ handler: statelessHandler().handler }),
  stdio: () =>
    stdioUpstream({
      command: [process.execPath, join(import.meta.dirname, 'stateless-server.ts')],
      cwd: import.meta.dirname,
      env: {},
      environment: process.env,
    }),
}

function textOf(result: unknown): string | undefined {
  return (result as { content?: { text?: string }[] }).content?.[0]?.text
}

describe.each(Object.keys(kinds))('the official client before a stateless server over %s', (kind) => {
  const create = kinds[kind] as () => Upstream

  test('is told of the server as of one of its own era [GW-6]', async () => {
    const client = await connect(await door(create()))
    expect(client.getServerVersion()).toMatchObject({ name: 'stateless', title: 'Of the stateless era' })
    expect(client.getServerCapabilities()).toMatchObject({ tools: { listChanged: true } })
    expect(client.getInstructions()).toBe('Ask me.')
    await client.ping()
  })

  test('calls, reads and gets', async () => {
    const client = await connect(await door(create()))
    const { tools } = await client.listTools()
    expect(tools.find(({ name }) => name === 'echo')).toMatchObject({
      annotations: { readOnlyHint: true },
      _meta: { 'example.com/kept': true },
    })
    expect(await client.callTool({ name: 'echo', arguments: { text: 'hi' } })).toEqual({
      content: [{ type: 'text', text: 'hi' }],
      structuredContent: { text: 'hi' },
      _meta: { 'example.com/also': 1 },
    })
    expect(await client.callTool({ name: 'fail' })).toMatchObject({ isError: true })
    const prompt = await client.getPrompt({ name: 'greet', arguments: { name: 'Ada' } })
    expect(prompt.messages[0]?.content).toMatchObject({ text: 'Hello Ada' })
    expect(await client.readResource({ uri: 'note://7' })).toEqual({
      contents: [{ uri: 'note://7', text: 'the note 7' }],
    })
    await expect(client.readResource({ uri: 'note://none' })).rejects.toMatchObject({ code: -32002 })
  })

  test('hears of progress under its own token', async () => {
    const client = await connect(await door(create()))
    const heard: number[] = []
    const onprogress = ({ progress }: { progress: number }): void => void heard.push(progress)
    const counted = await client.callTool({ name: 'count', arguments: { to: 3 } }, undefined, { onprogress })
    expect(textOf(counted)).toBe('counted to 3')
    expect(heard).toEqual([1, 2, 3])
  })

  test.each([
    ['ask', 'accept {"name":"Ada"}'],
    ['ask-twice', 'Ada and Ada'],
    ['sample', 'a test'],
    ['roots', 'file:///one file:///two'],
  ])('answers what the tool %s asks [GW-6] [HTTP-2026-07-28-39]', async (name, expected) => {
    const client = await connect(await door(create()), true)
    expect(textOf(await client.callTool({ name }))).toBe(expected)
  })

  test('cannot be asked what it has not declared', async () => {
    const client = await connect(await door(create()))
    await expect(client.callTool({ name: 'ask' })).rejects.toMatchObject({ code: -32021 })
  })

  test('cancels a call by saying so', async () => {
    const client = await connect(await door(create()))
    const aborter = new AbortController()
    const waiting = client.callTool({ name: 'wait' }, undefined, { signal: aborter.signal })
    waiting.catch(() => undefined)
    await client.callTool({ name: 'echo', arguments: { text: 'the first is under way' } })
    aborter.abort('enough')
    await expect(waiting).rejects.toThrow()
    await until(
      async () => JSON.parse(textOf(await client.callTool({ name: 'seen' })) ?? '').cancelled === 1,
      'the tool to be cancelled',
    )
  })

  test('hears of changes on its own stream', async () => {
    const own = await door(create())
    const client = await connect(own)
    const heard: string[] = []
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard.push('tools'))
    client.setNotificationHandler(
      ResourceUpdatedNotificationSchema,
      ({ params }) => void heard.push(params.uri),
    )
    await client.subscribeResource({ uri: 'note://1' })
    // The official client does not wait for its stream to open.
    await until(async () => {
      await client.callTool({ name: 'touch' })
      return heard.includes('note://1')
    }, 'the note to be told of')
    await client.callTool({ name: 'grow' })
    await until(() => heard.includes('tools'), 'the tools to be told of')
    await client.unsubscribeResource({ uri: 'note://1' })
  })
})

describe('on the wire', () => {
  const rpc = (method: string, params: Record<string, unknown> = {}, id: unknown = 1): object => ({
    jsonrpc: '2.0',
    id,
    method,
    params,
  })
  const echo = rpc('tools/call', { name: 'echo', arguments: { text: 'hi' } })

  test('initialize is answered in the revision that was asked for, with nothing of the newer one [GW-6] [MUX-14]', async () => {
    const own = await door(inProcessUpstream(statelessHandler()))
    const response = await own.post('ada', initializeMessage('2025-03-26'))
    expect(response.headers.get('mcp-session-id')).not.toBeNull()
    const { id, result } = await readAnswer(response)
    expect(id).toBe('init')
    expect(result).toMatchObject({ protocolVersion: '2025-03-26', serverInfo: { name: 'stateless' } })
    for (const name of ['resultType', 'supportedVersions', 'ttlMs', 'cacheScope', '_meta']) {
      expect(result).not.toHaveProperty(name)
    }
    for (const [method, params] of [
      ['tools/list', {}],
      ['resources/read', { uri: 'note://1' }],
      ['tools/call', { name: 'fail' }],
    ] as const) {
      const session = { 'mcp-session-id': String(response.headers.get('mcp-session-id')) }
      const answer = await readAnswer(await own.post('ada', rpc(method, params), session))
      for (const name of ['resultType', 'ttlMs', 'cacheScope', '_meta']) {
        expect(answer.result).not.toHaveProperty(name)
      }
    }
  })

  test('each request says who the client is [HTTP-2026-07-28-07] [HTTP-2026-07-28-14] [HTTP-2026-07-28-15] [HTTP-2026-07-28-09]', async () => {
    const scripted = modernOnly()
    const own = await door(scripted.upstream)
    const session = await own.openSession('ada', { capabilities: { elicitation: {} } })
    await own.post('ada', rpc('logging/setLevel', { level: 'warning' }), session)
    await own.post('ada', rpc('tools/call', { name: 'search', _meta: { progressToken: 'p' } }, 'x'), session)
    const [call] = scripted.calls('tools/call')
    expect(call?.headers).toMatchObject({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'search',
    })
    expect(call?.headers).not.toHaveProperty('mcp-session-id')
    expect(call?.body.params?._meta).toEqual({
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
      'io.modelcontextprotocol/logLevel': 'warning',
      progressToken: 'p',
    })
  })

  test('errors have the status and the codes of the older revisions', async () => {
    const own = await door(inProcessUpstream(statelessHandler()))
    const session = await own.openSession('ada')
    for (const [message, code] of [
      [rpc('no/such'), -32601],
      [rpc('resources/read', { uri: 'note://none' }), -32002],
      [rpc('logging/setLevel', { level: 'loud' }), -32602],
      [rpc('resources/subscribe'), -32602],
    ] as const) {
      const response = await own.post('ada', message, session)
      expect(response.status).toBe(200)
      expect(await readAnswer(response)).toMatchObject({ id: 1, error: { code } })
    }
  })

  test('what older clients would reject the whole answer for is left out of it', async () => {
    const scripted = modernOnly((seen) => {
      if (seen.body.method === 'tools/list') {
        const inputSchema = { type: 'object' }
        return result(seen, {
          tools: [
            { name: 'a', inputSchema, outputSchema: { type: 'array' } },
            { name: 'b', inputSchema, outputSchema: { type: 'object' } },
          ],
        })
      }
      if (seen.body.method !== 'tools/call') return undefined
      return result(seen, { content: [], structuredContent: [1, 2], resultType: 'complete' })
    })
    const own = await door(scripted.upstream)
    const { client } = await own.connect('ada')
    clients.push(client)
    const { tools } = await client.listTools()
    expect(tools.map(({ outputSchema }) => outputSchema)).toEqual([undefined, { type: 'object' }])
    expect(await client.callTool({ name: 'a' })).toEqual({ content: [] })
  })

  test('a batch of 2025-03-26 is answered as one [HTTP-2025-03-26-07]', async () => {
    const own = await door(inProcessUpstream(statelessHandler()))
    const session = await own.openSession('ada', { version: '2025-03-26' })
    const batch = [rpc('ping', {}, 'a'), echo, { jsonrpc: '2.0', method: 'notifications/x' }]
    const answers = await readMessages(await own.post('ada', batch, session))
    expect(answers.map(({ id }) => id).sort()).toEqual([1, 'a'])
  })

  test('a session that an earlier Postern opened is served by the next one, and so is a request without any', async () => {
    const before = await door(inProcessUpstream(statelessHandler()))
    const session = await before.openSession('ada')
    for (const headers of [session, {}]) {
      const after = await door(inProcessUpstream(statelessHandler()))
      expect(textOf((await readAnswer(await after.post('ada', echo, headers))).result)).toBe('hi')
    }
  })

  test('a server that was replaced by one of the newer era is spoken to in that one [GW-7]', async () => {
    let current = sessionlessHandler().handler
    const own = await door(inProcessUpstream({ handler: (request) => current(request) }))
    const session = await own.openSession('ada')
    expect(textOf((await readAnswer(await own.post('ada', echo, session))).result)).toBe('hi')
    current = statelessHandler().handler
    expect(textOf((await readAnswer(await own.post('ada', echo, session))).result)).toBe('hi')
  })

  test('a server of both eras is spoken to in each client’s own, if it has sessions', async () => {
    const reached: string[] = []
    const modern = statelessHandler()
    const legacy = sessionfulHandler()
    const own = await door(
      inProcessUpstream({
        async handler(request) {
          const { method } = (await request.clone().json()) as { method: string }
          const era = request.headers.has('mcp-method') ? modern : legacy
          reached.push(`${method} ${era === modern ? 'modern' : 'legacy'}`)
          return era.handler(request)
        },
      }),
    )
    const session = await own.openSession('ada', { capabilities: { elicitation: {} } })
    await own.post('ada', echo, session)
    const list = modernCall('tools/list')
    await own.post('ada', list.message, list.headers)
    expect(reached).toEqual([
      'initialize legacy',
      'notifications/initialized legacy',
      'tools/call legacy',
      'server/discover modern',
      'tools/list modern',
    ])
  })

  test('parameters that the tool wants in headers are put there once the server has said so [HTTP-2026-07-28-18] [HTTP-2026-07-28-21]', async () => {
    const inputSchema = {
      type: 'object',
      properties: { region: { type: 'string', 'x-mcp-header': 'Region' } },
    }
    const scripted = modernOnly((seen) => {
      if (seen.body.method === 'tools/list') return result(seen, { tools: [{ name: 'search', inputSchema }] })
      if (seen.body.method !== 'tools/call' || seen.headers['mcp-param-region'] !== undefined)
        return undefined
      const error = { code: -32020, message: 'Mcp-Param-Region is missing' }
      return Response.json({ jsonrpc: '2.0', id: seen.body.id, error }, { status: 400 })
    })
    const own = await door(scripted.upstream)
    const session = await own.openSession('ada')
    const call = rpc('tools/call', { name: 'search', arguments: { region: 'eu' } })
    for (let count = 0; count < 2; count++) {
      expect((await readAnswer(await own.post('ada', call, session))).result).toBeDefined()
    }
    expect(scripted.calls('tools/call').map(({ headers }) => headers['mcp-param-region'])).toEqual([
      undefined,
      'eu',
      'eu',
    ])
  })

  test('log messages come from the level on that the session has set', async () => {
    const own = await door(inProcessUpstream(statelessHandler()))
    const session = await own.openSession('ada')
    const levels = async (): Promise<unknown[]> => {
      const messages = await readMessages(await own.post('ada', rpc('tools/call', { name: 'log' }), session))
      return messages.flatMap(({ params }) => (params === undefined ? [] : [params.level]))
    }
    expect(await levels()).toEqual([])
    await own.post('ada', rpc('logging/setLevel', { level: 'info' }), session)
    expect(await levels()).toEqual(['warning'])
  })

  test('leaving is not cancelling [GW-12] [HTTP-2025-03-26-13]', async () => {
    const server = statelessHandler()
    const own = await door(inProcessUpstream(server))
    const session = await own.openSession('ada')
    const aborter = new AbortController()
    const headers = { authorization: 'Bearer ada', 'content-type': 'application/json', ...session }
    const body = JSON.stringify(rpc('tools/call', { name: 'wait' }, 'w'))
    const left = own.send({ method: 'POST', headers, body, signal: aborter.signal })
    await readAnswer(await own.post('ada', echo, session))
    aborter.abort()
    await readAnswer(await own.post('ada', echo, session))
    expect(server.seen.cancelled).toBe(0)
    const params = { requestId: 'w' }
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params }
    expect((await own.post('ada', cancel, session)).status).toBe(202)
    await until(() => server.seen.cancelled === 1, 'the call to be cancelled')
    await left
  })

  test('only who was asked may answer', async () => {
    const own = await door(inProcessUpstream(statelessHandler()))
    const capabilities = { elicitation: {} }
    const session = await own.openSession('ada', { capabilities })
    const bobs = await own.openSession('bob', { capabilities })
    const messages = messagesOf(await own.post('ada', rpc('tools/call', { name: 'ask' }), session))
    const question = (await messages.next()).value as RpcAnswer
    expect(question).toMatchObject({ method: 'elicitation/create', params: { message: 'Who is it?' } })
    const answer = { jsonrpc: '2.0', id: question.id, result: { action: 'accept', content: { name: 'Eve' } } }
    expect((await own.post('bob', answer, bobs)).status).toBe(400)
    const adas = { ...answer, result: { action: 'accept', content: { name: 'Ada' } } }
    expect((await own.post('ada', adas, session)).status).toBe(202)
    expect(textOf(((await messages.next()).value as RpcAnswer).result)).toBe('accept {"name":"Ada"}')
    expect((await own.post('ada', adas, session)).status).toBe(400)
  })

  test('the stream of a session tells of changes, without the mark of the newer era, and ends with the session', async () => {
    const own = await door(inProcessUpstream(statelessHandler()))
    const session = await own.openSession('ada')
    const headers = { authorization: 'Bearer ada', accept: 'text/event-stream', ...session }
    const messages = messagesOf(await own.send({ headers }))
    await own.post('ada', rpc('resources/subscribe', { uri: 'note://1' }), session)
    await own.post('ada', rpc('tools/call', { name: 'touch' }), session)
    const told = (await messages.next()).value as RpcAnswer
    expect(told).toMatchObject({ method: 'notifications/resources/updated', params: { uri: 'note://1' } })
    expect(told.params).not.toHaveProperty('_meta')
    expect((await own.send({ method: 'DELETE', headers })).status).toBe(204)
    expect((await messages.next()).done).toBe(true)
  })
})

/** Refuses whatever has no envelope, as the standard has it (HTTP-2026-07-28-13). */
function modernOnly(script: (seen: Reached) => Response | undefined = () => undefined): ScriptedUpstream {
  return modernScriptedUpstream((seen) => {
    if (seen.headers['mcp-method'] !== undefined) return script(seen)
    const error = {
      code: -32022,
      message: 'Unsupported protocol version',
      data: { supported: ['2026-07-28'] },
    }
    return Response.json({ jsonrpc: '2.0', id: null, error }, { status: 400 })
  })
}
