// Clients of 2026-07-28 before servers of the handshake era.

import { join } from 'node:path'
import type { Client } from '@modelcontextprotocol/client'
import { afterEach, describe, expect, test } from 'vitest'
import type { Upstream } from '../../../src/gateway/upstream.ts'
import { inProcessUpstream } from '../../../src/gateway/upstreams/in-process.ts'
import { stdioUpstream } from '../../../src/gateway/upstreams/stdio.ts'
import {
  messagesOf,
  modernCall,
  type OpenGateway,
  openGateway,
  type RpcAnswer,
  readAnswer,
  readMessages,
  until,
} from '../open-gateway.ts'
import { scriptedUpstream } from '../scripted-upstream.ts'
import { sessionfulHandler } from './handshake-server.ts'
import { type Answers, connectSdkV2 } from './modern-client.ts'

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

async function connect(own: OpenGateway, answers: Answers = {}, token = 'ada'): Promise<Client> {
  const client = await connectSdkV2(own, token, answers)
  clients.push(client)
  return client
}

const kinds: Record<string, () => Upstream> = {
  'Streamable HTTP': () => inProcessUpstream({ handler: sessionfulHandler().handler }),
  stdio: () =>
    stdioUpstream({
      command: [process.execPath, join(import.meta.dirname, 'handshake-server.ts')],
      cwd: import.meta.dirname,
      env: {},
      environment: process.env,
    }),
}

function textOf(result: unknown): string | undefined {
  return (result as { content?: { text?: string }[] }).content?.[0]?.text
}

describe.each(Object.keys(kinds))('the official client before %s', (kind) => {
  const create = kinds[kind] as () => Upstream

  test('is told of the server as of one of its own era [GW-5] [HTTP-2026-07-28-31]', async () => {
    const client = await connect(await door(create()))
    expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28')
    expect(client.getServerVersion()).toMatchObject({ name: 'handshake', title: 'Of the handshake era' })
    expect(client.getServerCapabilities()).toMatchObject({ tools: { listChanged: true }, logging: {} })
    expect(client.getInstructions()).toBe('Ask me.')
  })

  test('calls, reads and gets', async () => {
    const client = await connect(await door(create()))
    const { tools } = await client.listTools()
    expect(tools.find(({ name }) => name === 'echo')).toMatchObject({
      annotations: { readOnlyHint: true },
      _meta: { 'example.com/kept': true },
    })
    expect(await client.callTool({ name: 'echo', arguments: { text: 'hi' } })).toMatchObject({
      content: [{ text: 'hi' }],
      structuredContent: { text: 'hi' },
      _meta: { 'example.com/also': 1 },
    })
    expect(await client.callTool({ name: 'fail' })).toMatchObject({ isError: true })
    const prompt = await client.getPrompt({ name: 'greet', arguments: { name: 'Ada' } })
    expect(prompt.messages[0]?.content).toMatchObject({ text: 'Hello Ada' })
    expect((await client.readResource({ uri: 'note://7' })).contents).toEqual([
      { uri: 'note://7', text: 'the note 7' },
    ])
    expect((await client.listResourceTemplates()).resourceTemplates).toHaveLength(1)
  })

  test('hears of progress under its own token', async () => {
    const client = await connect(await door(create()))
    const heard: number[] = []
    const onprogress = ({ progress }: { progress: number }): void => void heard.push(progress)
    expect(textOf(await client.callTool({ name: 'count', arguments: { to: 3 } }, { onprogress }))).toBe(
      'counted to 3',
    )
    expect(heard).toEqual([1, 2, 3])
  })

  test.each([
    ['ask', 'accept {"name":"Ada"}'],
    ['ask-aside', 'accept {"name":"Ada"}'],
    ['ask-twice', 'Ada and Ada'],
    ['sample', 'a test'],
    ['roots', 'file:///one file:///two'],
  ])('answers what the tool %s asks [HTTP-2026-07-28-37]', async (name, expected) => {
    const answers = { name: 'Ada', sampled: 'a test', roots: ['file:///one', 'file:///two'] }
    const client = await connect(await door(create()), answers)
    expect(textOf(await client.callTool({ name }))).toBe(expected)
  })

  test('cancels a call by leaving it [HTTP-2026-07-28-28]', async () => {
    const own = await door(create())
    const client = await connect(own)
    const aborter = new AbortController()
    const waiting = client.callTool({ name: 'wait' }, { signal: aborter.signal })
    waiting.catch(() => undefined)
    await client.callTool({ name: 'echo', arguments: { text: 'the first is under way' } })
    aborter.abort()
    await expect(waiting).rejects.toThrow()
    await until(
      async () => JSON.parse(textOf(await client.callTool({ name: 'seen' })) ?? '').cancelled === 1,
      'the tool to be cancelled',
    )
  })

  test('hears of changes that it listens for [HTTP-2026-07-28-40]', async () => {
    const own = await door(create())
    const client = await connect(own)
    const heard: string[] = []
    client.setNotificationHandler('notifications/tools/list_changed', () => void heard.push('tools'))
    client.setNotificationHandler(
      'notifications/resources/updated',
      ({ params }) => void heard.push(params.uri),
    )
    const subscription = await client.listen({ toolsListChanged: true, resourceSubscriptions: ['note://1'] })
    await client.callTool({ name: 'grow' })
    await client.callTool({ name: 'touch' })
    await until(() => heard.length === 2, 'both to be told')
    expect(heard.sort()).toEqual(['note://1', 'tools'])
    await subscription.close()
    await until(
      async () => JSON.parse(textOf(await client.callTool({ name: 'seen' })) ?? '').subscribed.length === 0,
      'the subscription to end',
    )
  })
})

