/** No secret and no text of a request is in a stored story, whatever a client sends and wherever it puts it. */

import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { tellStory } from '../../src/connections/story.ts'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import { account, callMcp, type Door, openDoor, readForm, token } from '../door.ts'
import { temporaryDatabases } from '../storage/temporary-databases.ts'
import {
  approve,
  begin,
  call,
  callTool,
  connectionsOf,
  exchange,
  httpx,
  initialize,
  listTools,
  probe,
  readMetadata,
  refresh,
  registerClaude,
  tokensOf,
} from './attempt.ts'

const databases = temporaryDatabases()
afterAll(() => databases.remove())

/** What a confused or hostile client may put anywhere. */
const planted = 'sk-planted-secret-0123456789'

test('everything that an attempt knew is looked for in what was stored, and not found', async () => {
  const path = databases.newPath()
  const door = await openDoor({ storage: sqliteStorage({ path }) })
  const secrets = new Map<string, string>([
    ['a planted text', planted],
    ['the password', account.password],
    ['the state', 'state-of-the-test'],
  ])
  const registered = await registerClaude(door, { token_endpoint_auth_method: 'client_secret_post' })
  secrets.set('the client secret', String(registered.client_secret))

  const begun = await begin(door)
  const code = await approve(door, begun)
  for (const [name, value] of begun.browser.cookies) secrets.set(`the cookie ${name}`, value)
  const consent = new URL(begun.url)
  secrets.set('the challenge', consent.searchParams.get('code_challenge') ?? '')
  await exchange(door, begun, code, { code_verifier: `${planted}-${planted}` })
  const first = tokensOf(begun.clientId, await exchange(door, begun, code))
  const opened = await call(door, first, initialize)
  const second = tokensOf(begun.clientId, await refresh(door, first))
  await call(door, second, callTool(planted))
  await plantEverywhere(door, second.accessToken)
  door.clock.now += 7200
  await call(door, second, listTools)
  for (const [name, value] of Object.entries({
    code,
    verifier: begun.verifier,
    access: first.accessToken,
    refresh: first.refreshToken,
    'next access': second.accessToken,
    'next refresh': second.refreshToken,
    session: opened.headers.get('mcp-session-id') ?? '',
  })) {
    secrets.set(`the ${name}`, value)
  }

  const connections = await connectionsOf(door)
  expect(connections.length).toBeGreaterThan(5)
  const told = connections.map((connection) => tellStory(connection, door.clock.now))
  await door.storage.close()
  const database = new DatabaseSync(path, { readOnly: true })
  const rows = database.prepare('SELECT * FROM connections').all()
  database.close()
  expect(rows.length).toBe(connections.length)
  const dump = JSON.stringify([rows, connections, told])
  // The search can find what is there.
  expect(dump).toContain(begun.clientId)
  for (const [name, secret] of secrets) {
    expect(secret.length, name).toBeGreaterThan(8)
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) {
      expect(dump.includes(form), `${name} is in a story`).toBe(false)
    }
  }
  expect(dump).not.toMatch(/pst_[a-z]{2}_/)
})

async function plantEverywhere(door: Door, accessToken: string): Promise<void> {
  const agents = [{ 'user-agent': planted }, { 'user-agent': `python-httpx/${planted}` }, httpx]
  for (const headers of agents) {
    await probe(door, headers)
    await readMetadata(door, headers)
    await door.fetch(`/.well-known/oauth-protected-resource/${planted}`, { headers })
    await door.fetch(`/${planted}`, { method: 'POST', headers })
    await door.fetch(`/${planted}/.well-known/oauth-authorization-server`, { headers })
    await callMcp(door, planted, initialize, headers)
    await callMcp(
      door,
      accessToken,
      { id: 1, method: planted },
      { ...headers, origin: `https://${planted}.example` },
    )
    await callMcp(door, accessToken, { id: 1, method: planted }, headers)
    await callMcp(door, accessToken, { id: 1, method: 'tools/call', params: { name: planted } }, headers)
    await callMcp(door, accessToken, listTools, { ...headers, 'mcp-session-id': planted })
    await door.fetch(`/mcp?access_token=${planted}`, { method: 'POST', headers, body: '{}' })
    await token(door, { grant_type: planted, client_id: 'a', code: planted }, headers)
    await token(door, { grant_type: 'refresh_token', client_id: planted, refresh_token: planted }, headers)
    await token(door, { grant_type: 'authorization_code', client_id: 'a', client_secret: planted }, headers)
    await door.fetch('/oauth/token', { method: 'POST', headers, body: JSON.stringify({ code: planted }) })
  }
  const bad = [
    { redirect_uris: [`http://x.example/${planted}`] },
    { redirect_uris: planted },
    { scope: [planted] },
  ]
  for (const changes of bad) await registerClaude(door, changes)
  for (const changes of [
    { client_id: planted },
    { client_id: planted, redirect_uri: 'https://other.example/callback' },
    { redirect_uri: `https://claude.ai/?code=${planted}` },
    { resource: `https://x.example/?token=${planted}` },
    { response_type: planted },
    { scope: planted },
    { prompt: planted },
    { code_challenge: planted, code_challenge_method: planted },
    { state: planted },
  ]) {
    const { browser, url } = await begin(door, changes)
    await browser.get(url)
  }
  const { browser, url } = await begin(door)
  const request = (await browser.get(url)).headers.get('location') ?? ''
  const login = await browser.get((await browser.get(request)).headers.get('location') ?? '')
  const { action, fields } = readForm(await login.text())
  fields.set('username', planted)
  fields.set('password', planted)
  await browser.post(action, fields)
}
