/** `postern clients`: enter a client by hand (OAuth 2.1 §2.2), see those that came, remove one. */

import { Command } from 'commander'
import { claudeCallbacks } from '../../oauth/claude.ts'
import { clientMetadataProblems, readClientMetadata } from '../../oauth/client-metadata.ts'
import { redirectHost } from '../../oauth/redirect-uri.ts'
import { systemClock } from '../../platform/clock.ts'
import { hashToken, randomId, randomToken } from '../../platform/crypto.ts'
import type { ClientRecord } from '../../storage/storage.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { collect, dataFlags, describeInstant, examples, group, maximumRows } from './management.ts'
import { type RecordFlags, withRecords } from './records.ts'
import { formatTable, printable, type Terminal } from './terminal.ts'

export function clientsCommand(terminal: Terminal): Command {
  const clients = group(
    'clients',
    'Clients: enter one by hand, list them, remove one',
    'Most clients need nothing here: they register themselves, or have a metadata document. Enter one by hand where ' +
      'self-registration is switched off, or for a product that asks for a client id and secret.',
  )
  clients.addCommand(createCommand(terminal))
  clients.addCommand(listCommand(terminal))
  clients.addCommand(removeCommand(terminal))
  return clients
}

interface CreateFlags extends RecordFlags {
  name: string
  redirectUri: string[]
  confidential?: boolean
}

function createCommand(terminal: Terminal): Command {
  return dataFlags(new Command('create'))
    .summary('enter a client, and print its id (and secret) once')
    .description('Enters a client and prints its id, and its secret if it has one, to hand over.')
    .requiredOption('--name <name>', 'what people read on the consent page')
    .option(
      '--redirect-uri <uri>',
      'where its answers go; repeatable (default: the callbacks of claude.ai)',
      collect,
      [],
    )
    .option('--confidential', 'make a client secret too; without it PKCE alone proves the client')
    .addHelpText(
      'after',
      examples([
        [
          'postern clients create --name Claude',
          'for claude.ai, Desktop and mobile: paste the id under "Advanced settings"',
        ],
        [
          'postern clients create --name "Claude Code" --redirect-uri http://localhost/callback',
          'for claude mcp add --client-id ID; any port of localhost will do',
        ],
        [
          'postern clients create --name Acme --confidential --redirect-uri https://acme.example/callback',
          'for a product with a server of its own, which can keep a secret',
        ],
      ]),
    )
    .action((flags: CreateFlags) => createClient(flags, terminal))
}

async function createClient(flags: CreateFlags, { out }: Terminal): Promise<void> {
  const redirectUris = flags.redirectUri.length > 0 ? flags.redirectUri : [...claudeCallbacks]
  const isConfidential = flags.confidential === true
  const document = {
    client_name: flags.name,
    redirect_uris: redirectUris,
    token_endpoint_auth_method: isConfidential ? 'client_secret_post' : 'none',
  }
  const problems = clientMetadataProblems(document)
  if (problems.length > 0)
    throw new CommandFailure(problems.map(({ says }) => says).join('; '), exitCodes.usage)
  const metadata = readClientMetadata(document)
  if (metadata.clientName === undefined) throw new CommandFailure('the name is empty', exitCodes.usage)

  // Never with a dot: ids with dots are those that Postern mints at registration.
  const clientId = `client-${randomId()}`
  const clientSecret = isConfidential ? `pst_cs_${randomToken()}` : undefined
  const now = systemClock()
  const record: ClientRecord = {
    clientId,
    kind: 'pre-registered',
    metadata,
    secretHash: clientSecret === undefined ? undefined : hashToken(clientSecret),
    similarityKey: clientId,
    createdAt: now,
    lastUsedAt: now,
    confirmedAt: undefined,
    expiresAt: undefined,
  }
  await withRecords(
    flags,
    async (storage) => {
      const outcome = await storage.addPreRegisteredClient(record)
      if (outcome === 'id-taken')
        throw new CommandFailure(`the id ${clientId} is taken; run the command again`)
    },
    true,
  )

  if (flags.json === true) {
    out.line(
      JSON.stringify({ clientId, clientSecret, name: metadata.clientName, redirectUris }, undefined, 2),
    )
    return
  }
  out.paragraph(
    isConfidential
      ? 'The client is entered. Hand these over by a safe way; the secret is not stored and not shown again.'
      : 'The client is entered. Hand this over; it is no secret, and `postern clients list` shows it again.',
  )
  out.line()
  out.line(`  Client ID      ${out.style('bold', clientId)}`)
  if (clientSecret !== undefined) out.line(`  Client secret  ${out.style('bold', clientSecret)}`)
  redirectUris.forEach((uri, index) => {
    out.line(`  ${index === 0 ? 'Redirect URIs' : '             '}  ${uri}`)
  })
  out.line()
  out.paragraph(
    redirectUris.some((uri) => claudeCallbacks.includes(uri))
      ? 'In Claude: Customize > Connectors > + > Add custom connector; the id goes under "Advanced settings".'
      : 'It connects as soon as it is given; a server that runs need not be started again.',
  )
}

