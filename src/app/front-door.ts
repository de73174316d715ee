/** The front door: which request goes to which room, what may be called from other origins, and what an error becomes on its way out. */

import { type Account, accountPath } from '../account/account.ts'
import type { AuthorizationServer } from '../authorization-server/authorization-server.ts'
import { endpointAliases, endpointPaths } from '../authorization-server/endpoints/metadata.ts'
import { errorAnswer, jsonAnswer } from '../authorization-server/json-answer.ts'
import type { RequestSource, WaysIn } from '../authorization-server/settings.ts'
import { type Console, isConsolePath } from '../console/console.ts'
import { type Gateway, ssePath } from '../gateway/gateway.ts'
import type { Login } from '../identity/login.ts'
import { formatAuthorizationResponse } from '../oauth/authorization-response.ts'
import {
  authorizationServerWellKnown,
  type Issuer,
  openidConfigurationWellKnown,
} from '../oauth/authorization-server-metadata.ts'
import { AuthorizationError, OAuthError, subjectOf } from '../oauth/errors.ts'
import type { JsonWebKeySet } from '../oauth/json-web-key.ts'
import { protectedResourceWellKnown } from '../oauth/protected-resource-metadata.ts'
import { redirectHost } from '../oauth/redirect-uri.ts'
import { canonicalResource } from '../oauth/resource-indicators.ts'
import { type Random, randomId } from '../platform/crypto.ts'
import { pathOf } from '../platform/plain-request.ts'
import type { Connection } from '../platform/request-source.ts'
import { type Telemetry, userAgentOf } from '../platform/telemetry.ts'
import { StorageError, type StorageErrorKind } from '../storage/storage-error.ts'
import type { Brand } from '../ui/brand.ts'
import { errorPage, type PageProblem } from '../ui/error.ts'
import type { HomeConnector } from '../ui/home.ts'
import { pageResponse } from '../ui/layout.ts'
import type { Connector, Connectors } from './connectors.ts'
import { health, healthPath, readiness, readyPath } from './health.ts'
import { createHome } from './pages.ts'
import type { Source, Sources } from './sources.ts'

export interface FrontDoorRooms {
  issuer: Issuer
  brand: Brand
  connectors: Connectors
  /** Undefined where no sign-in is needed: then there is nothing to discover, and a document would send clients astray. */
  authorizationServer: AuthorizationServer | undefined
  login: Login | undefined
  /** With which statements of who calls are verified. */
  statementKeys: () => Promise<JsonWebKeySet>
  account: Account
  /** Undefined unless it is switched on. */
  console: Console | undefined
  waysIn: WaysIn
  hasUsers: () => Promise<boolean>
  isClosing: () => boolean
  allowedHosts: (host: string) => boolean
  sources: Sources
  telemetry: Telemetry
  random: Random
}

/** How a row speaks: to machines in JSON (other origins may call it), to a person in pages (they may not). */
type Audience = 'machine' | 'person'

interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  path: string
  audience: Audience
  handle(request: Request, source: RequestSource): Promise<Response> | Response
}

export type FrontDoor = (request: Request, connection: Connection) => Promise<Response>

