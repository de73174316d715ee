// What is peculiar to each provider: where it is, what it calls things, and which of its words are not to be believed.

import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { judgeEntry } from '../../src/identity/entry-rules.ts'
import type { OutsideProvider, OutsideVisitor, OutsideWay } from '../../src/identity/identity-provider.ts'
import { auth0, entra, github, google, keycloak, oidc, okta } from '../../src/index.ts'

const client = { clientId: 'postern', clientSecret: 's' }
const callback = 'https://mcp.example.com/login/x/callback'
const directory = '11111111-2222-4333-8444-555555555555'

let keys: CryptoKeyPair
beforeAll(async () => {
  keys = (await generateKeyPair('RS256')) as CryptoKeyPair
})

/** Stands where the provider is; `issuer` is what its document says. */
function provided(
  address: string,
  issuer: string,
  claims: Record<string, unknown>,
  document = {},
  signedBy?: CryptoKey,
) {
  const asked: string[] = []
  let nonce = ''
  const json = (body: unknown) => ({
    status: 200,
    headers: new Headers({ 'content-type': 'application/json' }),
    text: JSON.stringify(body),
  })
  const way: OutsideWay = {
    async fetch(url) {
      asked.push(url)
      if (url === `${address.replace(/\/$/, '')}/.well-known/openid-configuration`)
        return json({
          issuer,
          authorization_endpoint: `${address}/authorize`,
          token_endpoint: `${address}/token`,
          jwks_uri: `${address}/keys`,
          id_token_signing_alg_values_supported: ['RS256'],
          ...document,
        })
      if (url.endsWith('/keys'))
        return json({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'RS256' }] })
      if (url.endsWith('/token')) {
        const now = Math.floor(Date.now() / 1000)
        const standard = { nonce, iss: issuer, sub: 'subject', aud: 'postern', iat: now, exp: now + 300 }
        const idToken = await new SignJWT({ ...standard, ...claims })
          .setProtectedHeader({ alg: 'RS256', kid: 'k' })
          .sign(signedBy ?? keys.privateKey)
        return json({ access_token: 'at', token_type: 'Bearer', id_token: idToken })
      }
      return { status: 404, headers: new Headers(), text: '' }
    },
  }
  return {
    asked,
    async arrive(provider: OutsideProvider): Promise<{ location: URL; visitor: OutsideVisitor }> {
      const { location, secret } = await provider.begin(way, callback)
      nonce = secret.nonce ?? ''
      const answer = new URL(callback)
      answer.searchParams.set('code', 'c')
      const arrived = await provider.finish(way, answer, secret)
      if (arrived.outcome !== 'arrived') throw new Error(arrived.says)
      return { location, visitor: arrived.visitor }
    },
  }
}

const verdict = async (provider: OutsideProvider, visitor: OutsideVisitor): Promise<string> =>
  (await judgeEntry(visitor, provider.rules)).outcome

describe('Google', () => {
  const address = 'https://accounts.google.com'
  const provider = google({ ...client, enter: { domains: ['example.com'] } })

  test('an organisation is what it says of itself, not the address of the account', async () => {
    const own = await provided(address, address, {
      hd: 'example.com',
      email: 'a@example.com',
      email_verified: true,
    }).arrive(provider)
    expect(await verdict(provider, own.visitor)).toBe('welcome')
    expect(own.location.searchParams.get('hd')).toBe('example.com')
    expect(own.location.searchParams.get('prompt')).toBe('select_account')
    const outside = await provided(address, address, { email: 'a@example.com', email_verified: true }).arrive(
      provider,
    )
    expect(await verdict(provider, outside.visitor)).toBe('refused')
  })

  test('who may enter has to be said', () => {
    expect(() => google({ ...client, enter: {} })).toThrow('everybody can have an account there')
    expect(() => google({ ...client, enter: { admins: { emails: ['a@b.c'] } } })).toThrow(TypeError)
    expect(google({ ...client, enter: 'anybody' }).rules).toEqual({})
  })
})

describe('Microsoft Entra', () => {
  const single = `https://login.microsoftonline.com/${directory}/v2.0`
  const several = 'https://login.microsoftonline.com/organizations/v2.0'
  const templated = 'https://login.microsoftonline.com/{tenantid}/v2.0'

  test('of one company: its people, by the tenant, and no other', async () => {
    const provider = entra({ ...client, tenant: directory })
    const own = await provided(single, single, { tid: directory, name: 'Ada' }).arrive(provider)
    expect(own.visitor).toMatchObject({ tenant: directory, displayName: 'Ada' })
    expect(await verdict(provider, own.visitor)).toBe('welcome')
    const other = await provided(single, single, { tid: directory.replace('1', '9') }).arrive(provider)
    expect(await verdict(provider, other.visitor)).toBe('refused')
  })

  test('of several: those that are named, though its document has a placeholder for the issuer', async () => {
    const provider = entra({ ...client, tenant: 'organizations', enter: { tenants: [directory] } })
    const at = (tid: string) =>
      provided(several, templated, { tid, iss: `https://login.microsoftonline.com/${tid}/v2.0` }).arrive(
        provider,
      )
    const own = await at(directory)
    expect(own.visitor.issuer).toBe(single)
    expect(await verdict(provider, own.visitor)).toBe('welcome')
    expect(await verdict(provider, (await at(directory.replace('1', '9'))).visitor)).toBe('refused')
    expect(() => entra({ ...client, tenant: 'organizations' })).toThrow('enter.tenants')
    expect(() => entra({ ...client, tenant: 'common', enter: { tenants: [directory] } })).toThrow(TypeError)
  })

  test('an issuer that is not of the tenant in the token is refused', async () => {
    const provider = entra({ ...client, tenant: 'organizations', enter: { tenants: [directory] } })
    const claims = {
      tid: directory,
      iss: 'https://login.microsoftonline.com/99999999-2222-4333-8444-555555555555/v2.0',
    }
    await expect(provided(several, templated, claims).arrive(provider)).rejects.toThrow()
  })

  test('an address counts only where it says that the domain’s owner verified it', async () => {
    const provider = entra({ ...client, tenant: directory, enter: { domains: ['example.com'] } })
    const claims = { tid: directory, email: 'ceo@example.com', email_verified: true }
    const written = await provided(single, single, claims).arrive(provider)
    expect(written.visitor.email).toBeUndefined()
    expect(await verdict(provider, written.visitor)).toBe('refused')
    const verified = await provided(single, single, { ...claims, xms_edov: true }).arrive(provider)
    expect(await verdict(provider, verified.visitor)).toBe('welcome')
  })

  test('who is in too many groups to be told is in none that is asked for', async () => {
    const provider = entra({ ...client, tenant: directory, enter: { groups: ['g-1'] } })
    const told = await provided(single, single, { tid: directory, groups: ['g-1'] }).arrive(provider)
    expect(await verdict(provider, told.visitor)).toBe('welcome')
    const claims = { tid: directory, groups: ['g-1'], _claim_names: { groups: 'src1' } }
    const overage = await provided(single, single, claims).arrive(provider)
    expect(await judgeEntry(overage.visitor, provider.rules)).toEqual({
      outcome: 'refused',
      why: 'the provider does not tell the groups',
    })
  })
})

