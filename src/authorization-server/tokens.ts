/** Codes and tokens: derived from keys that storage never holds, kept only as hashes, opaque to everybody else (docs/decisions/0002; house rules 2 and 16). */

import { decodeToken } from '../oauth/json-web-token.ts'
import { signAccessToken, verifyAccessToken } from '../oauth/jwt-access-token.ts'
import type { ResourceIdentifier } from '../oauth/resource-indicators.ts'
import { formatScope } from '../oauth/scope.ts'
import {
  encodeBase64Url,
  equalInConstantTime,
  formatId,
  hashToken,
  keyedHash,
  type TokenHash,
} from '../platform/crypto.ts'
import type { GrantRecord, IssuedTokens, LiveAccessToken } from '../storage/storage.ts'
import type { Proofs } from './proofs.ts'
import type { AuthorizationServerSettings } from './settings.ts'

/** The tokens of one generation of a grant, readable: they exist in memory and in the one answer that carries them. */
export interface TokenPair {
  accessToken: string
  refreshToken: string
}

/** What a presented refresh token says of itself once its mac was found to be ours; whether it is live only storage knows. */
export interface OwnRefreshToken {
  grantId: string
  generation: number
}

/** Who a valid access token speaks for. */
export interface TokenPrincipal {
  userId: string
  clientId: string
  grantId: string
  flowId: string
  scope: readonly string[]
  tokenHash: TokenHash
}

/** How a token is shown: with which scheme, and for one that is bound to a key with a proof for this very request (RFC 9449 §7.1). `goes-on`: for what was judged before and lasts. */
export type TokenUse =
  | { scheme: 'Bearer' | 'DPoP'; proof: string | undefined; method: string; urls: readonly string[] }
  | 'goes-on'
  /** The token is a hash: another instance was shown what it is of, and has judged it (house rule 13). */
  | 'passed'

/** A token of ours that opens nothing here, and why: for the log; its holder is told no more than anybody. */
export interface DeadToken {
  why: 'expired' | 'for another resource' | 'without a proof of its key'
  userId: string
  clientId: string
  grantId: string
  flowId: string
}

export interface Tokens {
  /** The same code for the same request and person, so that a consent submitted twice is answered alike. */
  codeFor(pendingId: string, userId: string): string
  newGrantId(): string
  /** The first pair of a grant. */
  firstPair(grantId: string, seed: string): TokenPair
  /** The pair that follows `refreshToken`: always the same one, and not to be found without the server's key (house rule 2). */
  successorOf(refreshToken: string, own: OwnRefreshToken): TokenPair
  /** Undefined for text that this server did not mint. */
  readRefreshToken(refreshToken: string): OwnRefreshToken | undefined
  /** What the client is given: the token of the pair, or a signed one that stands for it and is the same each time. */
  accessTokenFor(pair: TokenPair, grant: GrantRecord, expiresAt: number): Promise<string>
  issued(pair: TokenPair, grant: GrantRecord, generation: number): IssuedTokens
  /** A live access token, whatever it is for. */
  findLive(accessToken: string): Promise<LiveAccessToken | undefined>
  /** The principal of a live access token for this resource (RFC 8707; MCP: tokens for another server are refused), shown as it has to be. */
  findPrincipal(
    accessToken: string,
    resource: ResourceIdentifier,
    use: TokenUse,
  ): Promise<TokenPrincipal | undefined>
  /** For one that `findPrincipal` refused; undefined for what was never issued, was revoked, or is long gone. */
  findDeadToken(accessToken: string): Promise<DeadToken | undefined>
}

export const accessTokenPrefix = 'pst_at_'
const refreshTokenPrefix = 'pst_rt_'
const codePrefix = 'pst_ac_'

