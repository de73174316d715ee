/** Passkeys and recovery codes: the button on the sign-in page, the page to recover, and the page where a person keeps them. */

import type { Brand } from './brand.ts'
import { field, formFault, hidden } from './form.ts'
import { formActionTo, type Page, type PageLink, renderPage, type Visitor } from './layout.ts'
import { html, type Markup, outsideWords } from './markup.ts'
import { text } from './text.ts'

/** A form that the script fills in and sends. Without script, or where there are no passkeys, it stays hidden. */
export interface PasskeyButtonView {
  action: string
  csrf: string
  state: string
  returnTo: string
  /** For `navigator.credentials.get`, as JSON. */
  options: unknown
}

export function passkeyButton(view: PasskeyButtonView): Markup {
  return html`<form class="passkey" method="post" action="${view.action}" data-passkey="get" data-options="${JSON.stringify(view.options)}" hidden>
${hidden('csrf', view.csrf)}${hidden('then', view.returnTo)}${hidden('state', view.state)}${hidden('passkey', '')}
<button class="button" type="submit">${text.passkeys.signIn}</button>
</form>`
}

/** As old browsers have no JSON forms of WebAuthn, they keep the other ways. */
export const passkeyScript = `
for (const form of document.querySelectorAll('form[data-passkey]')) {
  const api = window.PublicKeyCredential
  const kind = form.dataset.passkey
  const read = api && (kind === 'get' ? api.parseRequestOptionsFromJSON : api.parseCreationOptionsFromJSON)
  if (!read) continue
  form.hidden = false
  let signed = false
  form.addEventListener('submit', async (event) => {
    if (signed) return
    event.preventDefault()
    try {
      const publicKey = read.call(api, JSON.parse(form.dataset.options))
      const credential = await navigator.credentials[kind]({ publicKey })
      form.elements.passkey.value = JSON.stringify(credential.toJSON())
      signed = true
      form.requestSubmit()
    } catch {
      const fault = form.querySelector('[data-fault]')
      if (fault) fault.hidden = false
    }
  })
}`

export interface RecoveryView {
  brand: Brand
  homePath: string
  action: string
  csrf: string
  returnTo: string
  fault: string | undefined
}

export function recoveryPage(view: RecoveryView): Page {
  const say = text.passkeys
  const content = html`<div class="panel">
<h1>${say.recoverTitle}</h1>
<p class="lead">${say.recoverLead}</p>
${formFault(view.fault)}
<form class="stack" method="post" action="${view.action}">
${hidden('csrf', view.csrf)}${hidden('then', view.returnTo)}
${field({ name: 'username', label: text.signIn.username, type: 'text', autocomplete: 'username', required: true, maximumLength: 256, autofocus: true })}
${field({ name: 'code', label: say.code, type: 'text', autocomplete: 'off', required: true, maximumLength: 64 })}
<button class="button primary" type="submit">${text.signIn.submit}</button>
</form>
</div>`
  const { brand, homePath } = view
  return renderPage(
    { brand, homePath, title: say.recoverTitle, formAction: formActionTo(undefined) },
    content,
  )
}

export interface PasskeysView {
  brand: Brand
  homePath: string
  links: readonly PageLink[]
  visitor: Visitor
  action: string
  csrf: string
  passkeys: readonly { passkeyId: string; label: string; createdAt: number; lastUsedAt: number | undefined }[]
  /** Undefined where there is no room for another. */
  adding: { state: string; options: unknown } | undefined
  recoveryCodesLeft: number
  /** Made a moment ago, and shown this once. */
  newCodes: readonly string[] | undefined
  notice: keyof typeof text.passkeys.notice | undefined
}

export function passkeysPage(view: PasskeysView): Page {
  const say = text.passkeys
  const content = html`<div class="panel">
<h1>${say.title}</h1>
<p class="lead">${say.lead}</p>
${view.notice === undefined ? '' : html`<div class="callout${view.notice === 'added' ? ' calm' : ' error'}" role="status"><p>${say.notice[view.notice]}</p></div>`}
${view.passkeys.length === 0 ? html`<p class="section">${say.none}</p>` : html`<div class="apps">${view.passkeys.map((passkey) => passkeyRow(view, passkey))}</div>`}
${view.adding === undefined ? '' : addingForm(view, view.adding)}
<div class="section"><h2>${say.codesTitle}</h2>
<p>${say.codesLead}</p>
${view.newCodes === undefined ? html`<p class="note">${say.codesLeft(view.recoveryCodesLeft)}</p>` : newCodes(view.newCodes)}
<form method="post" action="${view.action}">${hidden('csrf', view.csrf)}${hidden('act', 'codes')}
<p class="section"><button class="button" type="submit">${say.codesMake}</button></p></form>
</div>
</div>`
  const { brand, homePath, links, visitor } = view
  return renderPage(
    {
      brand,
      homePath,
      links,
      visitor,
      title: say.title,
      formAction: formActionTo(undefined),
      script: passkeyScript,
    },
    content,
  )
}

function passkeyRow({ action, csrf }: PasskeysView, passkey: PasskeysView['passkeys'][number]): Markup {
  const say = text.passkeys
  const label = outsideWords(passkey.label, 60) || say.nameless
  return html`<div class="app"><div class="row"><h2><bdi>${label}</bdi></h2>
<form method="post" action="${action}">${hidden('csrf', csrf)}${hidden('act', 'remove')}${hidden('id', passkey.passkeyId)}<button class="button small" type="submit">${say.remove}</button></form></div>
<p class="note">${say.since(day(passkey.createdAt))}${passkey.lastUsedAt === undefined ? '' : html` ${say.used(day(passkey.lastUsedAt))}`}</p></div>`
}

function addingForm(
  { action, csrf }: PasskeysView,
  { state, options }: NonNullable<PasskeysView['adding']>,
): Markup {
  const say = text.passkeys
  return html`<form class="stack" method="post" action="${action}" data-passkey="create" data-options="${JSON.stringify(options)}" hidden>
${hidden('csrf', csrf)}${hidden('act', 'add')}${hidden('state', state)}${hidden('passkey', '')}
${field({ name: 'label', label: say.label, hint: say.labelHint, type: 'text', autocomplete: 'off', required: false, maximumLength: 60 })}
<p class="wrong" data-fault hidden>${say.notMade}</p>
<button class="button primary" type="submit">${say.add}</button>
</form>
<noscript><p class="section note">${say.needsScript}</p></noscript>`
}

function newCodes(codes: readonly string[]): Markup {
  return html`<div class="callout calm" role="status"><p>${text.passkeys.codesShown}</p><ul class="bullets">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul></div>`
}

function day(at: number): Markup {
  const instant = new Date(at * 1000).toISOString()
  return html`<time datetime="${instant}">${instant.slice(0, 10)}</time>`
}