export function createFrontDoor(rooms: FrontDoorRooms): FrontDoor {
  const routes = routeTable(rooms)
  const table = new Map<string, Route[]>()
  for (const route of routes) table.set(route.path, [...(table.get(route.path) ?? []), route])
  const { connectors } = rooms
  const gateways = new Map<string, Gateway>()
  for (const { path, gateway } of connectors.fixed) gateways.set(path + ssePath, gateway)
  for (const { path, gateway } of connectors.fixed) {
    gateways.set(path, gateway).set(`${path}/`, gateway)
  }

  return function frontDoor(request, connection) {
    const pathname = pathOf(request)
    const from = rooms.sources.of(request, connection)
    const mayEnter = from.isAllowed || request.method === 'OPTIONS'
    // The gateway has its own order of checks, in which only this one comes before its own (house rule 17).
    const gateway = gateways.get(pathname)
    return gateway !== undefined && mayEnter ? gateway.fetch(request) : answerElse(request, pathname, from)
  }

  async function answerElse(request: Request, pathname: string, from: Source): Promise<Response> {
    const { isAllowed, ...source } = from
    const mayEnter = isAllowed || request.method === 'OPTIONS'
    if (gateways.has(pathname)) return wrongSource(request, source, rooms)
    const path = withoutTrailingSlash(pathname)
    const known = table.get(pathname) ?? table.get(path)
    const tenant = known === undefined ? await findTenant(withoutSsePath(path), request, rooms) : undefined
    if (tenant instanceof Response) return tenant
    if (tenant?.path === withoutSsePath(path))
      return mayEnter ? tenant.gateway.fetch(request) : wrongSource(request, source, rooms)
    const candidates =
      tenant === undefined ? (known ?? consoleRoutes(path, rooms)) : metadataRoutes(tenant, rooms).get(path)
    if (request.method === 'OPTIONS') return preflight(candidates)
    // A health check comes by address, and there is nothing in its answer to steal.
    const isProbe = pathname === healthPath || pathname === readyPath
    const isOurName = isProbe || rooms.allowedHosts(request.headers.get('host') ?? '')
    if (!isOurName) return missed(request, wrongHost(rooms), rooms)
    if (candidates === undefined) return missed(request, notFound(request, rooms), rooms)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const route = candidates.find((candidate) => candidate.method === method)
    if (route === undefined) return missed(request, methodNotAllowed(candidates), rooms)
    // People sign in from anywhere; the list is of where their clients ask from.
    if (!isAllowed && route.audience === 'machine' && !isProbe) return wrongSource(request, source, rooms)
    // Told before what comes of it, so that the story has it in this order.
    if (aliases.has(route.path)) tell('discovery.guessed', request, undefined, rooms)
    const response = await answer(route, request, source, rooms)
    if (route.path.startsWith('/.well-known/')) tell('discovery.read', request, response, rooms)
    return route.audience === 'machine' ? withCors(response) : response
  }
}

/** Every page below one address; which there are, and for whom, the console says itself. */
function consoleRoutes(path: string, rooms: FrontDoorRooms): Route[] | undefined {
  const { console } = rooms
  if (console === undefined || !isConsolePath(path)) return undefined
  const handle: Route['handle'] = async (request) =>
    (await console.fetch(request)) ?? notFound(request, rooms)
  return (['GET', 'POST', 'DELETE'] as const).map((method) => ({ method, path, audience: 'person', handle }))
}

/** The tenant whose MCP endpoint or metadata a path is. Its own program is asked, which may fail. */
async function findTenant(
  path: string,
  request: Request,
  rooms: FrontDoorRooms,
): Promise<Connector | Response | undefined> {
  const wellKnown = metadataPaths.find((prefix) => path.startsWith(`${prefix}/`))
  // A name that is not ours finds nothing out about tenants.
  if (!rooms.allowedHosts(request.headers.get('host') ?? '')) return undefined
  try {
    return await rooms.connectors.findTenant(path.slice(wellKnown?.length ?? 0))
  } catch (error) {
    const errorId = randomId(rooms.random)
    const known = unexpected(error)
    report(known, error, errorId, request, rooms)
    return withCors(errorAnswer(known, errorId))
  }
}

const metadataPaths = [
  protectedResourceWellKnown,
  authorizationServerWellKnown,
  openidConfigurationWellKnown,
] as const

/** Of one connector, at the addresses with its path inserted, by address. */
function metadataRoutes(
  { path, access, gateway }: Connector,
  { authorizationServer: server }: FrontDoorRooms,
): Map<string, Route[]> {
  if (server === undefined || access === 'none') return new Map()
  const routes = metadataPaths.map((wellKnown): Route => {
    const handle: Route['handle'] =
      wellKnown === protectedResourceWellKnown
        ? (request) => gateway.protectedResourceMetadata(request)
        : () => publicJson(server.metadata)
    return { method: 'GET', path: wellKnown + path, audience: 'machine', handle }
  })
  return new Map(routes.map((route) => [route.path, [route]]))
}