export function createTokens(settings: AuthorizationServerSettings, proofs: Proofs): Tokens {
  const { keys, storage, clock, lifetimes, signingKeys } = settings

  function pair(grantId: string, generation: number, predecessor: string): TokenPair {
    const generationText = generation.toString(36)
    const derive = (purpose: string): string =>
      encodeBase64Url(keyedHash(keys.tokens, purpose, grantId, generationText, predecessor))
    const body = `${grantId}.${generationText}.${derive('refresh-token')}`
    return {
      accessToken: `${accessTokenPrefix}${derive('access-token')}`,
      refreshToken: `${refreshTokenPrefix}${body}.${macOf(body)}`,
    }
  }

  function macOf(body: string): string {
    return encodeBase64Url(keyedHash(keys.tokens, 'refresh-token-mac', body).subarray(0, 16))
  }

  function readRefreshToken(refreshToken: string): OwnRefreshToken | undefined {
    if (!refreshToken.startsWith(refreshTokenPrefix)) return undefined
    const parts = refreshToken.slice(refreshTokenPrefix.length).split('.')
    const [grantId, generation, secret, mac] = parts
    if (parts.length !== 4 || grantId === undefined || generation === undefined || mac === undefined)
      return undefined
    if (!equalInConstantTime(mac, macOf(`${grantId}.${generation}.${secret}`))) return undefined
    return { grantId, generation: Number.parseInt(generation, 36) }
  }

  async function accessTokenFor(pair: TokenPair, grant: GrantRecord, expiresAt: number): Promise<string> {
    const resource = await settings.resources.find(grant.resource as ResourceIdentifier)
    if (resource?.accessTokens !== 'jwt' || signingKeys === undefined) return pair.accessToken
    const claims = {
      issuer: settings.issuer,
      subject: grant.userId,
      audience: grant.resource,
      clientId: grant.clientId,
      scope: formatScope(grant.scope),
      // Of a token that nobody is given: it finds the row, and opens nothing by itself.
      id: hashToken(pair.accessToken),
      issuedAt: expiresAt - lifetimes.accessTokenSeconds,
      expiresAt,
      keyThumbprint: grant.keyThumbprint,
    }
    return signAccessToken(claims, await signingKeys.current())
  }

  function findLive(accessToken: string): Promise<LiveAccessToken | undefined> {
    if (!accessToken.startsWith(accessTokenPrefix)) return findLiveSigned(accessToken)
    return storage.findAccessToken(hashToken(accessToken), clock())
  }

  async function findLiveSigned(accessToken: string): Promise<LiveAccessToken | undefined> {
    const now = clock()
    const signed = await findSigned(accessToken, now)
    const live = signed && (await storage.findAccessToken(signed.id, now))
    return live?.grant.resource === signed?.audience ? live : undefined
  }

  /** What a signed token of ours says; it may have been revoked since. */
  async function findSigned(
    accessToken: string,
    now: number,
  ): Promise<{ id: TokenHash; audience: string } | undefined> {
    if (signingKeys === undefined || accessToken.split('.').length !== 3) return undefined
    const expected = { issuer: settings.issuer, now }
    let verified = await verifyAccessToken(accessToken, await signingKeys.published(), expected)
    if ('fault' in verified && verified.isAboutKeys)
      verified = await verifyAccessToken(accessToken, await signingKeys.renewed(), expected)
    return 'fault' in verified ? undefined : { id: verified.id as TokenHash, audience: verified.audience }
  }

  async function findPrincipal(
    accessToken: string,
    resource: ResourceIdentifier,
    use: TokenUse,
  ): Promise<TokenPrincipal | undefined> {
    const live =
      use === 'passed'
        ? await storage.findAccessToken(accessToken as TokenHash, clock())
        : await findLive(accessToken)
    if (live === undefined || live.grant.resource !== resource) return undefined
    const { keyThumbprint } = live.grant
    const isPlainBearer = keyThumbprint === undefined && typeof use === 'object' && use.scheme === 'Bearer'
    if (!isPlainBearer && !(await isShownRight(accessToken, keyThumbprint, use))) return undefined
    if (live.accessToken.firstUsedAt === undefined)
      await storage.markAccessTokenUsed(live.accessToken.tokenHash, clock())
    const { userId, clientId, grantId, flowId, scope } = live.grant
    return { userId, clientId, grantId, flowId, scope, tokenHash: live.accessToken.tokenHash }
  }

  /** A token that is bound to a key is no bearer token, and the other way round (RFC 9449 §7.2). */
  async function isShownRight(
    accessToken: string,
    keyThumbprint: string | undefined,
    use: TokenUse,
  ): Promise<boolean> {
    if (use === 'goes-on' || use === 'passed') return true
    if (keyThumbprint === undefined) return use.scheme === 'Bearer'
    if (use.scheme !== 'DPoP' || use.proof === undefined) return false
    const proof = await proofs.find(use.proof, { ...use, accessToken })
    if (proof?.thumbprint !== keyThumbprint) return false
    return (await proof.spend()) === undefined
  }

  async function findDeadToken(accessToken: string): Promise<DeadToken | undefined> {
    const issuedAt = Number(decodeToken(accessToken)?.claims.iat ?? 0)
    const signed = await findSigned(accessToken, issuedAt)
    if (signed === undefined && !accessToken.startsWith(accessTokenPrefix)) return undefined
    // At the first second of all nothing had expired: what is still stored is found.
    const found = await storage.findAccessToken(signed?.id ?? hashToken(accessToken), 0)
    if (found === undefined) return undefined
    const { userId, clientId, grantId, flowId, expiresAt, keyThumbprint } = found.grant
    const isOver = Math.min(found.accessToken.expiresAt, expiresAt) <= clock()
    const elsewise = keyThumbprint === undefined ? 'for another resource' : 'without a proof of its key'
    return { why: isOver ? 'expired' : elsewise, userId, clientId, grantId, flowId }
  }

  return {
    codeFor: (pendingId, userId) =>
      `${codePrefix}${encodeBase64Url(keyedHash(keys.authorizationCode, 'authorization-code', pendingId, userId))}`,
    newGrantId: () => formatId(settings.random(15)),
    firstPair: (grantId, seed) => pair(grantId, 0, seed),
    successorOf: (refreshToken, own) => pair(own.grantId, own.generation + 1, refreshToken),
    readRefreshToken,
    accessTokenFor,
    issued(tokens, grant, generation) {
      const now = clock()
      return {
        grant,
        refreshToken: {
          tokenHash: hashToken(tokens.refreshToken),
          grantId: grant.grantId,
          generation,
          issuedAt: now,
          firstUsedAt: undefined,
          rotatedAt: undefined,
        },
        accessToken: {
          tokenHash: hashToken(tokens.accessToken),
          grantId: grant.grantId,
          generation,
          expiresAt: now + lifetimes.accessTokenSeconds,
          firstUsedAt: undefined,
        },
      }
    },
    findLive,
    findPrincipal,
    findDeadToken,
  }
}
