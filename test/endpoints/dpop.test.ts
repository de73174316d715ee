// Proof of possession (RFC 9449): a client that offers a key gets tokens that nobody can use without it; one that offers none notices nothing.

import { calculateJwkThumbprint } from 'jose'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { memoryStorage } from '../../src/storage/adapters/memory.ts'
import {
  authorizeUrl,
  callMcp,
  claudeCallback,
  connect,
  type Door,
  notesUpstream,
  openDoor,
  pkce,
  register,
  type TokenAnswer,
  token,
} from '../door.ts'
import { accessTokenHash, prove } from '../proof.ts'
import { type SigningKey, signingKey, unsigned } from '../signing-key.ts'

let door: Door
let key: SigningKey
let other: SigningKey
let clientId: string
beforeAll(async () => {
  key = await signingKey()
  other = await signingKey()
})
beforeEach(async () => {
  door = await openDoor()
  clientId = String((await register(door)).client_id)
})

const tokenUrl = 'http://localhost:8787/oauth/token'

function proofOf(changes: Record<string, unknown> = {}, by = key): Promise<string> {
  return prove(by, { method: 'POST', url: tokenUrl, at: door.clock.now }, changes)
}

async function codeForm(changes: Record<string, string> = {}): Promise<Record<string, string>> {
  const { verifier, challenge } = pkce()
  const redirect = await door.browser().approve(authorizeUrl(door, clientId, challenge, changes))
  return {
    grant_type: 'authorization_code',
    code: redirect.searchParams.get('code') ?? '',
    client_id: clientId,
    code_verifier: verifier,
    redirect_uri: claudeCallback,
  }
}

async function bound(): Promise<{ accessToken: string; refreshToken: string }> {
  const { status, body } = await token(door, await codeForm(), { dpop: await proofOf() })
  expect(status).toBe(200)
  return { accessToken: String(body.access_token), refreshToken: String(body.refresh_token) }
}

function refresh(refreshToken: string, proof?: string): Promise<TokenAnswer> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
  return token(door, form, proof === undefined ? {} : { dpop: proof })
}

async function call(
  accessToken: string,
  proof: string | undefined,
  scheme = 'DPoP',
  method = 'ping',
): Promise<Response> {
  const headers: Record<string, string> = { authorization: `${scheme} ${accessToken}` }
  if (proof !== undefined) headers.dpop = proof
  return callMcp(door, undefined, { id: 1, method }, headers)
}

function proofFor(accessToken: string, changes: Record<string, unknown> = {}, by = key): Promise<string> {
  return prove(
    by,
    { method: 'POST', url: door.mcpUrl, at: door.clock.now },
    { ath: accessTokenHash(accessToken), ...changes },
  )
}

test('it is offered by its algorithms, none of which a secret could verify', async () => {
  const response = await door.fetch('/.well-known/oauth-authorization-server')
  const document = (await response.json()) as Record<string, unknown>
  expect(document.dpop_signing_alg_values_supported).toEqual(['ES256', 'PS256', 'RS256', 'EdDSA'])
})

