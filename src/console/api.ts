/** The console's JSON API: what the pages show and do, for scripts that bring the operator's token. */

import { equalInConstantTime } from '../platform/crypto.ts'
import type { AttemptFilter } from '../ui/console/attempts.ts'
import type { DeedName } from '../ui/console/records.ts'
import type { Reports, Window } from './reports.ts'

export interface ApiRoute {
  method: 'GET' | 'DELETE'
  /** Below `/console/api`; `{id}` stands for one segment. */
  path: string
  /** For the reference page. */
  says: string
  /** Of a GET. */
  answer?(reports: Reports, id: string, query: URLSearchParams): Promise<unknown>
  /** Of a DELETE. */
  deed?: DeedName
}

export const apiPath = '/console/api'
/** Of the operator's token: what can stand in a header, and so much of it that nobody guesses it. */
export const consoleTokenPattern: RegExp = /^[\x21-\x7e]{32,512}$/
/** Of one answer. */
const rowsOfAnswer = 100

export const apiRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/overview',
    says: 'Numbers of the last 24 hours, or with `?hours=168` of the last week.',
    answer: (reports, _, query) => reports.overview(readHours(query)),
  },
  {
    method: 'GET',
    path: '/connections',
    says: 'Attempts to connect, the latest first; `?only=failing` those that stopped, `?only=all` visits too.',
    answer: (reports, _, query) => reports.attempts(readOnly(query), readWindow(query)),
  },
  {
    method: 'GET',
    path: '/connections/{id}',
    says: 'One attempt, step by step, with its likely cause and what to do.',
    answer: (reports, id) => reports.attempt(id),
  },
  {
    method: 'GET',
    path: '/people',
    says: 'Accounts.',
    answer: (reports, _, query) => reports.people(readWindow(query)),
  },
  {
    method: 'DELETE',
    path: '/people/{id}',
    says: 'Removes an account by its `userId`, signs it out and ends its connections. As `postern users remove`.',
    deed: 'remove-user',
  },
  {
    method: 'GET',
    path: '/clients',
    says: 'Clients that are stored.',
    answer: (reports, _, query) => reports.clients(readWindow(query)),
  },
  {
    method: 'DELETE',
    path: '/clients/{id}',
    says: 'Removes a client and ends its connections. As `postern clients remove`.',
    deed: 'remove-client',
  },
  {
    method: 'GET',
    path: '/grants',
    says: 'What people allowed which client; `?person=` a `userId` those of one person.',
    answer: (reports, _, query) => reports.grants(readPerson(query), readWindow(query)),
  },
  {
    method: 'DELETE',
    path: '/grants/{id}',
    says: 'Revokes a grant; its tokens are dead at once. As `postern grants revoke`.',
    deed: 'revoke-grant',
  },
  {
    method: 'GET',
    path: '/connectors',
    says: 'Connectors with their health, their tools, and what changed in these.',
    answer: (reports) => reports.connectors(),
  },
  {
    method: 'GET',
    path: '/credentials',
    says: 'Whose own credentials are kept, and never the credentials.',
    answer: (reports, _, query) => reports.credentials(readWindow(query)),
  },
  {
    method: 'DELETE',
    path: '/credentials/{id}',
    says: 'Removes one; `{id}` is `["userId","connector"]`, URL-encoded. As `postern credentials remove`.',
    deed: 'remove-credential',
  },
  {
    method: 'GET',
    path: '/audit',
    says: `The audit log, ${rowsOfAnswer} records at a time, the newest first: \`?before=\` a number, \`?action=\` a kind. All of it: \`postern audit export\`.`,
    answer: (reports, _, query) => reports.audit(readAuditFilter(query), rowsOfAnswer),
  },
  {
    method: 'GET',
    path: '/settings',
    says: 'With what it was started.',
    answer: async (reports) => reports.settings(),
  },
]

/** House rule 12: a token, whatever address it comes from. RFC 6750 §2.1. */
export function isBearer(request: Request, token: string | undefined): boolean {
  const [, presented] = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
  return token !== undefined && presented !== undefined && equalInConstantTime(presented, token)
}

export function findApiRoute(method: string, path: string): { route: ApiRoute; id: string } | undefined {
  for (const route of apiRoutes) {
    if (route.method !== method) continue
    const [before = '', after] = route.path.split('{id}')
    if (after === undefined ? path !== before : !path.startsWith(before) || path.length === before.length)
      continue
    const segment = path.slice(before.length)
    if (segment.includes('/')) continue
    const id = decoded(segment)
    if (id !== undefined) return { route, id }
  }
  return undefined
}

/** A segment of a path as it was meant; undefined for one that nobody could have meant. */
export function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

export function readHours(query: URLSearchParams): number {
  return query.get('hours') === '168' ? 168 : 24
}

export function readOnly(query: URLSearchParams): AttemptFilter {
  const only = query.get('only')
  return only === 'failing' || only === 'all' ? only : 'attempts'
}

export function readPerson(query: URLSearchParams): { userId?: string } {
  const userId = query.get('person') ?? ''
  return userId === '' ? {} : { userId }
}

export function readWindow(query: URLSearchParams, size: number = rowsOfAnswer): Window {
  const page = Number(query.get('page') ?? 1)
  return { page: Number.isSafeInteger(page) && page > 0 ? page : 1, size }
}

export function readAuditFilter(query: URLSearchParams): { before?: number; action?: string } {
  const before = Number(query.get('before') ?? Number.NaN)
  const action = query.get('action') ?? ''
  return {
    ...(Number.isSafeInteger(before) && before > 0 ? { before } : {}),
    ...(action === '' ? {} : { action }),
  }
}
