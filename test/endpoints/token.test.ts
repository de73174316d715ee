// The token endpoint: who the client is, what a code is worth and how often, and how a connection is kept.

import { beforeAll, describe, expect, test } from 'vitest'
import { createProofs } from '../../src/authorization-server/proofs.ts'
import type { AuthorizationServerSettings } from '../../src/authorization-server/settings.ts'
import { createTokens } from '../../src/authorization-server/tokens.ts'
import { hashToken, systemRandom } from '../../src/platform/crypto.ts'
import { createKeyRing } from '../../src/storage/key-ring.ts'
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

let door: Door
beforeAll(async () => {
  door = await openDoor()
})

/** A code that waits to be exchanged. */
async function approved(changes: Record<string, string | undefined> = {}): Promise<Record<string, string>> {
  const client = await register(door)
  const { verifier, challenge } = pkce()
  const redirect = await door
    .browser()
    .approve(authorizeUrl(door, String(client.client_id), challenge, changes))
  return {
    grant_type: 'authorization_code',
    code: redirect.searchParams.get('code') ?? '',
    client_id: String(client.client_id),
    code_verifier: verifier,
    redirect_uri: claudeCallback,
    resource: door.mcpUrl,
  }
}

async function isAlive(accessToken: string): Promise<boolean> {
  return (await callMcp(door, accessToken, { id: 1, method: 'tools/list' })).status === 200
}

