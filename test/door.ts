// A whole Postern without a socket, for tests: memory storage, a clock that is set by hand, one account, and a browser that keeps cookies.

import { createHash, randomBytes } from 'node:crypto'
import { createPostern, type Postern, type PosternOptions } from '../src/app/postern.ts'
import type { Upstream } from '../src/gateway/upstream.ts'
import { inProcessUpstream } from '../src/gateway/upstreams/in-process.ts'
import { createLocalUser, localAccounts } from '../src/identity/providers/local-accounts.ts'
import type { PosternEvent } from '../src/platform/telemetry.ts'
import { memoryStorage } from '../src/storage/adapters/memory.ts'
import type { Storage } from '../src/storage/storage.ts'
import { cheapArgon2 } from './cheap-argon2.ts'

export const claudeCallback = 'https://claude.ai/api/mcp/auth_callback'
export const account = { username: 'ada', password: 'correct horse battery' } as const

/** What a client sees of a door, wherever it runs. */
export interface OpenDoor {
  origin: string
  mcpUrl: string
  /** A request to a path of the door, redirects not followed. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  browser(): Browser
}

export interface Door extends OpenDoor {
  postern: Postern
  storage: Storage
  clock: { now: number }
  events: PosternEvent[]
}

export async function openDoor(options: Partial<PosternOptions> = {}): Promise<Door> {
  const clock = { now: 1_800_000_000 }
  const storage = options.storage ?? memoryStorage()
  const events: PosternEvent[] = []
  const origin = options.publicUrl ?? 'http://localhost:8787'
  const postern = createPostern({
    publicUrl: origin,
    ...(options.connectors === undefined
      ? { connector: { name: 'Notes', upstream: notesUpstream() } }
      : { connector: undefined }),
    masterKey: new Uint8Array(32).fill(7),
    identity: localAccounts({ storage, argon2: cheapArgon2 }),
    clock: () => clock.now,
    readers: [(event) => events.push(event)],
    ...options,
    storage,
  })
  await postern.ready
  if ((await storage.findUserByName(account.username)) === undefined) {
    await createLocalUser(
      { storage, clock: () => clock.now, argon2: cheapArgon2 },
      { ...account, displayName: 'Ada', role: 'admin' },
    )
  }
  const send = (path: string, init: RequestInit = {}): Promise<Response> => {
    const request = new Request(new URL(path, origin), { redirect: 'manual', ...init })
    if (!request.headers.has('host')) request.headers.set('host', new URL(origin).host)
    return postern.fetch(request)
  }
  return {
    postern,
    origin,
    mcpUrl: postern.connectorUrl,
    storage,
    clock,
    events,
    fetch: send,
    browser: () => createBrowser(origin, send),
  }
}

/** A fresh upstream with one tool that reads and one that destroys. */
export function notesUpstream(): Upstream {
  return inProcessUpstream({ handler: answerAsUpstream })
}

/** Speaks just enough MCP for the authorization server's tests; the gateway's own tests use real servers. */
async function answerAsUpstream(request: Request): Promise<Response> {
  if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } })
  const message = (await request.json()) as { id?: number; method: string; params?: { name?: string } }
  if (message.id === undefined) return new Response(null, { status: 202 })
  const tools = [
    {
      name: 'search',
      title: 'Search notes',
      description: 'Finds notes that contain a text.',
      annotations: { readOnlyHint: true },
      inputSchema: { type: 'object' },
    },
    {
      name: 'erase',
      title: 'Erase a note',
      description: 'Erases a note.',
      annotations: { destructiveHint: true },
      inputSchema: { type: 'object' },
    },
  ]
  const results: Record<string, unknown> = {
    initialize: {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'notes', version: '1' },
    },
    'tools/list': { tools },
    'tools/call': { content: [{ type: 'text', text: `called ${message.params?.name}` }] },
  }
  const result = results[message.method]
  const answer = result === undefined ? { error: { code: -32601, message: 'unknown' } } : { result }
  return Response.json({ jsonrpc: '2.0', id: message.id, ...answer })
}

export interface Browser {
  /** As it keeps them, by name. */
  cookies: Map<string, string>
  /** Follows nothing; keeps cookies; says where it comes from as browsers do. */
  get(url: string): Promise<Response>
  post(url: string, form: URLSearchParams, headers?: Record<string, string>): Promise<Response>
  /** Opens an authorization URL, signs in if asked, and returns the consent page with what its form would post. */
  openConsent(url: string): Promise<ConsentForm>
  /** All the way: returns the redirect that leaves the door. */
  approve(url: string, change?: (form: URLSearchParams) => void): Promise<URL>
}

export interface ConsentForm {
  html: string
  action: string
  fields: URLSearchParams
  response: Response
}

