// Introspection (RFC 7662): who may ask, about what, and how little anybody else is told.

import { beforeAll, describe, expect, test } from 'vitest'
import { readClientMetadata } from '../../src/oauth/client-metadata.ts'
import { hashToken } from '../../src/platform/crypto.ts'
import {
  authorizeUrl,
  callMcp,
  connect,
  type Door,
  notesUpstream,
  openDoor,
  pkce,
  register,
  token,
} from '../door.ts'

let door: Door
beforeAll(async () => {
  door = await openDoor()
  await enterResourceServer(door, 'resource-server-here', 'pst_rs_here', door.mcpUrl)
  await enterResourceServer(door, 'resource-server-there', 'pst_rs_there', 'https://elsewhere.example/mcp')
})

async function enterResourceServer(
  to: Door,
  clientId: string,
  secret: string,
  resource: string,
): Promise<void> {
  await to.storage.addPreRegisteredClient({
    clientId,
    kind: 'resource-server',
    metadata: readClientMetadata({ client_name: 'Billing' }),
    secretHash: hashToken(secret),
    similarityKey: clientId,
    createdAt: to.clock.now,
    lastUsedAt: to.clock.now,
    confirmedAt: to.clock.now,
    expiresAt: undefined,
    resource,
  })
}

const basic = (id: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${secret}`).toString('base64')}`,
})
const here = basic('resource-server-here', 'pst_rs_here')

