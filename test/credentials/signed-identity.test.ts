// Who calls, signed: for one MCP server, for a minute, once, and never by anybody else (house rule 9).

import { createLocalJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { inProcessUpstream, type SignedIdentityOptions, signedIdentity } from '../../src/index.ts'
import { callMcp, type Door, openDoor } from '../door.ts'
import { visitor } from './people.ts'

const audience = 'https://mcp.example.com/mcp'

interface SignedDoor extends Door {
  /** The header of each request that reached the MCP server. */
  seen: (string | null)[]
  verify(statement: string | null | undefined, wanted?: string): Promise<JWTPayload>
  connect(name: string): Promise<string>
}

async function open(
  changes: Partial<SignedIdentityOptions> = {},
  access: 'oauth' | 'lazy' = 'oauth',
): Promise<SignedDoor> {
  const seen: (string | null)[] = []
  const handler = async (request: Request): Promise<Response> => {
    seen.push(request.headers.get(changes.header ?? 'x-postern-identity'))
    const { id, method } = (await request.json()) as { id?: number; method: string }
    if (id === undefined) return new Response(null, { status: 202 })
    const tools = [{ name: 'whoami', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } }]
    const opened = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      serverInfo: { name: 'k', version: '1' },
    }
    const result = method === 'initialize' ? opened : method === 'tools/list' ? { tools } : { content: [] }
    return Response.json({ jsonrpc: '2.0', id, result })
  }
  const credential = signedIdentity({ audience, ...changes })
  const upstream = inProcessUpstream({ handler })
  const door = await openDoor({
    connector: {
      name: 'Example',
      upstream,
      credential,
      access,
      ...(access === 'lazy' ? { publicTools: ['whoami'] } : {}),
    },
  })
  return {
    ...door,
    seen,
    async verify(statement, wanted = audience) {
      const keys = createLocalJWKSet(await (await door.fetch('/oauth/identity/jwks')).json())
      const currentDate = new Date(door.clock.now * 1000)
      const bare = (statement ?? '').replace(/^Bearer /, '')
      return (await jwtVerify(bare, keys, { audience: wanted, issuer: door.origin, currentDate })).payload
    },
    async connect(name) {
      const answer = await (await (await visitor(door, name)).ask()).answer({})
      return (await answer.connect()).accessToken
    },
  }
}

const list = { id: 1, method: 'tools/list' }

