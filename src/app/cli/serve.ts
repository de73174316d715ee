/** `postern serve`: opens the door, says how to get in, and closes it in order. */

import { setTimeout as wait } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { defaultLifetimes, type Lifetimes } from '../../authorization-server/settings.ts'
import type { Upstream } from '../../gateway/upstream.ts'
import { localAccounts } from '../../identity/providers/local-accounts.ts'
import { passkeys } from '../../identity/providers/passkeys.ts'
import { createSetupLink, formatSetupLink, setupLinkSeconds } from '../../identity/setup-link.ts'
import { systemClock } from '../../platform/clock.ts'
import type { Connection } from '../../platform/request-source.ts'
import { createTelemetry, type Telemetry } from '../../platform/telemetry.ts'
import type { Storage } from '../../storage/storage.ts'
import type { BrandOptions } from '../../ui/brand.ts'
import { createDocumentFetch, type RunningServer, startServer } from '../node.ts'
import { type OptionDefinition, optionDefinitions } from '../option-definitions.ts'
import { hasSignIn, type OptionSources, type Options, readOptions } from '../options.ts'
import { createPostern, type Postern } from '../postern.ts'
import { createUpstreamFetch } from '../upstream-fetch-node.ts'
import { type BannerFacts, writeBanner } from './banner.ts'
import { findConfigFile } from './config-file.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { lookAtPublicUrl, lookAtUpstreams } from './first-look.ts'
import { createLog } from './log.ts'
import { collect, examples } from './management.ts'
import { startMetricsListener } from './metrics-listener.ts'
import { readPicture } from './picture-file.ts'
import { openServedStorage, readMasterKeys } from './records.ts'
import { connectorOf, createUpstreams, refuseMissingPlaces } from './served.ts'
import { shownSettings } from './shown-settings.ts'
import { type StopSignal, stopSignal } from './stop-signal.ts'
import type { Terminal } from './terminal.ts'
import { startTunnel, type Tunnel } from './tunnel.ts'

/** `command` is what followed the two dashes. */
export function serveCommand(terminal: Terminal, command: readonly string[], version: string): Command {
  const serve = new Command('serve')
    .summary('Put the door before an MCP server, and say how to add it to Claude')
    .description(
      'Puts sign-in, consent and a gateway before an MCP server, and says how to add it to Claude. The server is a ' +
        'command on stdio, after two dashes, or a URL.',
    )
    .usage('[options] -- <command> [arguments]\n       postern serve [options] --upstream <url>')
    .allowUnknownOption()
    .allowExcessArguments()
  for (const definition of optionDefinitions) {
    if (definition.flag !== undefined) serve.addOption(flagOf(definition, definition.flag))
  }
  return serve
    .addHelpText('after', closing)
    .action((_: unknown, self: Command) => serveUntilStopped(self, command, terminal, version))
}

const closing = `${examples([
  ['postern serve -- npx -y @modelcontextprotocol/server-everything', 'try it on this machine'],
  [
    'postern serve --public-url https://mcp.example.com --env TOKEN -- ./my-server',
    'for claude.ai, behind your own https; TOKEN is handed on to the command',
  ],
  [
    'postern serve --upstream http://127.0.0.1:3000/mcp --tunnel',
    'for a server that runs already, with a public URL for as long as this runs',
  ],
])}

Every option can also stand in the environment (POSTERN_PUBLIC_URL), or in
postern.config.ts or .json (publicUrl). Flags outweigh the environment, which
outweighs the file. docs/reference/options.md tells what follows from each.`

/** The value is optional for commander, so that one that is missing is told together with every other problem. */
function flagOf(definition: OptionDefinition, flag: string): Option {
  const option = new Option(flag.replace('<', '[').replace('>', ']'), flagHelp(definition, flag))
  option.helpGroup(`${definition.group}:`)
  const gather = (value: string, earlier: string[] = []): string[] => collect(value, earlier)
  return definition.repeatable ? option.argParser(gather) : option
}

function flagHelp({ purpose, repeatable, default: fallback }: OptionDefinition, flag: string): string {
  if (flag.startsWith('--no-')) return purpose.replace(/^Whether c/, 'C').replace(' may ', ' may not ')
  const facts = [
    ...(repeatable ? ['repeatable'] : []),
    ...(fallback.startsWith('none') || !flag.includes('<') ? [] : [`default: ${fallback}`]),
  ]
  return facts.length === 0 ? purpose : `${purpose} (${facts.join('; ')})`
}

async function serveUntilStopped(
  self: Command,
  command: readonly string[],
  terminal: Terminal,
  version: string,
): Promise<void> {
  const options = readOptions(await sourcesOf(self, command))
  const stopped = stopSignal()
  const house: House = {}
  try {
    await open(options, terminal, version, house, stopped)
    await stopped.promise
  } finally {
    await close(house, terminal)
  }
}

