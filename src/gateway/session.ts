/** MCP sessions on our side: sealed when opened, opened once and remembered, bound to one person and client (house decision 6, MCP security best practices on session hijacking). */

import { openSession, type SealedSession, sealSession } from '../mcp/sealed-session.ts'
import { createBoundedMap } from '../platform/bounded-map.ts'
import type { Clock } from '../platform/clock.ts'
import { hashToken, type TokenHash } from '../platform/crypto.ts'
import type { McpSessionMark, SessionStorage } from '../storage/storage.ts'
import { isStranger } from './stranger.ts'

/** Who asks: a person with a client, or a stranger. */
export interface SessionCaller {
  userId: string
  clientId: string
  /** What the upstream is called with in their name. */
  credential?: { readonly id: string } | undefined
}

/**
 * `nameless`: no id was sent, or one that says nothing (another key, garbage, expired): hosted Claude drops ids and does
 * not initialize again on 404, so such a request is served all the same. `ended` and `foreign` are 404.
 */
export type FoundSession = BoundSession | { kind: 'nameless' | 'ended' | 'foreign' }

export interface BoundSession {
  kind: 'bound'
  session: SealedSession
  hash: TokenHash
  /**
   * What the upstream knows under it is not for this caller: it was a stranger's, and somebody has signed in with it
   * (`former` is what it was, the first time), or it was opened with another account.
   */
  claimed?: { former: SealedSession | undefined }
}

export interface Sessions {
  seal(session: SealedSession): Promise<string>
  find(id: string | null, caller: SessionCaller): Promise<FoundSession>
  end(hash: TokenHash, session: SealedSession): Promise<void>
}

export interface SessionsOptions {
  key: CryptoKey
  connectorPath: string
  /** A stranger's session may go on as that of whoever signs in with it; else it is foreign to them. */
  strangersMaySignIn: boolean
  storage: SessionMarks
  clock: Clock
  remembered: number
}

export type SessionMarks = Pick<SessionStorage, 'findMcpSession' | 'endMcpSession' | 'claimMcpSession'>

export function createSessions(options: SessionsOptions): Sessions {
  const { key, connectorPath, storage, clock } = options
  const opened = createBoundedMap<string, { session: SealedSession; hash: TokenHash }>(options.remembered)

  async function open(id: string): Promise<{ session: SealedSession; hash: TokenHash } | undefined> {
    const session = await openSession(key, connectorPath, id)
    if (session === undefined) return undefined
    return remember(id, session)
  }

  function remember(id: string, session: SealedSession): { session: SealedSession; hash: TokenHash } {
    const entry = { session, hash: hashToken(id) }
    if (id.length <= rememberedCharacters) opened.set(flat(id), entry)
    return entry
  }

  /** The client goes on with the id that it has, so the id changes hands: once, and for good. */
  async function claim(
    session: SealedSession,
    hash: TokenHash,
    caller: SessionCaller,
    mark: McpSessionMark | undefined,
  ): Promise<FoundSession> {
    const owner = ownerOf(caller)
    const standing = mark ?? (await storage.claimMcpSession(hash, owner, session.expiresAt))
    if (standing.kind === 'ended') return { kind: 'ended' }
    if (standing.owner !== owner) return { kind: 'foreign' }
    const { userId, clientId } = caller
    return {
      kind: 'bound',
      session: { ...session, userId, clientId, upstreamSessionId: undefined },
      hash,
      claimed: { former: mark === undefined ? session : undefined },
    }
  }

  return {
    async seal(session) {
      const id = await sealSession(key, connectorPath, session)
      // Its first request follows at once.
      remember(id, session)
      return id
    },
    async find(id, caller) {
      if (id === null || id === '') return { kind: 'nameless' }
      const entry = opened.get(id) ?? (await open(id))
      const now = clock()
      if (entry === undefined || entry.session.expiresAt <= now) return { kind: 'nameless' }
      const isClaimable = options.strangersMaySignIn && isStranger(entry.session) && !isStranger(caller)
      if (!isClaimable && !isOwner(entry.session, caller)) return { kind: 'foreign' }
      const mark = await storage.findMcpSession(entry.hash, now)
      if (mark?.kind === 'ended') return { kind: 'ended' }
      if (isClaimable) return claim(entry.session, entry.hash, caller, mark)
      if (mark !== undefined) return { kind: 'foreign' }
      if ((entry.session.credentialId ?? '') === (caller.credential?.id ?? ''))
        return { kind: 'bound', ...entry }
      const session = { ...entry.session, upstreamSessionId: undefined }
      return { kind: 'bound', session, hash: entry.hash, claimed: { former: undefined } }
    },
    end: (hash, session) => storage.endMcpSession(hash, session.expiresAt),
  }
}

/** Of a usual id; what a client adds by declaring much is its own to pay for. */
const rememberedCharacters = 1024

/** A copy: cut out of the head of a request, a string would keep all of the head for as long as it is remembered. */
function flat(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string
}

/** Strangers hold a session by its id alone. */
function isOwner(session: SealedSession, caller: SessionCaller): boolean {
  if (isStranger(session)) return isStranger(caller)
  return session.userId === caller.userId && session.clientId === caller.clientId
}

function ownerOf({ userId, clientId }: SessionCaller): string {
  return JSON.stringify([userId, clientId])
}
