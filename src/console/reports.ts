/** What the records and the connectors say, in the shapes that the console shows and its API answers. */

import { agentName } from '../connections/agent.ts'
import { milestoneNames } from '../connections/step.ts'
import { type Story, tellStory } from '../connections/story.ts'
import { redirectHost } from '../oauth/redirect-uri.ts'
import type { Clock } from '../platform/clock.ts'
import type { Storage, StoredConnection } from '../storage/storage.ts'
import type {
  AttemptReport,
  AttemptRow,
  AuditReport,
  ClientRow,
  ConnectorReport,
  CredentialRow,
  GrantRow,
  OverviewReport,
  Paged,
  PersonRow,
  SettingRow,
} from '../ui/console/reports.ts'
import { createWatch, type NoteTools, type WatchedConnector } from './connectors.ts'
import { endOf, liveGrants, maximumCounted } from './grants.ts'
import { isFailing, overviewReport } from './overview.ts'
import { createStories } from './stories.ts'

export interface ReportsOptions {
  storage: Storage
  clock: Clock
  connectors: readonly WatchedConnector[]
  noteTools: NoteTools
  settings: readonly SettingRow[]
}

/** Which part of a list, the newest first; pages are counted from 1. */
export interface Window {
  page: number
  size: number
}

export interface Reports {
  overview(hours: number): Promise<OverviewReport>
  attempts(filter: 'attempts' | 'failing' | 'all', window: Window): Promise<Paged<AttemptRow>>
  attempt(id: string): Promise<AttemptReport | undefined>
  people(window: Window): Promise<Paged<PersonRow>>
  clients(window: Window): Promise<Paged<ClientRow>>
  grants(filter: { userId?: string }, window: Window): Promise<Paged<GrantRow>>
  credentials(window: Window): Promise<Paged<CredentialRow>>
  connectors(): Promise<ConnectorReport[]>
  audit(filter: { before?: number; action?: string }, size: number): Promise<AuditReport>
  settings(): readonly SettingRow[]
}

export function createReports(options: ReportsOptions): Reports {
  const { storage, clock, settings } = options
  const stories = createStories(storage, clock)
  const watch = createWatch(options)

  async function usernames(): Promise<Map<string, string>> {
    return new Map(
      (await storage.listUsers(maximumCounted)).map(({ userId, username }) => [userId, username]),
    )
  }

  return {
    overview: (hours) => overviewReport(hours, { storage, clock, stories }),

    async attempts(filter, window) {
      const names = await usernames()
      const rows = (await stories()).filter(({ story }) => {
        if (filter === 'failing') return isFailing(story)
        return filter === 'all' || story.state !== 'looked'
      })
      return paged(rows, window, ({ connection, story }) => attemptRow(connection, story, names))
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

    async people(window) {
      const grants = await liveGrants(storage, clock())
      return paged(await storage.listUsers(reach(window)), window, (user) => {
        const { passwordHash, ...facts } = user
        const own = grants.filter(({ userId }) => userId === user.userId)
        const lastUsedAt = own.length === 0 ? undefined : Math.max(...own.map((grant) => grant.lastUsedAt))
        const { userId, username, displayName, role, createdAt } = facts
        const hasPassword = passwordHash !== undefined
        return { userId, username, displayName, role, hasPassword, createdAt, grants: own.length, lastUsedAt }
      })
    },

    async clients(window) {
      const grants = await liveGrants(storage, clock())
      return paged(await storage.listClients(reach(window)), window, (client) => {
        const { clientId, kind, metadata, createdAt, lastUsedAt, expiresAt } = client
        const own = grants.filter((grant) => grant.clientRowId === clientId || grant.clientId === clientId)
        const hosts = new Set(metadata.redirectUris.map(redirectHost))
        const facts = { clientId, kind, createdAt, lastUsedAt, expiresAt }
        return { ...facts, name: metadata.clientName ?? '', redirectHosts: [...hosts], grants: own.length }
      })
    },

    async grants(filter, window) {
      const names = await usernames()
      const now = clock()
      return paged(await storage.listGrants(filter, reach(window)), window, (grant) => {
        const { grantId, clientId, clientName, userId, resource, scope, createdAt, lastUsedAt } = grant
        return {
          ...{ grantId, client: clientName, clientId, person: nameOf(userId, names) },
          ...{ connector: resource, scope, createdAt, lastUsedAt, ended: endOf(grant, now) },
        }
      })
    },

    async credentials(window) {
      const names = await usernames()
      return paged(await storage.listCredentials({}, reach(window)), window, (record) => {
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

    connectors: watch,

    async audit(filter, size) {
      const names = await usernames()
      const found = await storage.listAudit(filter, size)
      const records = found.map(({ number, at, action, actor, actorId, details, hash }) => {
        const by = actorId === undefined ? actor : (names.get(actorId) ?? actorId)
        return { number, at, action, by, details, hash }
      })
      const isFull = records.length === size
      return { records, before: isFull ? records.at(-1)?.number : undefined }
    },

    settings: () => settings,
  }
}

/** As much of a list as shows whether there is more. */
function reach({ page, size }: Window): number {
  return Math.min(page * size + 1, maximumCounted)
}

function paged<Found, Row>(
  found: readonly Found[],
  { page, size }: Window,
  rowOf: (one: Found) => Row,
): Paged<Row> {
  const rows = found.slice((page - 1) * size, page * size).map(rowOf)
  return { rows, page, nextPage: found.length > page * size ? page + 1 : undefined }
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

function nameOf(userId: string, names: ReadonlyMap<string, string>): string {
  return names.get(userId) ?? userId
}
