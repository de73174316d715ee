/** The wire as a sequence diagram: who sent what to whom, each exchange unfolding to its headers and bodies. No script. */

import { html, type Markup } from './markup.ts'

export interface WireView {
  /** Who connects, for people: `Claude on the web`. */
  client: string
  /** Begins the ids of the exchanges, where several wires are on one page. */
  idPrefix?: string
  groups: readonly WireGroup[]
}

export interface WireGroup {
  title: string
  /** What came of it. */
  says: string
  tone: 'good' | 'bad' | 'plain'
  exchanges: readonly WireExchange[]
}

export interface WireExchange {
  number: number
  sender: 'client' | 'browser'
  method: string
  url: string
  /** What it carries, in a word or two: `initialize`. */
  carries: string | undefined
  /** What it is for. */
  explains: string
  requestHeaders: Readonly<Record<string, string>>
  requestBody: string | undefined
  status: number | undefined
  responseHeaders: Readonly<Record<string, string>>
  responseBody: string | undefined
  failure: string | undefined
  durationMs: number | undefined
  /** Findings that show here. */
  notes?: readonly string[]
}

/** A verdict as a shape and a word for those who do not see it; not every font has such characters. */
export function mark(kind: 'good' | 'bad' | 'warning' | 'not-seen'): Markup {
  const shapes = {
    good: 'M3 9l4 4 7-9',
    bad: 'M4 4l9 9M13 4l-9 9',
    warning: 'M8.5 3v7M8.5 13v1',
    'not-seen': 'M8 8.5h1',
  }
  const words = { good: 'good', bad: 'bad', warning: 'warning', 'not-seen': 'not seen' }
  return html`<svg class="mark ${kind}" viewBox="0 0 17 17" role="img" aria-label="${words[kind]}"><path d="${shapes[kind]}" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>`
}

/** Each lane is somebody: the client, perhaps a browser, then every origin in the order of its first request. */
export function wireDiagram(view: WireView): Markup {
  const lanes = lanesOf(view)
  return html`<div class="wire n${Math.min(lanes.length, maximumLanes)}">
<ol class="lanes" aria-label="Who is on the wire">${lanes.map((lane) => html`<li><span>${lane.name}</span></li>`)}</ol>
${view.groups.map((group) => groupPart(group, lanes, view.idPrefix ?? 'x'))}
</div>`
}

/** More hosts than that share the last lane. Classes and no style attributes, which a page's policy could not allow by hash. */
const maximumLanes = 9

const laneClasses = Array.from({ length: maximumLanes + 1 }, (_, index) => {
  return `.n${index}{--lanes:${index}}.f${index}{--from:${index}}.t${index}{--to:${index}}`
}).join('')

export const wireStyle: string = `
${laneClasses}
.wire{--lane:clamp(1.7rem,9vw,8.5rem);margin-top:1rem;font-size:.92rem}
.lanes{display:grid;grid-template-columns:repeat(var(--lanes),var(--lane));position:sticky;top:0;z-index:1;width:fit-content;padding:.4rem 0;background:var(--panel);counter-reset:lane}
.lanes li{text-align:center;font-size:.78rem;font-weight:650;line-height:1.25;padding:0 .2rem;overflow-wrap:anywhere}
.wire-group>h3{position:relative;padding:1.1rem 0 .1rem;font-size:.98rem}
.wire-group>.note{padding-bottom:.4rem}
.wire-group>h3 .mark{margin-inline-end:.35em}
.mark{width:.95em;height:.95em;vertical-align:-.1em}
.mark.good{color:var(--accent)}
.mark.bad{color:var(--error-line)}
.mark.warning{color:var(--warn-line)}
.mark.not-seen{color:var(--field-line)}
.wire details{margin:0;border-top:1px solid var(--line)}
.wire summary{display:grid;grid-template-columns:calc(var(--lanes)*var(--lane)) minmax(0,1fr);gap:0 1rem;align-items:center;width:100%;padding:0;color:var(--ink);list-style:none}
.wire summary::-webkit-details-marker{display:none}
.wire summary:hover{text-decoration:none;background:var(--accent-wash);color:var(--ink)}
.arrows{position:relative;align-self:stretch;min-height:3.1rem;background:repeating-linear-gradient(to right,transparent 0 calc(var(--lane)/2 - .5px),var(--line) calc(var(--lane)/2 - .5px) calc(var(--lane)/2 + .5px),transparent calc(var(--lane)/2 + .5px) var(--lane))}
.arrows i{position:absolute;left:calc((var(--from) + .5)*var(--lane));width:calc((var(--to) - var(--from))*var(--lane));height:0;border-top:2px solid var(--ink)}
.arrows .ask{top:36%}
.arrows .back{top:66%;border-top-style:dashed;border-color:var(--muted)}
.arrows .ask::after,.arrows .back::before{content:"";position:absolute;top:-5px;border:4px solid transparent}
.arrows .ask::after{right:0;border-left:7px solid var(--ink);border-right-width:0}
.arrows .back::before{left:0;border-right:7px solid var(--muted);border-left-width:0}
.refused .arrows .back{border-color:var(--warn-line)}
.refused .arrows .back::before{border-right-color:var(--warn-line)}
.failed .arrows .back{border-color:var(--error-line)}
.failed .arrows .back::before{border-right-color:var(--error-line)}
.lost .arrows .back{display:none}
.lost .arrows .ask{border-color:var(--error-line);border-top-style:dotted}
.said{padding:.45rem 0;min-width:0}
.said b{font-weight:600}
.said .status{font-weight:650}
.failed .status,.lost .status{color:var(--error-ink)}
.refused .status{color:var(--warn-ink)}
.flag{display:inline-block;padding:0 .45rem;border-radius:99px;border:1px solid var(--error-line);background:var(--error-wash);color:var(--error-ink);font-size:.77rem;line-height:1.4rem}
.inside{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1rem;padding:.6rem 0 1.2rem}
.inside>div{min-width:0}
.inside h4{margin:0 0 .3rem;font-size:.86rem;color:var(--muted);font-weight:600}
.inside pre{margin:0;padding:.7rem .8rem;border:1px solid var(--line);border-radius:8px;background:var(--paper);font:.8rem/1.45 ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"Noto Sans Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere;max-height:26rem;overflow:auto;unicode-bidi:plaintext}
@media (max-width:36rem){
.lanes{width:auto;display:block;padding:.3rem 0 .5rem}
.lanes li{display:inline;text-align:start;font-weight:500;counter-increment:lane}
.lanes li::before{content:counter(lane) ". ";font-weight:650}
.lanes li:not(:last-child)::after{content:" · "}
.wire summary{gap:0 .6rem}
}
@media print{.wire details::details-content{content-visibility:visible;height:auto}.inside pre{max-height:none}}
`.replaceAll('\n', '')

