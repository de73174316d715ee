// Which of the clients that come by themselves an operator lets in: by callback host, by name, by invitation.

import { describe, expect, test } from 'vitest'
import type { PosternOptions } from '../../src/app/postern.ts'
import { hashToken } from '../../src/platform/crypto.ts'
import { authorizeUrl, claudeCallback, connect, type Door, openDoor, pkce, register, token } from '../door.ts'

const { challenge } = pkce()
const hostedClaude = 'https://claude.ai/oauth/mcp-oauth-client-metadata'
const claudeCode = 'https://claude.ai/oauth/claude-code-client-metadata'

async function tryToRegister(
  door: Door,
  changes: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const response = await door.fetch('/oauth/register', {
    method: 'POST',
    headers,
    body: JSON.stringify({
      redirect_uris: [claudeCallback],
      token_endpoint_auth_method: 'none',
      client_name: 'Claude',
      ...changes,
    }),
  })
  const body = (await response.json()) as Record<string, unknown>
  return { status: response.status, headers: response.headers, body }
}

/** True if a person would be asked. Whatever else it is, it is never a redirect. */
async function isAsked(door: Door, clientId: string, redirectUri: string): Promise<boolean> {
  const response = await door.fetch(authorizeUrl(door, clientId, challenge, { redirect_uri: redirectUri }))
  if (response.status === 303 && response.headers.get('location')?.startsWith('/oauth/')) return true
  expect(response.headers.get('location')).toBeNull()
  return false
}

describe('[CIMD-10] [CIMD-16] a list of callback hosts', () => {
  const rules = (...redirectHosts: string[]): Partial<PosternOptions> => ({ clientRules: { redirectHosts } })

  test('lets Claude in by every way, and nobody else', async () => {
    const door = await openDoor(rules('claude.ai', 'claude.com', 'localhost'))
    expect((await connect(door)).scope).toBe('read write')
    expect((await connect(door, { clientId: hostedClaude })).scope).toBe('read write')
    const redirectUri = 'http://localhost:4711/callback'
    expect((await connect(door, { clientId: claudeCode, redirectUri })).scope).toBe('read write')
    expect((await tryToRegister(door, { redirect_uris: ['http://127.0.0.1:1/cb'] })).status).toBe(201)
    for (const uri of [
      'https://evil.example/cb',
      'https://claude.ai.evil.example/cb',
      'https://claude.ai:8443/cb',
      'https://sub.claude.ai/cb',
      'cursor://anysphere.cursor-mcp/oauth/callback',
    ]) {
      const { status, body } = await tryToRegister(door, { redirect_uris: [uri] })
      expect(status, uri).toBe(400)
      expect(body.error).toBe('invalid_redirect_uri')
    }
  })

  test.each([
    ['*.example.com', 'https://a.b.example.com/cb', 'https://example.com/cb'],
    ['*.example.com', 'https://a.example.com/cb', 'https://aexample.com/cb'],
    ['example.com:8443', 'https://example.com:8443/cb', 'https://example.com/cb'],
    ['EXAMPLE.com', 'https://example.COM/cb', 'https://example.org/cb'],
    ['127.0.0.1', 'http://localhost:9/cb', 'https://127.0.0.2.example/cb'],
    ['[::1]', 'http://127.0.0.1:9/cb', 'https://app.example/cb'],
    ['cursor:', 'cursor://anysphere.cursor-mcp/cb', 'vscode://x/cb'],
  ])('%s lets in %s, not %s', async (pattern, good, bad) => {
    const door = await openDoor(rules(pattern))
    expect((await tryToRegister(door, { redirect_uris: [good] })).status).toBe(201)
    expect((await tryToRegister(door, { redirect_uris: [bad] })).status).toBe(400)
  })

  test('of several redirects one is enough to register; the others lead nowhere', async () => {
    const door = await openDoor(rules('claude.ai'))
    const both = await register(door, { redirect_uris: [claudeCallback, 'https://evil.example/cb'] })
    expect(both.redirect_uris).toContain('https://evil.example/cb')
    expect(await isAsked(door, String(both.client_id), claudeCallback)).toBe(true)
    expect(await isAsked(door, String(both.client_id), 'https://evil.example/cb')).toBe(false)
  })

  test('holds for documents, for clients that registered before, and for their refresh tokens', async () => {
    const redirectUri = 'https://app.example/cb'
    const clientId = 'https://app.example/client.json'
    const outboundFetch: PosternOptions['outboundFetch'] = async (url) => ({
      status: 200,
      headers: new Headers({ 'content-type': 'application/json' }),
      text: JSON.stringify({ client_id: url, client_name: 'App', redirect_uris: [redirectUri] }),
    })
    const open = await openDoor({ outboundFetch })
    const before = await connect(open, { redirectUri })
    const closed = await openDoor({ storage: open.storage, outboundFetch, ...rules('claude.ai') })
    expect(await isAsked(open, clientId, redirectUri)).toBe(true)
    expect(await isAsked(closed, clientId, redirectUri)).toBe(false)
    expect(await isAsked(closed, before.clientId, redirectUri)).toBe(false)
    const refresh = {
      grant_type: 'refresh_token',
      refresh_token: before.refreshToken,
      client_id: before.clientId,
    }
    expect((await token(closed, refresh)).body.error).toBe('invalid_client')
    expect((await token(open, refresh)).status).toBe(200)
  })

  test('a request that began before the list was made ends with it', async () => {
    const redirectUri = 'https://app.example/cb'
    const open = await openDoor()
    const clientId = String((await register(open, { redirect_uris: [redirectUri] })).client_id)
    const browser = open.browser()
    const form = await browser.openConsent(
      authorizeUrl(open, clientId, challenge, { redirect_uri: redirectUri }),
    )
    const closed = await openDoor({ storage: open.storage, ...rules('claude.ai') })
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
    const page = await closed.fetch(form.action, { headers: { cookie, accept: 'text/html' } })
    expect(page.status).toBe(401)
  })

  test('[HS-04] brings nobody back elsewhere, and judges no client that the operator entered', async () => {
    const door = await openDoor(rules('app.example'))
    expect(await isAsked(door, 'lost', claudeCallback)).toBe(false)
    const entered = 'client-entered'
    const { metadata } = (await door.storage.findClient(await anyRow(door))) ?? {}
    if (metadata === undefined) throw new Error('no client to copy')
    await door.storage.addPreRegisteredClient({
      clientId: entered,
      kind: 'pre-registered',
      metadata: { ...metadata, redirectUris: ['https://elsewhere.example/cb'] },
      secretHash: undefined,
      similarityKey: entered,
      createdAt: door.clock.now,
      lastUsedAt: door.clock.now,
      confirmedAt: undefined,
      expiresAt: undefined,
    })
    expect(await isAsked(door, entered, 'https://elsewhere.example/cb')).toBe(true)
  })
})

