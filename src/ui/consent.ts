/** The consent page: who asks, where the answer goes, for which connector, as whom, and what it may do (MCP security best practices on consent, OAuth 2.1 §7). */

import type { Brand } from './brand.ts'
import { type CredentialView, credentialPart } from './credential.ts'
import { hidden, type SignOut, signOutForm } from './form.ts'
import { formActionTo, type Page, renderPage } from './layout.ts'
import { html, type Markup, outsideWords } from './markup.ts'
import { picture } from './picture.ts'
import { text } from './text.ts'

export interface ConsentView {
  brand: Brand
  homePath: string
  client: {
    /** As the client gives it; made fit to show here. */
    name: string
    /** Nobody but the client vouches for its name: it registered itself. */
    isSelfAsserted: boolean
    /** Of a client metadata document, which that host serves and so vouches for. */
    clientIdHost: string | undefined
    /** Where the answer is sent. */
    redirectHost: string
    /** A program on the person's own device receives the answer. */
    isLocal: boolean
  }
  /** Its icon, if it has one, is a `data:` URL. */
  connector: { name: string; url: string; icon?: string | undefined }
  user: { username: string; displayName: string }
  scopes: readonly ConsentScope[]
  /** Undefined while the upstream has not been asked. */
  tools: readonly ConsentTool[] | undefined
  /** What the connector is called with for this person. */
  credential?: (CredentialView & { forUser: string }) | undefined
  /** The form posts `csrf`, `decision` (approve or deny) and one `scope` for each ticked optional scope. */
  csrf: string
  action: string
  signOut: SignOut
  redirectUri: string
}

export interface ConsentScope {
  name: string
  label: string
  explanation: string
  /** A box to untick; otherwise a fixed line, and nothing is posted for it. */
  optional: boolean
  checked: boolean
}

export interface ConsentTool {
  name: string
  title: string | undefined
  /** The name of the scope that allows it. */
  scope: string
  readOnly: boolean
  destructive: boolean
}

export function consentPage(view: ConsentView): Page {
  const say = text.consent
  const client = html`<bdi>${outsideWords(view.client.name, 60) || say.nameless}</bdi>`
  const content = html`<div class="panel">
<h1>${say.title(client, html`<bdi>${outsideWords(view.connector.name, 80)}</bdi>`)}</h1>
${facts(view, client)}
${view.client.isLocal ? localWarning(client) : ''}
<form method="post" action="${view.action}">
${hidden('csrf', view.csrf)}
<fieldset>
<legend>${say.may}</legend>
${view.scopes.map((scope, index) => scopeChoice(scope, `scope-${index}`, toolsOf(view, scope)))}
</fieldset>
${view.credential === undefined ? '' : credentialPart(view.credential)}
${view.tools === undefined ? html`<p class="note">${say.toolsUnknown}</p>` : ''}
<div class="actions">
${/* First in the form, and so what Enter presses: with Deny first, people refused without knowing it. */ ''}
<button class="button primary" type="submit" name="decision" value="approve">${say.approve}</button>
<button class="button" type="submit" name="decision" value="deny">${say.deny}</button>
</div>
${view.client.isLocal ? '' : html`<p class="note">${say.caution}</p>`}
</form>
</div>`
  const { brand, homePath } = view
  return renderPage(
    { brand, homePath, title: say.pageTitle, formAction: formActionTo(view.redirectUri) },
    content,
  )
}

function facts(view: ConsentView, client: Markup): Markup {
  const say = text.consent
  return html`<dl class="facts">
<div><dt>${say.who}</dt><dd><strong>${client}</strong><span class="note">${whoVouches(view)}</span></dd></div>
<div><dt>${say.where}</dt><dd>${whereTo(view)}</dd></div>
<div><dt>${say.connector}</dt><dd>${picture(view.connector.icon)}<strong><bdi>${outsideWords(view.connector.name, 80)}</bdi></strong><span class="note">${address(view.connector.url)}</span></dd></div>
<div><dt>${say.as}</dt><dd>${whoIs(view)}</dd></div>
</dl>`
}

