// A connector that is open in part: what a stranger may ask, how the rest is refused, and whose a session is after signing in.

import { beforeEach, describe, expect, test } from 'vitest'
import { findBearerChallenge } from '../../src/oauth/www-authenticate.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import {
  initializeMessage,
  modernCall,
  type OpenGateway,
  openGateway,
  type RpcAnswer,
  readAnswer,
  readMessages,
  until,
} from './open-gateway.ts'
import {
  discovered,
  modernScriptedUpstream,
  result,
  type ScriptedUpstream,
  scriptedUpstream,
  tools,
} from './scripted-upstream.ts'

let upstream: ScriptedUpstream
let door: OpenGateway
beforeEach(async () => {
  upstream = modernScriptedUpstream()
  door = await openGateway({
    upstream: upstream.upstream,
    access: 'lazy',
    strangers: { publicTools: ['search', 'listed-nowhere'] },
  })
})

const request = (method: string, params: Record<string, unknown> = {}): Record<string, unknown> => ({
  jsonrpc: '2.0',
  id: 5,
  method,
  params,
})
const call = (name: unknown): Record<string, unknown> => request('tools/call', { name })
// Bytes, because a text would bring a Content-Type of its own.
const bytesOf = (message: object): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(message))
const status = async (response: Promise<Response>): Promise<number> => (await response).status

async function stranger(
  own: OpenGateway = door,
  clientName = 'claude-ai',
  version = '2025-11-25',
  capabilities: Record<string, unknown> = {},
): Promise<Record<string, string>> {
  const message = initializeMessage(version, capabilities)
  Object.assign((message.params as { clientInfo: object }).clientInfo, { name: clientName })
  const response = await own.post(undefined, message)
  expect(response.status).toBe(200)
  const headers = {
    'mcp-session-id': response.headers.get('mcp-session-id') ?? '',
    'mcp-protocol-version': version,
  }
  await own.post(undefined, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers)
  return headers
}

async function expectChallenge(response: Response, metadata = 'mcp'): Promise<void> {
  expect(response.status).toBe(401)
  expect(findBearerChallenge(response.headers.get('www-authenticate'))).toEqual({
    resourceMetadata: `http://localhost:8787/.well-known/oauth-protected-resource/${metadata}`,
    scope: 'read write',
    error: undefined,
    errorDescription: undefined,
  })
  expect(await response.json()).not.toHaveProperty('result')
}

