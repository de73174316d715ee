// A registration in the hands of its holder (RFC 7592): read, changed, removed.

import { describe, expect, test } from 'vitest'
import { authorizeUrl, callMcp, connect, type Door, openDoor, pkce, register, token } from '../door.ts'

const redirectUri = 'https://app.example/cb'

interface Registration {
  id: string
  secret: string
  token: string
  uri: string
  body: Record<string, unknown>
}

async function confidential(door: Door, changes: Record<string, unknown> = {}): Promise<Registration> {
  const body = await register(door, {
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'client_secret_post',
    client_name: 'App',
    ...changes,
  })
  return {
    id: String(body.client_id),
    secret: String(body.client_secret),
    token: String(body.registration_access_token),
    uri: String(body.registration_client_uri),
    body,
  }
}

async function manage(
  door: Door,
  method: string,
  { uri, token: accessToken }: { uri: string; token?: string },
  document?: unknown,
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const response = await door.fetch(uri.slice(door.origin.length), {
    method,
    headers: accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` },
    ...(document === undefined ? {} : { body: JSON.stringify(document) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
}

/** All the way to tokens, with the secret. */
async function connectWith(
  door: Door,
  own: Registration,
  redirect = redirectUri,
): Promise<Record<string, unknown>> {
  const { verifier, challenge } = pkce()
  const url = authorizeUrl(door, own.id, challenge, { redirect_uri: redirect })
  const code = (await door.browser().approve(url)).searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', code, code_verifier: verifier }
  return (await token(door, { ...form, client_id: own.id, client_secret: own.secret })).body
}

const isAlive = async (door: Door, accessToken: unknown): Promise<boolean> =>
  (await callMcp(door, String(accessToken), { id: 1, method: 'tools/list' })).status === 200

describe('[R7592-01] a confidential registration', () => {
  test('is told where it can be managed, and a public one is not', async () => {
    const door = await openDoor()
    const own = await confidential(door)
    expect(own.uri).toContain(`${door.origin}/oauth/register?client_id=`)
    expect(own.token).toMatch(/^pst_rm_/)
    const open = await register(door)
    expect(open).not.toHaveProperty('registration_access_token')
    expect(open).not.toHaveProperty('registration_client_uri')
  })

  test('is read as it was registered', async () => {
    const door = await openDoor()
    const own = await confidential(door)
    door.clock.now += 60
    const { status, headers, body } = await manage(door, 'GET', own)
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body).toEqual(own.body)
  })

  test('is replaced: what is left out is gone, id and secret stay, and it connects as it says now', async () => {
    const door = await openDoor()
    const own = await confidential(door, { client_uri: 'https://app.example/' })
    const moved = 'https://app.example/moved'
    const change = {
      client_id: own.id,
      client_secret: own.secret,
      client_name: 'Renamed',
      redirect_uris: [moved],
      token_endpoint_auth_method: 'client_secret_basic',
    }
    const { status, body } = await manage(door, 'PUT', own, change)
    expect(status).toBe(200)
    expect(body).toMatchObject({ ...change, registration_access_token: own.token })
    expect(body).not.toHaveProperty('client_uri')
    expect((await manage(door, 'GET', own)).body).toEqual(body)
    const gone = await door.fetch(authorizeUrl(door, own.id, pkce().challenge, { redirect_uri: redirectUri }))
    expect(gone.status).toBe(400)
    expect(gone.headers.get('location')).toBeNull()
    const tokens = await connectWith(door, own, moved)
    expect(await isAlive(door, tokens.access_token)).toBe(true)
  })

  test('[HS-03] is changed for nobody else who registered the same', async () => {
    const door = await openDoor()
    const [own, other] = [await confidential(door), await confidential(door)]
    const change = { client_id: own.id, redirect_uris: ['https://evil.example/cb'], client_name: 'Evil' }
    expect((await manage(door, 'PUT', own, change)).status).toBe(200)
    expect((await manage(door, 'GET', other)).body).toEqual(other.body)
    expect((await manage(door, 'DELETE', own)).status).toBe(204)
    expect(await isAlive(door, (await connectWith(door, other)).access_token)).toBe(true)
  })

  test('connections made before a change go on, and outlive the row that was shared', async () => {
    const door = await openDoor()
    const own = await confidential(door)
    const tokens = await connectWith(door, own)
    const change = { client_id: own.id, redirect_uris: [redirectUri], client_name: 'Renamed' }
    expect((await manage(door, 'PUT', own, change)).status).toBe(200)
    await door.storage.removeExpired(door.clock.now + 2 * 86_400, 1000)
    door.clock.now += 2 * 86_400
    const refresh = {
      grant_type: 'refresh_token',
      refresh_token: String(tokens.refresh_token),
      client_id: own.id,
    }
    expect((await token(door, { ...refresh, client_secret: own.secret })).status).toBe(200)
  })

  test('is removed, with its connections, for good; its registration token is dead too', async () => {
    const door = await openDoor()
    const own = await confidential(door)
    const tokens = await connectWith(door, own)
    const { status, body } = await manage(door, 'DELETE', own)
    expect(status).toBe(204)
    expect(body).toEqual({})
    expect(await isAlive(door, tokens.access_token)).toBe(false)
    const form = {
      grant_type: 'refresh_token',
      refresh_token: String(tokens.refresh_token),
      client_id: own.id,
    }
    expect((await token(door, { ...form, client_secret: own.secret })).body.error).toBe('invalid_client')
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const after = await manage(door, method, own, method === 'PUT' ? { ...own.body } : undefined)
      expect(after.status, method).toBe(401)
    }
    // Not by registering the same again, not by being recovered, and not when everything of its time has expired.
    await confidential(door)
    door.clock.now += 500 * 86_400
    await door.storage.removeExpired(door.clock.now, 1000)
    await confidential(door)
    const again = await door.fetch(
      authorizeUrl(door, own.id, pkce().challenge, { redirect_uri: redirectUri }),
    )
    expect(again.status).toBe(401)
    expect(again.headers.get('location')).toBeNull()
  })

  test('removed while its code is exchanged leaves no connection, whichever comes first', async () => {
    for (let delay = 0; delay < 12; delay++) {
      const door = await openDoor()
      const own = await confidential(door)
      const { verifier, challenge } = pkce()
      const url = authorizeUrl(door, own.id, challenge, { redirect_uri: redirectUri })
      const code = (await door.browser().approve(url)).searchParams.get('code') ?? ''
      const form = { grant_type: 'authorization_code', code, code_verifier: verifier }
      const exchanging = token(door, { ...form, client_id: own.id, client_secret: own.secret })
      for (let turn = 0; turn < delay; turn++) await undefined
      await manage(door, 'DELETE', own)
      const { body } = await exchanging
      expect(await isAlive(door, body.access_token), `${delay} turns`).toBe(false)
    }
  })

  test('what one removes is remembered for long only where somebody had approved it', async () => {
    const door = await openDoor()
    const unknown = await confidential(door)
    await manage(door, 'DELETE', unknown)
    const approved = await confidential(door, { client_name: 'Approved' })
    await connectWith(door, approved)
    await manage(door, 'DELETE', approved)
    await door.storage.removeExpired(door.clock.now + 2 * 86_400, 1000)
    const kept = (await door.storage.listClients(100)).filter(({ kind }) => kind === 'removed')
    expect(kept.map(({ metadata }) => metadata.clientName)).toEqual(['Approved'])
  })
})

describe('refused', () => {
  test('no token, a wrong one, that of another registration, an id that was never given out', async () => {
    const door = await openDoor()
    const [own, other] = [await confidential(door), await confidential(door)]
    const bare = await manage(door, 'GET', { uri: own.uri })
    expect(bare.status).toBe(401)
    expect(bare.headers.get('www-authenticate')).toMatch(/^Bearer/)
    for (const asked of [
      { uri: own.uri, token: `${own.token}x` },
      { uri: own.uri, token: other.token },
      { uri: own.uri, token: own.secret },
      { uri: own.uri.replace(own.id, `${own.id}x`), token: own.token },
      { uri: `${door.origin}/oauth/register`, token: own.token },
    ]) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const refused = await manage(
          door,
          method,
          asked,
          method === 'PUT' ? { client_id: own.id } : undefined,
        )
        expect(refused.status, `${method} ${JSON.stringify(asked)}`).toBe(401)
        expect(refused.body.error).toBe('invalid_token')
      }
    }
    expect((await manage(door, 'GET', own)).status).toBe(200)
  })

  test.each<[string, (own: Registration) => unknown, string]>([
    ['another id', () => ({ client_id: 'another' }), 'invalid_request'],
    ['no id', () => ({ client_id: undefined }), 'invalid_request'],
    ['another secret', () => ({ client_secret: 'chosen' }), 'invalid_request'],
    ['a token of its own choice', () => ({ registration_access_token: 'x' }), 'invalid_request'],
    ['an address of its own choice', () => ({ registration_client_uri: 'https://x' }), 'invalid_request'],
    ['its date', () => ({ client_id_issued_at: 1 }), 'invalid_request'],
    ['no redirect', () => ({ redirect_uris: [] }), 'invalid_redirect_uri'],
    ['a redirect that runs', () => ({ redirect_uris: ['javascript:1'] }), 'invalid_redirect_uri'],
    ['no secret any more', () => ({ token_endpoint_auth_method: 'none' }), 'invalid_client_metadata'],
    ['a key', () => ({ token_endpoint_auth_method: 'private_key_jwt' }), 'invalid_client_metadata'],
  ])('a change that sets %s', async (_, change, error) => {
    const door = await openDoor()
    const own = await confidential(door)
    const good = { client_id: own.id, redirect_uris: [redirectUri], client_name: 'App' }
    const refused = await manage(door, 'PUT', own, { ...good, ...(change(own) as object) })
    expect(refused.status).toBe(400)
    expect(refused.body.error).toBe(error)
    expect((await manage(door, 'GET', own)).body, 'nothing changed').toEqual(own.body)
  })

  test('where registration is switched off nothing is managed either', async () => {
    const door = await openDoor()
    const own = await confidential(door)
    const closed = await openDoor({ storage: door.storage, waysIn: { registration: false } })
    expect((await manage(closed, 'GET', own)).status).toBe(404)
  })

  test('a public client that guesses the shape of it', async () => {
    const door = await openDoor()
    const { clientId } = await connect(door)
    const uri = `${door.origin}/oauth/register?client_id=${encodeURIComponent(clientId)}`
    expect((await manage(door, 'DELETE', { uri, token: 'pst_rm_guessed' })).status).toBe(401)
  })
})

test('[ASU-16] a page of another origin may ask how, and sees what it may do', async () => {
  const door = await openDoor()
  const preflight = await door.fetch('/oauth/register', {
    method: 'OPTIONS',
    headers: { origin: 'https://a.example' },
  })
  expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, POST, PUT, DELETE, OPTIONS')
})