interface Lane {
  /** `client`, `browser`, or an origin. */
  key: string
  name: string
}

function lanesOf({ client, groups }: WireView): Lane[] {
  const exchanges = groups.flatMap((group) => group.exchanges)
  const origins = new Set(exchanges.map(({ url }) => originOf(url)))
  return [
    { key: 'client', name: client },
    ...(exchanges.some(({ sender }) => sender === 'browser') ? [{ key: 'browser', name: 'Browser' }] : []),
    ...[...origins].map((origin) => ({ key: origin, name: origin.replace(/^https?:\/\//, '') })),
  ]
}

function groupPart(
  { title, says, tone, exchanges }: WireGroup,
  lanes: readonly Lane[],
  prefix: string,
): Markup {
  return html`<section class="wire-group"><h3>${tone === 'plain' ? '' : mark(tone)}${shown(title)}</h3>${says === '' ? '' : html`<p class="note">${shown(says)}</p>`}
${exchanges.map((exchange) => exchangePart(exchange, lanes, prefix))}</section>`
}

function exchangePart(exchange: WireExchange, lanes: readonly Lane[], prefix: string): Markup {
  const { carries, durationMs, explains, failure, method, notes = [], number, sender, status, url } = exchange
  const from = lanes.findIndex(({ key }) => key === sender)
  const to = lanes.findIndex(({ key }) => key === originOf(url))
  const took = durationMs === undefined ? '' : `${Math.round(durationMs)} ms`
  return html`<details id="${prefix}${number}" class="${outcomeClass(status)}"><summary>
<span class="arrows f${Math.min(from, maximumLanes - 1)} t${Math.min(to, maximumLanes - 1)}" aria-hidden="true"><i class="ask"></i><i class="back"></i></span>
<span class="said"><b>${number}. ${method} ${shown(pathOf(url))}</b>${carries === undefined ? '' : html` <code>${shown(carries)}</code>`}
<span class="muted">gives</span> <span class="status">${status ?? shown(failure ?? 'no answer')}</span> <span class="muted">${took}</span>${notes.map((note) => html` <span class="flag">${shown(note)}</span>`)}
<span class="note">${shown(explains)}</span></span></summary>
<div class="inside"><div><h4>Request</h4><pre>${message(`${method} ${url}`, exchange.requestHeaders, exchange.requestBody)}</pre></div>
<div><h4>Answer</h4><pre>${status === undefined ? shown(failure ?? 'no answer') : message(`${status}`, exchange.responseHeaders, exchange.responseBody)}</pre></div></div></details>`
}

function outcomeClass(status: number | undefined): string {
  if (status === undefined) return 'lost'
  if (status >= 500) return 'failed'
  return status >= 400 ? 'refused' : 'answered'
}

function message(first: string, headers: Readonly<Record<string, string>>, body: string | undefined): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return shown(
    [first, ...lines, ...(body === undefined || body === '' ? [] : ['', indented(body)])].join('\n'),
  )
}

function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}

/** A stranger's words: nothing invisible, and nothing that turns the direction of what stands around it. */
function shown(text: string): string {
  return text.replace(/(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

/** What was masked in an address may leave it unreadable as a whole: `http://host[hidden field 2, 68 characters]`. */
function originOf(url: string): string {
  if (URL.canParse(url)) return new URL(url).origin
  return /^https?:\/\/[^/?#[\]]+/.exec(url)?.[0] ?? url
}

function pathOf(url: string): string {
  if (!URL.canParse(url)) return url.slice(originOf(url).length) || url
  const { pathname, search } = new URL(url)
  return search.length > 60 ? `${pathname}?…` : pathname + search
}