describe('without a token', () => {
  test.each([
    'ping',
    'tools/list',
    'prompts/list',
    'resources/list',
    'resources/templates/list',
    'server/discover',
  ])('[HS-06] %s passes, in both eras', async (method) => {
    const headers = await stranger()
    expect(await status(door.post(undefined, request(method), headers))).toBe(200)
    const modern = modernCall(method)
    expect(await status(door.post(undefined, modern.message, modern.headers))).toBe(200)
    expect(upstream.calls(method).filter(({ body }) => body.id !== 'postern-asks')).toHaveLength(2)
  })

  test('[HS-06] so does a tool that is listed as public, with or without a session', async () => {
    const headers = await stranger()
    for (const sent of [headers, {}, { 'mcp-session-id': 'stale' }]) {
      const answer = await readAnswer(await door.post(undefined, call('search'), sent))
      expect(answer.result?.content).toEqual([{ type: 'text', text: 'called search' }])
    }
    const modern = modernCall('tools/call', { name: 'search' })
    expect(await status(door.post(undefined, modern.message, modern.headers))).toBe(200)
  })

  test.each([
    ['a tool that is not listed', call('erase')],
    ['a tool of no name', call(undefined)],
    ['a tool whose name is no text', call(['search'])],
    ['another spelling of a public tool', call('Search')],
    ['a blank after its name', call('search ')],
    ['a name out of every object', call('constructor')],
    ['a resource', request('resources/read', { uri: 'notes://1' })],
    ['a subscription', request('resources/subscribe', { uri: 'notes://1' })],
    ['a prompt', request('prompts/get', { name: 'search' })],
    ['a completion', request('completion/complete')],
    ['a task', request('tasks/get', { taskId: '1' })],
    ['a level of logging', request('logging/setLevel', { level: 'debug' })],
    ['an unknown method', request('vendor/anything')],
    ['a method named like a notification, as a request', request('notifications/anything')],
    ['a call without an id', { jsonrpc: '2.0', method: 'tools/call', params: { name: 'search' } }],
    ['a method without an id', { jsonrpc: '2.0', method: 'vendor/anything' }],
    ['a list without an id', { jsonrpc: '2.0', method: 'tools/list' }],
  ])(
    '[HS-06] [MUX-03] [CC-03] %s is 401 with the challenge, before the upstream hears of it',
    async (_, message) => {
      const headers = await stranger()
      upstream.reached.length = 0
      for (const sent of [headers, {}]) await expectChallenge(await door.post(undefined, message, sent))
      const { method, params } = message as { method: string; params?: Record<string, unknown> }
      if ('id' in message) {
        const modern = modernCall(method, params)
        await expectChallenge(await door.post(undefined, modern.message, modern.headers))
      }
      expect(upstream.reached).toEqual([])
    },
  )

  test.each([
    ['nothing', ''],
    ['no JSON', '{"jsonrpc":'],
    ['no JSON-RPC', '{"jsonrpc":"2.0"}'],
    ['an empty batch', '[]'],
    ['too much', `"${'x'.repeat(5 * 1024 * 1024)}"`],
    ['a method twice', '{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"tools/list"}'],
    ['a method in another case too', '{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"vendor/x"}'],
    [
      'a tool twice',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"erase","name":"search"}}',
    ],
    [
      'what to listen for twice',
      '{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["a"]},"notifications":{}}}',
    ],
  ])('[HS-06] [MUX-03] [GW-11] %s is 401 as well', async (_, text) => {
    upstream.reached.length = 0
    await expectChallenge(await door.post(undefined, text))
    expect(upstream.reached).toEqual([])
  })

  test('[MUX-03] web forms, other methods, and a stream or an end without a session are 401', async () => {
    await expectChallenge(await door.post(undefined, request('ping'), { 'content-type': 'text/plain' }))
    for (const method of ['GET', 'DELETE', 'PUT']) await expectChallenge(await door.send({ method }))
    expect(await status(door.send({ method: 'HEAD' }))).toBe(401)
  })

  test('[HS-06] [GW-11] headers that name another method or tool change nothing', async () => {
    const headers = { ...(await stranger()), 'mcp-method': 'tools/list', 'mcp-name': 'search' }
    await expectChallenge(await door.post(undefined, call('erase'), headers))
    const modern = modernCall('tools/call', { name: 'erase' }, { headers: { 'mcp-name': 'search' } })
    await expectChallenge(await door.post(undefined, modern.message, modern.headers))
    expect(upstream.calls('tools/call')).toEqual([])
  })

  test('[HS-06] [MUX-07] one protected element protects the whole batch', async () => {
    const headers = await stranger(door, 'old', '2025-03-26')
    const batch = [call('search'), { ...request('ping'), id: 6 }]
    expect(await status(door.post(undefined, batch, headers))).toBe(200)
    expect(upstream.reached.at(-1)?.body).toEqual(batch)
    upstream.reached.length = 0
    await expectChallenge(await door.post(undefined, [request('ping'), call('erase')], headers))
    await expectChallenge(await door.post(undefined, [call('erase'), request('ping')], headers))
    expect(upstream.reached).toEqual([])
  })

  test('[HS-06] a stream of the stranger’s own, and its end; never another’s', async () => {
    const own = await openGateway({
      upstream: scriptedUpstream((seen) =>
        seen.method === 'GET'
          ? new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
          : undefined,
      ).upstream,
      access: 'lazy',
    })
    const headers = await stranger(own)
    const stream = await own.send({ headers: { ...headers, accept: 'text/event-stream' } })
    expect(stream.status).toBe(200)
    await stream.body?.cancel()
    expect(await status(own.send({ headers: { 'mcp-session-id': 'stale' } }))).toBe(404)
    expect(await status(own.send({ method: 'DELETE', headers }))).toBe(204)
    expect(await status(own.post(undefined, request('ping'), headers))).toBe(404)
  })

  test('[HS-06] in the modern era changes of lists may be listened for, changes of a resource not', async () => {
    const lists = modernCall('subscriptions/listen', { notifications: { toolsListChanged: true } })
    expect(await status(door.post(undefined, lists.message, lists.headers))).toBe(200)
    for (const notifications of [
      { resourceSubscriptions: ['notes://1'] },
      { somethingNew: true },
      undefined,
    ]) {
      const more = modernCall('subscriptions/listen', { notifications })
      await expectChallenge(await door.post(undefined, more.message, more.headers))
    }
  })

  test('the eras are told apart as for everybody', async () => {
    const modern = modernCall('server/discover', {}, { headers: { 'mcp-method': 'ping' } })
    expect(await status(door.post(undefined, modern.message, modern.headers))).toBe(400)
  })
})

