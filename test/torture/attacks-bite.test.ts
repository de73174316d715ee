// An attack that no mistake of ours would let through proves nothing: each succeeds against a door from which its guard was removed.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { attacks } from '../attacks/attacks.ts'
import type { BiteReport } from '../attacks/bite.ts'

/** All of them take about a minute; a machine that does four things at once takes longer. */
const deadlineMs = 240_000

const reports = new Map<string, BiteReport>()

beforeAll(async () => {
  await Promise.all([0, 1].map((part) => runPart(part, 2)))
}, deadlineMs)

async function runPart(part: number, parts: number): Promise<void> {
  const program = fileURLToPath(new URL('../attacks/bite.ts', import.meta.url))
  const child = spawn(process.execPath, ['--no-warnings', program, String(part), String(parts)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface(child.stdout)) {
    const report = JSON.parse(line) as BiteReport
    reports.set(report.attack, report)
  }
}

describe('without its guard, the door is opened by', () => {
  test.each(attacks)('$name', ({ name, guard, alsoNeeds }) => {
    const { outcome, alone, reason } = reports.get(name) ?? {
      outcome: 'failed',
      alone: undefined,
      reason: 'not run',
    }
    expect(outcome, reason ?? `${guard.file} without: ${guard.find}`).toBe('succeeded')
    if (alsoNeeds !== undefined) {
      expect(alone, 'the guards behind the first are said to hold, and do not').not.toBe('succeeded')
    }
  })
})
