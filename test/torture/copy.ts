// `npm run torture:copy [-- grants clients]`: 100 000 grants are moved from SQLite into PostgreSQL while 50 clients refresh and call.

import { copyLive } from '../cluster/live-copy.ts'
import { startPostgres } from '../storage/postgres-server.ts'

const [grants = '100000', clients = '50'] = process.argv.slice(2)
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const postgres = await startPostgres({ durable: true })
try {
  const database = await postgres.newDatabase()
  const report = await copyLive({ database, grants: Number(grants), clients: Number(clients), say })
  const total = Object.values(report.rows).reduce((sum, rows) => sum + rows, 0)
  say(
    `${total} rows copied in ${report.seconds.toFixed(1)} s; writes waited ${report.pausedMs.toFixed(0)} ms (aim: 2000)`,
  )
  say(`the longest that a client waited for an answer: ${report.longestAnswerMs.toFixed(0)} ms`)
  for (const [what, count] of Object.entries(report.counts).sort())
    say(`${String(count).padStart(8)}  ${what}`)
  say(`${String(report.missing).padStart(8)}  of the sampled grants missing`)
  say(
    `${String(report.violations.length).padStart(8)}  violations (signed out, spent twice, answered to another)`,
  )
  for (const says of report.violations) say(`          ${says}`)
  process.exitCode = report.violations.length === 0 && report.missing === 0 ? 0 : 1
} finally {
  await postgres.stop()
}
