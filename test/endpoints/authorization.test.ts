// The authorization endpoint: who may ask, where errors go, and that a person's answer counts once.

import { beforeAll, describe, expect, test } from 'vitest'
import { hashToken } from '../../src/platform/crypto.ts'
import {
  authorizeUrl,
  type Browser,
  claudeCallback,
  connect,
  type Door,
  openDoor,
  pkce,
  register,
  token,
} from '../door.ts'

let door: Door
let clientId: string
let browser: Browser
beforeAll(async () => {
  door = await openDoor()
  clientId = String((await register(door)).client_id)
  browser = door.browser()
})

const { challenge } = pkce()

/** Where the error went: the redirect's parameters, or undefined when it was a page. */
async function refusal(
  url: string,
): Promise<{ status: number; redirect: URLSearchParams | undefined; html: string }> {
  const response = await door.fetch(url, { headers: { accept: 'text/html' } })
  const location = response.headers.get('location')
  const redirect = location === null ? undefined : new URL(location).searchParams
  return { status: response.status, redirect, html: await response.text() }
}

describe('before the redirect is trusted, an error is a page', () => {
  test('[OA21-03] [R7591-08] [ASU-12] an unknown client: the page names how to remove and add, nothing is redirected', async () => {
    const answer = await refusal(
      authorizeUrl(door, 'nobody', challenge, { redirect_uri: 'https://evil.example/cb' }),
    )
    expect(answer.status).toBe(401)
    expect(answer.redirect).toBeUndefined()
    expect(answer.html).toMatch(/remove/i)
  })

  test.each([
    ['case of the path', claudeCallback.replace('auth_callback', 'AUTH_callback')],
    ['case of the host', claudeCallback.replace('claude.ai', 'Claude.ai')],
    ['a port', claudeCallback.replace('claude.ai', 'claude.ai:8443')],
    ['the default port spelled out', claudeCallback.replace('claude.ai', 'claude.ai:443')],
    ['a suffix', `${claudeCallback}/more`],
    ['a slash more', `${claudeCallback}/`],
    ['a query', `${claudeCallback}?x=1`],
    ['a user name', claudeCallback.replace('https://', 'https://claude.ai@evil.example/')],
    ['a fragment', `${claudeCallback}#x`],
    ['encoded slashes', claudeCallback.replace('/api/mcp/', '/api%2Fmcp%2F')],
    ['dot segments', claudeCallback.replace('/api/mcp/', '/api/x/../mcp/')],
    ['a host that ends alike', claudeCallback.replace('claude.ai', 'evil-claude.ai')],
    ['a host that starts alike', claudeCallback.replace('claude.ai', 'claude.ai.evil.example')],
    ['http', claudeCallback.replace('https', 'http')],
    ['a line break', `${claudeCallback}\r\nx: y`],
    ['nothing of the kind', 'javascript:alert(1)'],
  ])(
    '[OA21-01] [AUTH-2025-06-18-17] [SBP-04] [AUTH-2026-07-28-36] redirect URI with %s',
    async (_, redirect_uri) => {
      const answer = await refusal(authorizeUrl(door, clientId, challenge, { redirect_uri }))
      expect(answer.status).toBe(400)
      expect(answer.redirect).toBeUndefined()
    },
  )

  test('[CIMD-01] a client id URL that no document can have is refused without asking anybody', async () => {
    for (const id of [
      'https://claude.ai',
      'https://a:b@claude.ai/x',
      'https://claude.ai/x#y',
      'https://claude.ai/a/../b',
    ]) {
      expect((await refusal(authorizeUrl(door, id, challenge))).status, id).toBe(401)
    }
  })

  test('[OA21-25] nobody vouches for this client yet: its errors are shown, not bounced', async () => {
    const stranger = await register(door, {
      redirect_uris: ['https://stranger.example/cb'],
      client_name: 'Stranger',
    })
    const url = authorizeUrl(door, String(stranger.client_id), challenge, {
      redirect_uri: 'https://stranger.example/cb',
      response_type: 'token',
    })
    const answer = await refusal(url)
    expect(answer.status).toBe(400)
    expect(answer.redirect).toBeUndefined()
  })

  test('[OA21-03] a missing redirect is understood where only one can be meant', async () => {
    const form = await browser.openConsent(
      authorizeUrl(door, clientId, challenge, { redirect_uri: undefined }),
    )
    expect(form.html).toContain('claude.ai')
  })
})

