// The forms of a report: what a machine reads is well formed whatever a server says, and what is tolerated does not fail.

import { expect, test } from 'vitest'
import { claudeCode } from '../../src/client/surfaces/claude-code.ts'
import { compareReports } from '../../src/doctor/comparison.ts'
import type { DoctorReport } from '../../src/doctor/report.ts'
import { formatAnnotations } from '../../src/doctor/reports/annotations.ts'
import { formatHtml } from '../../src/doctor/reports/html.ts'
import { formatJunit } from '../../src/doctor/reports/junit.ts'
import { formatMarkdown } from '../../src/doctor/reports/markdown.ts'
import { formatSarif } from '../../src/doctor/reports/sarif.ts'
import { formatReport, type Ink } from '../../src/doctor/reports/terminal.ts'
import { formatClientTable, formatComparison } from '../../src/doctor/reports/terminal-table.ts'
import { isFailure, noLongerFound, readExpectedFailures, tolerate } from '../../src/doctor/tolerance.ts'
import { fault as challengeMissing } from './faults/challenge-missing.ts'
import { fault as toolWithoutTitle } from './faults/tool-without-title.ts'
import { brokenLab } from './lab/fault.ts'
import { createLab } from './lab/lab.ts'
import { examineLab } from './lab/run.ts'

const plain = (text: string): string => text
const ink: Ink = { good: plain, bad: plain, warn: plain, faint: plain, strong: plain, columns: 100 }

const good = await examineLab(createLab())
const broken = await examineLab(brokenLab(challengeMissing))
const warned = await examineLab(brokenLab(toolWithoutTitle))
const hostile = withCause(
  broken,
  `]]>"'<script>alert(1)</script>&\u0000\u001b[2J\u202e\n::error::x @team \`\`\` | [a](b)`,
)

test('JUnit: a case for each check, one failure for each error, and nothing that XML forbids', () => {
  const text = formatJunit([broken, good])
  expect(text.match(/<testsuite /g)).toHaveLength(2)
  expect(text.match(/<testcase /g)).toHaveLength(broken.checks.length + good.checks.length)
  expect(text).toContain('<failure type="challenge-missing"')
  expect(failures(text)).toBe(broken.findings.filter(({ severity }) => severity === 'error').length)
  const attacked = formatJunit([hostile])
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(attacked).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/)
  expect(attacked).not.toContain('<script>')
  expect(attacked).toContain('&lt;script&gt;')
})

test('JUnit: a warning is no failure', () => {
  const text = formatJunit([warned])
  expect(failures(text)).toBe(0)
  expect(text).toContain('<system-out>Warning: ')
})

test('SARIF 2.1.0: a rule for each check, every result names one, tolerated ones are suppressed', () => {
  const tolerated = tolerate(broken, { baseline: [broken], expected: new Map() })
  const { runs, version } = JSON.parse(formatSarif([broken, tolerated])) as {
    version: string
    runs: {
      tool: { driver: { rules: { id: string }[] } }
      results: { ruleId: string; ruleIndex: number; level: string; suppressions?: unknown[] }[]
    }[]
  }
  expect(version).toBe('2.1.0')
  for (const { tool, results } of runs) {
    expect(tool.driver.rules).toHaveLength(broken.checks.length)
    expect(results.map(({ ruleId }) => ruleId)).toEqual(broken.findings.map(({ id }) => id))
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId)
  }
  expect(runs[0]?.results[0]?.suppressions).toBeUndefined()
  expect(runs[1]?.results[0]?.suppressions).toEqual([{ kind: 'external', justification: 'in the baseline' }])
})

test('annotations: one line for each finding, whatever is in it', () => {
  expect(formatAnnotations([{ ...good, findings: [] }])).toBe('')
  const lines = formatAnnotations([hostile]).trimEnd().split('\n')
  expect(lines).toHaveLength(hostile.findings.length)
  expect(lines[0]).toMatch(/^::error title=The 401 carries no Bearer challenge[^:]*::/)
  expect(lines[0]).toContain('%0A::error')
})

test('Markdown: a stranger’s words stay words', () => {
  const text = formatMarkdown([hostile])
  expect(text).toContain('## ✖ The 401 carries no Bearer challenge')
  expect(text).toContain('<details><summary>The wire</summary>')
  expect(text).not.toContain('<script>')
  expect(text).not.toMatch(/[^\\]\[a\]\(b\)/)
  expect(text).not.toMatch(/@team/)
  expect(formatMarkdown([broken, good])).toMatch(/^\| Client \| reach \|/)
})

