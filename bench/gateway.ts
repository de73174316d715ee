/** What the gateway costs, beside nginx, the official SDKs and bare servers: `npm run bench [part ...] [-- --rounds N --seconds N]`. */

import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  bareHono,
  barePassThrough,
  bareRelay,
  bareSse,
  bareUpstreamItself,
  type Contender,
  nginxRelay,
  posternFunction,
  posternRelay,
  posternStreams,
  sdkV1,
  sdkV2,
  startBareUpstream,
} from './gateway/contenders.ts'
import { openHouse, ratioOf } from './gateway/growth.ts'
import { latencyAt } from './gateway/latency.ts'
import { measureInTurns, median, printRows, type Row } from './gateway/rounds.ts'
import { layOutCommand, measureStart, type Start } from './gateway/start.ts'
import { bytesPerStream, openStream } from './gateway/streams.ts'
import { loadCore, measuredCore, pin, requireTools, toolVersions } from './gateway/tools.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '64' },
  },
})
const rounds = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  connections: Number(values.connections),
}

const parts: Readonly<Record<string, () => Promise<void>>> = {
  relay,
  function: inProcess,
  latency,
  streams,
  start,
  growth,
}

requireTools()
console.log(`${toolVersions()}, ${cpus().length} cores, ${cpus()[0]?.model}`)
console.log(
  `what is measured on one core, sender and upstream on the other; ${rounds.connections} connections, ${rounds.rounds} interleaved rounds of ${rounds.seconds} s`,
)
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const part = parts[name]
  if (part === undefined)
    throw new Error(`there is no part ${name}; there are ${Object.keys(parts).join(', ')}`)
  await part()
}

async function relay(): Promise<void> {
  console.log('\n(a) an authenticated tools/call relayed to the same bare upstream')
  const upstream = await startBareUpstream()
  const contenders = [
    await nginxRelay(upstream.url),
    await bareRelay(upstream.url),
    await posternRelay(upstream.url),
  ]
  try {
    const rows = await measureInTurns(contenders, rounds)
    printRows(rows)
    const [nginx, bare, postern] = rows
    printRatio(postern, nginx, 'at least 0.4')
    printRatio(postern, bare, 'above 1')
    printRatio(bare, nginx)
  } finally {
    await Promise.all([...contenders, upstream].map(({ stop }) => stop()))
  }
}

async function inProcess(): Promise<void> {
  console.log('\n(b) an authenticated tools/call to a function of the same process')
  const contenders = [
    await posternFunction(),
    await sdkV1('kept'),
    await sdkV1('stateless'),
    await sdkV2(),
    await bareHono(),
  ]
  try {
    const rows = await measureInTurns(contenders, rounds)
    printRows(rows)
    const [postern, kept, stateless, second, hono] = rows
    printRatio(postern, kept, 'at least 5')
    printRatio(postern, stateless, 'at least 15')
    printRatio(postern, second, 'at least 15')
    printRatio(postern, hono, 'at least 0.9')
  } finally {
    await Promise.all(contenders.map(({ stop }) => stop()))
  }
}

async function latency(): Promise<void> {
  const perSecond = 500
  console.log(`\n(c) at ${perSecond} calls a second, with and without Postern`)
  const upstream = await startBareUpstream()
  const postern = await posternRelay(upstream.url)
  pin(postern.pid, measuredCore)
  pin(process.pid, loadCore)
  try {
    const both = [bareUpstreamItself(upstream), postern]
    const [direct, relayed] = await latencyAt(perSecond, both, rounds)
    if (direct === undefined || relayed === undefined) return
    for (const { name, p50Ms, p99Ms } of [direct, relayed])
      console.log(`${name.padEnd(26)} p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`)
    const [added50, added99] = [relayed.p50Ms - direct.p50Ms, relayed.p99Ms - direct.p99Ms]
    console.log(`added: p50 ${added50.toFixed(2)} ms, p99 ${added99.toFixed(2)} ms; aim: p99 at most 2 ms`)
  } finally {
    await Promise.all([postern, upstream].map(({ stop }) => stop()))
  }
}

