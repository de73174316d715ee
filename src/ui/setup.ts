/** The page that makes the first account, reached by the setup link whose token is in the fragment and so in no log (house rule 14). */

import type { Brand } from './brand.ts'
import { field, formFault, hidden } from './form.ts'
import { formActionTo, type Page, renderPage } from './layout.ts'
import { html } from './markup.ts'
import { text } from './text.ts'

export type AccountProblem = keyof typeof text.accountProblem

export interface SetupView {
  brand: Brand
  homePath: string
  action: string
  csrf: string
  returnTo: string
  /** What was sent, shown again after a fault; empty at first. */
  setupToken: string
  username: string
  displayName: string
  /** A sentence about the whole form. */
  fault: string | undefined
  problems: readonly AccountProblem[]
  isLinkInvalid: boolean
  minimumPasswordLength: number
}

export function setupPage(view: SetupView): Page {
  const say = text.setup
  const wrong = (start: string): string | undefined => {
    const found = view.problems.find((problem) => problem.startsWith(start))
    return found === undefined ? undefined : text.accountProblem[found]
  }
  const content = html`<div class="panel">
<h1>${say.title}</h1>
<p class="lead">${say.lead}</p>
${formFault(view.fault)}
<form class="stack" method="post" action="${view.action}">
${hidden('csrf', view.csrf)}${hidden('then', view.returnTo)}
${field({ name: 'setup', label: say.token, type: 'text', value: view.setupToken, hint: say.tokenHint, wrong: view.isLinkInvalid ? say.linkInvalid : undefined, autocomplete: 'off', required: true, maximumLength: 128 })}
${field({ name: 'username', label: say.username, type: 'text', value: view.username, hint: say.usernameHint, wrong: wrong('username'), autocomplete: 'username', required: true, maximumLength: 64 })}
${field({ name: 'display_name', label: say.displayName, type: 'text', value: view.displayName, hint: say.displayNameHint, wrong: wrong('display-name'), autocomplete: 'name', required: false, maximumLength: 100 })}
${field({ name: 'password', label: say.password, type: 'password', hint: say.passwordHint(view.minimumPasswordLength), wrong: wrong('password-'), autocomplete: 'new-password', required: true, maximumLength: 256 })}
${field({ name: 'password_again', label: say.passwordAgain, type: 'password', wrong: wrong('passwords-'), autocomplete: 'new-password', required: true, maximumLength: 256 })}
<button class="button primary" type="submit">${say.submit}</button>
</form>
</div>`
  const { brand, homePath } = view
  return renderPage(
    {
      brand,
      homePath,
      title: say.title,
      formAction: formActionTo(undefined),
      script: takeTokenFromFragment,
    },
    content,
  )
}

/** Fills the field and takes the token out of the address bar and the history. Without script the person pastes it. */
const takeTokenFromFragment = `(function () {
  var token = location.hash.slice(1)
  var field = document.getElementById('field-setup')
  if (token === '' || field === null) return
  field.value = token
  history.replaceState(null, '', location.pathname + location.search)
  document.getElementById('field-username').focus()
})()`
