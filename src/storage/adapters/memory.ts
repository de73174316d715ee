/** A storage in this process's memory: for tests and for trying things out. A restart forgets everything. */

import type { TokenHash } from '../../platform/crypto.ts'
import {
  auditKeptSeconds,
  connectionKeptSeconds,
  hourCountKeptSeconds,
  maximumClientDocuments,
  maximumPendingAuthorizations,
  maximumUnconfirmedClients,
  revokedBecause,
  silentInstanceKeptSeconds,
  staleDocumentKeptSeconds,
  takenCodeKeptSeconds,
  usernameKey,
} from '../limits.ts'
import { memoryConnections } from '../memory-connections.ts'
import {
  forgetCredentialsOf,
  type HeldCredentials,
  memoryCredentials,
  memoryDetours,
} from '../memory-credentials.ts'
import { type Home, memoryInstances } from '../memory-instances.ts'
import { memoryInvitations, memoryUniqueIds } from '../memory-invitations.ts'
import { forgetPasskeysOf, type HeldPasskeys, memoryPasskeys } from '../memory-passkeys.ts'
import { memoryPushedRequests } from '../memory-pushed-requests.ts'
import { memoryToolLists } from '../memory-tool-lists.ts'
import { type HeldUsage, memoryAudit, memoryUsage } from '../memory-usage.ts'
import {
  accessTokenOf,
  firstGenerationKept,
  type Generation,
  generationOf,
  generationsLookedAt,
  judgeRotation,
  keyAfter,
  nextGeneration,
  refreshTokenOf,
  repeatedAccessExpiresAt,
} from '../rotation-rule.ts'
import type {
  AuditRecord,
  AuthorizationCodeRecord,
  BrowserSessionRecord,
  ClientDocumentRecord,
  ClientRecord,
  DetourRecord,
  GrantRecord,
  InstanceRecord,
  InvitationRecord,
  IssuedTokens,
  McpSessionMark,
  PendingAuthorizationRecord,
  PushedRequestRecord,
  Rotation,
  RotationRequest,
  Storage,
  StoredConnection,
  UniqueIdRecord,
  UserRecord,
  WrappedKeyRecord,
} from '../storage.ts'
import { isCompleteRewrap, refuseAddition } from '../wrapped-keys.ts'

