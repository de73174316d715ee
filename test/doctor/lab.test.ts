// Every fault of the lab is visible from outside, and the first thing the doctor names; the good servers have none.

import { describe, expect, test } from 'vitest'
import { allChecks } from '../../src/doctor/doctor.ts'
import { brokenLab, loadFaults } from './lab/fault.ts'
import { createLab, type LabSettings } from './lab/lab.ts'
import { examineLab } from './lab/run.ts'
import { observe } from './lab/script.ts'
import { pairs } from './pairs.ts'

const faults = await loadFaults()

const variants: readonly (readonly [string, Partial<LabSettings>])[] = [
  ['with its issuer at the root', {}],
  ['with its issuer at a path', { issuerForm: 'path' }],
  ['with its authorization server on another origin', { issuerForm: 'other-origin' }],
  ['that takes client metadata documents only', { identity: 'metadata-document' }],
  ['without sign-in', { access: 'none' }],
  ['that asks for a token only when it is needed', { access: 'lazy' }],
]

describe('a good server', () => {
  test.each(variants)('%s has no finding', async (_, settings) => {
    const report = await examineLab(createLab(settings), { isIntrusive: true })
    expect(report.findings.map(({ id, cause }) => `${id}: ${cause}`)).toEqual([])
    expect(report.verdict).toBe('works')
    expect(report.probes.filter(({ verdict }) => verdict === 'could-not-run')).toEqual([])
    expect(report.checks.filter(({ says }) => says?.startsWith('the check itself failed'))).toEqual([])
  })

  test('is left as it was found', async () => {
    const report = await examineLab(createLab(), { isIntrusive: true })
    expect(report.effects.map(({ undone }) => undone)).toEqual([true, true, true])
  })
})

describe('a fault', () => {
  test.each(faults.map((fault) => [fault.id, fault] as const))(
    '%s is visible from outside',
    async (_, fault) => {
      const good = await observe(createLab(fault.settings))
      expect(await observe(createLab(fault.settings))).toEqual(good)
      expect(await observe(brokenLab(fault))).not.toEqual(good)
    },
  )

  test.each(faults.map((fault) => [fault.id, fault] as const))('%s is named first', async (id, fault) => {
    const report = await examineLab(brokenLab(fault), fault.doctor)
    expect(report.findings.map((finding) => finding.id)[0], summary(report.findings)).toBe(id)
  })

  test.each(pairs)('%s is met before %s', async (first, second) => {
    const both = [first, second].map((id) => faults.find((fault) => fault.id === id))
    const known = both.filter((fault) => fault !== undefined)
    expect(known).toHaveLength(2)
    const report = await examineLab(
      brokenLab(...known),
      Object.assign({}, ...known.map(({ doctor }) => doctor)),
    )
    expect(report.findings[0]?.id, summary(report.findings)).toBe(first)
  })
})

test('every check has a fault, and every fault a check of its name', () => {
  const withoutFault = allChecks.map(({ id }) => id).filter((id) => !faults.some((fault) => fault.id === id))
  // The last resort is for what no check names yet; a fault for it would be a missing check.
  expect(withoutFault).toEqual(['connection-failed'])
  expect(faults.map(({ id }) => id).filter((id) => !allChecks.some((check) => check.id === id))).toEqual([])
  expect(new Set(allChecks.map(({ id }) => id)).size).toBe(allChecks.length)
})

function summary(findings: readonly { id: string; cause: string }[]): string {
  return findings.map(({ id, cause }) => `${id}: ${cause}`).join('\n')
}
