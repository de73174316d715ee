/** Contenders measured in turns, so that whatever else the machine does meets them all. */

import { type Contender, refuseWrongAnswers } from './contenders.ts'
import { processorSeconds, sendForSeconds } from './tools.ts'

export interface Row {
  name: string
  perSecond: number
  lowest: number
  highest: number
  /** Of the processor, for one call: what a busy machine tells truer than the rate. */
  microseconds: number
}

export interface Rounds {
  rounds: number
  seconds: number
  connections: number
}

/** Until the compiler of the runtime has made what it will make of each of them. */
const warmUpSeconds = 8

export async function measureInTurns(
  contenders: readonly Contender[],
  { rounds, seconds, connections }: Rounds,
): Promise<Row[]> {
  for (const contender of contenders) {
    await refuseWrongAnswers(contender)
    await sendForSeconds(contender.call, warmUpSeconds, connections)
  }
  const measured = contenders.map(() => ({ rates: [] as number[], costs: [] as number[] }))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      // Each time another one begins, so that none always follows the same.
      const index = (turn + round) % contenders.length
      const [contender, results] = [contenders[index], measured[index]]
      if (contender === undefined || results === undefined) continue
      const before = processorSeconds(contender.pid)
      const { perSecond, errors } = await sendForSeconds(contender.call, seconds, connections)
      results.costs.push(((processorSeconds(contender.pid) - before) * 1e6) / (perSecond * seconds))
      results.rates.push(perSecond)
      if (errors > 0) throw new Error(`${contender.name} answered ${errors} calls with an error`)
    }
  }
  return contenders.map(({ name }, index) => {
    const { rates = [], costs = [] } = measured[index] ?? {}
    return {
      name,
      perSecond: median(rates),
      lowest: Math.min(...rates),
      highest: Math.max(...rates),
      microseconds: median(costs),
    }
  })
}

export function printRows(rows: readonly Row[]): void {
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(26) : cell.padStart(15))).join('')
  console.log(line(['', 'calls /s', 'lowest-highest', 'cpu µs a call']))
  for (const { name, perSecond, lowest, highest, microseconds } of rows) {
    const spread = `${lowest.toFixed(0)}-${highest.toFixed(0)}`
    console.log(line([name, perSecond.toFixed(0), spread, microseconds.toFixed(1)]))
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
