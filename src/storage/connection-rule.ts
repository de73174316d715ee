/** How a connection's stored story grows, as every adapter must do it: pure, so that engines differ only in how they make the step atomic. */

import { maximumConnectionSteps, maximumJoinedConnections } from './limits.ts'
import type { ConnectionRecord, ConnectionStep } from './storage.ts'

/** `absorbed` are the stored connections that `change.joined` names. Nothing that was given is written to. */
export function grownConnection(
  standing: ConnectionRecord | undefined,
  absorbed: readonly ConnectionRecord[],
  change: ConnectionRecord,
): ConnectionRecord {
  const parts = [...absorbed, ...(standing === undefined ? [] : [standing]), change]
  const said = <Key extends keyof ConnectionRecord>(key: Key): ConnectionRecord[Key] =>
    parts.map((part) => part[key]).findLast((value) => value !== undefined) ?? change[key]
  return {
    connectionId: change.connectionId,
    connector: said('connector'),
    agent: said('agent'),
    clientId: said('clientId'),
    clientName: said('clientName'),
    userId: said('userId'),
    grantId: said('grantId'),
    redirectHost: said('redirectHost'),
    isKnown: parts.some(({ isKnown }) => isKnown),
    startedAt: Math.min(...parts.map(({ startedAt }) => startedAt)),
    lastAt: Math.max(...parts.map(({ lastAt }) => lastAt)),
    steps: gatheredSteps(parts.flatMap(({ steps }) => steps)),
    joined: [...new Set(parts.flatMap(({ joined }) => joined))].slice(0, maximumJoinedConnections),
  }
}

function gatheredSteps(steps: readonly ConnectionStep[]): ConnectionStep[] {
  const gathered = new Map<string, ConnectionStep>()
  for (const step of steps) {
    const key = JSON.stringify([step.name, step.detail, step.isInferred])
    const earlier = gathered.get(key)
    gathered.set(key, earlier === undefined ? { ...step } : together(earlier, step))
  }
  return [...gathered.values()].sort((a, b) => a.firstAt - b.firstAt).slice(0, maximumConnectionSteps)
}

function together(earlier: ConnectionStep, step: ConnectionStep): ConnectionStep {
  const longest = Math.max(earlier.longestMs ?? -1, step.longestMs ?? -1)
  return {
    ...earlier,
    count: earlier.count + step.count,
    firstAt: Math.min(earlier.firstAt, step.firstAt),
    lastAt: Math.max(earlier.lastAt, step.lastAt),
    status: step.status ?? earlier.status,
    errorId: step.errorId ?? earlier.errorId,
    longestMs: longest < 0 ? undefined : longest,
  }
}
