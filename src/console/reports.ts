/** What the records and the connectors say, in the shapes that the console shows and its API answers. */

import { agentName } from '../connections/agent.ts'
import { milestoneNames } from '../connections/step.ts'
import { type Story, tellStory } from '../connections/story.ts'
import { toolChanges } from '../ledger/tool-changes.ts'
import { durationClasses } from '../ledger/usage.ts'
import { redirectHost } from '../oauth/redirect-uri.ts'
import type { Clock } from '../platform/clock.ts'
import type { GrantRecord, HourCount, Storage, StoredConnection, ToolListRecord } from '../storage/storage.ts'
import type {
  AttemptReport,
  AttemptRow,
  AuditReport,
  ClientRow,
  ConnectorReport,
  CredentialRow,
  GrantRow,
  OverviewReport,
  PersonRow,
  SettingRow,
  StageFailures,
} from '../ui/console/reports.ts'
import { text } from '../ui/text.ts'

/** A connector as the console looks at it. */
export interface WatchedConnector {
  name: string
  path: string
  url: string
  access: string
  /** All that its MCP server says of its tools; undefined if it does not answer in time. */
  definitions(): Promise<ToolListRecord['tools'] | undefined>
}

export interface ReportsOptions {
  storage: Storage
  clock: Clock
  connectors: readonly WatchedConnector[]
  noteTools(connector: string, tools: ToolListRecord['tools']): Promise<void>
  settings: readonly SettingRow[]
}

export interface Reports {
  overview(hours: number): Promise<OverviewReport>
  attempts(filter: 'attempts' | 'failing' | 'all'): Promise<AttemptRow[]>
  attempt(id: string): Promise<AttemptReport | undefined>
  people(): Promise<PersonRow[]>
  clients(): Promise<ClientRow[]>
  grants(): Promise<GrantRow[]>
  credentials(): Promise<CredentialRow[]>
  connectors(): Promise<ConnectorReport[]>
  audit(filter: { before?: number; action?: string }): Promise<AuditReport>
  settings(): readonly SettingRow[]
}

/** More than a person reads on one page. */
const maximumRows = 500
/** Counted, not shown. */
const maximumCounted = 5_000
const auditPageSize = 100
const secondsOfHour = 3600

