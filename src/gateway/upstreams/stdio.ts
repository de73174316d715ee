/** An MCP server that is a command, spoken to over its standard input and output (MCP 2025-11-25, transports, stdio; house rule 1). */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { residentBytes } from '../../platform/process-memory-node.ts'
import { redactText } from '../../platform/telemetry.ts'
import { createPeer, type PeerListener } from '../peer.ts'
import {
  createProcessPool,
  defaultProcessLimits,
  type ProcessLimits,
  type ServerProcess,
} from '../process-pool.ts'
import { shareAmongCallers } from '../shared-callers.ts'
import type { Upstream, UpstreamCaller } from '../upstream.ts'

export interface StdioUpstreamOptions {
  /** Program and arguments; no shell ever reads them. */
  command: readonly [string, ...string[]]
  /** The directory it runs in. */
  cwd: string
  /** What the operator named for it. A POSTERN_* name is refused: those hold our own secrets. */
  env: Readonly<Record<string, string>>
  /** Where PATH, HOME, LANG and TMPDIR are taken from, and nothing else. */
  environment: Readonly<Record<string, string | undefined>>
  /** One process for everybody instead of one for each person and client. Only where it holds nothing of any of them. */
  shared?: boolean
  limits?: Partial<StdioLimits>
}

export interface StdioLimits extends ProcessLimits {
  /** After its input was closed until SIGTERM, and from there to SIGKILL. */
  stopGraceMs: number
  /** After a process has exited, for what it wrote last to be read. */
  drainMs: number
  /** Of a process and what it started, where the system tells of it. */
  memoryBytes: number
  memoryCheckMs: number
  /** Lines of standard error that become events, for each process and minute. */
  stderrLinesPerMinute: number
}

export const defaultStdioLimits: StdioLimits = {
  ...defaultProcessLimits,
  stopGraceMs: 2000,
  drainMs: 500,
  memoryBytes: 4 * 1024 ** 3,
  memoryCheckMs: 5000,
  stderrLinesPerMinute: 100,
}

/** Nothing starts here: a caller's first request starts its process. */
export function stdioUpstream(options: StdioUpstreamOptions): Upstream {
  const limits: StdioLimits = { ...defaultStdioLimits, ...options.limits }
  const env = environmentOf(options)
  const [program, ...args] = options.command
  const running = new Set<() => void>()
  killAtExit(running)
  const pool = createProcessPool({
    name: program,
    subject: `The MCP server's command ${JSON.stringify(program)}`,
    limits,
    start(caller, listeners) {
      const child = spawn(program, args, {
        cwd: options.cwd,
        env: { ...env, ...caller.credential?.environment },
        shell: false,
        stdio: ['pipe', 'pipe', 'pipe'],
        // A group of its own, so that what it starts (npx starts node) is stopped with it.
        detached: true,
        windowsHide: true,
      })
      return superviseProcess(child, { ...options, limits, caller, listeners, running })
    },
  })
  const upstream = options.shared ? shareAmongCallers(pool) : pool
  return {
    ...upstream,
    isLocal: options.shared !== true,
    async close() {
      await pool.close()
      atExit.delete(running)
    },
  }
}

/** One listener for all upstreams: a house can have one for each of a thousand tenants. */
const atExit = new Set<ReadonlySet<() => void>>()

function killAtExit(running: ReadonlySet<() => void>): void {
  if (!process.listeners('exit').includes(killEverything)) process.on('exit', killEverything)
  atExit.add(running)
}

function killEverything(): void {
  for (const running of atExit) for (const kill of running) kill()
}

function environmentOf({ env, environment }: StdioUpstreamOptions): Record<string, string> {
  const own = Object.keys(env).find((name) => name.toUpperCase().startsWith('POSTERN_'))
  if (own !== undefined) throw new TypeError(`${own} is Postern's own and is never given to an upstream`)
  const inherited = ['PATH', 'HOME', 'LANG', 'TMPDIR']
    .map((name): [string, string | undefined] => [name, environment[name]])
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { ...Object.fromEntries(inherited), ...env }
}

interface Supervision extends StdioUpstreamOptions {
  limits: StdioLimits
  caller: UpstreamCaller
  listeners: () => readonly PeerListener[]
  /** What is to be killed if Postern itself ends. */
  running: Set<() => void>
}

/** What a dying process printed last, kept for the message that tells of it. */
const stderrTailCharacters = 2000

