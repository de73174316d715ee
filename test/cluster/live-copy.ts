// An SQLite installation with many grants is moved into PostgreSQL while its clients refresh.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import { accessHash, storeGrant, tokensOf } from '../../src/storage/conformance/records.ts'
import { account } from '../door.ts'
import { findFreePort } from '../interop/loopback.ts'
import { approveByFetch, beginAuthorization } from '../interop/plain-sign-in.ts'
import { query } from '../storage/postgres-server.ts'
import { createChance } from '../torture/chance.ts'
import { runPostern, spawnServer } from './cluster.ts'
import { createClusterClient, type Tally } from './cluster-client.ts'
import { startNamedUpstream } from './named-upstream.ts'

export interface LiveCopy {
  /** An empty database. */
  database: string
  grants: number
  /** That refresh and call all the while. */
  clients: number
  say(line: string): void
}

export interface LiveCopyReport extends Tally {
  pausedMs: number
  seconds: number
  rows: Record<string, number>
  /** Of a sample of the grants that nobody used meanwhile, those that are not in PostgreSQL. */
  missing: number
  /** The longest that a client waited for an answer, milliseconds. */
  longestAnswerMs: number
}

export async function copyLive({ database, grants, clients: count, say }: LiveCopy): Promise<LiveCopyReport> {
  const data = mkdtempSync(join(tmpdir(), 'postern-copy-'))
  const upstream = await startNamedUpstream()
  const port = await findFreePort()
  const origin = `http://localhost:${port}`
  const tally: Tally = { counts: {}, violations: [] }
  try {
    await fill(join(data, 'postern.db'), grants)
    say(`${grants} grants are in SQLite`)
    await runPostern(
      ['users', 'create', account.username, '--password-stdin', '--data', data],
      account.password,
    )
    const server = await spawnServer({
      name: 'the server',
      port,
      words: ['--data', data, '--upstream', upstream.url, '--no-rate-limits', '--log-format', 'json'],
    })
    try {
      const cookies = new Map<string, string>()
      const begun = await beginAuthorization(`${origin}/mcp`, { redirectUri: 'http://127.0.0.1:1/callback' })
      await approveByFetch(begun.url, account, cookies)
      const chance = createChance('copy')
      const clients = Array.from({ length: count }, (_, index) =>
        createClusterClient(
          `client-${index}`,
          `${origin}/mcp`,
          cookies,
          chance.fork(`client ${index}`),
          tally,
        ),
      )
      for (const client of clients) await client.connect()
      say(`${count} clients are connected`)
      let isOver = false
      let longestAnswerMs = 0
      const working = clients.map(async (client) => {
        while (!isOver) {
          const sentAt = performance.now()
          await client.act()
          longestAnswerMs = Math.max(longestAnswerMs, performance.now() - sentAt)
          await new Promise((resolve) => setTimeout(resolve, 500))
        }
      })
      const startedAt = performance.now()
      const said = await runPostern(['storage', 'copy', '--json', '--data', data, '--database', database])
      const seconds = (performance.now() - startedAt) / 1000
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      isOver = true
      await Promise.all(working)
      const report = JSON.parse(said) as {
        pausedMs: number
        rows: Record<string, number>
        hasServerMoved: boolean
      }
      if (!report.hasServerMoved) tally.violations.push('the server did not go on in PostgreSQL')
      for (const [index, client] of clients.entries()) {
        if (!(await client.isSignedIn())) tally.violations.push(`client-${index}: not connected at the end`)
      }
      return { ...tally, ...report, seconds, longestAnswerMs, missing: await countMissing(database, grants) }
    } finally {
      await server.kill()
    }
  } finally {
    await upstream.stop()
    rmSync(data, { recursive: true, force: true })
  }
}

async function fill(path: string, grants: number): Promise<void> {
  const storage = sqliteStorage({ path })
  const now = Math.floor(Date.now() / 1000)
  for (let first = 0; first < grants; first += writesAtOnce) {
    const batch = Array.from({ length: Math.min(writesAtOnce, grants - first) }, (_, index) => first + index)
    const times = { createdAt: now, lastUsedAt: now, expiresAt: now + 90 * 86_400 }
    await Promise.all(batch.map((index) => storeGrant(storage, tokensOf(`stored-${index}`, times))))
  }
  await storage.close()
}

const writesAtOnce = 2_000
const sampled = 1_000

async function countMissing(database: string, grants: number): Promise<number> {
  const step = Math.max(1, Math.floor(grants / sampled))
  const hashes = Array.from({ length: Math.ceil(grants / step) }, (_, index) =>
    accessHash(`stored-${index * step}`, 0),
  )
  const wanted = hashes.map((hash) => `'${hash}'`).join(',')
  const [row] = await query(
    database,
    `SELECT COUNT(*) AS count FROM token_generations JOIN grants USING (grant_id) WHERE access_hash IN (${wanted})`,
  )
  return hashes.length - Number(row?.count)
}
