/** Passkeys and recovery codes: the button on the sign-in page, the page to recover, and the page where a person keeps them. */

import type { Brand } from './brand.ts'
import { field, formFault, hidden } from './form.ts'
import { instant } from './instant.ts'
import { formActionTo, type Page, type PageLink, renderPage, type Visitor } from './layout.ts'
import { html, type Markup, outsideWords } from './markup.ts'
import { text } from './text.ts'

/** A form that the script fills in and sends. Without script, or where there are no passkeys, it stays hidden. */
export interface PasskeyButtonView {
  action: string
  csrf: string
  returnTo: string
  /** For `navigator.credentials.get`, as JSON. */
  options: unknown
}

export function passkeyButton(view: PasskeyButtonView): Markup {
  return html`<form class="passkey" method="post" action="${view.action}" data-passkey="get" data-options="${JSON.stringify(view.options)}" hidden>
${hidden('csrf', view.csrf)}${hidden('then', view.returnTo)}${hidden('passkey', '')}
<button class="button" type="submit">${text.passkeys.signIn}</button>
<p class="wrong" role="alert" data-fault hidden>${text.passkeys.notUsed}</p>
</form>`
}

/**
 * Old browsers lack the JSON forms of WebAuthn and keep the other ways. One question at a time: a second click would
 * end the first one.
 */
export const passkeyScript = `
for (const form of document.querySelectorAll('form[data-passkey]')) {
  const api = window.PublicKeyCredential
  const kind = form.dataset.passkey
  const read = api && (kind === 'get' ? api.parseRequestOptionsFromJSON : api.parseCreationOptionsFromJSON)
  if (!read) continue
  form.hidden = false
  for (const sentence of document.querySelectorAll('[data-without]')) sentence.hidden = true
  const fault = form.querySelector('[data-fault]')
  let isAsking = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (isAsking) return
    isAsking = true
    fault.hidden = true
    try {
      const publicKey = read.call(api, JSON.parse(form.dataset.options))
      const credential = await navigator.credentials[kind]({ publicKey })
      form.elements.passkey.value = JSON.stringify(credential.toJSON())
      form.submit()
    } catch {
      isAsking = false
      fault.hidden = false
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
  /** For `navigator.credentials.create`, as JSON; undefined where there is no room for another. */
  addingOptions: unknown
  recoveryCodesLeft: number
  /** Made a moment ago, and shown this once. */
  newCodes: readonly string[] | undefined
  done: PasskeyDeed | undefined
  fault: PasskeyFault | undefined
  now: number
}

/** Closed words, which an address may carry. */
export type PasskeyDeed = keyof typeof text.passkeys.done

export type PasskeyFault = keyof typeof text.passkeys.fault

export function passkeysPage(view: PasskeysView): Page {
  const say = text.passkeys
  const content = html`<div class="panel">
<h1>${say.title}</h1>
<p class="lead">${say.lead}</p>
${noticeOf(view)}
${view.passkeys.length === 0 ? html`<p class="section">${say.none}</p>` : html`<ul class="apps">${view.passkeys.map((passkey) => passkeyItem(view, passkey))}</ul>`}
${view.addingOptions === undefined ? '' : addingForm(view)}
<div class="section"><h2>${say.codesTitle}</h2>
<p>${say.codesLead}</p>
${view.newCodes === undefined ? html`<p class="note">${say.codesLeft(view.recoveryCodesLeft)}</p>` : newCodes(view.newCodes)}
<form class="stack" method="post" action="${view.action}">${hidden('csrf', view.csrf)}${hidden('act', 'codes')}
<button class="button" type="submit">${say.codesMake}</button></form>
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

function noticeOf({ done, fault }: PasskeysView): Markup {
  if (fault !== undefined) return formFault(text.passkeys.fault[fault])
  if (done === undefined) return html``
  return html`<div class="callout calm" role="status"><p>${text.passkeys.done[done]}</p></div>`
}

function passkeyItem({ action, csrf, now }: PasskeysView, passkey: PasskeysView['passkeys'][number]): Markup {
  const say = text.passkeys
  const label = html`<bdi>${outsideWords(passkey.label, 60) || say.nameless}</bdi>`
  const since = say.since(instant(passkey.createdAt, now))
  const used = passkey.lastUsedAt === undefined ? say.neverUsed : say.used(instant(passkey.lastUsedAt, now))
  return html`<li class="app"><div class="row"><h2>${label}</h2>
<form method="post" action="${action}">${hidden('csrf', csrf)}${hidden('act', 'remove')}${hidden('id', passkey.passkeyId)}<button class="button small" type="submit">${say.remove}<span class="hidden"> ${label}</span></button></form></div>
<p class="note">${since} ${used}</p></li>`
}

function addingForm({ action, csrf, addingOptions }: PasskeysView): Markup {
  const say = text.passkeys
  return html`<form class="stack" method="post" action="${action}" data-passkey="create" data-options="${JSON.stringify(addingOptions)}" hidden>
${hidden('csrf', csrf)}${hidden('act', 'add')}${hidden('passkey', '')}
${field({ name: 'label', label: say.label, hint: say.labelHint, type: 'text', autocomplete: 'off', required: false, maximumLength: 60 })}
<p class="wrong" role="alert" data-fault hidden>${say.notMade}</p>
<button class="button primary" type="submit">${say.add}</button>
</form>
<p class="section note" data-without>${say.needsScript}</p>`
}

function newCodes(codes: readonly string[]): Markup {
  return html`<div class="callout calm" role="status"><p>${text.passkeys.codesShown}</p><ul class="codes" dir="ltr">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul></div>`
}
