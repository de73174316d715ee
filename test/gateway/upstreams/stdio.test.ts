// A command as an upstream: what it may see, whom it serves, how it starts, dies and is stopped.

import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { type StdioUpstreamOptions, stdioUpstream } from '../../../src/gateway/upstreams/stdio.ts'
import {
  initializeMessage,
  messagesOf,
  modernCall,
  type OpenGateway,
  type OpenGatewayOptions,
  openGateway,
  type RpcAnswer,
  readAnswer,
  readMessages,
  until,
} from '../open-gateway.ts'
import { describeUpstream } from './upstream-kit.ts'

const kit = join(import.meta.dirname, 'kit-server.ts')
const everything = join(
  import.meta.dirname,
  '../../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
)
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'postern-stdio-')))
afterAll(() => rmSync(folder, { recursive: true }))

type Changes = Partial<Omit<StdioUpstreamOptions, 'command'>>

function command(script: string, changes: Changes = {}): ReturnType<typeof stdioUpstream> {
  return stdioUpstream({
    command: [process.execPath, script],
    cwd: folder,
    env: {},
    environment: process.env,
    ...changes,
  })
}

/** A program of a few lines, for servers that misbehave. */
function program(source: string): string {
  const path = join(folder, `program-${Math.random().toString(36).slice(2)}.mjs`)
  writeFileSync(path, source)
  return path
}

/** A server without the SDK: answers what `answers` holds, by method. */
function handmade(answers: string): string {
  return program(`
    import { createInterface } from 'node:readline'
    const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n')
    const answers = {
      initialize: ({ params }) => ({ protocolVersion: params.protocolVersion, capabilities: {}, serverInfo: { name: 'handmade', version: '1' } }),
      ...(${answers}),
    }
    createInterface({ input: process.stdin }).on('line', async (line) => {
      const message = JSON.parse(line)
      const answer = answers[message.method]
      if (message.id === undefined) return void answer?.(message)
      if (answer === undefined) return send({ id: message.id, error: { code: -32601, message: 'Method not found' } })
      const result = await answer(message, line)
      if (result !== undefined) send({ id: message.id, result })
    })
  `)
}

const open: OpenGateway[] = []
async function door(
  script: string,
  changes: Changes = {},
  options: Partial<OpenGatewayOptions> = {},
): Promise<OpenGateway> {
  const opened = await openGateway({ upstream: command(script, changes), ...options })
  open.push(opened)
  return opened
}
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ gateway }) => gateway.close()))
})

const call = (id: unknown, name: string, args: object = {}): object => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
})

async function text(own: OpenGateway, token: string, tool: string, headers = {}): Promise<string> {
  return firstText(await readAnswer(await own.post(token, call(1, tool), headers)))
}

