// What the command writes beside its report, and how it ends: files, baselines, expected failures, comparisons, every client.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DoctorReport } from '../../src/doctor/report.ts'
import { runPostern } from '../cli/postern-command.ts'
import { fault as challengeMissing } from './faults/challenge-missing.ts'
import { brokenLab } from './lab/fault.ts'
import { createLab, type Lab } from './lab/lab.ts'
import { closeServed, served } from './served.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-forms-'))
const file = (name: string): string => join(folder, name)
let good: Lab
let broken: Lab

beforeAll(async () => {
  good = await served(createLab())
  broken = await served(brokenLab(challengeMissing))
})

afterAll(() => {
  closeServed()
  rmSync(folder, { recursive: true })
})

test('every form at once, each in its file, the report for people beside them', async () => {
  const forms = ['html', 'markdown', 'junit', 'sarif'].flatMap((form) => [`--${form}`, file(`new/r.${form}`)])
  const { code, stdout } = await runPostern(['doctor', broken.url, ...forms, '--annotations'])
  expect(code).toBe(1)
  expect(stdout).toMatch(/^\n✖ The 401 carries no Bearer challenge/)
  expect(stdout).toMatch(/^::error title=The 401 carries no Bearer challenge/m)
  expect(readFileSync(file('new/r.html'), 'utf8')).toMatch(/^<!doctype html>/)
  expect(readFileSync(file('new/r.markdown'), 'utf8')).toMatch(/^## ✖ /)
  expect(readFileSync(file('new/r.junit'), 'utf8')).toMatch(/^<\?xml /)
  expect(JSON.parse(readFileSync(file('new/r.sarif'), 'utf8'))).toMatchObject({ version: '2.1.0' })
})

test('- prints a form instead of the report', async () => {
  const { stdout } = await runPostern(['doctor', broken.url, '--markdown', '-', '--fail-on', 'never'])
  expect(stdout).toMatch(/^## ✖ The 401 carries no Bearer challenge/)
  expect(stdout).not.toContain('checks passed')
})

test('a baseline: the same again ends with 0, something new with 1; diff says what', async () => {
  const before = await runPostern(['doctor', broken.url, '--json'])
  writeFileSync(file('before.json'), before.stdout)
  const again = await runPostern(['doctor', broken.url, '--baseline', file('before.json')])
  expect(again.stdout).toContain('Nothing new stands in Claude’s way')
  expect(again.code).toBe(0)
  const healthy = await runPostern(['doctor', good.url, '--json'])
  writeFileSync(file('good.json'), healthy.stdout)
  const worse = await runPostern(['doctor', broken.url, '--baseline', file('good.json')])
  expect(worse.code).toBe(1)
  const diff = await runPostern(['doctor', 'diff', file('good.json'), file('before.json')])
  expect(diff.stdout).toMatch(/New\n {2}✖ The 401 carries no Bearer challenge/)
  expect(diff.code).toBe(1)
  const mended = await runPostern(['doctor', 'diff', file('before.json'), file('good.json'), '--json'])
  expect(JSON.parse(mended.stdout)[0].mended[0].id).toBe('challenge-missing')
  expect(mended.code).toBe(0)
})

test('expected failures: tolerated while they are there, exit 3 when one is gone', async () => {
  writeFileSync(file('expected'), 'challenge-missing # until the new proxy\n')
  const words = ['--expected-failures', file('expected')]
  const tolerated = await runPostern(['doctor', broken.url, ...words])
  expect(tolerated.stdout).toContain('expected: until the new proxy')
  expect(tolerated.code).toBe(0)
  const gone = await runPostern(['doctor', good.url, ...words])
  expect(gone.stderr).toContain('no longer to be expected: challenge-missing')
  expect(gone.code).toBe(3)
})

test.each([
  ['--baseline', 'nowhere.json', 'cannot be read'],
  ['--baseline', 'text', 'is not JSON'],
  ['--baseline', 'other.json', 'no report of postern doctor'],
  ['--expected-failures', 'text', 'line 1: "nonsense"'],
])('%s with a useless file ends with 2 before anything is asked', async (flag, name, says) => {
  writeFileSync(file('text'), 'nonsense')
  writeFileSync(file('other.json'), '{"findings":[]}')
  const { code, stderr } = await runPostern(['doctor', 'http://127.0.0.1:9/mcp', flag, file(name)])
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain(says)
  expect(code).toBe(2)
})

test('--as all: a table of client by stage, and a list of reports in JSON', async () => {
  const { code, stdout } = await runPostern(['doctor', broken.url, '--as', 'all'])
  expect(stdout).toMatch(/^client +reach +answer/m)
  expect(stdout).toMatch(/^claude-hosted +.*✖.*challenge-missing$/m)
  expect(stdout).toMatch(/^strict /m)
  expect(code).toBe(1)
  const json = await runPostern(['doctor', good.url, '--as', 'all', '--json'])
  const reports = JSON.parse(json.stdout) as DoctorReport[]
  expect(reports.map(({ client }) => client.name)).toContain('claude-code')
})
