// Clients that authenticate with a key of their own (private_key_jwt), entered by the operator or known by a document.

import { beforeAll, describe, expect, test } from 'vitest'
import type { PosternOptions } from '../../src/app/postern.ts'
import { clientMetadataProblems, readClientMetadata } from '../../src/oauth/client-metadata.ts'
import { type OutboundAnswer, OutboundError } from '../../src/platform/outbound-fetch.ts'
import { authorizeUrl, type Door, openDoor, pkce, register, token } from '../door.ts'
import { type SigningKey, signingKey, signWith, unsigned } from '../signing-key.ts'

const issuer = 'http://localhost:8787'
const redirectUri = 'https://app.example/cb'
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const documentId = 'https://app.example/client.json'
const keysUrl = 'https://app.example/jwks'

let key: SigningKey
let door: Door
beforeAll(async () => {
  key = await signingKey()
  door = await openDoor()
  await enter(door, 'keyed', { jwks: { keys: [key.jwk] } })
})

async function enter(to: Door, clientId: string, keys: Record<string, unknown>): Promise<void> {
  const document = {
    client_name: 'Keyed',
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'private_key_jwt',
  }
  const metadata = { ...document, ...keys }
  expect(clientMetadataProblems(metadata, ['private_key_jwt'])).toEqual([])
  await to.storage.addPreRegisteredClient({
    clientId,
    kind: 'pre-registered',
    metadata: readClientMetadata(metadata),
    secretHash: undefined,
    similarityKey: clientId,
    createdAt: to.clock.now,
    lastUsedAt: to.clock.now,
    confirmedAt: undefined,
    expiresAt: undefined,
  })
}

/** A form that exchanges a fresh code, but for who the client is. */
async function codeForm(at: Door, clientId: string): Promise<Record<string, string>> {
  const { verifier, challenge } = pkce()
  const url = authorizeUrl(at, clientId, challenge, { redirect_uri: redirectUri })
  const redirect = await at.browser().approve(url)
  return {
    grant_type: 'authorization_code',
    code: redirect.searchParams.get('code') ?? '',
    code_verifier: verifier,
  }
}

let serial = 0

function claimsOf(
  at: Door,
  clientId: string,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  serial++
  const { now } = at.clock
  return {
    iss: clientId,
    sub: clientId,
    aud: issuer,
    jti: `id-${serial}`,
    iat: now,
    exp: now + 60,
    ...changes,
  }
}

function asserted(assertion: string): Record<string, string> {
  return { client_assertion_type: assertionType, client_assertion: assertion }
}