describe('after it, an error goes back to the client with state and iss', () => {
  test.each([
    [
      '[OA21-07] [R7636-02] [HS-16] no challenge',
      { code_challenge: undefined, code_challenge_method: undefined },
      'invalid_request',
    ],
    ['[OA21-08] [R7636-02] plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['[OA21-08] no method, which means plain', { code_challenge_method: undefined }, 'invalid_request'],
    ['a challenge of the wrong length', { code_challenge: 'abc' }, 'invalid_request'],
    ['[OA21-29] the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
    ['no response type', { response_type: undefined }, 'invalid_request'],
    ['[R8707-02] another resource', { resource: 'https://other.example/mcp' }, 'invalid_target'],
    ['[R8707-01] a resource with a fragment', { resource: 'http://localhost:8787/mcp#x' }, 'invalid_target'],
    ['[HS-08] the resource in other case', { resource: 'http://localhost:8787/MCP' }, 'invalid_target'],
    ['a prompt that allows no page', { prompt: 'none' }, 'interaction_required'],
  ])('%s', async (_, changes, error) => {
    const { status, redirect } = await refusal(authorizeUrl(door, clientId, challenge, changes))
    expect(status).toBe(303)
    expect(redirect?.get('error')).toBe(error)
    expect(redirect?.get('state')).toBe('state-of-the-test')
    expect(redirect?.get('iss'), '[R9207-01] [AUTH-2026-07-28-11]').toBe('http://localhost:8787')
    expect(redirect?.get('error_description')?.length).toBeGreaterThan(10)
  })

  test('[OA21-05] a parameter sent twice is refused, an unknown one ignored, an empty one absent', async () => {
    const twice = await refusal(`${authorizeUrl(door, clientId, challenge)}&state=another`)
    expect(twice.redirect?.get('error')).toBe('invalid_request')
    const form = await browser.openConsent(
      `${authorizeUrl(door, clientId, challenge, { scope: '' })}&foo=1&foo=2`,
    )
    expect(form.html).toContain('Claude')
  })
})

describe('consent', () => {
  test('[RC-08] [ASU-09] [AUTH-2026-07-28-12] [CC-05] approval returns code, state byte for byte, and iss', async () => {
    const state = 'a+b%20c/ü=&amp;"~'
    const redirect = await browser.approve(authorizeUrl(door, clientId, challenge, { state }))
    expect(redirect.origin + redirect.pathname).toBe(claudeCallback)
    expect(redirect.searchParams.get('state')).toBe(state)
    expect(redirect.searchParams.get('iss')).toBe('http://localhost:8787')
    expect(redirect.searchParams.getAll('code')).toHaveLength(1)
  })

  test('[AUTH-2025-11-25-15] [SBP-02] [OA21-26] [AUTH-2026-07-28-38] the page names client, host, connector, tools and scopes', async () => {
    const { html } = await browser.openConsent(authorizeUrl(door, clientId, challenge))
    for (const words of [
      'Claude',
      'claude.ai',
      'Notes',
      'Search notes',
      'Erase a note',
      'Look things up',
      'Make changes',
    ]) {
      expect(html).toContain(words)
    }
  })

  test('[OA21-24] [SBP-02] [ASU-15] it cannot be framed, and its CSP lets the answer reach Claude', async () => {
    const { response } = await browser.openConsent(authorizeUrl(door, clientId, challenge))
    const csp = response.headers.get('content-security-policy') ?? ''
    expect(csp).toContain("frame-ancestors 'none'")
    expect(csp).toMatch(/form-action [^;]*https:\/\/claude\.ai/)
    expect(csp).toMatch(/form-action [^;]*claude:/)
    expect(response.headers.get('x-frame-options')).toBe('DENY')
    expect(response.headers.get('cache-control')).toContain('no-store')
    expect(response.headers.get('cross-origin-opener-policy'), '[RC-20]').not.toBe('same-origin')
  })

  test('denying tells the client so, and leaves nothing behind', async () => {
    const form = await browser.openConsent(authorizeUrl(door, clientId, challenge))
    form.fields.set('decision', 'deny')
    const response = await browser.post(form.action, form.fields)
    const redirect = new URL(response.headers.get('location') ?? '')
    expect(response.status, '[OA21-23]').toBe(303)
    expect(redirect.searchParams.get('error')).toBe('access_denied')
    expect(redirect.searchParams.get('code')).toBeNull()
  })

  test('a form submitted twice, one after the other and at once, gives one code; a Deny that comes late changes nothing', async () => {
    const form = await browser.openConsent(authorizeUrl(door, clientId, challenge))
    form.fields.set('decision', 'approve')
    const denied = new URLSearchParams(form.fields)
    denied.set('decision', 'deny')
    const answers = await Promise.all([
      browser.post(form.action, form.fields),
      browser.post(form.action, form.fields),
    ])
    answers.push(await browser.post(form.action, form.fields), await browser.post(form.action, denied))
    const codes = answers.map((answer) =>
      new URL(answer.headers.get('location') ?? '').searchParams.get('code'),
    )
    expect(codes[0]).toBeTruthy()
    expect(new Set(codes).size).toBe(1)
  })

  test('who comes back to an answered page gets the same answer while its code waits, and never a used code', async () => {
    const { verifier, challenge: own } = pkce()
    const form = await browser.openConsent(authorizeUrl(door, clientId, own))
    form.fields.set('decision', 'approve')
    const first = (await browser.post(form.action, form.fields)).headers.get('location')
    const again = await browser.get(form.action)
    expect(again.status).toBe(303)
    expect(again.headers.get('location')).toBe(first)
    const code = new URL(first ?? '').searchParams.get('code') ?? ''
    const fields = { grant_type: 'authorization_code', code, client_id: clientId, code_verifier: verifier }
    expect((await token(door, fields)).status).toBe(200)
    const late = await browser.get(form.action)
    expect(late.status).toBe(400)
    expect(late.headers.get('location')).toBeNull()
  })

  test('[HS-11] [SBP-02] without our token, from another origin, or from another browser it is refused', async () => {
    const form = await browser.openConsent(authorizeUrl(door, clientId, challenge))
    form.fields.set('decision', 'approve')
    const tokenless = new URLSearchParams(form.fields)
    tokenless.delete('csrf')
    expect((await browser.post(form.action, tokenless)).status).toBe(403)
    expect((await browser.post(form.action, form.fields, { 'sec-fetch-site': 'cross-site' })).status).toBe(
      403,
    )
    const other = door.browser()
    await other.openConsent(authorizeUrl(door, clientId, challenge))
    expect((await other.post(form.action, form.fields)).status).toBe(403)
    expect((await other.get(form.action)).status).toBe(400)
    const still = await browser.post(form.action, form.fields)
    expect(still.status).toBe(303)
  })

  test('it expires, and says what to do', async () => {
    const own = await openDoor()
    const ownBrowser = own.browser()
    const id = String((await register(own)).client_id)
    const form = await ownBrowser.openConsent(authorizeUrl(own, id, challenge))
    own.clock.now += 1801
    form.fields.set('decision', 'approve')
    expect((await ownBrowser.post(form.action, form.fields)).status).toBe(400)
  })

  test('[HS-07] approval is not remembered: the next request shows the page again', async () => {
    await browser.approve(authorizeUrl(door, clientId, challenge))
    const again = await browser.openConsent(authorizeUrl(door, clientId, challenge))
    expect(again.html).toContain('decision')
  })
})

describe('scopes', () => {
  test.each([
    ['[CC-08] blank', '', 'read write'],
    ['[CC-08] only blanks and offline_access', ' offline_access', 'read write'],
    ['[CC-08] claudeai', 'claudeai', 'read write'],
    ['[CC-08] unknown words', 'openid profile read', 'read'],
    ['[RC-16] both, with offline_access', 'read write offline_access', 'read write'],
    ['one', 'read', 'read'],
  ])('%s', async (_, scope, granted) => {
    const connection = await connect(door, { clientId, browser, scope })
    expect(connection.scope).toBe(granted)
  })

  test('[SBP-12] what is unticked is not granted, and the token says so', async () => {
    const connection = await connect(door, { clientId, browser, untick: 'write' })
    expect(connection.scope).toBe('read')
  })

  test('a scope that was not asked for cannot be ticked into the token', async () => {
    const { verifier, challenge: own } = pkce()
    const redirect = await browser.approve(authorizeUrl(door, clientId, own, { scope: 'read' }), (form) => {
      form.append('scope', 'write')
    })
    const answer = await token(door, {
      grant_type: 'authorization_code',
      code: redirect.searchParams.get('code') ?? '',
      client_id: clientId,
      code_verifier: verifier,
    })
    expect(answer.body.scope).toBe('read')
  })

  test('[RC-10] the registered scope is no ceiling', async () => {
    const narrow = await register(door, { scope: 'read', client_name: 'Narrow' })
    const connection = await connect(door, {
      clientId: String(narrow.client_id),
      browser,
      scope: 'read write',
    })
    expect(connection.scope).toBe('read write')
  })
})

describe('clients by metadata document', () => {
  const hosted = 'https://claude.ai/oauth/mcp-oauth-client-metadata'
  const code = 'https://claude.ai/oauth/claude-code-client-metadata'

  test('[AUTH-2025-11-25-02] [RC-23] both documents of Claude are known without fetching them', async () => {
    const offline = await openDoor({
      outboundFetch: () => Promise.reject(new Error('the network was asked')),
    })
    expect((await connect(offline, { clientId: hosted })).scope).toBe('read write')
    const redirectUri = 'http://localhost:53682/callback'
    expect((await connect(offline, { clientId: code, redirectUri })).scope).toBe('read write')
  })

  test('[ASU-10] [R8252-01] [R8252-02] [R8252-03] [R8252-04] [RC-18] Claude Code: any port on both loopback names, no other path or host', async () => {
    for (const redirect_uri of [
      'http://127.0.0.1:1/callback',
      'http://localhost:65535/callback',
      'http://localhost/callback',
    ]) {
      const form = await browser.openConsent(authorizeUrl(door, code, challenge, { redirect_uri }))
      expect(form.html).toContain('Claude Code')
    }
    for (const redirect_uri of [
      'http://localhost:1/other',
      'http://localhost.evil.example:1/callback',
      'http://[::1]:1/callback',
      'https://localhost:1/callback',
    ]) {
      const answer = await refusal(authorizeUrl(door, code, challenge, { redirect_uri }))
      expect(answer.status, redirect_uri).toBe(400)
    }
  })

  test('[CIMD-02] [CIMD-06] [CIMD-09] [AUTH-2026-07-28-17] others are fetched, kept while fresh, and used again when their host is down', async () => {
    const id = 'https://app.example/client.json'
    let asked = 0
    let isUp = true
    const own = await openDoor({
      outboundFetch: async (url) => {
        asked++
        if (!isUp)
          throw new (await import('../../src/platform/outbound-fetch.ts')).OutboundError(
            'not-reached',
            'down',
          )
        const document = { client_id: url, client_name: 'App', redirect_uris: ['https://app.example/cb'] }
        return {
          status: 200,
          headers: new Headers({ 'content-type': 'application/json', 'cache-control': 'max-age=600' }),
          text: JSON.stringify(document),
        }
      },
    })
    const url = authorizeUrl(own, id, challenge, { redirect_uri: 'https://app.example/cb' })
    await own.browser().openConsent(url)
    await own.browser().openConsent(url)
    expect(asked).toBe(1)
    own.clock.now += 601
    isUp = false
    const { html } = await own.browser().openConsent(url)
    expect(html).toContain('App')
    expect(asked).toBeGreaterThan(1)
  })

  test.each([
    ['[CIMD-03] a redirect', { status: 301 }],
    ['[CIMD-02] a missing document', { status: 404 }],
    ['[CIMD-05] HTML', { type: 'text/html' }],
    ['[CIMD-06] another client id', { document: { client_id: 'https://app.example/client.json/' } }],
    ['[CIMD-07] a shared secret', { document: { token_endpoint_auth_method: 'client_secret_post' } }],
    ['[AUTH-2025-11-25-14] no name', { document: { client_name: '' } }],
    ['[AUTH-2025-11-25-14] what is no JSON', { text: '<html>' }],
  ])(
    '%s is refused by a page',
    async (_, fault: { status?: number; type?: string; document?: object; text?: string }) => {
      const own = await openDoor({
        outboundFetch: async (url) => ({
          status: fault.status ?? 200,
          headers: new Headers({ 'content-type': fault.type ?? 'application/json' }),
          text:
            fault.text ??
            JSON.stringify({
              client_id: url,
              client_name: 'App',
              redirect_uris: ['https://app.example/cb'],
              ...fault.document,
            }),
        }),
      })
      const url = authorizeUrl(own, 'https://app.example/client.json', challenge, {
        redirect_uri: 'https://app.example/cb',
      })
      const response = await own.fetch(url)
      expect(response.status).toBe(401)
      expect(response.headers.get('location')).toBeNull()
      expect(
        await own.storage.findClientDocument('https://app.example/client.json'),
        '[CIMD-09]',
      ).toBeUndefined()
    },
  )

  test('[CIMD-04] [SBP-08] [AUTH-2026-07-28-38] a document on a private address is never asked for', async () => {
    for (const id of [
      'https://127.0.0.1/c.json',
      'https://10.0.0.1/c',
      'https://[::1]/c',
      'https://169.254.169.254/latest',
      'https://localhost/c',
    ]) {
      expect((await refusal(authorizeUrl(door, id, challenge))).status, id).toBe(401)
    }
    expect(door.events.some(({ reason }) => /not a public address/.test(reason ?? ''))).toBe(true)
  })
})

describe('a client that was forgotten', () => {
  test("[HS-04] is brought back for Claude's own callbacks, and consent is shown", async () => {
    for (const redirectUri of [claudeCallback, 'http://localhost:4321/callback']) {
      const lost = `lost-${redirectUri.length}`
      const connection = await connect(door, { clientId: lost, redirectUri, browser })
      expect(connection.scope).toBe('read write')
    }
  })

  test('[HS-04] is brought back where its id carries our mac, with the redirect shown for consent', async () => {
    const own = await openDoor()
    const redirectUri = 'https://app.example/cb'
    const gone = await register(own, { redirect_uris: [redirectUri], client_name: 'App' })
    const id = String(gone.client_id)
    await own.storage.removeClient(id.split('.')[0] ?? '', own.clock.now)
    expect((await connect(own, { clientId: id, redirectUri })).scope).toBe('read write')
  })

  test('[HS-04] is not, where neither holds or registration is switched off', async () => {
    const url = authorizeUrl(door, 'lost', challenge, { redirect_uri: 'https://app.example/cb' })
    expect((await refusal(url)).status).toBe(401)
    const closed = await openDoor({ waysIn: { registration: false } })
    const response = await closed.fetch(authorizeUrl(closed, 'lost', challenge))
    expect(response.status).toBe(401)
    expect(response.headers.get('location')).toBeNull()
  })

  test('[HS-04] [HS-03] recovering one never changes what another registered', async () => {
    const own = await openDoor()
    const honest = await register(own, { redirect_uris: ['https://app.example/cb'], client_name: 'App' })
    await own.storage.removeClient(String(honest.client_id).split('.')[0] ?? '', own.clock.now)
    await own
      .browser()
      .openConsent(
        authorizeUrl(own, String(honest.client_id), challenge, { redirect_uri: 'https://evil.example/cb' }),
      )
    const again = await register(own, { redirect_uris: ['https://app.example/cb'], client_name: 'App' })
    const redirectUri = 'https://app.example/cb'
    expect((await connect(own, { clientId: String(again.client_id), redirectUri })).scope).toBe('read write')
  })
})

test('[OA21-22] [AUTH-2025-06-18-21] codes carry 256 bits and are stored only as hashes', async () => {
  const redirect = await browser.approve(authorizeUrl(door, clientId, challenge))
  const code = redirect.searchParams.get('code') ?? ''
  expect(code).toMatch(/^pst_ac_[A-Za-z0-9_-]{43}$/)
  expect(await door.storage.findAuthorizationCode(hashToken(code))).toMatchObject({ clientId })
})