function firstText({ result }: RpcAnswer): string {
  return (result?.content as Array<{ text: string }> | undefined)?.[0]?.text ?? ''
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describeUpstream('a command', async () => ({ upstream: command(kit), close: async () => {} }))

describe('its environment', () => {
  test('[HS-01] holds PATH, HOME, LANG, TMPDIR and what was named, seen through the reference server', async () => {
    const own = await door(everything, {
      env: { NOTES_KEY: 'named' },
      environment: {
        ...process.env,
        LANG: 'C.UTF-8',
        TMPDIR: folder,
        POSTERN_MASTER_KEY: 'secret',
        AWS_SECRET_ACCESS_KEY: 'secret',
        NODE_OPTIONS: '--no-warnings',
      },
    })
    const { client } = await own.connect('ada')
    const answer = await client.callTool({ name: 'get-env', arguments: {} })
    const seen = JSON.parse((answer.content as Array<{ text: string }>)[0]?.text ?? '')
    expect(seen).toEqual({
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      LANG: 'C.UTF-8',
      TMPDIR: folder,
      NOTES_KEY: 'named',
    })
    await client.close()
  })

  test.each(['POSTERN_MASTER_KEY', 'postern_login'])(
    '[HS-01] never holds %s, even if it is named',
    (name) => {
      expect(() => command(kit, { env: { [name]: 'x' } })).toThrow(TypeError)
    },
  )

  test('[HS-01] arguments reach it as they are, through no shell, in the directory that was configured', async () => {
    const args = ['$(touch pwned)', '; rm -rf .', '"a b"', '*']
    const own = await openGateway({
      upstream: stdioUpstream({
        command: [process.execPath, kit, ...args],
        cwd: folder,
        env: {},
        environment: process.env,
      }),
    })
    open.push(own)
    expect(await text(own, 'ada', 'place')).toBe(folder)
    expect(JSON.parse(await text(own, 'ada', 'client'))[2]).toEqual(args)
  })
})

describe('its processes', () => {
  test('[HS-01] are started by the first request, and are one for each person and client', async () => {
    const own = await door(kit)
    expect(own.events.filter(({ name }) => name === 'upstream.started')).toEqual([])
    const sessions = await Promise.all([
      own.openSession('ada'),
      own.openSession('ada'),
      own.openSession('bob'),
    ])
    const pids = await Promise.all([
      text(own, 'ada', 'process', sessions[0]),
      text(own, 'ada-refreshed', 'process', sessions[1]),
      text(own, 'bob', 'process', sessions[2]),
      text(own, 'ada-elsewhere', 'process', await own.openSession('ada-elsewhere')),
    ])
    expect(pids[0]).toBe(pids[1])
    expect(new Set(pids).size).toBe(3)
    expect(own.events.filter(({ name }) => name === 'upstream.started')).toHaveLength(3)
  })

  test('hear the client’s own initialize; a later one is answered from memory, under its own id', async () => {
    const own = await door(kit)
    const capabilities = { roots: { listChanged: true } }
    const first = await own.post('ada', initializeMessage('2025-06-18', capabilities))
    const second = await own.post('ada', { ...initializeMessage('2025-06-18', capabilities), id: 99 })
    const [one, two] = [await readAnswer(first), await readAnswer(second)]
    expect(two).toEqual({ ...one, id: 99 })
    expect(one.result).toMatchObject({ protocolVersion: '2025-06-18', serverInfo: { name: 'kit' } })
    const headers = { 'mcp-session-id': second.headers.get('mcp-session-id') ?? '' }
    const [clientInfo, declared] = JSON.parse(await text(own, 'ada', 'client', headers))
    expect(clientInfo).toEqual({ name: 'test', version: '1' })
    expect(declared).toEqual(capabilities)
    expect(own.events.filter(({ name }) => name === 'upstream.started')).toHaveLength(1)
  })

  test('are different for clients that declare different things', async () => {
    const own = await door(kit)
    const plain = await own.openSession('ada')
    const asking = await own.openSession('ada', { capabilities: { elicitation: {} } })
    expect(await text(own, 'ada', 'process', plain)).not.toBe(await text(own, 'ada', 'process', asking))
  })

  test('[CC-13] serve requests without a session, and with one that says nothing', async () => {
    const own = await door(kit)
    const pid = await text(own, 'ada', 'process')
    expect(await text(own, 'ada', 'process', { 'mcp-session-id': 'stale' })).toBe(pid)
    expect(JSON.parse(await text(own, 'ada', 'client'))[0]).toMatchObject({ name: 'postern' })
  })

  test('[GW-2] come back in the client’s name after they died, with what it had declared', async () => {
    const own = await door(kit)
    const session = await own.openSession('ada', { version: '2025-06-18', capabilities: { roots: {} } })
    const pid = Number(await text(own, 'ada', 'process', session))
    process.kill(pid, 'SIGKILL')
    await until(() => own.events.some(({ name }) => name === 'upstream.exited'), 'the exit')
    expect(Number(await text(own, 'ada', 'process', session))).not.toBe(pid)
    expect(JSON.parse(await text(own, 'ada', 'client', session)).slice(0, 2)).toEqual([
      { name: 'test', version: '1' },
      { roots: {} },
    ])
  })

  test('have a greatest number: the one that is idle longest makes room, a busy one does not', async () => {
    const own = await door(kit, { limits: { maximumProcesses: 2 } })
    const ada = Number(await text(own, 'ada', 'process'))
    const bob = Number(await text(own, 'bob', 'process'))
    await text(own, 'ada', 'process')
    const third = Number(await text(own, 'ada-elsewhere', 'process'))
    await until(() => !isAlive(bob), 'the idle one to stop')
    expect([isAlive(ada), isAlive(third)]).toEqual([true, true])
    const busy = [own.post('ada', call(1, 'wait')), own.post('ada-elsewhere', call(1, 'wait'))]
    await new Promise((resolve) => setTimeout(resolve, 50))
    const refused = await readAnswer(await own.post('bob', call(5, 'process')))
    expect(refused).toMatchObject({
      id: 5,
      error: { code: -32000, message: expect.stringMatching(/Too many/) },
    })
    await own.gateway.close()
    await Promise.all(busy)
  })

  test('stop when they are idle, but not under an open stream', async () => {
    const own = await door(kit, { limits: { idleMs: 200 } })
    const ada = Number(await text(own, 'ada', 'process'))
    const session = await own.openSession('bob')
    const stream = await own.send({
      headers: { ...session, authorization: 'Bearer bob', accept: 'text/event-stream' },
    })
    const bob = Number(await text(own, 'bob', 'process', session))
    await until(() => !isAlive(ada), 'the idle process to stop')
    expect(isAlive(bob)).toBe(true)
    await stream.body?.cancel()
    await until(() => !isAlive(bob), 'the other one to stop')
    const reasons = own.events.filter(({ name }) => name === 'upstream.exited').map(({ reason }) => reason)
    expect(new Set(reasons)).toEqual(new Set(['idle']))
  })

  test('[HS-01] end with the gateway, what they started too, even if they do not want to', async () => {
    const stubborn = program(`
      import { spawn } from 'node:child_process'
      process.on('SIGTERM', () => {})
      setInterval(() => {}, 1000)
      const child = spawn('sleep', ['60'], { stdio: 'ignore' })
      process.stderr.write('child ' + child.pid + '\\n')
    `)
    const own = await door(stubborn, { limits: { stopGraceMs: 200 } })
    const waiting = own.post('ada', initializeMessage('2025-11-25'))
    const line = (): string | undefined =>
      own.events.find(({ name, reason }) => name === 'upstream.stderr' && reason?.startsWith('child'))?.reason
    await until(() => line() !== undefined, 'the child')
    const pids = [
      Number(own.events.find(({ name }) => name === 'upstream.started')?.pid),
      Number(line()?.slice('child '.length)),
    ]
    expect(pids.map(isAlive)).toEqual([true, true])
    await own.gateway.close()
    await until(() => !pids.some(isAlive), 'both to be gone')
    expect((await readAnswer(await waiting)).error?.message).toContain('shutting down')
    const late = await own.post('ada', call(1, 'echo'))
    expect((await readAnswer(late)).error?.message).toContain('shutting down')
  })
})

describe('what it says', () => {
  test('on standard error becomes events, up to a limit', async () => {
    const chatty = program(`
      for (let line = 0; line < 500; line++) console.error('line', line, 'pst_at_secretsecret')
      await import(${JSON.stringify(kit)}).then(async ({ createKitServer }) => {
        const { StdioServerTransport } = await import(${JSON.stringify(
          import.meta.resolve('@modelcontextprotocol/sdk/server/stdio.js'),
        )})
        await createKitServer(() => {}).server.connect(new StdioServerTransport())
      })
    `)
    const own = await door(chatty, { limits: { stderrLinesPerMinute: 5 } })
    await text(own, 'ada', 'echo')
    const lines = own.events.filter(({ name }) => name === 'upstream.stderr')
    expect(lines).toHaveLength(5)
    expect(lines[0]).toMatchObject({ reason: 'line 0 pst_[redacted]', userId: 'ada', flowId: 'flow-of-ada' })
  })

  test('on standard output beside MCP does no harm', async () => {
    const noisy = handmade(`{
      ping: () => { process.stdout.write('listening on port 80\\n\\n{"not":"rpc"}\\n[]\\nnull\\n'); return { ok: true } },
    }`)
    const own = await door(noisy)
    const answer = await readAnswer(await own.post('ada', { jsonrpc: '2.0', id: 1, method: 'ping' }))
    expect(answer.result).toEqual({ ok: true })
    expect(own.events.filter(({ code }) => code === 'stdout').map(({ reason }) => reason)).toContain(
      'a line that is not JSON',
    )
  })

  test('[GW-4] passes as it was written, but for ids and tokens: big numbers, order, unknown members', async () => {
    const exact = handmade(`{
      'tools/call': (message, line) => {
        process.stdout.write('{"extra":[1.0,1e2],"result":{"big":12345678901234567890.5,"id":"inner","heard":' + JSON.stringify(line) + '},  "id":' + message.id + ',"jsonrpc":"2.0"}\\r\\n')
      },
    }`)
    const own = await door(exact)
    const session = await own.openSession('ada')
    const sent =
      '{"id":"mine",\r\n "jsonrpc":"2.0","params":{"name":"x","arguments":{"id":5,"big":98765432109876543210.5},\n"_meta":{"progressToken":"t"}},"method":"tools/call"}'
    const answer = await (await own.post('ada', sent, session)).text()
    expect(answer).toMatch(/^\{"extra":\[1\.0,1e2\],"result":\{"big":12345678901234567890\.5,"id":"inner"/)
    expect(answer).toMatch(/ {2}"id":"mine","jsonrpc":"2.0"\}\s*$/)
    const heard = JSON.parse(answer).result.heard as string
    expect(heard).toMatch(
      /^\{"id":(\d+), {2}?"jsonrpc":"2\.0","params":\{"name":"x","arguments":\{"id":5,"big":98765432109876543210\.5\}, "_meta":\{"progressToken":\1\}\},"method":"tools\/call"\}$/,
    )
  })

  test('in a message of more than the limit ends it, with a sentence', async () => {
    const huge = handmade(`{ ping: () => ({ text: 'x'.repeat(200_000) }) }`)
    const own = await door(huge, { limits: { messageBytes: 100_000 } })
    const answer = await readAnswer(await own.post('ada', { jsonrpc: '2.0', id: 1, method: 'ping' }))
    expect(answer.error?.message).toContain('more than 100000 bytes')
  })

  test('[HTTP-2025-03-26-17] [HTTP-2025-11-25-20] unasked reaches each session once, and nobody else', async () => {
    const own = await door(kit)
    const sessions = [
      await own.openSession('ada'),
      await own.openSession('ada'),
      await own.openSession('bob'),
    ]
    const listen = (index: number, token: string): Promise<Response> =>
      own.send({
        headers: { ...sessions[index], authorization: `Bearer ${token}`, accept: 'text/event-stream' },
      })
    const streams = [
      await listen(0, 'ada'),
      await listen(0, 'ada'),
      await listen(1, 'ada'),
      await listen(2, 'bob'),
    ]
    await readAnswer(await own.post('ada', call(1, 'change'), sessions[0]))
    await own.gateway.close()
    const heard = await Promise.all(streams.map(readMessages))
    const methods = heard.map((messages) => messages.map(({ method }) => method))
    const change = 'notifications/tools/list_changed'
    expect([...(methods[0] ?? []), ...(methods[1] ?? [])]).toEqual([change])
    expect(methods[2]).toEqual([change])
    expect(methods[3]).toEqual([])
  })

  test('[HS-01] in its log reaches the call that is alone in the air; strangers who share a process hear none of it', async () => {
    const own = await door(kit)
    const messages = await readMessages(await own.post('ada', call(1, 'log')))
    expect(messages.map(({ method, id }) => method ?? id)).toEqual(['notifications/message', 1])
    const anybody = await door(kit, {}, { access: 'none' })
    const shared = await readMessages(await anybody.post(undefined, call(1, 'log')))
    expect(shared.map(({ method, id }) => method ?? id)).toEqual([1])
    const refused = await readAnswer(
      await anybody.post(undefined, '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}'),
    )
    expect(refused.error?.code).toBe(-32600)
  })

  test('as a question waits for a stream to ask it on', async () => {
    const asking = handmade(`{
      'notifications/initialized': () => send({ id: 'q', method: 'roots/list' }),
    }`)
    const own = await door(asking)
    const session = await own.openSession('ada', { capabilities: { roots: {} } })
    const stream = await own.send({
      headers: { ...session, authorization: 'Bearer ada', accept: 'text/event-stream' },
    })
    const [question] = await Promise.all([messagesOf(stream).next()])
    expect(question.value).toMatchObject({ method: 'roots/list' })
    const answer = { jsonrpc: '2.0', id: question.value.id, result: { roots: [] } }
    expect((await own.post('bob', answer, await own.openSession('bob'))).status).toBe(400)
    expect((await own.post('ada', answer, session)).status).toBe(202)
    expect((await own.post('ada', answer, session)).status).toBe(400)
  })
})

describe('the form of an answer', () => {
  const slow = `{
    'tools/call': async ({ params }) => {
      if (params._meta) send({ method: 'notifications/progress', params: { progressToken: params._meta.progressToken, progress: 1 } })
      await new Promise((resolve) => setTimeout(resolve, 80))
      return { content: [] }
    },
  }`

  test('[HTTP-2025-03-26-10] is JSON if the answer comes first', async () => {
    const own = await door(handmade(slow))
    const response = await own.post('ada', call(1, 'x'))
    expect(response.headers.get('content-type')).toBe('application/json')
  })

  test('[GW-13] is a stream with comments once the answer is late', async () => {
    const own = await door(handmade(slow), { limits: { streamAfterMs: 10, keepAliveMs: 10 } })
    const response = await own.post('ada', call(1, 'x'))
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('x-accel-buffering')).toBe('no')
    const body = await response.text()
    expect(body).toMatch(/^(: keep-alive\n\n)+event: message\ndata: \{.*"id":1.*\}\n\n$/)
  })

  test('[TOL-9] is JSON for a client that names no stream, late or not, progress or not', async () => {
    const own = await door(handmade(slow), { limits: { streamAfterMs: 10 } })
    const asked = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'x', _meta: { progressToken: 1 } },
    }
    const response = await own.post('ada', asked, { accept: 'application/json' })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect((await readAnswer(response)).id).toBe(1)
  })

  test('[HTTP-2025-03-26-07] is an array for a batch', async () => {
    const own = await door(handmade(slow))
    const ping = { jsonrpc: '2.0', id: 'p', method: 'no/such' }
    const response = await own.post('ada', [
      call(1, 'x'),
      { jsonrpc: '2.0', method: 'notifications/x' },
      ping,
    ])
    const answers = (await response.json()) as Array<{ id: unknown }>
    expect(answers.map(({ id }) => id)).toEqual(['p', 1])
  })
})

