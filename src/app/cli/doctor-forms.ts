/** The forms of the doctor's report: which were asked for, and where each is written. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { allChecks } from '../../doctor/doctor.ts'
import type { DoctorReport } from '../../doctor/report.ts'
import { reportSchema } from '../../doctor/report-schema.ts'
import { formatAnnotations } from '../../doctor/reports/annotations.ts'
import { formatHtml } from '../../doctor/reports/html.ts'
import { formatJunit } from '../../doctor/reports/junit.ts'
import { formatMarkdown } from '../../doctor/reports/markdown.ts'
import { formatSarif } from '../../doctor/reports/sarif.ts'
import { formatReport, type Ink } from '../../doctor/reports/terminal.ts'
import { formatClientTable } from '../../doctor/reports/terminal-table.ts'
import { readExpectedFailures, type Tolerance } from '../../doctor/tolerance.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import type { Writer } from './terminal.ts'

export interface FormFlags {
  json?: boolean
  junit?: string
  sarif?: string
  html?: string
  markdown?: string
  annotations?: boolean
}

/** To standard output what a file named `-` asks for; the report for people, unless that is taken. */
export function writeForms(reports: readonly DoctorReport[], flags: FormFlags, out: Writer): void {
  const forms: [string | undefined, (reports: readonly DoctorReport[]) => string][] = [
    [flags.json === true ? '-' : undefined, formatJson],
    [flags.junit, formatJunit],
    [flags.sarif, formatSarif],
    [flags.html, formatHtml],
    [flags.markdown, formatMarkdown],
  ]
  const asked = forms.filter(([path]) => path !== undefined)
  for (const [path = '-', format] of asked) {
    if (path === '-') out.write(format(reports))
    else writeFile(path, format(reports))
  }
  if (!asked.some(([path]) => path === '-')) out.write(`\n${formatForPeople(reports, inkOf(out))}`)
  if (flags.annotations === true) out.write(formatAnnotations(reports))
}

/** One report as it is; of several, a list: the form that `--baseline` and `doctor diff` read. */
function formatJson(reports: readonly DoctorReport[]): string {
  return `${JSON.stringify(reports.length === 1 ? reports[0] : reports, null, 2)}\n`
}

function formatForPeople(reports: readonly DoctorReport[], ink: Ink): string {
  const [only] = reports
  return reports.length === 1 && only !== undefined
    ? formatReport(only, ink)
    : formatClientTable(reports, ink)
}

export function readReports(path: string): DoctorReport[] {
  const document = readJson(path)
  const reports = Array.isArray(document) ? document : [document]
  for (const report of reports) {
    if (!reportSchema.safeParse(report).success)
      throw new CommandFailure(
        `${path} is no report of postern doctor --json, or of another version`,
        exitCodes.usage,
      )
  }
  return reports as DoctorReport[]
}

export function readTolerance(flags: { baseline?: string; expectedFailures?: string }): Tolerance {
  return {
    baseline: flags.baseline === undefined ? [] : readReports(flags.baseline),
    expected: flags.expectedFailures === undefined ? new Map() : readExpected(flags.expectedFailures),
  }
}

function readExpected(path: string): ReadonlyMap<string, string> {
  const text = readText(path)
  try {
    return readExpectedFailures(text, new Set(allChecks.map(({ id }) => id)))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CommandFailure(`${path}, ${error.message}`, exitCodes.usage, { cause: error })
  }
}

function readJson(path: string): unknown {
  const text = readText(path)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CommandFailure(`${path} is not JSON: ${(cause as Error).message}`, exitCodes.usage, { cause })
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CommandFailure(`${path} cannot be read: ${(cause as Error).message}`, exitCodes.usage, {
      cause,
    })
  }
}

function writeFile(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  } catch (cause) {
    throw new CommandFailure(`${path} cannot be written: ${(cause as Error).message}`, exitCodes.usage, {
      cause,
    })
  }
}

export function inkOf(writer: Writer): Ink {
  return {
    good: (text) => writer.style('green', text),
    bad: (text) => writer.style('red', text),
    warn: (text) => writer.style('yellow', text),
    faint: (text) => writer.style('dim', text),
    strong: (text) => writer.style('bold', text),
    columns: writer.columns - 1,
  }
}
