/** `postern audit`: who did what, its export, and the proof that nothing of it was changed. */

import { Command, Option } from 'commander'
import { systemClock } from '../../platform/clock.ts'
import { findBreak } from '../../storage/audit-chain.ts'
import type { AuditRecord, Storage } from '../../storage/storage.ts'
import { CommandFailure } from './failure.ts'
import { dataFlags, describeInstant, examples, group } from './management.ts'
import { type RecordFlags, withRecords } from './records.ts'
import { formatTable, printable, type Terminal } from './terminal.ts'

export function auditCommand(terminal: Terminal): Command {
  const audit = group(
    'audit',
    'Who did what: the audit log, its export and its proof',
    'The audit log is only ever added to: sign-ins, decisions, connections that began and ended, and what was done at the ' +
      'command line and in the console. Each record is chained to the one before by a hash. Records go after 400 days.',
  )
  audit.addCommand(listCommand(terminal))
  audit.addCommand(exportCommand(terminal))
  audit.addCommand(verifyCommand(terminal))
  return audit
}

interface ListFlags extends RecordFlags {
  action?: string
  by?: string
  limit: number
}

function listCommand(terminal: Terminal): Command {
  return dataFlags(new Command('list'))
    .summary('the latest records, newest first')
    .description('Lists the latest records, newest first.')
    .option('--action <name>', 'only one kind, such as login.succeeded')
    .option('--by <name>', 'only what one person did, by user name')
    .addOption(new Option('--limit <n>', 'how many').default(50).argParser(readLimit))
    .addHelpText(
      'after',
      examples([
        ['postern audit list', 'the latest fifty'],
        ['postern audit list --by ada --limit 500', 'what one person did'],
        ['postern audit list --action grant.revoked --json', 'for a script'],
      ]),
    )
    .action((flags: ListFlags) =>
      withRecords(flags, async (storage) => {
        const actorId = flags.by === undefined ? undefined : await findUserId(storage, flags.by)
        const filter = {
          ...(actorId === undefined ? {} : { actorId }),
          ...(flags.action === undefined ? {} : { action: flags.action }),
        }
        const records = await storage.listAudit(filter, flags.limit)
        if (flags.json === true) terminal.out.line(JSON.stringify(records, undefined, 2))
        else if (records.length === 0) terminal.out.line('Nothing is written down yet.')
        else terminal.out.line(await auditTable(records, storage, terminal))
      }),
    )
}

async function findUserId(storage: Storage, name: string): Promise<string> {
  const user = await storage.findUserByName(name)
  if (user !== undefined) return user.userId
  throw new CommandFailure(
    `there is no account ${printable(name)}; \`postern users list\` shows those there are`,
  )
}

async function auditTable(
  records: readonly AuditRecord[],
  storage: Storage,
  { out }: Terminal,
): Promise<string> {
  const now = systemClock()
  const names = new Map((await storage.listUsers(1000)).map((user) => [user.userId, user.username]))
  const rows = records.map(({ number, at, action, actor, actorId, details }) => [
    String(number),
    describeInstant(at, now),
    action,
    printable(actorId === undefined ? actor : (names.get(actorId) ?? actorId)).slice(0, 40),
    printable(detailsText(details)).slice(0, 100),
  ])
  return formatTable(out, ['NUMBER', 'WHEN', 'WHAT', 'BY', 'DETAILS'], rows)
}

function detailsText(details: AuditRecord['details']): string {
  return Object.entries(details)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

interface ExportFlags extends RecordFlags {
  after: number
  format: 'jsonl' | 'csv'
}

function exportCommand(terminal: Terminal): Command {
  return dataFlags(new Command('export'))
    .summary('all of it, oldest first')
    .description(
      'Writes every record to standard output, oldest first: one JSON object on each line, or CSV.',
    )
    .addOption(new Option('--format <format>', 'of the output').choices(['jsonl', 'csv']).default('jsonl'))
    .addOption(
      new Option('--after <number>', 'only records with a higher number').default(0).argParser(readNumber),
    )
    .addHelpText(
      'after',
      examples([
        ['postern audit export > audit.jsonl', 'to keep elsewhere'],
        ['postern audit export --after 1200 >> audit.jsonl', 'to go on from there'],
      ]),
    )
    .action((flags: ExportFlags) =>
      withRecords(flags, async (storage) => {
        if (flags.format === 'csv') terminal.out.line(columns.join(','))
        for await (const record of readAll(storage, flags.after)) {
          terminal.out.line(flags.format === 'csv' ? csvLine(record) : JSON.stringify(record))
        }
      }),
    )
}

const columns = [
  'number',
  'at',
  'action',
  'actor',
  'actorId',
  'flowId',
  'details',
  'previousHash',
  'hash',
] as const

/** RFC 4180; a value that a spreadsheet would take for a formula is kept a text by a quote before it. */
function csvLine(record: AuditRecord): string {
  return columns
    .map((column) => {
      const value = record[column] ?? ''
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
      return `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
    })
    .join(',')
}

function verifyCommand(terminal: Terminal): Command {
  return dataFlags(new Command('verify'))
    .summary('proves that no record was changed, removed or put in')
    .description(
      'Follows the chain of hashes from the oldest record to the newest. Who can write to the database could make a new ' +
        'chain: compare the hash that this prints with one that you kept elsewhere.',
    )
    .addHelpText('after', examples([['postern audit verify', 'exit code 1 if the chain is broken']]))
    .action((flags: RecordFlags) =>
      withRecords(flags, async (storage) => {
        const { count, fault, last } = await followChain(storage)
        if (flags.json === true) {
          terminal.out.line(JSON.stringify({ records: count, fault, hash: last?.hash }, undefined, 2))
        }
        if (fault !== undefined) throw new CommandFailure(`the audit log was tampered with: ${fault}`)
        if (flags.json === true) return
        if (last === undefined) return terminal.out.line('Nothing is written down yet.')
        terminal.out.line(`${count} records, unbroken. The newest is ${last.number}: ${last.hash}`)
      }),
    )
}

/** Two at a time, so that a long log needs no more memory than a short one. */
async function followChain(
  storage: Storage,
): Promise<{ count: number; fault: string | undefined; last: AuditRecord | undefined }> {
  let count = 0
  let last: AuditRecord | undefined
  for await (const record of readAll(storage, 0)) {
    const fault = findBreak(last === undefined ? [record] : [last, record])
    if (fault !== undefined) return { count, fault, last }
    count++
    last = record
  }
  return { count, fault: undefined, last }
}

const pageSize = 1000

async function* readAll(storage: Storage, after: number): AsyncGenerator<AuditRecord> {
  for (let last = after; ; ) {
    const page = await storage.readAudit(last, pageSize)
    yield* page
    const end = page.at(-1)
    if (end === undefined) return
    last = end.number
  }
}

function readNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new CommandFailure(`${JSON.stringify(text)} is not a whole number`, 2)
}

function readLimit(text: string): number {
  return Math.min(readNumber(text), pageSize)
}
