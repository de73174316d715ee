// Floods and strangers: what is limited, by what, what never is, and a list of addresses.

import { describe, expect, test } from 'vitest'
import type { PosternOptions } from '../../src/app/postern.ts'
import { defaultRateRules, type RateLimitName } from '../../src/authorization-server/rate-limits.ts'
import type { Connection } from '../../src/platform/request-source.ts'
import {
  authorizeUrl,
  callMcp,
  claudeCallback,
  connect,
  type Door,
  openDoor,
  pkce,
  register,
  token,
} from '../door.ts'

const { challenge } = pkce()
const claudeAddress = '160.79.104.17'
const hostedClaude = 'https://claude.ai/oauth/mcp-oauth-client-metadata'

/** The same door, as somebody at this address sees it. */
function from(door: Door, peerAddress: string | undefined): Door {
  return {
    ...door,
    fetch: (path, init) => {
      const request = new Request(new URL(path, door.origin), { redirect: 'manual', ...init })
      if (!request.headers.has('host')) request.headers.set('host', new URL(door.origin).host)
      return door.postern.fetch(request, { peerAddress })
    },
  }
}

/** So few of one thing that a test meets the limit, and all of everything else. */
function few(name: RateLimitName, burst = 5, perMinute = 5): Partial<PosternOptions> {
  return { rateLimits: { [name]: { burst, perMinute } } }
}

async function registerStatus(door: Door, name: string): Promise<number> {
  const response = await door.fetch('/oauth/register', {
    method: 'POST',
    body: JSON.stringify({ redirect_uris: [`https://${name}.example/cb`], client_name: name }),
  })
  return response.status
}

async function times(count: number, work: (index: number) => Promise<number>): Promise<number[]> {
  const statuses: number[] = []
  for (let index = 0; index < count; index++) statuses.push(await work(index))
  return statuses
}

describe('[R7591-06] registration', () => {
  test('[HS-17] two a second from one address, every one another client, for ten minutes: none is refused', async () => {
    const door = await openDoor()
    const here = from(door, '203.0.113.7')
    const statuses: number[] = []
    for (let second = 0; second < 600; second++) {
      door.clock.now++
      statuses.push(await registerStatus(here, `a${second}`), await registerStatus(here, `b${second}`))
    }
    expect(statuses.every((status) => status === 201)).toBe(true)
  })

  test('[HS-12] a flood from one address keeps out nobody at another, and not Claude', async () => {
    const door = await openDoor(few('newClients'))
    const flood = await times(20, (index) => registerStatus(from(door, '203.0.113.7'), `flood-${index}`))
    expect(flood.filter((status) => status === 201)).toHaveLength(5)
    expect(flood.filter((status) => status === 429)).toHaveLength(15)
    expect(await registerStatus(from(door, '203.0.113.8'), 'other')).toBe(201)
    const claude = await times(20, (index) => registerStatus(from(door, claudeAddress), `claude-${index}`))
    expect(claude.every((status) => status === 201)).toBe(true)
  })

  test('what was registered before is renewed without end: Claude, in a flood, from the flooding address', async () => {
    const door = await openDoor({ ...few('newClients') })
    const here = from(door, '203.0.113.7')
    await register(here)
    await times(20, (index) => registerStatus(here, `flood-${index}`))
    for (let index = 0; index < 20; index++) await register(here)
  })

  test('a botnet meets what all together may make', async () => {
    const door = await openDoor(few('newClientsInAll'))
    const statuses = await times(10, (index) =>
      registerStatus(from(door, `203.0.113.${index}`), `bot-${index}`),
    )
    expect(statuses.filter((status) => status === 429)).toHaveLength(5)
  })

  test('the answer says when to come back, and then it is so', async () => {
    const door = await openDoor(few('newClients', 2, 6))
    const here = from(door, '203.0.113.7')
    await times(2, (index) => registerStatus(here, `c${index}`))
    const response = await here.fetch('/oauth/register', {
      method: 'POST',
      body: JSON.stringify({ redirect_uris: ['https://late.example/cb'] }),
    })
    expect(response.status).toBe(429)
    expect(((await response.json()) as { error: string }).error).toBe('too_many_requests')
    const wait = Number(response.headers.get('retry-after'))
    expect(wait).toBe(10)
    door.clock.now += wait - 1
    expect(await registerStatus(here, 'late')).toBe(429)
    door.clock.now += 1
    expect(await registerStatus(here, 'late')).toBe(201)
  })

  test('bringing a forgotten client back makes a row too', async () => {
    const door = await openDoor(few('newClients'))
    const statuses = await times(8, async (index) => {
      const url = authorizeUrl(door, `lost-${index}`, challenge, { redirect_uri: claudeCallback })
      return (await from(door, '203.0.113.7').fetch(url)).status
    })
    expect(statuses).toEqual([303, 303, 303, 303, 303, 429, 429, 429])
  })

  test('limits can be switched off', async () => {
    const door = await openDoor({ rateLimits: false })
    const statuses = await times(defaultRateRules.newClients.burst + 20, (index) =>
      registerStatus(door, `c${index}`),
    )
    expect(statuses.every((status) => status === 201)).toBe(true)
  })
})

