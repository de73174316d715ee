// A real `postern serve` process that can be killed at any moment, comes up again on the same records, and whose clock the torture sets.

import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { account } from '../door.ts'
import { repositoryRoot } from '../interop/child.ts'
import { findFreePort } from '../interop/loopback.ts'
import { offsetVariable, type Sabotage, sabotageVariable } from './sabotage.ts'

export interface ServedDoor {
  readonly port: number
  readonly origin: string
  readonly mcpUrl: string
  readonly database: string
  /** The server's time in epoch seconds, with the part of a second that it does not see. */
  now(): number
  /** Resolves at once while the server answers, else when it does again. */
  up(): Promise<void>
  /** `kill -9` at this very moment, and a new start on the same records. */
  killAndRestart(): Promise<void>
  /** Nothing may be under way. */
  moveClock(seconds: number): Promise<void>
  /** Lines of its log that matter here, of all its lives. */
  events(name: 'refresh.reused' | 'request.failed'): readonly LoggedEvent[]
  stop(): Promise<void>
}

export interface LoggedEvent {
  event: string
  grantId?: string
  reason?: string
}

const startTimeoutMs = 30_000

export async function serveDoor(data: string, sabotage: readonly Sabotage[] = []): Promise<ServedDoor> {
  const port = await findFreePort()
  const upstream = await startUpstream()
  const events: LoggedEvent[] = []
  let offsetMs = 0
  await runPostern(
    ['users', 'create', account.username, '--password-stdin', '--data', data],
    account.password,
  )
  const words = ['serve', '--port', String(port), '--data', data, '--upstream', upstream.url]
  const start = (): Promise<Life> => startLife([...words, '--log-format', 'json'], offsetMs, sabotage, events)
  let life = start()
  await life
  return {
    port,
    origin: `http://localhost:${port}`,
    mcpUrl: `http://localhost:${port}/mcp`,
    database: join(data, 'postern.db'),
    now: () => (Date.now() + offsetMs) / 1000,
    up: async () => void (await life),
    async killAndRestart() {
      const { child, ended } = await life
      life = Promise.resolve(ended).then(start)
      child.kill('SIGKILL')
      await life
    },
    async moveClock(seconds) {
      offsetMs += seconds * 1000
      const { child } = await life
      await new Promise((resolve) => {
        child.once('message', resolve)
        child.send({ offsetMs })
      })
    },
    events: (name) => events.filter(({ event }) => event === name),
    async stop() {
      const { child, ended } = await life
      child.kill('SIGTERM')
      await ended
      await upstream.stop()
    },
  }
}

interface Life {
  child: ChildProcess
  ended: Promise<void>
}

async function startLife(
  words: readonly string[],
  offsetMs: number,
  sabotage: readonly Sabotage[],
  events: LoggedEvent[],
): Promise<Life> {
  const preload = join(repositoryRoot, 'test/torture/shifted-clock.ts')
  const binary = join(repositoryRoot, 'bin/postern.js')
  const child = spawn(process.execPath, ['--no-warnings', '--import', preload, binary, ...words], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      ...ownEnvironment(),
      [offsetVariable]: String(offsetMs),
      [sabotageVariable]: JSON.stringify(sabotage),
    },
  })
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  const said: string[] = []
  const { promise: opened, resolve, reject } = Promise.withResolvers<void>()
  const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream })
  lines.on('line', (line) => {
    if (said.length < 20) said.push(line)
    if (line.includes('"event":"server.opened"')) resolve()
    if (/"event":"(?:refresh\.reused|request\.failed)"/.test(line)) events.push(JSON.parse(line))
  })
  const drained = new Promise<void>((done) => lines.once('close', done))
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  const timer = setTimeout(() => {
    child.kill('SIGKILL')
    reject(new Error(`postern serve did not open in ${startTimeoutMs} ms:\n${said.join('\n')}`))
  }, startTimeoutMs)
  void exited.then(() => reject(new Error(`postern serve ended at its start:\n${said.join('\n')}`)))
  await opened.finally(() => clearTimeout(timer))
  const ended = Promise.all([exited, drained]).then(() => void process.off('exit', killAtExit))
  return { child, ended }
}

/** Settings of whoever runs the tests do not count. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, ...inherited } = process.env
  return Object.fromEntries(Object.entries(inherited).filter(([name]) => !name.startsWith('POSTERN_')))
}

async function runPostern(words: readonly string[], input: string): Promise<void> {
  const child = spawn(process.execPath, [join(repositoryRoot, 'bin/postern.js'), ...words], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: ownEnvironment(),
  })
  child.stdin.end(input)
  const code = await new Promise((resolve) => child.once('exit', resolve))
  if (code !== 0) throw new Error(`postern ${words.join(' ')} ended with ${code}`)
}

/** Just enough of an MCP server to tell whether an access token was let through. */
async function startUpstream(): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const { id } = text === '' ? { id: undefined } : (JSON.parse(text) as { id?: unknown })
    if (id === undefined) return void response.writeHead(request.method === 'POST' ? 202 : 405).end()
    const result = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      serverInfo: { name: 'torture', version: '1' },
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result }))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
