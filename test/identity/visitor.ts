// Sign-in without a socket: memory storage, a clock set by hand, and a browser that keeps cookies and sends what browsers send.

import { createLogin, type Login, type LoginOptions } from '../../src/identity/login.ts'
import { type LocalAccounts, localAccounts } from '../../src/identity/providers/local-accounts.ts'
import { createTelemetry, type PosternEvent } from '../../src/platform/telemetry.ts'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import type { Storage, UserRecord } from '../../src/storage/storage.ts'
import { cheapArgon2 } from '../cheap-argon2.ts'

export const ada = { username: 'ada', displayName: 'Ada Lovelace', password: 'analytical engine 1843' }

export interface House {
  login: Login
  storage: Storage
  accounts: LocalAccounts
  clock: { now: number }
  events: PosternEvent[]
  origin: string
  addUser(wishes?: { username: string; displayName: string; password: string }): Promise<UserRecord>
  visitor(): Visitor
}

export interface Visitor {
  cookies: Map<string, string>
  request(path: string, init?: RequestInit): Request
  get(path: string): Promise<Response>
  /** Posts as a browser does: with cookies, Origin and Sec-Fetch-Site; `headers` of null leave one out. */
  post(
    path: string,
    fields: Record<string, string>,
    headers?: Record<string, string | null>,
  ): Promise<Response>
  /** Opens the page and posts its form back, with these fields filled in. */
  submit(
    path: string,
    fields: Record<string, string>,
    headers?: Record<string, string | null>,
  ): Promise<Response>
}

export function openHouse(options: Partial<LoginOptions> = {}): House {
  const clock = { now: 1_800_000_000 }
  const events: PosternEvent[] = []
  const storage = memoryStorage()
  const now = (): number => clock.now
  const accounts = localAccounts({ storage, clock: now, argon2: cheapArgon2 })
  const origin = options.origin ?? 'https://door.example'
  const login = createLogin({
    storage,
    provider: accounts,
    origin,
    keys: { csrf: new Uint8Array(32).fill(9) },
    telemetry: createTelemetry(now, [(event) => events.push(event)]),
    clock: now,
    brand: { name: 'Postern' },
    ...options,
  })
  return {
    login,
    storage,
    accounts,
    clock,
    events,
    origin,
    async addUser(wishes = ada) {
      const prepared = await accounts.prepareAccount({ ...wishes, role: 'member' })
      if (prepared.outcome !== 'ready') throw new Error(JSON.stringify(prepared))
      await storage.createUser(prepared.user)
      return prepared.user
    },
    visitor: () => createVisitor(login, origin),
  }
}

function createVisitor(login: Login, origin: string): Visitor {
  const cookies = new Map<string, string>()

  function request(path: string, init: RequestInit = {}): Request {
    const made = new Request(new URL(path, origin), init)
    if (cookies.size > 0) made.headers.set('cookie', [...cookies].map((pair) => pair.join('=')).join('; '))
    return made
  }

  async function exchange(path: string, init: RequestInit): Promise<Response> {
    const name = new URL(path, origin).pathname.replace(/^.*\//, '') as keyof Login['endpoints']
    const response = await login.endpoints[name](request(path, init))
    for (const line of response.headers.getSetCookie()) {
      const [cookie = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s)
      if (/max-age=0/i.test(line)) cookies.delete(cookie)
      else cookies.set(cookie, value)
    }
    return response
  }

  async function post(
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string | null> = {},
  ): Promise<Response> {
    const sent = { origin, 'sec-fetch-site': 'same-origin', ...headers }
    const present = Object.entries(sent).filter((entry): entry is [string, string] => entry[1] !== null)
    return exchange(path, { method: 'POST', headers: present, body: new URLSearchParams(fields) })
  }

  return {
    cookies,
    request,
    get: (path) => exchange(path, {}),
    post,
    async submit(path, fields, headers) {
      const page = await exchange(path, {})
      return post(path, { ...hiddenFields(await page.text()), ...fields }, headers)
    },
  }
}

export function hiddenFields(html: string): Record<string, string> {
  const found = html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)
  return Object.fromEntries(
    [...found].map(([, name = '', value = '']) => [name, value.replaceAll('&amp;', '&')]),
  )
}
