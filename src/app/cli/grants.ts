/** `postern grants`: what people allowed which client, and how to take it back. */

import { Command } from 'commander'
import { systemClock } from '../../platform/clock.ts'
import { parseUrl } from '../../platform/url.ts'
import type { GrantRecord, Storage } from '../../storage/storage.ts'
import { CommandFailure } from './failure.ts'
import { dataFlags, describeInstant, examples, group, maximumRows } from './management.ts'
import { type RecordFlags, withRecords } from './records.ts'
import { findShown, shortId } from './shown-connection.ts'
import { formatTable, printable, type Terminal } from './terminal.ts'

export function grantsCommand(terminal: Terminal): Command {
  const grants = group(
    'grants',
    'What people allowed which client, and taking it back',
    'A grant is what one person allowed one client at one connector. Revoking it ends its tokens at once. How each came ' +
      'about, and what was tried without success, is told by `postern connections`.',
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
    .summary('the grants that stand, newest first')
    .description('Lists the grants that stand, newest first.')
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
            ended === 0 ? 'Nobody has allowed anything yet.' : `No grant stands; ${ended} ended (see --all).`,
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
    printable(placeOf(grant)),
    grant.scope.join(' '),
    describeInstant(grant.lastUsedAt, now),
    endOf(grant, now) ?? 'stands',
  ])
  return formatTable(out, ['ID', 'PERSON', 'CLIENT', 'AT', 'MAY', 'LAST USED', 'STATE'], rows)
}

/** The path tells connectors of one door apart. */
function placeOf({ resource }: GrantRecord): string {
  return parseUrl(resource)?.pathname ?? resource
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
    .summary('take one back')
    .description('Ends a grant at once, also on a server that runs. The client has to be allowed again.')
    .argument('<id>', 'as `postern grants list` shows it')
    .addHelpText(
      'after',
      examples([
        ['postern grants revoke Yq0m3cVJ1bQx7kTZp2Lw', 'one grant'],
        [
          "postern grants list --user ada --json | jq -r '.[].grantId' | xargs -n1 postern grants revoke",
          'all grants of one person',
        ],
      ]),
    )
    .action((id: string, flags: RecordFlags) =>
      withRecords(flags, async (storage) => {
        const grant = await storage.findGrant(id)
        if (grant === undefined) {
          const hint = await grantOfConnection(storage, id)
          throw new CommandFailure(
            hint ?? `there is no grant ${printable(id)}; \`postern grants list\` shows those there are`,
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

/** The sentence for whoever took the id from `postern connections`; undefined if it is none of those. */
async function grantOfConnection(storage: Storage, id: string): Promise<string | undefined> {
  const found = (await findShown(storage, {}, true)).find(({ story: { connectionId } }) =>
    [connectionId, shortId(connectionId)].includes(id),
  )
  if (found === undefined) return undefined
  const { grantId } = found.connection
  const what = `${id} is an attempt to connect`
  return grantId === undefined
    ? `${what}, and nothing was allowed in it`
    : `${what}; what was allowed in it is \`postern grants revoke ${grantId}\``
}
