/** The page that sends the browser on to another server after a form: a redirect would be held to the form's policy with all that follows it there (CSP Level 3 §6.1, form-action). */

import type { Brand } from './brand.ts'
import { type Page, renderPage } from './layout.ts'
import { html } from './markup.ts'
import { text } from './text.ts'

export interface DepartureView {
  brand: Brand
  homePath: string
  /** As the operator calls it. */
  provider: string
  url: URL
}

/** Goes on by itself, without a script; the link is for browsers that do not. */
export function departurePage({ brand, homePath, provider, url }: DepartureView): Page {
  const say = text.departure
  const name = html`<bdi>${provider}</bdi>`
  const content = html`<div class="panel">
<h1>${say.title(name)}</h1>
<p class="lead">${say.lead(html`<bdi dir="ltr" class="mono">${url.host}</bdi>`)}</p>
<p class="section"><a class="button primary" href="${url.href}" rel="noreferrer">${say.go}</a></p>
</div>`
  return renderPage({ brand, homePath, title: say.pageTitle, goTo: url.href }, content)
}
