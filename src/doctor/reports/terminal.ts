/** The report for a person who is tired: the first failure, its cause and its fix; then the rest, then what was not judged. */

import { type Framework, stages } from '../check.ts'
import type { Finding, JudgedCheck } from '../diagnosis.ts'
import type { DoctorReport } from '../report.ts'
import { clean, names, parties, reached } from './words.ts'

export interface Ink {
  good(text: string): string
  bad(text: string): string
  warn(text: string): string
  faint(text: string): string
  strong(text: string): string
  /** Characters on a line. */
  columns: number
}

export function formatReport(report: DoctorReport, ink: Ink): string {
  const [first, ...others] = report.findings.filter(({ tolerated }) => tolerated === undefined)
  const tolerated = report.findings.filter((finding) => finding.tolerated !== undefined)
  const own = others.filter(({ becauseOf }) => becauseOf === undefined)
  const following = others.filter(({ becauseOf }) => becauseOf !== undefined)
  return [
    headline(report, first, ink),
    first === undefined ? '' : whole(first, ink),
    own.length === 0
      ? ''
      : `${ink.strong('Then there is')}\n\n${own.map((finding) => brief(finding, ink)).join('\n')}`,
    following.length === 0
      ? ''
      : `${ink.strong('These follow from it')}\n\n${following.map((one) => follower(one, ink)).join('\n')}`,
    tolerated.length === 0
      ? ''
      : `${ink.strong('Found, and tolerated')}\n\n${tolerated.map((one) => toleratedLine(one, ink)).join('\n')}`,
    footing(report, ink),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n')
}

/** One finding, one line: for other forms, and for progress. */
export function formatMark({ severity }: Pick<Finding, 'severity'>, ink: Ink): string {
  return severity === 'error' ? ink.bad('✖') : ink.warn('!')
}

function headline(report: DoctorReport, first: Finding | undefined, ink: Ink): string {
  if (first === undefined) {
    const nothing = report.findings.length === 0 ? 'Nothing stands' : 'Nothing new stands'
    return ink.good(`✔ ${nothing} in Claude’s way, as far as ${reached(report)}.`)
  }
  const mark = formatMark(first, ink)
  const title = first.severity === 'error' ? ink.bad(clean(first.title)) : ink.warn(clean(first.title))
  return `${mark} ${ink.strong(title)}`
}

function whole(finding: Finding, ink: Ink): string {
  const rows: [string, string][] = [
    ['Seen', finding.cause],
    ['Claude', finding.claude],
    ...(finding.seen === undefined ? [] : [['It says', `“${finding.seen}”`] satisfies [string, string]]),
    ['Fix', finding.fix],
    ...Object.entries(finding.fixIn).map(([framework, says]): [string, string] => {
      return [names[framework as Framework], says]
    }),
    ['Where', `${parties[finding.party]}; ${finding.source}; ${finding.id}`],
  ]
  return rows.map(([label, says]) => row(label, says, ink)).join('\n')
}

const labelWidth = 12

/** A label, and what it stands for wrapped beside it. */
export function row(label: string, says: string, ink: Ink): string {
  return hanging(`  ${ink.faint(label.padEnd(labelWidth))}`, labelWidth + 2, says, ink)
}

function brief(finding: Finding, ink: Ink): string {
  const head = `${formatMark(finding, ink)} ${clean(finding.title)} ${ink.faint(finding.id)}`
  return [
    head,
    hanging('    ', 4, finding.cause, ink),
    hanging(`    ${ink.faint('Fix:')} `, 9, finding.fix, ink),
  ].join('\n')
}

function follower(finding: Finding, ink: Ink): string {
  return `  ${ink.faint(`${clean(finding.title)} (${finding.id}, because of ${finding.becauseOf})`)}`
}

function toleratedLine(finding: Finding, ink: Ink): string {
  return `  ${ink.faint(`${clean(finding.title)} (${finding.id}, ${clean(finding.tolerated ?? '')})`)}`
}

function footing(report: DoctorReport, ink: Ink): string {
  const { checks, client, durationMs, effects } = report
  const count = (...verdicts: JudgedCheck['verdict'][]): number =>
    checks.filter(({ verdict }) => verdicts.includes(verdict)).length
  const seconds = (durationMs / 1000).toFixed(1)
  const lines = [
    `${count('passed')} checks passed, ${count('violated')} violated, ${count('warning')} warned; ${count('not-applicable')} did not apply, ${count('could-not-run')} could not run, ${count('needs-consent')} need --intrusive.`,
    ...(report.until === 'lists'
      ? []
      : [
          `It stopped after ${report.until}, before anybody signed in: --browser, POSTERN_LOGIN or --token goes on.`,
        ]),
    ...(report.isLocal ? [beforePublic(checks)] : []),
    ...effects.map(({ did, says }) => `It ${clean(did)}: ${clean(says)}.`),
    `Examined as ${client.title} (${client.name}) in ${seconds} s.`,
  ]
  return lines.map((line) => ink.faint(hanging('', 0, line, ink))).join('\n')
}

/** What a server on this machine is not asked, but will be. */
function beforePublic(checks: readonly JudgedCheck[]): string {
  const later = checks.filter(({ says }) => says?.startsWith('tested on this machine'))
  const inOrder = later.toSorted((left, right) => stages.indexOf(left.stage) - stages.indexOf(right.stage))
  return `Tested on this machine. Before you go public, look at: ${inOrder.map(({ id }) => id).join(', ')} (--as-if-public).`
}

/** The first line after the prefix, the rest under it. A word is never broken: it may be a URL. */
function hanging(prefix: string, indent: number, text: string, ink: Ink): string {
  const lines: string[] = ['']
  for (const word of clean(text).split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line !== '' && line.length + word.length + 1 > ink.columns - indent) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return prefix + lines.join(`\n${' '.repeat(indent)}`)
}
