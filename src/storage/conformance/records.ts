/** Records for the kit's cases: plausible, fixed in time, and told apart by a name. */

import { hashToken, type TokenHash } from '../../platform/crypto.ts'
import type {
  AuthorizationCodeRecord,
  ClientRecord,
  GrantRecord,
  IssuedTokens,
  PendingAuthorizationRecord,
  RotationRequest,
  Storage,
  UserRecord,
} from '../storage.ts'

/** The instant at which each case begins. */
export const start = 1_800_000_000

export function hashOf(name: string): TokenHash {
  return hashToken(name)
}

export function aClient(clientId: string, changes: Partial<ClientRecord> = {}): ClientRecord {
  return {
    clientId,
    kind: 'registered',
    metadata: {
      clientName: `Client “${clientId}” with a name of its own: ☕`,
      clientUri: undefined,
      logoUri: undefined,
      redirectUris: ['https://claude.ai/api/mcp/auth_callback', 'http://localhost/callback'],
      tokenEndpointAuthMethod: 'none',
      grantTypes: ['authorization_code', 'refresh_token'],
      applicationType: undefined,
      scope: 'read write',
      jwks: undefined,
      jwksUri: undefined,
      softwareId: undefined,
      softwareVersion: undefined,
    },
    secretHash: undefined,
    similarityKey: `similar to ${clientId}`,
    createdAt: start,
    lastUsedAt: start,
    confirmedAt: undefined,
    expiresAt: start + 3600,
    ...changes,
  }
}

export function aPending(
  pendingId: string,
  changes: Partial<PendingAuthorizationRecord> = {},
): PendingAuthorizationRecord {
  return {
    pendingId,
    browserHash: hashOf('a browser'),
    flowId: `flow of ${pendingId}`,
    clientId: 'a-client',
    redirectUri: 'https://claude.ai/api/mcp/auth_callback',
    state: 'state with "quotes" and ünïcode',
    resource: 'http://localhost:8787/mcp',
    scope: ['read', 'write'],
    codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    createdAt: start,
    expiresAt: start + 600,
    decision: undefined,
    ...changes,
  }
}

export function aCode(name: string, changes: Partial<AuthorizationCodeRecord> = {}): AuthorizationCodeRecord {
  return {
    codeHash: hashOf(name),
    flowId: `flow of ${name}`,
    clientId: 'a-client',
    userId: 'a-user',
    redirectUri: 'https://claude.ai/api/mcp/auth_callback',
    resource: 'http://localhost:8787/mcp',
    scope: ['read'],
    codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    createdAt: start,
    expiresAt: start + 60,
    wrongVerifiers: 0,
    grantId: undefined,
    ...changes,
  }
}

/** A grant `g` and the tokens `g refresh 0` and `g access 0`. */
export function tokensOf(grantId: string, changes: Partial<GrantRecord> = {}): IssuedTokens {
  const grant: GrantRecord = {
    grantId,
    flowId: `flow of ${grantId}`,
    clientId: 'a-client',
    clientRowId: undefined,
    clientName: 'A client',
    userId: 'a-user',
    resource: 'http://localhost:8787/mcp',
    scope: ['read'],
    redirectUri: 'https://claude.ai/api/mcp/auth_callback',
    createdAt: start,
    lastUsedAt: start,
    expiresAt: start + 30 * 86_400,
    revokedAt: undefined,
    revokedReason: undefined,
    ...changes,
  }
  return {
    grant,
    refreshToken: {
      tokenHash: refreshHash(grantId, 0),
      grantId,
      generation: 0,
      issuedAt: grant.createdAt,
      firstUsedAt: undefined,
      rotatedAt: undefined,
    },
    accessToken: {
      tokenHash: accessHash(grantId, 0),
      grantId,
      generation: 0,
      expiresAt: grant.createdAt + 3600,
      firstUsedAt: undefined,
    },
  }
}

export function refreshHash(grantId: string, generation: number): TokenHash {
  return hashOf(`${grantId} refresh ${generation}`)
}

export function accessHash(grantId: string, generation: number): TokenHash {
  return hashOf(`${grantId} access ${generation}`)
}

/** Stores a grant the only way there is: by an approved request, whose code is taken. */
export async function storeGrant(storage: Storage, tokens: IssuedTokens): Promise<void> {
  const { grantId, clientId, userId, createdAt } = tokens.grant
  const lifetime = { createdAt, expiresAt: createdAt + 60 }
  await storeCode(storage, aCode(`code of ${grantId}`, { clientId, userId, ...lifetime }))
  await storage.takeAuthorizationCode(hashOf(`code of ${grantId}`), tokens, createdAt)
}

/** By an approved request of the same client, which stays. */
export async function storeCode(storage: Storage, code: AuthorizationCodeRecord): Promise<void> {
  const { clientId, userId, createdAt, expiresAt, scope } = code
  const pendingId = `pending for ${code.codeHash}`
  await storage.savePendingAuthorization(aPending(pendingId, { clientId, createdAt, expiresAt }))
  const decision = { kind: 'approved', scope, userId, decidedAt: createdAt } as const
  await storage.decidePendingAuthorization(pendingId, decision, code, createdAt)
}

/** Exchanges the refresh token of a generation for the next, with the windows of house rule 2. */
export function rotationOf(
  grantId: string,
  generation: number,
  now: number,
  changes: Partial<RotationRequest> = {},
): RotationRequest {
  return {
    presented: refreshHash(grantId, generation),
    successor: refreshHash(grantId, generation + 1),
    accessToken: accessHash(grantId, generation + 1),
    accessTokenExpiresAt: now + 3600,
    grantExpiresAt: now + 30 * 86_400,
    lostResponseSeconds: 86_400,
    reuseGraceSeconds: 60,
    ...changes,
  }
}

export function aUser(userId: string, changes: Partial<UserRecord> = {}): UserRecord {
  return {
    userId,
    username: userId,
    displayName: `Person ${userId}`,
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
    role: 'member',
    createdAt: start,
    ...changes,
  }
}
