/** Many clients on one terminal: a table of client by stage, and under it what each stumbles over first. */

import { stages } from '../check.ts'
import { clientsByStage, type Mark, marks, stageTitles } from '../client-table.ts'
import type { Comparison } from '../comparison.ts'
import type { Finding } from '../diagnosis.ts'
import type { DoctorReport } from '../report.ts'
import { formatMark, type Ink } from './terminal.ts'
import { clean } from './words.ts'

export function formatClientTable(reports: readonly DoctorReport[], ink: Ink): string {
  const rows = clientsByStage(reports)
  const width = Math.max('client'.length, ...rows.map(({ client }) => client.name.length))
  const columns = stages.map((stage) => Math.max(stageTitles[stage].length, 1))
  const heading = [
    'client'.padEnd(width),
    ...stages.map((stage, index) => stageTitles[stage].padEnd(columns[index] ?? 0)),
  ].join('  ')
  const lines = rows.map(({ client, first, stages }) => {
    const cells = stages.map(
      ({ mark }, index) => inked(mark, ink) + ' '.repeat(Math.max(0, (columns[index] ?? 0) - 1)),
    )
    return `${client.name.padEnd(width)}  ${cells.join('  ')}  ${first ?? ''}`.trimEnd()
  })
  return `${ink.faint(heading)}\n${lines.join('\n')}\n\n${ink.faint('✔ passed  ! warning  ✖ stops here  · not seen')}\n`
}

export function formatComparison(
  { appeared, client, mended, remaining, unknown }: Comparison,
  ink: Ink,
): string {
  const groups: [string, readonly Finding[]][] = [
    ['New', appeared],
    ['Mended', mended],
    ['Still there', remaining],
    ['No longer seen, but not judged either', unknown],
  ]
  const parts = groups
    .filter(([, findings]) => findings.length > 0)
    .map(([title, findings]) => {
      const lines = findings.map((finding) => {
        const mark = title === 'Mended' ? ink.good('✔') : formatMark(finding, ink)
        return `  ${mark} ${clean(finding.title)} ${ink.faint(finding.id)}`
      })
      return `${ink.strong(title)}\n${lines.join('\n')}`
    })
  const head = ink.faint(`As ${client.title} (${client.name})`)
  return `${[head, ...(parts.length === 0 ? ['Nothing was wrong, and nothing is.'] : parts)].join('\n\n')}\n`
}

function inked(mark: Mark, ink: Ink): string {
  if (mark === 'bad') return ink.bad(marks.bad)
  if (mark === 'warning') return ink.warn(marks.warning)
  return mark === 'good' ? ink.good(marks.good) : ink.faint(marks['not-seen'])
}