describe('a command that fails', () => {
  test('at its start: the message says what it printed, escaped and short', async () => {
    const dying = program(`
      console.error('Error: NOTES_KEY is not set\\u001b[31m <b>"quoted"</b> pst_at_abcdefgh')
      console.error('x'.repeat(5000))
      process.exit(2)
    `)
    const own = await door(dying)
    for (const message of [initializeMessage('2025-11-25'), call('init', 'echo')]) {
      const response = await own.post('ada', message)
      expect(response.status).toBe(200)
      expect(response.headers.get('mcp-session-id')).toBeNull()
      const { id, error } = await readAnswer(response)
      expect(id).toBe('init')
      expect(error?.code).toBe(-32000)
      expect(error?.message).toContain('exit code 2')
      expect(error?.message).toContain(
        'Error: NOTES_KEY is not set\\u001b[31m <b>\\"quoted\\"</b> pst_[redacted]',
      )
      expect(error?.message.length).toBeLessThan(500)
    }
  })

  test('to start at all: the message names it', async () => {
    const own = await openGateway({
      upstream: stdioUpstream({
        command: ['no-such-program-7'],
        cwd: folder,
        env: {},
        environment: process.env,
      }),
    })
    const { error } = await readAnswer(await own.post('ada', initializeMessage('2025-11-25')))
    expect(error?.message).toMatch(/"no-such-program-7" could not be started \(ENOENT\)/)
    const nowhere = await door(kit, { cwd: '/no/such/directory' })
    const other = await readAnswer(await nowhere.post('ada', initializeMessage('2025-11-25')))
    expect(other.error?.message).toContain('/no/such/directory')
  })

  test('to initialize: the client gets its own words, under the client’s id', async () => {
    const refusing = handmade(`{
      initialize: ({ id }) => { send({ id, error: { code: -32602, message: 'not for you', data: [1] } }) },
    }`)
    const own = await door(refusing)
    const response = await own.post('ada', initializeMessage('2025-11-25'))
    expect(response.headers.get('mcp-session-id')).toBeNull()
    expect(await readAnswer(response)).toEqual({
      jsonrpc: '2.0',
      id: 'init',
      error: { code: -32602, message: 'not for you', data: [1] },
    })
    await until(() => own.events.some(({ name }) => name === 'upstream.exited'), 'it to be stopped')
  })

  test('to answer: the call is given up and cancelled, the process stays', async () => {
    const deaf = handmade(`{
      'tools/call': () => {},
      'notifications/cancelled': ({ params }) => { globalThis.cancelled = params.requestId },
      'state/get': () => ({ cancelled: typeof globalThis.cancelled }),
    }`)
    const own = await door(deaf, { limits: { callDeadlineMs: 50 } })
    const { id, error } = await readAnswer(await own.post('ada', call('late', 'x')))
    expect({ id, code: error?.code }).toEqual({ id: 'late', code: -32000 })
    const state = await readAnswer(await own.post('ada', { jsonrpc: '2.0', id: 1, method: 'state/get' }))
    expect(state.result).toEqual({ cancelled: 'number' })
  })

  test('while it starts does not keep a client waiting for ever', async () => {
    const own = await door(handmade('{ initialize: () => {} }'), {
      limits: { openDeadlineMs: 30, startDeadlineMs: 5000 },
    })
    const { error } = await readAnswer(await own.post('ada', initializeMessage('2025-11-25')))
    expect(error?.message).toContain('still starting')
  })
})

