/** The server itself: its connectors with their health and what changed in their tools, the audit log, and its settings. */

import { exactInstant } from '../instant.ts'
import type { Page } from '../layout.ts'
import { html, type Markup } from '../markup.ts'
import { text } from '../text.ts'
import { type ConsoleFrame, consolePage, consolePath } from './frame.ts'
import type { AuditReport, AuditRow, ConnectorReport, DiffLine, SettingRow, ToolChange } from './reports.ts'
import { code, table, words } from './table.ts'

export function connectorsPage(frame: ConsoleFrame, connectors: readonly ConnectorReport[]): Page {
  const say = text.console
  const most = {
    tools: Math.ceil(maximumTools / connectors.length),
    lines: Math.ceil(maximumLines / connectors.length),
  }
  const content = connectors.map((connector) => {
    const { name, url, access, answers, calls, failures, tools, changes } = connector
    const health = answers
      ? html`<span class="state is-good">${say.answers}</span>`
      : html`<span class="state is-bad">${say.silent}</span><span class="note">${say.silentHint}</span>`
    return html`<section class="section"><h2>${words(name, 80)}</h2><dl class="facts">
<div><dt>${say.health}</dt><dd>${health}</dd></div>
<div><dt>${say.address}</dt><dd>${code(url, 300)}</dd></div>
<div><dt>${say.access}</dt><dd>${access}</dd></div>
<div><dt>${say.calls24}</dt><dd>${calls}</dd></div>
<div><dt>${say.failures24}</dt><dd>${failures}</dd></div>
<div><dt>${say.tools}</dt><dd>${toolNames(tools, most.tools)}</dd></div></dl>
<h3>${say.changes}</h3>${changes.length === 0 ? html`<p class="note">${say.noChanges}</p>` : changesOf(changes, most.lines)}</section>`
  })
  return consolePage(frame, 'connectors', say.connectors, html`${content}`)
}

/** Of all connectors together, because a page is not to become heavy; all of them are in the API and in the audit log. */
const maximumTools = 80
const maximumLines = 120

function toolNames(tools: ConnectorReport['tools'], most: number): Markup {
  if (tools.length === 0) return html`–`
  const list = html`<ul class="tools">${tools.slice(0, most).map(({ name, title, readOnly }) => html`<li>${code(name, 64)}${title === undefined ? '' : html`<span class="muted">${words(title, 80)}</span>`}${readOnly ? '' : html`<span class="tag">${text.consent.changeTools(1).replace(/^1 \S+ /, '')}</span>`}</li>`)}${tools.length > most ? html`<li>${text.account.moreTools(tools.length - most)}</li>` : ''}</ul>`
  return html`<details><summary>${text.tools(tools.length)}</summary>${list}</details>`
}

function changesOf(changes: readonly ToolChange[], most: number): Markup {
  let left = most
  const sections = changes.map(({ seenAt, added, removed, changed }) => {
    if (left <= 0) return ''
    const lines = changed.map(({ name, lines: all }) => {
      if (left <= 0) return ''
      const shown = all.slice(0, left)
      left -= all.length
      return html`<p>${text.console.changedTool}: ${code(name, 64)}</p>${diff(shown)}`
    })
    left -= 1
    return html`<div class="answer"><p><strong>${exactInstant(seenAt)}</strong></p>${names(text.console.added, added)}${names(text.console.removed, removed)}${lines}</div>`
  })
  const all = html`<p class="choices"><a href="${consolePath}/audit?action=upstream.tool_changed">${text.console.allChanges}</a></p>`
  return html`${sections}${all}`
}

const maximumNames = 20

function names(label: string, all: readonly string[]): Markup | string {
  if (all.length === 0) return ''
  const more = all.length > maximumNames ? text.account.moreTools(all.length - maximumNames) : ''
  return html`<p>${label}: ${all.slice(0, maximumNames).map((name) => html`${code(name, 64)} `)}${more}</p>`
}

/** A mark before each line says what the colour says. */
function diff(lines: readonly DiffLine[]): Markup {
  const marks = { same: ' ', added: '+', removed: '-' } as const
  return html`<pre class="diff" dir="ltr">${lines.map(({ kind, text: line }) => {
    const marked = `${marks[kind]} ${line}\n`
    if (kind === 'added') return html`<ins>${marked}</ins>`
    return kind === 'removed' ? html`<del>${marked}</del>` : html`${marked}`
  })}</pre>`
}

export interface AuditFilter {
  action: string | undefined
  /** To choose from. */
  actions: readonly string[]
}

export function auditPage(frame: ConsoleFrame, { records, before }: AuditReport, filter: AuditFilter): Page {
  const say = text.console
  const option = (value: string, label: string, isChosen: boolean): Markup =>
    html`<option value="${value}"${isChosen ? html` selected` : ''}>${label}</option>`
  const heads = [say.number, say.when, say.what, say.by, say.details]
  const older =
    before === undefined
      ? ''
      : html`<a href="${consolePath}/audit?before=${before}${filter.action === undefined ? '' : `&action=${encodeURIComponent(filter.action)}`}">${say.older}</a>`
  const content = html`<form class="choices" method="get" action="${consolePath}/audit"><label>${say.what} <select name="action">${option('', say.allActions, filter.action === undefined)}${filter.actions.map((name) => option(name, name, name === filter.action))}</select></label><button class="button small" type="submit">${say.filter}</button></form>
${table(say.audit, heads, records.map(auditRow))}
<p class="choices">${older}<a href="${consolePath}/audit/export" download>${say.exportAll}</a></p>`
  return consolePage(frame, 'audit', say.audit, content)
}

function auditRow({ number, at, action, by, details }: AuditRow): Markup {
  const told = Object.entries(details).map(
    ([name, value]) => html`<span class="muted">${name}</span> ${words(String(value), 120)} `,
  )
  return html`<tr><td>${number}</td><td>${exactInstant(at)}</td><td>${code(action)}</td><td>${words(by, 64)}</td><td class="wide">${told}</td></tr>`
}

export function settingsPage(frame: ConsoleFrame, settings: readonly SettingRow[]): Page {
  const say = text.console
  const rows = settings.map(
    ({ name, value, purpose }) =>
      html`<tr><td>${code(name)}</td><td class="wide">${code(value, 300)}</td><td class="wide">${withCode(purpose)}</td></tr>`,
  )
  const content = html`<p class="lead">${say.settingsHint}</p>${table(say.settings, [say.setting, say.value, say.meaning], rows)}`
  return consolePage(frame, 'settings', say.settings, content)
}

/** What stands between backticks, as the reference page has it. */
function withCode(sentence: string): Markup {
  return html`${sentence.split('`').map((part, index) => (index % 2 === 0 ? part : html`<code>${part}</code>`))}`
}
