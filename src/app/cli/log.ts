/** Events as lines on standard error: JSON for programs, one line of plain words for people. Only events get here, and an event has no field that could hold a secret. */

import { pino } from 'pino'
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
  const destination = { write: chosen === 'json' ? byTheTurn(writer) : prettyWriter(writer) }
  const logger = pino(
    {
      level,
      base: null,
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  return {
    format: chosen,
    reader: ({ name, at, flowId, ...fields }) => {
      const time = new Date(at * 1000).toISOString()
      logger[eventLevels.get(name) ?? 'info']({ time, event: name, flowId, ...fields })
    },
  }
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

const levelStyles: Record<string, Style | undefined> = { warn: 'yellow', error: 'red', debug: 'dim' }
const eventColumns = 22

/** pino gives one JSON object for each line; a person gets time, event, and the fields that are there. */
function prettyWriter(writer: Writer): (line: string) => void {
  return function writePretty(line) {
    const { level, time, event, flowId, ...fields } = JSON.parse(line) as LoggedEvent
    const clock = new Date(time).toTimeString().slice(0, 8)
    const style = levelStyles[level]
    const name = event.padEnd(eventColumns)
    const facts = Object.entries(fields)
      .filter(([key, value]) => isForPeople(key, String(value)))
      .map(([key, value]) => `${key}=${formatValue(value)}`)
    writer.line(
      [
        writer.style('dim', clock),
        style === undefined ? name : writer.style(style, name),
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

type LoggedEvent = Omit<PosternEvent, 'name' | 'at'> & { level: string; time: string; event: string }

function formatValue(value: unknown): string {
  const text = printable(String(value))
  return /^[\w.:/@+-]+$/.test(text) ? text : JSON.stringify(text)
}
