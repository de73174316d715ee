/** A server under measurement: a process of its own, on a free loopback port, with its records in a folder that goes with it. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export interface ServerProcess {
  pid: number
  port: number
  origin: string
  directory: string
  stop(): Promise<void>
}

export interface ServerCommand {
  /** Given the port and the folder. */
  words(port: number, directory: string): readonly string[]
  /** Node's own flags. */
  nodeFlags?: readonly string[] | undefined
}

const startTimeoutMs = 30_000

export async function startServerProcess(command: ServerCommand): Promise<ServerProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  const port = await findFreePort()
  // Into a file, as a service manager does: a pipe that nobody empties would slow it down.
  const log = join(directory, 'log')
  const output = openSync(log, 'w')
  const child = spawn(
    process.execPath,
    ['--no-warnings', ...(command.nodeFlags ?? []), ...command.words(port, directory)],
    { stdio: ['ignore', output, output] },
  )
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  await untilItListens(child, port, log)
  return {
    pid: child.pid ?? 0,
    port,
    origin: `http://localhost:${port}`,
    directory,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await ended
      clearTimeout(force)
      process.off('exit', killAtExit)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function untilItListens(child: ChildProcess, port: number, log: string): Promise<void> {
  const deadline = performance.now() + startTimeoutMs
  for (;;) {
    const isUp = await fetch(`http://localhost:${port}/`, { redirect: 'manual' }).then(
      ({ status }) => status !== 503,
      () => false,
    )
    if (isUp) return
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`${child.spawnargs.join(' ')} does not listen:\n${readFileSync(log, 'utf8')}`)
    await wait(50)
  }
}

export async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return port
}
