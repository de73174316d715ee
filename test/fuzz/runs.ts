/** How many inputs a property is given: few in `npm test`, and as many more as `npm run fuzz` says, which also counts them. */

import { appendFileSync } from 'node:fs'
import { basename } from 'node:path'
import fc from 'fast-check'
import { expect } from 'vitest'

const factor = Number(process.env.POSTERN_FUZZ_FACTOR ?? 1)
const seed = process.env.POSTERN_FUZZ_SEED
const tally = process.env.POSTERN_FUZZ_TALLY

export interface FuzzCount {
  file: string
  test: string
  inputs: number
}

/** For `fc.assert`: `count` inputs in the short run. A failure prints its seed and the smallest input. */
export function runs<Ts>(count: number): fc.Parameters<Ts> {
  return {
    numRuns: count * factor,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    reporter: report,
  }
}

function report<Ts>(details: fc.RunDetails<Ts>): void {
  const { currentTestName = '', testPath = '' } = expect.getState()
  if (tally !== undefined) {
    const count: FuzzCount = { file: basename(testPath), test: currentTestName, inputs: details.numRuns }
    appendFileSync(tally, `${JSON.stringify(count)}\n`)
  }
  if (details.failed) throw new Error(fc.defaultReportMessage(details), { cause: details.errorInstance })
}
