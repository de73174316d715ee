/** `postern doctor --story` and `--log`: attempts that the doctor did not make itself, told by a Postern in front or by access logs. */

import { open } from 'node:fs/promises'
import { createPlainFetch } from '../../client/plain-fetch-node.ts'
import { explainLogs, type LogReport } from '../../doctor/logs/log-report.ts'
import { formatAttempts, isFailing } from '../../doctor/story/attempt-text.ts'
import { readStories, StoryFailure } from '../../doctor/story/console-stories.ts'
import { systemClock } from '../../platform/clock.ts'
import type { AttemptReport } from '../../ui/console/reports.ts'
import { inkOf } from './doctor-forms.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { printable, type Writer } from './terminal.ts'

export interface StoryFlags {
  story?: string
  log?: string[]
  json?: boolean
}

export interface ToldStories {
  ofPostern: readonly AttemptReport[] | undefined
  ofLogs: LogReport | undefined
}

export function isAsked({ log = [], story }: StoryFlags): boolean {
  return story !== undefined || log.length > 0
}

/** Undefined when neither was asked for. The typed URL tells which path of a log is the MCP endpoint. */
export async function readToldStories(
  flags: StoryFlags,
  url: string | undefined,
): Promise<ToldStories | undefined> {
  if (!isAsked(flags)) return undefined
  const { log = [], story } = flags
  const mcpPath = url === undefined ? undefined : new URL(url).pathname
  return {
    ofPostern: story === undefined ? undefined : await askPostern(story),
    ofLogs: log.length === 0 ? undefined : await readLogs(log, mcpPath),
  }
}

async function readLogs(paths: readonly string[], mcpPath: string | undefined): Promise<LogReport> {
  const opened = await Promise.all(paths.map(openLog))
  const report = await explainLogs(
    opened.map(({ chunks }) => chunks),
    { mcpPath, now: systemClock() },
  )
  if (report.lines > 0 && report.formats.length === 0)
    throw new CommandFailure(unknownFormat, exitCodes.usage)
  return { ...report, isCut: report.isCut || opened.some(({ isTail }) => isTail) }
}

const unknownFormat =
  'No line is in a format that is known: common, combined, JSON lines of nginx variables or of Caddy. Of a packed file: zcat FILE | postern doctor --log -'

async function askPostern(url: string): Promise<AttemptReport[]> {
  const token = process.env.POSTERN_CONSOLE_TOKEN
  if (token === undefined || token === '') {
    throw new CommandFailure(
      '--story needs the operator’s token in POSTERN_CONSOLE_TOKEN, the one that the server was started with',
      exitCodes.usage,
    )
  }
  const plain = createPlainFetch(() => true)
  try {
    return await readStories({ url, token, fetch: plain.fetch })
  } catch (error) {
    if (error instanceof StoryFailure)
      throw new CommandFailure(error.message, exitCodes.failed, { cause: error })
    throw error
  } finally {
    await plain.close()
  }
}

/** Of a longer file the end is read: a month of a busy server. */
const maximumLogBytes = 256 * 1024 * 1024

async function openLog(path: string): Promise<{ chunks: AsyncIterable<Uint8Array>; isTail: boolean }> {
  if (path === '-') return { chunks: firstOf(process.stdin), isTail: false }
  const file = await open(path).catch((cause: Error) => {
    throw new CommandFailure(`${printable(path)} cannot be read: ${cause.message}`, exitCodes.usage, {
      cause,
    })
  })
  const found = await file.stat()
  if (found.isDirectory()) {
    await file.close()
    throw new CommandFailure(`${printable(path)} is a directory`, exitCodes.usage)
  }
  const start = Math.max(0, found.size - maximumLogBytes)
  // A pipe has no places to begin at.
  return { chunks: firstOf(file.createReadStream(start > 0 ? { start } : {})), isTail: start > 0 }
}

/** A pipe or a device may never end. */
async function* firstOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of chunks) {
    yield chunk
    size += chunk.byteLength
    if (size >= maximumLogBytes) return
  }
}

export function writeStories({ ofLogs, ofPostern }: ToldStories, flags: StoryFlags, out: Writer): void {
  if (flags.json === true) {
    out.line(JSON.stringify({ story: ofPostern, log: ofLogs }, undefined, 2))
    return
  }
  if (ofPostern !== undefined) out.write(formatAttempts(ofPostern, inkOf(out)))
  if (ofLogs === undefined) return
  if (ofPostern !== undefined) out.line()
  for (const says of remarksOn(ofLogs)) out.paragraph(says)
  if (ofLogs.attempts.length > 0) out.write(formatAttempts(ofLogs.attempts, inkOf(out)))
}

export function hasFailing({ ofLogs, ofPostern }: ToldStories): boolean {
  return [...(ofPostern ?? []), ...(ofLogs?.attempts ?? [])].some(isFailing)
}

function remarksOn({ attempts, formats, isCut, lines, mcpPath, unreadable }: LogReport): string[] {
  if (lines === 0) return ['The log is empty.']
  const skipped = unreadable === 0 ? '' : `; ${unreadable} could not be read`
  return [
    `${lines} lines in ${formats.join(' and ')}${skipped}.${mcpPath === undefined ? '' : ` The MCP endpoint is taken to be ${printable(mcpPath)}.`}`,
    ...(isCut ? ['It is long: what came last was read.'] : []),
    ...(attempts.length > 0 ? [''] : [nobody]),
  ]
}

const nobody =
  'No client of MCP has asked for anything. What does not arrive is stopped before this log is written: DNS, certificate, firewall or bot rule. `postern doctor URL` looks at these.'
