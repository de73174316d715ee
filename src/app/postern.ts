/** Postern as a function of a request: every door (Node server, framework, test) stands on this one. */

import { accountPath, createAccount } from '../account/account.ts'
import { createAuthorizationServer } from '../authorization-server/authorization-server.ts'
import { endpointPaths } from '../authorization-server/endpoints/metadata.ts'
import { defaultRateRules, type RateRules } from '../authorization-server/rate-limits.ts'
import {
  type AuthorizationServerSettings,
  type ClientRules,
  defaultClientRules,
  defaultLifetimes,
  type Lifetimes,
  type TrustedIssuer,
  type WaysIn,
} from '../authorization-server/settings.ts'
import {
  createSigningKeys,
  type SigningKeys,
  signingKeyFamily,
} from '../authorization-server/signing-keys.ts'
import { createConnectionRecorder } from '../connections/recorder.ts'
import { consoleTokenPattern } from '../console/api.ts'
import { consolePath, createConsole } from '../console/console.ts'
import { createStatements } from '../credentials/statements.ts'
import { createVault } from '../credentials/vault.ts'
import { createWallet } from '../credentials/wallet.ts'
import { createGateway, defaultGatewayLimits, type GatewayLimits, ssePath } from '../gateway/gateway.ts'
import { watchTools } from '../gateway/tool-watch.ts'
import { tracedGateway } from '../gateway/tracing.ts'
import type { IdentityProvider } from '../identity/identity-provider.ts'
import { createLogin } from '../identity/login.ts'
import { createAuditRecorder } from '../ledger/audit.ts'
import { createToolLedger } from '../ledger/tool-ledger.ts'
import { createUsageRecorder } from '../ledger/usage.ts'
import { type Issuer, issuerOf } from '../oauth/authorization-server-metadata.ts'
import { claudeOrigins } from '../oauth/claude.ts'
import { type ResourceIdentifier, resourceIdentifier } from '../oauth/resource-indicators.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { importSealingKey, type Random, systemRandom } from '../platform/crypto.ts'
import { createOutboundFetch, type OutboundFetch } from '../platform/outbound-fetch.ts'
import { PlainRequest } from '../platform/plain-request.ts'
import { PlainResponse } from '../platform/plain-response.ts'
import type { Connection } from '../platform/request-source.ts'
import { createTelemetry, type EventReader, type PosternEvent } from '../platform/telemetry.ts'
import { isLoopbackHost, isSecureOrLoopback, parseUrl } from '../platform/url.ts'
import { createDetours } from '../storage/detours.ts'
import { createKeyRing, type MasterKeys } from '../storage/key-ring.ts'
import { createKeyShelf } from '../storage/key-shelf.ts'
import type { Storage } from '../storage/storage.ts'
import { type BrandOptions, readBrand } from '../ui/brand.ts'
import type { SettingRow } from '../ui/console/reports.ts'
import {
  type ConnectorOptions,
  type ConnectorPlan,
  readConnectors,
  type TenantConnectorOptions,
} from './connector-options.ts'
import { type Connectors, createConnectors } from './connectors.ts'
import { createFrontDoor, type FrontDoor } from './front-door.ts'
import { startHousekeeping } from './housekeeping.ts'
import { type Identity, readIdentity } from './identity.ts'
import { createInstances, type Instances } from './instances.ts'
import { pageLinks, pageLinksFor } from './pages.ts'
import { createSources, type SourceOptions, type Sources } from './sources.ts'
import { readTrustedIssuers } from './trusted-issuers.ts'

