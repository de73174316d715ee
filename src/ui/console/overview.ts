/** How it goes: numbers, plots of the last day or week, and where attempts to connect stop. */

import type { Page } from '../layout.ts'
import { html, type Markup } from '../markup.ts'
import { text } from '../text.ts'
import { type ConsoleFrame, consolePage, consolePath } from './frame.ts'
import { barPlot, levelPlot } from './plots.ts'
import type { OverviewReport, StageFailures } from './reports.ts'

/** `classes`: the upper ends of the classes that durations are counted in, milliseconds. */
export function overviewPage(frame: ConsoleFrame, report: OverviewReport, classes: readonly number[]): Page {
  const say = text.console
  const content = html`<p class="choices">${[24, 168].map((hours) => {
    const current = hours === report.hours ? html` aria-current="page"` : ''
    return html`<a href="${consolePath}?hours=${hours}"${current}>${say.hours(hours)}</a>`
  })}</p>
${figures(report)}
<div class="plots">${attemptsPlot(report)}${callsPlot(report)}${latencyPlot(report, classes)}</div>
<div class="section"><h2>${say.stages}</h2>${report.failures.length === 0 ? html`<p>${say.noFailures}</p>` : html`<div class="bars">${report.failures.map((stage) => stageBar(stage, report))}</div>`}</div>`
  return consolePage(frame, 'overview', say.overview, content)
}

function figures({ totals }: OverviewReport): Markup {
  const say = text.console.totals
  const names = ['attempts', 'stopped', 'calls', 'failures', 'people', 'grants'] as const
  return html`<dl class="figures">${names.map((name) => html`<div><dt>${say[name]}</dt><dd>${totals[name]}</dd></div>`)}</dl>`
}

function attemptsPlot({ attempts }: OverviewReport): Markup {
  const say = text.console
  return barPlot({
    title: say.attemptsPlot,
    series: [
      { kind: 'good', label: say.connected },
      { kind: 'bad', label: say.stopped },
      { kind: 'rest', label: say.otherAttempts },
    ],
    bars: attempts.map(({ at, connected, stopped, other }) => ({ at, values: [connected, stopped, other] })),
  })
}

function callsPlot({ calls }: OverviewReport): Markup {
  const say = text.console
  return barPlot({
    title: say.callsPlot,
    series: [
      { kind: 'good', label: say.succeeded },
      { kind: 'bad', label: say.failed },
    ],
    bars: calls.map(({ at, calls: all, failures }) => ({
      at,
      values: [Math.max(0, all - failures), failures],
    })),
  })
}

function latencyPlot({ latency }: OverviewReport, classes: readonly number[]): Markup {
  const say = text.console
  const levels = [...classes.map(duration), `> ${duration(classes.at(-1) ?? 0)}`]
  const levelOf = (ms: number | undefined): number | undefined => {
    if (ms === undefined) return undefined
    const level = classes.indexOf(ms)
    return level < 0 ? levels.length - 1 : level
  }
  return levelPlot({
    title: say.latencyPlot,
    series: [
      { kind: 'good', label: say.median },
      { kind: 'rest', label: say.high },
    ],
    levels,
    points: latency.map(({ at, medianMs, highMs }) => ({ at, values: [levelOf(medianMs), levelOf(highMs)] })),
  })
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`
}

function stageBar({ stage, count, causes }: StageFailures, { failures }: OverviewReport): Markup {
  const most = Math.max(...failures.map((one) => one.count))
  return html`<div><h3>${stage}: ${count}</h3><meter min="0" max="${most}" value="${count}" aria-label="${stage}"></meter><ul class="bullets">${causes.map(({ id, seen, count: times }) => html`<li>${seen} <span class="muted">(<a href="${consolePath}/connections?only=failing">${id}</a>, ${text.console.times(times)})</span></li>`)}</ul></div>`
}
