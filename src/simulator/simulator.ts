/** The page on which a person adds a connector as in Claude and sees the wire beside it; guarded, because it makes requests for a browser. */

import type { Browser } from '../client/browser.ts'
import { createFetchBrowser, type Login } from '../client/browser-fetch.ts'
import type { Surface } from '../client/surface.ts'
import { readFormBody } from '../identity/form-body.ts'
import { OAuthError } from '../oauth/errors.ts'
import { equalInConstantTime } from '../platform/crypto.ts'
import { isLocalhostName, isLoopbackHost, parseUrl } from '../platform/url.ts'
import { pageResponse } from '../ui/layout.ts'
import { type Markup, markupText } from '../ui/markup.ts'
import { connectorPage, liveFragment, removedFragment, simulatorPage } from '../ui/simulator.ts'
import type { SignInWay } from './attempt.ts'
import {
  type ConnectorLife,
  createConnectorLife,
  type LifeOptions,
  type Member,
  type SimulatedConnector,
} from './connector-life.ts'
import { connectorView, listView } from './views.ts'

export interface SimulatorOptions extends LifeOptions {
  /** Random; whoever does not have it finds nothing (house rule: a page that makes requests is nobody else's). */
  token: string
  surfaces: readonly Surface[]
  /** Filled into the form: what was typed in the terminal. */
  url: string | undefined
  /** For sign-ins whose pages need scripts; undefined for a target that is not trusted with it, because a browser runs the scripts of whatever pages it is sent to. */
  headlessBrowserFor(url: string, login: Login | undefined): Browser | undefined
}

export interface Simulator {
  fetch(request: Request): Promise<Response>
  /** Below the origin. */
  path: string
  /** Ends what is under way. */
  close(): void
}

export function createSimulator(options: SimulatorOptions): Simulator {
  const base = `/simulator/${options.token}`
  const life = createConnectorLife(options)
  const room: Room = { base, life, options }
  return {
    path: base,
    close: () => life.close(),
    async fetch(request) {
      const url = new URL(request.url)
      if (!isOwnHost(request)) return refused(421, 'This page answers on this machine only.')
      const [, token = '', rest = ''] = /^\/simulator\/([^/]+)(.*)$/s.exec(url.pathname) ?? []
      if (!equalInConstantTime(token, options.token)) return refused(404, 'Not found')
      if (request.method === 'GET') return show(rest, url.searchParams, room)
      if (request.method !== 'POST') return refused(405, 'GET or POST', { Allow: 'GET, POST' })
      if (!isOwnOrigin(request, url)) return refused(403, 'This form was not sent by this page.')
      const form = await readFormBody(request).catch(notReadable)
      return form instanceof OAuthError ? refused(400, form.message) : act(rest, form, room)
    },
  }
}

function notReadable(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error
  throw error
}

export interface Room {
  base: string
  life: ConnectorLife
  options: SimulatorOptions
}

/** A page elsewhere whose name was pointed at this machine (DNS rebinding) still sends its own name. */
function isOwnHost(request: Request): boolean {
  const host = parseUrl(`http://${request.headers.get('host') ?? new URL(request.url).host}`)
  return host !== undefined && (isLoopbackHost(host.hostname) || isLocalhostName(host.hostname))
}

function isOwnOrigin(request: Request, url: URL): boolean {
  const host = request.headers.get('host') ?? url.host
  return request.headers.get('origin') === `http://${host}`
}

