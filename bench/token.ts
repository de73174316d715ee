/** Refreshes per second, durable, beside the servers that people use and beside a bare endpoint: `npm run bench:token [rounds] [seconds]`. */

import { cpus } from 'node:os'
import {
  type Contender,
  installPeers,
  peerNames,
  startBareEndpoint,
  startPeer,
  startPostern,
} from './contenders.ts'
import { createLoad, type Load, type LoadResult } from './refresh-load.ts'

const [rounds = 7, seconds = 2] = process.argv.slice(2).map(Number)
/** As many at a time, and two families for each, so that no family is asked twice at once. */
const connections = 64
const families = 2 * connections
const warmUpSeconds = 1
const connectedAtOnce = 8

interface Entry {
  contender: Contender
  load: Load
  results: LoadResult[]
}

installPeers()
const entries: Entry[] = []
try {
  entries.push(await enter(await startPostern()))
  entries.push(await enter(await startBareEndpoint(families)))
  for (const name of peerNames) entries.push(await enter(await startPeer(name)))
  console.log(
    `refreshes per second, each durable (WAL, synchronous=FULL): ${connections} connections, ${families} families, ` +
      `${rounds} interleaved rounds of ${seconds} s, Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model}`,
  )
  for (const { load } of entries) await load.run(warmUpSeconds)
  for (let round = 0; round < rounds; round++) {
    // Each time another one begins, so that none always follows the same.
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[(index + round) % entries.length]
      entry?.results.push(await entry.load.run(seconds))
    }
  }
  report()
} finally {
  for (const { load, contender } of entries) {
    load.close()
    await contender.process.stop()
  }
}

async function enter(contender: Contender): Promise<Entry> {
  // Alone, because a browser signs in once.
  const held = [await contender.connect()]
  while (held.length < families) {
    held.push(...(await Promise.all(Array.from({ length: connectedAtOnce }, () => contender.connect()))))
  }
  return {
    contender,
    load: createLoad(contender.tokenEndpoint, held.slice(0, families), connections),
    results: [],
  }
}

function report(): void {
  const rows = entries.map(({ contender, results }) => {
    const rates = results.map(({ perSecond }) => perSecond)
    return {
      name: `${contender.name} ${contender.version}`,
      rate: median(rates),
      low: Math.min(...rates),
      high: Math.max(...rates),
      medianMs: median(results.map(({ medianMs }) => medianMs)),
      p99Ms: median(results.map(({ p99Ms }) => p99Ms)),
    }
  })
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(44) : cell.padStart(16))).join('')
  console.log(line(['', 'median /s', 'lowest-highest', 'median ms', '99 % ms']))
  for (const { name, rate, low, high, medianMs, p99Ms } of rows) {
    const spread = `${low.toFixed(0)}-${high.toFixed(0)}`
    console.log(line([name, rate.toFixed(0), spread, medianMs.toFixed(1), p99Ms.toFixed(1)]))
  }
  const [postern, bare, ...peers] = rows
  if (postern === undefined || bare === undefined) return
  const best = peers.reduce((one, other) => (other.rate > one.rate ? other : one))
  console.log(`\n${(postern.rate / best.rate).toFixed(1)} times the best peer (${best.name}); aim: 5`)
  console.log(`${(postern.rate / bare.rate).toFixed(2)} of the bare endpoint; aim: 0.5`)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