describe('a legacy command that is asked in the modern era', () => {
  test('[RC-01] [GW-5] is probed once, and serves both eras in the same process', async () => {
    const own = await door(kit)
    for (const [method, params, status] of [
      ['server/discover', {}, 200],
      ['tools/call', { name: 'echo' }, 200],
      ['no/such', {}, 404],
    ] as const) {
      const modern = modernCall(method, params)
      const response = await own.post('ada', modern.message, modern.headers)
      expect(response.status).toBe(status)
      const { id, error } = await readAnswer(response)
      expect({ id, code: error?.code }).toEqual({ id: 7, code: status === 404 ? -32601 : undefined })
    }
    const session = await own.openSession('ada')
    await text(own, 'ada', 'process', session)
    expect(own.events.filter(({ name }) => name === 'upstream.started')).toHaveLength(1)
  })

  test('[GW-4] that says nothing, or dies of the question, is a legacy one', async () => {
    for (const script of [
      handmade(`{ 'server/discover': () => {} }`),
      handmade(`{ 'server/discover': () => process.exit(1) }`),
    ]) {
      const own = await door(script, { limits: { probeDeadlineMs: 50 } })
      const modern = modernCall('server/discover')
      const { result } = await readAnswer(await own.post('ada', modern.message, modern.headers))
      expect(result?.supportedVersions).toEqual(['2026-07-28'])
      expect((await own.openSession('ada'))['mcp-protocol-version']).toBe('2025-11-25')
    }
  })

  test('[MUX-13] accepts its notifications', async () => {
    const own = await door(kit)
    const { id: _id, ...notification } = modernCall('notifications/x').message
    expect((await own.post('ada', notification)).status).toBe(202)
  })
})