async function sourcesOf(self: Command, command: readonly string[]): Promise<OptionSources> {
  const given = Object.entries(self.opts()).filter(([name]) => self.getOptionValueSource(name) === 'cli')
  const flags = Object.fromEntries(given)
  const named = typeof flags.config === 'string' ? flags.config : process.env.POSTERN_CONFIG
  const file = await findConfigFile(named === '' ? undefined : named)
  return { flags, strays: self.args, command, environment: process.env, file }
}

/** What is open, and has to be closed however far opening came. */
interface House {
  door?: Door
  storage?: Storage
  server?: RunningServer
  /** For the other instances. */
  internal?: RunningServer
  metrics?: RunningServer
  tunnel?: Tunnel
  documents?: { close(): Promise<void> }
  postern?: Postern
  probedUpstream?: Upstream
  telemetry?: Telemetry
}

async function open(
  options: Options,
  terminal: Terminal,
  version: string,
  house: House,
  stopped: StopSignal,
): Promise<void> {
  refuseMissingPlaces(options)
  const log = createLog(terminal.err, options.logLevel, options.logFormat)
  const metrics = options.metricsListen && (await import('../metrics.ts')).createMetrics({ version })
  const readers = metrics === undefined ? [log.reader] : [log.reader, metrics.reader]
  const telemetry = createTelemetry(systemClock, readers)
  house.telemetry = telemetry

  const storage = await openServedStorage(options, (target) =>
    telemetry.emit('storage.moved', 'server', { reason: target }),
  )
  house.storage = storage
  const masterKey = await readMasterKeys(storage, options)

  // The port first: without a public URL it is part of the issuer, and a tunnel has to be told where to go.
  const door = createDoor()
  house.door = door
  const server = await startServer({
    fetch: door.fetch,
    host: options.host,
    port: options.port,
    ownsProcess: true,
  })
  house.server = server
  const publicUrl = await publicUrlOf(options, server, terminal, house, stopped)

  const createUpstream = createUpstreams()
  const documents = createDocumentFetch()
  house.documents = documents
  const postern = createPosternOrRefuse(() =>
    createPostern({
      publicUrl,
      connectors: options.connectors.map((one) => connectorOf(one, createUpstream)),
      defaultConnector: options.defaultConnector,
      storage,
      masterKey,
      identity: [
        ...(options.identity.local ? [localAccounts({ storage })] : []),
        ...(options.identity.passkeys ? [passkeys()] : []),
        ...options.identity.outside,
        ...(options.identity.header === undefined ? [] : [options.identity.header]),
      ],
      waysIn: {
        registration: options.registration && (options.invitedOnly ? 'invited' : true),
        metadataDocument: options.metadataDocuments,
        preRegistered: options.preRegistered,
      },
      clientRules: {
        redirectHosts: options.allowedRedirects,
        clientNames: options.allowedClientNames,
        tokenEndpointAudience: options.tokenEndpointAudience,
      },
      trustedIssuers: options.trustedIssuers.map((issuer) => ({
        issuer,
        unprovenClients: options.unprovenClients,
      })),
      sources: { trustedProxies: options.trustedProxies, allowed: options.allowedSources },
      rateLimits: options.rateLimits ? undefined : false,
      lifetimes: lifetimesOf(options),
      allowLoopbackHosts: options.host === undefined,
      additionalHosts: options.trustedHosts,
      instances:
        options.internalListen === undefined
          ? undefined
          : { address: `http://${options.internalListen}`, send: createUpstreamFetch().fetch },
      outboundFetch: documents.fetch,
      brand: brandOf(options),
      console: options.console
        ? { token: options.consoleToken, settings: shownSettings(options) }
        : undefined,
      readers,
    }),
  )
  await postern.ready
  house.postern = postern
  if (options.internalListen !== undefined)
    house.internal = await startServer({
      ...readListen(options.internalListen),
      flag: '--internal-listen',
      fetch: postern.fetchPassed,
    })
  door.open(postern)
  if (metrics !== undefined && options.metricsListen !== undefined) {
    house.metrics = await startMetricsListener({ ...options.metricsListen, metrics })
  }
  telemetry.emit('server.opened', 'server', { connector: postern.connectorUrl })

  const needsNobody = !hasSignIn(options.connectors) || !options.identity.local
  const hasUsers = needsNobody || (await storage.hasUsers())
  const setupLink = hasUsers
    ? undefined
    : formatSetupLink(publicUrl, await createSetupLink({ storage, clock: systemClock }))
  const reach = reachOf(options)
  writeBanner(
    {
      version,
      options,
      publicUrl,
      reach,
      addresses: server.addresses,
      setupLink,
      setupMinutes: setupLinkSeconds / 60,
    },
    terminal.out,
  )
  lookAtUpstreams(options, createUpstream, terminal, stopped.signal, (upstream) => {
    house.probedUpstream = upstream
  })
  if (options.publicUrl !== undefined || options.tunnel)
    lookAtPublicUrl(options, publicUrl, localUrlOf(options, server), terminal, stopped.signal)
}

function brandOf({ siteName, siteLogo, siteColour }: Options): BrandOptions {
  return { name: siteName, logo: siteLogo && readPicture(siteLogo), colour: siteColour }
}

