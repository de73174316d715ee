/** Numbered steps, and the addresses and commands in them that a person copies. */

import { html, type Markup } from './markup.ts'
import { text } from './text.ts'

export function steps(items: readonly (Markup | string)[]): Markup {
  return html`<ol class="steps">${items.map((item) => html`<li><div>${item}</div></li>`)}</ol>`
}

/** Text to take along: one click or tap selects it all, and with script a button copies it. */
export function copyable(value: string): Markup {
  return html`<div class="copy" dir="ltr"><code translate="no">${value}</code><button type="button" hidden data-copied="${text.home.copied}">${text.home.copy}</button></div>`
}

export const copyScript = `document.querySelectorAll('.copy').forEach(function (box) {
  var button = box.querySelector('button')
  if (!button || !navigator.clipboard) return
  var label = button.textContent
  button.hidden = false
  button.addEventListener('click', function () {
    navigator.clipboard.writeText(box.querySelector('code').textContent).then(function () {
      button.textContent = button.dataset.copied
      setTimeout(function () { button.textContent = label }, 2000)
    })
  })
})`

/** The name under which a client files the connector: what every client and shell takes. */
export function connectorSlug(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  return slug === '' ? 'connector' : slug
}

/** Quoted where a POSIX shell would read more into it; a connector URL may hold `?` and `&`. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
