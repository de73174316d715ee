/** Tables of the console, the way to their other pages, and what strangers chose in them. */

import { html, type Markup, outsideWords } from '../markup.ts'
import { text } from '../text.ts'
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