describe('the token endpoint', () => {
  test('[R9449-01] [EXT-DPOP-01] binds what it gives to the key that was proved', async () => {
    const { status, body } = await token(door, await codeForm(), { dpop: await proofOf() })
    expect(status).toBe(200)
    expect(body.token_type).toBe('DPoP')
    expect((await call(String(body.access_token), await proofFor(String(body.access_token)))).status).toBe(
      200,
    )
  })

  test('[R9449-01] without a proof nothing is bound, and nothing changes', async () => {
    const { body } = await token(door, await codeForm())
    expect(body.token_type).toBe('Bearer')
    expect((await callMcp(door, String(body.access_token), { id: 1, method: 'ping' })).status).toBe(200)
  })

  test.each<[string, () => Promise<string> | string]>([
    ['is no JWT', () => 'abc'],
    ['names another type', () => prove(key, proved(), {}, { typ: 'JWT' })],
    ['is signed by nobody', () => unsigned(claims(), { alg: 'none', typ: 'dpop+jwt', jwk: key.jwk })],
    ['is signed by another key than it names', () => prove(key, proved(), {}, { jwk: other.jwk })],
    ['brings a private key', () => prove(key, proved(), {}, { jwk: key.privateJwk })],
    ['brings no key', () => prove(key, proved(), {}, { jwk: undefined })],
    ['is for another method', () => proofOf({ htm: 'GET' })],
    ['is for another address', () => proofOf({ htu: 'https://other.example/oauth/token' })],
    ['is for another path', () => proofOf({ htu: 'http://localhost:8787/mcp' })],
    ['has no time', () => proofOf({ iat: undefined })],
    ['is six minutes old', () => proofOf({ iat: door.clock.now - 360 })],
    ['is from the future', () => proofOf({ iat: door.clock.now + 360 })],
    ['has no id', () => proofOf({ jti: undefined })],
    ['has an id without end', () => proofOf({ jti: 'x'.repeat(501) })],
  ])('[R9449-01] refuses a proof that %s, and burns no code', async (_, make) => {
    const form = await codeForm()
    const refused = await token(door, form, { dpop: await make() })
    expect(refused.status).toBe(400)
    expect(refused.body.error).toBe('invalid_dpop_proof')
    expect((await token(door, form, { dpop: await proofOf() })).status).toBe(200)
  })

  test('[R9449-01] a query in htu is no part of it; five minutes either way are no offence', async () => {
    for (const changes of [
      { htu: `${tokenUrl}?a=b#c` },
      { htu: tokenUrl.toUpperCase().replace('/OAUTH/TOKEN', '/oauth/token') },
      { iat: door.clock.now - 299 },
      { iat: door.clock.now + 299 },
    ])
      expect((await token(door, await codeForm(), { dpop: await proofOf(changes) })).status).toBe(200)
  })

  test('[R9449-01] takes a proof once, however many arrive together', async () => {
    const forms = await Promise.all([codeForm(), codeForm(), codeForm()])
    const proof = await proofOf()
    const answers = await Promise.all(forms.map((form) => token(door, form, { dpop: proof })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400])
    door.clock.now += 290
    expect((await token(door, await codeForm(), { dpop: proof })).status).toBe(400)
  })
})