describe('a modern command', () => {
  const modernServer = program(`
    import { McpServer } from ${JSON.stringify(import.meta.resolve('@modelcontextprotocol/server'))}
    import { serveStdio } from ${JSON.stringify(import.meta.resolve('@modelcontextprotocol/server/stdio'))}
    let cancelled = 0
    serveStdio(() => {
      const server = new McpServer({ name: 'modern', version: '1' })
      server.registerTool('echo', {}, async () => ({ content: [{ type: 'text', text: 'hello' }] }))
      server.registerTool('count', {}, async () => ({ content: [{ type: 'text', text: String(cancelled) }] }))
      server.registerTool('progress', {}, async (context) => {
        const token = context.mcpReq._meta?.progressToken
        for (const progress of [1, 2]) await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken: token, progress } })
        return { content: [] }
      })
      server.registerTool('wait', {}, (context) => new Promise((resolve) => {
        context.mcpReq.signal.addEventListener('abort', () => { cancelled++; resolve({ content: [] }) })
      }))
      return server
    })
  `)
  const ask = async (own: OpenGateway, method: string, params = {}, meta = {}): Promise<Response> => {
    const modern = modernCall(method, params, { meta })
    return own.post('ada', modern.message, modern.headers)
  }

  test('[MUX-09] [HTTP-2026-07-28-06] [HTTP-2026-07-28-31] is asked in its own era', async () => {
    const own = await door(modernServer)
    const discovered = await readAnswer(await ask(own, 'server/discover'))
    expect(discovered.result?.supportedVersions).toEqual(['2026-07-28'])
    const echoed = await readAnswer(await ask(own, 'tools/call', { name: 'echo' }))
    expect(echoed.result).toMatchObject({ content: [{ text: 'hello' }], resultType: 'complete' })
    const progress = await readMessages(
      await ask(own, 'tools/call', { name: 'progress' }, { progressToken: 'mine' }),
    )
    expect(progress.map(({ params, id }) => params?.progressToken ?? id)).toEqual(['mine', 'mine', 7])
  })

  test('[HTTP-2026-07-28-11] [HTTP-2026-07-28-12] gets the HTTP status that goes with its errors', async () => {
    const own = await door(modernServer)
    const unknown = await ask(own, 'no/such')
    expect([unknown.status, (await readAnswer(unknown)).error?.code]).toEqual([404, -32601])
    const modern = modernCall(
      'tools/list',
      {},
      {
        meta: { 'io.modelcontextprotocol/protocolVersion': '2027-01-01' },
        headers: { 'mcp-protocol-version': '2027-01-01' },
      },
    )
    const newer = await own.post('ada', modern.message, modern.headers)
    expect([newer.status, (await readAnswer(newer)).error?.code]).toEqual([400, -32022])
  })

  test('[HTTP-2026-07-28-28] [GW-12] stops a call whose client hung up', async () => {
    const own = await door(modernServer, { limits: { streamAfterMs: 10 } })
    const waiting = await ask(own, 'tools/call', { name: 'wait' })
    await waiting.body?.cancel()
    await until(async () => {
      return firstText(await readAnswer(await ask(own, 'tools/call', { name: 'count' }))) === '1'
    }, 'the call to be cancelled')
  })

  test('[HTTP-2026-07-28-40] tags what it tells a subscriber with the subscriber’s own id', async () => {
    const own = await door(modernServer)
    const response = await ask(own, 'subscriptions/listen', { notifications: { toolsListChanged: true } })
    const { value } = await messagesOf(response).next()
    expect(value).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: { _meta: { 'io.modelcontextprotocol/subscriptionId': 7 } },
    })
  })
})

