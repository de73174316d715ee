/** The visitor's page: the connector's address, how to add it to each client, and what trips people. */

import { isLoopbackHost } from '../platform/url.ts'
import { claudeAddLink, cursorAddLink, vscodeAddLink } from './add-links.ts'
import type { Brand } from './brand.ts'
import { type Page, type PageLink, renderPage, type Visitor } from './layout.ts'
import { html, type Markup, outsideWords } from './markup.ts'
import { picture } from './picture.ts'
import { qrCode } from './qr-code.ts'
import { connectorSlug, copyable, copyScript, shellWord, steps } from './steps.ts'
import { text } from './text.ts'

export interface HomeView {
  brand: Brand
  /** Of this very page, for a phone. */
  pageUrl: string
  links?: readonly PageLink[] | undefined
  visitor?: Visitor | undefined
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
  const isLocal = isLoopbackHost(new URL(view.pageUrl).hostname)
  const only = others.length === 0 ? first : undefined
  const named = html`${picture(only?.icon)}<bdi>${outsideWords(only?.name ?? view.brand.name, 80)}</bdi>`
  const content = html`<div class="panel">
<h1>${say.title(named)}</h1>
<p class="lead">${leadFor(view.connectors)}</p>
${view.connectors.map((one) => connectorSection(one, only === undefined, isLocal))}
${view.needsSetup ? callout('', say.setupTitle, say.setupWaiting) : ''}
${isLocal ? callout('calm', say.localTitle, say.localWarning(flag('--tunnel'), flag('--public-url'))) : ''}
<div class="section"><h2>${say.howTo}</h2>
<div class="ways">${ways(first === undefined ? [example] : view.connectors, isLocal)}</div>
</div>
<div class="section"><h2>${say.trips}</h2><ul class="bullets">${say.tripList.map((line) => html`<li>${line}</li>`)}</ul></div>
${isLocal ? '' : phone(view.pageUrl)}
</div>`
  const { brand, links, visitor } = view
  // Only who is signed in has a form here, the one that signs them out.
  const formAction = visitor === undefined ? undefined : ["'self'"]
  const frame = { brand, links, visitor, formAction, script: copyScript, width: 'wide' } as const
  return renderPage({ ...frame, title: say.pageTitle }, content)
}

function leadFor(connectors: readonly HomeConnector[]): string {
  if (connectors.length === 0) return text.home.leadWithoutAddress
  return connectors.length === 1 ? text.home.lead : text.home.leadForMany
}

/** Its address, and the shortest way to Claude, which cannot reach what is only on this machine. */
function connectorSection(connector: HomeConnector, isOneOfMany: boolean, isLocal: boolean): Markup {
  const say = text.home
  const { name, url, icon } = connector
  const title = isOneOfMany ? html`${picture(icon)}<bdi>${outsideWords(name, 80)}</bdi>` : say.address
  return html`<div class="section address"><h2>${title}</h2>${copyable(url)}${isLocal ? '' : addToClaude(connector)}</div>`
}

function addToClaude(connector: HomeConnector): Markup {
  return html`<p class="add"><a class="button primary" href="${claudeAddLink(connector)}" rel="noreferrer">${text.home.addToClaude}</a><span class="note">${text.home.opensClaude}</span></p>`
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
  const hasAddress = connectors[0] !== example
  return html`${way(say.claude, say.claudeSteps(link), !isLocal)}
${way(say.mobile, say.mobileSteps, false)}
${way(say.claudeCode, say.claudeCodeSteps(html`${add}`), isLocal)}
${hasAddress ? way(say.editors, say.editorSteps(html`${connectors.map(editorLinks)}`), false) : ''}
${way(say.others, say.otherSteps, false)}
${way(say.inspector, say.inspectorSteps(copyable('npx @modelcontextprotocol/inspector')), false)}`
}

function way(title: string, items: readonly (Markup | string)[], isOpen: boolean): Markup {
  return html`<details${isOpen ? html` open` : ''}><summary>${title}</summary><div class="body">${steps(items)}</div></details>`
}

function editorLinks(connector: HomeConnector, _: number, all: readonly HomeConnector[]): Markup {
  const links = [
    ['Cursor', cursorAddLink(connector)],
    ['VS Code', vscodeAddLink(connector)],
  ] as const
  const name = all.length === 1 ? '' : html`<bdi>${outsideWords(connector.name, 80)}</bdi>`
  return html`<span class="add">${name}${links.map(([client, href]) => html`<a class="button small" href="${href}">${text.home.addTo(client)}</a>`)}</span>`
}

function phone(pageUrl: string): Markup {
  const say = text.home
  return html`<div class="section phone"><div><h2>${say.scan}</h2><p class="note">${say.scanHint}</p></div>${qrCode(pageUrl, say.scan)}</div>`
}

/** Never broken after one of its dashes. */
function flag(name: string): Markup {
  return html`<span class="whole">${name}</span>`
}

function callout(kind: 'calm' | '', title: string, sentence: Markup | string): Markup {
  return html`<div class="callout ${kind}"><strong>${title}</strong><p>${sentence}</p></div>`
}