/** `origin` is where its cookies go. */
export function createBrowser(origin: string, send: OpenDoor['fetch']): Browser {
  const cookies = new Map<string, string>()

  async function exchange(url: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    if (cookies.size > 0) headers.set('cookie', [...cookies].map((pair) => pair.join('=')).join('; '))
    headers.set('accept', 'text/html')
    const response = await send(new URL(url, origin).href.slice(origin.length), { ...init, headers })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s)
      if (/max-age=0/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }

  const get = (url: string): Promise<Response> => exchange(url, { method: 'GET' })
  const post = (
    url: string,
    form: URLSearchParams,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    exchange(url, {
      method: 'POST',
      body: form.toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin,
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
    })

  async function openConsent(url: string): Promise<ConsentForm> {
    let at = url
    let response = await get(at)
    for (let step = 0; step < 8; step++) {
      const location = response.headers.get('location')
      if (location !== null) {
        if (!new URL(location, origin).href.startsWith(origin)) throw new Error(`left for ${location}`)
        at = new URL(location, origin).href
        response = await get(at)
        continue
      }
      const html = await response.text()
      if (!response.ok) throw new Error(`${response.status} at ${at}\n${html}`)
      const { action, fields } = readForm(html)
      if (!fields.has('then')) return { html, action, fields, response }
      fields.set('username', account.username)
      fields.set('password', account.password)
      response = await post(action, fields)
      if (response.status !== 303)
        throw new Error(`sign-in answered ${response.status}\n${await response.text()}`)
    }
    throw new Error('too many redirects')
  }

  async function approve(url: string, change: (form: URLSearchParams) => void = () => {}): Promise<URL> {
    const form = await openConsent(url)
    form.fields.set('decision', 'approve')
    change(form.fields)
    const response = await post(form.action, form.fields)
    const location = response.headers.get('location')
    if (response.status !== 303 || location === null)
      throw new Error(`consent answered ${response.status}\n${await response.text()}`)
    return new URL(location)
  }

  return { cookies, get, post, openConsent, approve }
}

/** The first form that carries a csrf field: its action and what a browser would post of its inputs. */
export function readForm(html: string): { action: string; fields: URLSearchParams } {
  for (const [, head = '', body = ''] of html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)) {
    const fields = new URLSearchParams()
    for (const [, tag = ''] of body.matchAll(/<input\b([^>]*)>/gis)) {
      const name = attribute(tag, 'name')
      if (name === undefined) continue
      if (attribute(tag, 'type') === 'checkbox' && !/\schecked\b/.test(tag)) continue
      fields.append(name, attribute(tag, 'value') ?? 'on')
    }
    const isSignOut = /action="\/logout/.test(head)
    if (fields.has('csrf') && !isSignOut) return { action: attribute(head, 'action') ?? '', fields }
  }
  throw new Error(`no form on this page:\n${html}`)
}

function attribute(tag: string, name: string): string | undefined {
  return new RegExp(`(?:^|\\s)${name}="([^"]*)"`)
    .exec(tag)?.[1]
    ?.replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}

export interface Pkce {
  verifier: string
  challenge: string
}

export function pkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** An authorization URL as Claude sends it, with what the test changes; `undefined` leaves a parameter out. */
export function authorizeUrl(
  door: OpenDoor,
  clientId: string,
  challenge: string,
  changes: Record<string, string | undefined> = {},
): string {
  const parameters: Record<string, string | undefined> = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: claudeCallback,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 'state-of-the-test',
    scope: 'read write offline_access',
    resource: door.mcpUrl,
    ...changes,
  }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value)
  return `${door.origin}/oauth/authorize?${query}`
}

/** Registers as hosted Claude does (observed 2026-08). */
export async function register(
  door: OpenDoor,
  changes: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const response = await door.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      redirect_uris: [claudeCallback],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      client_name: 'Claude',
      application_type: 'web',
      ...changes,
    }),
  })
  const body = (await response.json()) as Record<string, unknown>
  if (response.status !== 201)
    throw new Error(`registration answered ${response.status} ${JSON.stringify(body)}`)
  return body
}

export interface TokenAnswer {
  status: number
  headers: Headers
  body: Record<string, unknown>
}

/** POST /oauth/token with these form fields; `undefined` leaves one out. */
export async function token(
  door: OpenDoor,
  fields: Record<string, string | undefined>,
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.set(name, value)
  const response = await door.fetch('/oauth/token', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: form.toString(),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

export interface Connection {
  clientId: string
  accessToken: string
  refreshToken: string
  scope: string
  expiresIn: number
  code: string
  verifier: string
}

/** Registration, sign-in, consent and exchange, as hosted Claude does them. */
export async function connect(
  door: OpenDoor,
  options: {
    clientId?: string
    redirectUri?: string
    browser?: Browser
    untick?: string
    scope?: string
  } = {},
): Promise<Connection> {
  const redirectUri = options.redirectUri ?? claudeCallback
  const clientId =
    options.clientId ?? String((await register(door, { redirect_uris: [redirectUri] })).client_id)
  const { verifier, challenge } = pkce()
  const changes = {
    redirect_uri: redirectUri,
    ...(options.scope === undefined ? {} : { scope: options.scope }),
  }
  const browser = options.browser ?? door.browser()
  const redirect = await browser.approve(authorizeUrl(door, clientId, challenge, changes), (form) => {
    if (options.untick === undefined) return
    const kept = form.getAll('scope').filter((name) => name !== options.untick)
    form.delete('scope')
    for (const name of kept) form.append('scope', name)
  })
  const code = redirect.searchParams.get('code') ?? ''
  const answer = await token(door, {
    grant_type: 'authorization_code',
    code,
    client_id: clientId,
    code_verifier: verifier,
    redirect_uri: redirectUri,
    resource: door.mcpUrl,
  })
  if (answer.status !== 200) throw new Error(`token answered ${answer.status} ${JSON.stringify(answer.body)}`)
  return {
    clientId,
    accessToken: String(answer.body.access_token),
    refreshToken: String(answer.body.refresh_token),
    scope: String(answer.body.scope),
    expiresIn: Number(answer.body.expires_in),
    code,
    verifier,
  }
}

/** A JSON-RPC request to the MCP endpoint. */
export function callMcp(
  door: OpenDoor,
  accessToken: string | undefined,
  message: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return door.fetch(new URL(door.mcpUrl).pathname, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  })
}
