/** `postern storage`: where the records are, their tables, and moving them into PostgreSQL. */

import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { systemClock } from '../../platform/clock.ts'
import { backUp } from '../../storage/backup-node.ts'
import { copyToPostgres } from '../../storage/copy/copy-node.ts'
import { postgresFacts } from '../../storage/postgres/facts.ts'
import { withoutPassword, withPassword } from '../../storage/postgres/url.ts'
import type { StorageFacts } from '../../storage/storage-facts.ts'
import { sqliteFacts } from '../../storage/storage-facts-node.ts'
import { type DataOptions, readDataOptions } from '../options.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { dataFlags, examples, group } from './management.ts'
import { databaseName, dataDirectory, openStorage, type RecordFlags, recordSources } from './records.ts'
import { formatTable, type Terminal } from './terminal.ts'

export function storageCommand(terminal: Terminal): Command {
  const storage = group(
    'storage',
    'Where the records are: look, migrate, move to PostgreSQL, back up',
    'The records of a Postern are in postern.db in its data directory, or in the PostgreSQL database that --database names.',
  )
  storage.addCommand(statusCommand(terminal))
  storage.addCommand(migrateCommand(terminal))
  storage.addCommand(copyCommand(terminal))
  storage.addCommand(backupCommand(terminal))
  return storage
}

function statusCommand(terminal: Terminal): Command {
  return dataFlags(new Command('status'))
    .summary('where the records are, and how many of each kind')
    .description(
      'Says where the records are, of which version its tables are, and how many rows each of them has.',
    )
    .addHelpText(
      'after',
      examples([
        ['postern storage status', 'the database of this data directory'],
        ['postern storage status --database postgres://postern@db/postern', 'one in PostgreSQL'],
      ]),
    )
    .action(async (flags: RecordFlags) => {
      const options = readDataOptions(await recordSources(flags))
      const facts = await factsOf(options)
      if (flags.json === true) terminal.out.line(JSON.stringify(facts, undefined, 2))
      else writeFacts(facts, terminal)
    })
}

async function factsOf(options: DataOptions): Promise<StorageFacts> {
  if (options.database !== undefined) return postgresFacts(options.database)
  const { database, path } = dataDirectory(options.data)
  if (!existsSync(database)) throw new CommandFailure(`there is no database in ${path} yet`)
  return sqliteFacts(database)
}

function writeFacts(facts: StorageFacts, { out }: Terminal): void {
  out.line(`Engine   ${facts.engine}`)
  out.line(`Where    ${facts.where}`)
  out.line(`Schema   version ${facts.version} of ${facts.newestVersion}`)
  out.line(`Size     ${(facts.bytes / 1_048_576).toFixed(1)} MB`)
  if (facts.movedTo !== undefined) {
    out.paragraph(`The records have moved to ${facts.movedTo}; what is left here is of no use to a server.`)
    return
  }
  out.line()
  const rows = Object.entries(facts.rows).map(([table, count]) => [table, String(count)])
  out.line(formatTable(out, ['TABLE', 'ROWS'], rows))
}

function migrateCommand(terminal: Terminal): Command {
  return dataFlags(new Command('migrate'))
    .summary('make or update the tables, and nothing else')
    .description(
      'Makes the tables, or brings them to the version that this Postern knows. A server does it by itself when it ' +
        'starts; this is for doing it before.',
    )
    .addHelpText(
      'after',
      examples([
        ['postern storage migrate', 'the database of this data directory'],
        ['postern storage migrate --database postgres://postern@db/postern', 'before new instances start'],
      ]),
    )
    .action(async (flags: RecordFlags) => {
      const options = readDataOptions(await recordSources(flags))
      await (await openStorage(options)).close()
      const { version } = await factsOf(options)
      if (flags.json === true) terminal.out.line(JSON.stringify({ version }))
      else terminal.out.line(`The tables in ${databaseName(options)} are of version ${version}.`)
    })
}

