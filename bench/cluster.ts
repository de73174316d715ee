/** Refreshes and calls per second of one, two and three instances on one PostgreSQL, beside one on SQLite and beside the bare transaction: `npm run bench:cluster [rounds] [seconds]`. */

import { cpus } from 'node:os'
import { postgresStorage } from '../src/storage/adapters/postgres.ts'
import { rotationOf, start, storeGrant, tokensOf } from '../src/storage/conformance/records.ts'
import type { Storage } from '../src/storage/storage.ts'
import { startCluster } from '../test/cluster/cluster.ts'
import { startNamedUpstream } from '../test/cluster/named-upstream.ts'
import { startPostgres } from '../test/storage/postgres-server.ts'
import type { Connection } from './authorization-flow.ts'
import { callsOver, connectMany, createConnecting } from './call-load.ts'
import { startPostern } from './contenders.ts'
import { createLoad, type LoadResult, resultOf } from './refresh-load.ts'

const [rounds = 5, seconds = 3] = process.argv.slice(2).map(Number)
const connections = 64
const families = 2 * connections

interface Entry {
  name: string
  run(seconds: number): Promise<LoadResult>
  results: LoadResult[]
}

const postgres = await startPostgres({ durable: true })
const upstream = await startNamedUpstream()
const sqlite = await startPostern()
const cluster = await startCluster({
  count: 3,
  database: await postgres.newDatabase(),
  words: ['--upstream', upstream.url, '--no-rate-limits', '--log-level', 'error'],
})
const bare = await postgresStorage({ url: await postgres.newDatabase() })
try {
  console.log(
    `durable (PostgreSQL with fsync, SQLite with synchronous=FULL), ${connections} connections, ${rounds} interleaved ` +
      `rounds of ${seconds} s, Node ${process.version}, ${cpus().length} cores for all of it, ${cpus()[0]?.model}`,
  )
  const connectTo = createConnecting(cluster)
  const held = await connectMany(connectTo, families)
  await measure('refreshes', [
    await onSqlite(),
    { name: 'the transaction alone, PostgreSQL, one process', run: await bareRotations(bare), results: [] },
    ...[1, 2, 3].map((count) => ({
      name: `${count} instance${count === 1 ? '' : 's'}, PostgreSQL`,
      run: refreshesOver(origins(count), held.slice(0, families)),
      results: [],
    })),
  ])
  const callers = await connectMany(connectTo, families)
  await measure(
    'calls with a token that was seen a moment ago',
    [1, 2, 3].map((count) => ({
      name: `${count} instance${count === 1 ? '' : 's'}, PostgreSQL`,
      run: callsOver(origins(count), callers, connections),
      results: [],
    })),
  )
} finally {
  await bare.close()
  await cluster.stop()
  await sqlite.process.stop()
  await upstream.stop()
  await postgres.stop()
}

async function measure(what: string, entries: readonly Entry[]): Promise<void> {
  for (const entry of entries) await entry.run(1)
  for (let round = 0; round < rounds; round++) {
    // Each time another one begins, so that none always follows the same.
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[(index + round) % entries.length]
      entry?.results.push(await entry.run(seconds))
    }
  }
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(50) : cell.padStart(16))).join('')
  console.log(`\n${line([`${what} per second`, 'median', 'lowest-highest', 'median ms', '99 % ms'])}`)
  for (const { name, results } of entries) {
    const rates = results.map(({ perSecond }) => perSecond)
    const spread = `${Math.min(...rates).toFixed(0)}-${Math.max(...rates).toFixed(0)}`
    const [median50, median99] = [
      median(results.map(({ medianMs }) => medianMs)),
      median(results.map(({ p99Ms }) => p99Ms)),
    ]
    console.log(line([name, median(rates).toFixed(0), spread, median50.toFixed(1), median99.toFixed(1)]))
  }
}

function origins(count: number): string[] {
  return cluster.instances.slice(0, count).map(({ origin }) => origin)
}

async function onSqlite(): Promise<Entry> {
  const own = await connectMany(() => sqlite.connect(), families)
  const load = createLoad(sqlite.tokenEndpoint, own, connections)
  return { name: '1 instance, SQLite', run: (time) => load.run(time), results: [] }
}

/** The families go on from run to run, whoever serves them: that is what a cluster is. */
function refreshesOver(places: readonly string[], own: readonly Connection[]): Entry['run'] {
  return async (time) => {
    const share = Math.floor(connections / places.length)
    const loads = places.map((origin, index) => {
      const mine = own.filter((_, family) => family % places.length === index)
      return createLoad(new URL('/oauth/token', origin), mine, share)
    })
    const results = await Promise.all(loads.map((load) => load.run(time)))
    for (const load of loads) load.close()
    return sumOf(results)
  }
}

async function bareRotations(storage: Storage): Promise<Entry['run']> {
  const generations = new Map<string, number>()
  for (let family = 0; family < families; family++) {
    await storeGrant(storage, tokensOf(`g${family}`))
    generations.set(`g${family}`, 0)
  }
  return async (time) => {
    const begin = performance.now()
    const durations: number[] = []
    const lanes = Array.from({ length: connections }, async (_, lane) => {
      for (let turn = 0; performance.now() < begin + time * 1000; turn++) {
        const family = `g${lane + (turn % 2) * connections}`
        const generation = generations.get(family) ?? 0
        const now = start + generation
        const sentAt = performance.now()
        const { outcome } = await storage.rotateRefreshToken(rotationOf(family, generation, now), now)
        if (outcome !== 'rotated') throw new Error(`expected rotated, found ${outcome}`)
        durations.push(performance.now() - sentAt)
        generations.set(family, generation + 1)
      }
    })
    await Promise.all(lanes)
    return resultOf(durations, (performance.now() - begin) / 1000)
  }
}

function sumOf(results: readonly LoadResult[]): LoadResult {
  return {
    perSecond: results.reduce((sum, { perSecond }) => sum + perSecond, 0),
    medianMs: median(results.map(({ medianMs }) => medianMs)),
    p99Ms: Math.max(...results.map(({ p99Ms }) => p99Ms)),
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
