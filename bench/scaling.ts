/** What one refresh, connection, call, look-up and stored grant cost, at two sizes, and what ten million users would by that: `npm run bench:scaling [small] [large] [seconds]`. Linux. */

import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { postgresStorage } from '../src/storage/adapters/postgres.ts'
import { accessHash, start, storeGrant, tokensOf } from '../src/storage/conformance/records.ts'
import { runPostern, spawnServer } from '../test/cluster/cluster.ts'
import { startNamedUpstream } from '../test/cluster/named-upstream.ts'
import { account } from '../test/door.ts'
import { findFreePort } from '../test/interop/loopback.ts'
import { query, startPostgres } from '../test/storage/postgres-server.ts'
import { callsOver, connectMany, createConnecting } from './call-load.ts'
import { createLoad } from './refresh-load.ts'
import { formatNeeds, needOf } from './scaling-model.ts'

const [small = 20_000, large = 100_000, seconds = 8] = process.argv.slice(2).map(Number)
const connections = 64
const families = 128
const writesAtOnce = 16

interface Measured {
  grants: number
  databaseBytes: number
  /** Of a grant, and of one generation of its tokens, with their indexes. */
  grantBytes: number
  generationBytes: number
  /** Of the audit log, for each connection that was made. */
  auditBytes: number
  refresh: Cost
  connect: Cost
  call: Cost
  lookUp: Cost
}

/** Of one operation. */
interface Cost {
  perSecond: number
  instanceMs: number
  postgresMs: number
  /** Of the one that asks, which shares the machine. */
  loadMs: number
  walBytes: number
}

const postgres = await startPostgres({ durable: true })
const upstream = await startNamedUpstream()
try {
  console.log(
    `one instance, PostgreSQL with fsync, ${connections} connections, ${seconds} s each, Node ${process.version}, ` +
      `${cpus().length} cores for all of it, ${cpus()[0]?.model}`,
  )
  const [first, second] = [await measureAt(small), await measureAt(large)]
  for (const one of [first, second]) print(one)
  check(first, second)
  const { grantBytes, generationBytes, auditBytes } = second
  const [grant, generation, audit] = [grantBytes, generationBytes, auditBytes].map((bytes) =>
    bytes.toFixed(0),
  )
  console.log(
    `\nstored, with indexes: ${grant} bytes for a grant, ${generation} for each generation of its tokens, ${audit} of the audit log for each time that somebody connects\n`,
  )
  const sizes = [10_000, 100_000, 1_000_000, 10_000_000]
  for (const line of formatNeeds(sizes.map((users) => needOf(users, second, second)))) console.log(line)
} finally {
  await upstream.stop()
  await postgres.stop()
}

async function measureAt(grants: number): Promise<Measured> {
  const database = await postgres.newDatabase()
  const filled = await fill(database, grants)
  const environment = { POSTERN_DATABASE: database, POSTERN_MASTER_KEY: 'A'.repeat(43) }
  await runPostern(['users', 'create', account.username, '--password-stdin'], account.password, environment)
  const port = await findFreePort()
  const origin = `http://localhost:${port}`
  const server = await spawnServer({
    name: 'the instance',
    port,
    words: ['--upstream', upstream.url, '--no-rate-limits', '--log-level', 'error'],
    environment,
  })
  try {
    const connecting = createConnecting({ origin, connectorUrl: `${origin}/mcp` })
    await connecting()
    const cost = (work: () => Promise<number>): Promise<Cost> => costOf(database, server.pid, work)
    const held = await connectMany(connecting, families)
    const connect = await cost(async () => (await connectMany(connecting, families)).length)
    const load = createLoad(new URL('/oauth/token', origin), held, connections)
    await load.run(1)
    const refresh = await cost(async () => (await load.run(seconds)).perSecond * seconds)
    load.close()
    const callers = await connectMany(connecting, connections)
    const calls = callsOver([origin], callers, connections)
    await calls(1)
    const call = await cost(async () => (await calls(seconds)).perSecond * seconds)
    const lookUp = await costOfLookUps(database, grants)
    const [size] = await query(
      database,
      "SELECT pg_database_size(current_database()) AS bytes, pg_total_relation_size('audit_log') AS audit_bytes",
    )
    const made = 1 + 2 * families + connections
    return {
      grants,
      databaseBytes: Number(size?.bytes),
      ...filled,
      auditBytes: Number(size?.audit_bytes) / made,
      refresh,
      connect,
      call,
      lookUp,
    }
  } finally {
    await server.kill()
  }
}

