// Clients that sign, and clients that manage their registration: assertions of others, for others, or of yesterday.

import { type Door, register } from '../door.ts'
import { type SigningKey, signingKey } from '../signing-key.ts'
import { type CodeInHand, evilCallback, isRegistered, obtainCode, redeem } from './adversary.ts'
import { type Attack, type Mutant, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const server = 'authorization-server/'
const oauth = 'oauth/'

const documentId = 'https://app.example/client.json'

interface Signer {
  door: Door
  key: SigningKey
  /** A code that its client could exchange. */
  code(): Promise<CodeInHand>
}

/** A client whose document publishes a key. */
async function openSigner(house: House, published?: Record<string, unknown>): Promise<Signer> {
  const key = await signingKey()
  const document = {
    client_id: documentId,
    client_name: 'App',
    redirect_uris: [evilCallback],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [published ?? key.jwk] },
  }
  const outboundFetch = async () => ({
    status: 200,
    headers: new Headers({ 'content-type': 'application/json' }),
    text: JSON.stringify(document),
  })
  const door = await house.openDoor({ outboundFetch })
  return { door, key, code: () => obtainCode(door, { redirect_uri: evilCallback }, documentId) }
}

function claimsOf(door: Door, changes: Record<string, unknown> = {}): Record<string, unknown> {
  const { now } = door.clock
  return {
    iss: documentId,
    sub: documentId,
    aud: door.origin,
    exp: now + 60,
    iat: now,
    jti: 'once',
    ...changes,
  }
}

async function signsIn(signer: Signer, assertion: string | undefined): Promise<boolean> {
  const answer = await redeem(signer.door, await signer.code(), {
    redirect_uri: evilCallback,
    client_assertion: assertion,
    client_assertion_type:
      assertion === undefined ? undefined : 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  })
  return answer.status === 200
}

function signing(
  name: string,
  source: string,
  guard: Mutant,
  assertionBy: (signer: Signer) => Promise<string | undefined>,
): Attack {
  return {
    name,
    source,
    guard,
    async run(_, house) {
      const signer = await openSigner(house)
      return succeededIf(await signsIn(signer, await assertionBy(signer)))
    },
  }
}

