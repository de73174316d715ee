// A child process in its own group that cannot outlive the test: captured output, a time limit, and a stop that takes
// grandchildren with it.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'

export interface Child {
  readonly process: ChildProcessWithoutNullStreams
  /** Everything written so far. */
  stdout(): string
  stderr(): string
  /** Resolves when the process is gone, never rejects. */
  readonly exited: Promise<ChildExit>
  /** The first match in either stream; rejects with the output when the process ends or the time is up first. */
  waitForOutput(pattern: RegExp, timeoutMilliseconds?: number): Promise<RegExpExecArray>
  stop(): Promise<void>
}

export interface ChildExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly timedOut: boolean
}

export interface ChildOptions {
  readonly env?: Record<string, string | undefined>
  readonly cwd?: string
  readonly timeoutMilliseconds?: number
}

/** The checkout: where node_modules and bin are. */
export const repositoryRoot: string = join(import.meta.dirname, '..', '..')

/** A binary of a development dependency, by its path: no test looks anything up at run time. */
export function binaryPath(name: string): string {
  return join(repositoryRoot, 'node_modules', '.bin', name)
}

export function startChild(command: string, args: readonly string[], options: ChildOptions = {}): Child {
  const child = spawn(command, args, {
    cwd: options.cwd ?? repositoryRoot,
    detached: true,
    env: childEnvironment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  let timedOut = false
  const listeners = new Set<() => void>()
  const heard = (): void => listeners.forEach((listener) => void listener())
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    heard()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
    heard()
  })
  // A peer that has gone closes its stdin; the exit says so better than EPIPE.
  child.stdin.on('error', () => {})

  const killGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, signal)
    } catch {
      // ESRCH: the group is gone already.
    }
  }
  const killAtExit = (): void => killGroup('SIGKILL')
  process.once('exit', killAtExit)
  const timer = setTimeout(() => {
    timedOut = true
    killGroup('SIGKILL')
  }, options.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MILLISECONDS)

  const exited = new Promise<ChildExit>((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(timer)
      process.removeListener('exit', killAtExit)
      // What the process started and left behind goes with it.
      killGroup('SIGKILL')
      resolve({ code, signal, timedOut })
    }
    child.once('error', (error) => {
      stderr += String(error)
      end(null, null)
    })
    child.once('exit', () => killGroup('SIGTERM'))
    child.once('close', end)
  })

  const output = (): string => `${stdout}\n${stderr}`
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    waitForOutput(pattern, timeoutMilliseconds = DEFAULT_WAIT_MILLISECONDS) {
      return new Promise((resolve, reject) => {
        const fail = (why: string): void => {
          settle()
          reject(new Error(`${command} ${args.join(' ')}: ${why}; waited for ${pattern}, got:\n${output()}`))
        }
        const look = (): void => {
          const match = pattern.exec(stdout) ?? pattern.exec(stderr)
          if (match === null) return
          settle()
          resolve(match)
        }
        const limit = setTimeout(() => fail('time is up'), timeoutMilliseconds)
        const settle = (): void => {
          clearTimeout(limit)
          listeners.delete(look)
        }
        listeners.add(look)
        look()
        void exited.then(({ code, signal }) => fail(`ended with ${signal ?? code}`))
      })
    },
    async stop() {
      killGroup('SIGTERM')
      const force = setTimeout(() => killGroup('SIGKILL'), STOP_GRACE_MILLISECONDS)
      await exited
      clearTimeout(force)
    },
  }
}

const DEFAULT_TIMEOUT_MILLISECONDS = 120_000
const DEFAULT_WAIT_MILLISECONDS = 30_000
const STOP_GRACE_MILLISECONDS = 3_000

/** The Node of this process goes first on PATH: clients start `node` by name, and the machine's may be too old. */
function childEnvironment(env: ChildOptions['env'] = {}): NodeJS.ProcessEnv {
  const path = `${join(repositoryRoot, 'node_modules', '.bin')}:${env.PATH ?? process.env.PATH ?? ''}`
  // A test runner's own variables change how other tools behave (NODE_OPTIONS, VITEST, FORCE_COLOR).
  const { NODE_OPTIONS: _options, VITEST: _vitest, FORCE_COLOR: _color, ...inherited } = process.env
  return { ...inherited, NO_COLOR: '1', DO_NOT_TRACK: '1', ...env, PATH: path }
}
