/** What a run may find without failing: what was there before (a baseline), and what a file says is expected. */

import type { DoctorReport } from './report.ts'

export interface Tolerance {
  /** Reports of an earlier run; only what is new since then fails. */
  baseline: readonly DoctorReport[]
  /** Finding id to reason. */
  expected: ReadonlyMap<string, string>
}

/** From which severity on a finding makes the run fail. */
export type FailOn = 'error' | 'warning' | 'never'

/** The same report, with each finding that is tolerated marked as such. */
export function tolerate(report: DoctorReport, { baseline, expected }: Tolerance): DoctorReport {
  const before = baseline.find(({ client }) => client.name === report.client.name)
  const known = new Set(before?.findings.map(({ id }) => id))
  const findings = report.findings.map((finding) => {
    const reason = expected.get(finding.id)
    if (reason !== undefined)
      return { ...finding, tolerated: reason === '' ? 'expected' : `expected: ${reason}` }
    return known.has(finding.id) ? { ...finding, tolerated: 'in the baseline' } : finding
  })
  return { ...report, findings }
}

/** Expected failures whose check passed everywhere: their line must go, or the fault could come back unseen. */
export function noLongerFound(reports: readonly DoctorReport[], { expected }: Tolerance): string[] {
  return [...expected.keys()].filter((id) => {
    const verdicts = reports.flatMap(({ checks }) => checks.filter((check) => check.id === id))
    return verdicts.length > 0 && verdicts.every(({ verdict }) => verdict === 'passed')
  })
}

export function isFailure(report: DoctorReport, failOn: FailOn): boolean {
  if (failOn === 'never') return false
  return report.findings.some(
    ({ severity, tolerated }) => tolerated === undefined && (severity === 'error' || failOn === 'warning'),
  )
}

/** One finding id on each line, a reason after `#`; throws `TypeError` for an id that no check has. */
export function readExpectedFailures(text: string, ids: ReadonlySet<string>): Map<string, string> {
  const expected = new Map<string, string>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [id = '', ...reason] = line.split('#').map((part) => part.trim())
    if (id === '') continue
    if (!ids.has(id))
      throw new TypeError(`line ${index + 1}: ${JSON.stringify(id)} is no finding that is known`)
    expected.set(id, reason.join('#'))
  }
  return expected
}
