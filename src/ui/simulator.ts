/** The simulator's pages: add a connector as in Claude, connect, and read the wire beside it. They work without script; script only keeps them fresh. */

import { field, formFault, hidden } from './form.ts'
import { type Page, renderPage } from './layout.ts'
import { html, type Markup, outsideWords } from './markup.ts'
import { type WireGroup, wireDiagram, wireStyle } from './wire.ts'

export interface SimulatorPageView {
  base: string
  problem: string | undefined
  typed: { name: string; url: string; client: string; clientId: string }
  clients: readonly { name: string; title: string }[]
  connectors: readonly {
    id: string
    name: string
    url: string
    client: string
    isConnected: boolean
    isSwitchedOn: boolean
  }[]
  /** The last one that was removed, and what the client told the server of it. */
  removed: RemovedView | undefined
}

export interface RemovedView {
  name: string
  says: string
  client: string
  isRunning: boolean
  groups: readonly WireGroup[]
}

export interface ConnectorPageView {
  base: string
  id: string
  name: string
  url: string
  client: string
  /** The sign-in can be done in this very browser. */
  takesAnswerHere: boolean
  /** Or in one without a window. */
  opensChromium: boolean
  signsIn: boolean
  /** What removing it does, with this client. */
  removal: string
  members: readonly { id: string; name: string; isConnected: boolean }[]
  member: MemberView
}

export interface MemberView {
  id: string
  name: string
  isConnected: boolean
  isSwitchedOn: boolean
  tools: readonly ToolView[]
  lastCall: { name: string; says: string; isError: boolean } | undefined
  attempt: AttemptView | undefined
}

export interface AttemptView {
  purpose: string
  isRunning: boolean
  waitingFor: string | undefined
  signInUrl: string | undefined
  failure: { says: string; inClaude: string | undefined; command: string } | undefined
  groups: readonly WireGroup[]
}

export interface ToolView {
  name: string
  title: string
  description: string
  kind: 'reads' | 'writes' | 'destroys'
  isAlwaysAllowed: boolean
  /** Arguments to begin with. */
  example: string
}

const brand = { name: 'Postern simulator' }

export function simulatorPage(view: SimulatorPageView): Page {
  const content = html`<div class="panel">
<h1>Connectors</h1>
<p class="lead">Add a server as you would in Claude, and see what Claude does with it. Nothing here is Claude itself, and nothing leaves this machine but the requests to the server.</p>
${view.removed === undefined ? '' : html`<div id="live" data-from="${view.base}/removed">${removedFragment(view.removed)}</div>`}${view.connectors.length === 0 ? '' : connectorList(view)}
<section class="section"><h2>Add custom connector</h2>
${formFault(view.problem)}
<form class="stack" method="post" action="${view.base}/add">
${field({ name: 'name', label: 'Name', type: 'text', value: view.typed.name, autocomplete: 'off', required: false, maximumLength: 80 })}
${field({ name: 'url', label: 'Remote MCP server URL', type: 'text', value: view.typed.url, autocomplete: 'off', required: true, maximumLength: 2000 })}
<div class="field"><label for="client">Client</label><select id="client" name="client">${view.clients.map(
    ({ name, title }) =>
      html`<option value="${name}"${name === view.typed.client ? html` selected` : ''}>${title}</option>`,
  )}</select></div>
<details><summary>Advanced settings</summary><div class="stack">
${field({ name: 'client_id', label: 'OAuth Client ID (optional)', type: 'text', value: view.typed.clientId, autocomplete: 'off', required: false, maximumLength: 2000 })}
${field({ name: 'client_secret', label: 'OAuth Client Secret (optional)', type: 'password', autocomplete: 'off', required: false, maximumLength: 2000 })}
</div></details>
<p class="note">As in Claude, nothing of this can be changed later: remove the connector, and add it again.</p>
<div><button class="button primary">Add</button></div>
</form></section>
</div>`
  return page('Simulator', content)
}

/** Some clients tell the server, which takes a moment. */
export function removedFragment({ client, groups, isRunning, name, says }: RemovedView): Markup {
  return html`<section class="section" data-state="${isRunning ? 'running' : 'still'}"><h2>${outsideWords(name, 80)} was removed</h2><p>${says}</p>
${groups.length === 0 ? '' : wireDiagram({ client, groups })}</section>`
}

function connectorList({ base, connectors }: SimulatorPageView): Markup {
  return html`<section class="section"><div class="row"><h2>Yours</h2>
<form method="post" action="${base}/conversation"><button class="button small">Start a new conversation</button></form></div>
<ul class="apps">${connectors.map(
    ({
      client,
      id,
      isConnected,
      isSwitchedOn,
      name,
      url,
    }) => html`<li class="app"><div class="row"><h3><a href="${base}/c/${id}">${outsideWords(name, 80)}</a></h3>
<span>${isConnected ? html`<span class="tag">connected</span>` : html`<span class="tag careful">not connected</span>`} ${isSwitchedOn ? html`<span class="tag">on in this conversation</span>` : ''}</span></div>
<p class="note"><code>${outsideWords(url, 200)}</code> as ${client}</p></li>`,
  )}</ul></section>`
}

