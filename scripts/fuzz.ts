/** `npm run fuzz [-- factor] [seed]`: every property of test/fuzz with many times its usual inputs; prints how many each was given, and the seed to do it again. */

import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FuzzCount } from '../test/fuzz/runs.ts'

/** What a run has to reach to say anything. */
const enoughInputs = 1_000_000

const [factor = '40', seed = String(randomInt(2 ** 31))] = process.argv.slice(2)
const directory = mkdtempSync(join(tmpdir(), 'postern-fuzz-'))
const tally = join(directory, 'tally')
console.log(`seed ${seed}, ${factor} times the inputs of npm test\n`)
const startedAt = performance.now()
const code = await runTests()
const counts = existsSync(tally) ? readFileSync(tally, 'utf8').trim().split('\n').map(readCount) : []
rmSync(directory, { recursive: true })
printTable()
const total = sum(counts)
console.log(`\n${number(total)} inputs in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
if (code !== 0) console.error(`A property failed. Again: npm run fuzz -- ${factor} ${seed}`)
if (total < enoughInputs) console.error(`Fewer than ${number(enoughInputs)}: raise the factor.`)
process.exitCode = code === 0 && total >= enoughInputs ? 0 : 1

function runTests(): Promise<number> {
  const environment = { POSTERN_FUZZ_FACTOR: factor, POSTERN_FUZZ_SEED: seed, POSTERN_FUZZ_TALLY: tally }
  const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
  const child = spawn(process.execPath, [vitest, 'run', 'test/fuzz', '--testTimeout=3600000'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return new Promise((resolve) => child.once('exit', (exitCode) => resolve(exitCode ?? 1)))
}

function readCount(line: string): FuzzCount {
  return JSON.parse(line) as FuzzCount
}

function printTable(): void {
  console.log()
  for (const [file, all] of Map.groupBy(counts, (count) => count.file)) {
    console.log(`${number(sum(all)).padStart(10)}  ${file}`)
    for (const [test, some] of Map.groupBy(all, (count) => count.test))
      console.log(`${number(sum(some)).padStart(10)}      ${test.replaceAll(/\[[^\]]*\] ?/g, '')}`)
  }
}

function sum(all: readonly FuzzCount[]): number {
  return all.reduce((total, { inputs }) => total + inputs, 0)
}

function number(count: number): string {
  return count.toLocaleString('en').replaceAll(',', ' ')
}
