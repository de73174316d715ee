// Assertions of an issuer that this door trusts (enterprise-managed authorization), in the hands of somebody whom they are not for.

import type { TrustedIssuer } from '../../src/index.ts'
import { hostedClaude } from '../../src/oauth/claude.ts'
import type { Door } from '../door.ts'
import { register, token } from '../door.ts'
import { type SigningKey, signingKey, unsigned } from '../signing-key.ts'
import { type Attack, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const grant = 'authorization-server/grants/jwt-bearer.ts'
const room = 'oauth/identity-assertion.ts'
const company = 'https://idp.company.example'
const keysUrl = `${company}/keys`

interface Vouched {
  door: Door
  key: SigningKey
  clientId: string
  /** With the client's secret, unless another client asks. */
  redeem(assertion: string, fields?: Record<string, string>): Promise<Record<string, unknown>>
  claims(changes?: Record<string, unknown>): Record<string, unknown>
}

async function openVouched(
  house: House,
  mayJoin = true,
  more: readonly TrustedIssuer[] = [],
): Promise<Vouched> {
  const key = await signingKey()
  const outboundFetch = async () => ({
    status: 200,
    headers: new Headers(),
    text: JSON.stringify({ keys: [key.jwk] }),
  })
  const trustedIssuers = [{ issuer: company, jwksUri: keysUrl, mayJoin }, ...more]
  const door = await house.openDoor({ trustedIssuers, outboundFetch })
  const registered = await register(door, { token_endpoint_auth_method: 'client_secret_post' })
  const clientId = String(registered.client_id)
  const credentials = { client_id: clientId, client_secret: String(registered.client_secret) }
  const { now } = door.clock
  return {
    door,
    key,
    clientId,
    redeem: async (assertion, fields = credentials) =>
      (await token(door, { grant_type: grantType, assertion, ...fields })).body,
    claims: (changes = {}) => ({
      iss: company,
      sub: 'victim',
      aud: door.origin,
      client_id: clientId,
      jti: 'once',
      iat: now,
      exp: now + 300,
      resource: door.mcpUrl,
      scope: 'read',
      ...changes,
    }),
  }
}

const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const type = { typ: 'oauth-id-jag+jwt' }

/** An assertion that differs in one claim. */
function withClaims(
  name: string,
  guard: Attack['guard'],
  changes: (vouched: Vouched) => Record<string, unknown>,
  source = 'draft-ietf-oauth-identity-assertion-authz-grant §4.4.1',
): Attack {
  return {
    name,
    source,
    guard,
    async run(_, house) {
      const vouched = await openVouched(house)
      const assertion = await vouched.key.sign(vouched.claims(changes(vouched)), type)
      return succeededIf((await vouched.redeem(assertion)).access_token !== undefined)
    },
  }
}

export const vouchingAttacks: readonly Attack[] = [
  withClaims(
    '[EXT-EMA-04] an assertion for another server, which passes it on',
    without(room, 'if (onlyAudience(claims) !== audience)', 'if (false)'),
    () => ({ aud: 'https://other.example' }),
  ),
  withClaims(
    '[EXT-EMA-04] an assertion for two servers, of which one passes it on',
    without(room, 'if (onlyAudience(claims) !== audience)', 'if (![claims.aud].flat().includes(audience))'),
    ({ door }) => ({ aud: ['https://other.example', door.origin] }),
  ),
  withClaims(
    '[EXT-EMA-04] an assertion that was made for another client',
    without(room, 'if (claims.client_id !== clientId)', 'if (false)'),
    () => ({ client_id: 'victim-client' }),
    'draft-ietf-oauth-identity-assertion-authz-grant §8.1',
  ),
  withClaims(
    '[IDJAG-05] an assertion that says to be somebody of ours',
    without(grant, 'if (localSubject !== undefined && localSubject !== userId)', 'if (false)'),
    () => ({ aud_sub: 'usr_admin' }),
  ),
  withClaims(
    '[IDJAG-03] an assertion bound to a key that the thief lacks',
    without(grant, 'if (keyThumbprint === undefined || keyThumbprint === key) return', 'return'),
    () => ({ cnf: { jkt: 'x'.repeat(43) } }),
    'RFC 7800 §3.1',
  ),
  withClaims(
    '[EXT-EMA-05] an assertion for another resource',
    without(
      grant,
      'const resource = isNamed ? found : resources.standard',
      'const resource = found ?? resources.standard',
    ),
    () => ({ resource: 'https://other.example/mcp' }),
    'RFC 8707 §2',
  ),
  {
    name: '[EXT-EMA-03] a token of the company for something else, such as an id token',
    source: 'RFC 8725 §3.11',
    guard: without(room, "types: ['oauth-id-jag+jwt'],", "types: ['oauth-id-jag+jwt', 'jwt'],"),
    async run(_, house) {
      const vouched = await openVouched(house)
      const assertion = await vouched.key.sign(vouched.claims(), { typ: 'JWT' })
      return succeededIf((await vouched.redeem(assertion)).access_token !== undefined)
    },
  },
  {
    name: '[EXT-EMA-03] an assertion that nobody signed',
    source: 'RFC 8725 §3.2',
    guard: without(
      'oauth/json-web-token.ts',
      'if (!expected.algorithms.includes(String(header.alg)))',
      'if (false)',
    ),
    alsoNeeds: [
      without('oauth/json-web-token.ts', 'if (candidates.length === 0) return', 'if (false) return'),
      without(
        'oauth/json-web-token.ts',
        "return { fault: 'its signature does not verify', isAboutKeys: true }",
        'return { claims: decoded.claims }',
      ),
    ],
    async run(_, house) {
      const vouched = await openVouched(house)
      const forged = unsigned(vouched.claims(), { alg: 'none', ...type })
      return succeededIf((await vouched.redeem(forged)).access_token !== undefined)
    },
  },
  {
    name: '[EXT-EMA-06] an assertion that was seen, shown a second time',
    source: 'RFC 7523 §5.2',
    guard: without(grant, "if (taken === 'already-taken')", 'if (false)'),
    async run(_, house) {
      const vouched = await openVouched(house)
      const assertion = await vouched.key.sign(vouched.claims(), type)
      const first = await vouched.redeem(assertion)
      if (first.access_token === undefined) throw new Error(`the victim is refused: ${JSON.stringify(first)}`)
      return succeededIf((await vouched.redeem(assertion)).access_token !== undefined)
    },
  },
  {
    name: '[EXT-EMA-09] an account for somebody of the company, where nobody may join',
    source: 'MCP enterprise-managed authorization, account linking',
    guard: without(grant, 'if (!(await isWelcome(', 'if (false && (await isWelcome('),
    async run(_, house) {
      const vouched = await openVouched(house, false)
      const assertion = await vouched.key.sign(vouched.claims(), type)
      return succeededIf((await vouched.redeem(assertion)).access_token !== undefined)
    },
  },
  {
    name: '[IDJAG-01] an assertion for a public client, shown by whoever found it',
    source: 'draft-ietf-oauth-identity-assertion-authz-grant §8.1',
    guard: without(grant, 'if (isConfidential(client)) return', 'return'),
    async run(_, house) {
      const vouched = await openVouched(house)
      const open = String((await register(vouched.door)).client_id)
      const assertion = await vouched.key.sign(vouched.claims({ client_id: open }), type)
      return succeededIf((await vouched.redeem(assertion, { client_id: open })).access_token !== undefined)
    },
  },
  {
    name: '[IDJAG-01] an assertion of one issuer, by a public client that may bring those of another',
    source: 'draft-ietf-oauth-identity-assertion-authz-grant §8.1',
    guard: without(grant, 'checkClient(client, [trusted])', ''),
    async run(_, house) {
      const vouched = await openVouched(house, true, [
        { issuer: 'https://other.example', unprovenClients: [hostedClaude] },
      ])
      const assertion = await vouched.key.sign(vouched.claims({ client_id: hostedClaude }), type)
      return succeededIf(
        (await vouched.redeem(assertion, { client_id: hostedClaude })).access_token !== undefined,
      )
    },
  },
  {
    name: '[EXT-EMA-05] more scope than the company allowed',
    source: 'RFC 6749 §3.3, draft-ietf-oauth-identity-assertion-authz-grant §4.4',
    guard: without(grant, 'const limits = [identity.scope, request.scope]', 'const limits = [request.scope]'),
    async run(_, house) {
      const vouched = await openVouched(house)
      const assertion = await vouched.key.sign(vouched.claims(), type)
      return succeededIf(String((await vouched.redeem(assertion)).scope).includes('write'))
    },
  },
  {
    name: '[EXT-EMA-07] a connection that outlives the word of the company',
    source: 'MCP enterprise-managed authorization, access token response',
    guard: without(grant, 'refreshToken: undefined,', 'refreshToken: pair.refreshToken,'),
    async run(_, house) {
      const vouched = await openVouched(house)
      const assertion = await vouched.key.sign(vouched.claims(), type)
      return succeededIf((await vouched.redeem(assertion)).refresh_token !== undefined)
    },
  },
]
