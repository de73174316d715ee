/** Live access tokens as they were read a moment ago, so that a call costs no look-up; a revocation anywhere drops them. */

import { createBoundedMap } from '../platform/bounded-map.ts'
import type { LiveAccessToken, Storage } from './storage.ts'

export interface CachedStorage {
  /** The same verbs; a revocation by one of them is seen by the next look-up. */
  storage: Storage
  /** Somebody else has changed this grant. */
  drop(grantId: string): void
  /** While nobody would say so, everything is read. */
  setHearing(isHearing: boolean): void
}

/** How old a token may be for which a change was said and not heard: what an operator can count on. */
export const maximumStalenessMs = 5_000
const maximumTokens = 50_000
/** Of grants that were dropped; beyond it, everything is. */
const maximumDropped = 10_000

interface Entry {
  live: LiveAccessToken
  /** When it was asked for: whatever was dropped since then may not be in it. */
  askedAt: number
}

export function withTokenCache(storage: Storage, now: () => number = () => performance.now()): CachedStorage {
  const entries = createBoundedMap<string, Entry>(maximumTokens)
  const droppedAt = new Map<string, number>()
  let everythingDroppedAt = Number.NEGATIVE_INFINITY
  let isHearing = false

  function isFresh({ live, askedAt }: Entry): boolean {
    return (
      now() - askedAt < maximumStalenessMs &&
      askedAt > everythingDroppedAt &&
      askedAt > (droppedAt.get(live.grant.grantId) ?? Number.NEGATIVE_INFINITY)
    )
  }

  function drop(grantId: string): void {
    const at = now()
    for (const [oldest, since] of droppedAt) {
      if (at - since < maximumStalenessMs) break
      droppedAt.delete(oldest)
    }
    if (droppedAt.size >= maximumDropped) dropEverything()
    // Anew, so that the oldest come first.
    droppedAt.delete(grantId)
    droppedAt.set(grantId, at)
  }

  function dropEverything(): void {
    everythingDroppedAt = now()
    droppedAt.clear()
  }

  return {
    drop,
    setHearing(hears) {
      isHearing = hears
      dropEverything()
    },
    storage: {
      ...storage,
      async findAccessToken(tokenHash, at) {
        const known = isHearing ? entries.get(tokenHash) : undefined
        if (known !== undefined && isFresh(known) && isLive(known.live, at)) return copyOf(known.live)
        const askedAt = now()
        const live = await storage.findAccessToken(tokenHash, at)
        if (live === undefined) entries.delete(tokenHash)
        else if (isHearing) entries.set(tokenHash, { live: copyOf(live), askedAt })
        return live
      },
      async markAccessTokenUsed(tokenHash, at) {
        await storage.markAccessTokenUsed(tokenHash, at)
        const known = entries.get(tokenHash)
        if (known === undefined || known.live.accessToken.firstUsedAt !== undefined) return
        const { accessToken, grant } = known.live
        entries.set(tokenHash, {
          ...known,
          live: { accessToken: { ...accessToken, firstUsedAt: at }, grant },
        })
      },
      revokeGrant: (grantId, at, reason) =>
        storage.revokeGrant(grantId, at, reason).finally(() => drop(grantId)),
      async rotateRefreshToken(request, at) {
        const rotation = await storage.rotateRefreshToken(request, at)
        const mayDiffer = rotation.outcome === 'reused' || request.keyThumbprint !== undefined
        if (mayDiffer && 'grant' in rotation) drop(rotation.grant.grantId)
        return rotation
      },
      removeClient: (clientId, at) => storage.removeClient(clientId, at).finally(dropEverything),
      removeUser: (userId, at) => storage.removeUser(userId, at).finally(dropEverything),
    },
  }
}

/** Whoever is handed a record may change it. */
function copyOf({ accessToken, grant }: LiveAccessToken): LiveAccessToken {
  return { accessToken: { ...accessToken }, grant: { ...grant, scope: [...grant.scope] } }
}

function isLive({ accessToken, grant }: LiveAccessToken, at: number): boolean {
  return accessToken.expiresAt > at && grant.expiresAt > at
}
