/** The parts that forms are made of: labelled fields with their hints and faults, and hidden values. */

import { html, type Markup } from './markup.ts'
import { text } from './text.ts'

export interface Field {
  name: string
  label: string
  type: 'text' | 'password'
  value?: string | undefined
  hint?: string | undefined
  /** What is wrong with the value, in a sentence. */
  wrong?: string | undefined
  autocomplete: string
  required: boolean
  maximumLength: number
  autofocus?: boolean | undefined
}

export function field(view: Field): Markup {
  const id = `field-${view.name}`
  const describedBy = [view.wrong && `${id}-wrong`, view.hint && `${id}-hint`].filter(Boolean).join(' ')
  return html`<div class="field">
<label for="${id}">${view.label}</label>
${view.wrong === undefined ? '' : html`<p class="wrong" id="${id}-wrong">${view.wrong}</p>`}
<input id="${id}" name="${view.name}" type="${view.type}" value="${view.value ?? ''}" maxlength="${view.maximumLength}"
 autocomplete="${view.autocomplete}" autocapitalize="none" spellcheck="false"${flag('required', view.required)}${flag('autofocus', view.autofocus === true)}${flag('aria-invalid="true"', view.wrong !== undefined)}${describedBy === '' ? '' : html` aria-describedby="${describedBy}"`}>
${view.hint === undefined ? '' : html`<p class="note" id="${id}-hint">${view.hint}</p>`}
</div>`
}

export function hidden(name: string, value: string): Markup {
  return html`<input type="hidden" name="${name}" value="${value}">`
}

export interface SignOut {
  action: string
  csrf: string
  /** Where the browser goes on, signed in as somebody else. */
  returnTo: string
}

export function signOutForm(
  { action, csrf, returnTo }: SignOut,
  label: string = text.consent.somebodyElse,
): Markup {
  return html`<form method="post" action="${action}">${hidden('csrf', csrf)}${hidden('then', returnTo)}<button class="plain" type="submit">${label}</button></form>`
}

/** A sentence about the whole form, read out when the page opens. */
export function formFault(sentence: string | undefined): Markup {
  return sentence === undefined
    ? html``
    : html`<div class="callout error" role="alert"><p>${sentence}</p></div>`
}

type Flag = 'required' | 'autofocus' | 'aria-invalid="true"'

function flag(attribute: Flag, isSet: boolean): Markup {
  if (!isSet) return html``
  switch (attribute) {
    case 'required':
      return html` required`
    case 'autofocus':
      return html` autofocus`
    case 'aria-invalid="true"':
      return html` aria-invalid="true"`
  }
}
