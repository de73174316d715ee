/** What a person has connected: each app with what it may do, what it has used, and a way to end it. */

import type { Brand } from './brand.ts'
import { hidden } from './form.ts'
import { instant } from './instant.ts'
import { formActionTo, type Page, type PageLink, renderPage, type Visitor } from './layout.ts'
import { html, type Markup, outsideWords } from './markup.ts'
import { picture } from './picture.ts'
import { text } from './text.ts'

export interface AccountView {
  brand: Brand
  homePath: string
  links: readonly PageLink[]
  visitor: Visitor
  apps: readonly ConnectedApp[]
  /** The name of the app that was disconnected a moment ago. */
  disconnected: string | undefined
  /** The form posts `csrf` and `grant`. */
  action: string
  csrf: string
  now: number
}

export interface ConnectedApp {
  grantId: string
  /** As the client gives it. */
  client: string
  redirectHost: string
  /** The answers went to a program on some device of the person's. */
  isLocal: boolean
  connector: { name: string; icon: string | undefined }
  /** In the words of the consent page. */
  scopes: readonly string[]
  since: number
  /** Undefined if it never was. */
  lastUsedAt: number | undefined
  /** Those used last come first. */
  tools: readonly UsedTool[]
}

export interface UsedTool {
  name: string
  calls: number
  lastAt: number
}

export function accountPage(view: AccountView): Page {
  const say = text.account
  const content = html`<div class="panel">
<h1>${say.title}</h1>
<p class="lead">${say.lead}</p>
${view.disconnected === undefined ? '' : html`<div class="callout calm" role="status"><p>${say.disconnected(named(view.disconnected))}</p></div>`}
${view.apps.length === 0 ? nothing(view) : html`<ul class="apps">${view.apps.map((app) => appItem(app, view))}</ul>`}
</div>`
  const { brand, homePath, links, visitor } = view
  return renderPage(
    {
      brand,
      homePath,
      links,
      visitor,
      title: say.title,
      width: 'wide',
      formAction: formActionTo(undefined),
    },
    content,
  )
}

function nothing({ homePath }: AccountView): Markup {
  const say = text.account
  return html`<div class="section"><p>${say.nothing}</p><p class="note">${say.nothingYet(html`<a href="${homePath}">${text.frame.home}</a>`)}</p></div>`
}

function appItem(app: ConnectedApp, view: AccountView): Markup {
  const say = text.account
  const client = named(app.client)
  return html`<li class="app">
<div class="row"><h2>${client}</h2>
<form method="post" action="${view.action}">${hidden('csrf', view.csrf)}${hidden('grant', app.grantId)}<button class="button small" type="submit">${say.disconnect}<span class="hidden"> ${client}</span></button></form></div>
<dl class="facts">
<div><dt>${say.connector}</dt><dd>${picture(app.connector.icon)}<bdi>${outsideWords(app.connector.name, 80)}</bdi></dd></div>
<div><dt>${say.through}</dt><dd>${app.isLocal ? say.local : html`<bdi dir="ltr" class="mono">${outsideWords(app.redirectHost, 120)}</bdi>`}</dd></div>
<div><dt>${say.may}</dt><dd>${app.scopes.map((scope) => html`<span class="tag" dir="auto">${scope}</span> `)}</dd></div>
<div><dt>${say.since}</dt><dd>${instant(app.since, view.now)}</dd></div>
<div><dt>${say.lastUsed}</dt><dd>${app.lastUsedAt === undefined ? say.never : instant(app.lastUsedAt, view.now)}</dd></div>
<div><dt>${say.tools}</dt><dd>${usedTools(app.tools, view.now)}</dd></div>
</dl></li>`
}

/** What a glance takes in; more are folded away behind their number. */
const toolsAtAGlance = 4

function usedTools(tools: readonly UsedTool[], now: number): Markup {
  if (tools.length === 0) return html`${text.account.noTools}`
  const list = (some: readonly UsedTool[]): Markup =>
    html`<ul class="tools">${some.map(({ name, calls, lastAt }) => html`<li><code><bdi>${outsideWords(name, 64)}</bdi></code><span class="muted">${text.account.calls(calls)}, ${instant(lastAt, now)}</span></li>`)}</ul>`
  const rest = tools.slice(toolsAtAGlance)
  return html`${list(tools.slice(0, toolsAtAGlance))}${rest.length === 0 ? '' : html`<details><summary>${text.account.moreTools(rest.length)}</summary>${list(rest)}</details>`}`
}

function named(client: string): Markup {
  return html`<bdi>${outsideWords(client, 60) || text.consent.nameless}</bdi>`
}
