/** `postern connections`: every attempt to connect, how far it came, and why it stopped; also live, while people try. */

import { Command } from 'commander'
import { agentName } from '../../connections/agent.ts'
import type { Diagnosis } from '../../connections/diagnosis.ts'
import { milestoneNames } from '../../connections/step.ts'
import type { TimelineEntry } from '../../connections/story.ts'
import { systemClock } from '../../platform/clock.ts'
import { maximumConnections } from '../../storage/limits.ts'
import type { Storage } from '../../storage/storage.ts'
import { followConnections } from './connections-follow.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { dataFlags, examples, group } from './management.ts'
import { type RecordFlags, withRecords } from './records.ts'
import {
  age,
  asJson,
  clip,
  clockTime,
  findShown,
  type Shown,
  shortId,
  stateNames,
  stateStyles,
} from './shown-connection.ts'
import { formatTable, printable, type Terminal, type Writer } from './terminal.ts'

export function connectionsCommand(terminal: Terminal): Command {
  const connections = group(
    'connections',
    'Attempts to connect: how far each came, and why it stopped',
    'Every attempt to connect is one story, from the first request over sign-in and consent to tokens and calls: how ' +
      'far it came, when, and for one that stopped the likely cause and what to do. Kept for seven days.',
  )
  dataFlags(connections)
    .option('--follow', 'go on, and print each step as it happens')
    .option('--all', 'also visits that were no attempt: browsers, monitors, scanners')
    .option('--limit <count>', 'so many, the latest', '20')
    .addHelpText(
      'after',
      examples([
        ['postern connections', 'the latest attempts'],
        ['postern connections --follow', 'beside a running server, while somebody connects'],
        ['postern connections --json | jq \'.[] | select(.state == "stopped")\'', 'for a script'],
        ['postern connections show aqTDzElI3w-s_g', 'one attempt, step by step'],
      ]),
    )
    .action((flags: ListFlags) => withRecords(flags, (storage) => listOrFollow(flags, storage, terminal)))
  connections.addCommand(showCommand(terminal))
  return connections
}

interface ListFlags extends RecordFlags {
  follow?: boolean
  all?: boolean
  limit: string
}

async function listOrFollow(flags: ListFlags, storage: Storage, { out, err }: Terminal): Promise<void> {
  const limit = readLimit(flags.limit)
  const shown = await findShown(storage, {}, flags.all === true)
  const latest = shown.slice(0, limit)
  if (flags.json === true && flags.follow !== true) {
    return out.line(JSON.stringify(latest.map(asJson), undefined, 2))
  }
  if (flags.json !== true) writeList(latest, shown.length - latest.length, out)
  if (flags.follow !== true) return
  err.line('Waiting for steps. Ctrl+C ends.')
  await followConnections(storage, out, shown, flags.json === true)
}

function readLimit(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit > 0 && limit <= maximumConnections) return limit
  throw new CommandFailure(`--limit ${text} is not a number from 1 to ${maximumConnections}`, exitCodes.usage)
}

/* The list */

function writeList(shown: readonly Shown[], more: number, out: Writer): void {
  if (shown.length === 0) {
    out.line('Nobody has tried to connect in the last seven days.')
    return
  }
  const now = systemClock()
  // Where there is only one it would say the same in each line.
  const isOne = new Set(shown.map(({ connection }) => connection.connector)).size <= 1
  const cells = ({ connection, story, person }: Shown): string[] => [
    shortId(story.connectionId),
    age(story.lastAt, now),
    clip(story.client, 20),
    ...(isOne ? [] : [clip(connection.connector ?? '', 24)]),
    clip(person ?? '', 12),
    story.reached === undefined ? '' : milestoneNames[story.reached],
    out.style(stateStyles[story.state], stateNames[story.state]),
  ]
  const [heading = '', ...lines] = formatTable(
    out,
    ['ID', 'LAST', 'CLIENT', ...(isOne ? [] : ['AT']), 'PERSON', 'REACHED', 'STATE'],
    shown.map(cells),
  ).split('\n')
  out.line(heading)
  lines.forEach((line, index) => {
    out.line(line)
    const diagnosis = shown[index]?.story.diagnosis
    if (diagnosis !== undefined) out.paragraph(diagnosis.seen, '    ')
  })
  out.line()
  if (more > 0) out.line(`${more} more with --limit.`)
  out.paragraph(
    '`postern connections show <id>` tells one step by step, with the likely cause and what to do.',
  )
}

/* One story */