describe('tools that only read, as public ones', () => {
  const readOnly = async (own: ScriptedUpstream): Promise<OpenGateway> =>
    openGateway({ upstream: own.upstream, access: 'lazy', strangers: { publicTools: 'read-only' } })

  test('[HS-06] are those that the upstream itself calls so, looked at by Postern and not by the stranger', async () => {
    const own = await readOnly(upstream)
    expect(await status(own.post(undefined, call('search')))).toBe(200)
    for (const name of ['erase', 'append', 'no-such-tool']) {
      await expectChallenge(await own.post(undefined, call(name)))
    }
    expect(upstream.calls('tools/list')).toHaveLength(1)
    expect(upstream.calls('tools/call')).toHaveLength(1)
  })

  test('[HS-06] are none while there is no list, and not one that is listed twice, once as writing', async () => {
    const silent = scriptedUpstream((seen) =>
      seen.body.method === 'tools/list' ? new Response('{}') : undefined,
    )
    await expectChallenge(await (await readOnly(silent)).post(undefined, call('search')))
    const twice = scriptedUpstream((seen) =>
      seen.body.method === 'tools/list' ? result(seen, { tools: [...tools, { name: 'search' }] }) : undefined,
    )
    await expectChallenge(await (await readOnly(twice)).post(undefined, call('search')))
  })
})

describe('lists for a stranger', () => {
  const hiding = (own: ScriptedUpstream): Promise<OpenGateway> =>
    openGateway({
      upstream: own.upstream,
      access: 'lazy',
      strangers: { publicTools: 'read-only', hiddenTools: ['append', 'search'] },
    })
  const namesIn = (answer: RpcAnswer): unknown =>
    ((answer.result?.tools ?? []) as { name: string }[]).map(({ name }) => name)

  test('[HS-06] show protected tools, so that Claude can ask for one and be sent to sign in', async () => {
    const answer = await readAnswer(await door.post(undefined, request('tools/list')))
    expect(namesIn(answer)).toEqual(['search', 'erase', 'append'])
  })

  test('[HS-06] leave out what is hidden, which nobody without a token can call either', async () => {
    const batching = scriptedUpstream((seen) => {
      const messages: unknown = seen.body
      if (!Array.isArray(messages)) return undefined
      return Response.json(messages.map(({ id }) => ({ jsonrpc: '2.0', id, result: { tools } })))
    })
    const own = await hiding(batching)
    const headers = await stranger(own, 'old', '2025-03-26')
    expect(namesIn(await readAnswer(await own.post(undefined, request('tools/list'), headers)))).toEqual([
      'erase',
    ])
    const batch = await own.post(undefined, [{ ...request('ping'), id: 'p' }, request('tools/list')], headers)
    const [ping, listed] = await readMessages(batch)
    expect(ping, 'no list, whatever is in it').toMatchObject({ id: 'p', result: { tools } })
    expect(namesIn(listed as RpcAnswer)).toEqual(['erase'])
    await expectChallenge(await own.post(undefined, call('search'), headers))
    const session = await own.openSession('ada')
    const forAda = await readAnswer(await own.post('ada', request('tools/list'), session))
    expect(namesIn(forAda)).toEqual(['search', 'erase', 'append'])
  })

  test('[HS-06] whatever form the upstream answers in, and everything else in them stays as it was written', async () => {
    const text =
      '{"result" : {"nextCursor":"more","tools":[{"name":"sea\\u0072ch"},{"name":"erase","big":12345678901234567890}],"cacheScope":"public","ttlMs":9},"jsonrpc":"2.0","id":7}'
    for (const isStream of [false, true]) {
      const own = await hiding(
        scriptedUpstream((seen) => {
          if (seen.body.method === 'server/discover') return discovered(seen)
          if (seen.body.method !== 'tools/list') return undefined
          if (!isStream) return new Response(text, { headers: { 'content-type': 'application/json' } })
          const headers = { 'content-type': 'text/event-stream' }
          return new Response(`event: message\ndata: ${text}\n\n`, { headers })
        }),
      )
      const modern = modernCall('tools/list')
      const response = await own.post(undefined, modern.message, modern.headers)
      expect(await response.text(), '[HTTP-2026-07-28-33]').toBe(
        '{"result" : {"nextCursor":"more","tools":[{"name":"erase","big":12345678901234567890}],"cacheScope":"private","ttlMs":9},"jsonrpc":"2.0","id":7}',
      )
      const forAda = await own.post('ada', modern.message, modern.headers)
      expect(await readAnswer(forAda)).toMatchObject({ result: { cacheScope: 'private' } })
    }
  })

  test('an upstream that fails fails as it does elsewhere', async () => {
    const own = await hiding(scriptedUpstream(() => new Response('oops', { status: 500 })))
    const answer = await readAnswer(await own.post(undefined, request('tools/list')))
    expect(answer).toMatchObject({ id: 5, error: { code: -32000 } })
    const odd = await hiding(
      scriptedUpstream((seen) =>
        seen.body.method === 'tools/list'
          ? new Response('[oops', { headers: { 'content-type': 'application/json' } })
          : undefined,
      ),
    )
    expect(await readAnswer(await odd.post(undefined, request('tools/list')))).toMatchObject({
      id: 5,
      error: {},
    })
  })
})