export interface PosternOptions {
  /** The origin that clients use, for example `https://mcp.example.com`: never taken from a request. */
  publicUrl: string
  /** The one MCP server behind the door, or instead of it: */
  connector?: ConnectorOptions | undefined
  /** several, with names and paths of their own, or a URL for each tenant. */
  connectors?: readonly (ConnectorOptions | TenantConnectorOptions)[] | undefined
  /** By its name, of several: whose metadata stands at the root, and which one a client means that names none. Default none. */
  defaultConnector?: string | undefined
  storage: Storage
  /** 32 bytes that wrap every key in storage. Lose them and everybody has to sign in again. While it is being replaced, the old and the new one. */
  masterKey: MasterKeys
  /** How people sign in: with accounts of this server (`localAccounts`), at other providers (`oidc`, `google`, …), or both. */
  identity: IdentityProvider | readonly IdentityProvider[]
  /** Which kinds of client may connect; all three unless switched off. */
  waysIn?: Partial<WaysIn> | undefined
  /** Which of the clients that come by themselves are let in; all, unless it says otherwise. */
  clientRules?: Partial<ClientRules> | undefined
  /** Whoever these vouch for is let in by clients that authenticate, without being asked (MCP enterprise-managed authorization). Default: nobody. */
  trustedIssuers?: readonly TrustedIssuer[] | undefined
  lifetimes?: Partial<Lifetimes> | undefined
  limits?: Partial<GatewayLimits> | undefined
  /** Requests that name a loopback host pass the Host guard. Default: only if the public URL is itself loopback. */
  allowLoopbackHosts?: boolean | undefined
  /** Further names, with port if any, that pass the Host guard. */
  additionalHosts?: readonly string[] | undefined
  /** Whose X-Forwarded-For is believed, and which addresses alone are answered. Needs `peerAddress`, see `fetch`. */
  sources?: SourceOptions | undefined
  /** How much is done in a time, by what; `false` limits nothing. */
  rateLimits?: Partial<RateRules> | false | undefined
  /** The way out to client metadata documents. Default: the runtime's fetch, public addresses only by literal. */
  outboundFetch?: OutboundFetch | undefined
  /** How pages look: a name, a logo and a colour of your own. Default: Postern's. */
  brand?: BrandOptions | undefined
  /** Pages at /console for accounts that are administrators. Default: none. */
  console?: ConsoleSettings | undefined
  /** Where there are other instances on the same storage: how they reach this one, see `fetchPassed`. */
  instances?: InstanceOptions | undefined
  readers?: readonly EventReader[] | undefined
  clock?: Clock | undefined
  random?: Random | undefined
}

export interface ConsoleSettings {
  /** Opens the JSON API at /console/api to whoever brings it; 32 characters or more. Default: there is no API. */
  token?: string | undefined
  /** What its page of settings shows. */
  settings?: readonly SettingRow[] | undefined
}

export interface InstanceOptions {
  /** Such as `http://10.0.0.5:8788`: a listener that only the other instances reach, which answers with `fetchPassed`. */
  address: string
  /** The way to the others. It must not limit the time, because a stream may be silent for long. Default: the runtime's fetch. */
  send?: typeof fetch
}

export interface Postern {
  /** `connection` says what a Request cannot: the address of the socket. `app/node` fills it in. */
  fetch(request: Request, connection?: Connection): Promise<Response>
  /** Calls that other instances pass on, for processes that live here. Everything that they have not sealed is refused. */
  fetchPassed(request: Request): Promise<Response>
  /** Settles when keys are loaded; `fetch` waits for it by itself. Rejects if storage or master key cannot be used. */
  ready: Promise<void>
  /** The URL to give to Claude; of several the default one's, else the first's. */
  connectorUrl: string
  /** All that are no tenants, in their order. */
  connectors: readonly { name: string; url: string }[]
  /**
   * For a tenant that is gone or has changed, by its path: its sessions and upstream end, and whoever comes next is
   * judged by what `tenant` says then. Its tokens stay good for as long as there is such a tenant.
   */
  forgetTenant(path: string): Promise<void>
  /** Ends the upstreams. Storage was handed in, and stays open. */
  close(): Promise<void>
}