export function connectorPage(view: ConnectorPageView): Page {
  const { base, client, id, member, members, name, url } = view
  const content = html`<div class="panel">
<p class="note"><a href="${base}">All connectors</a></p>
<h1>${outsideWords(name, 80)}</h1>
<p class="lead"><code>${outsideWords(url, 300)}</code> as ${client}</p>
<nav class="members" aria-label="Members">${members.map((one) =>
    one.id === member.id
      ? html`<strong aria-current="page">${one.name}${one.isConnected ? ', connected' : ''}</strong>`
      : html`<a href="${base}/c/${id}?member=${one.id}">${one.name}${one.isConnected ? ', connected' : ''}</a>`,
  )}<form method="post" action="${base}/c/${id}/member">${hidden('member', member.id)}<button class="plain">Add a member</button></form></nav>
${signInForm(view)}
<div id="live" data-from="${base}/c/${id}/live?member=${member.id}">${liveFragment(view)}</div>
<section class="section"><h2>Remove</h2>${removeForm(view)}</section>
</div>`
  return page(`${outsideWords(name, 60)} · Simulator`, content)
}

/** Of a connector of a whole organization only its owners dispose (claude.com/docs/connectors, 2026-11). */
function removeForm({ base, id, member, members, removal }: ConnectorPageView): Markup {
  if (member.id !== members[0]?.id) return html`<p>Whoever added it removes it, for everybody.</p>`
  return html`<p>${removal}</p>
<form method="post" action="${base}/c/${id}/remove"><p class="actions-inline">${hidden('member', member.id)}<button class="button small">Remove connector</button></p></form>`
}

function signInForm(view: ConnectorPageView): Markup {
  const { base, id, member, signsIn, takesAnswerHere } = view
  const inside = !signsIn
    ? html`<p class="note">This client signs nobody in: it is called with a token, and ends with the 401 without one.</p>`
    : html`<details${member.isConnected ? '' : html` open`}><summary>How to sign in</summary><div class="stack">
${takesAnswerHere ? '' : html`<p class="note">The answer goes to the client’s own address, which this browser would really go to. So another one signs in for you, with an account of the server:</p>`}
${signInWays(view)}
${field({ name: 'username', label: 'User name', type: 'text', autocomplete: 'off', required: false, maximumLength: 200 })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'off', required: false, maximumLength: 500 })}</div></details>`
  return html`<form class="stack" method="post" action="${base}/c/${id}/connect">${hidden('member', member.id)}${inside}
<div><button class="button primary">${member.isConnected ? 'Reconnect' : 'Connect'}</button></div></form>
${
  member.isConnected
    ? html`<div class="row left"><form method="post" action="${base}/c/${id}/disconnect">${hidden('member', member.id)}<button class="button small">Disconnect</button></form>
<form method="post" action="${base}/c/${id}/switch">${hidden('member', member.id)}<button class="button small" aria-pressed="${String(member.isSwitchedOn)}">${member.isSwitchedOn ? 'Switch off in this conversation' : 'Switch on in this conversation'}</button></form></div>`
    : ''
}`
}

function signInWays({ opensChromium, takesAnswerHere }: ConnectorPageView): Markup {
  const ways = [
    ...(takesAnswerHere ? [['here', 'In this browser, on the server’s own pages'] as const] : []),
    ['forms', 'By plain forms and redirects, with this account'] as const,
    ...(opensChromium
      ? [['headless', 'In a Chromium without a window, where pages need scripts, with this account'] as const]
      : []),
  ]
  return html`${ways.map(
    ([way, says], index) =>
      html`<label class="pick"><input type="radio" name="way" value="${way}"${index === 0 ? html` checked` : ''}> ${says}</label>`,
  )}`
}

/** What changes by itself: the state, the wire, the tools. */
export function liveFragment(view: ConnectorPageView): Markup {
  const { client, member } = view
  const { attempt } = member
  return html`<div data-state="${attempt?.isRunning === true ? 'running' : 'still'}" data-connected="${String(member.isConnected)}">
${attempt === undefined ? '' : attemptPart(attempt, view)}
${member.lastCall === undefined ? '' : callResult(member.lastCall)}
${member.isConnected ? toolsPart(view) : ''}
${attempt === undefined || attempt.groups.length === 0 ? '' : html`<section class="section"><h2>The wire</h2>${wireDiagram({ client, groups: attempt.groups.filter(({ exchanges }) => exchanges.length > 0) })}</section>`}
</div>`
}

