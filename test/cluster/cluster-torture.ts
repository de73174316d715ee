// Three instances, one PostgreSQL, a proxy that spreads at random, and everything between them broken again and again while clients go on.

import { setTimeout as wait } from 'node:timers/promises'
import { account } from '../door.ts'
import { approveByFetch, beginAuthorization, obtainTokens } from '../interop/plain-sign-in.ts'
import type { PostgresServer } from '../storage/postgres-server.ts'
import { type Chance, createChance } from '../torture/chance.ts'
import { type Cluster, type Instance, startCluster } from './cluster.ts'
import { createClusterClient, type Tally } from './cluster-client.ts'
import { startNamedUpstream } from './named-upstream.ts'

export interface ClusterTorture {
  postgres: PostgresServer
  seed: string
  clients: number
  seconds: number
  /** Of instances, at least. */
  kills: number
  /** What a client waits between two things that it does, seconds on average. */
  restSeconds: number
  say(line: string): void
}

export interface ClusterReport extends Tally {
  faults: FaultRow[]
  perInstance: readonly number[]
}

export interface FaultRow {
  kind: string
  count: number
  /** From the end of the fault until every instance answers, milliseconds. */
  medianMs: number
  longestMs: number
}

interface Fault {
  kind: string
  /** Resolves at its end: what was taken away is back, or has begun to come back. */
  inflict(): Promise<void>
}

export async function tortureCluster(options: ClusterTorture): Promise<ClusterReport> {
  const { postgres, seed, say } = options
  const chance = createChance(seed)
  const upstream = await startNamedUpstream()
  const chanceOfProxy = chance.fork('proxy')
  const cluster = await startCluster({
    count: 3,
    database: await postgres.newDatabase(),
    words: ['--upstream', upstream.url, '--no-rate-limits'],
    random: () => chanceOfProxy.between(0, 1),
  })
  const tally: Tally = { counts: {}, violations: [] }
  try {
    const probe = await createProbe(cluster)
    const cookies = await signIn(cluster)
    const stop = new AbortController()
    const clients = Array.from({ length: options.clients }, (_, index) =>
      createClusterClient(
        `client-${index}`,
        cluster.connectorUrl,
        cookies,
        chance.fork(`client ${index}`),
        tally,
      ),
    )
    const working = clients.map(async (client, index) => {
      const own = chance.fork(`rest ${index}`)
      const rest = (): Promise<void> => wait(own.between(0, 2 * options.restSeconds) * 1000)
      // Not all in one instant, which would measure the machine.
      await wait(own.between(0, rampSeconds * 1000))
      await client.connect()
      while (!stop.signal.aborted) {
        await rest()
        if (!stop.signal.aborted) await client.act()
      }
    })
    const failing = Promise.all(working)
    const breaking = breakThings(cluster, options, chance.fork('faults'), probe, tally)
    // Whichever fails first ends the other.
    const faults = await Promise.race([breaking, failing.then(() => breaking)])
    stop.abort()
    await failing
    say(`the last fault is over; ${clients.length} clients are asked once more`)
    const signedIn = await Promise.all(clients.map((client) => client.isSignedIn()))
    for (const [index, isSignedIn] of signedIn.entries())
      if (!isSignedIn) tally.violations.push(`client-${index}: not connected at the end`)
    const reused = cluster.instances.flatMap(({ log }) =>
      log.filter((line) => line.includes('refresh.reused')),
    )
    for (const line of reused) tally.violations.push(`a family was ended: ${line}`)
    return { ...tally, faults, perInstance: cluster.spreader.counts }
  } finally {
    await cluster.stop()
    await upstream.stop()
  }
}

const rampSeconds = 20

/** Everybody is one person, who signs in once: what is tortured is not Argon2. */
async function signIn(cluster: Cluster): Promise<ReadonlyMap<string, string>> {
  const cookies = new Map<string, string>()
  const begun = await beginAuthorization(cluster.connectorUrl, { redirectUri: 'http://127.0.0.1:1/callback' })
  await approveByFetch(begun.url, account, cookies)
  return cookies
}