describe('a client that the operator entered with its key', () => {
  test('[CC-10] [R9700-05] [OA21-28] connects, refreshes and revokes by signing; the issuer is the audience', async () => {
    const form = await codeForm(door, 'keyed')
    const sign = async (): Promise<Record<string, string>> =>
      asserted(await key.sign(claimsOf(door, 'keyed')))
    const issued = await token(door, { ...form, ...(await sign()) })
    expect(issued.status).toBe(200)
    const refreshToken = String(issued.body.refresh_token)
    const refreshed = await token(door, {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: 'keyed',
      ...(await sign()),
    })
    expect(refreshed.status).toBe(200)
    const revoked = await door.fetch('/oauth/revoke', {
      method: 'POST',
      body: new URLSearchParams({ token: String(refreshed.body.refresh_token), ...(await sign()) }),
    })
    expect(revoked.status).toBe(200)
    const dead = await token(door, {
      grant_type: 'refresh_token',
      refresh_token: String(refreshed.body.refresh_token),
      ...(await sign()),
    })
    expect(dead.body.error).toBe('invalid_grant')
  })

  test.each(['PS256', 'RS256', 'EdDSA'])('[EXT-CC-02] signs with %s', async (alg) => {
    const own = await signingKey(alg, undefined)
    await enter(door, `keyed by ${alg}`, { jwks: { keys: [key.jwk, own.jwk] } })
    const form = await codeForm(door, `keyed by ${alg}`)
    const assertion = await own.sign(claimsOf(door, `keyed by ${alg}`), { typ: 'client-authentication+jwt' })
    expect((await token(door, { ...form, ...asserted(assertion) })).status).toBe(200)
  })

  test('its audience may be a list of one, and its lifetime an hour', async () => {
    const form = await codeForm(door, 'keyed')
    const assertion = await key.sign(claimsOf(door, 'keyed', { aud: [issuer], exp: door.clock.now + 3600 }))
    expect((await token(door, { ...form, ...asserted(assertion) })).status).toBe(200)
  })

  test.each<[string, Record<string, unknown>, Record<string, unknown>?]>([
    ['[OA21-28] the token endpoint as audience', { aud: `${issuer}/oauth/token` }],
    ['[OA21-28] another server as a second audience', { aud: [issuer, 'https://other.example'] }],
    ['another audience', { aud: 'https://other.example' }],
    ['no audience', { aud: undefined }],
    ['an audience with a slash more', { aud: `${issuer}/` }],
    ['another issuer', { iss: 'somebody' }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is text', { exp: '1800000060' }],
    ['one that has expired', { exp: 1_799_999_900 }],
    ['one that would live for days', { exp: 1_800_200_000 }],
    ['one that is not valid yet', { nbf: 1_800_000_100 }],
    ['one from the future', { iat: 1_800_000_100 }],
    ['an id that is no text', { jti: 7 }],
    ['an id without end', { jti: 'x'.repeat(501) }],
    ['a proof of possession', {}, { typ: 'dpop+jwt' }],
    ['an access token', {}, { typ: 'at+jwt' }],
    ['an identity assertion', {}, { typ: 'oauth-id-jag+jwt' }],
    ['a key that was never published', {}, { kid: 'another' }],
    ['an extension that must be understood', {}, { crit: ['b64'], b64: true }],
  ])('refused: %s', async (_, claims, header) => {
    const form = await codeForm(door, 'keyed')
    const assertion = await key.sign(claimsOf(door, 'keyed', claims), header)
    const refused = await token(door, { ...form, ...asserted(assertion) })
    expect(refused.status).toBe(401)
    expect(refused.body.error).toBe('invalid_client')
    const good = await token(door, { ...form, ...asserted(await key.sign(claimsOf(door, 'keyed'))) })
    expect(good.status, 'the code still works').toBe(200)
  })

  test('[R9700-05] refused: no signature, one by another key, one by the public key as a secret', async () => {
    const form = await codeForm(door, 'keyed')
    const claims = claimsOf(door, 'keyed')
    const stranger = await signingKey()
    const publicText = new TextEncoder().encode(JSON.stringify(key.jwk))
    const [head = '', , tail = ''] = (await key.sign(claims)).split('.')
    const changed = unsigned({ ...claims, jti: 'changed' }).split('.')[1]
    for (const assertion of [
      unsigned(claims),
      unsigned(claims, { alg: 'ES256', kid: 'one' }),
      await stranger.sign(claims),
      await signWith(publicText, claims, { alg: 'HS256', kid: 'one' }),
      `${head}.${changed}.${tail}`,
      'not a token',
      `${'x'.repeat(20_000)}.e30.x`,
    ]) {
      const refused = await token(door, { ...form, client_id: 'keyed', ...asserted(assertion) })
      expect(refused.body.error, assertion.slice(0, 60)).toBe('invalid_client')
    }
  })

  test('[R9700-05] an assertion is good once: also without a jti, and also by a hundred at once', async () => {
    const form = await codeForm(door, 'keyed')
    const refreshToken = String(
      (await token(door, { ...form, ...asserted(await key.sign(claimsOf(door, 'keyed'))) })).body
        .refresh_token,
    )
    for (const jti of ['the same', undefined]) {
      const once = asserted(await key.sign(claimsOf(door, 'keyed', { jti })))
      const refresh = { grant_type: 'refresh_token', refresh_token: refreshToken, ...once }
      const answers = await Promise.all(Array.from({ length: 100 }, () => token(door, refresh)))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(answers.filter(({ body }) => body.error === 'invalid_client')).toHaveLength(99)
    }
  })

  test('[OA21-11] refused: no assertion, another type, a second method beside it, another client id', async () => {
    const form = await codeForm(door, 'keyed')
    const sign = (): Promise<string> => key.sign(claimsOf(door, 'keyed'))
    const codeOf = async (fields: Record<string, string>, headers = {}): Promise<unknown> =>
      (await token(door, { ...form, ...fields }, headers)).body.error
    const basic = { authorization: `Basic ${Buffer.from('keyed:x').toString('base64')}` }
    expect(await codeOf({ client_id: 'keyed' })).toBe('invalid_client')
    expect(await codeOf({ client_id: 'keyed', client_secret: 'guessed' })).toBe('invalid_client')
    expect(await codeOf({ client_assertion: await sign() })).toBe('invalid_client')
    expect(await codeOf({ client_assertion_type: assertionType })).toBe('invalid_client')
    expect(await codeOf({ ...asserted(await sign()), client_assertion_type: 'saml' })).toBe('invalid_client')
    expect(await codeOf({ ...asserted(await sign()), client_secret: 'x' })).toBe('invalid_request')
    expect(await codeOf(asserted(await sign()), basic)).toBe('invalid_request')
    expect(await codeOf({ ...asserted(await sign()), client_id: 'another' })).toBe('invalid_client')
    expect((await token(door, { ...form, ...asserted(await sign()) })).status).toBe(200)
  })

  test('a client without keys cannot sign itself in', async () => {
    const clientId = String((await register(door)).client_id)
    const assertion = await key.sign(claimsOf(door, clientId))
    const refused = await token(door, {
      grant_type: 'refresh_token',
      refresh_token: 'x',
      ...asserted(assertion),
    })
    expect(refused.body.error).toBe('invalid_client')
  })

  test('[OA21-28] the token endpoint is an audience only where the operator says so', async () => {
    const own = await openDoor({ clientRules: { tokenEndpointAudience: true } })
    await enter(own, 'keyed', { jwks: { keys: [key.jwk] } })
    const form = await codeForm(own, 'keyed')
    const assertion = await key.sign(claimsOf(own, 'keyed', { aud: `${issuer}/oauth/token` }))
    expect((await token(own, { ...form, ...asserted(assertion) })).status).toBe(200)
  })

  test('[R7591-04] nobody registers a key by himself', async () => {
    const response = await door.fetch('/oauth/register', {
      method: 'POST',
      body: JSON.stringify({
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [key.jwk] },
      }),
    })
    expect(response.status).toBe(400)
    expect(((await response.json()) as { error: string }).error).toBe('invalid_client_metadata')
  })
})

