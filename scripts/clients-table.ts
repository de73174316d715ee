/** Writes the table "clients by way in" into README.md from test/interop/clients.json, which the tests write: `node scripts/clients-table.ts`. */

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** One run of one client, as test/interop/clients.test.ts recorded it. */
export interface ClientResult {
  /** The name for people. */
  readonly client: string
  readonly version: string
  /** The program itself, or our connector in its manner. */
  readonly kind: 'program' | 'profile'
  readonly wayIn: WayInColumn
  readonly protocolVersion: string
  /** `connected`, or what stopped it. */
  readonly result: string
}

export type WayInColumn =
  | 'dynamic registration'
  | 'client metadata document'
  | 'pre-registered'
  | 'pre-registered with a secret'

export const clientResultsPath: string = fileURLToPath(
  new URL('../test/interop/clients.json', import.meta.url),
)
export const readmePath: string = fileURLToPath(new URL('../README.md', import.meta.url))

export function readClientResults(): ClientResult[] {
  return JSON.parse(readFileSync(clientResultsPath, 'utf8')) as ClientResult[]
}

/** One row for each client, Claude's first; one column for each way in. */
export function formatClientsTable(results: readonly ClientResult[]): string {
  const inOrder = results.toSorted((a, b) => a.kind.localeCompare(b.kind))
  const rows = Map.groupBy(inOrder, ({ client }) => client)
  const headings = ['Client', 'MCP', ...columns.map(([, heading]) => heading)]
  const lines = [headings, headings.map(() => '---')]
  for (const [client, runs] of rows) {
    const mark = runs.some(({ kind }) => kind === 'profile') ? '¹' : ''
    lines.push([
      [client, ...different(runs.map(({ version }) => version)), mark].filter(Boolean).join(' '),
      different(runs.map(({ protocolVersion }) => protocolVersion)).join(', '),
      ...columns.map(([wayIn]) => verdict(runs.find((run) => run.wayIn === wayIn))),
    ])
  }
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n\n${notes}`
}

/** The document with the table between its two marks; whatever else it says is its author's. */
export function withClientsTable(document: string, table: string): string {
  const [before, rest, ...more] = document.split(startMark)
  const [, after, ...others] = (rest ?? '').split(endMark)
  if (before === undefined || after === undefined || more.length > 0 || others.length > 0) {
    throw new Error(`the document needs exactly one ${startMark} and, after it, one ${endMark}`)
  }
  return `${before}${startMark}\n${table}\n${endMark}${after}`
}

const startMark = '<!-- clients:start -->'
const endMark = '<!-- clients:end -->'

const columns: readonly (readonly [WayInColumn, string])[] = [
  ['dynamic registration', 'DCR'],
  ['client metadata document', 'CIMD'],
  ['pre-registered', 'id'],
  ['pre-registered with a secret', 'id and secret'],
]

const notes = `A tick: from the URL alone the client found out the rest, somebody signed in and approved, it listed the tools and called
one. A dash: it does not know that way. DCR: it registers itself. CIMD: it shows a metadata document, its own or Claude
Code's. The others got an id, or an id and a secret, from \`postern clients create\`.

¹ \`postern connect --as\` in the manner of that client. The other rows are the programs themselves.`

/** A run that failed knows neither of its versions. */
function different(words: readonly string[]): string[] {
  return [...new Set(words)].filter((word) => word !== '')
}

function verdict(run: ClientResult | undefined): string {
  if (run === undefined) return '–'
  return run.result === 'connected' ? '✓' : run.result.replaceAll('|', '\\|')
}

if (import.meta.main) {
  writeFileSync(
    readmePath,
    withClientsTable(readFileSync(readmePath, 'utf8'), formatClientsTable(readClientResults())),
  )
}
