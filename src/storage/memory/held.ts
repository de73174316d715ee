/** All that memory storage holds, and how it is handed out: as copies, what is live, the newest first. */

import type { TokenHash } from '../../platform/crypto.ts'
import { type AuditTail, emptyChain } from '../audit-chain.ts'
import type { Generation } from '../rotation-rule.ts'
import type {
  AuditRecord,
  AuthorizationCodeRecord,
  BrowserSessionRecord,
  ClientDocumentRecord,
  ClientRecord,
  CredentialRecord,
  DetourRecord,
  GrantRecord,
  HourCount,
  InstanceRecord,
  InvitationRecord,
  McpSessionMark,
  PasskeyRecord,
  PendingAuthorizationRecord,
  PushedRequestRecord,
  StoredConnection,
  ToolListRecord,
  ToolUse,
  UniqueIdRecord,
  UserRecord,
  WrappedKeyRecord,
} from '../storage.ts'

export interface Held {
  readonly clients: Map<string, ClientRecord>
  readonly documents: Map<string, ClientDocumentRecord>
  readonly pending: Map<string, PendingAuthorizationRecord>
  readonly codes: Map<TokenHash, AuthorizationCodeRecord>
  readonly families: Map<string, Family>
  readonly byRefreshToken: Map<TokenHash, Generation>
  readonly byAccessToken: Map<TokenHash, Generation>
  readonly users: Map<string, UserRecord>
  readonly userIdsByName: Map<string, string>
  setupLink: { setupHash: TokenHash; expiresAt: number } | undefined
  readonly browserSessions: Map<TokenHash, BrowserSessionRecord>
  readonly mcpSessions: Map<TokenHash, { mark: McpSessionMark; expiresAt: number }>
  readonly keys: Map<string, WrappedKeyRecord>
  readonly connections: Map<string, StoredConnection>
  /** What each connection became part of. */
  readonly wholes: Map<string, string>
  readonly invitations: Map<TokenHash, InvitationRecord>
  readonly pushedRequests: Map<TokenHash, PushedRequestRecord>
  readonly uniqueIds: Map<TokenHash, UniqueIdRecord>
  readonly instances: Map<string, InstanceRecord>
  readonly homes: Map<TokenHash, { instanceId: string; expiresAt: number }>
  /** By person and connector. */
  readonly credentials: Map<string, HeldCredential>
  readonly detours: Map<TokenHash, DetourRecord>
  readonly passkeys: Map<string, PasskeyRecord>
  /** By person. */
  readonly recoveryCodes: Map<string, Set<TokenHash>>
  /** By grant and tool. */
  readonly toolUses: Map<string, Map<string, ToolUse>>
  /** By hour, connector and measure. */
  readonly hourCounts: Map<string, HourCount>
  /** By connector, the newest first. */
  readonly toolLists: Map<string, ToolListRecord[]>
  /** In order of their number. */
  readonly audit: Map<number, AuditRecord>
  auditTail: AuditTail
}

/** In order of their generation. */
export interface Family {
  grant: GrantRecord
  generations: Generation[]
}

export interface HeldCredential {
  record: CredentialRecord
  renewingUntil: number | undefined
}

export function createHeld(): Held {
  return {
    clients: new Map(),
    documents: new Map(),
    pending: new Map(),
    codes: new Map(),
    families: new Map(),
    byRefreshToken: new Map(),
    byAccessToken: new Map(),
    users: new Map(),
    userIdsByName: new Map(),
    setupLink: undefined,
    browserSessions: new Map(),
    mcpSessions: new Map(),
    keys: new Map(),
    connections: new Map(),
    wholes: new Map(),
    invitations: new Map(),
    pushedRequests: new Map(),
    uniqueIds: new Map(),
    instances: new Map(),
    homes: new Map(),
    credentials: new Map(),
    detours: new Map(),
    passkeys: new Map(),
    recoveryCodes: new Map(),
    toolUses: new Map(),
    hourCounts: new Map(),
    toolLists: new Map(),
    audit: new Map(),
    auditTail: emptyChain,
  }
}

export function liveOf<T extends { expiresAt: number }>(record: T | undefined, now: number): T | undefined {
  return record !== undefined && record.expiresAt > now ? record : undefined
}

/** What is handed out can be written to by its receiver without changing what is stored. */
export function copyOf<T extends object>(record: T | undefined): T | undefined {
  return record && { ...record }
}

export function newestFirst<T extends { createdAt: number }>(records: Iterable<T>, limit: number): T[] {
  const sorted = [...records].reverse().sort((a, b) => b.createdAt - a.createdAt)
  return sorted.slice(0, limit).map((record) => ({ ...record }))
}

/** A Map keeps the order of insertion, so its first entry is its oldest. */
export function dropOldest<K, V>(map: Map<K, V>, maximum: number): void {
  for (const key of map.keys()) {
    if (map.size <= maximum) return
    map.delete(key)
  }
}