function refused(status: number, says: string, headers: Record<string, string> = {}): Response {
  return new Response(`${says}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers },
  })
}

function show(rest: string, query: URLSearchParams, room: Room): Response {
  if (rest === '' || rest === '/') return pageResponse(simulatorPage(listView(room)))
  if (rest === '/removed') {
    const { removed } = listView(room)
    return removed === undefined ? refused(404, 'Nothing was removed.') : fragment(removedFragment(removed))
  }
  const [, id = '', part] = /^\/c\/([\w-]+)(\/live)?$/.exec(rest) ?? []
  const connector = room.life.find(id)
  const member = connector?.members.find((one) => one.id === query.get('member')) ?? connector?.members[0]
  if (connector === undefined || member === undefined) return refused(404, 'There is no such connector.')
  const view = connectorView(connector, member, room)
  if (part === undefined) return pageResponse(connectorPage(view))
  return fragment(liveFragment(view))
}

function fragment(markup: Markup): Response {
  return new Response(markupText(markup), {
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  })
}

function act(rest: string, form: URLSearchParams, room: Room): Response {
  const { base, life } = room
  if (rest === '/add') return add(form, room)
  if (rest === '/conversation') {
    life.startConversation()
    return goTo(base)
  }
  const [, id = '', verb = ''] = /^\/c\/([\w-]+)\/(\w+)$/.exec(rest) ?? []
  const connector = life.find(id)
  const member = connector?.members.find((one) => one.id === form.get('member'))
  if (connector === undefined || member === undefined) return refused(404, 'There is no such connector.')
  const here = `${base}/c/${id}?member=${member.id}`
  switch (verb) {
    case 'connect':
      life.connect(connector, member, wayIn(connector, form, room.options))
      return goTo(here)
    case 'stop':
      member.attempt?.stop()
      return goTo(here)
    case 'disconnect':
      life.disconnect(member)
      return goTo(here)
    case 'switch':
      member.isSwitchedOn = member.isConnected && !member.isSwitchedOn
      return goTo(here)
    case 'call':
      call(connector, member, form, life)
      return goTo(here)
    case 'member':
      return goTo(`${base}/c/${id}?member=${life.addMember(connector).id}`)
    case 'remove':
      if (member !== connector.members[0]) return refused(403, 'Whoever added it removes it.')
      life.remove(connector)
      return goTo(base)
    default:
      return refused(404, 'Not found')
  }
}

function add(form: URLSearchParams, room: Room): Response {
  const { base, life, options } = room
  const url = (form.get('url') ?? '').trim()
  const surface = options.surfaces.find(({ name }) => name === form.get('client'))
  const clientId = form.get('client_id')?.trim() || undefined
  const clientSecret = form.get('client_secret') || undefined
  const problem =
    surface === undefined
      ? 'Choose a client.'
      : !/^https?:$/.test(parseUrl(url)?.protocol ?? '')
        ? 'The URL has to begin with https:// or http://.'
        : clientSecret !== undefined && clientId === undefined
          ? 'A client secret needs its client ID.'
          : life.connectors().some((one) => one.url === url && one.surface === surface)
            ? 'A server with this URL already exists. Remove it first.'
            : undefined
  if (problem !== undefined || surface === undefined)
    return pageResponse(simulatorPage(listView(room, problem, form)), 400)
  const name = (form.get('name') ?? '').trim().slice(0, 80) || new URL(url).hostname
  return goTo(`${base}/c/${life.add({ name, url, surface, clientId, clientSecret }).id}`)
}

function wayIn(
  { surface, url }: SimulatedConnector,
  form: URLSearchParams,
  { headlessBrowserFor }: SimulatorOptions,
): SignInWay {
  const way = form.get('way')
  if (way === 'here' && surface.identity.redirect.kind === 'loopback') return 'shown'
  const username = form.get('username') ?? ''
  const password = form.get('password') ?? ''
  const login = username === '' ? undefined : { username, password }
  return (way === 'headless' ? headlessBrowserFor(url, login) : undefined) ?? createFetchBrowser(login)
}

/** As Claude does: only what is switched on in this conversation, and of what was listed. */
function call(
  connector: SimulatedConnector,
  member: Member,
  form: URLSearchParams,
  life: ConnectorLife,
): void {
  const name = form.get('tool') ?? ''
  if (!member.isSwitchedOn || !member.tools.some((tool) => tool.name === name)) return
  const text = form.get('arguments')?.trim() || '{}'
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    member.lastCall = { name, says: `The arguments are not JSON: ${(error as Error).message}`, isError: true }
    return
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    member.lastCall = { name, says: 'The arguments have to be a JSON object.', isError: true }
    return
  }
  const allow = form.get('allow') === 'always' ? 'always' : 'once'
  life.call(connector, member, { name, arguments: given as Record<string, unknown> }, allow)
}

function goTo(path: string): Response {
  return new Response(null, { status: 303, headers: { location: path, 'cache-control': 'no-store' } })
}