describe('on the wire', () => {
  async function ask(
    own: OpenGateway,
    method: string,
    params: Record<string, unknown> = {},
    meta: Record<string, unknown> = {},
    token = 'ada',
  ): Promise<Response> {
    const call = modernCall(method, params, { meta })
    return own.post(token, call.message, call.headers)
  }
  const mayElicit = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }
  const name = 'question-1'
  const accepted = { inputResponses: { [name]: { action: 'accept', content: { name: 'Ada' } } } }

  test.each([
    'server/discover',
    'tools/list',
    'prompts/list',
    'resources/list',
    'resources/templates/list',
    'resources/read',
  ])('%s says how long it may be kept [HTTP-2026-07-28-33] [GW-5] [MUX-14]', async (method) => {
    const own = await door(inProcessUpstream(sessionfulHandler()))
    const { result, id } = await readAnswer(
      await ask(own, method, method === 'resources/read' ? { uri: 'note://1' } : {}),
    )
    expect(id).toBe(7)
    expect(result).toMatchObject({ resultType: 'complete', ttlMs: 0, cacheScope: 'private' })
    expect(result?._meta).toMatchObject({ 'io.modelcontextprotocol/serverInfo': { name: 'handshake' } })
  })

  test('every result says that it is one, and what it was is still in it [HTTP-2026-07-28-32]', async () => {
    const text =
      '{"result" : {"content":[],"big":12345678901234567890, "x" : 1.0},"jsonrpc":"2.0","id":IDENT,"more":[ ]}'
    const scripted = scriptedUpstream((seen) => {
      if (seen.body.method !== 'tools/call') return undefined
      const id = JSON.stringify(seen.body.id)
      return new Response(text.replace('IDENT', id), { headers: { 'content-type': 'application/json' } })
    })
    const own = await door(scripted.upstream)
    const response = await ask(own, 'tools/call', { name: 'search' })
    const answer = await response.text()
    expect(answer).toContain('"big":12345678901234567890, "x" : 1.0')
    expect(answer).toContain('"id":7,"more":[ ]')
    expect(JSON.parse(answer).result.resultType).toBe('complete')
  })

  test('the server sees a session of its own era, and nothing of the envelope', async () => {
    const scripted = scriptedUpstream()
    const own = await door(scripted.upstream)
    await ask(
      own,
      'tools/call',
      { name: 'search', arguments: { big: 1 } },
      { 'example.com/own': 1, progressToken: 'p' },
    )
    const [initialize] = scripted.calls('initialize')
    expect(initialize?.body.params).toMatchObject({
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test' },
    })
    expect(scripted.calls('notifications/initialized')).toHaveLength(1)
    const [call] = scripted.calls('tools/call')
    expect(call?.headers).toMatchObject({ 'mcp-protocol-version': '2025-11-25' })
    expect(call?.headers).not.toHaveProperty('mcp-method')
    expect(call?.headers).not.toHaveProperty('mcp-name')
    expect(call?.body.params).toEqual({
      name: 'search',
      arguments: { big: 1 },
      _meta: { 'example.com/own': 1, progressToken: call?.body.id },
    })
  })

  test.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'no/such'])(
    '%s is not a method: 404 under its own id [HTTP-2026-07-28-12]',
    async (method) => {
      const own = await door(inProcessUpstream(sessionfulHandler()))
      const response = await ask(own, method)
      expect(response.status).toBe(404)
      expect(await readAnswer(response)).toMatchObject({ id: 7, error: { code: -32601 } })
    },
  )

  test('a revision that nobody knows is 400 with those that are [HTTP-2026-07-28-11] [MUX-15]', async () => {
    const own = await door(inProcessUpstream(sessionfulHandler()))
    const version = { 'io.modelcontextprotocol/protocolVersion': '2027-01-01' }
    const { message } = modernCall('tools/list', {}, { meta: version })
    const response = await own.post('ada', message, { 'mcp-protocol-version': '2027-01-01' })
    expect(response.status).toBe(400)
    expect((await readAnswer(response)).error).toMatchObject({
      code: -32022,
      data: { supported: ['2026-07-28'], requested: '2027-01-01' },
    })
  })

  test('a resource that is not there has the code of the newer revision [HTTP-2026-07-28-43]', async () => {
    const own = await door(inProcessUpstream(sessionfulHandler()))
    const { error } = await readAnswer(await ask(own, 'resources/read', { uri: 'note://none' }))
    expect(error).toMatchObject({ code: -32602, data: { uri: 'note://none' } })
  })

  test('a question is a result, and its answer is brought by the same request under a new id [HTTP-2026-07-28-37] [HTTP-2026-07-28-25]', async () => {
    const own = await door(inProcessUpstream(sessionfulHandler()))
    const asked = await readMessages(await ask(own, 'tools/call', { name: 'ask' }, mayElicit))
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({
      id: 7,
      result: {
        resultType: 'input_required',
        inputRequests: { [name]: { method: 'elicitation/create', params: { message: 'Who is it?' } } },
      },
    })
    const { requestState } = asked[0]?.result ?? {}
    const again = { name: 'ask', requestState, ...accepted }
    const answer = await readAnswer(await ask(own, 'tools/call', again, mayElicit))
    expect(answer.result).toMatchObject({
      resultType: 'complete',
      content: [{ text: 'accept {"name":"Ada"}' }],
    })
  })

  test('what was not answered is asked again', async () => {
    const own = await door(inProcessUpstream(sessionfulHandler()))
    const first = await readAnswer(await ask(own, 'tools/call', { name: 'ask' }, mayElicit))
    const { requestState } = first.result ?? {}
    const second = await readAnswer(await ask(own, 'tools/call', { name: 'ask', requestState }, mayElicit))
    expect(second.result).toMatchObject({ resultType: 'input_required', inputRequests: { [name]: {} } })
    const third = { name: 'ask', requestState: second.result?.requestState, ...accepted }
    expect((await readAnswer(await ask(own, 'tools/call', third, mayElicit))).result?.resultType).toBe(
      'complete',
    )
  })

  test('a state that is another’s, changed, used up or of another request opens nothing [HTTP-2026-07-28-38] [GW-10]', async () => {
    const own = await door(inProcessUpstream(sessionfulHandler()))
    const first = await readAnswer(await ask(own, 'tools/call', { name: 'ask' }, mayElicit))
    const requestState = String(first.result?.requestState)
    const attempts: [Record<string, unknown>, string][] = [
      [{ name: 'ask', requestState }, 'bob'],
      [{ name: 'ask', requestState }, 'ada-elsewhere'],
      [{ name: 'ask', requestState: `${requestState}x` }, 'ada'],
      [{ name: 'ask', requestState: 7 }, 'ada'],
      [{ name: 'ask-twice', requestState }, 'ada'],
      [{ name: 'ask', arguments: { other: 1 }, requestState }, 'ada'],
    ]
    for (const [params, token] of attempts) {
      const refused = await readAnswer(
        await ask(own, 'tools/call', { ...params, ...accepted }, mayElicit, token),
      )
      expect(refused.error?.code).toBe(-32602)
    }
    const good = { name: 'ask', requestState, ...accepted }
    expect((await readAnswer(await ask(own, 'tools/call', good, mayElicit))).result?.resultType).toBe(
      'complete',
    )
    expect((await readAnswer(await ask(own, 'tools/call', good, mayElicit))).error?.code).toBe(-32602)
  })

  test('a server that asks for what the client cannot do is told so, and so is the client [HTTP-2026-07-28-36]', async () => {
    const rude = scriptedUpstream((seen) => {
      if (seen.body.method !== 'tools/call') return undefined
      const question = { jsonrpc: '2.0', id: 'q', method: 'elicitation/create', params: { message: 'Well?' } }
      const body = `event: message\ndata: ${JSON.stringify(question)}\n\n`
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    })
    const own = await door(rude.upstream)
    const response = await ask(own, 'tools/call', { name: 'search' })
    expect(response.status).toBe(400)
    expect((await readAnswer(response)).error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: {} } },
    })
    await until(
      () => rude.reached.some(({ body }) => body.id === 'q' && 'error' in body),
      'the server to be told',
    )
  })

  test('a page that has to be visited first is a question too [HTTP-2026-07-28-43] [HTTP-2025-11-25-22]', async () => {
    let isVisited = false
    const strict = scriptedUpstream((seen) => {
      if (seen.body.method !== 'tools/call' || isVisited) return undefined
      const elicitations = [{ mode: 'url', elicitationId: 'e', url: 'https://pay.example/', message: 'Pay' }]
      const error = { code: -32042, message: 'visit', data: { elicitations } }
      return Response.json({ jsonrpc: '2.0', id: seen.body.id, error })
    })
    const own = await door(strict.upstream)
    const cannot = await ask(own, 'tools/call', { name: 'search' }, mayElicit)
    expect((await readAnswer(cannot)).error?.code).toBe(-32021)
    const mayVisit = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { url: {} } } }
    const { result } = await readAnswer(await ask(own, 'tools/call', { name: 'search' }, mayVisit))
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { 'visit-1': { method: 'elicitation/create', params: { url: 'https://pay.example/' } } },
    })
    isVisited = true
    const visited = { name: 'search', inputResponses: { 'visit-1': { action: 'accept' } } }
    const answer = await readAnswer(await ask(own, 'tools/call', visited, mayVisit))
    expect(answer.result?.resultType).toBe('complete')
    expect(strict.calls('tools/call').at(-1)?.body.params).toEqual({ name: 'search' })
  })

  test('log messages come only to who asked for them, from the level on that was asked for [HTTP-2026-07-28-42]', async () => {
    const own = await door(inProcessUpstream(sessionfulHandler()))
    const logged = async (meta: Record<string, unknown>): Promise<unknown[]> => {
      const messages = await readMessages(await ask(own, 'tools/call', { name: 'log' }, meta))
      return messages
        .filter(({ method }) => method === 'notifications/message')
        .map(({ params }) => params?.level)
    }
    expect(await logged({})).toEqual([])
    expect(await logged({ 'io.modelcontextprotocol/logLevel': 'info' })).toEqual(['warning'])
    expect(await logged({ 'io.modelcontextprotocol/logLevel': 'debug' })).toEqual(['debug', 'warning'])
    expect(await logged({ 'io.modelcontextprotocol/logLevel': 'error' })).toEqual([])
    expect(await logged({})).toEqual([])
  })

  test('a listen stream begins with what will be told, and everything on it names it [HTTP-2026-07-28-40] [HTTP-2026-07-28-41]', async () => {
    const own = await door(inProcessUpstream(sessionfulHandler()))
    const notifications = { toolsListChanged: true, resourceSubscriptions: ['note://1', 'note://none'] }
    const messages = messagesOf(await ask(own, 'subscriptions/listen', { notifications }))
    const first = (await messages.next()).value as RpcAnswer
    expect(first).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: {
        notifications: { toolsListChanged: true, resourceSubscriptions: ['note://1'] },
        _meta: { 'io.modelcontextprotocol/subscriptionId': 7 },
      },
    })
    await (await ask(own, 'tools/call', { name: 'log' })).text()
    await (await ask(own, 'tools/call', { name: 'grow' })).text()
    expect((await messages.next()).value).toMatchObject({
      method: 'notifications/tools/list_changed',
      params: { _meta: { 'io.modelcontextprotocol/subscriptionId': 7 } },
    })
    await own.gateway.close()
    expect((await messages.next()).value).toMatchObject({
      id: 7,
      result: { resultType: 'complete', _meta: { 'io.modelcontextprotocol/subscriptionId': 7 } },
    })
    expect((await messages.next()).done).toBe(true)
  })

  test('a listen that asks for nothing that can be told ends at once; one that cannot be read is an error', async () => {
    const own = await door(scriptedUpstream().upstream)
    const messages = await readMessages(
      await ask(own, 'subscriptions/listen', { notifications: { promptsListChanged: true } }),
    )
    expect(messages).toMatchObject([
      { params: { notifications: {} } },
      { id: 7, result: { resultType: 'complete' } },
    ])
    for (const notifications of [undefined, 7, [], { resourceSubscriptions: 'all' }]) {
      const { error } = await readAnswer(await ask(own, 'subscriptions/listen', { notifications }))
      expect(error?.code).toBe(-32602)
    }
  })

  test('calls that come together under one id are kept apart', async () => {
    const own = await door(inProcessUpstream(sessionfulHandler()))
    const echo = (text: string): Promise<Response> =>
      ask(own, 'tools/call', { name: 'echo', arguments: { text } })
    const answers = await Promise.all(['a', 'b', 'c'].map(async (text) => readAnswer(await echo(text))))
    expect(answers.map(({ result }) => textOf(result))).toEqual(['a', 'b', 'c'])
  })

  test('callers never share a session, and one caller has one for all calls [GW-2] [HTTP-2026-07-28-30]', async () => {
    const server = sessionfulHandler()
    const own = await door(inProcessUpstream(server))
    for (let count = 0; count < 3; count++) await ask(own, 'tools/list')
    expect(server.seen.initialized).toBe(1)
    await ask(own, 'tools/list', {}, {}, 'bob')
    expect(server.seen.initialized).toBe(2)
  })

  test('a server that was started again is opened anew, and nobody notices [GW-2]', async () => {
    const server = sessionfulHandler()
    const own = await door(inProcessUpstream(server))
    await ask(own, 'tools/list')
    server.restart()
    const { result } = await readAnswer(
      await ask(own, 'tools/call', { name: 'echo', arguments: { text: 'hi' } }),
    )
    expect(textOf(result)).toBe('hi')
    expect(server.seen.initialized).toBe(2)
  })

  test('a stream that the server closes in the middle is taken up again [HTTP-2025-11-25-18] [HTTP-2025-11-25-15]', async () => {
    const polling = scriptedUpstream((seen) => {
      const stream = (text: string): Response =>
        new Response(text, { headers: { 'content-type': 'text/event-stream' } })
      if (seen.method === 'GET' && seen.headers['last-event-id'] === 'e1') {
        const { id } = polling.calls('tools/call')[0]?.body ?? {}
        return stream(`id: e2\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } })}\n\n`)
      }
      return seen.body.method === 'tools/call' ? stream('id: e1\nretry: 10\ndata:\n\n') : undefined
    })
    const own = await door(polling.upstream)
    const { result } = await readAnswer(await ask(own, 'tools/call', { name: 'search' }))
    expect(result).toMatchObject({ resultType: 'complete', content: [] })
  })

  test('one that breaks off without a way back is an error', async () => {
    const broken = scriptedUpstream((seen) =>
      seen.body.method === 'tools/call'
        ? new Response(': nothing\n\n', { headers: { 'content-type': 'text/event-stream' } })
        : undefined,
    )
    const own = await door(broken.upstream)
    const { error, id } = await readAnswer(await ask(own, 'tools/call', { name: 'search' }))
    expect({ id, code: error?.code }).toEqual({ id: 7, code: -32000 })
  })
})
