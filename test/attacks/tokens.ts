// Access and refresh tokens in hands, at places and at times that they were not made for.

import { createHash } from 'node:crypto'
import { authorizeUrl, type Connection, callMcp, connect, type Door, pkce } from '../door.ts'
import { anyOf, asksForConsent, derivedWith, opensMcp, refresh, registerClaude } from './adversary.ts'
import { type Attack, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const server = 'authorization-server/'
const gateway = 'gateway/'
const oauth = 'oauth/'

const memory = 'storage/memory/'
const rotationRule = 'storage/rotation-rule.ts'

const boundToResource = without(server, '|| live.grant.resource !== resource')
const ownPrefix = without(
  server,
  'if (!accessToken.startsWith(accessTokenPrefix)) return findLiveSigned(accessToken)',
  '',
)
const reuseEnds = without(
  rotationRule,
  'isRuleOver(presented.rotatedAt, successor, request, now)) return',
  'false) return',
)

/** Two doors on one database and one key, each with a resource of its own. */
async function openTwoDoors(
  house: House,
  second: { publicUrl?: string; path?: string },
): Promise<[Door, Door]> {
  const storage = house.memoryStorage()
  const first = await house.openDoor({ storage })
  const upstream = house.inProcessUpstream({
    handler: async () => Response.json({ jsonrpc: '2.0', id: 1, result: {} }),
  })
  const other = await house.openDoor({
    storage,
    ...(second.publicUrl === undefined ? {} : { publicUrl: second.publicUrl }),
    connector: { name: 'Other', upstream, ...(second.path === undefined ? {} : { path: second.path }) },
  })
  return [first, other]
}

const audiences: readonly Attack[] = [
  {
    name: '[SBP-06] [R8707-02] a token for a server that shares our database',
    source: 'RFC 9700 §4.10.2, MCP security best practices (token passthrough)',
    guard: boundToResource,
    async run(_, house) {
      const [door, other] = await openTwoDoors(house, { publicUrl: 'https://other.example' })
      return succeededIf(await opensMcp(door, (await connect(other)).accessToken))
    },
  },
  {
    name: '[SBP-06] [HS-08] a token for another tenant of the same host',
    source: 'RFC 8707 §2, house rule 8',
    guard: boundToResource,
    async run(_, house) {
      const [door, other] = await openTwoDoors(house, { path: '/t/other/mcp' })
      return succeededIf(await opensMcp(door, (await connect(other)).accessToken))
    },
  },
  {
    name: '[OA21-16] a refresh token turned into a token for another resource',
    source: 'RFC 8707 §2.2',
    guard: without(
      'authorization-server/grants/refresh-token.ts',
      "refuseProblems(targetProblems(request.resources, grant.resource as ResourceIdentifier, 'token'))",
      '',
    ),
    async run(door) {
      const own = await connect(door)
      return succeededIf((await refresh(door, own, { resource: 'https://other.example/mcp' })).status === 200)
    },
  },
  {
    name: '[HS-08] a resource that reads like ours to one parser and like another tenant to the next',
    source: 'house rule 8; RFC 3986 §6.2.2.3',
    guard: without(oauth, 'if (pathOf(text) !== url.pathname) return undefined'),
    async run(door) {
      const clientId = await registerClaude(door)
      const spellings = ['/t/evil/../../mcp', '/x/%2e%2e/mcp', '\\mcp', '/./mcp']
      return succeededIf(
        await anyOf(spellings, (path) =>
          asksForConsent(
            authorizeUrl(door, clientId, pkce().challenge, { resource: door.origin + path }),
            door.browser(),
          ),
        ),
      )
    },
  },
  {
    name: '[HS-08] a resource that hides another host behind a user name',
    source: 'house rule 8; RFC 3986 §7.6',
    guard: without(oauth, "if (url.username !== '' || url.password !== '') return undefined"),
    async run(door) {
      const resource = door.mcpUrl.replace('http://', 'http://evil.example@')
      const link = authorizeUrl(door, await registerClaude(door), pkce().challenge, { resource })
      return succeededIf(await asksForConsent(link, door.browser()))
    },
  },
]

const kinds: readonly Attack[] = [
  {
    name: 'a refresh token shown as access token, to outlive its hour',
    source: 'RFC 6749 §1.5, RFC 6819 §4.3.1',
    guard: ownPrefix,
    alsoNeeds: [
      without(
        memory,
        'async findAccessToken(tokenHash, now) { const row = byAccessToken.get(tokenHash)',
        'async findAccessToken(tokenHash, now) { const row = byAccessToken.get(tokenHash) ?? byRefreshToken.get(tokenHash)',
      ),
    ],
    run: async (door) => succeededIf(await opensMcp(door, (await connect(door)).refreshToken)),
  },
  {
    name: 'a code shown as access token, by whoever saw it in a URL',
    source: 'RFC 6749 §1.3.1, RFC 6819 §4.4.1.1',
    guard: ownPrefix,
    alsoNeeds: [
      without(
        memory,
        'async findAccessToken(tokenHash, now) { const row = byAccessToken.get(tokenHash)',
        'async findAccessToken(tokenHash, now) { const row = byAccessToken.get(tokenHash) ?? (held.codes.has(tokenHash) ? [...byAccessToken.values()][0] : undefined)',
      ),
    ],
    run: async (door) => succeededIf(await opensMcp(door, (await connect(door)).code)),
  },
  {
    name: '[OA21-18] [R6750-01] a token in the URL, where logs and Referer headers keep it',
    source: 'RFC 9700 §4.3.2, OAuth 2.1 §5.1',
    guard: without(
      gateway,
      "const header = request.headers.get('authorization')",
      "const header = request.headers.get('authorization') ?? `Bearer ${new URL(request.url).searchParams.get('access_token')}`",
    ),
    async run(door) {
      const { accessToken } = await connect(door)
      const response = await door.fetch(`/mcp?access_token=${accessToken}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      })
      return succeededIf(response.status === 200)
    },
  },
]

const lifetimes: readonly Attack[] = [
  {
    name: '[AUTH-2025-11-25-23] an access token after its hour',
    source: 'RFC 6750 §5.2',
    guard: without(memory, 'if (row.accessExpiresAt <= now ||', 'if ('),
    async run(door) {
      const { accessToken, expiresIn } = await connect(door)
      door.clock.now += expiresIn
      return succeededIf(await opensMcp(door, accessToken))
    },
  },
  {
    name: 'an access token whose grant was revoked',
    source: 'RFC 7009 §2.1',
    guard: without(
      memory,
      'if (row === undefined || grant === undefined || grant.revokedAt !== undefined) return undefined',
      'if (row === undefined || grant === undefined) return undefined',
    ),
    async run(door) {
      const { accessToken, clientId, refreshToken } = await connect(door)
      await revoke(door, clientId, refreshToken)
      return succeededIf(await opensMcp(door, accessToken))
    },
  },
  {
    name: 'the token of a person whose account was removed',
    source: 'RFC 9700 §4.14.2 (revocation on security events); OAuth 2.1 §4.3.1',
    guard: without(
      memory,
      'revokeWhere(held, (grant) => grant.userId === userId, at, revokedBecause.userRemoved)',
    ),
    async run(door) {
      const { accessToken } = await connect(door)
      const [user] = await door.storage.listUsers(1)
      await door.storage.removeUser(user?.userId ?? '', door.clock.now)
      return succeededIf(await opensMcp(door, accessToken))
    },
  },
  {
    name: 'the token of a client that the operator removed',
    source: 'RFC 7592 §2.3; OAuth 2.1 §4.3.1',
    guard: without(
      memory,
      'const revoked = revokeWhere( held, (grant) => isGrantOf(grant, clientId), at, revokedBecause.clientRemoved, )',
      'const revoked = 0',
    ),
    async run(door) {
      const { accessToken } = await connect(door)
      const [client] = await door.storage.listClients(1)
      await door.storage.removeClient(client?.clientId ?? '', door.clock.now)
      return succeededIf(await opensMcp(door, accessToken))
    },
  },
  {
    name: 'revoking the tokens of somebody else',
    source: 'RFC 7009 §2.1, §5',
    guard: without(
      server,
      'grant === undefined || grant.clientId !== client.clientId',
      'grant === undefined',
    ),
    async run(door) {
      const victim = await connect(door)
      await revoke(door, await registerClaude(door), victim.accessToken)
      return succeededIf(!(await opensMcp(door, victim.accessToken)))
    },
  },
]

function revoke(door: Door, clientId: string, value: string): Promise<Response> {
  return door.fetch('/oauth/revoke', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ client_id: clientId, token: value }).toString(),
  })
}

/** The owner refreshes and goes on; a copy of the old token turns up two minutes later. */
async function replayLate(door: Door): Promise<{ copy: number; own: Connection }> {
  const stolen = await connect(door)
  const answer = await refresh(door, stolen)
  const own = {
    ...stolen,
    accessToken: String(answer.body.access_token),
    refreshToken: String(answer.body.refresh_token),
  }
  await opensMcp(door, own.accessToken)
  door.clock.now += 120
  const copy = await refresh(door, stolen)
  return { copy: copy.status, own }
}

const refreshes: readonly Attack[] = [
  {
    name: '[HS-02] [OA21-15] a refresh token of which somebody kept a copy',
    source: 'RFC 9700 §4.14.2, house rule 2',
    guard: reuseEnds,
    run: async (door) => succeededIf((await replayLate(door)).copy === 200),
  },
  {
    name: '[HS-02] a thief who refreshed first, and stays connected when the owner comes',
    source: 'RFC 9700 §4.14.2, OAuth 2.1 §4.3.1',
    guard: without(
      memory,
      'family.grant.revokedAt = now family.grant.revokedReason = revokedBecause.refreshTokenReused',
    ),
    async run(door) {
      const { own } = await replayLate(door)
      return succeededIf((await refresh(door, own)).status === 200)
    },
  },
  {
    name: '[HS-02] one refresh token forked into two living families',
    source: 'RFC 9700 §4.14.2; PrefectHQ/fastmcp#4265',
    guard: without(
      server,
      'pair(own.grantId, own.generation + 1, refreshToken)',
      'pair(own.grantId, own.generation + 1, refreshToken + crypto.randomUUID())',
    ),
    alsoNeeds: [
      without(rotationRule, "if (presented.rotatedAt === undefined) return 'rotate'", "return 'rotate'"),
    ],
    async run(door) {
      const stolen = await connect(door)
      const both = await Promise.all([refresh(door, stolen), refresh(door, stolen)])
      const values = new Set(both.map(({ body }) => body.refresh_token))
      const alive = await Promise.all(both.map(({ body }) => opensMcp(door, String(body.access_token))))
      return succeededIf(values.size === 2 && alive.every(Boolean))
    },
  },
  {
    name: '[HS-02] a refresh token of long ago, when its row is gone, whose owner should be warned',
    source: 'house rule 2; RFC 9700 §4.14.2',
    guard: without(
      server,
      'if (await storage.revokeGrant(grant.grantId, now,',
      'if (Array.of(grant.grantId, now,',
    ),
    async run(door) {
      const first = await connect(door)
      let own = first
      for (let generation = 0; generation < 6; generation++) {
        door.clock.now += 4000
        const { body } = await refresh(door, own)
        own = { ...own, refreshToken: String(body.refresh_token), accessToken: String(body.access_token) }
        await opensMcp(door, own.accessToken)
      }
      door.clock.now += 4000
      await refresh(door, first)
      return succeededIf((await refresh(door, own)).status === 200)
    },
  },
  {
    name: '[OA21-14] [OA21-16] a refresh token shown by another client',
    source: 'RFC 6749 §10.4, RFC 6819 §5.2.2.2',
    guard: without(server, 'if (grant.clientId !== client.clientId) throw', 'if (false) throw'),
    async run(door) {
      const stolen = await connect(door)
      return succeededIf(
        (await refresh(door, { ...stolen, clientId: await registerClaude(door) })).status === 200,
      )
    },
  },
  {
    name: 'a made-up token of a known family, to have the family revoked',
    source: 'house rule 2 ("whoever guesses must not be able to sign others out")',
    guard: without(
      server,
      'if (!equalInConstantTime(mac, macOf(`${grantId}.${generation}.${secret}`)))',
      'if (false)',
    ),
    async run(door) {
      const victim = await connect(door)
      const grantId = victim.refreshToken.slice('pst_rt_'.length).split('.')[0]
      await refresh(door, { clientId: victim.clientId, refreshToken: `pst_rt_${grantId}.1.made-up.made-up` })
      return succeededIf(!(await opensMcp(door, victim.accessToken)))
    },
  },
  {
    name: '[HS-02] computing the living token from an old one and the whole database',
    source: 'house rule 2, RFC 6819 §5.1.4.1.3',
    guard: without(
      server,
      'encodeBase64Url(keyedHash(keys.tokens, purpose, grantId, generationText, predecessor))',
      'encodeBase64Url(keyedHash(new Uint8Array(), purpose, grantId, generationText, predecessor))',
    ),
    async run(door) {
      const old = await connect(door)
      await refresh(door, old)
      const grantId = old.refreshToken.slice('pst_rt_'.length).split('.')[0] ?? ''
      const kept = (await door.storage.listKeys()).map(({ wrapped }) => Buffer.from(wrapped))
      const candidates = kept.flatMap((key) => [
        key,
        key.subarray(0, 32),
        createHash('sha256').update(key).digest(),
      ])
      return succeededIf(
        await anyOf([Buffer.alloc(0), Buffer.alloc(32), ...candidates], (key) =>
          opensMcp(door, `pst_at_${derivedWith(key, ['access-token', grantId, '1', old.refreshToken])}`),
        ),
      )
    },
  },
  {
    name: '[OA21-15] [SBP-12] a refresh that asks for more than was granted',
    source: 'RFC 6749 §6, OAuth 2.1 §4.3.1',
    guard: without(
      server,
      "refuseProblems(targetProblems(request.resources, grant.resource as ResourceIdentifier, 'token'))",
      "if (request.scope?.includes('write')) grant.scope.push('write')",
    ),
    async run(door) {
      const own = await connect(door, { untick: 'write' })
      const { body } = await refresh(door, own, { scope: 'read write' })
      const erase = { id: 1, method: 'tools/call', params: { name: 'erase' } }
      return succeededIf((await callMcp(door, String(body.access_token), erase)).status === 200)
    },
  },
]

export const tokenAttacks: readonly Attack[] = [...audiences, ...kinds, ...lifetimes, ...refreshes]