function superviseProcess(child: ChildProcessWithoutNullStreams, options: Supervision): ServerProcess {
  const { limits, caller } = options
  const name = JSON.stringify(options.command[0])
  const startedAt = performance.now()
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  let stderrTail = ''
  let hasSpoken = false
  let diedOf: string | undefined
  let stopping: string | undefined
  let isOver = false

  const peer = createPeer({
    write(line) {
      if (child.stdin.writable) child.stdin.write(`${line}\n`)
    },
    listeners: options.listeners,
    shared: caller.shared,
    onStray: (reason) => caller.emit('upstream.stderr', { code: 'stdout', reason }),
  })

  function finish(how: string): void {
    if (isOver) return
    isOver = true
    diedOf ??= deathSentence(how)
    options.running.delete(killNow)
    clearInterval(memoryCheck)
    caller.emit('upstream.exited', {
      pid: child.pid,
      code: how,
      reason: stopping ?? (stderrTail.trim() || undefined),
      durationMs: Math.round(performance.now() - startedAt),
    })
    // Calls that wait are answered with this; one that only opened is told of by who opened it.
    if (stopping === undefined && peer.callsInFlight() > 0) caller.emit('upstream.failed', { reason: diedOf })
    peer.fail(diedOf)
    end()
  }

  function deathSentence(how: string): string {
    if (stopping !== undefined) return `The MCP server's command ${name} was stopped: ${stopping}.`
    if (hasSpoken) {
      return `The MCP server's command ${name} ended in the middle of this call (${how}). The next call starts it again.`
    }
    const printed = stderrTail.trim()
    const said =
      printed === '' ? 'It printed nothing.' : `It printed: ${JSON.stringify(redactText(lastPart(printed)))}`
    return `The MCP server's command ${name} ended before it answered (${how}). ${said}`
  }

  function killGroup(signal: NodeJS.Signals): void {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, signal)
    } catch {
      // ESRCH: nobody of the group is left. Where there are no groups, the process itself has to do.
      child.kill(signal)
    }
  }

  async function stop(reason: string): Promise<void> {
    stopping ??= reason
    if (isOver || child.exitCode !== null) return ended
    child.stdin.end()
    const gentle = setTimeout(() => killGroup('SIGTERM'), limits.stopGraceMs / 4)
    const final = setTimeout(() => killGroup('SIGKILL'), limits.stopGraceMs)
    await ended
    clearTimeout(gentle)
    clearTimeout(final)
  }

  async function checkMemory(): Promise<void> {
    const bytes = child.pid === undefined ? undefined : await residentBytes(child.pid)
    if (bytes === undefined || bytes <= limits.memoryBytes || isOver) return
    diedOf = `The MCP server's command ${name} held more than ${limits.memoryBytes} bytes of memory and was stopped. The next call starts it again.`
    killGroup('SIGKILL')
  }

  const memoryCheck = setInterval(checkMemory, limits.memoryCheckMs)
  memoryCheck.unref()
  const killNow = (): void => killGroup('SIGKILL')
  options.running.add(killNow)
  child.once('spawn', () => {
    caller.emit('upstream.started', { pid: child.pid })
  })
  child.once('error', (error: NodeJS.ErrnoException) => {
    diedOf = `The MCP server's command ${name} could not be started (${error.code ?? error.message}). Is it installed, and is ${JSON.stringify(options.cwd)} a directory?`
    finish('not started')
  })
  child.once('exit', (code, signal) => {
    // Whatever it started and left behind goes with it; what is in the pipe is still read.
    killGroup('SIGKILL')
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`
    child.once('close', () => finish(how))
    setTimeout(() => finish(how), limits.drainMs).unref()
  })
  // A process that has gone closes its input; the exit says so better than EPIPE.
  child.stdin.on('error', () => {})
  readLines(child.stdout, limits.messageBytes, {
    onLine(line) {
      hasSpoken = true
      if (line.trim() !== '') peer.receive(line)
    },
    onTooLong() {
      diedOf = `The MCP server's command ${name} sent a message of more than ${limits.messageBytes} bytes and was stopped.`
      killGroup('SIGKILL')
    },
  })
  const report = rateLimited(limits.stderrLinesPerMinute, (line) =>
    caller.emit('upstream.stderr', { pid: child.pid, reason: line }),
  )
  readLines(child.stderr, stderrTailCharacters, {
    onLine(line) {
      stderrTail = `${stderrTail}${line}\n`.slice(-stderrTailCharacters)
      report(line)
    },
    onTooLong: () => {},
  })

  return {
    peer,
    isRunning: () =>
      !isOver && child.exitCode === null && child.signalCode === null && stopping === undefined,
    isCongested: () => child.stdin.writableLength > limits.messageBytes,
    diedOf: () => diedOf,
    ended,
    wasStopped: () => stopping !== undefined,
    stop,
  }
}

/** The end of a stack trace says less than its beginning; the end of a log says more. A message is at the beginning of either. */
function lastPart(printed: string): string {
  const lines = printed.split('\n')
  const message = lines.findIndex((line) => /error|exception|cannot|not found|usage/i.test(line))
  return lines.slice(Math.max(message, 0)).join('\n')
}

interface LineReader {
  onLine(line: string): void
  /** Once; the rest of that line is dropped. */
  onTooLong(): void
}

/** Lines of UTF-8, never more than `maximumBytes` of one in memory. */
function readLines(stream: NodeJS.ReadableStream, maximumBytes: number, reader: LineReader): void {
  let parts: Buffer[] = []
  let size = 0
  const take = (part: Buffer): void => {
    if (size > maximumBytes) return
    parts.push(part)
    size += part.length
    if (size > maximumBytes) {
      parts = []
      reader.onTooLong()
    }
  }
  const finish = (): void => {
    if (size > 0 && size <= maximumBytes) reader.onLine(Buffer.concat(parts).toString('utf8'))
    parts = []
    size = 0
  }
  stream.on('data', (chunk: Buffer) => {
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      take(chunk.subarray(start, end))
      finish()
      start = end + 1
    }
    if (start < chunk.length) take(chunk.subarray(start))
  })
  stream.on('end', finish)
}

function rateLimited(perMinute: number, report: (line: string) => void): (line: string) => void {
  let windowStart = performance.now()
  let count = 0
  return (line) => {
    const now = performance.now()
    if (now - windowStart > 60_000) {
      windowStart = now
      count = 0
    }
    if (count++ < perMinute) report(line)
  }
}
