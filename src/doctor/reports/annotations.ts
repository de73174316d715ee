/** Workflow commands of GitHub Actions: each finding a line that the page of the run shows as an annotation. */

import type { Finding } from '../diagnosis.ts'
import type { DoctorReport } from '../report.ts'

/** GitHub shows ten of each level for one step; what comes first matters most. */
export function formatAnnotations(reports: readonly DoctorReport[]): string {
  return reports
    .flatMap(({ client, findings }) => findings.map((finding) => annotation(finding, client.name)))
    .map((line) => `${line}\n`)
    .join('')
}

function annotation(finding: Finding, client: string): string {
  const level = finding.tolerated === undefined ? finding.severity : 'notice'
  const tolerated = finding.tolerated === undefined ? '' : ` (${finding.tolerated})`
  const message = `${finding.cause}\nClaude: ${finding.claude}\nFix: ${finding.fix}\n${finding.id}, ${finding.source}, as ${client}`
  return `::${level} title=${property(finding.title + tolerated)}::${data(message)}`
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
