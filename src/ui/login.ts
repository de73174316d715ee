/** The sign-in page: user name and password of an account on this server. */

import type { Brand } from './brand.ts'
import { field, formFault, hidden } from './form.ts'
import { formActionTo, type Page, renderPage } from './layout.ts'
import { html } from './markup.ts'
import { text } from './text.ts'

export interface LoginView {
  brand: Brand
  homePath: string
  action: string
  csrf: string
  /** Where the person goes afterwards: a path of ours. */
  returnTo: string
  /** What was typed, shown again after a fault. */
  username: string
  /** A sentence of `text.signIn`. */
  fault: string | undefined
  /** The person comes from a client that wants to connect, and decides about it next. */
  isForConnection: boolean
}

export function loginPage(view: LoginView): Page {
  const say = text.signIn
  const content = html`<div class="panel">
<h1>${say.title}</h1>
<p class="lead">${view.isForConnection ? say.leadForConnection : say.lead}</p>
${formFault(view.fault)}
<form class="stack" method="post" action="${view.action}">
${hidden('csrf', view.csrf)}${hidden('then', view.returnTo)}
${field({ name: 'username', label: say.username, type: 'text', value: view.username, autocomplete: 'username', required: true, maximumLength: 256, autofocus: view.username === '' })}
${field({ name: 'password', label: say.password, type: 'password', autocomplete: 'current-password', required: true, maximumLength: 1024, autofocus: view.username !== '' })}
<button class="button primary" type="submit">${say.submit}</button>
</form>
</div>`
  const { brand, homePath } = view
  return renderPage({ brand, homePath, title: say.title, formAction: formActionTo(undefined) }, content)
}