/** Throws a `TypeError` for options that no request could make right. */
export function createPostern(options: PosternOptions): Postern {
  const issuer = readPublicUrl(options.publicUrl)
  const plan = readConnectors(options)
  const identity = readIdentity(options.identity, issuer)
  const sources = createSources(options.sources ?? {})
  refuseWeakToken(options.console?.token)
  const peers = new WeakMap<Request, string>()
  const opened = openRooms(options, issuer, plan, sources, identity, peers)
  let house: OpenHouse | undefined
  const ready = opened.then((open) => {
    house = open
  })
  // A failure is reported by `ready` and by every fetch; it must not end the process as unhandled.
  ready.catch(() => undefined)

  async function answerReal(request: Request, connection: Connection): Promise<Response> {
    const { frontDoor } = await opened
    return PlainResponse.realOf(await frontDoor(request, connection))
  }

  return {
    ready,
    connectorUrl: resourceIdentifier(
      issuer,
      plan.standard ?? (plan.fixed[0] ?? plan.templates[0])?.path ?? '',
    ),
    connectors: plan.fixed.map(({ name, path }) => ({ name, url: resourceIdentifier(issuer, path) })),
    forgetTenant: async (path) => (await opened).forgetTenant(path),
    fetch(request, connection = {}) {
      const { peerAddress } = connection
      if (identity.header !== undefined && peerAddress !== undefined) peers.set(request, peerAddress)
      // Our own listener writes it out as it is; a runtime or a framework wants a real one.
      if (house !== undefined && PlainRequest.isPlain(request)) return house.frontDoor(request, connection)
      return answerReal(request, connection)
    },
    fetchPassed: async (request) => PlainResponse.realOf(await (await opened).fetchPassed(request)),
    close: async () => (await opened).close(),
  }
}

const keyPurposes = [
  'client-id',
  'client-secret',
  'authorization-code',
  'tokens',
  'csrf',
  'mcp-session',
  'credentials',
  'detours',
  'pairwise-subjects',
  'instances',
] as const

interface OpenHouse {
  frontDoor: FrontDoor
  fetchPassed(request: Request): Promise<Response>
  forgetTenant(path: string): Promise<void>
  close(): Promise<void>
}

