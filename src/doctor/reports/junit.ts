/** JUnit XML, as the test pages of CI systems read it: one suite for each client, one case for each check. */

import type { Finding, JudgedCheck } from '../diagnosis.ts'
import type { DoctorReport } from '../report.ts'

export function formatJunit(reports: readonly DoctorReport[]): string {
  const suites = reports.map(suite)
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="postern doctor">\n${suites.join('')}</testsuites>\n`
}

function suite(report: DoctorReport): string {
  const { checks, client, findings, startedAt, durationMs, url } = report
  const untolerated = findings.filter(({ tolerated }) => tolerated === undefined)
  const failures = untolerated.filter(({ severity }) => severity === 'error').length
  const cases = checks.map((check) =>
    testCase(
      check,
      client.name,
      findings.find(({ id }) => id === check.id),
    ),
  )
  const attributes = attributesOf({
    name: `${client.name} at ${url}`,
    tests: `${checks.length}`,
    failures: `${failures}`,
    errors: '0',
    skipped: `${cases.filter((text) => text.includes('<skipped')).length}`,
    time: (durationMs / 1000).toFixed(3),
    timestamp: new Date(startedAt * 1000).toISOString(),
  })
  return `  <testsuite${attributes}>\n${cases.join('')}  </testsuite>\n`
}

function testCase(check: JudgedCheck, client: string, finding: Finding | undefined): string {
  const attributes = attributesOf({
    classname: `${client}.${check.stage}`,
    name: `${check.id}: ${check.title}`,
  })
  const inside = finding === undefined ? unjudged(check) : told(finding)
  return inside === ''
    ? `    <testcase${attributes}/>\n`
    : `    <testcase${attributes}>\n      ${inside}\n    </testcase>\n`
}

function unjudged({ verdict, says }: JudgedCheck): string {
  return verdict === 'passed' ? '' : `<skipped${attributesOf({ message: `${verdict}: ${says ?? ''}` })}/>`
}

/** JUnit knows no warnings: one is written down beside a case that passed. */
function told(finding: Finding): string {
  const words = `${finding.cause}\nClaude: ${finding.claude}\nFix: ${finding.fix}\nSource: ${finding.source}`
  if (finding.tolerated !== undefined)
    return `<skipped${attributesOf({ message: `${finding.tolerated}: ${finding.cause}` })}/>`
  if (finding.severity === 'warning') return `<system-out>${escaped(`Warning: ${words}`)}</system-out>`
  return `<failure${attributesOf({ type: finding.id, message: finding.cause })}>${escaped(words)}</failure>`
}

function attributesOf(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
    .join('')
}

/** XML 1.0 §2.2 allows no control character but tab and line ends, not even escaped; §2.4 for the rest. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