async function introspect(
  form: Record<string, string>,
  headers: Record<string, string> = here,
  at: Door = door,
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const response = await at.fetch('/oauth/introspect', {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

const inactive = { active: false }

/** A confidential client with its tokens. */
async function confidential(at: Door = door) {
  const client = await register(at, { token_endpoint_auth_method: 'client_secret_post', client_name: 'Own' })
  const [id, secret] = [String(client.client_id), String(client.client_secret)]
  const { verifier, challenge } = pkce()
  const redirect = await at.browser().approve(authorizeUrl(at, id, challenge))
  const form = {
    grant_type: 'authorization_code',
    code: redirect.searchParams.get('code') ?? '',
    code_verifier: verifier,
  }
  const { body } = await token(at, { ...form, client_id: id, client_secret: secret })
  return { id, secret, accessToken: String(body.access_token), refreshToken: String(body.refresh_token) }
}

describe('a resource server', () => {
  test('[R7662-02] is told for whom, by whom, for what and until when', async () => {
    const { accessToken, clientId } = await connect(door, { untick: 'write' })
    const { status, headers, body } = await introspect({
      token: accessToken,
      token_type_hint: 'refresh_token',
    })
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    const user = await door.storage.findUserByName('ada')
    expect(body).toEqual({
      active: true,
      iss: 'http://localhost:8787',
      aud: door.mcpUrl,
      sub: user?.userId,
      client_id: clientId,
      scope: 'read',
      exp: door.clock.now + 3600,
      token_type: 'Bearer',
    })
  })

  test('[R7662-01] is told nothing of a token that is unknown, expired, revoked, for another, or no access token', async () => {
    const own = await openDoor()
    await enterResourceServer(own, 'rs', 'pst_rs_own', own.mcpUrl)
    const ask = async (presented: string) =>
      (await introspect({ token: presented }, basic('rs', 'pst_rs_own'), own)).body
    const connection = await connect(own)
    expect(await ask(connection.accessToken)).toMatchObject({ active: true })
    for (const presented of [
      'junk',
      `${connection.accessToken}x`,
      connection.refreshToken,
      connection.code,
    ]) {
      expect(await ask(presented)).toEqual(inactive)
    }
    await own.storage.revokeGrant(
      (await own.storage.listGrants({}, 1))[0]?.grantId ?? '',
      own.clock.now,
      'test',
    )
    expect(await ask(connection.accessToken)).toEqual(inactive)
    const expiring = await connect(own)
    own.clock.now += 3600
    expect(await ask(expiring.accessToken)).toEqual(inactive)
    const { accessToken } = await connect(door)
    const refused = await introspect({ token: accessToken }, basic('resource-server-there', 'pst_rs_there'))
    expect(refused.body.error, 'none of our resources').toBe('invalid_client')
  })

  test('[EXT-DPOP-02] is told nothing of a bearer token from before it required keys', async () => {
    const before = await openDoor()
    await enterResourceServer(before, 'resource-server-here', 'pst_rs_here', before.mcpUrl)
    const { accessToken } = await connect(before)
    const connector = { name: 'Notes', upstream: notesUpstream() }
    const { storage } = before
    expect(
      (await introspect({ token: accessToken }, here, await openDoor({ storage, connector }))).body,
    ).toMatchObject({ active: true })
    const strict = await openDoor({ storage, connector: { ...connector, proofOfPossession: 'required' } })
    expect((await introspect({ token: accessToken }, here, strict)).body).toEqual(inactive)
  })

  test('[R7662-01] is told nothing of a token for another of our resources', async () => {
    const { accessToken } = await connect(door)
    const elsewhere = await openDoor({ storage: door.storage, connector: { ...connectorAt('/other') } })
    await enterResourceServer(door, 'resource-server-other', 'pst_rs_other', elsewhere.mcpUrl)
    const other = basic('resource-server-other', 'pst_rs_other')
    expect((await introspect({ token: accessToken }, other, elsewhere)).body).toEqual(inactive)
  })

  test('[HS-02] asking is a use: the predecessor that comes late is then a theft', async () => {
    const connection = await connect(door)
    const refresh = {
      grant_type: 'refresh_token',
      refresh_token: connection.refreshToken,
      client_id: connection.clientId,
    }
    const { body } = await token(door, refresh)
    expect((await introspect({ token: String(body.access_token) })).body.active).toBe(true)
    door.clock.now += 61
    expect((await token(door, refresh)).body.error).toBe('invalid_grant')
    expect((await introspect({ token: String(body.access_token) })).body).toEqual(inactive)
  })

  test('is no client: it can neither be authorized nor get tokens', async () => {
    const page = await door.fetch(authorizeUrl(door, 'resource-server-here', pkce().challenge))
    expect(page.status).toBe(401)
    expect(page.headers.get('location')).toBeNull()
    const form = { grant_type: 'refresh_token', refresh_token: 'x' }
    expect((await token(door, form, here)).body.error).toBe('invalid_client')
    expect((await token(door, { grant_type: 'client_credentials' }, here)).body.error).toBe('invalid_client')
  })
})

describe('a confidential client', () => {
  test('[R7662-01] may ask about its own tokens of both kinds, and about no others', async () => {
    const [own, other] = [await confidential(), await confidential()]
    const as = basic(own.id, own.secret)
    expect((await introspect({ token: own.accessToken }, as)).body).toMatchObject({
      active: true,
      client_id: own.id,
    })
    const refresh = (await introspect({ token: own.refreshToken }, as)).body
    expect(refresh).toMatchObject({ active: true, scope: 'read write' })
    expect(refresh).not.toHaveProperty('token_type')
    for (const presented of [other.accessToken, other.refreshToken]) {
      expect((await introspect({ token: presented }, as)).body).toEqual(inactive)
    }
    const form = { grant_type: 'refresh_token', refresh_token: own.refreshToken }
    await token(door, form, as)
    expect((await introspect({ token: own.refreshToken }, as)).body, 'rotated').toEqual(inactive)
  })

  test('[HS-02] its asking is no use', async () => {
    const own = await confidential()
    const as = basic(own.id, own.secret)
    const form = { grant_type: 'refresh_token', refresh_token: own.refreshToken }
    const first = await token(door, form, as)
    await introspect({ token: String(first.body.access_token) }, as)
    await introspect({ token: String(first.body.refresh_token) }, as)
    door.clock.now += 3000
    expect((await token(door, form, as)).body.refresh_token).toBe(first.body.refresh_token)
  })
})

describe('refused', () => {
  test('[R7662-01] nobody, a public client, a wrong secret, a token that is valid for something else', async () => {
    const { accessToken, clientId } = await connect(door)
    const own = await confidential()
    for (const [form, headers] of [
      [{}, {}],
      [{ client_id: clientId }, {}],
      [{ client_id: own.id }, {}],
      [{ client_id: own.id, client_secret: 'wrong' }, {}],
      [{ client_id: 'resource-server-here' }, {}],
      [{}, basic('resource-server-here', 'pst_rs_there')],
      [{}, basic('resource-server-here', '')],
      [{}, { authorization: `Bearer ${accessToken}` }],
    ] as const) {
      const { status, body } = await introspect({ token: accessToken, ...form }, headers)
      expect(status, JSON.stringify([form, headers])).toBe(401)
      expect(body).not.toHaveProperty('active')
    }
    expect((await callMcp(door, accessToken, { id: 1, method: 'tools/list' })).status).toBe(200)
  })

  test('no token, two of them, and GET', async () => {
    expect((await introspect({})).body.error).toBe('invalid_request')
    const twice = new URLSearchParams([
      ['token', 'a'],
      ['token', 'b'],
    ])
    const response = await door.fetch('/oauth/introspect', { method: 'POST', headers: here, body: twice })
    expect(response.status).toBe(400)
    expect((await door.fetch('/oauth/introspect?token=a', { headers: here })).status).toBe(405)
  })
})

test('[R8414-04] the metadata names the endpoint, and only ways in that prove somebody', async () => {
  const document = (await (await door.fetch('/.well-known/oauth-authorization-server')).json()) as Record<
    string,
    unknown
  >
  expect(document.introspection_endpoint).toBe('http://localhost:8787/oauth/introspect')
  expect(document.introspection_endpoint_auth_methods_supported).toEqual([
    'client_secret_post',
    'client_secret_basic',
    'private_key_jwt',
  ])
})

function connectorAt(path: string): { name: string; path: string; upstream: never } {
  // Never reached in these tests.
  return { name: 'Other', path, upstream: { close: async () => {} } as never }
}
