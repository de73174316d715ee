/** The operator's console: pages for who is an administrator, a JSON API for who has the operator's token, and nothing for anybody else (house rule 12). */

import type { Login } from '../identity/login.ts'
import { auditedEvents } from '../ledger/audit.ts'
import { operatorActions } from '../ledger/audited-storage.ts'
import { toolActions } from '../ledger/tool-ledger.ts'
import { durationClasses } from '../ledger/usage.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Clock } from '../platform/clock.ts'
import type { EventReader, Telemetry } from '../platform/telemetry.ts'
import type { Storage, UserRecord } from '../storage/storage.ts'
import type { Brand } from '../ui/brand.ts'
import { attemptPage, attemptsPage } from '../ui/console/attempts.ts'
import { type ConsoleFrame, consolePath } from '../ui/console/frame.ts'
import { overviewPage } from '../ui/console/overview.ts'
import { clientsPage, credentialsPage, type DeedName, grantsPage, peoplePage } from '../ui/console/records.ts'
import type { SettingRow } from '../ui/console/reports.ts'
import { auditPage, connectorsPage, settingsPage } from '../ui/console/server.ts'
import type { Page, PageLink } from '../ui/layout.ts'
import {
  apiPath,
  decoded,
  findApiRoute,
  isBearer,
  readAuditFilter,
  readHours,
  readOnly,
  readPerson,
  readWindow,
} from './api.ts'
import type { NoteTools, WatchedConnector } from './connectors.ts'
import { deeds, perform } from './deeds.ts'
import { createLive } from './live.ts'
import { createReports } from './reports.ts'

export interface ConsoleOptions {
  storage: Storage
  login: Login
  brand: Brand
  connectors: readonly WatchedConnector[]
  /** What a connector says of all its tools when it is asked: whatever is different is written down. */
  noteTools: NoteTools
  /** As the server was started, without secrets. */
  settings: readonly SettingRow[]
  /** For the JSON API; without one there is none. */
  token: string | undefined
  links: readonly PageLink[]
  telemetry: Telemetry
  clock: Clock
}

export interface Console {
  readonly reader: EventReader
  /** For every path that `isConsolePath` knows; undefined where there is no such page. */
  fetch(request: Request): Promise<Response | undefined>
  close(): void
}

export { consolePath }

export function isConsolePath(path: string): boolean {
  return path === consolePath || path.startsWith(`${consolePath}/`)
}

const actPath = `${consolePath}/act`

