/** What real clients do to a refresh token, done to Postern and to the servers that people use: `npm run peers:refresh [-- --write]` prints the table, and puts it into docs/guides/refresh.md. */

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Connection } from './authorization-flow.ts'
import { type Contender, installPeers, peerNames, startPeer, startPostern } from './contenders.ts'

interface Row {
  server: string
  /** What the clients of one person hold after each asked at the same time. */
  together: string
  /** Of those who were answered, how many still get tokens with what they hold. */
  alive: string
  /** The answer was lost on its way, and the client asks again with what it has. */
  lost: string
  /** A token of long ago, shown by whoever found it. */
  replayed: string
  /** A client that the server does not know (any more). */
  unknownClient: string
}

interface Answer {
  status: number
  error: string
  refreshToken: string | undefined
}

const together = 4

/** Longer than every server's window in which an old token is still answered. */
const lateSeconds = 65

installPeers()
const contenders: Contender[] = []
try {
  for (const start of [startPostern, ...peerNames.map((name) => () => startPeer(name))])
    contenders.push(await start())
  const table = format(await judgeAll())
  console.log(table)
  if (process.argv.includes('--write')) write(table)
} finally {
  for (const { process } of contenders) await process.stop()
}

/** All wait for the late replay at the same time. */
async function judgeAll(): Promise<Row[]> {
  const judged = []
  for (const contender of contenders) {
    const refresh: Refresh = ({ clientId }, refreshToken) =>
      ask(contender, { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId })
    judged.push({
      server: `${contender.name} ${contender.version}`,
      ...(await askTogether(contender, refresh)),
      lost: await askAgain(contender, refresh),
      unknownClient: await askAsNobody(contender),
      replayLater: await prepareReplay(contender, refresh),
    })
  }
  await new Promise((resolve) => setTimeout(resolve, lateSeconds * 1000))
  const rows: Row[] = []
  for (const { replayLater, ...row } of judged) rows.push({ ...row, replayed: await replayLater() })
  return rows
}

type Refresh = (connection: Connection, refreshToken: string) => Promise<Answer>

async function askTogether(contender: Contender, refresh: Refresh): Promise<Pick<Row, 'together' | 'alive'>> {
  const connection = await contender.connect()
  const answers = await Promise.all(
    Array.from({ length: together }, () => refresh(connection, connection.refreshToken)),
  )
  const given = answers.flatMap(({ refreshToken }) => refreshToken ?? [])
  const refused = answers.filter(({ status }) => status !== 200)
  const different = new Set(given).size
  const same = different === 1 ? 'the same token' : `${different} different tokens`
  const said = refused.length === 0 ? '' : `, ${refused.length} refused (${refused[0]?.error})`
  const alive: Answer[] = []
  // One after another, as clients that wake up at different times do.
  for (const refreshToken of given) alive.push(await refresh(connection, refreshToken))
  const living = alive.filter(({ status }) => status === 200).length
  return {
    together:
      given.length === 0 ? `all refused (${refused[0]?.error})` : `${given.length} answered, ${same}${said}`,
    alive: `${living} of ${together}`,
  }
}

async function askAgain(contender: Contender, refresh: Refresh): Promise<string> {
  const connection = await contender.connect()
  const first = await refresh(connection, connection.refreshToken)
  const again = await refresh(connection, connection.refreshToken)
  if (again.refreshToken === undefined) {
    const after = await refresh(connection, first.refreshToken ?? '')
    const rest = after.status === 200 ? 'the lost token lives' : 'the family is revoked'
    return `signed out: ${again.error}, ${rest}`
  }
  const after = await refresh(connection, again.refreshToken)
  if (after.status !== 200) return `answered, but signed out at the next refresh: ${after.error}`
  return again.refreshToken === first.refreshToken ? 'the same answer' : 'another token beside the first'
}

/** The client goes on, and somebody who found its first token comes later. */
async function prepareReplay(contender: Contender, refresh: Refresh): Promise<() => Promise<string>> {
  const connection = await contender.connect()
  const first = await refresh(connection, connection.refreshToken)
  const second = await refresh(connection, first.refreshToken ?? '')
  return async () => {
    const old = await refresh(connection, connection.refreshToken)
    const after = await refresh(connection, second.refreshToken ?? '')
    const family = after.status === 200 ? 'the family lives' : 'the family is revoked'
    return old.status === 200 ? `accepted, ${family}` : `refused (${old.error}), ${family}`
  }
}

async function askAsNobody(contender: Contender): Promise<string> {
  const fields = { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'a-client-that-is-gone' }
  const { status, error } = await ask(contender, fields)
  return `${status} ${error}`
}

async function ask({ tokenEndpoint }: Contender, fields: Record<string, string>): Promise<Answer> {
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams(fields),
    signal: AbortSignal.timeout(30_000),
  })
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>
  return {
    status: response.status,
    error: typeof body.error === 'string' ? body.error : `status ${response.status}`,
    refreshToken: typeof body.refresh_token === 'string' ? body.refresh_token : undefined,
  }
}

function format(all: readonly Row[]): string {
  const lines = [
    [
      'Server',
      `${together} at once with one token`,
      'alive at their next refresh',
      'answer lost, asked again',
      `old token ${lateSeconds} s after two later ones were used`,
      'unknown client',
    ],
    ['---', '---', '---', '---', '---', '---'],
    ...all.map((row) => [row.server, row.together, row.alive, row.lost, row.replayed, row.unknownClient]),
  ]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function write(text: string): void {
  const path = fileURLToPath(new URL('../docs/guides/refresh.md', import.meta.url))
  const page = readFileSync(path, 'utf8')
  const marked = /(<!-- by `npm run peers:refresh` -->\n)[\s\S]*?(\n<!-- end -->)/
  if (!marked.test(page)) throw new Error(`${path} has no place for the table`)
  writeFileSync(
    path,
    page.replace(marked, (_, before: string, after: string) => before + text + after),
  )
}
