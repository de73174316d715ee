// Who says to be which client: forged ids, borrowed secrets, floods of registrations.

import { createHash } from 'node:crypto'
import { authorizeUrl, claudeCallback, connect, type Door, pkce, register, token } from '../door.ts'
import {
  asksForConsent,
  evilCallback,
  isRegistered,
  obtainCode,
  redeem,
  refresh,
  registerClaude,
  registerEvil,
} from './adversary.ts'
import { type Attack, succeededIf, without } from './attack.ts'

const server = 'authorization-server/'
const oauth = 'oauth/'

const memory = 'storage/memory/'

function asks(door: Door, clientId: string, redirectUri: string): Promise<boolean> {
  return asksForConsent(
    authorizeUrl(door, clientId, pkce().challenge, { redirect_uri: redirectUri }),
    door.browser(),
  )
}

const judgedAnew = without(
  server,
  "const isRemembered = known !== undefined && known.kind !== 'recovered'",
  'const isRemembered = known !== undefined',
)

const ids: readonly Attack[] = [
  {
    name: '[HS-03] a client id with another number, which was never given out',
    source: 'house rule 3',
    guard: without(
      server,
      'return equalInConstantTime(mac, macOf(`${rowId}.${issued}.${nonce}`)) ? minted : undefined',
      'return minted',
    ),
    async run(door) {
      const [row, issued, , mac] = (await registerEvil(door)).split('.')
      // The one that is known may be brought back anywhere; a forged one only at a built-in callback, and this is none.
      return succeededIf(await asks(door, `${row}.${issued}.AAAAAAAAAAAA.${mac}`, evilCallback))
    },
  },
  {
    name: '[HS-03] the id of a stored row as a client id, which many registrations share',
    source: 'house rule 3',
    guard: without(server, "if (row.kind === 'registered' && minted === undefined) return undefined"),
    async run(door) {
      const [row = ''] = (await registerEvil(door)).split('.')
      return succeededIf(await asks(door, row, evilCallback))
    },
  },
  {
    name: '[HS-03] [HS-04] a shared row brought back with a callback of the attacker, for everybody who shares it',
    source: 'house rules 3 and 4; RFC 7591 §5',
    guard: without(
      server,
      'const rowId = recoveredRowId(clientId)',
      'const rowId = minted?.rowId ?? recoveredRowId(clientId)',
    ),
    async run(door) {
      const victim = await registerClaude(door)
      const attacker = await registerClaude(door)
      await door.storage.removeClient(victim.split('.')[0] ?? '', door.clock.now)
      await asks(door, attacker, evilCallback)
      return succeededIf(!(await asks(door, victim, claudeCallback)))
    },
  },
  {
    name: '[HS-04] a forgotten client brought back first by somebody else, with another callback',
    source: 'house rule 4',
    guard: judgedAnew,
    async run(door) {
      const victim = await registerClaude(door)
      await door.storage.removeClient(victim.split('.')[0] ?? '', door.clock.now)
      await asks(door, victim, evilCallback)
      return succeededIf(!(await asks(door, victim, claudeCallback)))
    },
  },
  {
    name: 'a client that registered before the operator closed registration',
    source: 'RFC 7591 §5; notebooklm-py#1983',
    guard: without(
      server,
      '? !waysIn.preRegistered : !waysIn.registration',
      '? !waysIn.preRegistered : false',
    ),
    async run(door, house) {
      const clientId = await registerEvil(door)
      const closed = await house.openDoor({ storage: door.storage, waysIn: { registration: false } })
      return succeededIf(await asks(closed, clientId, evilCallback))
    },
  },
]

/** A confidential client, its id, its secret and a code of its own. */
async function confidential(door: Door) {
  const client = await register(door, { token_endpoint_auth_method: 'client_secret_post' })
  const own = await obtainCode(door, {}, String(client.client_id))
  return { ...own, secret: String(client.client_secret) }
}