function showCommand(terminal: Terminal): Command {
  return dataFlags(new Command('show'))
    .summary('one attempt, step by step, with the likely cause and what to do')
    .description('Tells one attempt step by step, and for one that stopped the likely cause and what to do.')
    .argument('<id>', 'as `postern connections` shows it, or of the grant that came of it')
    .addHelpText(
      'after',
      examples([
        ['postern connections show aqTDzElI3w-s_g', 'one attempt'],
        ['postern connections show aqTDzElI3w-s_g --json', 'to attach to a report: it holds no secret'],
      ]),
    )
    .action((id: string, _: unknown, self: Command) => {
      // The command above has the same flags, and gets them wherever they stand.
      const flags: RecordFlags = self.optsWithGlobals()
      return withRecords(flags, async (storage) => {
        const shown = await findOne(storage, id)
        if (flags.json === true) terminal.out.line(JSON.stringify(asJson(shown), undefined, 2))
        else writeStory(shown, terminal.out)
      })
    })
}

/** Its whole id, either part of it, or the beginning of one, as long as only one is meant; or the id of the grant that came of it. */
async function findOne(storage: Storage, id: string): Promise<Shown> {
  const shown = await findShown(storage, {}, true)
  const exact = shown.filter(({ story: { connectionId } }) => {
    return connectionId === id || shortId(connectionId) === id
  })
  const begun = shown.filter(({ story: { connectionId } }) => {
    return connectionId.startsWith(id) || shortId(connectionId).startsWith(id)
  })
  const [granted] = shown.filter(({ connection }) => connection.grantId === id)
  const [only, another] = exact.length > 0 ? exact : granted === undefined ? begun : [granted]
  if (only === undefined) {
    throw new CommandFailure(
      `there is no connection ${printable(id)}; \`postern connections --all\` shows those there are`,
    )
  }
  if (another !== undefined) {
    throw new CommandFailure(`more than one connection begins with ${printable(id)}; give the whole id`)
  }
  return only
}

function writeStory(shown: Shown, out: Writer): void {
  const { story } = shown
  const { state, timeline, diagnosis, startedAt } = story
  out.line(out.style('bold', headingOf(shown)))
  out.line(`${out.style(stateStyles[state], stateNames[state])}; came as far as: ${story.lastStep}`)
  for (const [label, value] of identityOf(shown)) out.line(out.style('dim', `${label} ${printable(value)}`))
  out.line()
  out.line(new Date(startedAt * 1000).toDateString())
  for (const entry of timeline) writeEntry(entry, out)
  if (timeline.some(({ isInferred }) => isInferred)) {
    out.line()
    out.paragraph('~ named no client: joined by the kind of program and the time.')
  }
  if (diagnosis !== undefined) writeDiagnosis(diagnosis, out)
}

function headingOf({ connection, story, person }: Shown): string {
  const kind = agentName(connection.agent)
  const client = printable(story.client)
  const agent = connection.agent === undefined || client === kind ? '' : ` (${kind})`
  const place = connection.connector === undefined ? '' : ` at ${printable(connection.connector)}`
  return `${client}${agent}${person === undefined ? '' : ` for ${printable(person)}`}${place}`
}

function identityOf({ connection }: Shown): (readonly [string, string])[] {
  const { connectionId, clientId, redirectHost, grantId } = connection
  const facts = [
    ['connection', connectionId],
    ['client id ', clientId],
    ['callback  ', redirectHost],
    ['grant     ', grantId],
  ] as const
  return facts.flatMap(([label, value]) => (value === undefined ? [] : [[label, value] as const]))
}

function writeEntry(entry: TimelineEntry, out: Writer): void {
  const { at, afterSeconds, words, count, lastAt, isInferred, errorId, longestMs } = entry
  const facts = [
    ...(count > 1 ? [`${count} times, last at ${clockTime(lastAt)}`] : []),
    ...(longestMs !== undefined && longestMs >= slowMs ? [`up to ${(longestMs / 1000).toFixed(1)} s`] : []),
    ...(errorId === undefined ? [] : [`log: ${errorId}`]),
  ]
  const mark = isInferred ? '~' : ' '
  const offset = `+${afterSeconds < 600 ? `${afterSeconds} s` : age(0, afterSeconds)}`
  out.line(`  ${clockTime(at)} ${offset.padStart(7)} ${mark} ${words}`)
  if (facts.length > 0) out.line(out.style('dim', `                      ${facts.join(', ')}`))
}

/** Slower than this is worth saying; Claude gives up after ten seconds or more. */
const slowMs = 1000

function writeDiagnosis(diagnosis: Diagnosis, out: Writer): void {
  const { id, seen, shown, cause, fix, rows, sources } = diagnosis
  out.line()
  out.line(out.style('bold', id) + (rows.length === 0 ? '' : out.style('dim', ` (${rows.join(', ')})`)))
  out.paragraph(seen, '  ')
  const parts = [
    ['The person sees', shown],
    ['Likely cause', cause],
    ['What to do', fix],
  ] as const
  for (const [label, text] of parts) {
    if (text === undefined) continue
    out.line()
    out.line(label)
    out.paragraph(text, '  ')
  }
  if (sources.length === 0) return
  out.line()
  out.line('Seen before')
  for (const source of sources) out.line(`  ${source}`)
}
