// `npm run torture:cluster [-- seed clients seconds kills]`: three instances on one PostgreSQL, 500 clients for five minutes, 30 kills at least; prints the table of faults and what was found.

import { randomBytes } from 'node:crypto'
import { tortureCluster } from '../cluster/cluster-torture.ts'
import { startPostgres } from '../storage/postgres-server.ts'

const [seed = randomBytes(6).toString('hex'), clients = '500', seconds = '300', kills = '30', rest = '8'] =
  process.argv.slice(2)
const say = (line: string): void => void process.stdout.write(`${line}\n`)
say(`seed ${seed}: ${clients} clients, ${seconds} s, ${kills} kills at least, Node ${process.version}`)
const postgres = await startPostgres()
try {
  const report = await tortureCluster({
    postgres,
    seed,
    clients: Number(clients),
    seconds: Number(seconds),
    kills: Number(kills),
    restSeconds: Number(rest),
    say,
  })
  say(
    `\n${'fault'.padEnd(44)} ${'count'.padStart(5)} ${'recovery, median'.padStart(18)} ${'longest'.padStart(10)}`,
  )
  for (const { kind, count, medianMs, longestMs } of report.faults) {
    const [median, longest] = [medianMs, longestMs].map((ms) => `${(ms / 1000).toFixed(1)} s`)
    say(`${kind.padEnd(44)} ${String(count).padStart(5)} ${median?.padStart(18)} ${longest?.padStart(10)}`)
  }
  say('')
  for (const [what, count] of Object.entries(report.counts).sort())
    say(`${String(count).padStart(8)}  ${what}`)
  for (const [index, count] of report.perInstance.entries())
    say(`${String(count).padStart(8)}  requests answered by instance ${index + 1}`)
  const found = (pattern: RegExp): number => report.violations.filter((says) => pattern.test(says)).length
  say(
    `${String(found(/signed out|not connected|family was ended|just been issued/)).padStart(8)}  clients signed out`,
  )
  say(`${String(found(/spent|successors/)).padStart(8)}  double-spent codes and refresh tokens`)
  say(`${String(found(/wrong principal/)).padStart(8)}  calls answered to the wrong principal`)
  for (const says of report.violations.slice(0, 50)) say(`          ${says}`)
  if (report.violations.length > 0) say(`\nAgain: npm run torture:cluster -- ${seed}`)
  process.exitCode = report.violations.length === 0 ? 0 : 1
} finally {
  await postgres.stop()
}
