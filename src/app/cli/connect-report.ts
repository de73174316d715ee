/** A connection as a person reads it in a terminal: steps with their verdicts, then what the server offers. */

import type { Connection, Listed } from '../../client/connector.ts'
import type { Surface } from '../../client/surface.ts'
import type { TranscriptStep, Verdict } from '../../client/transcript.ts'

export interface Paint {
  good(text: string): string
  bad(text: string): string
  faint(text: string): string
  strong(text: string): string
}

/** The words say the same as the colours, for those who see none. */
export function paintFor(isColoured: boolean): Paint {
  const with_ = (code: string) => (text: string) => (isColoured ? `\x1b[${code}m${text}\x1b[0m` : text)
  return { good: with_('32'), bad: with_('31'), faint: with_('2'), strong: with_('1') }
}

export function formatHeading(surface: Surface, url: string, paint: Paint): string {
  const seen = surface.name === 'strict' ? '' : `, as seen ${surface.userAgents.observedAt}`
  return `${paint.strong(`Connecting to ${clean(url)}`)}\n${paint.faint(`as ${surface.title} (${surface.name}${seen})`)}\n\n`
}

const marks: Readonly<Record<Verdict, string>> = { passed: '✔', failed: '✖', skipped: '–' }

export function formatStep(step: TranscriptStep, paint: Paint): string {
  const colour = step.verdict === 'passed' ? paint.good : step.verdict === 'failed' ? paint.bad : paint.faint
  const number = String(step.number).padStart(2)
  const lines = [
    `${number} ${colour(`${marks[step.verdict]} ${step.verdict}`)}  ${paint.strong(clean(step.title))}`,
  ]
  lines.push(`     ${clean(step.says)}`)
  for (const problem of step.problems) {
    // The sentence of a failed step often is its first problem already.
    if (step.says.includes(problem.says)) continue
    lines.push(paint.faint(`     note: ${clean(problem.says)} (${problem.standard})`))
  }
  return `${lines.join('\n')}\n`
}

export function formatConnection(connection: Connection, paint: Paint): string {
  const parts = [
    sessionPart(connection, paint),
    listPart('Tools', connection.tools, toolLine, paint),
    listPart('Prompts', connection.prompts, promptLine, paint),
    listPart('Resources', connection.resources, resourceLine, paint),
    // After a refresh everything is done again: what comes back the same is shown once.
    ...new Set([
      ...connection.calls.map(({ name, result }) => contentPart(`Result of ${name}`, result.content, paint)),
      ...connection.reads.map(({ uri, result }) => contentPart(uri, result.contents, paint)),
    ]),
    endPart(connection, paint),
  ]
  return `\n${parts.filter((part) => part !== '').join('\n')}`
}

function sessionPart({ session }: Connection, paint: Paint): string {
  if (session === undefined) return ''
  const { name, title, version } = session.server
  const who = [title ?? name ?? 'A server without a name', version]
    .filter((word) => word !== undefined)
    .join(' ')
  const transport = session.transport === 'http+sse' ? 'HTTP+SSE' : 'Streamable HTTP'
  return `${paint.strong(clean(who))}, MCP ${session.protocolVersion} over ${transport}\n`
}

function listPart(
  heading: string,
  items: readonly Listed[],
  line: (item: Listed, width: number, paint: Paint) => string,
  paint: Paint,
): string {
  if (items.length === 0) return ''
  const width = Math.min(40, Math.max(...items.map((item) => String(item.name ?? '').length)))
  return `${paint.strong(`${heading} (${items.length})`)}\n${items.map((item) => `  ${line(item, width, paint)}\n`).join('')}`
}

function toolLine(tool: Listed, width: number, paint: Paint): string {
  const annotations = (tool.annotations ?? {}) as {
    title?: unknown
    readOnlyHint?: unknown
    destructiveHint?: unknown
  }
  const title = String(tool.title ?? annotations.title ?? '')
  const mark =
    annotations.readOnlyHint === true
      ? 'read-only'
      : annotations.destructiveHint === true
        ? 'destructive'
        : ''
  const marked = mark === '' ? '' : `  ${mark === 'destructive' ? paint.bad(mark) : paint.faint(mark)}`
  return `${clean(String(tool.name ?? '')).padEnd(width)}  ${clean(title)}${marked}`.trimEnd()
}

function promptLine(prompt: Listed, width: number): string {
  return `${clean(String(prompt.name ?? '')).padEnd(width)}  ${clean(String(prompt.title ?? ''))}`.trimEnd()
}

function resourceLine(resource: Listed, width: number, paint: Paint): string {
  const name = clean(String(resource.name ?? '')).padEnd(width)
  return `${name}  ${clean(String(resource.uri ?? ''))}${resource.mimeType === undefined ? '' : paint.faint(`  ${clean(String(resource.mimeType))}`)}`
}

/** Text is shown; what is not text, by its type and size. */
function contentPart(heading: string, content: unknown, paint: Paint): string {
  const items = Array.isArray(content) ? (content as Record<string, unknown>[]) : []
  const lines = items.flatMap((item) => contentLines(item).map((line) => `  ${line}\n`))
  return `${paint.strong(clean(heading))}\n${lines.join('')}`
}

function contentLines(item: Record<string, unknown>): string[] {
  const type = String(item.type ?? 'resource')
  const mime = String(item.mimeType ?? 'no type')
  if (typeof item.text === 'string') return item.text.split('\n').map(clean)
  if (typeof item.data === 'string') return [`${type} ${clean(mime)}, ${bytesOf(item.data)} bytes`]
  if (typeof item.blob === 'string') return [`binary ${clean(mime)}, ${bytesOf(item.blob)} bytes`]
  if (typeof item.resource === 'object' && item.resource !== null) {
    const resource = item.resource as Record<string, unknown>
    return [
      `resource ${clean(String(resource.uri ?? ''))}`,
      ...contentLines(resource).map((line) => `  ${line}`),
    ]
  }
  return [`${clean(type)} ${clean(String(item.uri ?? item.name ?? ''))}`.trimEnd()]
}

function bytesOf(base64: string): number {
  return Math.floor((base64.replace(/[=\s]+$/, '').length * 3) / 4)
}

function endPart({ failure }: Connection, paint: Paint): string {
  if (failure === undefined) return `${paint.good('✔ Connected.')}\n`
  const causes = {
    stopped: 'Stopped',
    usage: 'Wrong usage',
    'sign-in': 'The sign-in failed',
    'not-reached': 'Not reached',
    tool: 'A tool reported an error',
    protocol: 'The server broke the protocol',
  }
  return `${paint.bad(`✖ ${causes[failure.reason]}: ${clean(failure.says)}`)}\n`
}

/** The server's words could otherwise move the cursor or rewrite what stands above (terminal escape injection). */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => (character === '\t' ? ' ' : '\ufffd'))
}
