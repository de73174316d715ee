// Enterprise-managed authorization: a company's issuer vouches for a person to a client (ID-JAG over the jwt-bearer grant).

import { calculateJwkThumbprint } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import type { TrustedIssuer } from '../../src/index.ts'
import { hostedClaude } from '../../src/oauth/claude.ts'
import { type OutboundAnswer, OutboundError } from '../../src/platform/outbound-fetch.ts'
import { callMcp, type Door, notesUpstream, openDoor, register, type TokenAnswer, token } from '../door.ts'
import { accessTokenHash, prove } from '../proof.ts'
import { type SigningKey, signingKey, unsigned } from '../signing-key.ts'

const company = 'https://idp.company.example'
const keysUrl = 'https://idp.company.example/keys'
const assertionTypeHeader = { typ: 'oauth-id-jag+jwt' }

let door: Door
let companyKeys: readonly SigningKey[]
let fetched: string[]
let isDown: boolean
let jwksUri: string
let client: { id: string; secret: string }

function answered(document: unknown): OutboundAnswer {
  return { status: 200, headers: new Headers(), text: JSON.stringify(document) }
}

async function outboundFetch(url: string): Promise<OutboundAnswer> {
  fetched.push(url)
  if (isDown) throw new OutboundError('not-reached', 'nobody answers')
  if (url === jwksUri) return answered({ keys: companyKeys.map(({ jwk }) => jwk) })
  if (url === `${company}/.well-known/openid-configuration`)
    return answered({ issuer: company, jwks_uri: jwksUri })
  return { status: 404, headers: new Headers(), text: '' }
}

beforeEach(async () => {
  companyKeys = [await signingKey()]
  fetched = []
  isDown = false
  jwksUri = keysUrl
  await reopen([{ issuer: company }])
})

async function reopen(trustedIssuers: readonly TrustedIssuer[]): Promise<void> {
  door = await openDoor({ trustedIssuers, outboundFetch })
  const registered = await register(door, { token_endpoint_auth_method: 'client_secret_basic' })
  client = { id: String(registered.client_id), secret: String(registered.client_secret) }
}

let serial = 0

function claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
  serial++
  const { now } = door.clock
  return {
    iss: company,
    sub: 'employee-7',
    aud: door.origin,
    client_id: client.id,
    jti: `id-${serial}`,
    iat: now,
    exp: now + 300,
    resource: door.mcpUrl,
    scope: 'read write',
    email: 'ada@company.example',
    name: 'Ada of the company',
    ...changes,
  }
}

function assertionOf(
  changes: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const [key] = companyKeys
  if (key === undefined) throw new Error('the company has no key')
  return key.sign(claims(changes), { ...assertionTypeHeader, ...header })
}