/** Resolves when each instance has answered a call that needs the database. */
async function createProbe(cluster: Cluster): Promise<() => Promise<void>> {
  let tokens = await obtainTokens(cluster.connectorUrl, account)
  const refresh = async (instance: Instance): Promise<boolean> => {
    const form = {
      grant_type: 'refresh_token',
      refresh_token: tokens.refreshToken ?? '',
      client_id: tokens.clientId,
    }
    const answer = await fetch(`${instance.origin}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
      signal: AbortSignal.timeout(2_000),
    }).catch(() => undefined)
    if (answer?.status !== 200) return false
    const body = (await answer.json()) as Record<string, unknown>
    tokens = { ...tokens, refreshToken: String(body.refresh_token) }
    return true
  }
  return async () => {
    for (const instance of cluster.instances) while (!(await refresh(instance))) await wait(50)
  }
}

async function breakThings(
  cluster: Cluster,
  { postgres, seconds, kills, say }: ClusterTorture,
  chance: Chance,
  probe: () => Promise<void>,
  tally: Tally,
): Promise<FaultRow[]> {
  const recoveries = new Map<string, number[]>()
  const endsAt = performance.now() + seconds * 1000
  const startedAt = performance.now()
  let killed = 0
  await wait((rampSeconds + 2) * 1000)
  while (performance.now() < endsAt || killed < kills) {
    const fault = nextFault(cluster, postgres, chance, () => killed++)
    await fault.inflict()
    const endedAt = performance.now()
    await probe()
    const recoveryMs = performance.now() - endedAt
    recoveries.set(fault.kind, [...(recoveries.get(fault.kind) ?? []), recoveryMs])
    const clock = ((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)
    const { calls = 0, refreshes = 0, connected = 0 } = tally.counts
    say(
      `${clock} s  ${fault.kind.padEnd(44)} recovered after ${(recoveryMs / 1000).toFixed(1)} s   ${connected} connected, ${calls} calls, ${refreshes} refreshes, ${tally.violations.length} violations`,
    )
    await wait(chance.between(500, 2_500))
  }
  return [...recoveries].map(([kind, all]) => {
    const sorted = all.toSorted((one, other) => one - other)
    return {
      kind,
      count: all.length,
      medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
      longestMs: sorted.at(-1) ?? 0,
    }
  })
}

function nextFault(cluster: Cluster, postgres: PostgresServer, chance: Chance, onKill: () => void): Fault {
  const [one, other] = shuffled(cluster.instances, chance)
  if (one === undefined || other === undefined) throw new RangeError('a cluster has two instances at least')
  async function killed(instance: Instance): Promise<void> {
    onKill()
    await instance.kill()
    await wait(chance.between(0, 1_500))
    // The fault ends when it is started again; until it answers is recovery.
    void supervise(instance)
  }
  async function during(seconds: number, begin: () => void): Promise<void> {
    begin()
    await wait(seconds * 1000)
    one?.network.mend()
  }
  return chance.pick<Fault>([
    [6, { kind: 'kill -9 of an instance', inflict: () => killed(one) }],
    [
      2,
      {
        kind: 'kill -9 of two instances at once',
        inflict: async () => void (await Promise.all([killed(one), killed(other)])),
      },
    ],
    [
      1,
      {
        kind: 'kill -9 of PostgreSQL',
        inflict: async () => {
          await postgres.crash()
          await wait(chance.between(0, 1_500))
          await postgres.start()
        },
      },
    ],
    [1, { kind: 'restart of PostgreSQL', inflict: () => postgres.restart() }],
    [
      1,
      {
        kind: 'network to the database cut',
        inflict: () => during(chance.between(1, 4), () => one.network.cut()),
      },
    ],
    [
      1,
      {
        kind: 'network to the database slow (200 ms)',
        inflict: () => during(3, () => one.network.delay(200)),
      },
    ],
    [
      1,
      {
        kind: 'news of revocations swallowed',
        inflict: () => during(3, () => one.network.swallow('LISTEN')),
      },
    ],
  ])
}

/** As whatever runs servers does: one that cannot start, because the database is away too, is started again. */
async function supervise(instance: Instance): Promise<void> {
  while (
    !(await instance.start().then(
      () => true,
      () => false,
    ))
  ) {
    if (instance.isGivenUp()) return
    await wait(500)
  }
}

function shuffled<T>(all: readonly T[], chance: Chance): T[] {
  return all
    .map((one) => ({ one, order: chance.between(0, 1) }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ one }) => one)
}
