// Tokens that are bound to a key (RFC 9449), in the hands of somebody who has all but the key.

import { calculateJwkThumbprint } from 'jose'
import { callMcp, connect, type Door, notesUpstream, register } from '../door.ts'
import { accessTokenHash, prove } from '../proof.ts'
import { type SigningKey, signingKey, unsigned } from '../signing-key.ts'
import { obtainCode, redeem, refresh } from './adversary.ts'
import { type Attack, succeededIf, without } from './attack.ts'

const dpop = 'oauth/dpop.ts'
const tokens = 'authorization-server/tokens.ts'

/** A connection whose tokens are bound to the victim's key. */
interface Bound {
  key: SigningKey
  clientId: string
  accessToken: string
  refreshToken: string
}

async function connectWithKey(door: Door): Promise<Bound> {
  const key = await signingKey()
  const code = await obtainCode(door)
  const proof = await proofAt(door, key, tokenPath)
  const { body } = await redeem(door, code, {}, { dpop: proof })
  const { access_token, refresh_token } = body
  if (body.token_type !== 'DPoP') throw new Error(`not bound: ${JSON.stringify(body)}`)
  return {
    key,
    clientId: code.clientId,
    accessToken: String(access_token),
    refreshToken: String(refresh_token),
  }
}

const tokenPath = '/oauth/token'

function proofAt(
  door: Door,
  key: SigningKey,
  path: string,
  changes: Record<string, unknown> = {},
): Promise<string> {
  return prove(key, { method: 'POST', url: door.origin + path, at: door.clock.now }, changes)
}

function callProof(
  door: Door,
  { key, accessToken }: Bound,
  changes: Record<string, unknown> = {},
): Promise<string> {
  return proofAt(door, key, '/mcp', { ath: accessTokenHash(accessToken), ...changes })
}

async function opens(
  door: Door,
  accessToken: string,
  proof: string | undefined,
  scheme = 'DPoP',
): Promise<boolean> {
  const headers = {
    authorization: `${scheme} ${accessToken}`,
    ...(proof === undefined ? {} : { dpop: proof }),
  }
  return (await callMcp(door, undefined, { id: 1, method: 'tools/list' }, headers)).status === 200
}

