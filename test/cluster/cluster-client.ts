// One client of the torture: connects, calls, refreshes, tries again as Claude does, and says what must never happen.

import { setTimeout as wait } from 'node:timers/promises'
import { account } from '../door.ts'
import { approveByFetch, beginAuthorization, type PlainTokens } from '../interop/plain-sign-in.ts'
import type { Chance } from '../torture/chance.ts'

export interface Tally {
  counts: Record<string, number>
  violations: string[]
}

export interface ClusterClient {
  connect(): Promise<void>
  /** One thing that a client does, done again until it is answered. */
  act(): Promise<void>
  /** At the end, when nothing is broken any more. */
  isSignedIn(): Promise<boolean>
}

const attemptTimeoutMs = 15_000
/** Beyond this nobody would call it the same attempt any more. */
const patienceMs = 300_000

export function createClusterClient(
  name: string,
  connectorUrl: string,
  cookies: ReadonlyMap<string, string>,
  chance: Chance,
  tally: Tally,
): ClusterClient {
  const redirectUri = 'http://127.0.0.1:1/callback'
  let tokens: PlainTokens | undefined
  let session: string | undefined
  let calls = 0
  const count = (what: string): void => {
    tally.counts[what] = (tally.counts[what] ?? 0) + 1
  }
  const violate = (what: string): void => void tally.violations.push(`${name}: ${what}`)

  async function untilAnswered<T>(what: string, work: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + patienceMs
    for (let pause = 200; ; pause = Math.min(2_000, pause * 2)) {
      const answer = await work().catch(() => undefined)
      if (answer !== undefined) return answer
      count(`${what}: not answered, tried again`)
      if (performance.now() > deadline) throw new Error(`${name}: ${what} was not answered for five minutes`)
      await wait(pause * chance.between(0.5, 1.5))
    }
  }

  async function connectOnce(): Promise<PlainTokens> {
    const begun = await beginAuthorization(connectorUrl, { redirectUri })
    const redirect = await approveByFetch(begun.url, account, new Map(cookies))
    return begun.exchange(redirect.searchParams.get('code') ?? '')
  }

  /** A code that is sent several times at once: one answer at most has tokens in it. */
  async function spendCodeTwice(): Promise<void> {
    const begun = await beginAuthorization(connectorUrl, { redirectUri }).catch(() => undefined)
    const redirect =
      begun && (await approveByFetch(begun.url, account, new Map(cookies)).catch(() => undefined))
    if (begun === undefined || redirect === undefined) return
    const code = redirect.searchParams.get('code') ?? ''
    const spent = await Promise.all(
      Array.from({ length: 4 }, () => begun.exchange(code).catch(() => undefined)),
    )
    const families = new Set(spent.flatMap((one) => one?.accessToken ?? []))
    count('codes sent four times at once')
    if (families.size > 1) violate(`a code was spent ${families.size} times`)
  }

  async function refreshOnce({
    tokenEndpoint,
    refreshToken = '',
    clientId,
  }: PlainTokens): Promise<PlainTokens | undefined> {
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
    const signal = AbortSignal.timeout(attemptTimeoutMs)
    const response = await fetch(tokenEndpoint, { method: 'POST', body: new URLSearchParams(form), signal })
    const body = (await response.json()) as Record<string, unknown>
    if (response.status === 200) {
      const [accessToken, next] = [String(body.access_token), String(body.refresh_token)]
      return { accessToken, refreshToken: next, clientId, tokenEndpoint, scope: undefined }
    }
    if (response.status < 500 && response.status !== 429)
      violate(`signed out: ${response.status} ${JSON.stringify(body)}`)
    return undefined
  }

  async function refresh(): Promise<void> {
    const old = tokens
    if (old === undefined) return
    if (chance.happens(0.2)) {
      const answers = await Promise.all([0, 1, 2, 3].map(() => refreshOnce(old).catch(() => undefined)))
      const successors = new Set(answers.flatMap((answer) => answer?.refreshToken ?? []))
      count('refreshes sent four times at once')
      if (successors.size > 1) violate(`${successors.size} successors of one refresh token`)
    }
    tokens = await untilAnswered('refresh', () => refreshOnce(old))
    count('refreshes')
  }

  interface Said {
    status: number
    session: string | null
    text: string
  }

  async function send(method: string, params: object): Promise<Said | undefined> {
    const response = await fetch(connectorUrl, {
      method: 'POST',
      signal: AbortSignal.timeout(attemptTimeoutMs),
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${tokens?.accessToken}`,
        ...(session === undefined ? {} : { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    const text = await response.text()
    if (response.status >= 500 || response.status === 429) return undefined
    return { status: response.status, session: response.headers.get('mcp-session-id'), text }
  }

  async function open(): Promise<void> {
    session = undefined
    const clientInfo = { name, version: '1' }
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
    const opened = await untilAnswered('initialize', () => send('initialize', params))
    if (opened.status === 401) violate('an access token that had just been issued was refused')
    session = opened.session ?? undefined
    count('sessions opened')
  }

  async function call(): Promise<void> {
    if (session === undefined) await open()
    const nonce = `nonce-${name}-${++calls}`
    const said = await untilAnswered('call', () =>
      send('tools/call', { name: 'whoami', arguments: { text: nonce } }),
    )
    if (said.status === 404) {
      count('sessions lost')
      session = undefined
      return
    }
    if (said.status === 401) return violate('signed out: a live access token was refused')
    if (said.text.includes(`${name} ${nonce}`)) return count('calls')
    if (/nonce-/.test(said.text)) return violate(`a call was answered to the wrong principal: ${said.text}`)
    count('calls that the upstream failed')
  }

  return {
    async connect() {
      tokens = await untilAnswered('connect', connectOnce)
      count('connected')
    },
    async act() {
      const action = chance.pick([
        [12, call],
        [6, refresh],
        [1, spendCodeTwice],
      ] as const)
      await action()
    },
    async isSignedIn() {
      await refresh()
      await open()
      await call()
      return session !== undefined
    },
  }
}
