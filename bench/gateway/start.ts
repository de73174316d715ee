/** From the start of a process to its first answer. */

import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from '../server-process.ts'

const giveUpMs = 30_000

/** On a machine that does other things too, only the processor's time says what a start costs. */
export interface Start {
  milliseconds: number
  processorMilliseconds: number
}

/** Each time with an empty directory, as at a first start. */
export async function measureStart(
  words: (port: number, directory: string) => readonly string[],
): Promise<Start> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-start-'))
  const port = await findFreePort()
  const startedAt = performance.now()
  const child = spawn(process.execPath, [...words(port, directory)], { stdio: 'ignore' })
  try {
    while (!(await answers(port))) {
      if (performance.now() - startedAt > giveUpMs || child.exitCode !== null)
        throw new Error(`${words(port, directory).join(' ')} does not answer`)
    }
    const milliseconds = performance.now() - startedAt
    return { milliseconds, processorMilliseconds: processorMillisecondsOf(child.pid) }
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The built command laid out as npm installs it: in a checkout, bin/postern.js runs the sources. */
export function layOutCommand(root: string): { path: string; remove(): void } {
  if (!existsSync(join(root, 'dist/command/main.js'))) throw new Error('build first: npm run build')
  const home = mkdtempSync(join(tmpdir(), 'postern-package-'))
  for (const part of ['package.json', 'bin', 'dist/command'])
    cpSync(join(root, part), join(home, part), { recursive: true })
  return { path: join(home, 'bin/postern.js'), remove: () => rmSync(home, { recursive: true, force: true }) }
}

const agent = new Agent({ keepAlive: false })

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get({ host: '127.0.0.1', port, path: '/healthz', agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200))
    })
    asked.once('error', () => setTimeout(resolve, 1, false))
  })
}

/** Of all threads, to the nanosecond: /proc/PID/stat counts in hundredths of a second (Documentation/scheduler/sched-stats). */
function processorMillisecondsOf(pid: number | undefined): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6
}