/** In a fifth of the time, because nobody waits for the disk. */
async function fill(
  database: string,
  grants: number,
): Promise<Pick<Measured, 'grantBytes' | 'generationBytes'>> {
  const name = new URL(database).pathname.slice(1)
  await query(database, `ALTER DATABASE ${name} SET synchronous_commit = off`)
  const storage = await postgresStorage({ url: database, connections: writesAtOnce })
  const lanes = Array.from({ length: writesAtOnce }, async (_, lane) => {
    for (let index = lane; index < grants; index += writesAtOnce)
      await storeGrant(storage, tokensOf(`stored-${index}`))
  })
  await Promise.all(lanes)
  await storage.close()
  await query(database, `ALTER DATABASE ${name} RESET synchronous_commit`)
  await query(database, 'VACUUM ANALYZE')
  await query(database, 'CHECKPOINT')
  const [sizes] = await query(
    database,
    "SELECT pg_total_relation_size('grants') AS grants, pg_total_relation_size('token_generations') AS generations",
  )
  return {
    grantBytes: Number(sizes?.grants) / grants,
    generationBytes: Number(sizes?.generations) / grants,
  }
}

/** Each of another token, so that none is remembered. */
async function costOfLookUps(database: string, grants: number): Promise<Cost> {
  const storage = await postgresStorage({ url: database })
  const count = Math.min(grants, 10_000)
  try {
    const { loadMs, ...cost } = await costOf(database, undefined, async () => {
      const lanes = Array.from({ length: connections }, async (_, lane) => {
        for (let index = lane; index < count; index += connections) {
          const hash = accessHash(`stored-${(index * 7919) % grants}`, 0)
          if ((await storage.findAccessToken(hash, start)) === undefined) throw new Error('lost')
        }
      })
      await Promise.all(lanes)
      return count
    })
    // What asks here is what an instance would be.
    return { ...cost, instanceMs: loadMs, loadMs: 0 }
  } finally {
    await storage.close()
  }
}

/** `work` says how much it did. */
async function costOf(
  database: string,
  instance: number | undefined,
  work: () => Promise<number>,
): Promise<Cost> {
  const before = await readings(database, instance)
  const count = await work()
  const after = await readings(database, instance)
  const backends = [...after.postgres].map(([pid, ms]) => ms - (before.postgres.get(pid) ?? 0))
  return {
    perSecond: (count / (after.atMs - before.atMs)) * 1000,
    instanceMs: (after.instanceMs - before.instanceMs) / count,
    postgresMs: backends.reduce((sum, ms) => sum + ms, 0) / count,
    loadMs: (after.ownMs - before.ownMs) / count,
    walBytes: (after.walBytes - before.walBytes) / count,
  }
}

interface Readings {
  atMs: number
  instanceMs: number
  ownMs: number
  postgres: ReadonlyMap<number, number>
  walBytes: number
}

async function readings(database: string, instance: number | undefined): Promise<Readings> {
  const processes = await query(database, 'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()')
  const [wal] = await query(database, "SELECT pg_current_wal_lsn() - '0/0' AS bytes")
  const { user, system } = process.cpuUsage()
  return {
    atMs: performance.now(),
    instanceMs: instance === undefined ? 0 : cpuMsOf(instance),
    ownMs: (user + system) / 1000,
    postgres: new Map(processes.map(({ pid }) => [Number(pid), cpuMsOf(Number(pid))])),
    walBytes: Number(wal?.bytes),
  }
}

/** proc(5), /proc/pid/stat: fields 14 and 15, in hundredths of a second. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function print({ grants, databaseBytes, ...costs }: Measured): void {
  console.log(`\n${grants} grants, ${(databaseBytes / 1e6).toFixed(0)} MB of database`)
  const row = (cells: readonly string[]): void =>
    console.log(cells.map((cell, index) => (index === 0 ? cell.padEnd(24) : cell.padStart(15))).join(''))
  row(['of one', 'per second', 'instance, ms', 'PostgreSQL, ms', 'load, ms', 'WAL, bytes'])
  const named = [
    ['refresh', costs.refresh],
    ['connection', costs.connect],
    ['call', costs.call],
    ['token from the database', costs.lookUp],
  ] as const
  for (const [name, cost] of named) {
    const { perSecond, instanceMs, postgresMs, loadMs, walBytes } = cost
    const times = [instanceMs, postgresMs, loadMs].map((ms) => ms.toFixed(3))
    row([name, perSecond.toFixed(0), ...times, walBytes.toFixed(0)])
  }
}

/** What is measured at the large size, beside what the small one lets expect: costs do not grow, and rows add up. */
function check(first: Measured, second: Measured): void {
  console.log(
    `\n${'expected of the large by the small'.padEnd(40)}${'expected'.padStart(12)}${'measured'.padStart(12)}`,
  )
  const line = (what: string, expected: number, measured: number): void => {
    const [one, other] = [expected, measured].map((value) => value.toFixed(value < 100 ? 3 : 0).padStart(12))
    console.log(`${what.padEnd(40)}${one}${other}`)
  }
  const megabytes = (one: Measured): number => ((one.grantBytes + one.generationBytes) * second.grants) / 1e6
  line('grants and tokens, MB', megabytes(first), megabytes(second))
  for (const name of ['refresh', 'call', 'connect', 'lookUp'] as const) {
    line(`${name}, instance ms`, first[name].instanceMs, second[name].instanceMs)
    line(`${name}, PostgreSQL ms`, first[name].postgresMs, second[name].postgresMs)
    line(`${name}, WAL bytes`, first[name].walBytes, second[name].walBytes)
  }
}
