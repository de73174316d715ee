/** A command runs on one of several instances, and calls that reach another one are passed there (house rule 13). */

import { createServer } from 'node:http'
import { join } from 'node:path'
import { request } from 'undici'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { account } from '../door.ts'
import { repositoryRoot } from '../interop/child.ts'
import { findFreePort } from '../interop/loopback.ts'
import { obtainTokens } from '../interop/plain-sign-in.ts'
import { type PostgresServer, query, startPostgres } from '../storage/postgres-server.ts'
import { type Cluster, startCluster } from './cluster.ts'

// Processes are started and killed, perhaps beside ten others that are at work: ten times what is needed.
const patienceMs = 180_000
vi.setConfig({ testTimeout: patienceMs })

let postgres: PostgresServer
let cluster: Cluster
let database: string
const ports: number[] = []
beforeAll(async () => {
  postgres = await startPostgres()
  database = await postgres.newDatabase()
  for (let index = 0; index < 3; index++) ports.push(await findFreePort())
  cluster = await startCluster({
    count: 3,
    database,
    words: (index) => [
      '--internal-listen',
      `127.0.0.1:${ports[index]}`,
      '--',
      'node',
      join(repositoryRoot, 'test/cluster/remembering-server.mjs'),
    ],
  })
}, patienceMs)
afterAll(async () => {
  await cluster?.stop()
  await postgres?.stop()
})

interface Said {
  status: number
  session: string | undefined
  text: string
}

