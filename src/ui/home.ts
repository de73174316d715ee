/** The visitor's page: the connector's address, how to add it to each client, and what trips people. */

import { isLoopbackHost } from '../platform/url.ts'
import type { Brand } from './brand.ts'
import { type Page, renderPage } from './layout.ts'
import { html, type Markup, outsideWords } from './markup.ts'
import { picture } from './picture.ts'
import { connectorSlug, copyable, copyScript, shellWord, steps } from './steps.ts'
import { text } from './text.ts'

export interface HomeView {
  brand: Brand
  /** One, or several that people choose from; none where each has an address of its own that is not for everybody. */
  connectors: readonly HomeConnector[]
  /** Nobody can approve anything yet. */
  needsSetup: boolean
}

export interface HomeConnector {
  name: string
  url: string
  /** A `data:` URL of an image. */
  icon?: string | undefined
}

export function homePage(view: HomeView): Page {
  const say = text.home
  const [first, ...others] = view.connectors
  const isLocal = first !== undefined && isLoopbackHost(new URL(first.url).hostname)
  const only = others.length === 0 ? first : undefined
  const named = html`${picture(only?.icon)}<bdi>${outsideWords(only?.name ?? view.brand.name, 80)}</bdi>`
  const content = html`<div class="panel">
<h1>${say.title(named)}</h1>
<p class="lead">${leadFor(view.connectors)}</p>
${only === undefined ? view.connectors.map(oneOfMany) : html`<div class="section address"><h2>${say.address}</h2>${copyable(only.url)}</div>`}
${view.needsSetup ? callout('', say.setupTitle, say.setupWaiting) : ''}
${isLocal ? callout('calm', say.localTitle, say.localWarning) : ''}
<div class="section"><h2>${say.howTo}</h2>
<div class="ways">${ways(first === undefined ? [example] : view.connectors, isLocal)}</div>
</div>
<div class="section"><h2>${say.trips}</h2><ul class="bullets">${say.tripList.map((line) => html`<li>${line}</li>`)}</ul></div>
</div>`
  return renderPage({ brand: view.brand, title: say.pageTitle, script: copyScript, width: 'wide' }, content)
}

function leadFor(connectors: readonly HomeConnector[]): string {
  if (connectors.length === 0) return text.home.leadWithoutAddress
  return connectors.length === 1 ? text.home.lead : text.home.leadForMany
}

function oneOfMany({ name, url, icon }: HomeConnector): Markup {
  return html`<div class="section address"><h2>${picture(icon)}<bdi>${outsideWords(name, 80)}</bdi></h2>${copyable(url)}</div>`
}

/** Where the address is not ours to tell. */
const example: HomeConnector = { name: 'connector', url: 'ADDRESS' }

/** The first that works from where the server can be reached is open. */
function ways(connectors: readonly HomeConnector[], isLocal: boolean): Markup {
  const say = text.home
  const add = connectors.map(({ name, url }) =>
    copyable(`claude mcp add --transport http ${connectorSlug(name)} ${shellWord(url)}`),
  )
  const link = html`<a href="https://claude.ai/customize/connectors" rel="noreferrer">${say.claudeLink}</a>`
  return html`${way(say.claude, say.claudeSteps(link), !isLocal)}
${way(say.mobile, say.mobileSteps, false)}
${way(say.claudeCode, say.claudeCodeSteps(html`${add}`), isLocal)}
${way(say.inspector, say.inspectorSteps(copyable('npx @modelcontextprotocol/inspector')), false)}`
}

function way(title: string, items: readonly (Markup | string)[], isOpen: boolean): Markup {
  return html`<details${isOpen ? html` open` : ''}><summary>${title}</summary><div class="body">${steps(items)}</div></details>`
}

function callout(kind: 'calm' | '', title: string, sentence: string): Markup {
  return html`<div class="callout ${kind}"><strong>${title}</strong><p>${sentence}</p></div>`
}