/** Every address of the house but the MCP endpoints themselves, and what belongs to tenants. */
function routeTable(rooms: FrontDoorRooms): Route[] {
  const { authorizationServer: server, login, account, connectors, waysIn } = rooms
  const machine = (method: Route['method'], path: string, handle: Route['handle']): Route => ({
    method,
    path,
    audience: 'machine',
    handle,
  })
  const person = (method: Route['method'], path: string, handle: Route['handle']): Route => ({
    method,
    path,
    audience: 'person',
    handle,
  })
  const home = createHome({ ...rooms, connectors: connectors.fixed.map(connectorFact) })
  const ready = { lookAtStorage: rooms.hasUsers, isClosing: rooms.isClosing }
  const open = [
    person('GET', '/', home),
    machine('GET', healthPath, health),
    machine('GET', readyPath, () => readiness(ready)),
  ]
  if (server === undefined || login === undefined) return open

  const metadata = (): Response => publicJson(server.metadata)
  const { standard } = connectors
  const { authorize, token, register, manageRegistration: manage } = server
  return [
    ...open,
    ...connectors.fixed.flatMap((connector) => [...metadataRoutes(connector, rooms).values()].flat()),
    // At the root it would send clients of the others astray (requirement ASU-04).
    ...(standard === undefined
      ? []
      : [
          machine('GET', protectedResourceWellKnown, (request) =>
            standard.gateway.protectedResourceMetadata(request),
          ),
        ]),
    machine('GET', authorizationServerWellKnown, metadata),
    machine('GET', openidConfigurationWellKnown, metadata),
    machine('GET', endpointPaths.jwks, async () => publicJson(await server.keySet())),
    machine('GET', endpointPaths.identityKeys, async () => publicJson(await rooms.statementKeys())),
    machine('POST', endpointPaths.token, token),
    machine('POST', endpointAliases.token, token),
    machine('POST', endpointPaths.revocation, server.revoke),
    machine('POST', endpointPaths.introspection, server.introspect),
    machine('POST', endpointPaths.pushedAuthorization, server.pushAuthorization),
    ...(waysIn.registration
      ? [
          machine('POST', endpointPaths.registration, register),
          machine('POST', endpointAliases.registration, register),
          machine('GET', endpointPaths.registration, manage),
          machine('PUT', endpointPaths.registration, manage),
          machine('DELETE', endpointPaths.registration, manage),
        ]
      : []),
    person('GET', endpointPaths.authorization, authorize),
    person('GET', endpointAliases.authorization, authorize),
    person('POST', endpointPaths.authorization, (request) => server.decide(request)),
    person('GET', endpointPaths.accountReturn, (request) => server.comeBack(request)),
    person('GET', '/login', login.endpoints.login),
    person('POST', '/login', login.endpoints.login),
    person('POST', '/logout', login.endpoints.logout),
    ...login.passkeyEndpoints.map(({ method, path, handle }) => person(method, path, handle)),
    ...login.outsideEndpoints.map(({ path, handle }) => person('GET', path, handle)),
    person('GET', '/setup', login.endpoints.setup),
    person('POST', '/setup', login.endpoints.setup),
    person('GET', accountPath, account.show),
    person('POST', accountPath, account.disconnect),
  ]
}

function connectorFact({ name, resource, icon }: Connector): HomeConnector {
  return { name, url: resource, icon }
}

