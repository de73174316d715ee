/** The visitor's page: the connector's address, how to add it to each client, and what trips people. */

import { isLoopbackHost } from '../platform/url.ts'
import { type Page, renderPage } from './layout.ts'
import { html, type Markup, outsideWords } from './markup.ts'
import { connectorSlug, copyable, copyScript, shellWord, steps } from './steps.ts'
import { text } from './text.ts'

export interface HomeView {
  productName: string
  connector: { name: string; url: string }
  /** Nobody can approve anything yet. */
  needsSetup: boolean
}

export function homePage(view: HomeView): Page {
  const say = text.home
  const { name, url } = view.connector
  const isLocal = isLoopbackHost(new URL(url).hostname)
  const connectorName = html`<bdi>${outsideWords(name, 80)}</bdi>`
  const content = html`<div class="panel">
<h1>${say.title(connectorName)}</h1>
<p class="lead">${say.lead}</p>
<div class="section address"><h2>${say.address}</h2>${copyable(url)}</div>
${view.needsSetup ? callout('', say.setupTitle, say.setupWaiting) : ''}
${isLocal ? callout('calm', say.localTitle, say.localWarning) : ''}
<div class="section"><h2>${say.howTo}</h2>
<div class="ways">${ways(view, isLocal)}</div>
</div>
<div class="section"><h2>${say.trips}</h2><ul class="bullets">${say.tripList.map((line) => html`<li>${line}</li>`)}</ul></div>
</div>`
  return renderPage(
    { productName: view.productName, title: say.pageTitle, script: copyScript, wide: true },
    content,
  )
}

/** The first that works from where the server can be reached is open. */
function ways({ connector: { name, url } }: HomeView, isLocal: boolean): Markup {
  const say = text.home
  const add = `claude mcp add --transport http ${connectorSlug(name)} ${shellWord(url)}`
  const link = html`<a href="https://claude.ai/customize/connectors" rel="noreferrer">${say.claudeLink}</a>`
  return html`${way(say.claude, say.claudeSteps(link), !isLocal)}
${way(say.mobile, say.mobileSteps, false)}
${way(say.claudeCode, say.claudeCodeSteps(copyable(add)), isLocal)}
${way(say.inspector, say.inspectorSteps(copyable('npx @modelcontextprotocol/inspector')), false)}`
}

function way(title: string, items: readonly (Markup | string)[], isOpen: boolean): Markup {
  return html`<details${isOpen ? html` open` : ''}><summary>${title}</summary><div class="body">${steps(items)}</div></details>`
}

function callout(kind: 'calm' | '', title: string, sentence: string): Markup {
  return html`<div class="callout ${kind}"><strong>${title}</strong><p>${sentence}</p></div>`
}