describe('a command that keeps dying', () => {
  test('before it answers is started less and less often; the message says when', async () => {
    const path = program(`
      import { appendFileSync } from 'node:fs'
      appendFileSync(process.argv[1] + '.starts', 'x')
      process.stderr.write('no key: set API_KEY')
      process.exit(1)
    `)
    const door = await openGateway({
      upstream: command(path, { limits: { freeRestarts: 2, backoffMs: 60_000 } }),
    })
    const attempt = async (): Promise<string | undefined> =>
      (await readAnswer(await door.post('ada', initializeMessage('2025-11-25')))).error?.message
    for (let count = 0; count < 2; count++) expect(await attempt()).toContain('API_KEY')
    const starts = (): number => readFileSync(`${path}.starts`, 'utf8').length
    expect(starts()).toBe(2)
    const refused = await attempt()
    expect(refused).toMatch(/API_KEY.* started again in (60|59) seconds/)
    expect(starts()).toBe(2)
    // Whoever else comes has a process of their own.
    const other = await readAnswer(await door.post('bob', initializeMessage('2025-11-25')))
    expect(other.error?.message).not.toContain('started again')
  })

  test('in the middle of calls is started again for each', async () => {
    const door = await openGateway({
      upstream: command(kit, { limits: { freeRestarts: 1, backoffMs: 60_000 } }),
    })
    const session = await door.openSession('ada')
    for (let count = 0; count < 3; count++) {
      const crash = {
        jsonrpc: '2.0',
        id: count,
        method: 'tools/call',
        params: { name: 'crash', arguments: {} },
      }
      const { error } = await readAnswer(await door.post('ada', crash, session))
      expect(error?.message).toContain('ended in the middle of this call')
    }
    await door.gateway.close()
  })

  test.runIf(process.platform === 'linux')(
    'of too much memory, its own or that of what it started',
    async () => {
      const hungry = 'globalThis.held = Buffer.alloc(300 * 1024 * 1024, 1)'
      const path = handmade(`{
      'tools/call': async ({ params }) => {
        if (params.name === 'itself') ${hungry}
        else (await import('node:child_process')).spawn(process.execPath, ['-e', ${JSON.stringify(`${hungry}; setInterval(() => {}, 1e6)`)}])
        await new Promise(() => {})
      },
    }`)
      const limits = { memoryBytes: 250 * 1024 * 1024, memoryCheckMs: 20 }
      const door = await openGateway({ upstream: command(path, { limits }) })
      const session = await door.openSession('ada')
      for (const name of ['itself', 'child']) {
        const eat = { jsonrpc: '2.0', id: name, method: 'tools/call', params: { name, arguments: {} } }
        const { error } = await readAnswer(await door.post('ada', eat, session))
        expect(error?.message).toContain('of memory and was stopped')
      }
      await door.gateway.close()
    },
  )
})