/** The one place where the rooms are wired together. */
async function openRooms(
  options: PosternOptions,
  issuer: Issuer,
  plan: ConnectorPlan,
  sources: Sources,
  identity: Identity,
  /** Addresses of sockets, for whoever believes a listed one. */
  peers: WeakMap<Request, string>,
): Promise<OpenHouse> {
  const clock = options.clock ?? systemClock
  const random = options.random ?? systemRandom
  const { storage } = options
  const recorder = createConnectionRecorder({
    storage,
    clock,
    onLost: (count, reason) => telemetry.emit('connections.lost', 'connections', { count, reason }),
  })
  const usage = createUsageRecorder({
    storage,
    onLost: (count, reason) => telemetry.emit('usage.lost', 'usage', { count, reason }),
  })
  const audit = createAuditRecorder({
    storage,
    clock,
    onLost: (count, reason) => telemetry.emit('audit.lost', 'audit', { count, reason }),
  })
  const readers = [
    ...(options.readers ?? []),
    recorder.reader,
    usage.reader,
    audit.reader,
    (event: PosternEvent) => console?.reader(event),
  ]
  const telemetry = createTelemetry(clock, readers)
  const toolLedger = createToolLedger({ storage, audit, telemetry, clock })
  const keys = await createKeyRing({
    storage,
    masterKey: options.masterKey,
    purposes: keyPurposes,
    now: clock(),
  })
  const brand = readBrand(options.brand)
  const waysIn: WaysIn = {
    registration: true,
    metadataDocument: true,
    preRegistered: true,
    ...options.waysIn,
  }
  const lifetimes = { ...defaultLifetimes, ...options.lifetimes }
  const allowedHosts = hostGuard(options, issuer)

  const vault = createVault(await importSealingKey(keys.get('credentials')))
  const detours = createDetours({ storage, key: await importSealingKey(keys.get('detours')), clock })
  const guardedFetch = options.outboundFetch ?? createOutboundFetch(documentFetch)
  const operatorFetch = createOutboundFetch(providerFetch)
  const way = { guardedFetch, operatorFetch }
  let openedStatementKeys: Promise<SigningKeys> | undefined
  /** Made when the first statement is signed, or somebody asks for them. */
  const statementKeys = (): Promise<SigningKeys> => {
    openedStatementKeys ??= openStatementKeys(options, clock)
    return openedStatementKeys
  }
  const limits = { ...defaultGatewayLimits, ...options.limits }
  const instances =
    options.instances &&
    createInstances({
      address: options.instances.address,
      send: options.instances.send ?? fetch,
      key: keys.get('instances'),
      storage,
      origin: issuer,
      bodyBytes: limits.bodyBytes,
      clock,
      random,
      onMissedBeat: (reason) => telemetry.emit('instance.beat_missed', 'instances', { reason }),
    })

  const hasConsole = options.console !== undefined
  const login = createLogin({
    storage,
    provider: identity.form,
    outside: { providers: identity.outside, detours, way: { fetch: operatorFetch } },
    header: identity.header && { provider: identity.header, peerOf: (request) => peers.get(request) },
    passkeys: identity.passkeys && {
      provider: identity.passkeys,
      linksFor: (user) => pageLinksFor(user, login.passkeysPathOf(user) ?? '', login, hasConsole),
    },
    origin: issuer,
    keys: { csrf: keys.get('csrf') },
    telemetry,
    clock,
    brand,
  })
  const sessionKey = await importSealingKey(keys.get('mcp-session'))
  const allowedOrigins = originGuard(issuer)
  const connectors = createConnectors({
    plan,
    issuer,
    storage,
    clock,
    callAs: createStatements({
      issuer,
      key: async () => (await statementKeys()).current(),
      pairwiseKey: keys.get('pairwise-subjects'),
      clock,
    }),
    openWallet: (credential, connector, checkByServer) =>
      createWallet(credential, {
        connector,
        checkByServer,
        storage,
        vault,
        detours,
        redirectUri: issuer + endpointPaths.accountReturn,
        way,
        telemetry,
        clock,
      }),
    findPrincipal: (token, resource, use) => authorizationServer.findPrincipal(token, resource, use),
    openGateway: (settings, findPrincipal) =>
      tracedGateway(watchTools(settings, toolLedger.passed), (connector) =>
        createGateway({
          connector,
          origin: issuer,
          issuer,
          findPrincipal,
          findDeadToken: (token) => authorizationServer.findDeadToken(token),
          sessionKey,
          storage,
          allowedHosts,
          allowedOrigins,
          limits,
          telemetry,
          clock,
          elsewhere: instances,
        }),
      ),
  })
  const settings: AuthorizationServerSettings = {
    issuer,
    brand,
    resources: connectors.resources,
    waysIn,
    clientRules: { ...defaultClientRules, ...options.clientRules },
    rateRules: options.rateLimits === false ? undefined : { ...defaultRateRules, ...options.rateLimits },
    trustedIssuers: readTrustedIssuers(options.trustedIssuers),
    lifetimes,
    storage,
    keys: {
      clientId: keys.get('client-id'),
      clientSecret: keys.get('client-secret'),
      authorizationCode: keys.get('authorization-code'),
      tokens: keys.get('tokens'),
    },
    detours,
    signingKeys: await openSigningKeys(options, lifetimes, plan, clock),
    login,
    outboundFetch: guardedFetch,
    telemetry,
    clock,
    random,
  }
  const authorizationServer = createAuthorizationServer(settings)
  const account = createAccount({
    storage,
    login,
    brand,
    findConnector: async (resource) => connectors.resources.find(resource as ResourceIdentifier),
    linksFor: (user) => pageLinksFor(user, accountPath, login, hasConsole),
    telemetry,
    clock,
  })
  const console =
    options.console &&
    createConsole({
      ...options.console,
      ...{ storage, login, brand, telemetry, clock },
      token: options.console.token,
      settings: options.console.settings ?? [],
      connectors: connectors.fixed.map(({ name, path, resource, access, gateway }) => ({
        ...{ name, path, url: resource, access },
        definitions: () => gateway.definitions(),
      })),
      noteTools: toolLedger.whole,
      links: pageLinks(consolePath, true),
    })
  let isClosing = false
  const frontDoor = createFrontDoor({
    issuer,
    brand,
    connectors,
    authorizationServer: connectors.isGuarded ? authorizationServer : undefined,
    statementKeys: async () => (await statementKeys()).published(),
    login: connectors.isGuarded ? login : undefined,
    account,
    console,
    waysIn,
    hasUsers: () => storage.hasUsers(),
    isClosing: () => isClosing,
    allowedHosts,
    sources,
    telemetry,
    random,
  })
  const housekeeping = startHousekeeping(storage, clock, telemetry)
  return {
    frontDoor,
    fetchPassed: (request) => answerPassed(request, instances, connectors),
    forgetTenant: connectors.forgetTenant,
    close: async () => {
      isClosing = true
      console?.close()
      housekeeping.stop()
      await instances?.close()
      await connectors.close()
      await toolLedger.close()
      await Promise.all([recorder.close(), usage.close(), audit.close()])
    },
  }
}