describe('[HS-17] authorization', () => {
  const ask = async (door: Door, clientId: string): Promise<Response> =>
    door.fetch(authorizeUrl(door, clientId, challenge))

  test('one client from one address meets the limit on a page; the same client elsewhere, and another here, do not', async () => {
    const door = await openDoor(few('authorizations'))
    const [one, other] = [String((await register(door)).client_id), String((await register(door)).client_id)]
    const here = from(door, '203.0.113.7')
    expect(await times(6, async () => (await ask(here, one)).status)).toEqual([303, 303, 303, 303, 303, 429])
    const refused = await ask(here, one)
    expect(refused.headers.get('content-type')).toMatch(/^text\/html/)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.headers.get('location')).toBeNull()
    expect((await ask(from(door, '203.0.113.8'), one)).status).toBe(303)
    expect((await ask(here, other)).status).toBe(303)
  })

  test('an id that everybody shares is not worn out for everybody by one', async () => {
    const door = await openDoor(few('authorizations'))
    await times(9, async () => (await ask(from(door, '203.0.113.7'), hostedClaude)).status)
    expect((await ask(from(door, '203.0.113.7'), hostedClaude)).status).toBe(429)
    expect((await ask(from(door, '203.0.113.8'), hostedClaude)).status).toBe(303)
  })

  test('one person meets a limit of answers, another does not', async () => {
    const door = await openDoor(few('decisions', 4, 4))
    const browser = door.browser()
    const clientId = String((await register(door)).client_id)
    const form = await browser.openConsent(authorizeUrl(door, clientId, challenge))
    const statuses = await times(5, async () => (await browser.get(form.action)).status)
    expect(statuses).toEqual([200, 200, 200, 429, 429])
    door.clock.now += 60
    expect((await browser.get(form.action)).status).toBe(200)
  })
})