async function anyRow(door: Door): Promise<string> {
  const { client_id: id } = await register(door, { redirect_uris: ['https://app.example/cb'] })
  return String(id).split('.')[0] ?? ''
}

describe('[CIMD-16] a list of names', () => {
  test('lets in what it names, without case, and by its beginning', async () => {
    const door = await openDoor({ clientRules: { clientNames: ['Claude', 'Claude Code*'] } })
    expect(await isAsked(door, hostedClaude, claudeCallback)).toBe(true)
    for (const name of ['claude', 'Claude Code (notes)']) {
      expect((await tryToRegister(door, { client_name: name })).status, name).toBe(201)
    }
    for (const name of ['Claude 2', 'Not Claude Code', undefined, 'Evil']) {
      const { status, body } = await tryToRegister(door, { client_name: name })
      expect(status, name).toBe(400)
      expect(body.error).toBe('invalid_client_metadata')
    }
    expect(await isAsked(door, 'lost', claudeCallback), 'a forgotten one has no name').toBe(false)
  })
})

describe('registration by invitation (RFC 7591 §3)', () => {
  const invited = { waysIn: { registration: 'invited' } } as const
  const bearer = (text: string): Record<string, string> => ({ authorization: `Bearer ${text}` })

  async function invite(door: Door, text: string, usesLeft = 1): Promise<void> {
    await door.storage.addInvitation({
      invitationId: `id of ${text}`,
      tokenHash: hashToken(text),
      note: '',
      createdAt: door.clock.now,
      expiresAt: door.clock.now + 600,
      usesLeft,
    })
  }

  test('with its token a client registers, as often as was said', async () => {
    const door = await openDoor(invited)
    await invite(door, 'pst_ia_two', 2)
    const first = await tryToRegister(door, {}, bearer('pst_ia_two'))
    expect(first.status).toBe(201)
    expect((await connect(door, { clientId: String(first.body.client_id) })).scope).toBe('read write')
    const rest = await Promise.all(
      Array.from({ length: 10 }, () => tryToRegister(door, {}, bearer('pst_ia_two'))),
    )
    expect(rest.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(rest.filter(({ status }) => status === 401)).toHaveLength(9)
  })

  test('without it, with a wrong one, or too late: 401 that says what is needed', async () => {
    const door = await openDoor(invited)
    await invite(door, 'pst_ia_one')
    for (const headers of [{}, bearer('pst_ia_wrong'), { authorization: 'Basic pst_ia_one' }, bearer('')]) {
      const { status, body, headers: answered } = await tryToRegister(door, {}, headers)
      expect(status).toBe(401)
      expect(body.error).toBe('invalid_token')
      expect(answered.get('www-authenticate')).toMatch(/^Bearer/)
    }
    door.clock.now += 600
    expect((await tryToRegister(door, {}, bearer('pst_ia_one'))).status).toBe(401)
  })

  test('metadata that is refused does not use it up', async () => {
    const door = await openDoor(invited)
    await invite(door, 'pst_ia_one')
    expect((await tryToRegister(door, { redirect_uris: [] }, bearer('pst_ia_one'))).status).toBe(400)
    expect((await tryToRegister(door, {}, bearer('pst_ia_one'))).status).toBe(201)
  })

  test('Claude still comes in by its document; a stranger not by being brought back', async () => {
    const door = await openDoor(invited)
    expect((await connect(door, { clientId: hostedClaude })).scope).toBe('read write')
    expect(await isAsked(door, 'lost', claudeCallback)).toBe(false)
    await invite(door, 'pst_ia_one')
    const { body } = await tryToRegister(door, {}, bearer('pst_ia_one'))
    const id = String(body.client_id)
    await door.storage.removeClient(id.split('.')[0] ?? '', door.clock.now)
    expect(await isAsked(door, id, claudeCallback), 'one that was invited').toBe(true)
  })

  test('where everybody may register, a token that is none does no harm', async () => {
    expect((await tryToRegister(await openDoor(), {}, bearer('junk'))).status).toBe(201)
  })
})