function whoVouches({ client }: ConsentView): Markup | string {
  if (client.clientIdHost !== undefined) return text.consent.whoPublishedBy(address(client.clientIdHost))
  return client.isSelfAsserted ? text.consent.whoSelfAsserted : text.consent.whoRegistered
}

function whereTo({ client }: ConsentView): Markup {
  const host = address(client.redirectHost)
  return client.isLocal
    ? html`<strong>${text.consent.thisDevice}</strong><span class="note">${text.consent.whereLocal(host)}</span>`
    : html`<strong>${host}</strong><span class="note">${text.consent.whereHost}</span>`
}

function whoIs({ user, signOut }: ConsentView): Markup {
  const username = outsideWords(user.username, 64)
  const displayName = outsideWords(user.displayName, 100) || username
  return html`<strong><bdi>${displayName}</bdi></strong>${displayName === username ? '' : html` <span class="muted">(<bdi>${username}</bdi>)</span>`}
${signOutForm(signOut)}`
}

function localWarning(client: Markup): Markup {
  return html`<div class="callout" role="note"><strong>${text.consent.localTitle}</strong><p>${text.consent.localWarning(client)}</p></div>`
}

function scopeChoice(scope: ConsentScope, id: string, tools: readonly ConsentTool[] | undefined): Markup {
  const label = html`<span dir="auto">${scope.label}</span>`
  const explanation = html`<p class="note" id="${id}-why" dir="auto">${scope.explanation}</p>${tools === undefined ? '' : toolList(tools)}`
  if (!scope.optional) {
    return html`<div class="scope">${always}<div><span class="name">${label}</span><span class="tag">${text.consent.always}</span>${explanation}</div></div>`
  }
  const checked = scope.checked ? html` checked` : ''
  return html`<div class="scope"><input type="checkbox" id="${id}" name="scope" value="${scope.name}" aria-describedby="${id}-why"${checked}><div><label for="${id}">${label}</label>${explanation}</div></div>`
}

const always = html`<svg class="always" viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d="M4 10.5l4 4 8-9" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/></svg>`

function toolsOf(view: ConsentView, scope: ConsentScope): readonly ConsentTool[] | undefined {
  return view.tools?.filter((tool) => tool.scope === scope.name)
}

/** What a glance takes in; more are folded away behind their number. */
const toolsAtAGlance = 4

function toolList(tools: readonly ConsentTool[]): Markup {
  if (tools.length === 0) return html`<p class="note">${text.consent.noTools}</p>`
  const groups = [
    { says: text.consent.readTools, tools: tools.filter((tool) => tool.readOnly) },
    { says: text.consent.changeTools, tools: tools.filter((tool) => !tool.readOnly) },
  ]
  return html`${groups
    .filter((group) => group.tools.length > 0)
    .map((group) => {
      const list = html`<ul class="tools">${group.tools.map(toolLine)}</ul>`
      return group.tools.length <= toolsAtAGlance
        ? list
        : html`<details><summary>${group.says(group.tools.length)}</summary>${list}</details>`
    })}`
}

function toolLine(tool: ConsentTool): Markup {
  const name = outsideWords(tool.name, 64)
  const title = outsideWords(tool.title ?? '', 80)
  return html`<li>${title === '' || title === name ? '' : html`<span><bdi>${title}</bdi></span> `}<code><bdi>${name}</bdi></code>${tool.destructive && !tool.readOnly ? html` <span class="tag careful">${text.consent.mayDestroy}</span>` : ''}</li>`
}

/** A host or URL is read from left to right in every language, or its parts change places. */
function address(value: string): Markup {
  return html`<bdi dir="ltr" class="mono">${outsideWords(value, 300)}</bdi>`
}