function copyCommand(terminal: Terminal): Command {
  return dataFlags(new Command('copy'))
    .summary('move the records from SQLite into PostgreSQL; nobody is signed out')
    .description(
      'Moves all records from postern.db into an empty PostgreSQL database, while the server goes on. At the end ' +
        'writes wait a moment, and the server that runs goes on in PostgreSQL by itself. From its next start on it ' +
        'needs --database or POSTERN_DATABASE; the master key stays where it is.',
    )
    .addHelpText(
      'after',
      examples([
        [
          'postern storage copy --database postgres://postern@db/postern',
          'from the data directory here; with the password, if any, in PGPASSWORD',
        ],
        ['POSTERN_DATABASE=postgres://… postern storage copy', 'with the password in the URL'],
      ]),
    )
    .action(async (flags: RecordFlags) => copy(flags, terminal))
}

async function copy(flags: RecordFlags, { out, err }: Terminal): Promise<void> {
  const { data, database: to } = readDataOptions(await recordSources(flags))
  if (to === undefined)
    throw new CommandFailure('say where to with --database or POSTERN_DATABASE', exitCodes.usage)
  const from = dataDirectory(data).database
  const stop = new AbortController()
  const onSignal = (): void =>
    stop.abort(new CommandFailure('stopped before the end; the records are where they were'))
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  const copied = await copyToPostgres({
    from,
    // The server that follows does not have the environment of this command.
    to: withPassword(to, process.env.PGPASSWORD),
    now: systemClock(),
    signal: stop.signal,
    onProgress(progress) {
      if (progress.kind === 'copied' && progress.rows % 20_000 === 0)
        err.line(`${progress.rows} rows copied …`)
      if (progress.kind === 'followed')
        err.line(`${progress.rows} rows had changed meanwhile, and were copied anew …`)
    },
  })
  const total = Object.values(copied.rows).reduce((sum, rows) => sum + rows, 0)
  if (flags.json === true) {
    out.line(JSON.stringify({ ...copied, total }, undefined, 2))
    return
  }
  out.paragraph(
    `${total} rows are in ${withoutPassword(to)}; writes waited ${Math.ceil(copied.pausedMs)} ms.`,
  )
  out.paragraph(
    copied.hasServerMoved
      ? 'The server that runs has gone on there. At its next start it needs --database or POSTERN_DATABASE.'
      : 'No server was at work on the file. Start it with --database or POSTERN_DATABASE.',
  )
  out.paragraph(
    `The master key is still the one in ${dataDirectory(data).masterKey}, or in POSTERN_MASTER_KEY.`,
  )
}

function backupCommand({ out }: Terminal): Command {
  return dataFlags(new Command('backup'))
    .summary('copy the database into a file, while the server goes on')
    .description(
      'Copies postern.db into a file, whole as of one instant, while the server goes on. The master key is not in it: ' +
        'keep that somewhere else. For PostgreSQL use pg_dump.',
    )
    .argument('<file>', 'where to; it must not be there yet')
    .addHelpText(
      'after',
      examples([
        ['postern storage backup /backup/postern.db', 'then copy master.key to another place'],
        ['postern storage backup "/backup/$(date +%F).db" --json', 'for a script'],
      ]),
    )
    .action(async (file: string, flags: RecordFlags) => {
      const options = readDataOptions(await recordSources(flags))
      if (options.database !== undefined)
        throw new CommandFailure(`the records are in ${databaseName(options)}: back them up with pg_dump`)
      const { database, path, masterKey } = dataDirectory(options.data)
      if (!existsSync(database)) throw new CommandFailure(`there is no database in ${path} yet`)
      await backUp(database, file)
      if (flags.json === true) out.line(JSON.stringify({ file }))
      else
        out.paragraph(
          `The records are in ${file}. They are of use only with the master key (${masterKey}, or POSTERN_MASTER_KEY), which does not belong beside them.`,
        )
    })
}
