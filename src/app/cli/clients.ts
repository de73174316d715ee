/** `postern clients`: enter a client by hand (OAuth 2.1 §2.2), see those that came, remove one. */

import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { claudeCallbacks } from '../../oauth/claude.ts'
import {
  type ClientMetadata,
  clientMetadataProblems,
  readClientMetadata,
  type TokenEndpointAuthMethod,
} from '../../oauth/client-metadata.ts'
import { redirectHost } from '../../oauth/redirect-uri.ts'
import { canonicalResource } from '../../oauth/resource-indicators.ts'
import { systemClock } from '../../platform/clock.ts'
import { hashToken, randomId, randomToken } from '../../platform/crypto.ts'
import type { ClientRecord } from '../../storage/storage.ts'
import { findSimilar } from '../similar-word.ts'
import { type ClientPreset, clientPresets, findPreset } from './client-presets.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { inviteCommand, listInvitationsCommand, uninviteCommand } from './invitations.ts'
import { collect, dataFlags, describeInstant, examples, group, maximumRows } from './management.ts'
import { type RecordFlags, withRecords } from './records.ts'
import { formatTable, printable, type Terminal, type Writer } from './terminal.ts'

export function clientsCommand(terminal: Terminal): Command {
  const clients = group(
    'clients',
    'Clients: enter one by hand, invite one, list them, remove one',
    'Most clients need nothing here: they register themselves, or have a metadata document. Enter one by hand where ' +
      'self-registration is switched off, or for a product that asks for a client id and secret.',
  )
  clients.addCommand(createCommand(terminal))
  clients.addCommand(listCommand(terminal))
  clients.addCommand(removeCommand(terminal))
  clients.addCommand(inviteCommand(terminal))
  clients.addCommand(listInvitationsCommand(terminal))
  clients.addCommand(uninviteCommand(terminal))
  return clients
}

interface CreateFlags extends RecordFlags {
  preset?: string
  name?: string
  redirectUri: string[]
  confidential?: boolean
  jwks?: string
  jwksUri?: string
  connector?: string
  resourceServer?: string
}

function createCommand(terminal: Terminal): Command {
  return dataFlags(new Command('create'))
    .summary('enter a client, and print its id (and secret) once')
    .description(
      'Enters a client, prints its id, and its secret if it has one, and says to whom to hand them.',
    )
    .option(
      '--preset <product>',
      `a product that is known: ${clientPresets.map(({ name }) => name).join(', ')}`,
    )
    .option('--name <name>', 'what people read on the consent page')
    .option(
      '--redirect-uri <uri>',
      "where its answers go; repeatable (default: the preset's, or the callbacks of claude.ai)",
      collect,
      [],
    )
    .option('--confidential', 'make a client secret too; without it PKCE alone proves the client')
    .option('--jwks <file>', 'it signs with a key of its own (private_key_jwt); a file with its public keys')
    .option('--jwks-uri <url>', 'the same, with its public keys at an https URL')
    .option('--connector <url>', 'it is for this connector, or tenant, and of no use at others')
    .option(
      '--resource-server <url>',
      'no client, but a server elsewhere that asks about tokens for this connector URL (introspection)',
    )
    .addHelpText(
      'after',
      `${examples([
        [
          'postern clients create --preset typed',
          'for claude.ai, Desktop and mobile; says where to paste it',
        ],
        ['postern clients create --preset claude-code', 'for claude mcp add --client-id'],
        [
          'postern clients create --name Acme --confidential --redirect-uri https://acme.example/callback',
          'for a product with a server of its own, which can keep a secret',
        ],
        [
          'postern clients create --name Acme --jwks acme.jwks.json --redirect-uri https://acme.example/callback',
          'for one that signs, so that no secret has to be handed over',
        ],
        [
          'postern clients create --preset typed --connector https://mcp.example.com/t/acme/mcp',
          'an id that a tenant types in, good for that tenant alone',
        ],
        [
          'postern clients create --name Billing --resource-server https://mcp.example.com/mcp',
          'an id and secret for POST /oauth/introspect',
        ],
      ])}

Presets:
${clientPresets.map(({ name, purpose }) => `  ${name}\n      ${purpose}`).join('\n')}`,
    )
    .action((flags: CreateFlags) => createClient(flags, terminal))
}

async function createClient(flags: CreateFlags, { out }: Terminal): Promise<void> {
  if (flags.resourceServer !== undefined) return createResourceServer(flags, flags.resourceServer, out)
  const preset = readPreset(flags.preset)
  const method = readMethod(flags, preset)
  const metadata = readMetadata(flags, preset, method)
  const resource =
    flags.connector === undefined ? undefined : readConnectorUrl('--connector', flags.connector)

  // Never with a dot: ids with dots are those that Postern mints at registration.
  const clientId = `client-${randomId()}`
  const clientSecret = method === 'client_secret_post' ? `pst_cs_${randomToken()}` : undefined
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
    resource,
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

  const { clientName: name, redirectUris } = metadata
  if (flags.json === true) {
    out.line(JSON.stringify({ clientId, clientSecret, name, method, redirectUris, resource }, undefined, 2))
    return
  }
  out.paragraph(
    clientSecret !== undefined
      ? 'The client is entered. Hand these over by a safe way; the secret is not stored and not shown again.'
      : 'The client is entered. Hand this over; it is no secret, and `postern clients list` shows it again.',
  )
  out.line()
  out.line(`  Client ID      ${out.style('bold', clientId)}`)
  if (clientSecret !== undefined) out.line(`  Client secret  ${out.style('bold', clientSecret)}`)
  if (method === 'private_key_jwt')
    out.line('  Authenticates  by signing (private_key_jwt); aud is the issuer')
  redirectUris.forEach((uri, index) => {
    out.line(`  ${index === 0 ? 'Redirect URIs' : '             '}  ${uri}`)
  })
  if (resource !== undefined) out.line(`  Works at       ${resource}, and nowhere else`)
  out.line()
  if (preset !== undefined) {
    for (const line of preset.handOver({ clientId, clientSecret })) {
      if (line.startsWith(' ')) out.line(line)
      else out.paragraph(line)
    }
    return
  }
  out.paragraph(
    redirectUris.some((uri) => claudeCallbacks.includes(uri))
      ? 'In Claude: Customize > Connectors > + > Add custom connector; the id goes under "Advanced settings".'
      : 'It connects as soon as it is given; a server that runs need not be started again.',
  )
}

