/** Tables of the console, and the form at the end of a line that does something to it. */

import { hidden } from '../form.ts'
import { html, type Markup, outsideWords } from '../markup.ts'
import { text } from '../text.ts'
import type { ConsoleFrame } from './frame.ts'
import type { Paged } from './reports.ts'

/** A narrow screen scrolls the table and not the page; by keyboard too. */
export function table(label: string, heads: readonly string[], rows: readonly Markup[]): Markup {
  if (rows.length === 0) return html`<p class="section">${text.console.none}</p>`
  const head = heads.map((name) => (name === '' ? html`<td></td>` : html`<th scope="col">${name}</th>`))
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`
}

/** To the pages before and after; nothing where there is one page only. `query`: what was chosen beside. */
export function pager(
  { page, nextPage }: Paged<unknown>,
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): Markup | string {
  const say = text.console
  const link = (to: number, label: string): Markup => {
    const search = new URLSearchParams({ page: String(to) })
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value)
    return html`<a href="${path}?${search.toString()}">${label}</a>`
  }
  if (page === 1 && nextPage === undefined) return ''
  return html`<p class="choices">${page === 1 ? '' : link(page - 1, say.newer)}${nextPage === undefined ? '' : link(nextPage, say.older)}</p>`
}

export function words(value: string | undefined, maximumLength = 60): Markup {
  return html`<bdi>${outsideWords(value ?? '', maximumLength)}</bdi>`
}

/** Ids, hosts and addresses are read from left to right in every language. */
export function code(value: string, maximumLength = 120): Markup {
  return html`<code><bdi dir="ltr">${outsideWords(value, maximumLength)}</bdi></code>`
}

export interface Deed {
  /** What the form posts as `act`. */
  act: 'revoke-grant' | 'remove-user' | 'remove-client' | 'remove-credential'
  /** Of what it is done to. */
  id: string
  label: string
  hint: string
  /** Back to the page it came from. */
  from: string
}

/** Two presses: what ends somebody's connections is not done by one that slipped. */
export function deed({ act, id, label, hint, from }: Deed, { action }: ConsoleFrame): Markup {
  return html`<details><summary>${label}</summary><p class="note">${hint}</p>
<form method="post" action="${action.path}">${hidden('csrf', action.csrf)}${hidden('act', act)}${hidden('id', id)}${hidden('from', from)}<button class="button small" type="submit">${text.console.sure} ${label.toLowerCase()}</button></form></details>`
}
