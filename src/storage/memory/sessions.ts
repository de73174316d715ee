/** Browser sessions, and what became of MCP sessions, in memory. */

import type { SessionStorage } from '../storage.ts'
import { copyOf, type Held, liveOf } from './held.ts'

export function memorySessions({ browserSessions, mcpSessions }: Held): SessionStorage {
  return {
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
  }
}

export function endBrowserSessions({ browserSessions }: Held, userId: string): void {
  for (const [hash, session] of browserSessions) {
    if (session.userId === userId) browserSessions.delete(hash)
  }
}
