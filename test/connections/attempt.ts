// Attempts to connect as hosted Claude makes them, step by step, so that a test can stop after any of them; and the stories they leave.

import { type Story, tellStory } from '../../src/connections/story.ts'
import type { StoredConnection } from '../../src/storage/storage.ts'
import {
  authorizeUrl,
  type Browser,
  callMcp,
  claudeCallback,
  type Door,
  pkce,
  type TokenAnswer,
  token,
} from '../door.ts'

/** Hosted Claude calls MCP as the one, and everything else as the other. */
export const claudeUser = { 'user-agent': 'Claude-User' }
export const httpx = { 'user-agent': 'python-httpx/0.28.1' }
export const claudeCode = { 'user-agent': 'claude-code/2.1.232 (cli)' }

export const initialize = {
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'claude-ai', version: '0.1.0' },
  },
}
export const listTools = { id: 2, method: 'tools/list' }
export const callTool = (name: string): Record<string, unknown> => ({
  id: 3,
  method: 'tools/call',
  params: { name },
})

export function probe(door: Door, headers: Record<string, string> = claudeUser): Promise<Response> {
  return callMcp(door, undefined, initialize, headers)
}

export async function readMetadata(door: Door, headers: Record<string, string> = httpx): Promise<void> {
  await door.fetch('/.well-known/oauth-protected-resource/mcp', { headers })
  await door.fetch('/.well-known/oauth-authorization-server', { headers })
}

export async function registerClaude(
  door: Door,
  changes: Record<string, unknown> = {},
  path = '/oauth/register',
): Promise<Record<string, unknown>> {
  const response = await door.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...httpx },
    body: JSON.stringify({
      redirect_uris: [claudeCallback],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      client_name: 'Claude',
      ...changes,
    }),
  })
  return (await response.json()) as Record<string, unknown>
}

export interface Begun {
  clientId: string
  clientSecret: string | undefined
  verifier: string
  url: string
  browser: Browser
}

/** Everything up to the browser, which has not opened the URL yet. */
export async function begin(door: Door, changes: Record<string, string | undefined> = {}): Promise<Begun> {
  await probe(door)
  await readMetadata(door)
  door.clock.now++
  const registered = await registerClaude(door)
  return beginAs(door, String(registered.client_id), changes)
}

export function beginAs(
  door: Door,
  clientId: string,
  changes: Record<string, string | undefined> = {},
): Begun {
  const { verifier, challenge } = pkce()
  const url = authorizeUrl(door, clientId, challenge, changes)
  return { clientId, clientSecret: undefined, verifier, url, browser: door.browser() }
}

/** The person signs in and approves; gives the code. */
export async function approve(door: Door, { browser, url }: Begun, untick?: string): Promise<string> {
  door.clock.now += 3
  const redirect = await browser.approve(url, (form) => {
    const kept = form.getAll('scope').filter((name) => name !== untick)
    form.delete('scope')
    for (const name of kept) form.append('scope', name)
  })
  return redirect.searchParams.get('code') ?? ''
}

export function exchange(
  door: Door,
  { clientId, verifier }: Begun,
  code: string,
  changes: Record<string, string | undefined> = {},
): Promise<TokenAnswer> {
  door.clock.now++
  const fields = {
    grant_type: 'authorization_code',
    code,
    client_id: clientId,
    code_verifier: verifier,
    redirect_uri: claudeCallback,
    resource: door.mcpUrl,
    ...changes,
  }
  return token(door, fields, httpx)
}

export interface Connected {
  clientId: string
  accessToken: string
  refreshToken: string
}

/** Up to the tokens, and no call yet. */
export async function authorize(door: Door, untick?: string): Promise<Connected> {
  const begun = await begin(door)
  const answer = await exchange(door, begun, await approve(door, begun, untick))
  if (answer.status !== 200) throw new Error(`token answered ${answer.status} ${JSON.stringify(answer.body)}`)
  return tokensOf(begun.clientId, answer)
}

export function tokensOf(clientId: string, { body }: TokenAnswer): Connected {
  return { clientId, accessToken: String(body.access_token), refreshToken: String(body.refresh_token) }
}

/** All the way, as a good attempt goes. */
export async function connectAsClaude(door: Door, untick?: string): Promise<Connected> {
  const connected = await authorize(door, untick)
  door.clock.now++
  await call(door, connected, initialize)
  await call(door, connected, listTools)
  return connected
}

export function call(
  door: Door,
  { accessToken }: { accessToken: string },
  message: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return callMcp(door, accessToken, message, { ...claudeUser, ...headers })
}

export function refresh(
  door: Door,
  { clientId, refreshToken }: Connected,
  changes: Record<string, string | undefined> = {},
): Promise<TokenAnswer> {
  const fields = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId, ...changes }
  return token(door, fields, httpx)
}

/** What was recorded, with the door closed so that nothing waits to be stored. */
export async function connectionsOf(door: Door): Promise<StoredConnection[]> {
  await door.postern.close()
  return door.storage.listConnections({}, 20_000)
}

/** As they are told at the time of the door's clock. */
export async function storiesOf(door: Door): Promise<Story[]> {
  return (await connectionsOf(door)).map((connection) => tellStory(connection, door.clock.now))
}

/** Of a door at which one attempt was made. */
export async function onlyStory(door: Door): Promise<Story> {
  const stories = await storiesOf(door)
  const [story] = stories
  if (story === undefined || stories.length > 1) {
    throw new Error(`there are ${stories.length} stories: ${JSON.stringify(stories, undefined, 1)}`)
  }
  return story
}