/** Five minutes, as long as hosted Claude keeps it: a change is seen as soon as it can be anyway. */
function publicJson(body: unknown): Response {
  return new Response(JSON.stringify(body), {
    headers: { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' },
  })
}

/** The one boundary at which errors become responses. */
async function answer(
  route: Route,
  request: Request,
  source: RequestSource,
  rooms: FrontDoorRooms,
): Promise<Response> {
  try {
    return await route.handle(request, source)
  } catch (error) {
    const errorId = randomId(rooms.random)
    const known = error instanceof OAuthError ? error : unexpected(error)
    report(known, error, errorId, request, rooms)
    if (known instanceof AuthorizationError) return redirectError(known, rooms.issuer)
    if (route.audience === 'machine') return errorAnswer(known, errorId)
    const response = page(problemOf(known, request, rooms), errorId, known.status, rooms)
    if (known.retryAfterSeconds !== undefined)
      response.headers.set('retry-after', String(known.retryAfterSeconds))
    return response
  }
}

const aliases: ReadonlySet<string> = new Set(Object.values(endpointAliases))

/** Only what a program asks for: a person who mistypes an address sees so. */
function missed(request: Request, response: Response, rooms: FrontDoorRooms): Response {
  const { pathname } = new URL(request.url)
  const wantsEvents = (request.headers.get('accept') ?? '').includes('text/event-stream')
  const isProgram = request.method === 'POST' || wantsEvents || pathname.includes('/.well-known/')
  if (isProgram) tell('discovery.missed', request, response, rooms)
  return response
}

type Discovery = 'discovery.read' | 'discovery.guessed' | 'discovery.missed'

/** How far a client got before it named itself, for the connection story. */
function tell(
  name: Discovery,
  request: Request,
  response: Response | undefined,
  rooms: FrontDoorRooms,
): void {
  const path = new URL(request.url).pathname
  rooms.telemetry.emit(name, randomId(rooms.random), {
    connector: connectorMeant(path, rooms)?.path,
    method: request.method,
    path,
    status: response?.status,
    userAgent: userAgentOf(request),
  })
}

/** The connector in the path, else the standard one. */
function connectorMeant(path: string, { connectors }: FrontDoorRooms): Connector | undefined {
  const wellKnown = metadataPaths.find((prefix) => path.startsWith(`${prefix}/`)) ?? ''
  const rest = withoutTrailingSlash(path.slice(wellKnown.length))
  return connectors.fixed.find((connector) => connector.path === rest) ?? connectors.standard
}

function problemOf(error: OAuthError, request: Request, { connectors }: FrontDoorRooms): PageProblem {
  if (error.occasion === 'unknown-client') {
    const asked = canonicalResource(new URL(request.url).searchParams.get('resource') ?? '')
    const meant = connectors.fixed.find(({ resource }) => resource === asked) ?? connectors.standard
    return { kind: 'unknown-client', connector: meant && connectorFact(meant) }
  }
  if (error.occasion !== undefined) return { kind: error.occasion }
  if (error.code === 'server_error') return { kind: 'server-error' }
  return { kind: 'bad-request', says: error.description }
}

function page(
  problem: PageProblem,
  errorId: string | undefined,
  status: number,
  rooms: FrontDoorRooms,
): Response {
  return pageResponse(errorPage({ brand: rooms.brand, homePath: '/', errorId, problem }), status)
}

function unexpected(cause: unknown): OAuthError {
  if (cause instanceof StorageError && passingFaults.has(cause.kind)) {
    return new OAuthError('temporarily_unavailable', 'this server is busy; try again in a moment', {
      cause,
      detail: cause.message,
    })
  }
  return new OAuthError(
    'server_error',
    'something went wrong on this server; its log tells more under the id',
    { cause },
  )
}

/** Whoever comes again finds another answer. */
const passingFaults: ReadonlySet<StorageErrorKind> = new Set(['overloaded', 'locked', 'unreachable'])

function report(
  known: OAuthError,
  error: unknown,
  errorId: string,
  request: Request,
  rooms: FrontDoorRooms,
): void {
  const isBug = known.code === 'server_error'
  const reason = error instanceof Error ? (known.detail ?? error.message) : String(error)
  const { flowId = errorId, ...subject } = subjectOf(error)
  rooms.telemetry.emit(isBug ? 'request.failed' : 'request.refused', flowId, {
    ...subject,
    errorId,
    method: request.method,
    path: new URL(request.url).pathname,
    status: known.status,
    code: known.code,
    reason: known.detail === undefined ? reason : `${known.description}: ${known.detail}`,
    userAgent: userAgentOf(request),
    ...(known instanceof AuthorizationError ? { redirectHost: redirectHost(known.redirect.uri) } : {}),
  })
}

/** RFC 6749 §4.1.2.1 with `iss` (RFC 9207 §2), which belongs into errors too. */
function redirectError(error: AuthorizationError, issuer: Issuer): Response {
  const location = formatAuthorizationResponse(error.redirect, issuer, {
    error: error.code,
    errorDescription: error.description,
    state: error.state,
  })
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })
}