/** The internet, as far as this client is concerned. */
interface Web {
  door: Door
  keys: unknown
  status: number
  asked: string[]
}

async function openWeb(
  document: Record<string, unknown>,
  options: Partial<PosternOptions> = {},
): Promise<Web> {
  const web: Omit<Web, 'door'> = { keys: { keys: [key.jwk] }, status: 200, asked: [] }
  const json = (status: number, body: unknown): OutboundAnswer => ({
    status,
    headers: new Headers({ 'content-type': 'application/json', 'cache-control': 'max-age=300' }),
    text: JSON.stringify(body),
  })
  const own = await openDoor({
    ...options,
    outboundFetch: async (url) => {
      web.asked.push(url)
      if (url === keysUrl && web.status === 0) throw new OutboundError('not-reached', 'down')
      if (url === keysUrl) return json(web.status, web.keys)
      return json(200, { client_id: url, client_name: 'App', redirect_uris: [redirectUri], ...document })
    },
  })
  return Object.assign(web, { door: own })
}

describe('a client with a metadata document that carries keys', () => {
  test('[CIMD-13] [EXT-EMA-02] authenticates with them, in the document or at jwks_uri', async () => {
    for (const document of [
      { jwks: { keys: [key.jwk] } },
      { jwks_uri: keysUrl },
      { jwks_uri: keysUrl, token_endpoint_auth_method: 'private_key_jwt' },
    ]) {
      const { door: own } = await openWeb(document)
      const form = await codeForm(own, documentId)
      const issued = await token(own, { ...form, ...asserted(await key.sign(claimsOf(own, documentId))) })
      expect(issued.status).toBe(200)
    }
  })

  test('[CIMD-13] authentication is then mandatory', async () => {
    const { door: own } = await openWeb({ jwks: { keys: [key.jwk] } })
    const form = await codeForm(own, documentId)
    const bare = await token(own, { ...form, client_id: documentId })
    expect(bare.status).toBe(401)
    expect(bare.body.error).toBe('invalid_client')
    const stranger = await signingKey()
    const forged = asserted(await stranger.sign(claimsOf(own, documentId)))
    expect((await token(own, { ...form, ...forged })).body.error).toBe('invalid_client')
  })

  test('[CIMD-09] keys are kept while they are fresh, and asked for anew when one is missing, not more than once a minute', async () => {
    const web = await openWeb({ jwks_uri: keysUrl })
    const { door: own } = web
    const attempt = async (signer: SigningKey): Promise<number> => {
      const form = { grant_type: 'refresh_token', refresh_token: 'x' }
      return (await token(own, { ...form, ...asserted(await signer.sign(claimsOf(own, documentId))) })).status
    }
    const count = (): number => web.asked.filter((url) => url === keysUrl).length
    expect(await attempt(key)).toBe(400)
    expect(await attempt(key)).toBe(400)
    expect(count()).toBe(1)
    const next = await signingKey('ES256', 'two')
    web.keys = { keys: [key.jwk, next.jwk] }
    expect(await attempt(next), 'asked a moment ago').toBe(401)
    expect(count()).toBe(1)
    own.clock.now += 60
    expect(await attempt(next)).toBe(400)
    expect(count()).toBe(2)
    for (let time = 0; time < 5; time++) expect(await attempt(await signingKey('ES256', 'three'))).toBe(401)
    expect(count()).toBe(2)
  })

  test('[CIMD-09] known keys are used while their host is down, and not when it has taken them back', async () => {
    const web = await openWeb({ jwks_uri: keysUrl })
    const { door: own } = web
    const attempt = async () =>
      token(own, {
        grant_type: 'refresh_token',
        refresh_token: 'x',
        ...asserted(await key.sign(claimsOf(own, documentId))),
      })
    expect((await attempt()).body.error).toBe('invalid_grant')
    for (const status of [0, 500, 403]) {
      own.clock.now += 301
      web.status = status
      expect((await attempt()).body.error, String(status)).toBe('invalid_grant')
    }
    own.clock.now += 301
    web.status = 404
    expect((await attempt()).body.error).toBe('invalid_client')
    web.status = 500
    const unknown = await attempt()
    expect(unknown.status, 'taken back is forgotten').toBe(503)
    web.status = 200
    expect((await attempt()).body.error).toBe('invalid_grant')
  })

  test('[CIMD-13] what is published is judged: a private key, none, no JSON', async () => {
    for (const keys of [
      { keys: [key.privateJwk] },
      { keys: [] },
      'no keys',
      { keys: [{ kty: 'oct', k: 'eA' }] },
    ]) {
      const web = await openWeb({ jwks_uri: keysUrl })
      web.keys = keys
      const form = await codeForm(web.door, documentId)
      const answer = await token(web.door, {
        ...form,
        ...asserted(await key.sign(claimsOf(web.door, documentId))),
      })
      expect(answer.status).toBe(503)
    }
  })
})
