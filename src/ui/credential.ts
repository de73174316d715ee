/** The part of the consent page about what the connector is called with for this person: a key to paste, or what is used already. */

import { type Field, field, formFault, hidden } from './form.ts'
import { html, type Markup, outsideWords } from './markup.ts'
import { text } from './text.ts'

export type CredentialView = SuppliedView

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
  | { kind: 'fields' | 'too-many' | 'stale' | 'refused-later' }

/** What every name of a field of these begins with, so that none is taken for one of the page's own. */
export const credentialFieldPrefix = 'credential_field_'

/** The page asks one person; whoever sends it must be the same. */
export const credentialOwnerField = 'credential_owner'

/** How many characters of an upstream's own words are shown (house rule 10). */
const maximumSaidCharacters = 300

export function credentialPart(view: CredentialView & { forUser: string }): Markup {
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
  const day = html`<time datetime="${new Date(changedAt * 1000).toISOString()}">${new Date(changedAt * 1000).toISOString().slice(0, 10)}</time>`
  return label === undefined
    ? text.credential.stored(day)
    : text.credential.storedAs(html`<bdi>${outsideWords(label, 100)}</bdi>`, day)
}

function faultSentence(fault: CredentialFault): string {
  const say = text.credential.fault
  if (!('says' in fault)) return say[fault.kind]
  const said = fault.says === undefined ? '' : outsideWords(fault.says, maximumSaidCharacters)
  return said === '' ? say[fault.kind] : `${say[fault.kind]} ${text.credential.itSays(said)}`
}
