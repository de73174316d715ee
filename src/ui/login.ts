/** The sign-in page: user name and password of an account on this server. */

import type { Brand } from './brand.ts'
import { field, formFault, hidden } from './form.ts'
import { formActionTo, type Page, renderPage } from './layout.ts'
import { html, type Markup } from './markup.ts'
import { type PasskeyButtonView, passkeyButton, passkeyScript } from './passkeys.ts'
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
  /** There are accounts of this server, with passwords. Default true. */
  hasForm?: boolean | undefined
  passkey?: PasskeyButtonView | undefined
  /** Where a recovery code is taken; there where passkeys are. */
  recoveryPath?: string | undefined
  /** Where else people can sign in. Default nowhere. */
  elsewhere?: readonly { label: string; path: string }[] | undefined
  /** The reverse proxy that names people, and has named nobody. */
  namedBy?: string | undefined
  /** The person comes from a client that wants to connect, and decides about it next. */
  isForConnection: boolean
}

export function loginPage(view: LoginView): Page {
  const say = text.signIn
  const content = html`<div class="panel">
<h1>${say.title}</h1>
<p class="lead">${leadOf(view)}</p>
${formFault(view.fault)}
${elsewhere(view)}
${view.passkey === undefined ? '' : passkeyButton(view.passkey)}
${view.hasForm === false ? '' : passwordForm(view)}
${view.recoveryPath === undefined ? '' : html`<p class="section note"><a href="${view.recoveryPath}">${text.passkeys.recover}</a></p>`}
</div>`
  const { brand, homePath, hasForm = true } = view
  const script = view.passkey === undefined ? undefined : passkeyScript
  return renderPage(
    { brand, homePath, title: say.title, formAction: hasForm ? formActionTo(undefined) : undefined, script },
    content,
  )
}

function leadOf({ isForConnection, hasForm = true, elsewhere = [], namedBy }: LoginView): Markup | string {
  const say = text.signIn
  if (!hasForm && elsewhere.length === 0 && namedBy !== undefined)
    return say.leadByProxy(html`<bdi>${namedBy}</bdi>`)
  if (hasForm && elsewhere.length > 0) return isForConnection ? say.leadEitherForConnection : say.leadEither
  if (!hasForm) return isForConnection ? say.leadElsewhereForConnection : say.leadElsewhere
  return isForConnection ? say.leadForConnection : say.lead
}

/** Links and no forms: what follows them is held to no policy of ours. */
function elsewhere({ elsewhere: providers = [], hasForm = true }: LoginView): Markup {
  if (providers.length === 0) return html``
  return html`<p class="elsewhere">${providers.map(
    ({ label, path }) =>
      html`<a class="button${hasForm ? '' : ' primary'}" href="${path}"><span>${text.signIn.signInAt(html`<bdi>${label}</bdi>`)}</span></a>`,
  )}</p>`
}

function passwordForm(view: LoginView): Markup {
  const say = text.signIn
  return html`<form class="stack" method="post" action="${view.action}">
${hidden('csrf', view.csrf)}${hidden('then', view.returnTo)}
${field({ name: 'username', label: say.username, type: 'text', value: view.username, autocomplete: 'username', required: true, maximumLength: 256, autofocus: view.username === '' })}
${field({ name: 'password', label: say.password, type: 'password', autocomplete: 'current-password', required: true, maximumLength: 1024, autofocus: view.username !== '' })}
<button class="button primary" type="submit">${say.submit}</button>
</form>`
}