describe('with a token', () => {
  test.each(['unknown', 'ADA'])(
    '[HS-06] [MUX-03] %j, which is not good, is 401 on public methods too',
    async (token) => {
      for (const message of [initializeMessage('2025-11-25'), request('tools/list'), call('search')]) {
        const response = await door.post(token, message)
        expect(response.status).toBe(401)
        expect(findBearerChallenge(response.headers.get('www-authenticate'))?.error).toBe('invalid_token')
      }
      expect(upstream.reached).toEqual([])
    },
  )

  test('everything goes as with any other connector; what is public needs no scope', async () => {
    const own = await door.openSession('ada')
    expect(await status(door.post('ada', call('erase'), own))).toBe(200)
    const reader = await door.openSession('ada-reads')
    expect(await status(door.post('ada-reads', call('erase'), reader)), '[ASU-13]').toBe(403)
    const writing = await openGateway({
      upstream: upstream.upstream,
      access: 'lazy',
      strangers: { publicTools: ['erase'] },
    })
    expect(await status(writing.post(undefined, call('erase')))).toBe(200)
    expect(await status(writing.post('ada-reads', call('erase')))).toBe(200)
    expect(await status(writing.post('ada-reads', call('append')))).toBe(403)
  })
})

describe('the URL for clients that look for a sign-in', () => {
  test.each(['/mcp?auth=eager', '/mcp/?auth=eager', '/mcp?utm_source=plugin&auth=eager'])(
    '[HS-06] [HS-08] [CC-02] %s asks for a token at once, and points to its own metadata',
    async (path) => {
      for (const message of [initializeMessage('2025-11-25'), request('tools/list')]) {
        const response = await door.send({ method: 'POST', path, body: bytesOf(message) })
        await expectChallenge(response, path.slice(1))
      }
      const allowed = await door.send({
        method: 'POST',
        path,
        body: bytesOf(request('tools/list')),
        headers: { authorization: 'Bearer ada' },
      })
      expect(allowed.status).toBe(200)
    },
  )

  test('any other query does not', async () => {
    for (const path of ['/mcp?auth=lazy', '/mcp?eager', '/mcp?xauth=eager'])
      expect(await status(door.send({ method: 'POST', path, body: bytesOf(request('ping')) }))).toBe(200)
  })
})

