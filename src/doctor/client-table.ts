/** One server, many clients: how far each comes, stage by stage. */

import { type AffectedClient, type Stage, stages } from './check.ts'
import type { DoctorReport } from './report.ts'

export type Mark = 'good' | 'warning' | 'bad' | 'not-seen'

export interface ClientRow {
  client: DoctorReport['client']
  stages: readonly { stage: Stage; mark: Mark }[]
  /** The first thing that this client stumbles over. */
  first: string | undefined
}

export const marks: Readonly<Record<Mark, string>> = { good: '✔', warning: '!', bad: '✖', 'not-seen': '·' }

export const stageTitles: Readonly<Record<Stage, string>> = {
  reach: 'reach',
  'first-answer': 'answer',
  discovery: 'discovery',
  registration: 'client id',
  authorize: 'sign-in',
  token: 'token',
  'first-call': 'first call',
  staying: 'staying',
  protocol: 'protocol',
  tools: 'tools',
  security: 'security',
}

/** What a finding says of other clients than the row's own is left out of the row. */
export function clientsByStage(reports: readonly DoctorReport[]): ClientRow[] {
  return reports.map((report) => {
    const own = report.findings.filter(({ clients }) => isAbout(report.client.name, clients))
    return {
      client: report.client,
      first: own[0]?.id,
      stages: stages.map((stage) => {
        const found = own.filter((finding) => finding.stage === stage)
        const passed = report.checks.some((check) => check.stage === stage && check.verdict === 'passed')
        const mark = found.some(({ severity }) => severity === 'error')
          ? 'bad'
          : found.length > 0
            ? 'warning'
            : passed
              ? 'good'
              : 'not-seen'
        return { stage, mark }
      }),
    }
  })
}

function isAbout(name: string, clients: readonly AffectedClient[]): boolean {
  // A variant is called `claude-hosted+origin`.
  const affected = affectedAs[name.split('+', 1)[0] ?? '']
  return affected === undefined || clients.includes(affected)
}

/** `strict` is no product, so that everything is about it. */
const affectedAs: Readonly<Record<string, AffectedClient>> = {
  'claude-hosted': 'hosted',
  'claude-hosted-2025': 'hosted',
  'claude-code': 'code',
  'messages-api': 'messages-api',
  inspector: 'inspector',
  chatgpt: 'chatgpt',
  vscode: 'vscode',
}
