/** People, clients, grants and credentials as tables, each line with what an operator may do to it. */

import { hidden } from '../form.ts'
import { instant } from '../instant.ts'
import type { Page } from '../layout.ts'
import { html, type Markup } from '../markup.ts'
import { text } from '../text.ts'
import { type ConsoleFrame, consolePage, consolePath } from './frame.ts'
import type { ClientRow, CredentialRow, GrantRow, Paged, PersonRow } from './reports.ts'
import { code, pager, table, words } from './table.ts'

export function peoplePage(frame: ConsoleFrame, paged: Paged<PersonRow>, ownUserId: string): Page {
  const say = text.console
  const heads = [say.name, say.role, say.signsIn, say.liveGrants, say.lastUsed, say.made, '']
  return recordsPage(frame, 'people', heads, paged, (person) => {
    const { userId, username, displayName, role, hasPassword, grants, lastUsedAt, createdAt } = person
    const name = displayName === username ? '' : html`<span class="note">${words(displayName)}</span>`
    // Whoever removed the account they sit at would be locked out by a slip; the command line is the way for that.
    const remove = userId === ownUserId ? '' : deed('remove-user', userId, 'people', frame)
    return html`<tr><td>${words(username, 64)}${name}</td><td>${role === 'admin' ? say.admin : say.member}</td><td>${hasPassword ? say.withPassword : say.elsewhere}</td><td>${grants === 0 ? grants : html`<a href="${consolePath}/grants?person=${encodeURIComponent(userId)}">${grants}</a>`}</td><td>${whenever(lastUsedAt, frame)}</td><td>${instant(createdAt, frame.now)}</td><td>${remove}</td></tr>`
  })
}

export function clientsPage(frame: ConsoleFrame, paged: Paged<ClientRow>): Page {
  const say = text.console
  const kinds: Readonly<Record<string, string>> = say.kinds
  const heads = [say.client, say.kind, say.callback, say.liveGrants, say.lastUsed, say.made, say.expires, '']
  return recordsPage(frame, 'clients', heads, paged, (client) => {
    const { clientId, name, kind, redirectHosts, grants, lastUsedAt, createdAt, expiresAt } = client
    return html`<tr><td class="wide">${words(name)}<span class="note">${code(clientId, 80)}</span></td><td>${kinds[kind] ?? kind}</td><td>${redirectHosts.map((host) => html`${code(host)} `)}</td><td>${grants}</td><td>${instant(lastUsedAt, frame.now)}</td><td>${instant(createdAt, frame.now)}</td><td>${expiresAt === undefined ? say.never : instant(expiresAt, frame.now)}</td><td>${deed('remove-client', clientId, 'clients', frame)}</td></tr>`
  })
}

/** `userId`: of whom alone they are. */
export function grantsPage(frame: ConsoleFrame, paged: Paged<GrantRow>, userId?: string): Page {
  const say = text.console
  const heads = [say.client, say.person, say.connector, say.may, say.since, say.lastUsed, say.stateOf, '']
  const row = (grant: GrantRow): Markup => {
    const { grantId, client, person, connector, scope, createdAt, lastUsedAt, ended } = grant
    const state =
      ended === undefined
        ? say.stands
        : html`${say.endedAt} ${instant(ended.at, frame.now)}<span class="note">${words(ended.why)}</span>`
    const revoke = ended === undefined ? deed('revoke-grant', grantId, 'grants', frame) : ''
    return html`<tr><td>${words(client, 40)}</td><td>${words(person, 40)}</td><td>${words(connector)}</td><td>${scope.map((name) => html`<span class="tag">${words(name, 40)}</span> `)}</td><td>${instant(createdAt, frame.now)}</td><td>${instant(lastUsedAt, frame.now)}</td><td>${state}</td><td>${revoke}</td></tr>`
  }
  const all = html`<p class="choices"><a href="${consolePath}/grants">${say.allGrants}</a></p>`
  const chosen = { query: { person: userId }, above: userId === undefined ? undefined : all }
  return recordsPage(frame, 'grants', heads, paged, row, chosen)
}

export function credentialsPage(frame: ConsoleFrame, paged: Paged<CredentialRow>): Page {
  const say = text.console
  const heads = [say.person, say.connector, say.kind, say.label, say.changed, say.refused, '']
  return recordsPage(frame, 'credentials', heads, paged, (credential) => {
    const { userId, person, connector, kind, label, changedAt, refusedAt } = credential
    const id = JSON.stringify([userId, connector])
    return html`<tr><td>${words(person, 64)}</td><td>${words(connector)}</td><td>${kind}</td><td>${words(label)}</td><td>${instant(changedAt, frame.now)}</td><td>${whenever(refusedAt, frame)}</td><td>${deed('remove-credential', id, 'credentials', frame)}</td></tr>`
  })
}

function whenever(at: number | undefined, { now }: ConsoleFrame): Markup | string {
  return at === undefined ? '' : instant(at, now)
}

/** Their paths are called as they are. */
type RecordsTab = 'people' | 'clients' | 'grants' | 'credentials'

/** A table, page by page. `chosen`: which of them alone, and the way to all. */
function recordsPage<Row>(
  frame: ConsoleFrame,
  tab: RecordsTab,
  heads: readonly string[],
  paged: Paged<Row>,
  row: (one: Row) => Markup,
  chosen: { query?: Parameters<typeof pager>[2]; above?: Markup | undefined } = {},
): Page {
  const name = text.console[tab]
  const rows = table(name, heads, paged.rows.map(row))
  const pages = pager(paged, `${consolePath}/${tab}`, chosen.query)
  return consolePage(frame, tab, name, html`${chosen.above ?? ''}${rows}${pages}`)
}

/** What the form posts as `act`. */
export type DeedName = Exclude<keyof typeof text.console.done, 'nothing'>

const deedWords: Readonly<Record<DeedName, { label: string; hint: string }>> = {
  'remove-user': { label: text.console.remove, hint: text.console.removePersonHint },
  'remove-client': { label: text.console.remove, hint: text.console.removeClientHint },
  'revoke-grant': { label: text.console.revoke, hint: text.console.revokeHint },
  'remove-credential': { label: text.console.remove, hint: text.console.removeCredentialHint },
}

/** `id`: of what it is done to. Two presses: what ends somebody's connections is not done by one that slipped. */
function deed(act: DeedName, id: string, tab: RecordsTab, { action }: ConsoleFrame): Markup {
  const { label, hint } = deedWords[act]
  const from = `${consolePath}/${tab}`
  return html`<details><summary>${label}</summary><p class="note">${hint}</p>
<form method="post" action="${action.path}">${hidden('csrf', action.csrf)}${hidden('act', act)}${hidden('id', id)}${hidden('from', from)}<button class="button small" type="submit">${text.console.sure} ${label.toLowerCase()}</button></form></details>`
}
