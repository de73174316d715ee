/** SARIF 2.1.0 (OASIS), as code scanning pages read it: one run for each client, one rule for each check. */

import type { Finding } from '../diagnosis.ts'
import type { DoctorReport } from '../report.ts'

export function formatSarif(reports: readonly DoctorReport[]): string {
  const document = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: reports.map(runOf),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function runOf(report: DoctorReport): unknown {
  const { checks, client, findings, url } = report
  const details = new Map(findings.map((finding) => [finding.id, finding]))
  return {
    automationDetails: { id: `postern-doctor/${client.name}/` },
    tool: {
      driver: {
        name: 'postern doctor',
        rules: checks.map(({ id, title, stage }) => ({
          id,
          shortDescription: { text: title },
          properties: { tags: [stage] },
          ...ruleDetails(details.get(id)),
        })),
      },
    },
    invocations: [
      {
        executionSuccessful: true,
        startTimeUtc: new Date(report.startedAt * 1000).toISOString(),
        endTimeUtc: new Date(report.startedAt * 1000 + report.durationMs).toISOString(),
      },
    ],
    results: findings.map((finding) => resultOf(finding, report)),
    properties: { url, client: client.name },
  }
}

function ruleDetails(finding: Finding | undefined): object {
  if (finding === undefined) return {}
  return {
    fullDescription: { text: finding.claude },
    help: { text: `${finding.fix} (${finding.source})` },
    ...(URL.canParse(finding.source) ? { helpUri: finding.source } : {}),
    defaultConfiguration: { level: finding.severity },
  }
}

function resultOf(finding: Finding, { checks, client, url }: DoctorReport): unknown {
  return {
    ruleId: finding.id,
    ruleIndex: checks.findIndex(({ id }) => id === finding.id),
    level: finding.severity,
    message: { text: `${finding.title}. ${finding.cause} Fix: ${finding.fix}` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(url) } },
        logicalLocations: [{ name: finding.stage, kind: 'module' }],
      },
    ],
    // The same fault of the same server is the same alert in the next run.
    partialFingerprints: { 'postern/finding/v1': `${client.name} ${finding.id}` },
    ...(finding.tolerated === undefined
      ? {}
      : { suppressions: [{ kind: 'external', justification: finding.tolerated }] }),
    properties: { party: finding.party, clients: finding.clients, exchanges: finding.exchanges },
  }
}

/** A server has no file; its address is the place. */
function uriOf(url: string): string {
  return URL.canParse(url) ? new URL(url).href : encodeURI(url)
}
