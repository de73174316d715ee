/** The report as one page that needs nothing beside itself: findings, clients by stage, and the wire to unfold. */

import { raw } from 'hono/html'
import { explainExchange, isSentByBrowser, rpcMethodOf } from '../../client/explanation.ts'
import { html, type Markup, markupText } from '../../ui/markup.ts'
import { styleSheet } from '../../ui/style.ts'
import { mark, type WireExchange, type WireGroup, wireDiagram, wireStyle } from '../../ui/wire.ts'
import { type Framework, stages } from '../check.ts'
import { clientsByStage, stageTitles } from '../client-table.ts'
import type { Finding, JudgedCheck } from '../diagnosis.ts'
import type { DoctorReport } from '../report.ts'
import { names, parties, reached, timeOf } from './words.ts'

export function formatHtml(reports: readonly DoctorReport[]): string {
  const [first] = reports
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>postern doctor: ${first?.url ?? 'nothing examined'}</title>
<style>${raw(styleSheet + wireStyle + reportStyle)}</style>
</head>
<body class="full">
<main>${reports.length > 1 ? tablePart(reports) : ''}${reports.map(reportPart)}</main>
<footer class="foot"><p>Written by postern doctor. All secrets are masked.</p></footer>
</body>
</html>
`
  return markupText(page)
}

const reportStyle = `
body{padding-top:1.5rem}
main{display:grid;gap:1.5rem}
.finding{margin-top:1.3rem;padding:1.1rem 1.2rem;border:1px solid var(--line);border-inline-start:4px solid var(--error-line);border-radius:8px}
.finding.warning{border-inline-start-color:var(--warn-line)}
.finding.tolerated{border-inline-start-color:var(--line)}
.finding h2,.finding h3{display:inline}
.finding .facts{margin-top:.6rem;border:0}
.finding .facts>div{padding:.3rem 0;border:0}
.finding>summary{width:100%;color:var(--ink);font-size:1rem}
.finding .fix{font-weight:600}
.table{overflow-x:auto;margin-top:1rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{padding:.45rem .6rem;border-bottom:1px solid var(--line);text-align:start;vertical-align:top}
.by-stage td:not(:first-child),.by-stage th:not(:first-child){text-align:center}
`.replaceAll('\n', '')

function tablePart(reports: readonly DoctorReport[]): Markup {
  const rows = clientsByStage(reports)
  return html`<section class="panel"><h1>Client by stage</h1><div class="table"><table class="by-stage">
<thead><tr><th scope="col">Client</th>${stages.map((stage) => html`<th scope="col">${stageTitles[stage]}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ client, stages }) =>
      html`<tr><th scope="row"><a href="#${client.name}">${client.title}</a></th>${stages.map(
        (cell) => html`<td>${mark(cell.mark)}</td>`,
      )}</tr>`,
  )}</tbody></table></div></section>`
}

function reportPart(report: DoctorReport): Markup {
  const { client, durationMs, findings, url } = report
  const [first, ...others] = findings
  return html`<article class="panel" id="${client.name}">
<h1>${headline(report)}</h1>
<p class="lead"><code>${url}</code> as ${client.title}, ${timeOf(report)}, in ${(durationMs / 1000).toFixed(1)} s</p>
${first === undefined ? '' : findingPart(first, client.name, 'open')}
${others.map((finding) => findingPart(finding, client.name))}
${effectsPart(report)}
<section class="section"><h2>The wire</h2><p class="note">Each line is one request and its answer; it unfolds to all that was sent. Solid arrows ask, dashed ones answer.</p>
${wireDiagram({ client: client.title, idPrefix: `${client.name}-`, groups: groupsOf(report) })}</section>
<section class="section"><h2>Every check</h2>${checksPart(report.checks)}</section>
</article>`
}

function headline(report: DoctorReport): Markup {
  const { findings, verdict } = report
  if (verdict === 'fails') return html`${mark('bad')} ${findings[0]?.title}`
  if (verdict === 'works-with-warnings') return html`${mark('warning')} ${findings[0]?.title}`
  return html`${mark('good')} Nothing stands in Claude’s way, as far as ${reached(report)}`
}

function findingPart(finding: Finding, client: string, state?: 'open'): Markup {
  const facts: (readonly [string, Markup | string])[] = [
    ['Seen', finding.cause],
    ['Claude', finding.claude],
    ...(finding.seen === undefined ? [] : [['It says', `“${finding.seen}”`] as const]),
    ['Fix', html`<span class="fix">${finding.fix}</span>`],
    ...Object.entries(finding.fixIn).map(([name, says]) => [names[name as Framework], says] as const),
    ['Where', parties[finding.party]],
    [
      'Source',
      URL.canParse(finding.source) ? html`<a href="${finding.source}">${finding.source}</a>` : finding.source,
    ],
    ['Suffer', finding.clients.join(', ')],
    ...(finding.becauseOf === undefined ? [] : [['Follows from', finding.becauseOf] as const]),
    ...(finding.tolerated === undefined ? [] : [['Tolerated', finding.tolerated] as const]),
    ...(finding.exchanges.length === 0
      ? []
      : [
          [
            'Wire',
            html`${finding.exchanges.map((number) => html`<a href="#${client}-${number}">${number}</a> `)}`,
          ] as const,
        ]),
  ]
  const kind = finding.tolerated === undefined ? finding.severity : 'tolerated'
  return html`<details class="finding ${kind}"${state === 'open' ? raw(' open') : ''}><summary><h2>${finding.title}</h2> <span class="tag">${finding.severity}</span> <code class="muted">${finding.id}</code></summary>
<dl class="facts">${facts.map(([label, says]) => html`<div><dt>${label}</dt><dd>${says}</dd></div>`)}</dl></details>`
}

function effectsPart({ effects }: DoctorReport): Markup | '' {
  if (effects.length === 0) return ''
  return html`<section class="section"><h2>What it did to the server</h2><ul class="bullets">${effects.map(
    ({ did, says }) => html`<li>It ${did}: ${says}.</li>`,
  )}</ul></section>`
}

function groupsOf({ findings, probes, steps }: DoctorReport): WireGroup[] {
  const notes = (number: number): string[] =>
    findings.filter(({ exchanges }) => exchanges.includes(number)).map(({ id }) => id)
  const walked = steps.map(({ exchanges, name, says, title, verdict }): WireGroup => {
    const tone = verdict === 'passed' ? 'good' : verdict === 'failed' ? 'bad' : 'plain'
    return { title, says, tone, exchanges: exchanges.map((exchange) => wireExchange(name, exchange, notes)) }
  })
  const probed = probes
    .filter(({ exchanges }) => exchanges.length > 0)
    .map(({ exchanges, title }): WireGroup => {
      const told = exchanges.map((exchange) => wireExchange('probe-of-doctor', exchange, notes))
      return { title: `The doctor’s own question: ${title}`, says: '', tone: 'plain', exchanges: told }
    })
  return [...walked, ...probed].filter(({ exchanges }) => exchanges.length > 0)
}

function wireExchange(
  step: Parameters<typeof explainExchange>[0],
  exchange: DoctorReport['steps'][number]['exchanges'][number],
  notes: (number: number) => string[],
): WireExchange {
  return {
    ...exchange,
    sender: isSentByBrowser(step) ? 'browser' : 'client',
    carries: rpcMethodOf(exchange),
    explains: explainExchange(step, exchange),
    notes: notes(exchange.number),
  }
}

function checksPart(checks: readonly JudgedCheck[]): Markup {
  const inOrder = checks.toSorted((left, right) => stages.indexOf(left.stage) - stages.indexOf(right.stage))
  return html`<details><summary>${checks.length} checks, each with its verdict</summary><div class="table"><table>
<thead><tr><th scope="col">Check</th><th scope="col">Stage</th><th scope="col">Verdict</th></tr></thead>
<tbody>${inOrder.map(
    ({ id, says, stage, verdict }) =>
      html`<tr><td><code>${id}</code></td><td>${stageTitles[stage]}</td><td>${verdict}${says === undefined ? '' : html` <span class="note">${says}</span>`}</td></tr>`,
  )}</tbody></table></div></details>`
}
