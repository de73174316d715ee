/** Starts `storage-process.ts` and talks with it. */

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { StorageAnswer, StorageCommand } from './storage-process.ts'

const script = fileURLToPath(new URL('./storage-process.ts', import.meta.url))

export interface StorageProcess {
  ask(path: string, verb: StorageCommand['verb'], ...values: readonly unknown[]): Promise<unknown>
  stop(): Promise<void>
}

export function startStorageProcess(): StorageProcess {
  const child = spawn(process.execPath, [script, 'commands'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = endOf(child)
  const waiting = new Map<number, (answer: StorageAnswer) => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as StorageAnswer
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  let count = 0
  return {
    async ask(path, verb, ...values) {
      const id = ++count
      const answered = new Promise<StorageAnswer>((resolve) => waiting.set(id, resolve))
      child.stdin.write(`${JSON.stringify({ id, path, verb, values } satisfies StorageCommand)}\n`)
      const answer = await answered
      if (answer.error !== undefined) throw new Error(answer.error)
      return answer.result
    },
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}

/** Lets it write until `enough` lines came and `delayMs` passed, kills it, and gives every line that it said. */
export async function writeAndKill(
  path: string,
  name: string,
  enough: number,
  delayMs: number,
): Promise<string[]> {
  const child = spawn(process.execPath, [script, 'write', path, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = endOf(child)
  const lines: string[] = []
  const read = createInterface({ input: child.stdout })
  read.on('line', (line) => {
    lines.push(line)
    if (lines.length === enough) setTimeout(() => child.kill('SIGKILL'), delayMs)
  })
  const drained = new Promise<void>((resolve) => read.once('close', resolve))
  await Promise.all([ended, drained])
  return lines
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once('exit', () => resolve()))
}