/** Discovery that finds nothing goes on to its next address only after a 404, and chokes on HTML (requirement ASU-14). */
function notFound(request: Request, rooms: FrontDoorRooms): Response {
  const { pathname } = new URL(request.url)
  const wantsPage =
    (request.headers.get('accept') ?? '').includes('text/html') && !pathname.startsWith('/.well-known/')
  if (!wantsPage) {
    const urls = rooms.connectors.fixed.map(({ resource }) => resource)
    const hint = urls.length === 0 ? '' : `; the MCP endpoint is ${urls.join(' or ')}`
    const body = {
      error: 'not_found',
      error_description: `nothing is served here${hint}`,
    }
    return withCors(jsonAnswer(404, body))
  }
  return page({ kind: 'not-found' }, undefined, 404, rooms)
}

function methodNotAllowed(candidates: readonly Route[]): Response {
  const allow = [...new Set(candidates.map(({ method }) => method))].join(', ')
  const body = { error: 'invalid_request', error_description: `use ${allow} here` }
  const response = jsonAnswer(405, body, { allow })
  return candidates.some(({ audience }) => audience === 'machine') ? withCors(response) : response
}

/** A name that is not ours can only come from a mistaken proxy or a page that rebinds DNS to reach a local server. */
function wrongHost(rooms: FrontDoorRooms): Response {
  const body = {
    error: 'invalid_request',
    error_description: `this server answers for ${new URL(rooms.issuer).host} only; set its public URL, or add this name to its trusted hosts`,
  }
  return jsonAnswer(421, body)
}

/** The operator listed where clients ask from, and this is elsewhere (house rule 17). */
function wrongSource(request: Request, { name }: RequestSource, rooms: FrontDoorRooms): Response {
  const body = {
    error: 'access_denied',
    error_description: 'this server does not answer requests from this address; ask its operator',
  }
  rooms.telemetry.emit('source.refused', randomId(rooms.random), {
    method: request.method,
    path: new URL(request.url).pathname,
    status: 403,
    reason: `from ${name}`,
    userAgent: userAgentOf(request),
  })
  return withCors(jsonAnswer(403, body))
}

const corsHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version',
}

/** No CORS on pages: a browser must come to them as a person does (OAuth 2.1 §3.1). */
function preflight(candidates: readonly Route[] | undefined): Response {
  const allowed = candidates?.filter(({ audience }) => audience === 'machine') ?? []
  if (candidates !== undefined && allowed.length === 0) return new Response(null, { status: 204 })
  return new Response(null, {
    status: 204,
    headers: {
      ...corsHeaders,
      'access-control-allow-methods': [
        ...new Set(['GET', 'POST', ...allowed.map(({ method }) => method), 'OPTIONS']),
      ].join(', '),
      'access-control-allow-headers': 'Authorization, Content-Type, Accept, MCP-Protocol-Version, DPoP',
      'access-control-max-age': '86400',
    },
  })
}

function withCors(response: Response): Response {
  for (const [name, value] of Object.entries(corsHeaders)) response.headers.set(name, value)
  return response
}

/** The connector whose address for HTTP+SSE it is. */
function withoutSsePath(path: string): string {
  return path.endsWith(ssePath) ? path.slice(0, -ssePath.length) : path
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