function readListen(address: string): { host: string; port: number } {
  const end = address.lastIndexOf(':')
  return { host: address.slice(0, end).replace(/^\[|\]$/g, ''), port: Number(address.slice(end + 1)) }
}

/** Plain http is allowed for loopback only. */
function reachOf({ tunnel, publicUrl }: Options): BannerFacts['reach'] {
  if (tunnel) return 'tunnel'
  return publicUrl?.startsWith('https:') ? 'public' : 'here'
}

interface Door {
  fetch(request: Request, connection: Connection): Promise<Response>
  open(postern: Postern): void
  /** Nothing will open; whoever waits is sent away. */
  refuse(): void
}

/** It exists before the keys are read and a tunnel has its name; whoever comes in that moment waits. */
function createDoor(): Door {
  const { promise, resolve } = Promise.withResolvers<Postern | undefined>()
  let opened: Postern | undefined

  async function waitThenFetch(request: Request, connection: Connection): Promise<Response> {
    const postern = await promise
    if (postern !== undefined) return postern.fetch(request, connection)
    return new Response(null, { status: 503, headers: { 'cache-control': 'no-store' } })
  }

  return {
    fetch: (request, connection) =>
      opened === undefined ? waitThenFetch(request, connection) : opened.fetch(request, connection),
    open(postern) {
      opened = postern
      resolve(postern)
    },
    refuse: () => resolve(undefined),
  }
}

async function publicUrlOf(
  options: Options,
  server: RunningServer,
  terminal: Terminal,
  house: House,
  stopped: StopSignal,
): Promise<string> {
  if (options.publicUrl !== undefined) return options.publicUrl
  if (!options.tunnel) return `http://localhost:${server.port}`
  terminal.err.line('Asking cloudflared for a public URL …')
  const tunnel = await startTunnel(localUrlOf(options, server), process.env)
  house.tunnel = tunnel
  void tunnel.lost.then((how) => {
    const says = `the tunnel has ended (${how}), and its URL with it. Start again for a new one.`
    stopped.fail(new CommandFailure(says))
  })
  return tunnel.url
}

/** For whoever passes requests on to us on this machine. */
function localUrlOf({ host }: Options, { port }: RunningServer): string {
  const isAny = host === undefined || host === '0.0.0.0' || host === '::'
  if (isAny) return `http://127.0.0.1:${port}`
  return host.includes(':') ? `http://[${host}]:${port}` : `http://${host}:${port}`
}

/** A path that Postern needs for itself, and what else only it knows to be impossible. */
function createPosternOrRefuse(create: () => Postern): Postern {
  try {
    return create()
  } catch (error) {
    if (error instanceof TypeError) throw new CommandFailure(error.message, exitCodes.usage, { cause: error })
    throw error
  }
}

/** A client's record has to outlive the connections that were made with it. */
function lifetimesOf({ accessTokenSeconds, refreshTokenSeconds }: Options): Partial<Lifetimes> {
  const clientSeconds = Math.max(defaultLifetimes.clientSeconds, refreshTokenSeconds + clientMarginSeconds)
  return { accessTokenSeconds, refreshTokenSeconds, clientSeconds }
}

const clientMarginSeconds = 30 * 86_400

/** Calls in flight may end, then streams are ended, then what they rested on. Whatever hangs, the process ends. */
async function close(house: House, { err }: Terminal): Promise<void> {
  const { server, internal, postern, tunnel, documents, storage } = house
  const deadline = setTimeout(() => {
    err.line('Not everything could be closed in time.')
    process.exit(process.exitCode ?? exitCodes.done)
  }, closeDeadlineMs)
  house.door?.refuse()
  const drained = server?.close(drainDeadlineMs)
  const internalDrained = internal?.close(drainDeadlineMs)
  await Promise.race([
    Promise.allSettled([drained, internalDrained]),
    wait(drainMs, undefined, { ref: false }),
  ])
  const steps: readonly (readonly [string, Promise<unknown> | undefined])[] = [
    ['the MCP server', postern?.close()],
    ['the first MCP server', house.probedUpstream?.close()],
    ['the listener', drained],
    ['the listener for other instances', internalDrained],
    ['the listener for metrics', house.metrics?.close(0)],
    ['the tunnel', tunnel?.stop()],
    ['the way out', documents?.close()],
  ]
  const report = (name: string, error: unknown): void =>
    err.line(`Closing ${name} failed: ${error instanceof Error ? error.message : String(error)}`)
  await Promise.all(steps.map(([name, step]) => step?.catch((error: unknown) => report(name, error))))
  await storage?.close().catch((error: unknown) => report('the database', error))
  if (postern !== undefined) house.telemetry?.emit('server.closed', 'server')
  clearTimeout(deadline)
}

/** For calls in flight. Streams that only wait for news are open for ever, so nobody waits for those. */
const drainMs = 1_000
const drainDeadlineMs = 4_000
/** Shorter than the ten seconds after which containers are killed. */
const closeDeadlineMs = 8_000