describe('a code that is asked for with a key', () => {
  test('[R9449-01] is exchanged with a proof by that key alone', async () => {
    const form = await codeForm({ dpop_jkt: await calculateJwkThumbprint(key.jwk) })
    for (const headers of [{}, { dpop: await proofOf({}, other) }]) {
      const refused = await token(door, form, headers)
      expect(refused.body.error).toBe('invalid_grant')
    }
    expect((await token(door, form, { dpop: await proofOf() })).status).toBe(200)
  })

  test('is refused where what was asked is no thumbprint', async () => {
    const redirect = await door.fetch(
      authorizeUrl(door, clientId, pkce().challenge, { dpop_jkt: 'short' }).slice(door.origin.length),
      { redirect: 'manual' },
    )
    expect(new URL(redirect.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request')
  })

  test('[R9449-01] may be handed in with the proof itself, and not with two keys', async () => {
    const { verifier, challenge } = pkce()
    const push = async (changes: Record<string, string>): Promise<Response> => {
      const form = new URL(authorizeUrl(door, clientId, challenge, changes)).searchParams
      const dpop = await proofOf({ htu: 'http://localhost:8787/oauth/par' })
      return door.fetch('/oauth/par', { method: 'POST', body: form, headers: { dpop } })
    }
    const refused = await push({ dpop_jkt: await calculateJwkThumbprint(other.jwk) })
    expect(refused.status).toBe(400)
    const { request_uri } = (await (await push({})).json()) as { request_uri: string }
    const query = new URLSearchParams({ client_id: clientId, request_uri })
    const redirect = await door.browser().approve(`${door.origin}/oauth/authorize?${query}`)
    const form = {
      grant_type: 'authorization_code',
      code: redirect.searchParams.get('code') ?? '',
      client_id: clientId,
      code_verifier: verifier,
      redirect_uri: claudeCallback,
    }
    expect((await token(door, form)).body.error).toBe('invalid_grant')
    expect((await token(door, form, { dpop: await proofOf() })).status).toBe(200)
  })
})

describe('a refresh token of a public client', () => {
  test('[R9449-02] goes on with its key alone, and is not lost by one who lacks it', async () => {
    const { refreshToken } = await bound()
    for (const proof of [undefined, await proofOf({}, other)]) {
      const refused = await refresh(refreshToken, proof)
      expect(refused.status).toBe(400)
      expect(refused.body.error).toBe('invalid_grant')
    }
    const next = await refresh(refreshToken, await proofOf())
    expect(next.status).toBe(200)
    expect(next.body.token_type).toBe('DPoP')
    const accessToken = String(next.body.access_token)
    expect((await call(accessToken, await proofFor(accessToken))).status).toBe(200)
  })

  test('[R9449-02] [HS-02] four at once, each with a proof of its own, are answered alike', async () => {
    const { refreshToken } = await bound()
    const answers = await Promise.all([1, 2, 3, 4].map(async () => refresh(refreshToken, await proofOf())))
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })

  test('one that was never bound stays a bearer token', async () => {
    const { body } = await token(door, await codeForm())
    const next = await refresh(String(body.refresh_token), await proofOf())
    expect(next.body.token_type).toBe('Bearer')
  })
})

describe('a client that registers for bound tokens alone', () => {
  test('is told so, and given nothing without a proof', async () => {
    const registered = await register(door, { dpop_bound_access_tokens: true })
    expect(registered.dpop_bound_access_tokens).toBe(true)
    clientId = String(registered.client_id)
    const form = await codeForm()
    const refused = await token(door, form)
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_dpop_proof'])
    const { body } = await token(door, form, { dpop: await proofOf() })
    expect(body.token_type).toBe('DPoP')
    expect((await refresh(String(body.refresh_token))).body.error).toBe('invalid_dpop_proof')
    expect((await refresh(String(body.refresh_token), await proofOf())).status).toBe(200)
  })

  test.each([false, 'true', null])('is no other one for saying %s', async (said) => {
    const registered = await register(door, { dpop_bound_access_tokens: said })
    expect(registered).not.toHaveProperty('dpop_bound_access_tokens')
    clientId = String(registered.client_id)
    expect((await token(door, await codeForm())).body.token_type).toBe('Bearer')
  })
})

describe('a connector that requires it', () => {
  const required = { name: 'Notes', upstream: notesUpstream(), proofOfPossession: 'required' as const }

  test('says so, and gives no token without a proof', async () => {
    door = await openDoor({ connector: required })
    const metadata = await door.fetch('/.well-known/oauth-protected-resource/mcp')
    expect(await metadata.json()).toMatchObject({ dpop_bound_access_tokens_required: true })
    const first = await callMcp(door, undefined, { id: 1, method: 'ping' })
    expect(first.headers.get('www-authenticate')).toMatch(/, DPoP resource_metadata=.*algs="ES256/)
    clientId = String((await register(door)).client_id)
    const form = await codeForm()
    const refused = await token(door, form)
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_dpop_proof'])
    const { body } = await token(door, form, { dpop: await proofOf() })
    const accessToken = String(body.access_token)
    expect((await call(accessToken, await proofFor(accessToken))).status).toBe(200)
  })

  test('says so too where it is open to anybody for a part', async () => {
    door = await openDoor({ connector: { ...required, access: 'lazy' } })
    const refused = await callMcp(door, undefined, { id: 1, method: 'tools/call', params: { name: 'erase' } })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toMatch(/, DPoP resource_metadata=.*algs="ES256/)
  })

  test('ends the connections of clients without a key', async () => {
    const { accessToken, refreshToken, clientId: id } = await connect(door)
    const { storage, clock } = door
    door = await openDoor({ storage, connector: required })
    door.clock.now = clock.now
    clientId = id
    expect((await callMcp(door, accessToken, { id: 1, method: 'ping' })).status).toBe(401)
    expect((await call(accessToken, await proofFor(accessToken))).status).toBe(401)
    expect((await refresh(refreshToken)).body.error).toBe('invalid_grant')
    expect((await refresh(refreshToken, await proofOf())).body.error).toBe('invalid_grant')
  })
})

test('a client with a secret may change its key, and is bound to the new one', async () => {
  const client = await register(door, { token_endpoint_auth_method: 'client_secret_post' })
  clientId = String(client.client_id)
  const secret = { client_secret: String(client.client_secret) }
  const first = await token(door, { ...(await codeForm()), ...secret }, { dpop: await proofOf() })
  const form = { grant_type: 'refresh_token', refresh_token: String(first.body.refresh_token) }
  const fields = { ...form, client_id: clientId, ...secret }
  expect((await token(door, fields)).body.error).toBe('invalid_grant')
  const next = await token(door, fields, { dpop: await proofOf({}, other) })
  expect(next.status).toBe(200)
  const accessToken = String(next.body.access_token)
  expect((await call(accessToken, await proofFor(accessToken))).status).toBe(401)
  expect((await call(accessToken, await proofFor(accessToken, {}, other))).status).toBe(200)
})

test('what strangers show is not remembered: their keys are without number', async () => {
  const storage = memoryStorage()
  let remembered = 0
  door = await openDoor({
    storage: {
      ...storage,
      takeUniqueId: (...all) => {
        remembered++
        return storage.takeUniqueId(...all)
      },
    },
  })
  clientId = String((await register(door)).client_id)
  const stolen = await bound()
  expect(remembered).toBe(1)
  const form = { ...(await codeForm()), code: 'pst_ac_unknown' }
  expect((await token(door, form, { dpop: await proofOf({}, other) })).status).toBe(400)
  expect((await refresh('pst_rt_unknown', await proofOf({}, other))).status).toBe(400)
  expect((await call(stolen.accessToken, await proofFor(stolen.accessToken, {}, other))).status).toBe(401)
  expect((await call('pst_at_unknown', await proofFor('pst_at_unknown', {}, other))).status).toBe(401)
  const asked = new URL(authorizeUrl(door, clientId, pkce().challenge)).searchParams
  const dpop = await proofOf({ htu: 'http://localhost:8787/oauth/par' })
  expect((await door.fetch('/oauth/par', { method: 'POST', body: asked, headers: { dpop } })).status).toBe(
    201,
  )
  expect(remembered).toBe(1)
})

describe('the gateway', () => {
  test('[EXT-DPOP-02] refuses a bound token as Bearer, even beside a good proof', async () => {
    const { accessToken } = await bound()
    expect((await call(accessToken, undefined, 'Bearer')).status).toBe(401)
    expect((await call(accessToken, await proofFor(accessToken), 'Bearer')).status).toBe(401)
  })

  test('[R9449-03] says how it wants to be asked', async () => {
    const { accessToken } = await bound()
    const refused = await call(accessToken, undefined)
    expect(refused.status).toBe(401)
    const challenge = refused.headers.get('www-authenticate') ?? ''
    expect(challenge).toMatch(/^Bearer .*resource_metadata=/)
    expect(challenge).toMatch(/, DPoP error="invalid_token".*algs="ES256 PS256 RS256 EdDSA"/)
  })

  test('[R9449-03] [ASU-13] says by which scheme to ask again with more scope', async () => {
    const { body } = await token(door, await codeForm({ scope: 'read' }), { dpop: await proofOf() })
    const accessToken = String(body.access_token)
    const refused = await call(accessToken, await proofFor(accessToken), 'DPoP', 'vendor/do-something')
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toMatch(
      /^Bearer error="insufficient_scope", .*, DPoP error="insufficient_scope", .*scope="read write", algs="ES256/,
    )
  })

  test('a client that offers no proof is told of Bearer alone', async () => {
    const { body } = await token(door, await codeForm({ scope: 'read' }))
    const strangers = await callMcp(door, undefined, { id: 1, method: 'ping' })
    const narrow = await callMcp(door, String(body.access_token), { id: 1, method: 'vendor/do-something' })
    expect([strangers.status, narrow.status]).toEqual([401, 403])
    for (const { headers } of [strangers, narrow])
      expect(headers.get('www-authenticate')).toMatch(/^Bearer (?!.*DPoP)/)
  })

  test.each<[string, (accessToken: string) => Promise<string>]>([
    ['by another key', (accessToken) => proofFor(accessToken, {}, other)],
    ['without the hash of the token', (accessToken) => proofFor(accessToken, { ath: undefined })],
    ['with the hash of another token', () => proofFor('another')],
    ['for another method', (accessToken) => proofFor(accessToken, { htm: 'GET' })],
    ['for the token endpoint', (accessToken) => proofFor(accessToken, { htu: tokenUrl })],
    ['of yesterday', (accessToken) => proofFor(accessToken, { iat: door.clock.now - 86_400 })],
  ])('[R9449-03] refuses a proof %s', async (_, make) => {
    const { accessToken } = await bound()
    expect((await call(accessToken, await make(accessToken))).status).toBe(401)
  })

  test('[R9449-03] [R9449-05] takes each proof once, for the public address with or without its final slash', async () => {
    const { accessToken } = await bound()
    const proof = await proofFor(accessToken)
    expect((await call(accessToken, proof)).status).toBe(200)
    expect((await call(accessToken, proof)).status).toBe(401)
    const slashed = await proofFor(accessToken, { htu: `${door.mcpUrl}/` })
    expect((await call(accessToken, slashed)).status).toBe(200)
  })

  test('[R9449-03] a bearer token under the other scheme opens nothing', async () => {
    const { accessToken } = await connect(door)
    expect((await call(accessToken, await proofFor(accessToken))).status).toBe(401)
  })
})

function proved(): { method: string; url: string; at: number } {
  return { method: 'POST', url: tokenUrl, at: door.clock.now }
}

function claims(): Record<string, unknown> {
  return { htm: 'POST', htu: tokenUrl, iat: door.clock.now, jti: 'one' }
}