/** Each verb runs to its end without waiting for anything, so each is atomic. */
export function memoryStorage(): Storage {
  const clients = new Map<string, ClientRecord>()
  const documents = new Map<string, ClientDocumentRecord>()
  const pending = new Map<string, PendingAuthorizationRecord>()
  const codes = new Map<TokenHash, AuthorizationCodeRecord>()
  const families = new Map<string, Family>()
  const byRefreshToken = new Map<TokenHash, Generation>()
  const byAccessToken = new Map<TokenHash, Generation>()
  const users = new Map<string, UserRecord>()
  const userIdsByName = new Map<string, string>()
  const browserSessions = new Map<TokenHash, BrowserSessionRecord>()
  const mcpSessions = new Map<TokenHash, { mark: McpSessionMark; expiresAt: number }>()
  const keys = new Map<string, WrappedKeyRecord>()
  const connections = new Map<string, StoredConnection>()
  const invitations = new Map<TokenHash, InvitationRecord>()
  const uniqueIds = new Map<TokenHash, UniqueIdRecord>()
  const instances = new Map<string, InstanceRecord>()
  const homes = new Map<TokenHash, Home>()
  const pushedRequests = new Map<TokenHash, PushedRequestRecord>()
  const credentials: HeldCredentials = new Map()
  const detours = new Map<TokenHash, DetourRecord>()
  const heldPasskeys: HeldPasskeys = { passkeys: new Map(), recoveryCodes: new Map() }
  const usage: HeldUsage = { tools: new Map(), counts: new Map() }
  const audit = new Map<number, AuditRecord>()
  let setupLink: { setupHash: TokenHash; expiresAt: number } | undefined

  /** Before anything is changed: what SQL's unique columns refuse, a Map would overwrite. */
  function refuseKnown(refreshHash: TokenHash, accessHash: TokenHash): void {
    if (byRefreshToken.has(refreshHash) || byAccessToken.has(accessHash)) {
      throw new TypeError('a token is stored once')
    }
  }

  function storeTokens(tokens: IssuedTokens): void {
    const first = generationOf(tokens)
    families.set(tokens.grant.grantId, { grant: { ...tokens.grant }, generations: [first] })
    byRefreshToken.set(first.refreshHash, first)
    byAccessToken.set(first.accessHash, first)
  }

  function dropGeneration(row: Generation): void {
    byRefreshToken.delete(row.refreshHash)
    byAccessToken.delete(row.accessHash)
  }

  function rotate(family: Family, presented: Generation, request: RotationRequest, now: number): void {
    refuseKnown(request.successor, request.accessToken)
    presented.rotatedAt = now
    presented.firstUsedAt ??= now
    const next = nextGeneration(presented, request, now)
    family.generations.push(next)
    byRefreshToken.set(next.refreshHash, next)
    byAccessToken.set(next.accessHash, next)
    family.grant.expiresAt = request.grantExpiresAt
    family.grant.keyThumbprint = keyAfter(family.grant, request)
    family.grant.lastUsedAt = Math.max(family.grant.lastUsedAt, now)
    const oldest = family.generations.slice(0, generationsLookedAt + 1)
    const firstKept = firstGenerationKept(oldest, next.generation, request, now)
    for (const row of oldest) {
      if (row.generation >= firstKept) break
      family.generations.shift()
      dropGeneration(row)
    }
  }

  function revokeWhere(matches: (grant: GrantRecord) => boolean, at: number, reason: string): number {
    let count = 0
    for (const { grant } of families.values()) {
      if (!matches(grant) || grant.revokedAt !== undefined) continue
      grant.revokedAt = at
      grant.revokedReason = reason
      count++
    }
    return count
  }

  function hasLiveGrant(clientId: string, now: number): boolean {
    for (const { grant } of families.values()) {
      if (isGrantOf(grant, clientId) && grant.revokedAt === undefined && grant.expiresAt > now) return true
    }
    return false
  }

  function keepNewestUnconfirmed(newest: ClientRecord, maximumSimilar: number): void {
    const unconfirmed = [...clients.values()].filter((client) => isUnconfirmed(client) && client !== newest)
    const similar = unconfirmed.filter((client) => client.similarityKey === newest.similarityKey)
    similar.sort((a, b) => a.createdAt - b.createdAt)
    const surplus = [
      ...similar.slice(0, Math.max(0, similar.length + 1 - maximumSimilar)),
      ...unconfirmed.slice(0, Math.max(0, unconfirmed.length + 1 - maximumUnconfirmedClients)),
    ]
    for (const client of surplus) clients.delete(client.clientId)
  }

  function endBrowserSessions(userId: string): void {
    for (const [hash, session] of browserSessions) {
      if (session.userId === userId) browserSessions.delete(hash)
    }
  }

  function addUser(user: UserRecord): void {
    users.set(user.userId, { ...user })
    userIdsByName.set(usernameKey(user.username), user.userId)
    setupLink = undefined
  }

  return {
    async registerClient(client, maximumSimilar) {
      const standing = clients.get(client.clientId)
      if (standing !== undefined) {
        standing.lastUsedAt = Math.max(standing.lastUsedAt, client.lastUsedAt)
        standing.expiresAt = laterEnd(standing.expiresAt, client.expiresAt)
        return 'renewed'
      }
      const added = { ...client }
      clients.set(client.clientId, added)
      if (isUnconfirmed(added)) keepNewestUnconfirmed(added, maximumSimilar)
      return 'created'
    },
    async addPreRegisteredClient(client) {
      if (clients.has(client.clientId)) return 'id-taken'
      clients.set(client.clientId, { ...client })
      return 'created'
    },
    async saveManagedClient(client) {
      clients.delete(client.clientId)
      clients.set(client.clientId, { ...client })
    },
    async findClient(clientId) {
      return copyOf(clients.get(clientId))
    },
    async confirmClient(clientId, at, expiresAt) {
      const client = clients.get(clientId)
      if (client === undefined) return
      client.confirmedAt ??= at
      client.lastUsedAt = Math.max(client.lastUsedAt, at)
      client.expiresAt = expiresAt
    },
    async listClients(limit) {
      return newestFirst(clients.values(), limit)
    },
    async removeClient(clientId, at) {
      const revoked = revokeWhere((grant) => isGrantOf(grant, clientId), at, revokedBecause.clientRemoved)
      const hadDocument = documents.delete(clientId)
      return clients.delete(clientId) || hadDocument || revoked > 0
    },
    async saveClientDocument(record) {
      documents.delete(record.clientId)
      documents.set(record.clientId, { ...record })
      dropOldest(documents, maximumClientDocuments)
    },
    async findClientDocument(clientId) {
      return copyOf(documents.get(clientId))
    },

    async savePendingAuthorization(record) {
      if (pending.has(record.pendingId)) throw new TypeError('a pending authorization is saved once')
      pending.set(record.pendingId, { ...record })
      dropOldest(pending, maximumPendingAuthorizations)
    },
    async findPendingAuthorization(pendingId, now) {
      return copyOf(liveOf(pending.get(pendingId), now))
    },
    async decidePendingAuthorization(pendingId, decision, code, now) {
      const record = liveOf(pending.get(pendingId), now)
      if (record === undefined) return undefined
      if (record.decision === undefined) {
        record.decision = { ...decision }
        if (decision.kind === 'approved' && code !== undefined) codes.set(code.codeHash, { ...code })
      }
      return { ...record }
    },
    async findAuthorizationCode(codeHash) {
      return copyOf(codes.get(codeHash))
    },
    async countWrongVerifier(codeHash) {
      const code = codes.get(codeHash)
      if (code === undefined) return 0
      code.wrongVerifiers++
      return code.wrongVerifiers
    },
    async takeAuthorizationCode(codeHash, tokens, now) {
      const code = codes.get(codeHash)
      if (code?.grantId !== undefined) return 'already-taken'
      if (code === undefined || code.expiresAt <= now) return 'gone'
      const { clientRowId } = tokens.grant
      if (clientRowId !== undefined && !clients.has(clientRowId)) return 'gone'
      refuseKnown(tokens.refreshToken.tokenHash, tokens.accessToken.tokenHash)
      code.grantId = tokens.grant.grantId
      storeTokens(tokens)
      return 'taken'
    },

    async saveGrant(tokens) {
      refuseKnown(tokens.refreshToken.tokenHash, tokens.accessToken.tokenHash)
      storeTokens(tokens)
    },
    async findRefreshToken(tokenHash) {
      const row = byRefreshToken.get(tokenHash)
      const family = row && families.get(row.grantId)
      return family && { refreshToken: refreshTokenOf(row), grant: { ...family.grant } }
    },
    async rotateRefreshToken(request, now): Promise<Rotation> {
      const presented = byRefreshToken.get(request.presented)
      const family = presented && families.get(presented.grantId)
      if (presented === undefined || family === undefined) return { outcome: 'unknown' }
      const successor = family.generations.find((row) => row.generation === presented.generation + 1)
      const judgement = judgeRotation(family.grant, presented, successor, request, now)
      if (judgement === 'rotate') {
        rotate(family, presented, request, now)
        const { accessTokenExpiresAt } = request
        return { outcome: 'rotated', grant: { ...family.grant }, accessTokenExpiresAt }
      }
      if (judgement === 'repeat' && successor !== undefined) {
        successor.accessExpiresAt = repeatedAccessExpiresAt(successor, request, now)
        const accessTokenExpiresAt = successor.accessExpiresAt
        return { outcome: 'repeated', grant: { ...family.grant }, accessTokenExpiresAt }
      }
      if (judgement === 'reused') {
        family.grant.revokedAt = now
        family.grant.revokedReason = revokedBecause.refreshTokenReused
        return { outcome: 'reused', grant: { ...family.grant } }
      }
      const isPlain = judgement === 'revoked' || judgement === 'expired' || judgement === 'other-key'
      return { outcome: isPlain ? judgement : 'unknown' }
    },
    async findAccessToken(tokenHash, now) {
      const row = byAccessToken.get(tokenHash)
      const grant = row && families.get(row.grantId)?.grant
      if (row === undefined || grant === undefined || grant.revokedAt !== undefined) return undefined
      if (row.accessExpiresAt <= now || grant.expiresAt <= now) return undefined
      return { accessToken: accessTokenOf(row), grant: { ...grant } }
    },
    async markAccessTokenUsed(tokenHash, at) {
      const row = byAccessToken.get(tokenHash)
      const grant = row && families.get(row.grantId)?.grant
      if (row === undefined || grant === undefined) return
      row.accessFirstUsedAt ??= at
      row.firstUsedAt ??= at
      grant.lastUsedAt = Math.max(grant.lastUsedAt, at)
    },
    async findGrant(grantId) {
      return copyOf(families.get(grantId)?.grant)
    },
    async listGrants(filter, limit) {
      const grants = [...families.values()].map((family) => family.grant)
      const matching = grants.filter(
        (grant) =>
          (filter.clientId === undefined || isGrantOf(grant, filter.clientId)) &&
          (filter.userId === undefined || grant.userId === filter.userId),
      )
      return newestFirst(matching, limit)
    },
    async revokeGrant(grantId, at, reason) {
      const grant = families.get(grantId)?.grant
      if (grant === undefined || grant.revokedAt !== undefined) return false
      grant.revokedAt = at
      grant.revokedReason = reason
      return true
    },

    async createUser(user) {
      if (userIdsByName.has(usernameKey(user.username))) return 'name-taken'
      addUser(user)
      return 'created'
    },
    async createFirstUser(user, setupHash, now) {
      if (users.size > 0) return 'not-first'
      if (setupLink?.setupHash !== setupHash || setupLink.expiresAt <= now) return 'link-invalid'
      addUser(user)
      return 'created'
    },
    async findUser(userId) {
      return copyOf(users.get(userId))
    },
    async findUserByName(username) {
      return copyOf(users.get(userIdsByName.get(usernameKey(username)) ?? ''))
    },
    async listUsers(limit) {
      return newestFirst(users.values(), limit)
    },
    async hasUsers() {
      return users.size > 0
    },
    async setPasswordHash(userId, passwordHash) {
      const user = users.get(userId)
      if (user === undefined) return false
      user.passwordHash = passwordHash
      return true
    },
    async changePasswordHash(userId, passwordHash) {
      const user = users.get(userId)
      if (user === undefined) return false
      user.passwordHash = passwordHash
      endBrowserSessions(userId)
      return true
    },
    async saveOutsideUser(user) {
      const known = users.get(user.userId)
      if (known === undefined) {
        if (userIdsByName.has(usernameKey(user.username))) return 'name-taken'
        addUser(user)
        return 'created'
      }
      const { displayName, role, outside } = user
      Object.assign(known, { displayName, role, outside })
      return 'updated'
    },
    async removeUser(userId, at) {
      const user = users.get(userId)
      if (user === undefined) return false
      users.delete(userId)
      userIdsByName.delete(usernameKey(user.username))
      endBrowserSessions(userId)
      forgetPasskeysOf(heldPasskeys, userId)
      for (const [hash, code] of codes) {
        if (code.userId === userId && code.grantId === undefined) codes.delete(hash)
      }
      forgetCredentialsOf(credentials, userId)
      revokeWhere((grant) => grant.userId === userId, at, revokedBecause.userRemoved)
      return true
    },
    async saveSetupLink(setupHash, expiresAt) {
      setupLink = { setupHash, expiresAt }
    },
    async hasSetupLink(now) {
      return setupLink !== undefined && setupLink.expiresAt > now
    },

    async saveBrowserSession(record) {
      browserSessions.set(record.sessionHash, { ...record })
    },
    async findBrowserSession(sessionHash, now) {
      return copyOf(liveOf(browserSessions.get(sessionHash), now))
    },
    async removeBrowserSession(sessionHash) {
      browserSessions.delete(sessionHash)
    },
    async findMcpSession(sessionHash, now) {
      const found = mcpSessions.get(sessionHash)
      return found === undefined || found.expiresAt <= now ? undefined : { ...found.mark }
    },
    async endMcpSession(sessionHash, expiresAt) {
      const latest = Math.max(expiresAt, mcpSessions.get(sessionHash)?.expiresAt ?? 0)
      mcpSessions.set(sessionHash, { mark: { kind: 'ended' }, expiresAt: latest })
    },
    async claimMcpSession(sessionHash, owner, expiresAt) {
      const standing = mcpSessions.get(sessionHash) ?? { mark: { kind: 'claimed', owner }, expiresAt }
      mcpSessions.set(sessionHash, standing)
      return { ...standing.mark }
    },

    async listKeys() {
      return [...keys.values()].map((key) => ({ ...key }))
    },
    async addKeyIfAbsent(key) {
      refuseAddition(key, keys.values())
      const standing = keys.get(key.purpose) ?? { ...key }
      keys.set(key.purpose, standing)
      return { ...standing }
    },
    async removeKey(purpose) {
      return keys.delete(purpose)
    },
    async rewrapKeys(fromMasterKeyId, rewrapped) {
      if (!isCompleteRewrap(fromMasterKeyId, [...keys.values()], rewrapped)) return false
      for (const key of rewrapped) keys.set(key.purpose, { ...key })
      return true
    },

    ...memoryConnections(connections),
    ...memoryInvitations(invitations),
    ...memoryUniqueIds(uniqueIds),
    ...memoryInstances(instances, homes),
    ...memoryPushedRequests(pushedRequests),
    ...memoryCredentials(credentials),
    ...memoryDetours(detours),
    ...memoryPasskeys(heldPasskeys),
    ...memoryUsage(usage, (grantId) => families.has(grantId)),
    ...memoryToolLists(new Map()),
    ...memoryAudit(audit),

    async removeExpired(now, limit) {
      let left = limit
      function removeWhere<K, V>(map: Map<K, V>, isOver: (value: V) => boolean, forget?: (value: V) => void) {
        for (const [key, value] of map) {
          if (left === 0) return
          if (!isOver(value)) continue
          map.delete(key)
          forget?.(value)
          left--
        }
      }
      const isPast = (record: { expiresAt: number }) => record.expiresAt <= now
      removeWhere(pending, isPast)
      removeWhere(browserSessions, isPast)
      removeWhere(mcpSessions, isPast)
      removeWhere(codes, (code) =>
        code.grantId === undefined ? isPast(code) : code.expiresAt + takenCodeKeptSeconds <= now,
      )
      removeWhere(
        families,
        (family) => isPast(family.grant),
        (family) => {
          family.generations.forEach(dropGeneration)
          usage.tools.delete(family.grant.grantId)
        },
      )
      removeWhere(clients, ({ clientId, expiresAt }) => {
        return expiresAt !== undefined && expiresAt <= now && !hasLiveGrant(clientId, now)
      })
      removeWhere(documents, ({ clientId, freshUntil }) => {
        return freshUntil + staleDocumentKeptSeconds <= now && !hasLiveGrant(clientId, now)
      })
      if (left > 0 && setupLink !== undefined && isPast(setupLink)) {
        setupLink = undefined
        left--
      }
      removeWhere(invitations, isPast)
      removeWhere(uniqueIds, isPast)
      removeWhere(pushedRequests, isPast)
      removeWhere(detours, isPast)
      removeWhere(connections, ({ lastAt }) => lastAt + connectionKeptSeconds <= now)
      removeWhere(homes, isPast)
      removeWhere(instances, ({ beatAt }) => beatAt + silentInstanceKeptSeconds <= now)
      removeWhere(usage.counts, ({ hourAt }) => hourAt + hourCountKeptSeconds <= now)
      removeWhere(audit, ({ at }) => at + auditKeptSeconds <= now)
      return limit - left
    },
    async close() {},
  }
}