function ask(
  assertion: string | undefined,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion, ...fields }
  return token(door, form, { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}`, ...headers })
}

function call(accessToken: unknown, name: string): Promise<Response> {
  return callMcp(door, String(accessToken), { id: 1, method: 'tools/call', params: { name } })
}

async function document(at: Door): Promise<Record<string, unknown>> {
  const response = await at.fetch('/.well-known/oauth-authorization-server')
  return (await response.json()) as Record<string, unknown>
}

test('[EXT-EMA-01] [IDJAG-04] is offered where an issuer is trusted, without saying which', async () => {
  const offered = await document(door)
  expect(offered.authorization_grant_profiles_supported).toEqual([
    'urn:ietf:params:oauth:grant-profile:id-jag',
  ])
  expect(offered.grant_types_supported).toContain('urn:ietf:params:oauth:grant-type:jwt-bearer')
  expect(JSON.stringify(offered)).not.toContain('company')
})

test('where no issuer is trusted there is no such grant', async () => {
  const assertion = await assertionOf()
  door = await openDoor({ outboundFetch })
  const registered = await register(door, { token_endpoint_auth_method: 'client_secret_basic' })
  client = { id: String(registered.client_id), secret: String(registered.client_secret) }
  expect(await document(door)).not.toHaveProperty('authorization_grant_profiles_supported')
  expect((await ask(assertion)).body.error).toBe('unsupported_grant_type')
  expect(fetched).toEqual([])
})

test('[EXT-EMA-02] [EXT-EMA-07] [IDJAG-02] a person of the company is let in without a page, and without a refresh token', async () => {
  const { status, body } = await ask(await assertionOf())
  expect(status).toBe(200)
  expect(body).toEqual({
    access_token: expect.stringMatching(/^pst_at_/),
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'read write',
    resource: door.mcpUrl,
  })
  expect((await call(body.access_token, 'erase')).status).toBe(200)
  door.clock.now += 3600
  expect((await call(body.access_token, 'erase')).status).toBe(401)
})

test('[EXT-EMA-09] the same person is the same account each time, another or another tenant another one', async () => {
  for (const changes of [
    {},
    { email: 'new@company.example', name: undefined },
    { sub: 'employee-8' },
    { tenant: 'b' },
  ])
    expect((await ask(await assertionOf(changes))).status).toBe(200)
  const people = (await door.storage.listUsers(100)).filter(({ passwordHash }) => passwordHash === undefined)
  expect(people).toHaveLength(3)
  expect(new Set(people.map(({ username }) => username)).size).toBe(3)
  expect(people.every(({ role }) => role === 'member')).toBe(true)
})

test('[EXT-EMA-09] of ten at once by a person that is new, all are answered and one account is made', async () => {
  const assertions = await Promise.all(Array.from({ length: 10 }, () => assertionOf()))
  const answers = await Promise.all(assertions.map((assertion) => ask(assertion)))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
  const people = (await door.storage.listUsers(100)).filter(({ passwordHash }) => passwordHash === undefined)
  expect(people).toHaveLength(1)
})

test('[EXT-EMA-09] whoever is new gets an account where the operator says so, whoever has one keeps it', async () => {
  const asked: unknown[] = []
  let isOpen = true
  const mayJoin = async (person: unknown): Promise<boolean> => {
    asked.push(person)
    return isOpen
  }
  await reopen([{ issuer: company, mayJoin }])
  expect((await ask(await assertionOf({ tenant: 'a' }))).status).toBe(200)
  expect(asked).toEqual([
    {
      issuer: company,
      tenant: 'a',
      subject: 'employee-7',
      email: 'ada@company.example',
      name: 'Ada of the company',
    },
  ])
  isOpen = false
  const refused = await ask(await assertionOf({ tenant: 'b' }))
  expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant'])
  expect((await ask(await assertionOf({ tenant: 'a' }))).status).toBe(200)
  const people = (await door.storage.listUsers(100)).filter(({ passwordHash }) => passwordHash === undefined)
  expect(people).toHaveLength(1)
})

test('[EXT-EMA-09] an issuer of which nobody may join vouches for nobody new', async () => {
  await reopen([{ issuer: company, mayJoin: false }])
  expect((await ask(await assertionOf())).body.error).toBe('invalid_grant')
  expect((await door.storage.listUsers(100)).every(({ passwordHash }) => passwordHash !== undefined)).toBe(
    true,
  )
})

test('[EXT-EMA-03] a local account of the same e-mail address stays somebody else', async () => {
  expect((await ask(await assertionOf({ sub: 'ada', email: 'ada' }))).status).toBe(200)
  const [grant] = await door.storage.listGrants({ clientId: client.id }, 10)
  const local = await door.storage.findUserByName('ada')
  expect(local).toBeDefined()
  expect(grant?.userId).not.toBe(local?.userId)
})

describe('what is granted', () => {
  test('[EXT-EMA-05] is never more than the assertion allows and the client asks for', async () => {
    const narrow = await ask(await assertionOf({ scope: 'read' }), { scope: 'read write' })
    expect(narrow.body.scope).toBe('read')
    expect((await call(narrow.body.access_token, 'erase')).status).toBe(403)
    expect((await ask(await assertionOf(), { scope: 'read' })).body.scope).toBe('read')
    expect((await ask(await assertionOf({ scope: undefined }))).body.scope).toBe('read write')
    const none = await ask(await assertionOf({ scope: 'admin' }))
    expect([none.status, none.body.error]).toEqual([400, 'invalid_scope'])
  })

  test.each<[string, Record<string, unknown>, Record<string, string>]>([
    ['another server', { resource: 'https://other.example/mcp' }, {}],
    ['a path that is none of ours', { resource: 'http://localhost:8787/other' }, {}],
    ['ours, while the client asks for another', {}, { resource: 'https://other.example/mcp' }],
    [
      'another, while the client asks for ours',
      { resource: 'https://other.example/mcp' },
      { resource: 'http://localhost:8787/mcp' },
    ],
    ['nothing that can be read', { resource: '::' }, {}],
    [
      'several, of which none is chosen',
      { resource: ['http://localhost:8787/mcp', 'https://other.example/mcp'] },
      {},
    ],
  ])('[EXT-EMA-05] is refused for %s', async (_, changes, fields) => {
    const refused = await ask(await assertionOf(changes), fields)
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_target'])
  })

  test('[EXT-EMA-05] is for the one connector where nothing is named, or the one that is chosen of several', async () => {
    expect((await ask(await assertionOf({ resource: undefined }))).body.resource).toBe(door.mcpUrl)
    const several = { resource: ['https://other.example/mcp', `${door.mcpUrl}/`] }
    expect((await ask(await assertionOf(several), { resource: door.mcpUrl })).body.resource).toBe(door.mcpUrl)
  })
})

describe('an assertion is refused', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>?]>([
    ['[EXT-EMA-03] of an issuer that is not listed', { iss: 'https://idp.evil.example' }],
    ['[EXT-EMA-03] of the issuer with a slash more', { iss: `${company}/` }],
    ['[EXT-EMA-03] without a subject', { sub: undefined }],
    ['[EXT-EMA-03] without an expiry', { exp: undefined }],
    ['[EXT-EMA-03] without the time it was made at', { iat: undefined }],
    ['[EXT-EMA-03] that has expired', { iat: 1, exp: 2 }],
    ['[EXT-EMA-03] that lives for a day', { exp: 9_999_999_999 }],
    ['[EXT-EMA-03] of another type', {}, { typ: 'JWT' }],
    ['[EXT-EMA-03] without a type', {}, { typ: undefined }],
    ['[EXT-EMA-04] for another server', { aud: 'https://other.example' }],
    ['[EXT-EMA-04] for the token endpoint', { aud: 'http://localhost:8787/oauth/token' }],
    ['[EXT-EMA-04] for two servers', { aud: ['http://localhost:8787', 'https://other.example'] }],
    ['[EXT-EMA-04] for another client', { client_id: 'somebody' }],
    ['[EXT-EMA-04] for no client', { client_id: undefined }],
    ['[EXT-EMA-06] without an id', { jti: undefined }],
    ['[IDJAG-03] with a key that cannot be compared', { cnf: { kid: 'one' } }],
    ['[IDJAG-03] with a key that is not proved', { cnf: { jkt: 'x'.repeat(43) } }],
    ['[IDJAG-05] for a tenant of ours, where there are none', { aud_tenant: 'a' }],
    ['[IDJAG-05] as somebody else here', { aud_sub: 'usr_somebody' }],
  ])('%s', async (_, changes, header) => {
    const refused = await ask(await assertionOf(changes, header))
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant'])
    expect(await door.storage.listGrants({ clientId: client.id }, 10)).toEqual([])
  })

  test('[EXT-EMA-03] that nobody signed, or another key did', async () => {
    const stranger = await signingKey()
    for (const forged of [
      unsigned(claims(), { alg: 'none', ...assertionTypeHeader }),
      await stranger.sign(claims(), assertionTypeHeader),
      'abc',
    ])
      expect((await ask(forged)).body.error).toBe('invalid_grant')
    expect((await ask(undefined)).body.error).toBe('invalid_request')
  })

  test('[EXT-EMA-06] the second time, however many arrive together', async () => {
    const assertion = await assertionOf()
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask(assertion)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400])
  })

  test('[IDJAG-01] [EXT-EMA-02] from a client that does not prove itself', async () => {
    const form = { client_id: client.id, grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' }
    const bare = await token(door, { ...form, assertion: await assertionOf() })
    expect([bare.status, bare.body.error]).toEqual([401, 'invalid_client'])
    client.id = String((await register(door)).client_id)
    const open = await token(door, { ...form, client_id: client.id, assertion: await assertionOf() })
    expect([open.status, open.body.error]).toEqual([400, 'unauthorized_client'])
  })

  test('[EXT-EMA-02] [IDJAG-01] without proof by claude.ai, unless the operator lists it', async () => {
    const form = { client_id: hostedClaude, grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' }
    const unlisted = await token(door, { ...form, assertion: await assertionOf({ client_id: hostedClaude }) })
    expect([unlisted.status, unlisted.body.error]).toEqual([400, 'unauthorized_client'])
    await reopen([
      { issuer: company, unprovenClients: [hostedClaude] },
      { issuer: 'https://idp.other.example' },
    ])
    const listed = await token(door, { ...form, assertion: await assertionOf({ client_id: hostedClaude }) })
    expect(listed.status).toBe(200)
    expect((await call(listed.body.access_token, 'search')).status).toBe(200)
    const other = await token(door, { ...form, assertion: await assertionOf() })
    expect(other.body.error).toBe('invalid_grant')
  })

  test('for a person whom the connector does not let in', async () => {
    door = await openDoor({
      trustedIssuers: [{ issuer: company }],
      outboundFetch,
      connector: {
        name: 'Notes',
        upstream: notesUpstream(),
        people: async ({ displayName }) => displayName !== 'Eve',
      },
    })
    const registered = await register(door, { token_endpoint_auth_method: 'client_secret_basic' })
    client = { id: String(registered.client_id), secret: String(registered.client_secret) }
    expect((await ask(await assertionOf())).status).toBe(200)
    expect((await ask(await assertionOf({ sub: 'eve', name: 'Eve' }))).body.error).toBe('invalid_grant')
  })
})

test('[IDJAG-03] a key in the assertion has to be proved, and binds the token', async () => {
  const own = await signingKey()
  const assertion = await assertionOf({ cnf: { jkt: await calculateJwkThumbprint(own.jwk) } })
  const at = { method: 'POST', url: `${door.origin}/oauth/token`, at: door.clock.now }
  const { body } = await ask(assertion, {}, { dpop: await prove(own, at) })
  expect(body.token_type).toBe('DPoP')
  expect((await call(body.access_token, 'erase')).status).toBe(401)
  const ath = accessTokenHash(String(body.access_token))
  const dpop = await prove(own, { ...at, url: door.mcpUrl }, { ath })
  const headers = { authorization: `DPoP ${body.access_token}`, dpop }
  expect((await callMcp(door, undefined, { id: 1, method: 'ping' }, headers)).status).toBe(200)
})

describe('[EXT-EMA-08] the keys of the issuer', () => {
  test('are found by discovery, kept, and asked for anew when one is missing', async () => {
    await ask(await assertionOf())
    await ask(await assertionOf())
    expect(fetched).toEqual([`${company}/.well-known/openid-configuration`, keysUrl])
    door.clock.now += 120
    companyKeys = [await signingKey('ES256', 'two')]
    expect((await ask(await assertionOf())).status).toBe(200)
    expect(fetched).toHaveLength(3)
  })

  test('are looked for anew in the document, which may name another place; where it is down, the old one holds', async () => {
    await ask(await assertionOf())
    door.clock.now += 7200
    jwksUri = 'https://idp.company.example/moved'
    companyKeys = [await signingKey('ES256', 'two')]
    expect((await ask(await assertionOf())).status).toBe(200)
    expect(fetched.at(-1)).toBe(jwksUri)
    door.clock.now += 7200
    isDown = true
    expect((await ask(await assertionOf())).status).toBe(200)
  })

  test('are asked for once, however many need them', async () => {
    const assertions = await Promise.all([1, 2, 3, 4].map(() => assertionOf()))
    await Promise.all(assertions.map((assertion) => ask(assertion)))
    expect(fetched).toEqual([`${company}/.well-known/openid-configuration`, keysUrl])
  })

  test('cannot be had: try again, and nothing is spent', async () => {
    isDown = true
    const assertion = await assertionOf()
    const refused = await ask(assertion)
    expect([refused.status, refused.body.error]).toEqual([503, 'temporarily_unavailable'])
    isDown = false
    expect((await ask(assertion)).status).toBe(200)
  })

  test('are never asked for over plain http, nor for an issuer that is named twice', async () => {
    for (const trustedIssuers of [
      [{ issuer: 'http://idp.company.example' }],
      [{ issuer: company, jwksUri: 'http://idp.company.example/keys' }],
      [{ issuer: company }, { issuer: company }],
    ])
      await expect(openDoor({ trustedIssuers })).rejects.toThrow(TypeError)
  })

  test('of a document that speaks for another issuer are not taken', async () => {
    const impostor = async (url: string): Promise<OutboundAnswer> =>
      url === keysUrl ? outboundFetch(url) : answered({ issuer: 'https://other.example', jwks_uri: keysUrl })
    door = await openDoor({ trustedIssuers: [{ issuer: company }], outboundFetch: impostor })
    const registered = await register(door, { token_endpoint_auth_method: 'client_secret_basic' })
    client = { id: String(registered.client_id), secret: String(registered.client_secret) }
    expect((await ask(await assertionOf())).body.error).toBe('temporarily_unavailable')
  })
})

test('[EXT-EMA-08] the assertion is not in the log', async () => {
  const assertion = await assertionOf()
  await ask(assertion)
  await ask(assertion)
  expect(JSON.stringify(door.events)).not.toContain(assertion.split('.')[2])
})

test('[OA21-29] a client with nothing but itself is refused, and told why', async () => {
  const answer = await ask(undefined, { grant_type: 'client_credentials' })
  expect([answer.status, answer.body.error]).toEqual([400, 'unsupported_grant_type'])
  expect(String(answer.body.error_description)).toContain('acts for a person')
})
