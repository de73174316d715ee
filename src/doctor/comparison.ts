/** Two examinations of one server, before and after: what was mended, what is new, and what nobody can say. */

import type { Finding } from './diagnosis.ts'
import type { DoctorReport } from './report.ts'

export interface Comparison {
  client: DoctorReport['client']
  mended: readonly Finding[]
  appeared: readonly Finding[]
  remaining: readonly Finding[]
  /** Found before; now its check came to no verdict, so that it is not known to be mended. */
  unknown: readonly Finding[]
}

/** Only clients that both runs examined as. */
export function compareReports(
  before: readonly DoctorReport[],
  after: readonly DoctorReport[],
): Comparison[] {
  return after.flatMap((now) => {
    const then = before.find(({ client }) => client.name === now.client.name)
    return then === undefined ? [] : [compare(then, now)]
  })
}

function compare(then: DoctorReport, now: DoctorReport): Comparison {
  const had = new Set(then.findings.map(({ id }) => id))
  const has = new Set(now.findings.map(({ id }) => id))
  const passed = new Set(now.checks.flatMap(({ id, verdict }) => (verdict === 'passed' ? [id] : [])))
  const gone = then.findings.filter(({ id }) => !has.has(id))
  return {
    client: now.client,
    mended: gone.filter(({ id }) => passed.has(id)),
    unknown: gone.filter(({ id }) => !passed.has(id)),
    appeared: now.findings.filter(({ id }) => !had.has(id)),
    remaining: now.findings.filter(({ id }) => had.has(id)),
  }
}