describe('one process for everybody', () => {
  const tool = (id: unknown, name: string, params: Record<string, unknown> = {}): object => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: {}, ...params },
  })
  const textOf = ({ result }: RpcAnswer): string =>
    String((result?.content as { text: string }[] | undefined)?.[0]?.text)

  async function open(): Promise<OpenGateway> {
    return openGateway({ upstream: command(kit, { shared: true }) })
  }

  test('[HS-01] serves them all, whatever they declare, and asks none of them anything', async () => {
    const door = await open()
    const ada = await door.openSession('ada', { capabilities: { elicitation: {} } })
    const bob = await door.openSession('bob')
    const pids = [
      textOf(await readAnswer(await door.post('ada', tool(1, 'process'), ada))),
      textOf(await readAnswer(await door.post('bob', tool(1, 'process'), bob))),
      textOf(await readAnswer(await door.post('bob', tool(1, 'process')))),
    ]
    expect(new Set(pids).size).toBe(1)
    const asked = await readAnswer(await door.post('ada', tool(2, 'ask'), ada))
    expect(JSON.stringify(asked)).toMatch(/elicitation|nobody can be asked/)
    await door.gateway.close()
  })

  test('[HS-01] two who race under the same ids and tokens get their own, and cancel only their own', async () => {
    const door = await open()
    const sessions = { ada: await door.openSession('ada'), bob: await door.openSession('bob') }
    const people = ['ada', 'bob'] as const
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const who = people[index % 2] ?? 'ada'
        const id = Math.floor(index / 2)
        const text = `${who} ${id}`
        const answer = await readAnswer(
          await door.post(who, tool(id, 'echo', { arguments: { text } }), sessions[who]),
        )
        expect([answer.id, textOf(answer)]).toEqual([id, text])
      }),
    )
    const heard = await Promise.all(
      people.map(async (who) => {
        const asked = tool('p', 'progress', { _meta: { progressToken: 't' } })
        return readMessages(await door.post(who, asked, sessions[who]))
      }),
    )
    for (const messages of heard)
      expect(messages.map(({ params }) => params?.progress)).toEqual([1, 2, 3, undefined])
    // With sessions and without, on both sides.
    for (const headers of [sessions, { ada: {}, bob: {} }]) {
      const waiting = door.post('ada', tool('w', 'wait'), headers.ada)
      await new Promise((resolve) => setTimeout(resolve, 30))
      const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'w' } }
      const count = async (): Promise<number> =>
        Number(textOf(await readAnswer(await door.post('ada', tool('c', 'cancelled'), sessions.ada))))
      const before = await count()
      await door.post('bob', cancel, headers.bob)
      expect(await count()).toBe(before)
      await door.post('ada', cancel, headers.ada)
      await until(async () => (await count()) === before + 1, 'the cancellation')
      await (await waiting).body?.cancel()
    }
    await door.gateway.close()
  })

  test('[HS-01] what it says unasked reaches nobody', async () => {
    const door = await open()
    const sessions = { ada: await door.openSession('ada'), bob: await door.openSession('bob') }
    const listening = await door.send({
      headers: { ...sessions.bob, authorization: 'Bearer bob', accept: 'text/event-stream' },
    })
    const heard = messagesOf(listening)
    const first = heard.next()
    await readAnswer(await door.post('ada', tool(1, 'change'), sessions.ada))
    await readAnswer(await door.post('ada', tool(2, 'log'), sessions.ada))
    await door.gateway.close()
    expect((await first).done).toBe(true)
  })
})