async function streams(): Promise<void> {
  console.log('\n(d) memory of an open stream on which nothing happens')
  const own = await posternStreams(undefined)
  const bare = await bareSse()
  const [ownBytes, bareBytes] = [await perStream(own, 10_000), await perStream(bare, 10_000)]
  await own.stop()
  console.log(`10 000 streams of a function: ${kilobytes(ownBytes)}; bare node:http: ${kilobytes(bareBytes)}`)
  console.log(`ratio ${(ownBytes / bareBytes).toFixed(2)}; aim: at most 1.5`)
  await bare.stop()
  const upstream = await bareSse()
  const relayed = await posternStreams(upstream.call.url)
  const relayedBytes = await perStream(relayed, 4_000)
  await relayed.stop()
  const passed = await barePassThrough(upstream.call.url)
  const passedBytes = await perStream(passed, 4_000)
  await Promise.all([passed, upstream].map(({ stop }) => stop()))
  console.log(`4 000 relayed: ${kilobytes(relayedBytes)}; bare pass-through: ${kilobytes(passedBytes)}`)
  console.log(`ratio ${(relayedBytes / passedBytes).toFixed(2)}; aim: at most 1.3`)
}

function perStream({ pid, call }: Contender, count: number): Promise<number> {
  const { 'content-type': _, accept: __, ...headers } = call.headers
  return bytesPerStream(pid, count, () => openStream(call.url, headers))
}

async function start(): Promise<void> {
  console.log('\n(e) from the start of the process to its first answer')
  const command = layOutCommand(join(import.meta.dirname, '..'))
  const postern = (port: number, directory: string): string[] => {
    const words = ['--port', String(port), '--data', directory, '--upstream', 'http://127.0.0.1:9/mcp']
    return [command.path, 'serve', ...words]
  }
  const bare = (port: number, directory: string): string[] => [
    '--no-warnings',
    join(import.meta.dirname, 'gateway/servers/hono-sqlite.mjs'),
    String(port),
    directory,
  ]
  const starts: [Start[], Start[]] = [[], []]
  for (let round = 0; round < 2 * rounds.rounds; round++) {
    starts[0].push(await measureStart(postern))
    starts[1].push(await measureStart(bare))
  }
  command.remove()
  for (const [what, key] of [
    ['by the clock', 'milliseconds'],
    ['of the processor', 'processorMilliseconds'],
  ] as const) {
    const [own = 0, least = 0] = starts.map((some) => median(some.map((one) => one[key])))
    console.log(
      `${what}: postern serve ${own.toFixed(0)} ms; bare Hono with a SQLite file ${least.toFixed(0)} ms`,
    )
    console.log(`ratio ${(own / least).toFixed(2)}; aim: at most 2`)
  }
}

async function growth(): Promise<void> {
  console.log('\n(f) one call with 100 sessions and 1 000 grants, and with 100 000 and 1 000 000')
  const people = 100
  const [small, large] = [await openHouse(people), await openHouse(people)]
  small.addGrants(1_000 - people)
  await small.openSessions(100)
  large.addGrants(1_000_000 - people)
  await large.openSessions(100_000)
  const [few, many] = await ratioOf(small, large, rounds.rounds)
  console.log(`${few.toFixed(1)} µs and ${many.toFixed(1)} µs of the processor`)
  console.log(`ratio ${(many / few).toFixed(2)}; aim: at most 1.2`)
  await small.close()
  await large.close()
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} kB`
}

function printRatio(one: Row | undefined, other: Row | undefined, aim?: string): void {
  if (one === undefined || other === undefined) return
  const aimed = aim === undefined ? '' : `; aim: ${aim}`
  const byCost = (other.microseconds / one.microseconds).toFixed(2)
  console.log(
    `${one.name} / ${other.name}: ${(one.perSecond / other.perSecond).toFixed(2)} (by processor time ${byCost})${aimed}`,
  )
}