export function createReports(options: ReportsOptions): Reports {
  const { storage, clock, connectors, noteTools, settings } = options

  async function usernames(): Promise<Map<string, string>> {
    return new Map(
      (await storage.listUsers(maximumCounted)).map(({ userId, username }) => [userId, username]),
    )
  }

  async function liveGrants(now: number): Promise<GrantRecord[]> {
    return (await storage.listGrants({}, maximumCounted)).filter((grant) => endOf(grant, now) === undefined)
  }

  async function stories(limit: number): Promise<{ connection: StoredConnection; story: Story }[]> {
    const now = clock()
    const found = await storage.listConnections({}, limit)
    return found.map((connection) => ({ connection, story: tellStory(connection, now) }))
  }

  return {
    async overview(hours) {
      const now = clock()
      const step = hours > 24 ? 6 * secondsOfHour : secondsOfHour
      const since = now - (now % step) - (hours * secondsOfHour - step)
      const starts = Array.from(
        { length: (hours * secondsOfHour) / step },
        (_, index) => since + index * step,
      )
      const told = (await stories(maximumCounted)).map(({ story }) => story)
      const attempts = told.filter(({ state, startedAt }) => state !== 'looked' && startedAt >= since)
      const counts = await storage.listHourCounts(since)
      const users = await storage.listUsers(maximumCounted)
      const within = <T>(all: readonly T[], atOf: (one: T) => number, start: number): T[] =>
        all.filter((one) => atOf(one) >= start && atOf(one) < start + step)
      return {
        now,
        hours,
        totals: {
          people: users.length,
          grants: (await liveGrants(now)).length,
          attempts: attempts.length,
          connected: attempts.filter(({ state }) => state === 'connected').length,
          stopped: attempts.filter(isFailing).length,
          calls: sumOf(counts, 'calls'),
          failures: sumOf(counts, 'failures'),
        },
        attempts: starts.map((at) => {
          const begun = within(attempts, ({ startedAt }) => startedAt, at)
          const connected = begun.filter(({ state }) => state === 'connected').length
          const stopped = begun.filter(isFailing).length
          return { at, connected, stopped, other: begun.length - connected - stopped }
        }),
        calls: starts.map((at) => {
          const some = within(counts, ({ hourAt }) => hourAt, at)
          return { at, calls: sumOf(some, 'calls'), failures: sumOf(some, 'failures') }
        }),
        latency: starts.map((at) => {
          const some = within(counts, ({ hourAt }) => hourAt, at)
          return { at, medianMs: quantile(some, 0.5), highMs: quantile(some, 0.95) }
        }),
        failures: failuresByStage(attempts.filter(isFailing)),
      }
    },

    async attempts(filter) {
      const names = await usernames()
      const rows = (await stories(maximumCounted)).filter(({ story }) => {
        if (filter === 'failing') return isFailing(story)
        return filter === 'all' || story.state !== 'looked'
      })
      return rows.slice(0, maximumRows).map(({ connection, story }) => attemptRow(connection, story, names))
    },

    async attempt(id) {
      const connection = await storage.findConnection(id)
      if (connection === undefined) return undefined
      const story = tellStory(connection, clock())
      const { clientId, redirectHost: host, grantId } = connection
      return {
        ...attemptRow(connection, story, await usernames()),
        clientId,
        redirectHost: host,
        grantId,
        lastStep: story.lastStep,
        timeline: story.timeline.map(({ name: _, detail: __, ...step }) => step),
        diagnosis: withoutRule(story.diagnosis),
      }
    },

    async people() {
      const grants = await liveGrants(clock())
      return (await storage.listUsers(maximumRows)).map((user) => {
        const { passwordHash, ...facts } = user
        const own = grants.filter(({ userId }) => userId === user.userId)
        const lastUsedAt = own.length === 0 ? undefined : Math.max(...own.map((grant) => grant.lastUsedAt))
        const { userId, username, displayName, role, createdAt } = facts
        const hasPassword = passwordHash !== undefined
        return { userId, username, displayName, role, hasPassword, createdAt, grants: own.length, lastUsedAt }
      })
    },

    async clients() {
      const grants = await liveGrants(clock())
      return (await storage.listClients(maximumRows)).map((client) => {
        const { clientId, kind, metadata, createdAt, lastUsedAt, expiresAt } = client
        const own = grants.filter((grant) => grant.clientRowId === clientId || grant.clientId === clientId)
        const hosts = new Set(metadata.redirectUris.map(redirectHost))
        const facts = { clientId, kind, createdAt, lastUsedAt, expiresAt }
        return { ...facts, name: metadata.clientName ?? '', redirectHosts: [...hosts], grants: own.length }
      })
    },

    async grants() {
      const names = await usernames()
      const now = clock()
      return (await storage.listGrants({}, maximumRows)).map((grant) => {
        const { grantId, clientId, clientName, userId, resource, scope, createdAt, lastUsedAt } = grant
        return {
          ...{ grantId, client: clientName, clientId, person: nameOf(userId, names) },
          ...{ connector: resource, scope, createdAt, lastUsedAt, ended: endOf(grant, now) },
        }
      })
    },

    async credentials() {
      const names = await usernames()
      return (await storage.listCredentials({}, maximumRows)).map((record) => {
        const { userId, connector, kind, label, createdAt, changedAt, refusedAt } = record
        return {
          person: nameOf(userId, names),
          userId,
          connector,
          kind,
          label,
          createdAt,
          changedAt,
          refusedAt,
        }
      })
    },

    async connectors() {
      const now = clock()
      const counts = await storage.listHourCounts(now - 24 * secondsOfHour)
      return Promise.all(
        connectors.map(async ({ definitions, ...connector }) => {
          const tools = await definitions()
          if (tools !== undefined) await noteTools(connector.path, tools)
          const lists = await storage.listToolLists(connector.path, maximumRows)
          const own = counts.filter((one) => one.connector === connector.path)
          return {
            ...connector,
            answers: tools !== undefined,
            tools: (tools ?? []).map(toolFacts),
            calls: sumOf(own, 'calls'),
            failures: sumOf(own, 'failures'),
            changes: toolChanges(lists),
          }
        }),
      )
    },

    async audit(filter) {
      const names = await usernames()
      const found = await storage.listAudit(filter, auditPageSize)
      const records = found.map(({ number, at, action, actor, actorId, details, hash }) => {
        const by = actorId === undefined ? actor : (names.get(actorId) ?? actorId)
        return { number, at, action, by, details, hash }
      })
      const isFull = records.length === auditPageSize
      return { records, before: isFull ? records.at(-1)?.number : undefined }
    },

    settings: () => settings,
  }
}