function listCommand(terminal: Terminal): Command {
  return dataFlags(new Command('list'))
    .summary('the clients that are known, newest first')
    .description(
      'Lists the clients that were entered or have registered, newest first. Clients with a metadata document have no ' +
        'record of their own; `postern grants list` shows what they were allowed.',
    )
    .addHelpText(
      'after',
      examples([
        ['postern clients list', 'as a table'],
        ["postern clients list --json | jq -r '.[].clientId'", 'for a script'],
      ]),
    )
    .action((flags: RecordFlags) =>
      withRecords(flags, async (storage) => {
        const clients = await storage.listClients(maximumRows)
        if (flags.json === true) terminal.out.line(JSON.stringify(clients.map(clientFacts), undefined, 2))
        else if (clients.length === 0) terminal.out.line('No client is known yet.')
        else terminal.out.line(clientTable(clients, terminal))
      }),
    )
}

function clientFacts(client: ClientRecord): Record<string, unknown> {
  return {
    clientId: client.clientId,
    name: client.metadata.clientName,
    kind: client.kind,
    confidential: client.metadata.tokenEndpointAuthMethod !== 'none',
    redirectUris: client.metadata.redirectUris,
    createdAt: client.createdAt,
    lastUsedAt: client.lastUsedAt,
    confirmedAt: client.confirmedAt,
    expiresAt: client.expiresAt,
  }
}

function clientTable(clients: readonly ClientRecord[], { out }: Terminal): string {
  const now = systemClock()
  const rows = clients.map((client) => [
    client.clientId,
    printable(client.metadata.clientName ?? '(no name)').slice(0, 40),
    kindWords[client.kind],
    [...new Set(client.metadata.redirectUris.map(redirectHost))].join(', '),
    client.lastUsedAt === client.createdAt ? 'never' : describeInstant(client.lastUsedAt, now),
    client.kind === 'pre-registered' || client.confirmedAt !== undefined ? 'yes' : 'no',
  ])
  return formatTable(out, ['ID', 'NAME', 'CAME BY', 'ANSWERS GO TO', 'LAST USED', 'ALLOWED'], rows)
}

const kindWords: Record<ClientRecord['kind'], string> = {
  registered: 'registration',
  recovered: 'recovery',
  managed: 'registration',
  removed: 'gave itself up',
  'pre-registered': 'hand',
}

function removeCommand(terminal: Terminal): Command {
  return dataFlags(new Command('remove'))
    .summary('remove a client and end its connections')
    .description('Removes a client and ends all its connections at once, also on a server that runs.')
    .argument('<id>', 'as `postern clients list` shows it, or the URL of a metadata document')
    .addHelpText(
      'after',
      examples([
        ['postern clients remove client-k3XwQ2b9TzLrVQ', 'one that was entered by hand'],
        ['postern clients remove https://example.com/client.json', 'forget a fetched metadata document'],
      ]),
    )
    .action((id: string, flags: RecordFlags) =>
      withRecords(flags, async (storage) => {
        if (!(await storage.removeClient(id, systemClock()))) {
          throw new CommandFailure(`there is no client ${id}; \`postern clients list\` shows those there are`)
        }
        if (flags.json === true) terminal.out.line(JSON.stringify({ clientId: id, removed: true }))
        else terminal.out.line(`Removed ${id}. Its connections have ended.`)
      }),
    )
}
