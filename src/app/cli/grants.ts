/** `postern grants`: what people allowed which client, and how to take it back. */

import { Command } from 'commander'
import { systemClock } from '../../platform/clock.ts'
import type { GrantRecord, Storage } from '../../storage/storage.ts'
import { CommandFailure } from './failure.ts'
import { dataFlags, describeInstant, examples, group, maximumRows } from './management.ts'
import { type RecordFlags, withRecords } from './records.ts'
import { formatTable, printable, type Terminal } from './terminal.ts'

export function grantsCommand(terminal: Terminal): Command {
  const grants = group(
    'grants',
    'Connections: what was allowed to whom, and revoking it',
    'A grant is what one person allowed one client: a connection. Revoking it ends its tokens at once.',
  )
  grants.addCommand(listCommand(terminal))
  grants.addCommand(revokeCommand(terminal))
  return grants
}

interface ListFlags extends RecordFlags {
  user?: string
  client?: string
  all?: boolean
}

function listCommand(terminal: Terminal): Command {
  return dataFlags(new Command('list'))
    .summary('the connections that stand, newest first')
    .description('Lists the connections that stand, newest first.')
    .option('--user <name>', 'only those of one person')
    .option('--client <id>', 'only those of one client')
    .option('--all', 'also those that have ended')
    .addHelpText(
      'after',
      examples([
        ['postern grants list', 'all that stand'],
        ['postern grants list --user ada --all', 'the history of one person'],
        ["postern grants list --json | jq -r '.[].grantId'", 'for a script'],
      ]),
    )
    .action((flags: ListFlags) =>
      withRecords(flags, async (storage) => {
        const now = systemClock()
        const found = await storage.listGrants(await filterOf(flags, storage), maximumRows)
        const grants = flags.all === true ? found : found.filter((grant) => endOf(grant, now) === undefined)
        if (flags.json === true) terminal.out.line(JSON.stringify(grants, undefined, 2))
        else if (grants.length === 0) {
          const ended = found.length - grants.length
          terminal.out.line(
            ended === 0 ? 'There is no connection yet.' : `No connection stands; ${ended} ended (see --all).`,
          )
        } else terminal.out.line(await grantTable(grants, storage, terminal, now))
      }),
    )
}

async function filterOf(flags: ListFlags, storage: Storage): Promise<{ userId?: string; clientId?: string }> {
  const user = flags.user === undefined ? undefined : await storage.findUserByName(flags.user)
  if (flags.user !== undefined && user === undefined) {
    throw new CommandFailure(
      `there is no account ${flags.user}; \`postern users list\` shows those there are`,
    )
  }
  return {
    ...(user === undefined ? {} : { userId: user.userId }),
    ...(flags.client === undefined ? {} : { clientId: flags.client }),
  }
}

async function grantTable(
  grants: readonly GrantRecord[],
  storage: Storage,
  { out }: Terminal,
  now: number,
): Promise<string> {
  const names = new Map((await storage.listUsers(maximumRows)).map((user) => [user.userId, user.username]))
  const rows = grants.map((grant) => [
    grant.grantId,
    printable(names.get(grant.userId) ?? '(removed)'),
    printable(grant.clientName).slice(0, 40),
    grant.scope.join(' '),
    describeInstant(grant.lastUsedAt, now),
    endOf(grant, now) ?? 'stands',
  ])
  return formatTable(out, ['ID', 'PERSON', 'CLIENT', 'MAY', 'LAST USED', 'STATE'], rows)
}

/** Undefined for one that stands. */
function endOf(grant: GrantRecord, now: number): string | undefined {
  if (grant.revokedAt !== undefined) {
    const why = grant.revokedReason === undefined ? '' : ` (${printable(grant.revokedReason)})`
    return `revoked ${describeInstant(grant.revokedAt, now)}${why}`
  }
  return grant.expiresAt <= now ? `expired ${describeInstant(grant.expiresAt, now)}` : undefined
}

function revokeCommand(terminal: Terminal): Command {
  return dataFlags(new Command('revoke'))
    .summary('end a connection')
    .description('Ends a connection at once, also on a server that runs. The client has to be allowed again.')
    .argument('<id>', 'as `postern grants list` shows it')
    .addHelpText(
      'after',
      examples([
        ['postern grants revoke Yq0m3cVJ1bQx7kTZp2Lw', 'one connection'],
        [
          "postern grants list --user ada --json | jq -r '.[].grantId' | xargs -n1 postern grants revoke",
          'all connections of one person',
        ],
      ]),
    )
    .action((id: string, flags: RecordFlags) =>
      withRecords(flags, async (storage) => {
        const grant = await storage.findGrant(id)
        if (grant === undefined) {
          throw new CommandFailure(
            `there is no connection ${id}; \`postern grants list\` shows those there are`,
          )
        }
        const isEnded = await storage.revokeGrant(id, systemClock(), 'revoked-by-operator')
        if (flags.json === true) terminal.out.line(JSON.stringify({ grantId: id, revoked: isEnded }))
        else {
          const client = printable(grant.clientName)
          terminal.out.line(
            isEnded ? `Revoked. ${client} has to be allowed again.` : `It had been revoked before.`,
          )
        }
      }),
    )
}