test('HTML: one page that asks for nothing, with every finding and every exchange', () => {
  const text = formatHtml([hostile])
  for (const { id } of hostile.findings) expect(text).toContain(id)
  for (const { exchanges } of [...hostile.steps, ...hostile.probes])
    for (const { number } of exchanges) expect(text).toContain(`id="claude-hosted-${number}"`)
  expect(text).not.toContain('<script')
  expect(text).not.toMatch(/\b(?:src|srcset|action)="/)
  expect(text).not.toMatch(/<(?:link|iframe|img|object)\b/)
})

test('HTML: an exchange says who sent it, what it is for, and what came back', () => {
  const text = formatHtml([good])
  expect(text).toContain('Knocks without a token')
  expect(text).toContain('Exchanges the code for tokens')
  expect(text).toMatch(/<li><span>Browser<\/span><\/li>/)
})

test('a baseline: what was there does not fail, what is new does', () => {
  const tolerance = { baseline: [warned], expected: new Map<string, string>() }
  expect(isFailure(tolerate(broken, tolerance), 'error')).toBe(true)
  const again = tolerate(broken, { ...tolerance, baseline: [broken] })
  expect(isFailure(again, 'warning')).toBe(false)
  expect(formatReport(again, ink)).toContain('Nothing new stands in Claude’s way')
  expect(formatReport(again, ink)).toContain('challenge-missing, in the baseline')
})

test('a baseline is that of the same client', () => {
  const other = { ...broken, client: { name: 'claude-code', title: 'Claude Code' } }
  expect(isFailure(tolerate(broken, { baseline: [other], expected: new Map() }), 'error')).toBe(true)
})

test('expected failures: read with reasons, refused when unknown, reported when gone', () => {
  const known = new Set(['challenge-missing', 'tool-without-title'])
  const expected = readExpectedFailures('# known\n\nchallenge-missing # until 2.0\r\n', known)
  expect([...expected]).toEqual([['challenge-missing', 'until 2.0']])
  expect(() => readExpectedFailures('\nchalenge-missing', known)).toThrow('line 2: "chalenge-missing"')
  const tolerance = { baseline: [], expected }
  expect(isFailure(tolerate(broken, tolerance), 'error')).toBe(false)
  expect(noLongerFound([broken], tolerance)).toEqual([])
  expect(noLongerFound([good], tolerance)).toEqual(['challenge-missing'])
})

test('which severity fails is a choice', () => {
  expect(isFailure(warned, 'error')).toBe(false)
  expect(isFailure(warned, 'warning')).toBe(true)
  expect(isFailure(broken, 'never')).toBe(false)
})

test('two reports compared: mended, new, still there, and no longer judged', () => {
  const [mended] = compareReports([broken], [good])
  expect(mended?.mended.map(({ id }) => id)).toContain('challenge-missing')
  expect(mended?.appeared.map(({ id }) => id)).not.toContain('challenge-missing')
  const [worse] = compareReports([good], [broken])
  expect(worse?.appeared.map(({ id }) => id)).toContain('challenge-missing')
  const unjudged = {
    ...good,
    checks: good.checks.map((check) => ({ ...check, verdict: 'could-not-run' as const })),
  }
  const [unknown] = compareReports([broken], [unjudged])
  expect(unknown?.mended).toEqual([])
  expect(unknown?.unknown.map(({ id }) => id)).toContain('challenge-missing')
  expect(formatComparison(worse ?? never(), ink)).toMatch(/New\n {2}✖ The 401 carries no Bearer challenge/)
})

test('client by stage: where each stops, and that what only another suffers is not in its row', async () => {
  const code = await examineLab(brokenLab(toolWithoutTitle), { surface: claudeCode })
  const table = formatClientTable([broken, code], ink)
  expect(table).toMatch(/^client +reach +answer/)
  expect(table).toMatch(/^claude-hosted .*✖.*challenge-missing$/m)
  const others = {
    ...code,
    findings: code.findings.map((one) => ({ ...one, clients: ['chatgpt' as const] })),
  }
  expect(formatClientTable([others], ink)).not.toContain('tool-without-title')
})

function withCause(report: DoctorReport, cause: string): DoctorReport {
  return { ...report, findings: report.findings.map((finding) => ({ ...finding, cause })) }
}

function failures(junit: string): number {
  return [...junit.matchAll(/ failures="(\d+)"/g)].reduce((sum, [, count]) => sum + Number(count), 0)
}

function never(): never {
  throw new Error('there is a comparison')
}
