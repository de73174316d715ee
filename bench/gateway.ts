/** What the gateway costs, beside nginx, the official SDKs and bare servers: `npm run bench [part ...] [-- --rounds N --seconds N]`. */

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import {
  bareHono,
  bareRelay,
  nginxRelay,
  posternFunction,
  posternRelay,
  sdkV1,
  sdkV2,
  startBareUpstream,
} from './gateway/contenders.ts'
import { measureInTurns, printRows, type Row } from './gateway/rounds.ts'
import { requireTools, toolVersions } from './gateway/tools.ts'

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

const parts: Readonly<Record<string, () => Promise<void>>> = { relay, function: inProcess }

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

function printRatio(one: Row | undefined, other: Row | undefined, aim?: string): void {
  if (one === undefined || other === undefined) return
  const aimed = aim === undefined ? '' : `; aim: ${aim}`
  const byCost = (other.microseconds / one.microseconds).toFixed(2)
  console.log(
    `${one.name} / ${other.name}: ${(one.perSecond / other.perSecond).toFixed(2)} (by processor time ${byCost})${aimed}`,
  )
}
