/** Pages for when it cannot go on: what happened, what to do about it, and the id under which the log tells more. */

import type { Brand } from './brand.ts'
import { type SignOut, signOutForm } from './form.ts'
import { formActionTo, type Page, renderPage } from './layout.ts'
import { html, type Markup, outsideWords } from './markup.ts'
import { connectorSlug, copyable, copyScript, shellWord, steps } from './steps.ts'
import { text } from './text.ts'

export interface ErrorView {
  brand: Brand
  homePath: string
  /** Undefined where the log has nothing to add. */
  errorId: string | undefined
  problem: PageProblem
}

export type PageProblem =
  /** House rule 4: the person alone can mend it, by removing and adding the connector. */
  | { kind: 'unknown-client'; connector: { name: string; url: string } | undefined }
  /** `says` is a sentence of ours about what the client sent. */
  | { kind: 'bad-request'; says: string }
  /** Signed in as somebody whom the operator has not let in; another account may be. */
  | { kind: 'not-for-you'; connector: string; username: string; signOut: SignOut }
  | { kind: 'too-many'; retryAfterSeconds: number }
  | { kind: PlainProblem }

/** Of which there is nothing to say but the same to everybody. */
type PlainProblem =
  | 'expired'
  | 'not-genuine'
  | 'not-found'
  | 'setup-done'
  | 'setup-closed'
  | 'no-account'
  | 'operators-only'
  | 'server-error'

export function errorPage(view: ErrorView): Page {
  const { title, body } = explain(view.problem)
  const content = html`<div class="panel">
<h1>${title}</h1>
${body}
${view.errorId === undefined ? '' : reference(view.errorId)}
</div>`
  const { brand, homePath } = view
  return renderPage(
    {
      brand,
      homePath,
      title,
      script: view.problem.kind === 'unknown-client' ? copyScript : undefined,
      formAction: view.problem.kind === 'not-for-you' ? formActionTo(undefined) : undefined,
    },
    content,
  )
}

function explain(problem: PageProblem): { title: string; body: Markup } {
  const say = text.error
  switch (problem.kind) {
    case 'unknown-client':
      return { title: say.unknownClient.title, body: removeAndAdd(problem.connector) }
    case 'bad-request': {
      const { title, what, says, todo } = say.badRequest
      const quoted = html`<div class="callout"><strong>${says}</strong><p dir="auto">${outsideWords(problem.says, 500)}</p></div>`
      return { title, body: html`<p class="lead">${what}</p>${quoted}${whatToDo(todo)}` }
    }
    case 'not-for-you': {
      const { title, what, todo } = say.notForYou
      const lead = what(
        html`<bdi>${outsideWords(problem.connector, 80)}</bdi>`,
        html`<bdi>${outsideWords(problem.username, 64)}</bdi>`,
      )
      const form = html`<div class="onward">${signOutForm(problem.signOut)}</div>`
      return { title, body: html`<p class="lead">${lead}</p>${whatToDo(todo)}${form}` }
    }
    case 'too-many': {
      const { title, what, todo } = say.tooMany
      return { title, body: html`<p class="lead">${what(problem.retryAfterSeconds)}</p>${whatToDo(todo)}` }
    }
    default: {
      const { title, what, todo } = plainWords[problem.kind]
      return { title, body: html`<p class="lead">${what}</p>${whatToDo(todo)}` }
    }
  }
}

const plainWords: Readonly<Record<PlainProblem, { title: string; what: string; todo: readonly string[] }>> = {
  expired: text.error.expired,
  'not-genuine': text.error.notGenuine,
  'not-found': text.error.notFound,
  'setup-done': text.error.setupDone,
  'setup-closed': text.error.setupClosed,
  'no-account': text.error.noAccount,
  'operators-only': text.error.operatorsOnly,
  'server-error': text.error.serverError,
}

function whatToDo(sentences: readonly string[]): Markup {
  return html`<div class="section"><h2>${text.error.whatToDo}</h2>${steps(sentences)}</div>`
}

/** Without a connector where there are several, and nothing said which one is meant. */
function removeAndAdd(connector: { name: string; url: string } | undefined): Markup {
  const say = text.error.unknownClient
  if (connector === undefined) {
    return html`<p class="lead">${say.what}</p><p class="callout calm">${say.todo}</p>`
  }
  const name = shellWord(connectorSlug(connector.name))
  const url = copyable(connector.url)
  return html`<p class="lead">${say.what}</p>
<p class="callout calm">${say.todo}</p>
<div class="section"><h2>${say.claude}</h2>${steps(say.claudeSteps(url))}</div>
<div class="section"><h2>${say.claudeCode}</h2>${steps(
    say.claudeCodeSteps(
      copyable(`claude mcp remove ${name}`),
      copyable(`claude mcp add --transport http ${name} ${shellWord(connector.url)}`),
    ),
  )}</div>
<div class="section"><h2>${say.other}</h2>${steps(say.otherSteps(url))}</div>`
}

function reference(errorId: string): Markup {
  return html`<p class="section note">${text.error.reference} <code>${errorId}</code>. ${text.error.referenceHint}</p>`
}
