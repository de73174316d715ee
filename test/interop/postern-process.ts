// A real `postern serve` process before an upstream of the test's choice, its records in a folder of its own, and the
// other commands on the same records.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, repositoryRoot, startChild } from './child.ts'
import { findFreePort } from './loopback.ts'
import type { Account } from './plain-sign-in.ts'

export interface PosternProcess {
  readonly origin: string
  readonly mcpUrl: string
  /** What a person reads in the terminal of the present run. */
  printed(): string
  /** The present run's JSON log, oldest first. */
  events(): LoggedEvent[]
  /** One of the other commands, on the same records: its standard output. */
  run(words: readonly string[], input?: string): Promise<string>
  createAccount(account: Account): Promise<void>
  createClient(client: {
    name: string
    redirectUris: readonly string[]
    confidential?: boolean
  }): Promise<HandMadeClient>
  /** Killed as by a power cut, and up again on the same records and port. */
  crashAndRestart(): Promise<void>
  stop(): Promise<void>
}

export interface LoggedEvent {
  readonly event: string
  readonly level: string
  readonly flowId: string
  readonly [field: string]: unknown
}

export interface HandMadeClient {
  readonly clientId: string
  readonly clientSecret?: string
}

/** The MCP reference server, by its path: nothing is looked up or downloaded. */
export const referenceServer: readonly string[] = [
  'node',
  join(repositoryRoot, 'node_modules', '@modelcontextprotocol', 'server-everything', 'dist', 'index.js'),
]

export async function startPostern(options: {
  readonly command: readonly string[]
  readonly flags?: readonly string[]
}): Promise<PosternProcess> {
  const data = await mkdtemp(join(tmpdir(), 'postern-data-'))
  const port = await findFreePort()
  const words = ['serve', '--port', String(port), '--data', data, ...(options.flags ?? [])]
  const open = async (): Promise<Child> => {
    const child = startPosternCommand([...words, '--', ...options.command], LIFETIME_MILLISECONDS)
    await child.waitForOutput(/"event":"server\.opened"/)
    return child
  }
  const removeData = (): Promise<void> => rm(data, { recursive: true, force: true })
  let server = await open().catch(async (error: unknown) => {
    await removeData()
    throw error
  })
  const run = (command: readonly string[], input = ''): Promise<string> =>
    runPostern([...command, '--data', data], { input })
  const origin = `http://localhost:${port}`
  return {
    origin,
    mcpUrl: `${origin}/mcp`,
    printed: () => server.stdout(),
    events: () => server.stderr().split('\n').flatMap(readEvent),
    run,
    async createAccount({ username, password }) {
      await run(['users', 'create', username, '--password-stdin'], password)
    },
    async createClient({ name, redirectUris, confidential }) {
      const redirects = redirectUris.flatMap((uri) => ['--redirect-uri', uri])
      const secret = confidential === true ? ['--confidential'] : []
      return JSON.parse(await run(['clients', 'create', '--json', '--name', name, ...redirects, ...secret]))
    },
    async crashAndRestart() {
      server.process.kill('SIGKILL')
      const { signal } = await server.exited
      if (signal !== 'SIGKILL') throw new Error(`it ended by ${signal}, before it was killed`)
      server = await open()
    },
    async stop() {
      await server.stop()
      await removeData()
    },
  }
}

/** Runs one command to its end; `expectedCode` is 0 unless a failure is what is looked for. */
export async function runPostern(
  words: readonly string[],
  options: {
    readonly input?: string
    readonly env?: Record<string, string | undefined>
    readonly expectedCode?: number
  } = {},
): Promise<string> {
  const child = startPosternCommand(words, COMMAND_TIMEOUT_MILLISECONDS, options.env)
  child.process.stdin.end(options.input ?? '')
  const { code } = await child.exited
  if (code !== (options.expectedCode ?? 0)) {
    throw new Error(`postern ${words.join(' ')} ended with ${code}:\n${child.stderr()}${child.stdout()}`)
  }
  return child.stdout()
}

/** As a shell would run it, for programs that start Postern themselves. */
export const posternCommand: string = `${process.execPath} ${join(repositoryRoot, 'bin', 'postern.js')}`

const LIFETIME_MILLISECONDS = 300_000
const COMMAND_TIMEOUT_MILLISECONDS = 60_000

/** The environment may hold settings of whoever runs the tests; none of them is to count. */
function startPosternCommand(
  words: readonly string[],
  timeoutMilliseconds: number,
  env: Record<string, string | undefined> = {},
): Child {
  const own = Object.keys(process.env).filter((name) => name.startsWith('POSTERN_'))
  return startChild(process.execPath, [join(repositoryRoot, 'bin', 'postern.js'), ...words], {
    env: { ...Object.fromEntries(own.map((name) => [name, undefined])), ...env },
    cwd: tmpdir(),
    timeoutMilliseconds,
  })
}

/** The last line of a running process may be half written. */
function readEvent(line: string): LoggedEvent[] {
  try {
    return line.startsWith('{') ? [JSON.parse(line) as LoggedEvent] : []
  } catch {
    return []
  }
}
