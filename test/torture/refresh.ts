// `npm run torture:refresh [-- seed]`: 200 clients, 20 000 refreshes, 30 kills of a real server; prints the seed, so that a failed run can be done again.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tortureRefresh } from './refresh-torture.ts'
import { serveDoor } from './served-door.ts'

const [seed = randomBytes(6).toString('hex'), clients = '200', refreshes = '20000', kills = '30'] =
  process.argv.slice(2)
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const data = mkdtempSync(join(tmpdir(), 'postern-torture-'))
say(`seed ${seed}: ${clients} clients, ${refreshes} refreshes, ${kills} kills, Node ${process.version}`)
const startedAt = performance.now()
try {
  const { violations, counts } = await tortureRefresh({
    door: await serveDoor(data),
    seed,
    clients: Number(clients),
    refreshes: Number(refreshes),
    kills: Number(kills),
    progress: say,
  })
  say(`\n${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
  for (const [name, count] of Object.entries(counts)) say(`${String(count).padStart(8)}  ${name}`)
  const signedOut = violations.filter((says) => says.includes('signed out')).length
  const accepted = violations.filter((says) => says.includes('accepted outside')).length
  say(`${String(signedOut).padStart(8)}  clients signed out`)
  say(`${String(accepted).padStart(8)}  replays accepted outside rule 2`)
  say(`${String(violations.length).padStart(8)}  violations in all`)
  for (const says of violations) say(`          ${says}`)
  if (violations.length > 0) say(`\nAgain: npm run torture:refresh -- ${seed}`)
  process.exitCode = violations.length === 0 ? 0 : 1
} finally {
  rmSync(data, { recursive: true, force: true })
}