describe('the token endpoint', () => {
  test('[CC-11] one connection that refreshes without end is slowed down, and lives; others go on', async () => {
    const door = await openDoor(few('refreshes'))
    const [one, other] = [
      await connect(door, { clientId: hostedClaude }),
      await connect(door, { clientId: hostedClaude }),
    ]
    let refreshToken = one.refreshToken
    const refresh = async (at: Door, presented: string): Promise<number> => {
      const answer = await token(at, {
        grant_type: 'refresh_token',
        refresh_token: presented,
        client_id: hostedClaude,
      })
      if (answer.status === 200 && presented === refreshToken)
        refreshToken = String(answer.body.refresh_token)
      if (answer.status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      return answer.status
    }
    expect(await times(6, () => refresh(door, refreshToken))).toEqual([200, 200, 200, 200, 200, 429])
    expect(await refresh(from(door, claudeAddress), refreshToken), 'from anywhere').toBe(429)
    expect(await refresh(door, other.refreshToken)).toBe(200)
    door.clock.now += 60
    expect(await refresh(door, refreshToken), 'the connection was not ended').toBe(200)
  })

  test('[HS-12] a registration is limited where it asks from, so that a stranger who knows its id does not lock it out', async () => {
    const door = await openDoor(few('tokenRequests'))
    const own = await connect(door)
    const guess = { grant_type: 'refresh_token', refresh_token: 'pst_rt_guessed', client_id: own.clientId }
    const stranger = from(door, '203.0.113.66')
    expect(await times(6, async () => (await token(stranger, guess)).status)).toEqual([
      400, 400, 400, 400, 400, 429,
    ])
    const refresh = { ...guess, refresh_token: own.refreshToken }
    expect((await token(from(door, claudeAddress), refresh)).status).toBe(200)
  })

  test('ids that everybody shares are not limited', async () => {
    const door = await openDoor(few('tokenRequests'))
    const form = { grant_type: 'refresh_token', refresh_token: 'x', client_id: hostedClaude }
    const statuses = await times(20, async () => (await token(from(door, '203.0.113.7'), form)).status)
    expect(statuses.every((status) => status === 400)).toBe(true)
  })
})

describe('[SBP-08] documents', () => {
  test('nobody makes a hammer of us: one host is asked so often, and a known document is used meanwhile', async () => {
    let asked = 0
    const door = await openDoor({
      ...few('documents'),
      outboundFetch: async (url) => {
        asked++
        const document = { client_id: url, client_name: 'App', redirect_uris: [claudeCallback] }
        return {
          status: 200,
          headers: new Headers({ 'content-type': 'application/json' }),
          text: JSON.stringify(document),
        }
      },
    })
    const ask = async (id: string): Promise<number> =>
      (await door.fetch(authorizeUrl(door, id, challenge))).status
    const statuses = await times(20, (index) => ask(`https://victim.example/${index}`))
    expect(statuses.filter((status) => status === 429)).toHaveLength(15)
    expect(asked).toBe(5)
    expect(await ask('https://other.example/client')).toBe(303)
    door.clock.now += 3600
    await times(5, (index) => ask(`https://victim.example/late-${index}`))
    expect(asked).toBe(11)
    expect(await ask('https://victim.example/1'), 'a stale copy').toBe(303)
    expect(asked).toBe(11)
  })
})

test('[HS-17] the first probe and discovery are never answered with 429', async () => {
  const none = { burst: 0, perMinute: 1 }
  const rateLimits = Object.fromEntries(Object.keys(defaultRateRules).map((name) => [name, none]))
  const door = from(await openDoor({ rateLimits }), '203.0.113.7')
  for (let index = 0; index < 500; index++) {
    const probe = await callMcp(door, undefined, { id: 1, method: 'server/discover' })
    expect(probe.status).toBe(401)
    for (const path of [
      '/.well-known/oauth-protected-resource/mcp',
      '/.well-known/oauth-authorization-server',
      '/oauth/jwks',
    ]) {
      expect((await door.fetch(path)).status).toBe(200)
    }
  }
  expect(
    (await door.fetch('/oauth/register', { method: 'POST', body: '{"redirect_uris":["https://a.b/c"]}' }))
      .status,
  ).toBe(429)
})

describe('[HS-17] a list of addresses', () => {
  const listed = (sources: PosternOptions['sources']): Promise<Door> => openDoor({ sources })
  const initialize = (door: Door): Promise<Response> =>
    callMcp(door, undefined, { id: 1, method: 'initialize' })

  test('anthropic: Claude gets its 401 and all of OAuth, anybody else 403 before that', async () => {
    const door = await listed({ allowed: ['anthropic'] })
    const claude = from(door, claudeAddress)
    expect((await initialize(claude)).status).toBe(401)
    expect((await claude.fetch('/.well-known/oauth-authorization-server')).status).toBe(200)
    expect(await registerStatus(claude, 'claude')).toBe(201)
    for (const address of ['203.0.113.7', '127.0.0.1', '::1', '160.79.112.1', undefined]) {
      const stranger = from(door, address)
      const refused = await initialize(stranger)
      expect(refused.status, address).toBe(403)
      expect(refused.headers.get('www-authenticate')).toBeNull()
      expect(await registerStatus(stranger, 'x')).toBe(403)
      expect((await stranger.fetch('/.well-known/oauth-protected-resource/mcp')).status).toBe(403)
      expect((await token(stranger, { grant_type: 'refresh_token' })).status).toBe(403)
    }
    expect(
      door.events.some(({ name, reason }) => name === 'source.refused' && reason === 'from 203.0.113.7'),
    ).toBe(true)
  })

  test('people sign in from anywhere; a health check and a preflight are answered', async () => {
    const door = await listed({ allowed: ['anthropic'] })
    const claude = from(door, claudeAddress)
    const clientId = String((await register(claude)).client_id)
    const person = from(door, '203.0.113.7')
    expect((await person.fetch(authorizeUrl(door, clientId, challenge))).status).toBe(303)
    expect((await person.fetch('/login')).status).toBe(200)
    expect((await person.fetch('/healthz')).status).toBe(200)
    expect((await person.fetch('/mcp', { method: 'OPTIONS' })).status).toBe(204)
    expect((await person.fetch('/oauth/token', { method: 'OPTIONS' })).status).toBe(204)
  })

  test('a token that Claude got opens nothing elsewhere', async () => {
    const door = await listed({ allowed: ['anthropic'] })
    const { accessToken } = await connect({ ...from(door, claudeAddress), browser: door.browser })
    const list = { id: 1, method: 'tools/list' }
    expect((await callMcp(from(door, claudeAddress), accessToken, list)).status).toBe(200)
    expect((await callMcp(from(door, '203.0.113.7'), accessToken, list)).status).toBe(403)
  })

  test('[R9700-02] forwarded addresses are believed from listed proxies, and from nobody else', async () => {
    const door = await listed({ allowed: ['anthropic'], trustedProxies: ['10.0.0.0/8'] })
    const via = async (peerAddress: string, headers: Record<string, string>): Promise<number> =>
      (await callMcp(from(door, peerAddress), undefined, { id: 1, method: 'initialize' }, headers)).status
    expect(await via('10.0.0.1', { 'x-forwarded-for': claudeAddress })).toBe(401)
    expect(await via('10.0.0.1', { 'x-forwarded-for': `${claudeAddress}, 203.0.113.7` })).toBe(403)
    expect(await via('10.0.0.1', {})).toBe(403)
    expect(await via('203.0.113.7', { 'x-forwarded-for': claudeAddress })).toBe(403)
    expect(await via('127.0.0.1', { 'x-forwarded-for': claudeAddress })).toBe(403)
    for (const header of ['forwarded', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip', 'x-client-ip']) {
      const value = header === 'forwarded' ? `for=${claudeAddress}` : claudeAddress
      expect(await via('10.0.0.1', { [header]: value }), header).toBe(403)
    }
  })

  test('a proxy that is not listed is one address for all behind it; a listed one is not', async () => {
    for (const trustedProxies of [[], ['10.0.0.1']]) {
      const door = await openDoor({ ...few('newClients'), sources: { trustedProxies } })
      const behind = (address: string): Door => {
        const connection: Connection = { peerAddress: '10.0.0.1' }
        return {
          ...door,
          fetch: (path, init) => {
            const request = new Request(new URL(path, door.origin), init)
            request.headers.set('host', new URL(door.origin).host)
            request.headers.set('x-forwarded-for', address)
            return door.postern.fetch(request, connection)
          },
        }
      }
      await times(10, (index) => registerStatus(behind('203.0.113.7'), `flood-${index}`))
      expect(await registerStatus(behind('203.0.113.8'), 'other')).toBe(
        trustedProxies.length === 0 ? 429 : 201,
      )
    }
  })

  test('what is no range stops the start', async () => {
    await expect(listed({ allowed: ['160.79.104.1/21'] })).rejects.toThrow('not an address or a range')
    await expect(listed({ trustedProxies: ['proxy.internal'] })).rejects.toThrow('not an address or a range')
  })
})
