/** The shell of every page of the console: its tabs, its style, and the script that renews what is shown when something happens. */

import type { Brand } from '../brand.ts'
import { type Page, type PageLink, renderPage, type Visitor } from '../layout.ts'
import { html, type Markup } from '../markup.ts'
import { text } from '../text.ts'
import { consoleStyle } from './style.ts'

export interface ConsoleFrame {
  brand: Brand
  links: readonly PageLink[]
  visitor: Visitor
  /** Of the form that acts. */
  action: { path: string; csrf: string }
  /** What was done a moment ago: a member of `text.console.done`. */
  done: string | undefined
  now: number
}

const consoleTabs = [
  ['', 'overview'],
  ['/connections', 'attempts'],
  ['/people', 'people'],
  ['/clients', 'clients'],
  ['/grants', 'grants'],
  ['/connectors', 'connectors'],
  ['/credentials', 'credentials'],
  ['/audit', 'audit'],
  ['/settings', 'settings'],
] as const

type ConsoleTab = (typeof consoleTabs)[number][1]

export const consolePath = '/console'

export function consolePage(
  frame: ConsoleFrame,
  tab: ConsoleTab,
  heading: Markup | string,
  content: Markup,
): Page {
  const say = text.console
  const tabs = consoleTabs.map(([path, name]) => {
    const current = name === tab ? html` aria-current="page"` : ''
    return html`<a href="${consolePath}${path}"${current}>${say[name]}</a>`
  })
  const done = frame.done === undefined ? undefined : doneTexts.get(frame.done)
  const page = html`<nav class="tabs" aria-label="${say.tabs}">${tabs}<span class="live" hidden>${say.live}</span></nav>
<div class="panel" data-live><h1>${heading}</h1>
${done === undefined ? '' : html`<div class="callout calm" role="status"><p>${done}</p></div>`}
${content}</div>`
  const { brand, links, visitor } = frame
  return renderPage(
    {
      brand,
      links,
      visitor,
      homePath: '/',
      title: `${say[tab]} · ${say.title}`,
      width: 'full',
      formAction: ["'self'"],
      style: consoleStyle,
      script: renewWhatIsShown,
      connects: true,
    },
    page,
  )
}

const doneTexts: ReadonlyMap<string, string> = new Map(Object.entries(text.console.done))

/**
 * A word that something happened comes by an event stream; what is shown is fetched anew, unless somebody is at work in
 * it. It is fetched now and then too: often where streams do not come through or all are taken, and seldom else, because
 * other instances tell of nothing. Without script the tab that one is on is the way to the latest.
 */
const renewWhatIsShown = `(function () {
  var sign = document.querySelector('.live')
  var waiting = false
  var over = false
  var asking
  var pause
  askEvery(15000)
  if (window.EventSource) {
    var stream = new EventSource('${consolePath}/live')
    stream.onopen = function () { sign.hidden = false; askEvery(60000) }
    stream.onerror = function () { sign.hidden = true; askEvery(15000) }
    stream.onmessage = function () {
      if (waiting || document.hidden) return
      waiting = true
      setTimeout(renew, 1000)
    }
  }
  document.addEventListener('visibilitychange', function () { if (!document.hidden) renew() })
  function askEvery(ms) {
    if (ms === pause) return
    clearInterval(asking)
    pause = ms
    asking = setInterval(function () { if (!document.hidden) renew() }, ms)
  }
  function renew() {
    waiting = false
    var shown = document.querySelector('[data-live]')
    if (over || shown.contains(document.activeElement) || shown.querySelector('details[open]')) return
    fetch(location.href, { headers: { accept: 'text/html' } }).then(function (answer) {
      over = answer.redirected || answer.status === 403
      if (over) { sign.hidden = true; clearInterval(asking); if (stream) stream.close() }
      if (over || !answer.ok) return
      return answer.text().then(function (text) {
        var fresh = new DOMParser().parseFromString(text, 'text/html').querySelector('[data-live]')
        if (fresh && fresh.innerHTML !== shown.innerHTML) shown.replaceWith(document.adoptNode(fresh))
      })
    }).catch(function () {})
  }
})()`
