/** What one call costs as sessions and grants grow, in one process and without a socket. */

import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createPostern } from '../../src/app/postern.ts'
import { inProcessUpstream } from '../../src/gateway/upstreams/in-process.ts'
import { createLocalUser, localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { HangUpSource } from '../../src/platform/hang-up.ts'
import { PlainHeaders } from '../../src/platform/plain-headers.ts'
import { asRequest, PlainRequest } from '../../src/platform/plain-request.ts'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import { account, connect, createBrowser, type OpenDoor } from '../../test/door.ts'
import { median } from './rounds.ts'
import { answerRequest, callBody, initializeBody, protocolVersion } from './servers/function.ts'

const origin = 'http://localhost:8787'
const callsPerRound = 4_000

export interface Growth {
  /** Of the processor, for one call. */
  microseconds: number
}

export interface House {
  /** So many sessions, opened in turn by the people there are, and used once. */
  openSessions(count: number): Promise<void>
  /** Grants of other people, beside those that call. */
  addGrants(count: number): void
  /** In turn over all sessions. */
  measureCalls(): Promise<number>
  close(): Promise<void>
}

export async function openHouse(people: number): Promise<House> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-growth-'))
  const path = join(directory, 'records.db')
  const storage = sqliteStorage({ path })
  const postern = createPostern({
    publicUrl: origin,
    connector: { name: 'Bench', upstream: inProcessUpstream({ handler: answerRequest }) },
    storage,
    masterKey: new Uint8Array(32).fill(7),
    identity: localAccounts({ storage }),
    rateLimits: false,
  })
  await postern.ready
  await createLocalUser({ storage }, { ...account, displayName: 'Ada', role: 'admin' })
  const send: OpenDoor['fetch'] = (path, init) => {
    const request = new Request(new URL(path, origin), { redirect: 'manual', ...init })
    request.headers.set('host', 'localhost:8787')
    return postern.fetch(request)
  }
  const door: OpenDoor = {
    origin,
    mcpUrl: `${origin}/mcp`,
    fetch: send,
    browser: () => createBrowser(origin, send),
  }
  const browser = door.browser()
  const tokens: string[] = []
  for (let count = 0; count < people; count++) tokens.push((await connect(door, { browser })).accessToken)
  const sessions: [token: string, id: string][] = []

  async function post(token: string, session: string | undefined, body: Uint8Array): Promise<Response> {
    const fields = {
      host: 'localhost:8787',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'content-length': String(body.length),
      'mcp-protocol-version': protocolVersion,
      authorization: `Bearer ${token}`,
      'mcp-session-id': session,
    }
    const request = new PlainRequest({
      method: 'POST',
      url: `${origin}/mcp`,
      headers: PlainHeaders.ofParsed(fields),
      body,
      hangUp: () => new HangUpSource(),
    })
    return postern.fetch(asRequest(request))
  }

  const [call, initialize] = [callBody, initializeBody].map((text) => new TextEncoder().encode(text)) as [
    Uint8Array,
    Uint8Array,
  ]
  let next = 0

  return {
    async openSessions(count) {
      for (let index = sessions.length; index < count; index++) {
        const token = tokens[index % tokens.length] ?? ''
        const response = await post(token, undefined, initialize)
        const id = response.headers.get('mcp-session-id') ?? ''
        // Those that are measured have been in use.
        await post(token, id, call)
        sessions.push([token, id])
      }
    },
    addGrants(count) {
      const database = new DatabaseSync(path, { timeout: 60_000 })
      copyGrants(database, count)
      database.close()
    },
    async measureCalls() {
      // A stride that meets them all, and none twice in a row.
      const stride = 7_919
      const before = process.cpuUsage()
      for (let count = 0; count < callsPerRound; count++) {
        next = (next + stride) % sessions.length
        const [token, id] = sessions[next] ?? ['', '']
        const response = await post(token, id, call)
        if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
      }
      const { user, system } = process.cpuUsage(before)
      return (user + system) / callsPerRound
    },
    async close() {
      await postern.close()
      await storage.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Of one that is there, with ids and hashes of their own. */
function copyGrants(database: DatabaseSync, count: number): void {
  database.function('digest', (text) => createHash('sha256').update(String(text)).digest('base64url'))
  const columns = (table: string): string[] =>
    database
      .prepare(`PRAGMA table_info(${table})`)
      .all()
      .map(({ name }) => String(name))
  const copy = (table: string, own: Readonly<Record<string, string>>): string => {
    const names = columns(table)
    const values = names.map((name) => own[name] ?? `one.${name}`)
    return `INSERT INTO ${table} (${names.join(', ')})
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
      SELECT ${values.join(', ')} FROM numbers, (SELECT * FROM ${table} ORDER BY grant_id LIMIT 1) AS one`
  }
  const grantId = "'copy' || numbers.n"
  database.exec('BEGIN')
  database.exec(copy('grants', { grant_id: grantId }))
  database.exec(
    copy('token_generations', {
      grant_id: grantId,
      refresh_hash: "digest('refresh' || numbers.n)",
      access_hash: "digest('access' || numbers.n)",
    }),
  )
  database.exec('COMMIT')
}

/** Small and large in turns, as they cannot be in one database: the large one is another. */
export async function ratioOf(small: House, large: House, rounds: number): Promise<[number, number]> {
  const costs: [number[], number[]] = [[], []]
  for (let round = 0; round <= rounds; round++) {
    const both = [await small.measureCalls(), await large.measureCalls()] as const
    if (round === 0) continue
    costs[0].push(both[0])
    costs[1].push(both[1])
  }
  return [median(costs[0]), median(costs[1])]
}
