// The table of eras in docs/guides/protocol-eras.md, as the matrix test proves it; this file is the program that writes it.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Generation, generations } from './clients.ts'
import { featureNames, limitOf, limits } from './features.ts'
import { type Kind, kinds } from './upstreams.ts'

export const guidePath: string = join(import.meta.dirname, '../../../docs/guides/protocol-eras.md')

const [start, end] = ['<!-- eras:start -->', '<!-- eras:end -->'] as const

export function formatErasTable(): string {
  const head = `| Client | ${kinds.join(' | ')} |`
  const rule = `| --- |${' --- |'.repeat(kinds.length)}`
  const rows = generations.map(
    (generation) => `| ${generation} | ${kinds.map((kind) => formatCell(generation, kind)).join(' | ')} |`,
  )
  const notes = limits.map(
    ({ source, sentence, meaning }, index) => `${index + 1}. ${meaning}\n   MCP ${source}: “${sentence}”`,
  )
  const tried = `Tried in each cell: ${featureNames.join(', ')}.`
  return [head, rule, ...rows, '', tried, '', ...notes].join('\n')
}

function formatCell(generation: Generation, kind: Kind): string {
  const missing = featureNames.flatMap((feature) => {
    const limit = limitOf(generation, kind, feature)
    return limit === undefined ? [] : [{ feature, note: limits.indexOf(limit) + 1 }]
  })
  if (missing.length === 0) return 'everything'
  const noted = [...new Set(missing.map(({ note }) => note))].map((note) => {
    const names = missing.filter((one) => one.note === note).map(({ feature }) => feature)
    return `${names.join(', ')} (${note})`
  })
  return `all but ${noted.join('; ')}`
}

export function withErasTable(document: string): string {
  const parts = document.split(start)
  const after = parts[1]?.split(end)
  if (parts.length !== 2 || after?.length !== 2)
    throw new Error(`the guide needs exactly one ${start} and ${end}`)
  return `${parts[0]}${start}\n${formatErasTable()}\n${end}${after[1]}`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(guidePath, withErasTable(readFileSync(guidePath, 'utf8')))
}