describe('Okta, Auth0, Keycloak', () => {
  test('Okta is asked for groups where they matter, at the server that is named', async () => {
    const address = 'https://example.okta.com/oauth2/default'
    const provider = okta({
      ...client,
      domain: 'example.okta.com',
      authorizationServer: 'default',
      enter: { groups: ['staff'] },
    })
    const { location, visitor } = await provided(address, address, { groups: ['staff'] }).arrive(provider)
    expect(location.searchParams.get('scope')).toBe('openid profile email groups')
    expect(await verdict(provider, visitor)).toBe('welcome')
    const plain = okta({ ...client, domain: 'example.okta.com' })
    const own = provided('https://example.okta.com', 'https://example.okta.com', {})
    expect((await own.arrive(plain)).location.searchParams.get('scope')).toBe('openid profile email')
  })

  test('Auth0 ends its issuer in a slash, names claims by URLs, and signs out in a way of its own', async () => {
    const claims = { 'https://example.com/roles': ['staff'] }
    const provider = auth0({
      ...client,
      domain: 'example.eu.auth0.com',
      groupsClaim: 'https://example.com/roles',
      signOut: 'there',
    })
    const { visitor } = await provided(
      'https://example.eu.auth0.com',
      'https://example.eu.auth0.com/',
      claims,
    ).arrive(provider)
    expect(visitor.groups).toEqual(['staff'])
    const way = { fetch: () => Promise.reject(new Error('nobody is asked')) }
    const url = await provider.signOut?.(way, 'https://mcp.example.com/')
    expect(url?.href).toBe(
      'https://example.eu.auth0.com/v2/logout?client_id=postern&returnTo=https%3A%2F%2Fmcp.example.com%2F',
    )
  })

  test('Keycloak has its realm in the address and a slash before each group', async () => {
    const address = 'https://sso.example.com/realms/my%20company'
    const provider = keycloak({ ...client, url: 'https://sso.example.com/', realm: 'my company' })
    const { visitor } = await provided(address, address, { groups: ['/staff', '/staff/admins'] }).arrive(
      provider,
    )
    expect(visitor.groups).toEqual(['staff', 'staff/admins'])
  })
})

describe('any issuer', () => {
  const address = 'https://sso.example.com'
  const provider = oidc({ ...client, issuer: address })
  const wrong: [string, Record<string, unknown>][] = [
    ['for somebody else', { aud: 'another' }],
    ['with another nonce', { nonce: 'another' }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['that has expired', { exp: 1 }],
    ['without a subject', { sub: undefined }],
  ]
  test.each(wrong)('an ID token %s is refused', async (_, claims) => {
    await expect(provided(address, address, claims).arrive(provider)).rejects.toThrow()
  })

  test('an ID token that the issuer did not sign is refused', async () => {
    const { privateKey } = await generateKeyPair('RS256')
    await expect(provided(address, address, {}, {}, privateKey).arrive(provider)).rejects.toThrow()
  })

  test('a clock that is up to a minute apart is no reason', async () => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iat: now + 45, exp: now - 30 }
    await expect(provided(address, address, claims).arrive(provider)).resolves.toBeDefined()
  })

  test('a discovery document of another issuer is not believed', async () => {
    await expect(
      provided(address, 'https://evil.example', {}).arrive(oidc({ ...client, issuer: address })),
    ).rejects.toThrow()
  })

  test.each<[string, object]>([
    ['plain http', { issuer: 'http://sso.example.com' }],
    ['a name that cannot stand in an address', { name: 'Our SSO' }],
    ['a parameter that is ours', { parameters: { nonce: 'x' } }],
  ])('%s is refused when it is made', (_, changes) => {
    expect(() => oidc({ ...client, issuer: address, ...changes })).toThrow(TypeError)
  })
})

test('GitHub is refused without a word about who may enter, and at a server without TLS', () => {
  expect(() => github({ ...client, enter: {} })).toThrow(TypeError)
  expect(() => github({ ...client, enter: 'anybody', url: 'http://github.example.com' })).toThrow(TypeError)
})
