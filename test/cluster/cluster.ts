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
  /** As a rollout does: SIGTERM. */
  end(): Promise<void>
  /** Resolves when it answers. */
  start(environment?: Record<string, string>): Promise<void>
  isUp(): boolean
  giveUp(): Promise<void>
  isGivenUp(): boolean
}

export interface ClusterOptions {
  count: number
  database: string
  /** What stands after `serve` and the options of the cluster; of each instance, if they differ. */
  words: readonly string[] | ((index: number) => readonly string[])
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
      const given = [
        '--public-url',
        origin,
        '--log-format',
        'json',
        ...(typeof words === 'function' ? words(index) : words),
      ]
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
      await Promise.all(instances.map((instance) => instance.giveUp()))
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
  let life: Life | undefined
  let isOver = false
  return {
    name,
    origin: `http://127.0.0.1:${port}`,
    network,
    environment,
    log,
    isUp: () => life?.isUp() ?? false,
    isGivenUp: () => isOver,
    async giveUp() {
      isOver = true
      await life?.kill()
    },
    async kill() {
      const dying = life
      life = undefined
      await dying?.kill()
    },
    async end() {
      const ending = life
      life = undefined
      await ending?.end()
    },
    async start(changes = {}) {
      const starting = launch({ name, port, words, environment: { ...environment, ...changes }, log })
      life = starting.life
      await starting.opened
    },
  }
}

export interface ServerWords {
  name: string
  port: number
  /** After `serve` and the port. */
  words: readonly string[]
  environment?: Record<string, string>
  /** Takes the lines of its log. */
  log?: string[]
}

export interface Life {
  readonly pid: number | undefined
  isUp(): boolean
  /** -9. */
  kill(): Promise<void>
  /** -15. */
  end(): Promise<void>
}

/** Resolves when it answers. */
export async function spawnServer(server: ServerWords): Promise<Life> {
  const { life, opened } = launch(server)
  await opened
  return life
}

function launch({ name, port, words, environment = {}, log = [] }: ServerWords): {
  life: Life
  opened: Promise<void>
} {
  const child = spawnPostern(['serve', '--port', String(port), ...words], environment)
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let isUp = false
  void gone.then(() => {
    isUp = false
  })
  const opened = untilItAnswers(child, name, `http://127.0.0.1:${port}/healthz`, log).then(() => {
    isUp = true
  })
  return {
    opened,
    life: {
      pid: child.pid,
      isUp: () => isUp,
      async kill() {
        child.kill('SIGKILL')
        await gone
      },
      async end() {
        child.kill('SIGTERM')
        await gone
      },
    },
  }
}

const startTimeoutMs = 120_000

function untilItAnswers(child: ChildProcess, name: string, health: string, log: string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const said: string[] = []
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
    if (said.length < 20) said.push(line)
    if (log.length < 20_000 && !line.includes('"level":"info"')) log.push(line)
  })
  // Whoever comes before it has read its keys waits for the answer.
  let isOver = false
  const ask = (): void => {
    if (isOver) return
    void fetch(health)
      .then(({ ok }) => (ok ? resolve() : Promise.reject(new Error('not yet'))))
      .catch(() => setTimeout(ask, 50))
  }
  ask()
  const timer = setTimeout(
    () => reject(new Error(`${name} did not open:\n${said.join('\n')}`)),
    startTimeoutMs,
  )
  child.once('exit', () => reject(new Error(`${name} ended at its start:\n${said.join('\n')}`)))
  return promise.finally(() => {
    isOver = true
    clearTimeout(timer)
  })
}

function spawnPostern(words: readonly string[], environment: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, ['--no-warnings', join(repositoryRoot, 'bin/postern.js'), ...words], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...inherited(), ...environment },
  })
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  child.once('exit', () => process.off('exit', killAtExit))
  return child
}

/** What it wrote; rejects when it fails. */
export async function runPostern(
  words: readonly string[],
  input = '',
  environment: Record<string, string> = {},
): Promise<string> {
  const child = spawn(process.execPath, [join(repositoryRoot, 'bin/postern.js'), ...words], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...inherited(), ...environment },
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

/** Settings of whoever runs the tests do not count. */
function inherited(): NodeJS.ProcessEnv {
  const ours = /^(?:POSTERN_|NODE_OPTIONS|VITEST)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}