describe('the form in the result of a tool', () => {
  const challengesIn = (meta: unknown): string[] =>
    (meta as Record<string, string[]> | undefined)?.['mcp/www_authenticate'] ?? []

  const inBand = async (response: Response): Promise<void> => {
    expect(response.status).toBe(200)
    expect(response.headers.get('www-authenticate'), 'never both').toBeNull()
    const { id, result: told } = await readAnswer(response)
    expect(told?.isError).toBe(true)
    const [challenge, ...others] = challengesIn(told?._meta)
    expect(others).toEqual([])
    expect(findBearerChallenge(challenge)).toMatchObject({
      resourceMetadata: 'http://localhost:8787/.well-known/oauth-protected-resource/mcp',
      scope: 'read write',
      error: 'insufficient_scope',
      errorDescription: expect.stringMatching(/./),
    })
    expect([5, 7]).toContain(id)
  }

  test('[HS-06] is for a client that is known to need it, in both eras, and for its calls only', async () => {
    const headers = await stranger(door, 'openai-mcp')
    await inBand(await door.post(undefined, call('erase'), headers))
    const meta = { 'io.modelcontextprotocol/clientInfo': { name: 'openai-mcp', version: '1.0.0' } }
    const modern = modernCall('tools/call', { name: 'erase' }, { meta })
    const response = await door.post(undefined, modern.message, modern.headers)
    expect(await readAnswer(response.clone())).toMatchObject({ result: { resultType: 'complete' } })
    await inBand(response)
    await expectChallenge(await door.post(undefined, request('resources/read'), headers))
    const old = await stranger(door, 'openai-mcp', '2025-03-26')
    await expectChallenge(await door.post(undefined, [call('erase')], old))
    expect(upstream.calls('tools/call')).toEqual([])
  })

  test('[HS-06] [ASU-13] also when what is missing is a scope; a dead token is 401 all the same', async () => {
    const message = initializeMessage('2025-11-25')
    Object.assign((message.params as { clientInfo: object }).clientInfo, { name: 'openai-mcp' })
    const opened = await door.post('ada-reads', message)
    const headers = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' }
    await inBand(await door.post('ada-reads', call('erase'), headers))
    expect(await status(door.post('unknown', call('erase'), headers))).toBe(401)
    expect(upstream.calls('tools/call')).toEqual([])
  })

  test('[HS-06] can be chosen for all clients, or for none', async () => {
    const always = await openGateway({ upstream: upstream.upstream, access: 'lazy', signInForm: 'in-band' })
    await inBand(await always.post(undefined, call('erase')))
    const never = await openGateway({ upstream: upstream.upstream, access: 'lazy', signInForm: 'http' })
    await expectChallenge(await never.post(undefined, call('erase'), await stranger(never, 'openai-mcp')))
  })
})

