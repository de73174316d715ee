/** Browser sessions, and what became of MCP sessions. */

import type { TokenHash } from '../../platform/crypto.ts'

export interface BrowserSessionRecord {
  sessionHash: TokenHash
  userId: string
  createdAt: number
  expiresAt: number
}

/** What became of an MCP session since its id was made. `owner` is the gateway's word for a person and a client. */
export type McpSessionMark = { kind: 'ended' } | { kind: 'claimed'; owner: string }

export interface SessionStorage {
  saveBrowserSession(record: BrowserSessionRecord): Promise<void>
  findBrowserSession(sessionHash: TokenHash, now: number): Promise<BrowserSessionRecord | undefined>
  removeBrowserSession(sessionHash: TokenHash): Promise<void>
  /** MCP sessions are self-contained; only one of which the id no longer tells all needs a row, until it would have expired. */
  findMcpSession(sessionHash: TokenHash, now: number): Promise<McpSessionMark | undefined>
  /** For good, whoever had it. */
  endMcpSession(sessionHash: TokenHash, expiresAt: number): Promise<void>
  /** A stranger's session becomes the first one's who claims it. Of any number at once all are told what stands. */
  claimMcpSession(sessionHash: TokenHash, owner: string, expiresAt: number): Promise<McpSessionMark>
}
