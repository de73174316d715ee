// The catalogue and the lab agree: a row is built by the finding that it names, and what nobody can see is not built.

import { expect, test } from 'vitest'
import { allChecks } from '../../src/doctor/doctor.ts'
import { catalogue } from './catalogue.ts'
import { loadFaults } from './lab/fault.ts'

const faults = await loadFaults()

/** All that can be seen from outside; raised with every row that is added. */
const leastRowsBuilt = 161

test('no row stands twice', () => {
  expect(new Set(catalogue.map(({ row }) => row)).size).toBe(catalogue.length)
})

test.each(faults.map(({ id, rows }) => [id, rows] as const))(
  '%s builds the rows that name it',
  (id, rows) => {
    const naming = catalogue.filter((entry) => 'findings' in entry && entry.findings.includes(id))
    expect(rows.toSorted()).toEqual(naming.map(({ row }) => row).toSorted())
  },
)

test('what can be seen is built', () => {
  expect(new Set(faults.flatMap(({ rows }) => rows)).size).toBeGreaterThanOrEqual(leastRowsBuilt)
})

test('a finding is of the stage of one of its rows', () => {
  for (const { id, stage } of allChecks) {
    const rows = catalogue.filter((entry) => 'findings' in entry && entry.findings.includes(id))
    if (rows.length > 0)
      expect(
        rows.map((row) => row.stage),
        id,
      ).toContain(stage)
  }
})
