/** What the records and the connectors say, in the shapes that the console shows and its API answers. */

import { agentName } from '../connections/agent.ts'
import { milestoneNames } from '../connections/step.ts'
import { type Story, tellStory } from '../connections/story.ts'
import { redirectHost } from '../oauth/redirect-uri.ts'
import type { Clock } from '../platform/clock.ts'
import type { Storage, StoredConnection } from '../storage/storage.ts'
import type { AttemptFilter } from '../ui/console/attempts.ts'
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
import { sparing } from './sparing.ts'
import { createStories } from './stories.ts'

export interface ReportsOptions {
  storage: Storage
  clock: Clock
  connectors: readonly WatchedConnector[]
  noteTools: NoteTools
  settings: readonly SettingRow[]
}

/** Counted; nobody has that many apps. */
const grantsOfPerson = 100

/** Which part of a list, the newest first; pages are counted from 1. */
export interface Window {
  page: number
  size: number
}

export interface Reports {
  overview(hours: number): Promise<OverviewReport>
  attempts(filter: AttemptFilter, window: Window): Promise<Paged<AttemptRow>>
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

  const overviews = new Map(
    [24, 168].map((hours) => [hours, sparing(() => overviewReport(hours, { storage, clock, stories }))]),
  )

  /** Of those who are named on one page. */
  async function usernames(userIds: readonly (string | undefined)[]): Promise<Map<string, string>> {
    const distinct = [...new Set(userIds)].filter((userId) => userId !== undefined)
    const users = await Promise.all(distinct.map((userId) => storage.findUser(userId)))
    return new Map(users.flatMap((user) => (user === undefined ? [] : [[user.userId, user.username]])))
  }

  return {
    overview: (hours) => overviews.get(hours)?.() ?? overviewReport(hours, { storage, clock, stories }),

    async attempts(filter, window) {
      const wanted = (await stories()).filter(({ story }) => {
        if (filter === 'failing') return isFailing(story)
        return filter === 'all' || story.state !== 'looked'
      })
      const { rows, ...place } = paged(wanted, window)
      const names = await usernames(rows.map(({ connection }) => connection.userId))
      return { rows: rows.map(({ connection, story }) => attemptRow(connection, story, names)), ...place }
    },

    async attempt(id) {
      const connection = await storage.findConnection(id)
      if (connection === undefined) return undefined
      const story = tellStory(connection, clock())
      const { clientId, redirectHost: host, grantId } = connection
      return {
        ...attemptRow(connection, story, await usernames([connection.userId])),
        clientId,
        redirectHost: host,
        grantId,
        lastStep: story.lastStep,
        timeline: story.timeline.map(({ name: _, detail: __, ...step }) => step),
        diagnosis: withoutRule(story.diagnosis),
      }
    },

    async people(window) {
      const now = clock()
      const { rows, ...place } = paged(await storage.listUsers(reach(window)), window)
      const people = rows.map(async (user): Promise<PersonRow> => {
        const { passwordHash, userId, username, displayName, role, createdAt } = user
        const own = (await storage.listGrants({ userId }, grantsOfPerson)).filter(
          (grant) => endOf(grant, now) === undefined,
        )
        const lastUsedAt = own.length === 0 ? undefined : Math.max(...own.map((grant) => grant.lastUsedAt))
        const hasPassword = passwordHash !== undefined
        return { userId, username, displayName, role, hasPassword, createdAt, grants: own.length, lastUsedAt }
      })
      return { rows: await Promise.all(people), ...place }
    },

    async clients(window) {
      const grants = await liveGrants(storage, clock())
      const { rows, ...place } = paged(await storage.listClients(reach(window)), window)
      const clients = rows.map((client): ClientRow => {
        const { clientId, kind, metadata, createdAt, lastUsedAt, expiresAt } = client
        const own = grants.filter((grant) => grant.clientRowId === clientId || grant.clientId === clientId)
        const hosts = new Set(metadata.redirectUris.map(redirectHost))
        const facts = { clientId, kind, createdAt, lastUsedAt, expiresAt }
        return { ...facts, name: metadata.clientName ?? '', redirectHosts: [...hosts], grants: own.length }
      })
      return { rows: clients, ...place }
    },

    async grants(filter, window) {
      const now = clock()
      const { rows, ...place } = paged(await storage.listGrants(filter, reach(window)), window)
      const names = await usernames(rows.map(({ userId }) => userId))
      const grants = rows.map((grant): GrantRow => {
        const { grantId, clientId, clientName, userId, resource, scope, createdAt, lastUsedAt } = grant
        return {
          ...{ grantId, client: clientName, clientId, person: nameOf(userId, names) },
          ...{ connector: resource, scope, createdAt, lastUsedAt, ended: endOf(grant, now) },
        }
      })
      return { rows: grants, ...place }
    },

    async credentials(window) {
      const { rows, ...place } = paged(await storage.listCredentials({}, reach(window)), window)
      const names = await usernames(rows.map(({ userId }) => userId))
      const credentials = rows.map((record): CredentialRow => {
        const { userId, connector, kind, label, createdAt, changedAt, refusedAt } = record
        const person = nameOf(userId, names)
        return { person, userId, connector, kind, label, createdAt, changedAt, refusedAt }
      })
      return { rows: credentials, ...place }
    },

    connectors: watch,

    async audit(filter, size) {
      const found = await storage.listAudit(filter, size)
      const names = await usernames(found.map(({ actorId }) => actorId))
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

function paged<Row>(found: readonly Row[], { page, size }: Window): Paged<Row> {
  const rows = found.slice((page - 1) * size, page * size)
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
