/** People, clients, grants and credentials as tables, each line with what an operator may do to it. */

import { instant } from '../instant.ts'
import type { Page } from '../layout.ts'
import { html } from '../markup.ts'
import { text } from '../text.ts'
import { type ConsoleFrame, consolePage, consolePath } from './frame.ts'
import type { ClientRow, CredentialRow, GrantRow, Paged, PersonRow } from './reports.ts'
import { code, deed, pager, table, words } from './table.ts'

export function peoplePage(frame: ConsoleFrame, paged: Paged<PersonRow>, ownUserId: string): Page {
  const say = text.console
  const heads = [say.name, say.role, say.signsIn, say.liveGrants, say.lastUsed, say.made, '']
  const rows = paged.rows.map((person) => {
    const { userId, username, displayName, role, hasPassword, grants, lastUsedAt, createdAt } = person
    const remove = {
      act: 'remove-user',
      id: userId,
      label: say.remove,
      hint: say.removePersonHint,
      from: `${consolePath}/people`,
    } as const
    const name = displayName === username ? '' : html`<span class="note">${words(displayName)}</span>`
    // Whoever removed the account they sit at would be locked out by a slip; the command line is the way for that.
    return html`<tr><td>${words(username, 64)}${name}</td><td>${role === 'admin' ? say.admin : say.member}</td><td>${hasPassword ? say.withPassword : say.elsewhere}</td><td>${grants === 0 ? grants : html`<a href="${consolePath}/grants?person=${encodeURIComponent(userId)}">${grants}</a>`}</td><td>${lastUsedAt === undefined ? '' : instant(lastUsedAt, frame.now)}</td><td>${instant(createdAt, frame.now)}</td><td>${userId === ownUserId ? '' : deed(remove, frame)}</td></tr>`
  })
  const content = html`${table(say.people, heads, rows)}${pager(paged, `${consolePath}/people`)}`
  return consolePage(frame, 'people', say.people, content)
}

export function clientsPage(frame: ConsoleFrame, paged: Paged<ClientRow>): Page {
  const say = text.console
  const kinds: Readonly<Record<string, string>> = say.kinds
  const heads = [say.client, say.kind, say.callback, say.liveGrants, say.lastUsed, say.made, say.expires, '']
  const rows = paged.rows.map((client) => {
    const { clientId, name, kind, redirectHosts, grants, lastUsedAt, createdAt, expiresAt } = client
    const remove = {
      act: 'remove-client',
      id: clientId,
      label: say.remove,
      hint: say.removeClientHint,
      from: `${consolePath}/clients`,
    } as const
    return html`<tr><td class="wide">${words(name)}<span class="note">${code(clientId, 80)}</span></td><td>${kinds[kind] ?? kind}</td><td>${redirectHosts.map((host) => html`${code(host)} `)}</td><td>${grants}</td><td>${instant(lastUsedAt, frame.now)}</td><td>${instant(createdAt, frame.now)}</td><td>${expiresAt === undefined ? say.never : instant(expiresAt, frame.now)}</td><td>${deed(remove, frame)}</td></tr>`
  })
  const content = html`${table(say.clients, heads, rows)}${pager(paged, `${consolePath}/clients`)}`
  return consolePage(frame, 'clients', say.clients, content)
}

/** `userId`: of whom alone they are. */
export function grantsPage(frame: ConsoleFrame, paged: Paged<GrantRow>, userId?: string): Page {
  const say = text.console
  const heads = [say.client, say.person, say.connector, say.may, say.since, say.lastUsed, say.stateOf, '']
  const rows = paged.rows.map((grant) => {
    const { grantId, client, person, connector, scope, createdAt, lastUsedAt, ended } = grant
    const revoke = {
      act: 'revoke-grant',
      id: grantId,
      label: say.revoke,
      hint: say.revokeHint,
      from: `${consolePath}/grants`,
    } as const
    const state =
      ended === undefined
        ? say.stands
        : html`${say.endedAt} ${instant(ended.at, frame.now)}<span class="note">${words(ended.why)}</span>`
    return html`<tr><td>${words(client, 40)}</td><td>${words(person, 40)}</td><td>${words(connector)}</td><td>${scope.map((name) => html`<span class="tag">${words(name, 40)}</span> `)}</td><td>${instant(createdAt, frame.now)}</td><td>${instant(lastUsedAt, frame.now)}</td><td>${state}</td><td>${ended === undefined ? deed(revoke, frame) : ''}</td></tr>`
  })
  const all =
    userId === undefined
      ? ''
      : html`<p class="choices"><a href="${consolePath}/grants">${say.allGrants}</a></p>`
  const content = html`${all}${table(say.grants, heads, rows)}${pager(paged, `${consolePath}/grants`, { person: userId })}`
  return consolePage(frame, 'grants', say.grants, content)
}

export function credentialsPage(frame: ConsoleFrame, paged: Paged<CredentialRow>): Page {
  const say = text.console
  const heads = [say.person, say.connector, say.kind, say.label, say.changed, say.refused, '']
  const rows = paged.rows.map((credential) => {
    const { userId, person, connector, kind, label, changedAt, refusedAt } = credential
    const remove = {
      act: 'remove-credential',
      id: JSON.stringify([userId, connector]),
      label: say.remove,
      hint: say.removeCredentialHint,
      from: `${consolePath}/credentials`,
    } as const
    return html`<tr><td>${words(person, 64)}</td><td>${words(connector)}</td><td>${kind}</td><td>${words(label)}</td><td>${instant(changedAt, frame.now)}</td><td>${refusedAt === undefined ? '' : instant(refusedAt, frame.now)}</td><td>${deed(remove, frame)}</td></tr>`
  })
  const content = html`${table(say.credentials, heads, rows)}${pager(paged, `${consolePath}/credentials`)}`
  return consolePage(frame, 'credentials', say.credentials, content)
}
