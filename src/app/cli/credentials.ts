/** `postern credentials`: whose keys and accounts upstreams are called with, never shown, and taking one away. */

import { Command } from 'commander'
import { systemClock } from '../../platform/clock.ts'
import type { CredentialRecord, Storage, UserRecord } from '../../storage/storage.ts'
import { CommandFailure } from './failure.ts'
import { dataFlags, describeInstant, examples, group, maximumRows } from './management.ts'
import { type RecordFlags, withRecords } from './records.ts'
import { formatTable, printable, type Terminal } from './terminal.ts'

export function credentialsCommand(terminal: Terminal): Command {
  const credentials = group(
    'credentials',
    'What people gave for the MCP server to be called with, and taking it away',
    'A credential is what one person gave on the consent page for one connector: a key, or an account at another ' +
      'provider. It is kept encrypted and never shown.',
  )
  credentials.addCommand(listCommand(terminal))
  credentials.addCommand(removeCommand(terminal))
  return credentials
}

interface ListFlags extends RecordFlags {
  user?: string
  connector?: string
}

function listCommand(terminal: Terminal): Command {
  return dataFlags(new Command('list'))
    .summary('who has given one, and for which connector')
    .description('Lists who has given a credential and for which connector, newest first.')
    .option('--user <name>', 'only those of one person')
    .option('--connector <path>', 'only those for one connector, such as /mcp')
    .addHelpText(
      'after',
      examples([
        ['postern credentials list', 'all of them'],
        ['postern credentials list --connector /mcp --json', 'for a script'],
      ]),
    )
    .action((flags: ListFlags) =>
      withRecords(flags, async (storage) => {
        const found = await storage.listCredentials(await filterOf(flags, storage), maximumRows)
        if (flags.json === true) terminal.out.line(JSON.stringify(found.map(credentialFacts), undefined, 2))
        else if (found.length === 0) terminal.out.line('Nobody has given a credential.')
        else terminal.out.line(await credentialTable(found, storage, terminal))
      }),
    )
}

async function filterOf(
  { user, connector }: ListFlags,
  storage: Storage,
): Promise<{ userId?: string; connector?: string }> {
  return {
    ...(user === undefined ? {} : { userId: (await findPerson(storage, user)).userId }),
    ...(connector === undefined ? {} : { connector }),
  }
}

async function findPerson(storage: Storage, name: string): Promise<UserRecord> {
  const user = await storage.findUserByName(name)
  if (user !== undefined) return user
  throw new CommandFailure(`there is no account ${name}; \`postern users list\` shows those there are`)
}

/** All but what it is. */
function credentialFacts({ sealed: _, ...facts }: CredentialRecord): Omit<CredentialRecord, 'sealed'> {
  return facts
}

async function credentialTable(
  found: readonly CredentialRecord[],
  storage: Storage,
  { out }: Terminal,
): Promise<string> {
  const now = systemClock()
  const names = new Map((await storage.listUsers(maximumRows)).map((user) => [user.userId, user.username]))
  const rows = found.map(({ userId, connector, kind, label, changedAt, refusedAt }) => [
    printable(names.get(userId) ?? '(removed)'),
    printable(connector),
    kind === 'user-supplied' ? 'key' : 'account',
    printable(label ?? '').slice(0, 40),
    describeInstant(changedAt, now),
    refusedAt === undefined ? 'good' : `refused ${describeInstant(refusedAt, now)}`,
  ])
  return formatTable(out, ['PERSON', 'FOR', 'KIND', 'ACCOUNT', 'CHANGED', 'STATE'], rows)
}

function removeCommand(terminal: Terminal): Command {
  return dataFlags(new Command('remove'))
    .summary('take one away')
    .description(
      'Takes away what one person gave for one connector, at once, also on a server that runs. Claude then asks that ' +
        'person to connect again, and the consent page asks for another.',
    )
    .argument('<name>', 'the user name')
    .argument('<connector>', 'its path, such as /mcp')
    .addHelpText('after', examples([['postern credentials remove ada /mcp', 'one person, one connector']]))
    .action((name: string, connector: string, flags: RecordFlags) =>
      withRecords(flags, async (storage) => {
        const { userId, username } = await findPerson(storage, name)
        const isRemoved = await storage.removeCredential(userId, connector)
        if (flags.json === true) terminal.out.line(JSON.stringify({ userId, connector, removed: isRemoved }))
        else if (isRemoved) terminal.out.line(`Removed. ${printable(username)} has to connect again.`)
        else throw new CommandFailure(`${printable(username)} has given nothing for ${printable(connector)}`)
      }),
    )
}
