/** Which session of an HTTP upstream a call goes to: the client's own, one that took the place of a lost one, or one opened for requests that came without (requirement GW-2). */

import type { JsonRpcId } from '../mcp/json-rpc.ts'
import { createBoundedMap } from '../platform/bounded-map.ts'
import { type UpstreamCaller, UpstreamFailure, type UpstreamSession } from './upstream.ts'

/** A session as the upstream knows it; a server without sessions gave no id. */
export interface RemoteSession {
  id: string | undefined
  protocolVersion: string
}

export interface RemoteSessions {
  /** For one exchange. `release` is called when its answer is complete. */
  use(caller: UpstreamCaller, session: UpstreamSession, ids: readonly JsonRpcId[]): Promise<UsedSession>
  /** The upstream has lost it: whoever finds out first opens another, the rest take that one. */
  replace(used: UsedSession): Promise<RemoteSession>
  /** What a caller initialized last is also for its requests that come without the id. */
  remember(caller: UpstreamCaller, remote: RemoteSession): void
  /** The client has ended it: what is to be ended at the upstream. */
  forget(caller: UpstreamCaller, session: UpstreamSession): Promise<RemoteSession>
}

export interface UsedSession {
  remote: RemoteSession
  key: string
  caller: UpstreamCaller
  session: UpstreamSession
  release(): void
}

/** Opens a session in the client's name. */
export type OpenSession = (caller: UpstreamCaller, session: UpstreamSession) => Promise<RemoteSession>

export function createRemoteSessions(open: OpenSession, remembered: number): RemoteSessions {
  const standIns = createBoundedMap<string, Promise<RemoteSession>>(remembered)
  /** Ids of requests that wait for their answer, by remote session: a server answers to an id, so no two may be equal. */
  const inFlight = new Map<string, Set<JsonRpcId>>()

  /** Once for all that wait for it. */
  function openAt(key: string, caller: UpstreamCaller, session: UpstreamSession): Promise<RemoteSession> {
    const opening = open(caller, session)
    standIns.set(key, opening)
    opening.catch(() => standIns.delete(key))
    return opening
  }

  function at(
    key: string,
    caller: UpstreamCaller,
    session: UpstreamSession,
  ): RemoteSession | Promise<RemoteSession> {
    const known = standIns.get(key)
    if (known !== undefined) return known
    return session.initialized ? ownSession(session) : openAt(key, caller, session)
  }

  function hold(remote: RemoteSession, ids: readonly JsonRpcId[]): () => void {
    const { id } = remote
    if (id === undefined || ids.length === 0) return () => {}
    const held = inFlight.get(id) ?? new Set()
    inFlight.set(id, held)
    for (const one of ids) held.add(one)
    return function release() {
      for (const one of ids) held.delete(one)
      if (held.size === 0 && inFlight.get(id) === held) inFlight.delete(id)
    }
  }

  return {
    async use(caller, session, ids) {
      // Several conversations of one person that all dropped their ids count from the same number.
      for (let place = 0; place < maximumPlaces; place++) {
        const key = keyOf(caller, session, place)
        const found = at(key, caller, session)
        const remote = found instanceof Promise ? await found : found
        const held = remote.id === undefined ? undefined : inFlight.get(remote.id)
        const isTaken = session.key === '' && ids.some((id) => held?.has(id))
        if (!isTaken) return { remote, key, caller, session, release: hold(remote, ids) }
      }
      throw new UpstreamFailure(
        'Too many requests without a session wait for an answer. Try again in a moment.',
      )
    },
    async replace({ remote: lost, key, caller, session }) {
      const before = standIns.get(key)
      const known = await before?.catch(() => undefined)
      if (known !== undefined && known !== lost) return known
      const current = standIns.get(key)
      return current !== undefined && current !== before ? current : openAt(key, caller, session)
    },
    remember(caller, remote) {
      standIns.set(namelessKey(caller, 0), Promise.resolve(remote))
    },
    async forget(caller, session) {
      const key = keyOf(caller, session, 0)
      const remote = (await standIns.get(key)?.catch(() => undefined)) ?? ownSession(session)
      standIns.delete(key)
      const nameless = await standIns.get(namelessKey(caller, 0))?.catch(() => undefined)
      if (nameless?.id === remote.id) standIns.delete(namelessKey(caller, 0))
      return remote
    },
  }
}

/** Sessions side by side for one caller's requests without a session. */
const maximumPlaces = 16

function ownSession(session: UpstreamSession): RemoteSession {
  return { id: session.upstreamSessionId, protocolVersion: session.protocolVersion }
}

function keyOf(caller: UpstreamCaller, session: UpstreamSession, place: number): string {
  return session.key === '' ? namelessKey(caller, place) : `${caller.key} ${session.key}`
}

function namelessKey(caller: UpstreamCaller, place: number): string {
  return `${caller.key} nameless ${place}`
}