describe('a statement', () => {
  test('says who calls, for this MCP server, by a key that is published, and nothing else', async () => {
    const door = await open()
    const accessToken = await door.connect('ada')
    await callMcp(door, accessToken, list)
    const payload = await door.verify(door.seen.at(-1))
    const user = await door.storage.findUserByName('ada')
    expect(Object.keys(payload).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'sub'])
    expect(payload.sub).toBe(user?.userId)
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60)
    expect(decodeProtectedHeader(door.seen.at(-1) ?? '').typ).toBe('postern-identity+jwt')
  })

  test('is another one for each request, and over in a minute', async () => {
    const door = await open()
    const accessToken = await door.connect('ada')
    for (let count = 0; count < 3; count++) await callMcp(door, accessToken, list)
    const said = door.seen.slice(-3)
    const ids = await Promise.all(said.map(async (one) => (await door.verify(one)).jti))
    expect(new Set(ids).size).toBe(3)
    door.clock.now += 61
    await expect(door.verify(said[0])).rejects.toThrow('"exp"')
  })

  test('is for nobody else, and no access token is one, nor the other way round', async () => {
    const door = await open()
    const accessToken = await door.connect('ada')
    await callMcp(door, accessToken, list)
    await expect(door.verify(door.seen.at(-1), 'https://other.example.com')).rejects.toThrow('"aud"')
    expect((await callMcp(door, door.seen.at(-1) ?? '', list)).status).toBe(401)
    const tokens = (await (await door.fetch('/oauth/jwks')).json()) as { keys: { kid: string }[] }
    const statements = (await (await door.fetch('/oauth/identity/jwks')).json()) as {
      keys: { kid: string }[]
    }
    const shared = statements.keys.filter(({ kid }) => tokens.keys.some((key) => key.kid === kid))
    expect(shared).toEqual([])
  })

  test('says what it is asked to, of the person as they are now', async () => {
    const door = await open({ claims: ['username', 'name', 'email', 'role', 'groups'] })
    const accessToken = await door.connect('ada')
    const user = await door.storage.findUserByName('ada')
    if (user === undefined) throw new Error('no such account')
    const outside = { provider: 'okta', email: 'ada@example.com', groups: ['staff'] }
    await door.storage.saveOutsideUser({ ...user, displayName: 'Countess', outside })
    await callMcp(door, accessToken, list)
    expect(await door.verify(door.seen.at(-1))).toMatchObject({
      username: 'ada',
      name: 'Countess',
      email: 'ada@example.com',
      role: user.role,
      groups: ['staff'],
    })
  })

  test('of two people are two; pairwise ones differ between MCP servers and stay the same at each', async () => {
    const [here, there] = [
      await open({ subject: 'pairwise' }),
      await open({ subject: 'pairwise', audience: 'https://b.example' }),
    ]
    const subjects: (string | undefined)[] = []
    for (const name of ['ada', 'bob', 'ada']) {
      await callMcp(here, await here.connect(name), list)
      subjects.push((await here.verify(here.seen.at(-1))).sub)
    }
    expect(subjects[0]).toBe(subjects[2])
    expect(subjects[0]).not.toBe(subjects[1])
    const ids = (await here.storage.listUsers(10)).map(({ userId }) => userId)
    expect(ids).not.toContain(subjects[0])
    await callMcp(there, await there.connect('ada'), list)
    expect(subjects).not.toContain((await there.verify(there.seen.at(-1), 'https://b.example')).sub)
  })

  test('may stand in Authorization, as a Bearer token', async () => {
    const door = await open({ header: 'Authorization' })
    await callMcp(door, await door.connect('ada'), list)
    expect(door.seen.at(-1)).toMatch(/^Bearer ey/)
    await expect(door.verify(door.seen.at(-1))).resolves.toBeDefined()
  })
})

describe('a header of that name from outside', () => {
  test('never reaches the MCP server, neither with a token nor without', async () => {
    const door = await open({}, 'lazy')
    const forged = { 'x-postern-identity': 'forged', 'X-POSTERN-IDENTITY': 'forged' }
    await callMcp(door, undefined, list, forged)
    expect(door.seen.length).toBeGreaterThan(0)
    expect(new Set(door.seen)).toEqual(new Set([null]))
    await callMcp(door, await door.connect('ada'), list, forged)
    expect(door.seen).not.toContain('forged')
    await expect(door.verify(door.seen.at(-1))).resolves.toBeDefined()
  })

  test.each(['User-Agent', 'traceparent', 'Mcp-Identity', 'Host', 'a b'])(
    '%s is no place for it',
    (header) => {
      expect(() => signedIdentity({ audience, header })).toThrow(TypeError)
    },
  )
})

test('an account that is gone is not spoken of', async () => {
  const door = await open()
  const accessToken = await door.connect('ada')
  const user = await door.storage.findUserByName('ada')
  await door.storage.removeUser(user?.userId ?? '', door.clock.now)
  const before = door.seen.length
  expect((await callMcp(door, accessToken, list)).status).toBe(401)
  expect(door.seen.length).toBe(before)
})

test.each<[string, Partial<SignedIdentityOptions>]>([
  ['no audience', { audience: ' ' }],
  ['more than a minute', { lifetimeSeconds: 61 }],
  ['no time at all', { lifetimeSeconds: 0 }],
])('%s is refused when it is made', (_, changes) => {
  expect(() => signedIdentity({ audience, ...changes })).toThrow(TypeError)
})