async function answerPassed(
  request: Request,
  instances: Instances | undefined,
  connectors: Connectors,
): Promise<Response> {
  const passed = await instances?.receive(request)
  if (passed === undefined || passed instanceof Response) return passed ?? new Response(null, { status: 404 })
  const path = new URL(passed.request.url).pathname.replace(/\/$/, '')
  const place = path.endsWith(ssePath) ? path.slice(0, -ssePath.length) : path
  const connector = connectors.fixed.find((one) => one.path === place) ?? (await connectors.findTenant(place))
  if (connector === undefined) return new Response(null, { status: 404 })
  return passed.prove(await connector.gateway.fetchPassed(passed.request, passed.tokenHash))
}

/** Read before the first request, so that a database that holds none can be written at start. */
async function openSigningKeys(
  { storage, masterKey }: PosternOptions,
  { accessTokenSeconds }: Lifetimes,
  plan: ConnectorPlan,
  clock: Clock,
): Promise<SigningKeys | undefined> {
  if ([...plan.fixed, ...plan.templates].every(({ accessTokens }) => accessTokens !== 'jwt')) return undefined
  const shelf = await createKeyShelf({ storage, masterKey, family: signingKeyFamily })
  const signingKeys = createSigningKeys(shelf, clock, accessTokenSeconds)
  await signingKeys.current()
  return signingKeys
}

/** Apart from those of access tokens: who checks the one never takes the other. */
async function openStatementKeys({ storage, masterKey }: PosternOptions, clock: Clock): Promise<SigningKeys> {
  const shelf = await createKeyShelf({ storage, masterKey, family: 'identity-signing' })
  return createSigningKeys(shelf, clock, maximumStatementSeconds)
}

const maximumStatementSeconds = 60

/** To what the operator named: keys and groups of a large company are long. */
const providerFetch = { fetch, allowPrivateAddresses: true, deadlineMs: 10_000, maximumBytes: 1_048_576 }

/** Draft CIMD §6.5 recommends 5 KB; real documents are below one. */
const documentFetch = { fetch, allowPrivateAddresses: false, deadlineMs: 5_000, maximumBytes: 16_384 }

function readPublicUrl(publicUrl: string): Issuer {
  const url = parseUrl(publicUrl)
  if (url === undefined || !isSecureOrLoopback(url)) {
    throw new TypeError(
      `publicUrl ${JSON.stringify(publicUrl)} must be an https URL, or http on localhost; Claude connects to nothing else`,
    )
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new TypeError(
      `publicUrl ${JSON.stringify(publicUrl)} must be an origin such as https://mcp.example.com, without a path`,
    )
  }
  return issuerOf(publicUrl)
}

/** It opens everything to whoever guesses it. */
function refuseWeakToken(token: string | undefined): void {
  if (token === undefined || consoleTokenPattern.test(token)) return
  throw new TypeError(
    'console.token must be 32 characters or more, as `openssl rand -hex 32` prints them, or left out',
  )
}

/** House rule 12: names are checked, not peers; behind a tunnel every peer is loopback. */
function hostGuard(options: PosternOptions, issuer: Issuer): (host: string) => boolean {
  const ours = new URL(issuer)
  const named = new Set([ours.host, ...(options.additionalHosts ?? [])].map((host) => host.toLowerCase()))
  const withLoopback = options.allowLoopbackHosts ?? isLoopbackHost(ours.hostname)
  return function isAllowedHost(host) {
    if (named.has(host.toLowerCase())) return true
    if (!withLoopback) return false
    const url = parseUrl(`http://${host}`)
    return url !== undefined && url.host === host.toLowerCase() && isLoopbackHost(url.hostname)
  }
}

/** House rule 17: our own pages, Claude's, and any page on this machine (Inspector). */
function originGuard(issuer: Issuer): (origin: string) => boolean {
  const named = new Set<string>([issuer, ...claudeOrigins])
  return function isAllowedOrigin(origin) {
    const url = parseUrl(origin)
    return named.has(origin) || (url !== undefined && isLoopbackHost(url.hostname))
  }
}
