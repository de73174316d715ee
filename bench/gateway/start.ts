/** From the start of a process to its first answer. */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from '../server-process.ts'

const giveUpMs = 30_000

/** Milliseconds. Each time with an empty directory, as at a first start. */
export async function millisecondsToAnswer(
  words: (port: number, directory: string) => readonly string[],
): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-start-'))
  const port = await findFreePort()
  const startedAt = performance.now()
  const child = spawn(process.execPath, [...words(port, directory)], { stdio: 'ignore' })
  try {
    while (!(await answers(port))) {
      if (performance.now() - startedAt > giveUpMs || child.exitCode !== null)
        throw new Error(`${words(port, directory).join(' ')} does not answer`)
    }
    return performance.now() - startedAt
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
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
