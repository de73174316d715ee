// Signed access tokens (RFC 9068) for resource servers elsewhere: what is in them, who believes them, and how their keys change.

import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import type { PosternOptions } from '../../src/app/postern.ts'
import { nameAfter, newKey, signingKeyFamily } from '../../src/authorization-server/signing-keys.ts'
import { createKeyShelf, type KeyShelf } from '../../src/storage/key-shelf.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { callMcp, connect, type Door, notesUpstream, openDoor, token } from '../door.ts'
import { signingKey, signWith, unsigned } from '../signing-key.ts'

const masterKey = new Uint8Array(32).fill(7)
const day = 86_400

function openSigning(options: Partial<PosternOptions> = {}): Promise<Door> {
  return openDoor({
    connector: { name: 'Notes', upstream: notesUpstream(), accessTokens: 'jwt' },
    masterKey,
    ...options,
  })
}

let door: Door
beforeAll(async () => {
  door = await openSigning()
})

async function keySet(at: Door): Promise<JSONWebKeySet> {
  return (await (await at.fetch('/oauth/jwks')).json()) as JSONWebKeySet
}

/** As a resource server elsewhere does it, with nothing of ours but the published keys. */
async function verifyElsewhere(at: Door, accessToken: string): Promise<Record<string, unknown>> {
  const { payload } = await jwtVerify(accessToken, createLocalJWKSet(await keySet(at)), {
    issuer: at.origin,
    audience: at.mcpUrl,
    typ: 'at+jwt',
    algorithms: ['RS256'],
    currentDate: new Date(at.clock.now * 1000),
  })
  return payload
}

async function statusWith(at: Door, accessToken: string): Promise<number> {
  return (await callMcp(at, accessToken, { id: 1, method: 'tools/list' })).status
}

const refresh = (at: Door, { clientId, refreshToken }: { clientId: string; refreshToken: string }) =>
  token(at, { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId })

describe('the token', () => {
  test('[R9068-01] [R9068-02] says who, for whom, by which client, for what and until when, and no more', async () => {
    const { accessToken, clientId } = await connect(door, { untick: 'write' })
    expect(decodeProtectedHeader(accessToken)).toEqual({
      typ: 'at+jwt',
      alg: 'RS256',
      kid: (await keySet(door)).keys[0]?.kid,
    })
    const user = await door.storage.findUserByName('ada')
    expect(await verifyElsewhere(door, accessToken)).toEqual({
      iss: door.origin,
      sub: user?.userId,
      aud: door.mcpUrl,
      client_id: clientId,
      scope: 'read',
      jti: expect.stringMatching(/^[\w-]{43}$/),
      iat: door.clock.now,
      exp: door.clock.now + 3600,
    })
  })

  test('[OA21-12] the answer is the usual one, and the default stays opaque', async () => {
    const connection = await connect(door)
    expect(connection.expiresIn).toBe(3600)
    expect(connection.refreshToken).toMatch(/^pst_rt_/)
    expect((await connect(await openDoor())).accessToken).toMatch(/^pst_at_/)
    expect(await keySet(await openDoor())).toEqual({ keys: [] })
  })

  test('[HS-02] four refreshes at once, and one again hours later, get the same token, byte for byte', async () => {
    const own = await openSigning()
    const connection = await connect(own)
    const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(own, connection)))
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    own.clock.now += 1800
    const again = await refresh(own, connection)
    expect(again.body.access_token).toBe(answers[0]?.body.access_token)
    expect(again.body.expires_in).toBe(1800)
    expect(decodeJwt(String(again.body.access_token)).exp).toBe(own.clock.now + 1800)
  })

  test('[HS-05] what is published is public, and what signs is in storage only wrapped', async () => {
    for (const key of (await keySet(door)).keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
    }
    const stored = (await door.storage.listKeys()).filter(({ purpose }) =>
      purpose.startsWith(signingKeyFamily),
    )
    expect(stored).toHaveLength(1)
    expect(Buffer.from(stored[0]?.wrapped ?? []).includes('PRIVATE KEY')).toBe(false)
  })
})