async function createResourceServer(flags: CreateFlags, url: string, out: Writer): Promise<void> {
  const others = [flags.preset, flags.jwks, flags.jwksUri, flags.redirectUri[0], flags.connector]
  if (others.some((other) => other !== undefined))
    throw new CommandFailure('a resource server takes a --name and nothing of a client', exitCodes.usage)
  const name = flags.name ?? new URL(readConnectorUrl('--resource-server', url)).host
  const clientId = `resource-server-${randomId()}`
  const clientSecret = `pst_rs_${randomToken()}`
  const now = systemClock()
  await withRecords(
    flags,
    async (storage) => {
      await storage.addPreRegisteredClient({
        clientId,
        kind: 'resource-server',
        metadata: readClientMetadata({ client_name: name }),
        secretHash: hashToken(clientSecret),
        similarityKey: clientId,
        createdAt: now,
        lastUsedAt: now,
        confirmedAt: now,
        expiresAt: undefined,
        resource: url,
      })
    },
    true,
  )
  if (flags.json === true) {
    out.line(JSON.stringify({ clientId, clientSecret, name, resource: url }, undefined, 2))
    return
  }
  out.paragraph('Hand these over by a safe way; the secret is not stored and not shown again.')
  out.line()
  out.line(`  ID      ${out.style('bold', clientId)}`)
  out.line(`  Secret  ${out.style('bold', clientSecret)}`)
  out.line(`  Tokens  for ${url}, and no others`)
  out.line()
  out.paragraph(
    'It asks with POST /oauth/introspect, its ID and secret by HTTP Basic, and the token in the form as `token`. An answer may be kept for a minute at most: revoking is immediate here, and only as fast as that there.',
  )
}

function readConnectorUrl(flag: string, url: string): string {
  if (canonicalResource(url) !== undefined) return url
  throw new CommandFailure(`${flag} ${JSON.stringify(url)} is not the URL of a connector`, exitCodes.usage)
}

function readPreset(name: string | undefined): ClientPreset | undefined {
  if (name === undefined) return undefined
  const preset = findPreset(name)
  if (preset !== undefined) return preset
  const known = clientPresets.map((one) => one.name)
  const similar = findSimilar(name, known)
  const hint = similar === undefined ? `known are ${known.join(', ')}` : `did you mean ${similar}?`
  throw new CommandFailure(`there is no preset ${JSON.stringify(name)}; ${hint}`, exitCodes.usage)
}

function readMethod(flags: CreateFlags, preset: ClientPreset | undefined): TokenEndpointAuthMethod {
  const hasKeys = flags.jwks !== undefined || flags.jwksUri !== undefined
  const isConfidential = flags.confidential === true || preset?.secret === 'always'
  if (hasKeys && isConfidential)
    throw new CommandFailure('a client that signs with its key has no secret; choose one', exitCodes.usage)
  if (isConfidential && preset?.secret === 'never')
    throw new CommandFailure(
      `${preset.clientName} takes no client secret; leave out --confidential`,
      exitCodes.usage,
    )
  if (hasKeys) return 'private_key_jwt'
  return isConfidential ? 'client_secret_post' : 'none'
}

function readMetadata(
  flags: CreateFlags,
  preset: ClientPreset | undefined,
  method: TokenEndpointAuthMethod,
): ClientMetadata {
  const name = flags.name ?? preset?.clientName
  if (name === undefined) throw new CommandFailure('give it a --name, or a --preset', exitCodes.usage)
  const usual = preset?.redirectUris ?? claudeCallbacks
  const document = {
    client_name: name,
    redirect_uris: flags.redirectUri.length > 0 ? flags.redirectUri : [...usual],
    token_endpoint_auth_method: method,
    jwks: flags.jwks === undefined ? undefined : readKeyFile(flags.jwks),
    jwks_uri: flags.jwksUri,
  }
  const problems = clientMetadataProblems(document, [method])
  if (problems.length > 0)
    throw new CommandFailure(problems.map(({ says }) => says).join('; '), exitCodes.usage)
  const metadata = readClientMetadata(document)
  if (metadata.clientName === undefined) throw new CommandFailure('the name is empty', exitCodes.usage)
  return metadata
}

/** A set of keys, or one key by itself, as most tools write it. */
function readKeyFile(path: string): unknown {
  let document: unknown
  try {
    document = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandFailure(`the keys in ${path} cannot be read: ${why}`, exitCodes.usage, { cause })
  }
  const isOneKey = typeof document === 'object' && document !== null && 'kty' in document
  return isOneKey ? { keys: [document] } : document
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
    resource: client.resource,
  }
}

function clientTable(clients: readonly ClientRecord[], { out }: Terminal): string {
  const now = systemClock()
  const rows = clients.map((client) => [
    client.clientId,
    printable(client.metadata.clientName ?? '(no name)').slice(0, 40),
    kindWords[client.kind] +
      (client.resource === undefined ? '' : ` for ${new URL(client.resource).pathname}`),
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
  'resource-server': 'hand (asks)',
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
