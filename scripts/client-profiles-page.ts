/** The reference page of the clients that the connector can be: where each behaviour was read or seen, when, and what is not modelled. */

import type { Evidence, Surface } from '../src/client/surface.ts'
import * as surfaces from '../src/client/surfaces/index.ts'

export function clientProfilesPage(notice: string): string {
  return `${[
    '# Clients that the connector can be',
    notice,
    'Each by its name for `--as` of `postern connect` and `postern doctor`. What clients do is observed, and changes: every part of a ' +
      'profile says where it was read or seen, and when. *Recorded* is a sequence that was taken of the real program against a server on the same ' +
      'machine; a test compares the profile with it, and the Inspector’s with the real one each time. Where nothing was recorded, ' +
      'a profile is as good as its sources.',
    ...Object.values(surfaces).flatMap(profilePart),
  ].join('\n\n')}\n`
}

const parts = {
  userAgents: 'User-Agent',
  discovery: 'Discovery',
  identity: 'Client id',
  authorization: 'Authorization',
  token: 'Token',
  refresh: 'Renewal',
  challenges: 'Challenges',
  mcp: 'MCP',
  deadlines: 'Deadlines',
} as const satisfies Partial<Record<keyof Surface, string>>

function profilePart(surface: Surface): string[] {
  const rows = Object.entries(parts).map(([part, title]) => {
    const { source, observedAt }: Evidence = surface[part as keyof typeof parts]
    return `| ${title} | ${linked(source)} | ${observedAt} |`
  })
  return [
    `## ${surface.name}`,
    `${surface.title}.`,
    ['| Part | Source | Observed |', '| --- | --- | --- |', ...rows].join('\n'),
    'Not modelled:',
    surface.notModelled.map((says) => `- ${says}`).join('\n'),
  ]
}

/** Several addresses stand side by side. */
function linked(source: string): string {
  return source.replaceAll(/https:\/\/[^\s,]+/g, (address) => `<${address}>`)
}