describe('exchanging a code', () => {
  test('[OA21-12] [CC-10] [ASU-11] [R6749-03] the answer has everything that some client needs', async () => {
    const { status, headers, body } = await token(door, await approved())
    expect(status).toBe(200)
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('pragma')).toBe('no-cache')
    expect(Object.keys(body).sort()).toEqual([
      'access_token',
      'expires_in',
      'refresh_token',
      'scope',
      'token_type',
    ])
    expect(body.token_type).toBe('Bearer')
    expect(Number.isInteger(body.expires_in)).toBe(true)
    expect(body.expires_in, '[RC-15]').toBeGreaterThan(600)
    expect(body.scope).toBe('read write')
  })

  test.each([
    ['[ASU-07] [R8707-05] [TOL-6] no resource anywhere', { resource: undefined }, { resource: undefined }],
    [
      '[TOL-5] [RC-04] a slash more',
      { resource: 'http://localhost:8787/mcp/' },
      { resource: 'http://localhost:8787/mcp/' },
    ],
    ['[AUTH-2025-06-18-08] an upper-case host', { resource: 'HTTP://LOCALHOST:8787/mcp' }, {}],
    ['[R8707-03] a resource at authorize only', {}, { resource: undefined }],
    ['[OA21-10] no redirect_uri', {}, { redirect_uri: undefined }],
  ])('%s', async (_, atAuthorize, atToken) => {
    const { status } = await token(door, { ...(await approved(atAuthorize)), ...atToken })
    expect(status).toBe(200)
  })

  test.each([
    [
      '[HS-16] [OA21-10] [R6749-02] another redirect',
      { redirect_uri: 'https://claude.com/api/mcp/auth_callback' },
      'invalid_grant',
    ],
    ['[HS-16] [R8707-03] another resource', { resource: 'https://other.example/mcp' }, 'invalid_target'],
    ['[OA21-07] [R7636-02] a wrong verifier', { code_verifier: 'x'.repeat(43) }, 'invalid_grant'],
    ['[OA21-07] no verifier', { code_verifier: undefined }, 'invalid_request'],
    ['[R7636-01] a verifier that is too short', { code_verifier: 'short' }, 'invalid_grant'],
    ['no grant type', { grant_type: undefined }, 'invalid_request'],
    ['[OA21-29] a password grant', { grant_type: 'password' }, 'unsupported_grant_type'],
    [
      '[OA21-29] a bare client_credentials grant',
      { grant_type: 'client_credentials' },
      'unsupported_grant_type',
    ],
  ])('%s is refused, and the code still works', async (_, changes, error) => {
    const form = await approved()
    const refused = await token(door, { ...form, ...changes })
    expect(refused.status).toBe(400)
    expect(refused.body.error).toBe(error)
    expect((await token(door, form)).status).toBe(200)
  })

  test('[HS-16] five wrong verifiers burn it', async () => {
    const form = await approved()
    for (let attempt = 0; attempt < 5; attempt++)
      await token(door, { ...form, code_verifier: 'y'.repeat(43) })
    expect((await token(door, form)).body.error).toBe('invalid_grant')
  })

  test('[OA21-09] [HS-16] a replay with everything right revokes the grant', async () => {
    const form = await approved()
    const { body } = await token(door, form)
    expect(await isAlive(String(body.access_token))).toBe(true)
    const replay = await token(door, form)
    expect(replay.body.error).toBe('invalid_grant')
    expect(await isAlive(String(body.access_token))).toBe(false)
    expect(door.events.some(({ name }) => name === 'code.replayed')).toBe(true)
  })

  test('[RC-21] [HS-16] a replay with a wrong verifier, redirect or client revokes nothing', async () => {
    const form = await approved()
    const { body } = await token(door, form)
    const other = String((await register(door)).client_id)
    for (const changes of [
      { code_verifier: 'z'.repeat(43) },
      { redirect_uri: 'https://claude.com/api/mcp/auth_callback' },
      { client_id: other },
      { client_id: 'nobody' },
    ]) {
      expect((await token(door, { ...form, ...changes })).status).toBeGreaterThanOrEqual(400)
    }
    expect(await isAlive(String(body.access_token))).toBe(true)
  })

  test('[OA21-09] a hundred at once: one winner', async () => {
    const form = await approved()
    const answers = await Promise.all(Array.from({ length: 100 }, () => token(door, form)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status, body } of answers) if (status !== 200) expect(body.error).toBe('invalid_grant')
  })

  test('it expires', async () => {
    const own = await openDoor()
    const client = await register(own)
    const { verifier, challenge } = pkce()
    const redirect = await own.browser().approve(authorizeUrl(own, String(client.client_id), challenge))
    own.clock.now += 301
    const answer = await token(own, {
      grant_type: 'authorization_code',
      code: redirect.searchParams.get('code') ?? '',
      client_id: String(client.client_id),
      code_verifier: verifier,
    })
    expect(answer.body.error).toBe('invalid_grant')
  })

  test('[OA21-06] a parameter sent twice, a body that is no form, and one that is too large', async () => {
    const form = new URLSearchParams(await approved())
    form.append('code', 'another')
    const send = (body: string, type = 'application/x-www-form-urlencoded'): Promise<Response> =>
      door.fetch('/oauth/token', { method: 'POST', headers: { 'content-type': type }, body })
    expect(((await (await send(form.toString())).json()) as { error: string }).error).toBe('invalid_request')
    expect(((await (await send('{}', 'application/json')).json()) as { error: string }).error).toBe(
      'invalid_request',
    )
    const large = await send(`grant_type=authorization_code&code=${'x'.repeat(70_000)}`)
    expect(large.status).toBe(400)
    expect(((await large.json()) as { error: string }).error).toBe('invalid_request')
  })

  test('[OA21-23] [CC-10] no Origin, a foreign one, a cookie: the endpoint has no CSRF guard to trip over', async () => {
    const answer = await token(door, await approved(), {
      origin: 'https://claude.ai',
      'sec-fetch-site': 'cross-site',
    })
    expect(answer.status).toBe(200)
  })

  test('[ASU-01] the root alias is the same endpoint', async () => {
    const form = new URLSearchParams(await approved())
    const response = await door.fetch('/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    })
    expect(response.status).toBe(200)
  })
})

