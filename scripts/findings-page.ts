/** The reference page of the doctor's findings, by stage in the order in which Claude meets them. */

import { type Check, stages } from '../src/doctor/check.ts'
import { allChecks } from '../src/doctor/doctor.ts'
import { names, parties } from '../src/doctor/reports/words.ts'

export function findingsPage(notice: string): string {
  const parts = stages.flatMap((stage) => {
    const checks = allChecks
      .filter((check) => check.stage === stage)
      .toSorted((one, other) => one.rank - other.rank)
    return checks.length === 0 ? [] : [`## ${titles[stage]}`, ...checks.flatMap(findingPart)]
  })
  const introduction = [
    '# Findings of `postern doctor`',
    notice,
    'Each by its id, as in `findings[].id` of the [JSON report](doctor-report.schema.json), in the order in which Claude meets them.',
  ]
  return `${[...introduction, ...parts].join('\n\n')}\n`
}

const titles: Readonly<Record<Check['stage'], string>> = {
  reach: 'Reaching the server',
  'first-answer': 'The first answer',
  discovery: 'Discovery',
  registration: 'Registration',
  authorize: 'Sign-in and the way back',
  token: 'The token endpoint',
  'first-call': 'The first call with a token',
  staying: 'Staying connected',
  protocol: 'The protocol',
  tools: 'Tools',
  security: 'Security',
}

function findingPart({ id, title, severity, claude, seen, clients, party, fix, source }: Check): string[] {
  const frameworks = Object.entries(fix.frameworks ?? {}).map(([framework, says]) => {
    return `  - ${names[framework as keyof typeof names]}: ${says}`
  })
  const facts = [
    `- Severity: ${severity}`,
    `- What Claude does: ${claude}`,
    ...(seen === undefined ? [] : [`- The person sees: “${seen}”`]),
    `- Who suffers: ${clients.join(', ')}`,
    `- Whose fault: ${parties[party]}`,
    `- Fix: ${fix.general}`,
    ...frameworks,
    `- Source: ${source.startsWith('https://') ? `<${source}>` : source}`,
  ]
  return [`### ${id}`, `${title}.`, facts.join('\n')]
}
