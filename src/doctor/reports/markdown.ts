/** Markdown for an issue or the summary of a CI run: what is wrong, how to mend it, and the wire folded away. */

import type { TranscriptExchange } from '../../client/transcript.ts'
import type { Framework } from '../check.ts'
import { clientsByStage, marks, stageTitles } from '../client-table.ts'
import type { Finding } from '../diagnosis.ts'
import type { DoctorReport } from '../report.ts'
import { clean, names, parties, timeOf } from './words.ts'

export function formatMarkdown(reports: readonly DoctorReport[]): string {
  const parts = reports.length > 1 ? [table(reports), ...reports.map(reportPart)] : reports.map(reportPart)
  return `${parts.join('\n\n')}\n`
}

function table(reports: readonly DoctorReport[]): string {
  const rows = clientsByStage(reports)
  const stages = rows[0]?.stages.map(({ stage }) => stage) ?? []
  return [
    `| Client | ${stages.map((stage) => stageTitles[stage]).join(' | ')} |`,
    `| --- |${' :-: |'.repeat(stages.length)}`,
    ...rows.map(
      ({ client, stages }) =>
        `| ${words(client.title)} | ${stages.map(({ mark }) => marks[mark]).join(' | ')} |`,
    ),
  ].join('\n')
}

function reportPart(report: DoctorReport): string {
  const { client, findings, url } = report
  const headline = findings[0]?.title ?? 'Nothing stands in Claude’s way'
  return [
    `## ${report.verdict === 'fails' ? '✖' : findings.length > 0 ? '!' : '✔'} ${words(headline)}`,
    `${code(url)}, examined as ${words(client.title)} (${code(client.name)}), ${timeOf(report)}.`,
    ...findings.map(findingPart),
    wire(report),
  ].join('\n\n')
}

function findingPart(finding: Finding): string {
  const rows = [
    `- Seen: ${words(finding.cause)}`,
    `- Claude: ${words(finding.claude)}`,
    ...(finding.seen === undefined ? [] : [`- It says: “${words(finding.seen)}”`]),
    `- **Fix**: ${words(finding.fix)}`,
    ...Object.entries(finding.fixIn).map(
      ([framework, says]) => `- ${names[framework as Framework]}: ${words(says)}`,
    ),
    `- Where: ${parties[finding.party]}; ${words(finding.source)}`,
    ...(finding.becauseOf === undefined ? [] : [`- Follows from ${code(finding.becauseOf)}`]),
    ...(finding.tolerated === undefined ? [] : [`- Tolerated: ${words(finding.tolerated)}`]),
  ]
  const level = finding.severity === 'error' ? 'error' : 'warning'
  return `### ${words(finding.title)} (${level}, ${code(finding.id)})\n\n${rows.join('\n')}`
}

/** Only what is needed to see the order of things; the bodies are in the JSON and HTML forms. */
function wire({ steps, probes }: DoctorReport): string {
  const lines = [...steps, ...probes].flatMap(({ title, exchanges }) => [
    ...(exchanges.length === 0 ? [] : [`# ${clean(title)}`]),
    ...exchanges.map(exchangeLine),
  ])
  return `<details><summary>The wire</summary>\n\n\`\`\`text\n${lines.join('\n').replaceAll('```', "'''")}\n\`\`\`\n\n</details>`
}

function exchangeLine({ number, method, url, status, failure }: TranscriptExchange): string {
  const outcome = status ?? failure ?? 'no answer'
  return clean(`${String(number).padStart(3)} ${method} ${url} -> ${outcome}`)
}

/** A stranger's words must not become markup, a mention or a link in somebody's issue. */
function words(text: string): string {
  return clean(text)
    .replace(/[\\`*_{}[\]<>|#~]/g, '\\$&')
    .replace(/@(?=\w)/g, '@\u200b')
}

function code(text: string): string {
  return `\`${clean(text).replaceAll('`', "'")}\``
}