export function createConsole(options: ConsoleOptions): Console {
  const { storage, login, telemetry, clock } = options
  const reports = createReports(options)
  const live = createLive()

  async function fetch(request: Request): Promise<Response | undefined> {
    const { pathname } = new URL(request.url)
    if (pathname.startsWith(`${apiPath}/`)) return answerApi(request, pathname.slice(apiPath.length))
    const user = await login.whoIsThere(request)
    if (user === undefined) return login.sendToLogin(request, pathname)
    if (user.role !== 'admin') {
      telemetry.emit('console.refused', 'console', { userId: user.userId, path: pathname })
      throw new OAuthError('access_denied', 'this page is for operators', { occasion: 'operators-only' })
    }
    if (pathname === actPath) return request.method === 'POST' ? act(request, user) : notAllowed('POST')
    if (request.method !== 'GET' && request.method !== 'HEAD') return notAllowed('GET, HEAD')
    if (pathname === `${consolePath}/live`) return live.open(request.signal, () => isStillOperator(request))
    if (pathname === `${consolePath}/audit/export`) return exportAudit()
    const page = await findPage(request, pathname.slice(consolePath.length), user)
    return page && login.show(request, page)
  }

  async function isStillOperator(request: Request): Promise<boolean> {
    return (await login.whoIsThere(request))?.role === 'admin'
  }

  /* Pages */

  async function findPage(request: Request, path: string, user: UserRecord): Promise<Page | undefined> {
    const { searchParams } = new URL(request.url)
    const frame = frameOf(request, user, searchParams)
    const [, attempt] = /^\/connections\/([^/]+)$/.exec(path) ?? []
    if (attempt !== undefined) {
      const story = await reports.attempt(decoded(attempt) ?? '')
      return story && attemptPage(frame, story)
    }
    const window = readWindow(searchParams, rowsOfPage)
    switch (path) {
      case '':
        return overviewPage(frame, await reports.overview(readHours(searchParams)), durationClasses)
      case '/connections': {
        const filter = readOnly(searchParams)
        return attemptsPage(frame, await reports.attempts(filter, window), filter)
      }
      case '/people':
        return peoplePage(frame, await reports.people(window), user.userId)
      case '/clients':
        return clientsPage(frame, await reports.clients(window))
      case '/grants': {
        const filter = readPerson(searchParams)
        return grantsPage(frame, await reports.grants(filter, window), filter.userId)
      }
      case '/connectors':
        return connectorsPage(frame, await reports.connectors())
      case '/credentials':
        return credentialsPage(frame, await reports.credentials(window))
      case '/audit': {
        const filter = readAuditFilter(searchParams)
        const actions = [...new Set([...auditedEvents.keys(), ...operatorActions, ...toolActions])].sort()
        return auditPage(frame, await reports.audit(filter, rowsOfPage), { action: filter.action, actions })
      }
      case '/settings':
        return settingsPage(frame, reports.settings())
      default:
        return undefined
    }
  }

  function frameOf(request: Request, user: UserRecord, query: URLSearchParams): ConsoleFrame {
    return {
      brand: options.brand,
      links: options.links,
      visitor: { ...user, signOut: login.signOutForm(request, '/') },
      action: { path: actPath, csrf: login.browserOf(request).csrf('console') },
      done: query.get('done') ?? undefined,
      now: clock(),
    }
  }

  async function act(request: Request, user: UserRecord): Promise<Response> {
    const form = await login.readGenuineForm(request, 'console')
    const name = deeds.find((one) => one === form.get('act'))
    const id = form.get('id') ?? ''
    if (name === undefined) throw new OAuthError('invalid_request', 'there is no such thing to do here')
    if (name === 'remove-user' && id === user.userId) {
      throw new OAuthError('invalid_request', 'the account that you sit at is removed at the command line')
    }
    const outcome = await perform(name, id, { actor: 'user', userId: user.userId }, options)
    const from = form.get('from') ?? ''
    const back = /^\/console(?:\/[a-z]+)?$/.test(from) ? from : consolePath
    const location = `${back}?done=${outcome === 'done' ? name : 'nothing'}`
    return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store' } })
  }

  /** One JSON object on each line, oldest first, read from storage as fast as it is taken. */
  function exportAudit(): Response {
    const encoder = new TextEncoder()
    let after = 0
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const records = await storage.readAudit(after, exportPage)
        const last = records.at(-1)
        if (last === undefined) return controller.close()
        after = last.number
        controller.enqueue(encoder.encode(records.map((record) => `${JSON.stringify(record)}\n`).join('')))
      },
    })
    return new Response(body, {
      headers: {
        'content-type': 'application/jsonl; charset=utf-8',
        'content-disposition': 'attachment; filename="audit.jsonl"',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      },
    })
  }

  /* The API */

  /** A cookie opens nothing here: pages of other sites cannot ask for what only a header brings. */
  async function answerApi(request: Request, path: string): Promise<Response> {
    if (!isBearer(request, options.token)) {
      return json(401, { error: 'a token is required' }, { 'www-authenticate': 'Bearer realm="console"' })
    }
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const found = findApiRoute(method, path)
    if (found === undefined)
      return json(404, { error: 'there is no such address, or it takes another method' })
    const { route, id } = found
    if (route.deed !== undefined) return performed(route.deed, id)
    const body = await route.answer?.(reports, id, new URL(request.url).searchParams)
    return body === undefined ? json(404, { error: 'there is none' }) : json(200, body)
  }

  async function performed(name: DeedName, id: string): Promise<Response> {
    const outcome = await perform(name, id, { actor: 'operator' }, options)
    return outcome === 'done' ? json(200, { done: name }) : json(404, { error: 'there is none' })
  }

  return { reader: live.reader, fetch, close: () => live.close() }
}

/** With the longest names a page of them weighs less than 60 kB. */
const rowsOfPage = 25
const exportPage = 500

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
}

function notAllowed(allow: string): Response {
  return new Response(null, { status: 405, headers: { allow } })
}