const assertions: readonly Attack[] = [
  signing(
    '[CIMD-13] a client with keys that shows none',
    'draft-ietf-oauth-client-id-metadata-document-01 §4, RFC 6749 §3.2.1',
    without(
      server,
      "if (reading.method !== 'private_key_jwt') return",
      "if (reading.method !== 'private_key_jwt') return undefined; if (false) return",
    ),
    async () => undefined,
  ),
  signing(
    '[R9700-05] an assertion signed with another key',
    'RFC 7523 §3',
    without(oauth, 'if (await isSignedBy(token, key, expected.algorithms))', 'if (true)'),
    async ({ door }) => (await signingKey()).sign(claimsOf(door)),
  ),
  signing(
    '[OA21-28] an assertion that the client made for another server, which passes it on',
    'RFC 7523 §3, draft-ietf-oauth-rfc7523bis §4 (audience injection); CVE-2025-27370',
    without(oauth, '!audiences.includes(audience)', 'false'),
    async ({ door, key }) => key.sign(claimsOf(door, { aud: 'https://evil.example/token' })),
  ),
  signing(
    '[OA21-28] an assertion for two servers, of which one passes it on',
    'draft-ietf-oauth-rfc7523bis §4 (audience injection); CVE-2025-27370',
    without(
      oauth,
      'Array.isArray(aud) && aud.length === 1 ? aud[0] : aud',
      'Array.isArray(aud) ? aud.at(-1) : aud',
    ),
    async ({ door, key }) => key.sign(claimsOf(door, { aud: ['https://evil.example', door.origin] })),
  ),
  signing(
    'an assertion of yesterday',
    'RFC 7523 §3, RFC 7519 §4.1.4',
    without(oauth, 'if (exp !== undefined && exp + clockLeewaySeconds <= now)', 'if (false)'),
    async ({ door, key }) => key.sign(claimsOf(door, { exp: door.clock.now - 86_400 })),
  ),
  signing(
    'an assertion that would be good for years, and has to be remembered so long',
    'RFC 7523 §3; CWE-770',
    without(oauth, 'if (claims.exp > now + maximumAssertionSeconds + clockLeewaySeconds)', 'if (false)'),
    async ({ door, key }) => key.sign(claimsOf(door, { exp: door.clock.now + 10 * 365 * 86_400 })),
  ),
  signing(
    'a token for something else, signed with the same key',
    'RFC 8725 §2.8, §3.11 (cross-JWT confusion)',
    without(oauth, 'if (!expected.types.includes(type))', 'if (false)'),
    async ({ door, key }) => key.sign(claimsOf(door), { typ: 'at+jwt' }),
  ),
  signing(
    'an assertion that says it is of another client',
    'RFC 7523 §3 (iss and sub)',
    without(oauth, "if (claims.iss !== clientId) return 'its iss is not the client id'"),
    async ({ door, key }) => key.sign(claimsOf(door, { iss: 'https://other.example/client' })),
  ),
  {
    name: '[R9700-05] an assertion shown a second time',
    source: 'RFC 7523 §3 (jti), RFC 7519 §4.1.7',
    guard: without(
      'authorization-server/client-assertions.ts',
      "if (taken === 'already-taken') return",
      'if (false) return',
    ),
    async run(_, house) {
      const signer = await openSigner(house)
      const assertion = await signer.key.sign(claimsOf(signer.door))
      if (!(await signsIn(signer, assertion))) throw new Error('the owner could not sign in')
      return succeededIf(await signsIn(signer, assertion))
    },
  },
  {
    name: 'a private key that was published by mistake, and that everybody can sign with',
    source: 'RFC 7517 §9.2; draft-ietf-oauth-client-id-metadata-document-01 §4.1',
    guard: without(oauth, 'secretMembers.some((name) => name in key)', 'false'),
    async run(_, house) {
      const { jwk } = await signingKey()
      const { code } = await openSigner(house, { ...jwk, d: 'cHVibGlzaGVk' })
      return succeededIf(
        await code().then(
          () => true,
          () => false,
        ),
      )
    },
  },
]

/** RFC 7592: who holds the token of a registration may change it. */
async function manages(door: Door, clientId: string, managementToken: string): Promise<boolean> {
  const response = await door.fetch(`/oauth/register?client_id=${encodeURIComponent(clientId)}`, {
    headers: { authorization: `Bearer ${managementToken}` },
  })
  return response.status === 200
}

function registerConfidential(door: Door): Promise<Record<string, unknown>> {
  return register(door, { token_endpoint_auth_method: 'client_secret_post' })
}

const registrations: readonly Attack[] = [
  {
    name: "[HS-03] the registration of somebody else, read with the token of one's own",
    source: 'RFC 7592 §3, §5; house rule 3',
    guard: without(
      server,
      "keyedHash(keys.clientSecret, 'registration-management', clientId)",
      "keyedHash(keys.clientSecret, 'registration-management')",
    ),
    async run(door) {
      const [victim, thief] = [await registerConfidential(door), await registerConfidential(door)]
      return succeededIf(
        await manages(door, String(victim.client_id), String(thief.registration_access_token)),
      )
    },
  },
  {
    name: '[HS-03] a registration read without a token that fits',
    source: 'RFC 7592 §2.1',
    guard: without(server, 'equalInConstantTime(token, ids.managementTokenOf(clientId))', 'true'),
    async run(door) {
      const victim = await registerConfidential(door)
      return succeededIf(await manages(door, String(victim.client_id), 'pst_rm_guessed'))
    },
  },
  {
    name: 'a registration without the invitation that it needs',
    source: 'RFC 7591 §3 (initial access token)',
    guard: without(server, 'if (taken !== undefined) return', 'return'),
    async run(_, house) {
      const door = await house.openDoor({ waysIn: { registration: 'invited' } })
      return succeededIf(await isRegistered(door, {}))
    },
  },
]

export const keyAttacks: readonly Attack[] = [...assertions, ...registrations]
