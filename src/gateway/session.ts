/** MCP sessions on our side: sealed when opened, opened once and remembered, bound to one person and client (house decision 6, MCP security best practices on session hijacking). */

import { openSession, type SealedSession, sealSession } from '../mcp/sealed-session.ts'
import { createBoundedMap } from '../platform/bounded-map.ts'
import type { Clock } from '../platform/clock.ts'
import { hashToken, type TokenHash } from '../platform/crypto.ts'
import type { SessionStorage } from '../storage/storage.ts'

export interface SessionOwner {
  userId: string
  clientId: string
}

/**
 * `nameless`: no id was sent, or one that says nothing (another key, garbage, expired): hosted Claude drops ids and does
 * not initialize again on 404, so such a request is served all the same. `ended` and `foreign` are 404.
 */
export type FoundSession =
  | { kind: 'bound'; session: SealedSession; hash: TokenHash }
  | { kind: 'nameless' | 'ended' | 'foreign' }

export interface Sessions {
  seal(session: SealedSession): Promise<string>
  find(id: string | null, isOwner: (session: SealedSession) => boolean): Promise<FoundSession>
  end(hash: TokenHash, session: SealedSession): Promise<void>
}

export interface SessionsOptions {
  key: CryptoKey
  connectorPath: string
  storage: Pick<SessionStorage, 'endMcpSession' | 'isMcpSessionEnded'>
  clock: Clock
  remembered: number
}

export function createSessions(options: SessionsOptions): Sessions {
  const { key, connectorPath, storage, clock } = options
  const opened = createBoundedMap<string, { session: SealedSession; hash: TokenHash }>(options.remembered)

  async function open(id: string): Promise<{ session: SealedSession; hash: TokenHash } | undefined> {
    const remembered = opened.get(id)
    if (remembered !== undefined) return remembered
    const session = await openSession(key, connectorPath, id)
    if (session === undefined) return undefined
    const entry = { session, hash: hashToken(id) }
    opened.set(id, entry)
    return entry
  }

  return {
    seal: (session) => sealSession(key, connectorPath, session),
    async find(id, isOwner) {
      if (id === null || id === '') return { kind: 'nameless' }
      const entry = await open(id)
      const now = clock()
      if (entry === undefined || entry.session.expiresAt <= now) return { kind: 'nameless' }
      if (!isOwner(entry.session)) return { kind: 'foreign' }
      if (await storage.isMcpSessionEnded(entry.hash, now)) return { kind: 'ended' }
      return { kind: 'bound', ...entry }
    },
    end: (hash, session) => storage.endMcpSession(hash, session.expiresAt),
  }
}