function isFailing({ state }: Story): boolean {
  return state === 'stopped' || state === 'troubled'
}

function attemptRow(
  connection: StoredConnection,
  story: Story,
  names: ReadonlyMap<string, string>,
): AttemptRow {
  const { userId, connector, agent } = connection
  return {
    id: story.connectionId,
    client: story.client,
    agent: agentName(agent),
    person: userId === undefined ? undefined : nameOf(userId, names),
    connector,
    state: story.state,
    reached: story.reached && milestoneNames[story.reached],
    startedAt: story.startedAt,
    lastAt: story.lastAt,
    seen: story.diagnosis?.seen,
  }
}

function withoutRule(diagnosis: Story['diagnosis']): AttemptReport['diagnosis'] {
  if (diagnosis === undefined) return undefined
  const { id, rows, seen, shown, cause, fix, sources } = diagnosis
  return { id, rows, seen, shown, cause, fix, sources }
}

function failuresByStage(failing: readonly Story[]): StageFailures[] {
  const stages = new Map<string, Story[]>()
  for (const story of failing) {
    const stage =
      story.reached === undefined
        ? text.console.beforeAnything
        : text.console.stopsAfter(milestoneNames[story.reached])
    stages.set(stage, [...(stages.get(stage) ?? []), story])
  }
  const mostFirst = <T extends { count: number }>(all: T[]): T[] => all.sort((a, b) => b.count - a.count)
  return mostFirst(
    [...stages].map(([stage, stories]) => {
      const causes = new Map<string, { id: string; seen: string; count: number }>()
      for (const { diagnosis, lastStep } of stories) {
        const [id, seen] =
          diagnosis === undefined ? ['unexplained', lastStep] : [diagnosis.id, diagnosis.seen]
        const known = causes.get(id)
        causes.set(id, { id, seen, count: (known?.count ?? 0) + 1 })
      }
      return { stage, count: stories.length, causes: mostFirst([...causes.values()]) }
    }),
  )
}

function sumOf(counts: readonly HourCount[], measure: string): number {
  return counts.reduce((sum, one) => (one.measure === measure ? sum + one.count : sum), 0)
}

/** The upper end of the class in which that share of the calls has ended; beyond the last class twice its end stands for all. */
function quantile(counts: readonly HourCount[], share: number): number | undefined {
  const all = [...durationClasses.map((end) => sumOf(counts, `ms-${end}`)), sumOf(counts, 'ms-more')]
  const total = all.reduce((sum, count) => sum + count, 0)
  if (total === 0) return undefined
  let seen = 0
  const at = all.findIndex((count) => {
    seen += count
    return seen >= share * total
  })
  return durationClasses[at] ?? 2 * (durationClasses.at(-1) ?? 0)
}

function endOf(grant: GrantRecord, now: number): { at: number; why: string } | undefined {
  const { revokedAt, revokedReason = '', expiresAt } = grant
  if (revokedAt !== undefined) return { at: revokedAt, why: revokedReason }
  return expiresAt <= now ? { at: expiresAt, why: '' } : undefined
}

function nameOf(userId: string, names: ReadonlyMap<string, string>): string {
  return names.get(userId) ?? userId
}

function toolFacts(tool: ToolListRecord['tools'][number]): ConnectorReport['tools'][number] {
  const hints = tool.annotations as { readOnlyHint?: unknown } | undefined
  const title = typeof tool.title === 'string' ? tool.title : undefined
  return { name: tool.name, title, readOnly: hints?.readOnlyHint === true }
}