async function mcp(
  index: number,
  token: string,
  method: string,
  params: object,
  session?: string,
): Promise<Said> {
  const response = await fetch(`${cluster.instances[index]?.origin}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${token}`,
      ...(session === undefined ? {} : { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const text = await response.text()
  return { status: response.status, session: response.headers.get('mcp-session-id') ?? undefined, text }
}

const initialize = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'c', version: '1' },
}
const tell = (text: string): object => ({ name: 'tell', arguments: { text } })
const toldBy = (said: Said): string => /told ([\d,]*)/.exec(said.text)?.[1] ?? said.text
const processOf = (said: Said): string => /process (\d+)/.exec(said.text)?.[1] ?? said.text

test('[HS-13] whichever instance a call reaches, it is answered by the one process that knows the caller', async () => {
  const { accessToken } = await obtainTokens(cluster.connectorUrl, account)
  const { session } = await mcp(0, accessToken, 'initialize', initialize)
  const said: Said[] = []
  for (const [index, text] of [1, 2, 0, 2, 1].entries())
    said.push(await mcp(text, accessToken, 'tools/call', tell(String(index)), session))
  expect(said.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  expect(toldBy(said[4] as Said)).toBe('0,1,2,3,4')
  expect(new Set(said.map(processOf)).size).toBe(1)
})

test('[HS-13] two people have processes of their own, wherever they come in', async () => {
  await cluster.run(['users', 'create', 'grace', '--password-stdin'], 'cobol is for everybody')
  const grace = { username: 'grace', password: 'cobol is for everybody' }
  const ada = await obtainTokens(cluster.connectorUrl, account)
  const other = await obtainTokens(cluster.connectorUrl, grace)
  const hers = await mcp(0, other.accessToken, 'tools/call', tell('7'))
  const his = await mcp(1, ada.accessToken, 'tools/call', tell('8'))
  expect(processOf(hers)).not.toBe(processOf(his))
  expect(toldBy(await mcp(2, other.accessToken, 'tools/call', tell('9')))).toBe('7,9')
})

test('[HS-13] an instance that dies loses its processes only: the next call is answered by a new one elsewhere', async () => {
  const { accessToken } = await obtainTokens(cluster.connectorUrl, account)
  // It begins on the first, and there it lives.
  const { session } = await mcp(0, accessToken, 'initialize', initialize)
  const before = await mcp(1, accessToken, 'tools/call', tell('1'), session)
  await cluster.instances[0]?.kill()
  try {
    const answers: Said[] = []
    for (const index of [1, 2, 1])
      answers.push(await mcp(index, accessToken, 'tools/call', tell('2'), session))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const last = answers[2] as Said
    expect(processOf(last)).not.toBe(processOf(before))
    expect(processOf(answers[1] as Said)).toBe(processOf(last))
    expect(last.text).toContain('initialized 1')
  } finally {
    await cluster.instances[0]?.start()
  }
  // The one that came back has another name, and passes on like the others.
  expect(toldBy(await mcp(0, accessToken, 'tools/call', tell('3'), session))).toContain('3')
})

test('[HS-13] an instance that ends in order answers what was passed to it before it ends', async () => {
  const { accessToken } = await obtainTokens(cluster.connectorUrl, account)
  const { session } = await mcp(0, accessToken, 'initialize', initialize)
  const slowly = { name: 'tell', arguments: { text: '5', afterMs: 100 } }
  const answer = mcp(1, accessToken, 'tools/call', slowly, session)
  const hasArrived = async (): Promise<boolean> =>
    toldBy(await mcp(1, accessToken, 'tools/call', tell('6'), session)).includes('5')
  await expect.poll(hasArrived, { interval: 1, timeout: 50_000 }).toBe(true)
  await cluster.instances[0]?.end()
  try {
    expect(toldBy(await answer)).toContain('5')
  } finally {
    await cluster.instances[0]?.start()
  }
})

test('[HS-13] a token that was revoked is refused where the process lives, also for a call that was passed', async () => {
  const { accessToken, refreshToken = '', clientId } = await obtainTokens(cluster.connectorUrl, account)
  for (const index of [0, 1, 2]) expect((await mcp(index, accessToken, 'tools/list', {})).status).toBe(200)
  const form = { token: refreshToken, client_id: clientId }
  await fetch(`${cluster.origin}/oauth/revoke`, { method: 'POST', body: new URLSearchParams(form) })
  for (const index of [0, 1, 2]) {
    const status = async (): Promise<number> => (await mcp(index, accessToken, 'tools/list', {})).status
    await expect.poll(status, { interval: 20, timeout: 50_000 }).toBe(401)
  }
})

test('[HS-13] the internal listener answers nothing that no instance has sealed', async () => {
  const { accessToken } = await obtainTokens(cluster.connectorUrl, account)
  const place = `http://127.0.0.1:${ports[0]}`
  const direct = await statusOf(`${place}/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: initialize }),
  })
  expect(direct).toBe(421)
  const [self] = await query(database, 'SELECT instance_id FROM instances LIMIT 1')
  const envelope = {
    to: self?.instance_id,
    method: 'POST',
    url: '/mcp',
    headers: [],
    tokenHash: 'x',
    at: Math.floor(Date.now() / 1000),
    nonce: 'n',
  }
  const forged = await statusOf(`${place}/passed`, {
    method: 'POST',
    headers: { 'x-postern-mac': 'A'.repeat(43) },
    body: `${JSON.stringify(envelope)}\n{}`,
  })
  expect(forged).toBe(421)
  for (const path of ['/healthz', '/oauth/token', '/', '/login'])
    expect(await statusOf(place + path)).toBe(421)
})

/** Not by `fetch`, which sends again what is answered 421 (Fetch, HTTP-network-or-cache fetch), and has lost the body by then. */
async function statusOf(url: string, options: Parameters<typeof request>[1] = {}): Promise<number> {
  const { statusCode, body } = await request(url, options)
  await body.dump()
  return statusCode
}

test('the address of an instance that is gone may belong to anybody: the call is answered here', async () => {
  const { accessToken } = await obtainTokens(cluster.connectorUrl, account)
  await mcp(2, accessToken, 'tools/call', tell('1'))
  await cluster.instances[2]?.kill()
  const stranger = createServer((incoming, response) => {
    incoming.resume()
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [] } }))
  })
  await new Promise<void>((resolve) => stranger.listen(ports[2], '127.0.0.1', resolve))
  try {
    expect(toldBy(await mcp(0, accessToken, 'tools/call', tell('2')))).toBe('2')
  } finally {
    stranger.closeAllConnections()
    await new Promise((resolve) => stranger.close(resolve))
    await cluster.instances[2]?.start()
  }
})
