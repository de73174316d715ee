// Several real `postern serve` processes on one PostgreSQL, behind a proxy that gives each request to any of them.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { account } from '../door.ts'
import { repositoryRoot } from '../interop/child.ts'
import { findFreePort } from '../interop/loopback.ts'
import { type Network, startNetwork } from '../storage/network.ts'
import { type Spreader, startSpreader } from './spreader.ts'

export interface Cluster {
  /** What clients know: each request goes to any instance. */
  readonly origin: string
  readonly connectorUrl: string
  readonly instances: readonly Instance[]
  readonly spreader: Spreader
  /** Another postern command on the same records. */
  run(words: readonly string[], input?: string): Promise<string>
  stop(): Promise<void>
}

export interface Instance {
  readonly name: string
  /** Of this one alone. */
  readonly origin: string
  /** Between it and the database. */
  readonly network: Network
  readonly environment: Readonly<Record<string, string>>
  /** Lines of its log, of all its lives. */
  readonly log: string[]
  kill(): Promise<void>
  /** Resolves when it answers. */
  start(environment?: Record<string, string>): Promise<void>
  isUp(): boolean
}

export interface ClusterOptions {
  count: number
  database: string
  /** What stands after `serve` and the options of the cluster. */
  words: readonly string[]
  random?: () => number
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { count, database, words, random = Math.random } = options
  const publicPort = await findFreePort()
  const origin = `http://localhost:${publicPort}`
  const masterKey = randomBytes(32).toString('base64url')
  const common = { POSTERN_DATABASE: database, POSTERN_MASTER_KEY: masterKey }
  const run = (given: readonly string[], input = ''): Promise<string> => runPostern(given, input, common)
  await run(['users', 'create', account.username, '--password-stdin'], account.password)
  const instances = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const network = await startNetwork(Number(new URL(database).port))
      const environment = { ...common, POSTERN_DATABASE: network.through(database) }
      const given = ['--public-url', origin, '--log-format', 'json', ...words]
      return createInstance(`instance ${index + 1}`, await findFreePort(), network, environment, given)
    }),
  )
  await Promise.all(instances.map((instance) => instance.start()))
  const spreader = await startSpreader(publicPort, instances, random)
  return {
    origin,
    connectorUrl: `${origin}/mcp`,
    instances,
    spreader,
    run,
    async stop() {
      await spreader.close()
      await Promise.all(instances.map((instance) => instance.kill()))
      await Promise.all(instances.map(({ network }) => network.close()))
    },
  }
}

function createInstance(
  name: string,
  port: number,
  network: Network,
  environment: Record<string, string>,
  words: readonly string[],
): Instance {
  const log: string[] = []
  let child: ChildProcess | undefined
  let isUp = false
  return {
    name,
    origin: `http://127.0.0.1:${port}`,
    network,
    environment,
    log,
    isUp: () => isUp,
    async kill() {
      isUp = false
      const dying = child
      child = undefined
      if (dying === undefined || dying.exitCode !== null || dying.signalCode !== null) return
      const gone = new Promise((resolve) => dying.once('exit', resolve))
      dying.kill('SIGKILL')
      await gone
    },
    async start(changes = {}) {
      const started = spawnPostern(['serve', '--port', String(port), ...words], {
        ...environment,
        ...changes,
      })
      child = started
      await opened(started, name, log)
      isUp = true
      started.once('exit', () => {
        if (child === started) isUp = false
      })
    },
  }
}

const startTimeoutMs = 60_000

function opened(child: ChildProcess, name: string, log: string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const said: string[] = []
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
    if (said.length < 20) said.push(line)
    if (log.length < 20_000 && !line.includes('"level":"info"')) log.push(line)
    if (line.includes('"event":"server.opened"')) resolve()
  })
  const timer = setTimeout(
    () => reject(new Error(`${name} did not open:\n${said.join('\n')}`)),
    startTimeoutMs,
  )
  child.once('exit', () => reject(new Error(`${name} ended at its start:\n${said.join('\n')}`)))
  return promise.finally(() => clearTimeout(timer))
}

function spawnPostern(words: readonly string[], environment: Record<string, string>): ChildProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:POSTERN_|NODE_OPTIONS|VITEST)/.test(name),
  )
  const child = spawn(process.execPath, ['--no-warnings', join(repositoryRoot, 'bin/postern.js'), ...words], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...Object.fromEntries(inherited), ...environment },
  })
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  child.once('exit', () => process.off('exit', killAtExit))
  return child
}

async function runPostern(
  words: readonly string[],
  input: string,
  environment: Record<string, string>,
): Promise<string> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:POSTERN_|NODE_OPTIONS|VITEST)/.test(name),
  )
  const child = spawn(process.execPath, [join(repositoryRoot, 'bin/postern.js'), ...words], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(inherited), ...environment },
  })
  let said = ''
  let complained = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complained += text
  })
  child.stdin.end(input)
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`postern ${words.join(' ')} ended with ${code}: ${complained}`)
  return said
}