function basic(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`
}

const secrets: readonly Attack[] = [
  {
    name: '[OA21-11] a confidential client that leaves its secret out',
    source: 'RFC 6749 §3.2.1',
    guard: without(
      server,
      "if (client.kind === 'recovered' && reading.method === 'none')",
      "if (reading.method === 'none')",
    ),
    run: async (door) => succeededIf((await redeem(door, await confidential(door))).status === 200),
  },
  {
    name: 'a confidential client with any secret',
    source: 'RFC 6749 §2.3.1, RFC 6819 §4.3.4',
    guard: without(
      server,
      'return reading.secrets.some((secret) =>',
      'return reading.secrets.some((secret) => true ||',
    ),
    async run(door) {
      const own = await confidential(door)
      return succeededIf((await redeem(door, own, { client_secret: 'guessed' })).status === 200)
    },
  },
  {
    name: '[HS-03] the secret of another registration of the same client',
    source: 'house rule 3; RFC 6819 §5.2.3.4',
    guard: without(
      server,
      "keyedHash(keys.clientSecret, 'client-secret', clientId)",
      "keyedHash(keys.clientSecret, 'client-secret')",
    ),
    async run(door) {
      const victim = await confidential(door)
      const attacker = await confidential(door)
      return succeededIf((await redeem(door, victim, { client_secret: attacker.secret })).status === 200)
    },
  },
  {
    name: '[OA21-11] two ways of authentication in one request, of which a filter saw the other',
    source: 'RFC 6749 §2.3',
    guard: without(
      oauth,
      "if (clientSecret !== undefined) { throw new OAuthError('invalid_request', 'use either",
      "if (false) { throw new OAuthError('invalid_request', 'use either",
    ),
    async run(door) {
      const { clientId, code, verifier, secret } = await confidential(door)
      const form = {
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        client_secret: 'of-somebody-else',
      }
      return succeededIf((await token(door, form, { authorization: basic(clientId, secret) })).status === 200)
    },
  },
  {
    name: '[OA21-11] one client id in the header and another in the form',
    source: 'RFC 6749 §2.3.1 (client confusion)',
    guard: without(
      oauth,
      'readings.filter((reading) => clientId === undefined || reading.clientId === clientId)',
      'readings',
    ),
    async run(door) {
      const { clientId, code, verifier, secret } = await confidential(door)
      const form = {
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        client_id: await registerClaude(door),
      }
      return succeededIf((await token(door, form, { authorization: basic(clientId, secret) })).status === 200)
    },
  },
]

const floods: readonly Attack[] = [
  {
    name: '[HS-03] a flood of invented clients',
    source: 'RFC 7591 §5; freelawproject/courtlistener#7938',
    guard: without(server, "else limits.take('newClients', source.name)"),
    async run(door) {
      let stored = 0
      for (let index = 0; index < 300; index++) {
        if (await isRegistered(door, { redirect_uris: [`https://evil-${index}.example/cb`] })) stored++
      }
      return succeededIf(stored === 300)
    },
  },
  {
    name: '[HS-03] one client under a new name each time',
    source: 'house rule 3; samanhappy/mcphub#1174',
    guard: without(server, 'const maximumSimilarClients = 50', 'const maximumSimilarClients = 5000'),
    async run(door) {
      for (let index = 0; index < 70; index++) await isRegistered(door, { client_name: `Claude ${index}` })
      return succeededIf((await door.storage.listClients(1000)).length >= 70)
    },
  },
  {
    name: '[HS-03] registrations that push out a client which people use',
    source: 'house rule 3; brendanlong/lion-reader#975',
    guard: without(
      memory,
      "return client.kind !== 'pre-registered' && client.confirmedAt === undefined",
      'return true',
    ),
    async run(door) {
      const victim = await connect(door)
      for (let index = 0; index < 70; index++) await isRegistered(door, { client_name: `Claude ${index}` })
      return succeededIf((await refresh(door, victim)).status === 401)
    },
  },
  {
    name: '[HS-03] the same client registered again and again, a row for each time',
    source: 'house rule 3; anthropics/claude-code#59460',
    guard: without(
      server,
      'return formatId(sha256(canonicalClientMetadata(metadata)).subarray(0, 16))',
      'return encodeBase64Url(sha256(canonicalClientMetadata(metadata) + crypto.randomUUID()).subarray(0, 16))',
    ),
    async run(door) {
      for (let index = 0; index < 20; index++) {
        await register(door, { redirect_uris: [`http://localhost:${50_000 + index}/callback`] })
      }
      return succeededIf((await door.storage.listClients(100)).length > 1)
    },
  },
  {
    name: 'a registration with a thousand callbacks',
    source: 'RFC 7591 §5',
    guard: without(oauth, 'if (uris.length > maximumRedirectUris)', 'if (false)'),
    async run(door) {
      const uris = Array.from({ length: 1000 }, (_, index) => `https://e.example/${index}`)
      return succeededIf(await isRegistered(door, { redirect_uris: uris }))
    },
  },
  {
    name: 'a registration that writes to the prototype of every object',
    source: 'CWE-1321 (prototype pollution); RFC 7591 §2 (unknown members)',
    guard: without(
      oauth,
      'const given = isObject(document) ? document : {}',
      `const given: Record<string, unknown> = {}
       for (const [name, value] of Object.entries(document as object)) {
         if (isObject(value)) Object.assign((given[name] ??= {}) as object, value)
         else given[name] = value
       }`,
    ),
    async run(door) {
      const mark = createHash('sha256').update('mark').digest('hex')
      const metadataText = JSON.stringify({
        redirect_uris: [evilCallback],
        token_endpoint_auth_method: 'none',
      })
      const body = metadataText.replace(
        '{',
        `{"__proto__":{"${mark}":true},"constructor":{"prototype":{"${mark}":true}},`,
      )
      await door.fetch('/oauth/register', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      const isPolluted = mark in {}
      delete (Object.prototype as Record<string, unknown>)[mark]
      return succeededIf(isPolluted)
    },
  },
]

export const clientAttacks: readonly Attack[] = [...ids, ...secrets, ...floods]