describe('a session that was begun without a token', () => {
  /** Sessions as a server of the official SDK has them, and which call came on which. */
  function sessionful(): ScriptedUpstream & { ended: string[] } {
    let count = 0
    const ended: string[] = []
    const own = scriptedUpstream((seen) => {
      if (seen.method === 'DELETE') ended.push(seen.headers['mcp-session-id'] ?? '')
      if (seen.body.method !== 'initialize') return undefined
      const response = result(seen, { protocolVersion: seen.body.params?.protocolVersion, capabilities: {} })
      response.headers.set('mcp-session-id', `upstream-${count++}`)
      return response
    })
    return { ...own, ended }
  }

  test('[HS-06] becomes that of whoever signs in: a new one at the upstream, nothing carried over but what the client said of itself', async () => {
    const scripted = sessionful()
    const own = await openGateway({
      upstream: scripted.upstream,
      access: 'lazy',
      strangers: { publicTools: ['search'] },
    })
    const headers = await stranger(own, 'claude-ai', '2025-11-25', { elicitation: {} })
    expect(await status(own.post(undefined, call('search'), headers))).toBe(200)
    for (let count = 0; count < 2; count++)
      expect(await status(own.post('ada', call('erase'), headers))).toBe(200)
    const on = scripted.calls('tools/call').map((seen) => seen.headers['mcp-session-id'])
    expect(on).toEqual(['upstream-0', 'upstream-1', 'upstream-1'])
    expect(scripted.calls('initialize').map(({ body }) => body.params)).toEqual([
      expect.anything(),
      {
        protocolVersion: '2025-11-25',
        capabilities: { elicitation: {} },
        clientInfo: { name: 'claude-ai', version: '1' },
      },
    ])
    await until(() => scripted.ended.length > 0, 'the stranger’s session to end at the upstream')
    expect(scripted.ended).toEqual(['upstream-0'])
    expect(own.events.filter(({ name }) => name === 'session.claimed')).toMatchObject([
      { userId: 'ada', connector: '/mcp' },
    ])
  })

  test('[HS-06] is never anonymous again, and never somebody else’s', async () => {
    const headers = await stranger()
    expect(await status(door.post('ada', request('ping'), headers))).toBe(200)
    upstream.reached.length = 0
    for (const message of [request('ping'), call('search'), request('tools/list')]) {
      await expectChallenge(await door.post(undefined, message, headers))
    }
    await expectChallenge(await door.send({ headers }))
    await expectChallenge(await door.send({ method: 'DELETE', headers }))
    for (const other of ['bob', 'ada-elsewhere']) {
      expect(await status(door.post(other, request('ping'), headers))).toBe(404)
      const authorization = `Bearer ${other}`
      expect(await status(door.send({ method: 'DELETE', headers: { ...headers, authorization } }))).toBe(404)
    }
    expect(upstream.reached).toEqual([])
    expect(await status(door.post('ada-refreshed', request('ping'), headers))).toBe(200)
  })

  test('[HS-06] of many who sign in at once one has it', async () => {
    const headers = await stranger()
    const statuses = await Promise.all(
      ['ada', 'bob', 'ada-elsewhere'].map((token) => status(door.post(token, request('ping'), headers))),
    )
    expect(statuses.sort()).toEqual([200, 404, 404])
  })

  test('[HS-06] a session that was begun with a token asks for one', async () => {
    const headers = await door.openSession('ada')
    upstream.reached.length = 0
    await expectChallenge(await door.post(undefined, request('tools/list'), headers))
    expect(upstream.reached).toEqual([])
  })

  test('[HS-06] its owner ends it, for everybody', async () => {
    const headers = await stranger()
    const authorization = 'Bearer ada'
    expect(await status(door.post('ada', request('ping'), headers))).toBe(200)
    expect(await status(door.send({ method: 'DELETE', headers: { ...headers, authorization } }))).toBe(204)
    for (const token of [undefined, 'ada', 'bob']) {
      expect(await status(door.post(token, request('ping'), headers))).toBe(404)
    }
  })

  test('[HS-06] whose it is outlives a restart, and a change to a connector that is open to all', async () => {
    const storage = memoryStorage()
    const before = await openGateway({ upstream: upstream.upstream, access: 'lazy', storage })
    const headers = await stranger(before)
    expect(await status(before.post('ada', request('ping'), headers))).toBe(200)
    const after = await openGateway({ upstream: upstream.upstream, access: 'lazy', storage })
    expect(await status(after.post(undefined, request('ping'), headers))).toBe(401)
    expect(await status(after.post('ada', request('ping'), headers))).toBe(200)
    const open = await openGateway({ upstream: upstream.upstream, access: 'none', storage })
    expect(await status(open.post(undefined, request('ping'), headers))).toBe(404)
  })

  test('[HS-06] the stranger’s stream ends when the session has become somebody’s', async () => {
    const streaming = scriptedUpstream((seen) =>
      seen.method === 'GET'
        ? new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
        : undefined,
    )
    const own = await openGateway({
      upstream: streaming.upstream,
      access: 'lazy',
      limits: { streamRecheckMs: 5 },
    })
    const headers = await stranger(own)
    const stream = await own.send({ headers: { ...headers, accept: 'text/event-stream' } })
    expect(stream.status).toBe(200)
    expect(await status(own.post('ada', request('ping'), headers))).toBe(200)
    expect(await stream.text()).toBe('')
  })
})