describe('our own gateway', () => {
  test('[R9068-03] [OA21-18] takes it, until it is revoked, expired, or was changed', async () => {
    const own = await openSigning()
    const connection = await connect(own)
    expect(await statusWith(own, connection.accessToken)).toBe(200)
    const [head, body = '', signature] = connection.accessToken.split('.')
    const claims = decodeJwt(connection.accessToken)
    const changed = unsigned({ ...claims, scope: 'read write admin' }).split('.')[1]
    expect(await statusWith(own, `${head}.${changed}.${signature}`)).toBe(401)
    expect(await statusWith(own, `${head}.${body}.`)).toBe(401)
    const other = await connect(own)
    await own.storage.revokeGrant(
      (await own.storage.listGrants({}, 1))[0]?.grantId ?? '',
      own.clock.now,
      'test',
    )
    expect(
      [await statusWith(own, connection.accessToken), await statusWith(own, other.accessToken)].sort(),
    ).toEqual([200, 401])
    own.clock.now += 3600
    expect(await statusWith(own, connection.accessToken)).toBe(401)
  })

  test('[R9068-03] refuses what anybody else signed, or nobody, or by the public key as a secret, and the id alone', async () => {
    const { accessToken } = await connect(door)
    const claims = decodeJwt(accessToken)
    const header = decodeProtectedHeader(accessToken)
    const stranger = await signingKey('RS256', String(header.kid))
    const published = new TextEncoder().encode(JSON.stringify((await keySet(door)).keys[0]))
    for (const forged of [
      unsigned(claims),
      unsigned(claims, { ...header }),
      await stranger.sign(claims, header as Record<string, unknown>),
      await stranger.sign(claims, { ...header, jwk: stranger.jwk }),
      await signWith(published, claims, { ...header, alg: 'HS256' }),
      String(claims.jti),
      `pst_at_${claims.jti}`,
    ]) {
      expect(await statusWith(door, forged), forged.slice(0, 40)).toBe(401)
    }
    expect(await statusWith(door, accessToken)).toBe(200)
  })

  test('[HS-08] a token for one of our resources opens no other, and its issuer no other server', async () => {
    const { accessToken } = await connect(door)
    const connector = {
      name: 'Other',
      path: '/other',
      upstream: notesUpstream(),
      accessTokens: 'jwt',
    } as const
    const other = await openSigning({ storage: door.storage, connector })
    expect(await statusWith(other, accessToken)).toBe(401)
    const moved = await openSigning({ storage: door.storage, publicUrl: 'https://mcp.example.com' })
    expect(await statusWith(moved, accessToken)).toBe(401)
  })

  test('tokens from before the change are good until they end, both ways', async () => {
    const opaque = await openDoor({ masterKey })
    const before = await connect(opaque)
    const signing = await openSigning({ storage: opaque.storage })
    expect(await statusWith(signing, before.accessToken)).toBe(200)
    expect((await refresh(signing, before)).body.access_token).toMatch(/^eyJ/)
  })

  test('[R7009-03] [R7662-02] it is introspected and revoked as any other', async () => {
    const { accessToken, clientId } = await connect(door)
    const form = new URLSearchParams({ token: accessToken, client_id: clientId })
    expect((await door.fetch('/oauth/revoke', { method: 'POST', body: form })).status).toBe(200)
    expect(await statusWith(door, accessToken)).toBe(401)
  })
})

describe('keys', () => {
  const shelfOf = (storage: Storage): Promise<KeyShelf> =>
    createKeyShelf({ storage, masterKey, family: signingKeyFamily })
  const kidOf = (accessToken: unknown): string | undefined => decodeProtectedHeader(String(accessToken)).kid

  test('[EXT-EMA-08] the next one is published a day before it signs, and the old one until nothing of it lives', async () => {
    const own = await openSigning()
    const connection = await connect(own)
    let refreshToken = connection.refreshToken
    const signedNow = async (): Promise<string> => {
      const { body } = await refresh(own, { clientId: connection.clientId, refreshToken })
      refreshToken = String(body.refresh_token)
      return String(body.access_token)
    }
    const first = kidOf(connection.accessToken)
    own.clock.now += 89 * day
    const ahead = await signedNow()
    expect(kidOf(ahead)).toBe(first)
    expect((await keySet(own)).keys).toHaveLength(2)
    own.clock.now += day
    const next = await signedNow()
    expect(kidOf(next)).not.toBe(first)
    expect((await keySet(own)).keys).toHaveLength(2)
    await verifyElsewhere(own, next)
    own.clock.now += 3000
    expect(await statusWith(own, next)).toBe(200)
    own.clock.now += 2 * 3600
    await signedNow()
    expect((await keySet(own)).keys.map(({ kid }) => kid)).toEqual([kidOf(next)])
    expect(await own.storage.listKeys()).not.toContainEqual(
      expect.objectContaining({ purpose: `${signingKeyFamily}:000001` }),
    )
  })

  test('two servers on one storage sign with the same, and each takes what the other signed', async () => {
    const one = await openSigning()
    const other = await openSigning({ storage: one.storage, clock: () => one.clock.now })
    const connection = await connect(one)
    expect(await statusWith(other, connection.accessToken)).toBe(200)
    expect(await keySet(other)).toEqual(await keySet(one))
    one.clock.now += 91 * day
    const tokens = await Promise.all([connect(one), connect(other)])
    expect(new Set(tokens.map(({ accessToken }) => kidOf(accessToken))).size).toBe(1)
    expect((await keySet(other)).keys.length).toBe((await keySet(one)).keys.length)
  })

  test('a key that another process made at once is found when something signed with it comes', async () => {
    const one = await openSigning()
    const other = await openSigning({ storage: one.storage, clock: () => one.clock.now })
    const before = await connect(one)
    const shelf = await shelfOf(one.storage)
    const old = await shelf.list()
    await shelf.addIfAbsent(nameAfter(old.at(-1)), newKey, one.clock.now)
    for (const { name } of old) await shelf.remove(name)
    one.clock.now += 10
    const third = await openSigning({ storage: one.storage, clock: () => one.clock.now })
    const { accessToken } = await connect(third)
    expect(await statusWith(other, accessToken)).toBe(200)
    one.clock.now += 60
    expect(await statusWith(one, before.accessToken), 'what the removed key signed').toBe(401)
    expect((await refresh(one, before)).status).toBe(200)
  })

  test('[HS-05] while the master key is replaced a server that runs goes on with what it has', async () => {
    const own = await openSigning()
    const connection = await connect(own)
    const keys = await own.storage.listKeys()
    await own.storage.rewrapKeys(
      keys[0]?.masterKeyId ?? '',
      keys.map((key) => ({ ...key, masterKeyId: 'new' })),
    )
    own.clock.now += 61
    expect(await statusWith(own, connection.accessToken)).toBe(200)
    expect((await refresh(own, connection)).body.access_token).toMatch(/^eyJ/)
    expect((await keySet(own)).keys).toHaveLength(1)
  })
})