export const proofAttacks: readonly Attack[] = [
  {
    name: '[EXT-DPOP-02] a stolen token of a client with a key, shown as a bearer token',
    source: 'RFC 9449 §7.2',
    guard: without(
      tokens,
      "if (use.scheme !== 'DPoP' || use.proof === undefined) return false",
      'if (use.proof === undefined) return true',
    ),
    async run(door) {
      const victim = await connectWithKey(door)
      return succeededIf(await opens(door, victim.accessToken, undefined, 'Bearer'))
    },
  },
  {
    name: '[R9449-03] a stolen token with a proof by the key of the thief',
    source: 'RFC 9449 §7.1',
    guard: without(
      tokens,
      'if (proof?.thumbprint !== keyThumbprint) return false',
      'if (proof === undefined) return false',
    ),
    async run(door) {
      const victim = await connectWithKey(door)
      const thief = { ...victim, key: await signingKey() }
      return succeededIf(await opens(door, victim.accessToken, await callProof(door, thief)))
    },
  },
  {
    name: '[R9449-03] a stolen token and the proof that was seen beside it, once more',
    source: 'RFC 9449 §11.1',
    guard: without(
      'authorization-server/proofs.ts',
      "if (taken === 'already-taken') return",
      'if (false) return',
    ),
    async run(door) {
      const victim = await connectWithKey(door)
      const proof = await callProof(door, victim)
      if (!(await opens(door, victim.accessToken, proof))) throw new Error('the victim is refused')
      return succeededIf(await opens(door, victim.accessToken, proof))
    },
  },
  {
    name: '[R9449-03] a proof that was made for another token of the same key',
    source: 'RFC 9449 §4.3 item 12',
    guard: without(dpop, 'if (accessToken !== undefined && ath !==', 'if (false && ath !=='),
    async run(door) {
      const victim = await connectWithKey(door)
      const proof = await callProof(door, victim, { ath: accessTokenHash('another token') })
      return succeededIf(await opens(door, victim.accessToken, proof))
    },
  },
  {
    name: '[R9449-03] a proof that was made for another server, passed on by it',
    source: 'RFC 9449 §11.10',
    guard: without(dpop, "if (typeof htu !== 'string' || !urls.includes(bareUrl(htu) ?? ''))", 'if (false)'),
    async run(door) {
      const victim = await connectWithKey(door)
      const proof = await callProof(door, victim, { htu: 'https://evil.example/mcp' })
      return succeededIf(await opens(door, victim.accessToken, proof))
    },
  },
  {
    name: '[R9449-03] a proof that was made for reading, used to call',
    source: 'RFC 9449 §4.3 item 8',
    guard: without(dpop, 'if (htm !== method)', 'if (false)'),
    async run(door) {
      const victim = await connectWithKey(door)
      return succeededIf(await opens(door, victim.accessToken, await callProof(door, victim, { htm: 'GET' })))
    },
  },
  {
    name: '[R9449-03] a proof of yesterday, made ahead of time and found in a log',
    source: 'RFC 9449 §11.2',
    guard: without(
      dpop,
      "if (typeof iat !== 'number' || Math.abs(now - iat) > proofLeewaySeconds)",
      'if (false)',
    ),
    async run(door) {
      const victim = await connectWithKey(door)
      const proof = await callProof(door, victim, { iat: door.clock.now - 1200 })
      return succeededIf(await opens(door, victim.accessToken, proof))
    },
  },
  {
    name: '[R9449-01] a proof that nobody signed, for the public key of the victim',
    source: 'RFC 9449 §4.3 item 6, RFC 8725 §3.1',
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
    async run(door) {
      const victim = await connectWithKey(door)
      const claims = {
        htm: 'POST',
        htu: door.mcpUrl,
        iat: door.clock.now,
        jti: 'forged',
        ath: accessTokenHash(victim.accessToken),
      }
      const forged = unsigned(claims, { alg: 'none', typ: 'dpop+jwt', jwk: victim.key.jwk })
      return succeededIf(await opens(door, victim.accessToken, forged))
    },
  },
  {
    name: '[R9449-02] a stolen refresh token of a public client with a key',
    source: 'RFC 9449 §5',
    guard: without(
      'storage/rotation-rule.ts',
      "if (!isKeyRight(grant, presented, request)) return 'other-key'",
    ),
    async run(door) {
      const victim = await connectWithKey(door)
      return succeededIf((await refresh(door, victim)).status === 200)
    },
  },
  {
    name: '[R9449-02] a stolen refresh token of a public client, bound anew to the key of the thief',
    source: 'RFC 9449 §5',
    guard: without(
      'authorization-server/grants/refresh-token.ts',
      'mayChangeKey: isConfidential(client)',
      'mayChangeKey: true',
    ),
    async run(door) {
      const victim = await connectWithKey(door)
      const proof = await proofAt(door, await signingKey(), tokenPath)
      return succeededIf((await refresh(door, victim, {}, { dpop: proof })).status === 200)
    },
  },
  {
    name: '[R9449-01] a code of a client that takes bound tokens alone, exchanged for one that needs no key',
    source: 'RFC 9449 §5.2',
    guard: without(
      'authorization-server/endpoints/token.ts',
      'if (proof !== undefined || metadata.boundTokens === undefined) return',
      'return',
    ),
    async run(door) {
      const { client_id } = await register(door, { dpop_bound_access_tokens: true })
      return succeededIf((await redeem(door, await obtainCode(door, {}, String(client_id)))).status === 200)
    },
  },
  {
    name: '[EXT-DPOP-02] a stolen bearer token from before a connector required keys',
    source: 'RFC 9449 §6, RFC 9728 §2',
    guard: without('gateway/admission.ts', "if (guarded.boundTokensOnly && scheme !== 'DPoP')", 'if (false)'),
    async run(door, house) {
      const { accessToken } = await connect(door)
      const connector = {
        name: 'Notes',
        upstream: notesUpstream(),
        proofOfPossession: 'required' as const,
      }
      const strict = await house.openDoor({ storage: door.storage, connector })
      return succeededIf((await callMcp(strict, accessToken, { id: 1, method: 'tools/list' })).status === 200)
    },
  },
  {
    name: '[R9449-01] a code in the hands of somebody who knows even the verifier, but not the key',
    source: 'RFC 9449 §10',
    guard: without(
      'authorization-server/grants/authorization-code.ts',
      'if (code.keyThumbprint === undefined || code.keyThumbprint === key) return',
      'return',
    ),
    async run(door) {
      const jkt = await calculateJwkThumbprint((await signingKey()).jwk)
      const code = await obtainCode(door, { dpop_jkt: jkt })
      return succeededIf((await redeem(door, code)).status === 200)
    },
  },
]