function attemptPart(attempt: AttemptView, { base, id, member }: ConnectorPageView): Markup {
  const stop = html`<form method="post" action="${base}/c/${id}/stop">${hidden('member', member.id)}<button class="plain">Stop</button></form>`
  if (attempt.signInUrl !== undefined)
    return html`<div class="callout calm" role="status"><strong>Sign in to go on</strong><p><a href="${attempt.signInUrl}" target="_blank" rel="noreferrer noopener">Open the server’s sign-in page</a>, then come back here.</p>${stop}</div>`
  if (attempt.isRunning)
    return html`<div class="callout calm" role="status"><strong>${attempt.purpose}: under way</strong><p>${attempt.waitingFor === undefined ? 'Thinking' : html`Waits for <code>${attempt.waitingFor}</code>`}</p>${stop}</div>`
  if (attempt.failure !== undefined)
    return html`<div class="callout error" role="alert"><strong>${attempt.purpose}: it came to nothing</strong><p>${attempt.failure.says}</p>
${attempt.failure.inClaude === undefined ? '' : html`<p>The person reads: ${attempt.failure.inClaude}</p>`}<p>Why, and how to mend it: <code>${attempt.failure.command}</code></p></div>`
  return html`<div class="callout calm" role="status"><strong>${attempt.purpose}: done</strong></div>`
}

function callResult({ isError, name, says }: NonNullable<MemberView['lastCall']>): Markup {
  return html`<section class="section"><h2>${outsideWords(name, 80)} ${isError ? 'failed' : 'answered'}</h2><div class="inside"><div><pre>${says.slice(0, shownCharacters)}</pre></div></div></section>`
}

/** Of a result; the whole is in the wire. */
const shownCharacters = 20_000

function toolsPart({ base, client, id, member }: ConnectorPageView): Markup {
  return html`<section class="section"><h2>${member.tools.length} ${member.tools.length === 1 ? 'tool' : 'tools'}</h2>
<p class="note">As they were when it was connected. ${client} keeps this list until you reconnect.</p>
<div class="ways">${member.tools.map(
    (
      tool,
      index,
    ) => html`<details id="tool-${index}"><summary><span>${outsideWords(tool.title || tool.name, 100)} <span class="tag${tool.kind === 'reads' ? '' : ' careful'}">${tool.kind}</span></span></summary><div class="body">
<p><code>${outsideWords(tool.name, 128)}</code></p><p class="note">${outsideWords(tool.description, 2000)}</p>${member.isSwitchedOn ? callForm(`${base}/c/${id}/call`, member.id, tool, index) : html`<p class="note">Switch it on in this conversation to call it.</p>`}</div></details>`,
  )}</div></section>`
}

function callForm(action: string, member: string, tool: ToolView, index: number): Markup {
  const asks = tool.isAlwaysAllowed
    ? html`<button class="button primary" name="allow" value="always">Call, as always allowed</button>`
    : html`<button class="button primary" name="allow" value="once">Allow once</button><button class="button" name="allow" value="always">Always allow</button>`
  return html`<form class="stack" method="post" action="${action}">${hidden('member', member)}${hidden('tool', tool.name)}
<div class="field"><label for="arguments-${index}">Arguments, as JSON</label><textarea id="arguments-${index}" name="arguments" rows="3" spellcheck="false">${tool.example}</textarea></div>
<div class="row left">${asks}</div></form>`
}

function page(title: string, content: Markup): Page {
  return renderPage(
    {
      brand,
      title,
      width: 'full',
      formAction: ["'self'"],
      style: pageStyle,
      script: liveScript,
      connects: true,
      footer: 'A page of postern doctor, on this machine only.',
    },
    content,
  )
}

const pageStyle = `${wireStyle}
select,textarea{width:100%;font:inherit;color:var(--ink);background:var(--panel);border:1px solid var(--field-line);border-radius:8px;padding:.65rem .75rem;min-height:2.9rem}
textarea{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9rem}
form.stack{max-width:34rem}
details>.stack{display:grid;gap:1rem;margin-top:.8rem}
.members{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;align-items:center;margin-top:1rem}
.members form{margin-inline-start:auto}
.row.left{justify-content:flex-start;margin-top:.8rem}
.pick{display:flex;gap:.6rem;align-items:baseline}
.actions-inline{margin-top:.8rem}`.replaceAll('\n', '')

/** Asks for what changes while something is under way, and keeps unfolded what was unfolded. */
const liveScript = `(function () {
  var live = document.getElementById('live')
  if (!live) return
  var stateIn = function (place) { var one = place.querySelector('[data-state]'); return one ? one.dataset : {} }
  var before = stateIn(live).connected
  var shown
  var look = function () {
    if (stateIn(live).state !== 'running') return
    fetch(live.dataset.from).then(function (answer) { return answer.text() }).then(function (text) {
      setTimeout(look, 400)
      if (text === shown) return
      shown = text
      var fresh = document.createElement('template')
      fresh.innerHTML = text
      if (stateIn(fresh.content).connected !== before) return location.reload()
      var open = [].map.call(live.querySelectorAll('details[open][id]'), function (one) { return one.id })
      live.replaceChildren(fresh.content)
      open.forEach(function (id) { var one = document.getElementById(id); if (one) one.open = true })
    }, function () { setTimeout(look, 2000) })
  }
  look()
})()`
