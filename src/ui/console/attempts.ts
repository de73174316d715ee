/** Every attempt to connect as a line, and each as a story with its likely cause and what to do. */

import { exactInstant, instant } from '../instant.ts'
import type { Page } from '../layout.ts'
import { html, type Markup } from '../markup.ts'
import { text } from '../text.ts'
import { type ConsoleFrame, consolePage, consolePath } from './frame.ts'
import type {
  AttemptDiagnosis,
  AttemptReport,
  AttemptRow,
  AttemptState,
  AttemptStep,
  Paged,
} from './reports.ts'
import { code, pager, table, words } from './table.ts'

export type AttemptFilter = 'attempts' | 'failing' | 'all'

export function attemptsPage(frame: ConsoleFrame, paged: Paged<AttemptRow>, filter: AttemptFilter): Page {
  const say = text.console
  const choices = [
    ['attempts', say.everything],
    ['failing', say.onlyFailing],
    ['all', say.withVisits],
  ] as const
  // The state early, because a telephone shows two columns or three.
  const heads = [say.last, say.stateOf, say.client, say.agent, say.person, say.connector, say.reached]
  const content = html`<p class="choices">${choices.map(([only, label]) => {
    const current = only === filter ? html` aria-current="page"` : ''
    return html`<a href="${consolePath}/connections?only=${only}"${current}>${label}</a>`
  })}</p>
${table(
  say.attempts,
  heads,
  paged.rows.map((row) => attemptRow(row, frame.now)),
)}${pager(paged, `${consolePath}/connections`, { only: filter })}`
  return consolePage(frame, 'attempts', say.attempts, content)
}

function attemptRow(row: AttemptRow, now: number): Markup {
  const seen = row.seen === undefined ? '' : html`<span class="note">${row.seen}</span>`
  return html`<tr><td><a href="${pathOf(row)}">${instant(row.lastAt, now)}</a></td><td class="wide">${stateMark(row.state)}${seen}</td><td>${words(row.client, 40)}</td><td>${row.agent}</td><td>${words(row.person, 40)}</td><td>${words(row.connector, 60)}</td><td>${row.reached ?? ''}</td></tr>`
}

function pathOf({ id }: AttemptRow): string {
  return `${consolePath}/connections/${encodeURIComponent(id)}`
}

function stateMark(state: AttemptState): Markup {
  return html`<span class="state ${stateClasses[state] ?? ''}">${text.console.state[state]}</span>`
}

const stateClasses: Readonly<Partial<Record<AttemptState, string>>> = {
  connected: 'is-good',
  stopped: 'is-bad',
  troubled: 'is-careful',
}

export function attemptPage(frame: ConsoleFrame, story: AttemptReport): Page {
  const say = text.console
  const facts: readonly (readonly [string, Markup | undefined])[] = [
    [say.stateOf, html`${stateMark(story.state)} <span class="note">${say.last}: ${story.lastStep}</span>`],
    [say.person, story.person === undefined ? undefined : words(story.person)],
    [say.connector, story.connector === undefined ? undefined : words(story.connector)],
    [say.began, exactInstant(story.startedAt)],
    [say.clientId, story.clientId === undefined ? undefined : code(story.clientId, 300)],
    [say.callback, story.redirectHost === undefined ? undefined : code(story.redirectHost)],
    [say.grant, story.grantId === undefined ? undefined : code(story.grantId)],
  ]
  const content = html`<p class="choices"><a href="${consolePath}/connections">${say.backToAttempts}</a></p>
<dl class="facts">${facts.flatMap(([label, value]) => (value === undefined ? [] : [html`<div><dt>${label}</dt><dd>${value}</dd></div>`]))}</dl>
${story.diagnosis === undefined ? '' : diagnosisSection(story.diagnosis)}
<div class="section"><h2>${say.steps}</h2><ol class="steps-list">${story.timeline.map(stepItem)}</ol>${story.timeline.some(({ isInferred }) => isInferred) ? html`<p class="note">~ ${say.inferred}</p>` : ''}</div>`
  return consolePage(
    frame,
    'attempts',
    html`${words(story.client)}${story.agent === story.client ? '' : html` <span class="muted">${story.agent}</span>`}`,
    content,
  )
}

function diagnosisSection(diagnosis: AttemptDiagnosis): Markup {
  const say = text.console
  const { id, rows, seen, shown, cause, fix, sources } = diagnosis
  const parts: readonly (readonly [string, string | undefined])[] = [
    [say.seen, seen],
    [say.shown, shown],
    [say.cause, cause],
    [say.fix, fix],
  ]
  return html`<div class="callout"><strong>${id}${rows.length === 0 ? '' : ` (${rows.join(', ')})`}</strong>
<dl class="answer">${parts.flatMap(([label, value]) => (value === undefined ? [] : [html`<dt>${label}</dt><dd>${value}</dd>`]))}
${sources.length === 0 ? '' : html`<dt>${say.sources}</dt><dd><ul>${sources.map((source) => html`<li><a href="${source}" rel="noreferrer">${source}</a></li>`)}</ul></dd>`}</dl></div>`
}

/** Slower than this is worth saying; Claude gives up after ten seconds or more. */
const slowMs = 1000

function stepItem(step: AttemptStep): Markup {
  const say = text.console
  const facts = [
    ...(step.count > 1 ? [say.times(step.count)] : []),
    ...(step.longestMs !== undefined && step.longestMs >= slowMs
      ? [say.upTo((step.longestMs / 1000).toFixed(1))]
      : []),
    ...(step.errorId === undefined ? [] : [`${say.log} ${step.errorId}`]),
  ]
  return html`<li><span class="offset">+${offset(step.afterSeconds)}${step.isInferred ? ' ~' : ''}</span><span>${step.words}${facts.length === 0 ? '' : html` <span class="muted">${facts.join(', ')}</span>`}</span></li>`
}

function offset(seconds: number): string {
  if (seconds < 600) return `${seconds} s`
  return seconds < 36_000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}
