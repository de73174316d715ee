/** The part of the consent page about what the connector is called with for this person: a key to paste, or what is used already. */

import { type Field, field, formFault, hidden } from './form.ts'
import { html, type Markup, outsideWords } from './markup.ts'
import { text } from './text.ts'

export type CredentialView = SuppliedView | AccountView

/** The person types something in. */
export interface SuppliedView {
  kind: 'supplied'
  title: string | undefined
  help: string | undefined
  /** An https URL. */
  helpUrl: string | undefined
  fields: readonly SuppliedFieldView[]
  /** Which one is there and will be used unless another is typed in. */
  stored: StoredCredentialView | undefined
  /** Why it is asked for again. */
  fault: CredentialFault | undefined
}

/** The person is sent to another provider, to connect an account there. */
export interface AccountView {
  kind: 'account'
  /** As the operator calls it. */
  provider: string
  stored: StoredCredentialView | undefined
  fault: CredentialFault | undefined
}

export interface SuppliedFieldView {
  name: string
  label: string
  hint: string | undefined
  isSecret: boolean
  isRequired: boolean
  value: string
  problem: keyof typeof text.credential.fieldProblem | undefined
}

export interface StoredCredentialView {
  /** The account's name, in the words of its own server. */
  label: string | undefined
  /** Epoch seconds. */
  changedAt: number
}

/** `says` is the upstream's own word. */
export type CredentialFault =
  | { kind: 'refused' | 'unreachable'; says: string | undefined }
  | { kind: 'fields' | 'too-many' | 'stale' | 'refused-later' | 'declined' | 'failed' }

/** What every name of a field of these begins with, so that none is taken for one of the page's own. */
export const credentialFieldPrefix = 'credential_field_'

/** The page asks one person; whoever sends it must be the same. */
export const credentialOwnerField = 'credential_owner'

/** Ticked by who wants another account than the one that is connected. */
export const anotherAccountField = 'credential_another'

/** How many characters of an upstream's own words are shown (house rule 10). */
const maximumSaidCharacters = 300

export function credentialPart(view: CredentialView & { forUser: string }): Markup {
  return view.kind === 'supplied' ? suppliedPart(view) : accountPart(view)
}

function accountPart({ provider, stored, fault, forUser }: AccountView & { forUser: string }): Markup {
  const say = text.credential
  const name = html`<bdi>${provider}</bdi>`
  const day = stored && dayOf(stored.changedAt)
  const account =
    stored?.label === undefined ? undefined : html`<bdi>${outsideWords(stored.label, 100)}</bdi>`
  return html`<fieldset class="credential">
<legend>${say.accountTitle(name)}</legend>
${hidden(credentialOwnerField, forUser)}
${formFault(fault && faultSentence(fault))}
${
  day === undefined
    ? html`<p>${say.accountNew(name)}</p>`
    : html`<p>${say.accountStored(account, day)}</p>
<div class="scope"><input type="checkbox" id="another" name="${anotherAccountField}" value="yes"><div><label for="another">${say.accountAnother}</label></div></div>`
}
<p class="note">${say.accountKept}</p>
</fieldset>`
}

function suppliedPart(view: SuppliedView & { forUser: string }): Markup {
  const say = text.credential
  const asked = view.stored === undefined || view.fault !== undefined
  const fields = view.fields.map((one) => field(fieldOf(one)))
  return html`<fieldset class="credential">
<legend>${view.title ?? say.title}</legend>
${hidden(credentialOwnerField, view.forUser)}
${formFault(view.fault && faultSentence(view.fault))}
${view.stored === undefined ? '' : html`<p>${storedSentence(view.stored)}</p>`}
${view.help === undefined && view.helpUrl === undefined ? '' : help(view)}
${asked ? html`<div class="stack">${fields}</div>` : html`<details><summary>${say.another}</summary><div class="stack">${fields}</div></details>`}
<p class="note">${say.kept}</p>
</fieldset>`

  /** What is stored is used where nothing is typed, so nothing has to be. */
  function fieldOf(one: SuppliedFieldView): Field {
    return {
      name: credentialFieldPrefix + one.name,
      label: one.label,
      type: one.isSecret ? 'password' : 'text',
      value: one.value,
      hint: one.hint,
      wrong: one.problem && say.fieldProblem[one.problem],
      autocomplete: 'off',
      required: one.isRequired && asked,
      maximumLength: 4096,
    }
  }
}

function help({ help: sentence, helpUrl }: SuppliedView): Markup {
  const link =
    helpUrl === undefined
      ? ''
      : html` <a href="${helpUrl}" rel="noreferrer" target="_blank">${text.credential.where}</a>`
  return html`<p class="note"><span dir="auto">${sentence ?? ''}</span>${link}</p>`
}

function storedSentence({ label, changedAt }: StoredCredentialView): Markup {
  const day = dayOf(changedAt)
  return label === undefined
    ? text.credential.stored(day)
    : text.credential.storedAs(html`<bdi>${outsideWords(label, 100)}</bdi>`, day)
}

function dayOf(at: number): Markup {
  const instant = new Date(at * 1000).toISOString()
  return html`<time datetime="${instant}">${instant.slice(0, 10)}</time>`
}

function faultSentence(fault: CredentialFault): string {
  const say = text.credential.fault
  if (!('says' in fault)) return say[fault.kind]
  const said = fault.says === undefined ? '' : outsideWords(fault.says, maximumSaidCharacters)
  return said === '' ? say[fault.kind] : `${say[fault.kind]} ${text.credential.itSays(said)}`
}
