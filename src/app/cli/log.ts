/** Events as lines on standard error: JSON for programs, one line of plain words for people. Only events get here, and an event has no field that could hold a secret. */

import type { EventReader, PosternEvent } from '../../platform/telemetry.ts'
import type { LogLevel } from '../options.ts'
import { eventLevels } from './events.ts'
import { printable, type Style, type Writer } from './terminal.ts'

export interface Log {
  readonly format: 'pretty' | 'json'
  readonly reader: EventReader
}

export function createLog(writer: Writer, level: LogLevel, format: 'pretty' | 'json' | undefined): Log {
  const chosen = format ?? (writer.isTerminal ? 'pretty' : 'json')
  const write = chosen === 'json' ? jsonWriter(writer) : prettyWriter(writer)
  const least = severity[level]
  return {
    format: chosen,
    reader(event) {
      const own = eventLevels.get(event.name) ?? 'info'
      if (severity[own] >= least) write(own, event)
    },
  }
}

const severity: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 }

type WriteEvent = (level: LogLevel, event: PosternEvent) => void

/** One object for each line. An event is flat, and its texts are redacted and short. */
function jsonWriter(writer: Writer): WriteEvent {
  const write = byTheTurn(writer)
  return function writeJson(level, { name, at, flowId, ...fields }) {
    write(`${JSON.stringify({ level, time: timeOf(at), event: name, flowId, ...fields })}\n`)
  }
}

let latest = { at: Number.NaN, text: '' }

/** Most events of a second are not its first. */
function timeOf(at: number): string {
  if (at !== latest.at) latest = { at, text: new Date(at * 1000).toISOString() }
  return latest.text
}

/** Lines of one turn of the event loop in one write: a file or a pipe is waited for, each time. */
function byTheTurn({ write }: Writer): (line: string) => void {
  let lines = ''
  function flush(): void {
    if (lines !== '') write(lines)
    lines = ''
  }
  // Whatever ends the process, what it said before is kept.
  process.on('exit', flush)
  return function writeLine(line) {
    if (lines === '') setImmediate(flush)
    lines += line
  }
}

const levelStyles: Partial<Record<LogLevel, Style>> = { warn: 'yellow', error: 'red', debug: 'dim' }
const eventColumns = 22

/** For a person: the time of day, the event, and the fields that are there. */
function prettyWriter(writer: Writer): WriteEvent {
  return function writePretty(level, { name, at, flowId, ...fields }) {
    const clock = new Date(at * 1000).toTimeString().slice(0, 8)
    const style = levelStyles[level]
    const facts = Object.entries(fields)
      .filter(([key, value]) => isForPeople(key, String(value)))
      .map(([key, value]) => `${key}=${formatValue(value)}`)
    const padded = name.padEnd(eventColumns)
    writer.line(
      [
        writer.style('dim', clock),
        style === undefined ? padded : writer.style(style, padded),
        ...facts,
        writer.style('dim', `flow=${printable(flowId)}`),
      ].join(' '),
    )
  }
}

/** Ids that nobody reads; the flow id leads to the JSON lines that have them. A client id is worth reading if it is a URL or was made by hand. */
function isForPeople(key: string, value: string): boolean {
  if (key === 'clientId') return value.split('.').length !== 4 || value.startsWith('https:')
  return !['userId', 'grantId', 'connector', 'bytes'].includes(key)
}

function formatValue(value: unknown): string {
  const text = printable(String(value))
  return /^[\w.:/@+-]+$/.test(text) ? text : JSON.stringify(text)
}
