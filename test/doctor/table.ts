// `npm run lab`: the table of faults by diagnosis, and how much of the catalogue is built.

import { catalogue } from './catalogue.ts'
import { brokenLab, loadFaults } from './lab/fault.ts'
import { examineLab } from './lab/run.ts'

const faults = await loadFaults()
const rows: { fault: (typeof faults)[number]; first: string; others: string[] }[] = []
// One after the other: some faults are of what arrives together.
for (const fault of faults) {
  const { findings } = await examineLab(brokenLab(fault), fault.doctor)
  const [first = 'nothing', ...others] = findings.map(({ id }) => id)
  rows.push({ fault, first, others })
}
const built = new Set(faults.flatMap((fault) => fault.rows))
const visible = catalogue.filter((row) => 'findings' in row)
const missing = visible.filter(({ row }) => !built.has(row))
const missed = rows.filter(({ fault, first }) => fault.id !== first)

for (const { fault, first, others } of rows) {
  const mark = fault.id === first ? '✔' : '✖'
  const beside = others.length === 0 ? '' : ` (then ${others.join(', ')})`
  process.stdout.write(
    `${mark} ${fault.id.padEnd(32)} ${fault.rows.join(' ').padEnd(12)} ${first}${beside}\n`,
  )
}
process.stdout.write(
  `\n${faults.length} faults, ${rows.length - missed.length} named first. ` +
    `Of ${catalogue.length} rows ${built.size} are built, ${catalogue.length - visible.length} cannot be seen from outside` +
    `${missing.length === 0 ? '' : `, ${missing.length} are missing: ${missing.map(({ row }) => row).join(' ')}`}.\n`,
)
process.exitCode = missed.length === 0 ? 0 : 1