describe('who the client is', () => {
  const basic = (id: string, secret: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  })

  async function confidential(
    method: string,
  ): Promise<{ form: Record<string, string>; secret: string; id: string }> {
    const client = await register(door, {
      token_endpoint_auth_method: method,
      client_name: `Confidential ${method}`,
    })
    const { verifier, challenge } = pkce()
    const redirect = await door.browser().approve(authorizeUrl(door, String(client.client_id), challenge))
    const form = {
      grant_type: 'authorization_code',
      code: redirect.searchParams.get('code') ?? '',
      code_verifier: verifier,
    }
    return { form, secret: String(client.client_secret), id: String(client.client_id) }
  }

  test('[R7591-08] [ASU-12] [CC-10] an unknown one: 401 invalid_client, which makes Claude register again', async () => {
    const answer = await token(door, { ...(await approved()), client_id: 'nobody' })
    expect(answer.status).toBe(401)
    expect(answer.body.error).toBe('invalid_client')
    const refresh = await token(door, {
      grant_type: 'refresh_token',
      refresh_token: 'x',
      client_id: 'nobody',
    })
    expect(refresh.status).toBe(401)
    expect((await token(door, { grant_type: 'refresh_token', refresh_token: 'x' })).body.error).toBe(
      'invalid_client',
    )
  })

  test.each(['client_secret_post', 'client_secret_basic'])(
    '[RC-17] [OA21-11] [R6749-01] [AUTH-2025-03-26-01] [AUTH-2025-06-18-01] [AUTH-2025-11-25-01] [AUTH-2026-07-28-01] registered for %s: both ways of showing the secret work',
    async (method) => {
      const inBody = await confidential(method)
      expect(
        (await token(door, { ...inBody.form, client_id: inBody.id, client_secret: inBody.secret })).status,
      ).toBe(200)
      const inHeader = await confidential(method)
      expect((await token(door, inHeader.form, basic(inHeader.id, inHeader.secret))).status).toBe(200)
      const encoded = await confidential(method)
      const header = basic(encodeURIComponent(encoded.id), encodeURIComponent(encoded.secret))
      expect((await token(door, encoded.form, header)).status).toBe(200)
    },
  )

  test('[ASU-08] [OA21-07] PKCE is asked of a confidential client too', async () => {
    const { id } = await confidential('client_secret_post')
    const response = await door.fetch(authorizeUrl(door, id, '', { code_challenge: undefined }))
    expect(new URL(response.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request')
    const { form, secret, id: other } = await confidential('client_secret_post')
    const without = { ...form, code_verifier: undefined, client_id: other, client_secret: secret }
    expect((await token(door, without)).body.error).toBe('invalid_request')
  })

  test('[OA21-13] a wrong or missing secret is 401, both methods at once 400', async () => {
    const { form, secret, id } = await confidential('client_secret_post')
    expect((await token(door, { ...form, client_id: id, client_secret: 'wrong' })).status).toBe(401)
    expect((await token(door, { ...form, client_id: id })).status).toBe(401)
    const viaBasic = await token(door, form, basic(id, 'wrong'))
    expect(viaBasic.status).toBe(401)
    expect(viaBasic.headers.get('www-authenticate')).toMatch(/^Basic/)
    const both = await token(door, { ...form, client_id: id, client_secret: secret }, basic(id, secret))
    expect(both.body.error).toBe('invalid_request')
    expect((await token(door, form, { authorization: 'Basic !!!' })).body.error).toBe('invalid_client')
    expect((await token(door, { ...form, client_id: id, client_secret: secret })).status).toBe(200)
  })

  test('a secret shown for a public client is an error that says so', async () => {
    const form = await approved()
    const answer = await token(door, { ...form, client_secret: 'junk' })
    expect(answer.status).toBe(401)
    expect(String(answer.body.error_description)).toContain('public')
  })
})

describe('refreshing', () => {
  const refresh = (
    connection: { clientId: string },
    refreshToken: string,
    more: Record<string, string> = {},
  ) =>
    token(door, {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: connection.clientId,
      ...more,
    })

  test('[CC-11] [OA21-15] [AUTH-2025-06-18-14] [AUTH-2026-07-28-35] rotates, and the new pair works', async () => {
    const connection = await connect(door)
    const { status, body } = await refresh(connection, connection.refreshToken, { resource: door.mcpUrl })
    expect(status).toBe(200)
    expect(body.refresh_token).not.toBe(connection.refreshToken)
    expect(await isAlive(String(body.access_token))).toBe(true)
  })

  test('[HS-02] [RC-15] [ASU-11] four at once get one identical answer, and the connection lives', async () => {
    const connection = await connect(door)
    const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(connection, connection.refreshToken)))
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect(await isAlive(String(answers[0]?.body.access_token))).toBe(true)
  })

  test('[HS-02] a lost answer is given again hours later, as long as nothing of it was used', async () => {
    const connection = await connect(door)
    const lost = await refresh(connection, connection.refreshToken)
    door.clock.now += 1800
    const again = await refresh(connection, connection.refreshToken)
    expect(again.body.refresh_token).toBe(lost.body.refresh_token)
    expect(again.body.access_token).toBe(lost.body.access_token)
    expect(again.body.expires_in).toBe(1800)
    door.clock.now += 20 * 3600
    const hoursLater = await refresh(connection, connection.refreshToken)
    expect(hoursLater.body.refresh_token).toBe(lost.body.refresh_token)
    expect(hoursLater.body.expires_in).toBeGreaterThan(600)
    expect(await isAlive(String(hoursLater.body.access_token))).toBe(true)
  })

  test('[HS-02] once the successor was used there is a minute, then the family ends', async () => {
    const connection = await connect(door)
    const first = await refresh(connection, connection.refreshToken)
    expect(await isAlive(String(first.body.access_token))).toBe(true)
    door.clock.now += 59
    expect((await refresh(connection, connection.refreshToken)).body.refresh_token).toBe(
      first.body.refresh_token,
    )
    door.clock.now += 2
    const late = await refresh(connection, connection.refreshToken)
    expect(late.body.error, '[ASU-12]').toBe('invalid_grant')
    expect(await isAlive(String(first.body.access_token))).toBe(false)
    expect(
      door.events.filter(
        ({ name, clientId }) => name === 'refresh.reused' && clientId === connection.clientId,
      ),
    ).toHaveLength(1)
  })

  test('[HS-02] a token many generations old, whose row is gone, still ends the family', async () => {
    const connection = await connect(door)
    let current = connection.refreshToken
    for (let generation = 0; generation < 6; generation++) {
      const { body } = await refresh(connection, current)
      expect(await isAlive(String(body.access_token))).toBe(true)
      current = String(body.refresh_token)
      door.clock.now += 3600
    }
    expect((await refresh(connection, connection.refreshToken)).body.error).toBe('invalid_grant')
    expect((await refresh(connection, current)).body.error).toBe('invalid_grant')
  })

  test('[HS-02] [OA21-16] another client with the token is refused, and does no harm', async () => {
    const connection = await connect(door)
    const other = { clientId: String((await register(door)).client_id) }
    expect((await refresh(other, connection.refreshToken)).body.error).toBe('invalid_grant')
    expect((await refresh(connection, connection.refreshToken)).status).toBe(200)
  })

  test('[R8707-04] [HS-02] another resource is refused, and does no harm', async () => {
    const connection = await connect(door)
    const refused = await refresh(connection, connection.refreshToken, { resource: 'https://other.example/' })
    expect(refused.body.error).toBe('invalid_target')
    expect((await refresh(connection, connection.refreshToken)).status).toBe(200)
  })

  test('[RC-13] [RC-14] a scope that is wider, equal or narrower is answered with what was granted', async () => {
    const connection = await connect(door, { untick: 'write' })
    const wider = await refresh(connection, connection.refreshToken, { scope: 'read write offline_access' })
    expect(wider.body.scope).toBe('read')
    expect((await refresh(connection, String(wider.body.refresh_token), { scope: 'read' })).body.scope).toBe(
      'read',
    )
  })

  test('[OA21-14] [ASU-12] garbage, a changed token and an access token are all just invalid_grant', async () => {
    const connection = await connect(door)
    const changed = `${connection.refreshToken.slice(0, -2)}xx`
    for (const bad of ['garbage', changed, connection.accessToken, 'pst_rt_a.b.c.d']) {
      const answer = await refresh(connection, bad)
      expect(answer.status).toBe(400)
      expect(answer.body.error).toBe('invalid_grant')
    }
  })

  test('[OA21-17] it ends when it is not used for its lifetime', async () => {
    const own = await openDoor({ lifetimes: { refreshTokenSeconds: 1000 } })
    const connection = await connect(own)
    own.clock.now += 1000
    const answer = await token(own, {
      grant_type: 'refresh_token',
      refresh_token: connection.refreshToken,
      client_id: connection.clientId,
    })
    expect(answer.body.error).toBe('invalid_grant')
  })

  test('[HS-02] with the whole database and every earlier token, the next one cannot be found without the key', async () => {
    const connection = await connect(door)
    const live = String((await refresh(connection, connection.refreshToken)).body.refresh_token)
    const successorUnder = async (key: Uint8Array): Promise<string> => {
      const settings = {
        storage: door.storage,
        keys: { tokens: key },
        clock: () => door.clock.now,
        random: systemRandom,
      }
      const asked = settings as unknown as AuthorizationServerSettings
      const tokens = createTokens(asked, createProofs(asked))
      const [grantId = '', generation = ''] = connection.refreshToken.replace('pst_rt_', '').split('.')
      const own = { grantId, generation: Number.parseInt(generation, 36) }
      return tokens.successorOf(connection.refreshToken, own).refreshToken
    }
    const ring = await createKeyRing({
      storage: door.storage,
      masterKey: new Uint8Array(32).fill(7),
      purposes: ['tokens'],
      now: door.clock.now,
    })
    expect(await successorUnder(ring.get('tokens')), 'with the key it is found, so this test can fail').toBe(
      live,
    )
    // All that a thief of the database has for a key is what stands in it.
    const wrapped = (await door.storage.listKeys()).map((key) => key.wrapped.subarray(0, 32))
    for (const key of [new Uint8Array(32), ...wrapped]) expect(await successorUnder(key)).not.toBe(live)
    const stored = await door.storage.findRefreshToken(hashToken(live))
    expect(stored, 'only its hash finds it').toBeDefined()
    expect(JSON.stringify(stored)).not.toContain(live.split('.')[2])
  })
})

describe('revocation', () => {
  const revoke = async (fields: Record<string, string>): Promise<Response> =>
    door.fetch('/oauth/revoke', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    })

  test.each(['refreshToken', 'accessToken'] as const)(
    '[R7009-01] [R7009-03] by the %s: everything of the grant is dead at once',
    async (which) => {
      const connection = await connect(door)
      const response = await revoke({
        token: connection[which],
        token_type_hint: 'access_token',
        client_id: connection.clientId,
      })
      expect(response.status).toBe(200)
      expect(await isAlive(connection.accessToken)).toBe(false)
    },
  )

  test("[R7009-02] an unknown token is 200 too; another client's token is left alone", async () => {
    const connection = await connect(door)
    const other = String((await register(door)).client_id)
    expect((await revoke({ token: 'unknown', client_id: other })).status).toBe(200)
    expect((await revoke({ token: connection.refreshToken, client_id: other })).status).toBe(200)
    expect(await isAlive(connection.accessToken)).toBe(true)
  })
})