/** In order of their generation. */
interface Family {
  grant: GrantRecord
  generations: Generation[]
}

function isUnconfirmed(client: ClientRecord): boolean {
  return client.kind !== 'pre-registered' && client.confirmedAt === undefined
}

function isGrantOf(grant: GrantRecord, clientId: string): boolean {
  return grant.clientRowId === clientId || grant.clientId === clientId
}

/** A registration anybody can make must not shorten the life of the row it shares with one that a person confirmed. */
function laterEnd(standing: number | undefined, given: number | undefined): number | undefined {
  return standing === undefined || given === undefined ? standing : Math.max(standing, given)
}

function liveOf<T extends { expiresAt: number }>(record: T | undefined, now: number): T | undefined {
  return record !== undefined && record.expiresAt > now ? record : undefined
}

/** What is handed out can be written to by its receiver without changing what is stored. */
function copyOf<T extends object>(record: T | undefined): T | undefined {
  return record && { ...record }
}

function newestFirst<T extends { createdAt: number }>(records: Iterable<T>, limit: number): T[] {
  const sorted = [...records].reverse().sort((a, b) => b.createdAt - a.createdAt)
  return sorted.slice(0, limit).map((record) => ({ ...record }))
}

/** A Map keeps the order of insertion, so its first entry is its oldest. */
function dropOldest<K, V>(map: Map<K, V>, maximum: number): void {
  for (const key of map.keys()) {
    if (map.size <= maximum) return
    map.delete(key)
  }
}
