/** Three real instances on one PostgreSQL, with no sticky routing: whatever one of them does holds on the others. */

import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { account } from '../door.ts'
import {
  approveByFetch,
  beginAuthorization,
  obtainTokens,
  type PlainTokens,
} from '../interop/plain-sign-in.ts'
import { type PostgresServer, startPostgres } from '../storage/postgres-server.ts'
import { type Cluster, type Instance, startCluster } from './cluster.ts'
import { type NamedUpstream, startNamedUpstream } from './named-upstream.ts'

// Processes are started and killed, perhaps beside ten others that are at work: ten times what is needed.
const patienceMs = 180_000
vi.setConfig({ testTimeout: patienceMs })

let postgres: PostgresServer
let upstream: NamedUpstream
let cluster: Cluster
beforeAll(async () => {
  postgres = await startPostgres()
  upstream = await startNamedUpstream()
  cluster = await startCluster({
    count: 3,
    database: await postgres.newDatabase(),
    words: ['--upstream', upstream.url],
  })
}, patienceMs)
afterAll(async () => {
  await cluster?.stop()
  await upstream?.stop()
  await postgres?.stop()
})

interface Answer {
  status: number
  body: Record<string, unknown>
}

async function exchange(origin: string, form: Record<string, string>): Promise<Answer> {
  const response = await fetch(`${origin}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

function refresh(origin: string, { clientId, refreshToken = '' }: PlainTokens): Promise<Answer> {
  return exchange(origin, { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId })
}

async function mcp(
  origin: string,
  accessToken: string,
  method: string,
  params: object,
  session?: string,
): Promise<{ status: number; session: string | null; text: string }> {
  const response = await fetch(`${origin}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${accessToken}`,
      ...(session === undefined ? {} : { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return {
    status: response.status,
    session: response.headers.get('mcp-session-id'),
    text: await response.text(),
  }
}

const initialize = (name: string): object => ({
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name, version: '1' },
})

function instance(index: number): Instance {
  const found = cluster.instances[index]
  if (found === undefined) throw new RangeError(`there is no instance ${index}`)
  return found
}

test('a client connects although each of its requests reaches another instance', async () => {
  const before = [...cluster.spreader.counts]
  for (let index = 0; index < 3; index++) await obtainTokens(cluster.connectorUrl, account)
  const after = cluster.spreader.counts
  expect(after.every((count, index) => count > (before[index] ?? 0))).toBe(true)
})

test('[HS-02] four refreshes of one token at once over three instances give one and the same successor', async () => {
  const tokens = await obtainTokens(cluster.connectorUrl, account)
  const answers = await Promise.all([0, 1, 2, 0].map((index) => refresh(instance(index).origin, tokens)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
  expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(1)
  const successor = { ...tokens, refreshToken: String(answers[0]?.body.refresh_token) }
  expect((await refresh(instance(1).origin, successor)).status).toBe(200)
})

test('[HS-16] a hundred redemptions of one code at once over three instances have one winner', async () => {
  const redirectUri = 'http://127.0.0.1:1/callback'
  const verifier = randomBytes(32).toString('base64url')
  const begun = await beginAuthorization(cluster.connectorUrl, { redirectUri, verifier })
  const redirect = await approveByFetch(begun.url, account)
  const url = new URL(begun.url)
  const form = {
    grant_type: 'authorization_code',
    code: redirect.searchParams.get('code') ?? '',
    redirect_uri: redirectUri,
    code_verifier: verifier,
    client_id: url.searchParams.get('client_id') ?? '',
  }
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) => exchange(instance(index % 3).origin, form)),
  )
  const winners = answers.filter(({ status }) => status === 200)
  expect(winners).toHaveLength(1)
  expect(answers.filter(({ body }) => body.error === 'invalid_grant')).toHaveLength(99)
})

describe('a revocation', () => {
  test('on one instance is heard by the others, which had the token in their memory', async () => {
    const tokens = await obtainTokens(cluster.connectorUrl, account)
    for (const { origin } of cluster.instances)
      expect((await mcp(origin, tokens.accessToken, 'initialize', initialize('a'))).status).toBe(200)
    const form = { token: tokens.refreshToken ?? '', client_id: tokens.clientId }
    const revoked = await fetch(`${instance(0).origin}/oauth/revoke`, {
      method: 'POST',
      body: new URLSearchParams(form),
    })
    expect(revoked.status).toBe(200)
    for (const { origin } of cluster.instances) {
      const status = async (): Promise<number> =>
        (await mcp(origin, tokens.accessToken, 'initialize', initialize('a'))).status
      await expect.poll(status, { interval: 10, timeout: 50_000 }).toBe(401)
    }
  })

  test('that an instance cannot hear is believed there for five seconds at most', async () => {
    const tokens = await obtainTokens(cluster.connectorUrl, account)
    const status = async (): Promise<number> =>
      (await mcp(instance(2).origin, tokens.accessToken, 'initialize', initialize('a'))).status
    expect(await status()).toBe(200)
    instance(2).network.swallow('LISTEN')
    try {
      const [grant] = JSON.parse(await cluster.run(['grants', 'list', '--json'])) as { grantId: string }[]
      await cluster.run(['grants', 'revoke', grant?.grantId ?? ''])
      await expect.poll(status, { interval: 50, timeout: 50_000 }).toBe(401)
    } finally {
      instance(2).network.mend()
    }
  })
})

test('a session that one instance opened goes on at the others, and ends everywhere', async () => {
  const { accessToken } = await obtainTokens(cluster.connectorUrl, account)
  const opened = await mcp(instance(0).origin, accessToken, 'initialize', initialize('ada’s laptop'))
  const session = opened.session ?? ''
  for (const { origin } of cluster.instances) {
    const call = await mcp(
      origin,
      accessToken,
      'tools/call',
      { name: 'whoami', arguments: { text: 'x' } },
      session,
    )
    expect(call.text).toContain('ada’s laptop x')
  }
  const headers = { authorization: `Bearer ${accessToken}`, 'mcp-session-id': session }
  expect((await fetch(`${instance(1).origin}/mcp`, { method: 'DELETE', headers })).status).toBe(204)
  expect((await mcp(instance(2).origin, accessToken, 'tools/list', {}, session)).status).toBe(404)
})

test('the story of a connection is one, wherever its steps happened', async () => {
  const { accessToken, clientId } = await obtainTokens(cluster.connectorUrl, account)
  for (const { origin } of cluster.instances)
    await mcp(origin, accessToken, 'initialize', initialize('story'))
  const stories = async (): Promise<number> => {
    const all = JSON.parse(await cluster.run(['connections', '--json'])) as { clientId?: string }[]
    return all.filter((one) => one.clientId === clientId).length
  }
  await expect.poll(stories, { interval: 500, timeout: 100_000 }).toBe(1)
})

test('an instance that is killed takes nobody with it', async () => {
  const tokens = await obtainTokens(cluster.connectorUrl, account)
  await instance(0).kill()
  const renewed = await refresh(cluster.origin, tokens)
  expect(renewed.status).toBe(200)
  expect(
    (await mcp(cluster.origin, String(renewed.body.access_token), 'initialize', initialize('b'))).status,
  ).toBe(200)
  await instance(0).start()
  const next = { ...tokens, refreshToken: String(renewed.body.refresh_token) }
  expect((await refresh(instance(0).origin, next)).status).toBe(200)
})

test('the master key is replaced while all of them run, and one after the other starts with the new one', async () => {
  const tokens = await obtainTokens(cluster.connectorUrl, account)
  const old = instance(0).environment.POSTERN_MASTER_KEY ?? ''
  const next = randomBytes(32).toString('base64url')
  await cluster.run(['keys', 'rotate', '--new-key-stdin'], next)
  // Those that run go on; one that starts with both keys, or with the new one, knows everybody.
  expect((await refresh(instance(1).origin, tokens)).status).toBe(200)
  for (const [index, key] of [`${old},${next}`, next].entries()) {
    await instance(index).kill()
    await instance(index).start({ POSTERN_MASTER_KEY: key })
    expect((await refresh(instance(index).origin, tokens)).status).toBe(200)
  }
  await instance(2).kill()
  await expect(instance(2).start()).rejects.toThrow(/master key/)
  await instance(2).start({ POSTERN_MASTER_KEY: next })
})
