/** Plots drawn as SVG in the page itself: nothing is loaded, and each can be read as a table too. */

import { exactInstant } from '../instant.ts'
import { html, type Markup } from '../markup.ts'
import { text } from '../text.ts'

export interface Series {
  /** Says how it looks, and what it means. */
  kind: 'good' | 'bad' | 'rest'
  label: string
}

export interface StackedBars {
  title: string
  series: readonly Series[]
  /** In order of time, each with a value for each series. */
  bars: readonly { at: number; values: readonly number[] }[]
}

export function barPlot({ title, series, bars }: StackedBars): Markup {
  const sums = bars.map(({ values }) => sumOf(values))
  const top = roundUp(Math.max(1, ...sums))
  const step = plotWidth / Math.max(1, bars.length)
  const shapes = bars.flatMap(({ values }, index) => {
    let base = plotHeight
    return values.flatMap((value, at) => {
      if (value === 0) return []
      const height = (value / top) * plotHeight
      base -= height
      const x = (left + index * step + gap / 2).toFixed(1)
      return html`<rect class="is-${series[at]?.kind ?? 'rest'}" x="${x}" y="${(base + above).toFixed(1)}" width="${Math.max(1, step - gap).toFixed(1)}" height="${height.toFixed(1)}"/>`
    })
  })
  const says = series.map(({ label }, at) => `${label} ${sumOf(bars.map(({ values }) => values[at] ?? 0))}`)
  const rows = bars.map(({ at, values }) => [exactInstant(at), ...values.map((value) => html`${value}`)])
  return figure(
    title,
    series,
    says.join(', '),
    html`${grid([0, top / 2, top], top, String)}${shapes}${times(bars)}`,
    rows,
  )
}

/** Between bars. */
const gap = 1.5

export interface Steps {
  title: string
  series: readonly Series[]
  /** The names of the levels, the lowest first; values are indexes of these. */
  levels: readonly string[]
  points: readonly { at: number; values: readonly (number | undefined)[] }[]
}

/** For what is known in classes only: each level is one of them. */
export function levelPlot({ title, series, levels, points }: Steps): Markup {
  const top = levels.length - 1
  const step = plotWidth / Math.max(1, points.length)
  const dots = points.flatMap(({ values }, index) =>
    values.flatMap((value, at) => {
      if (value === undefined) return []
      const y = above + plotHeight - (value / top) * plotHeight
      const x = left + index * step + step * (at === 0 ? 0.28 : 0.72)
      return html`<circle class="is-${series[at]?.kind ?? 'rest'}" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${Math.min(4, step * 0.19).toFixed(1)}"/>`
    }),
  )
  const latest = points.findLast(({ values }) => values.some((value) => value !== undefined))
  const nameOf = (value: number | undefined): string => (value === undefined ? '–' : (levels[value] ?? ''))
  const says = series.map(({ label }, at) => `${label} ${nameOf(latest?.values[at])}`)
  const shown = levels.flatMap((_, level) => (level % 3 === 0 ? [level] : []))
  const rows = points.map(({ at, values }) => [
    exactInstant(at),
    ...values.map((value) => html`${nameOf(value)}`),
  ])
  return figure(
    title,
    series,
    says.join(', '),
    html`${grid(shown, top, (level) => levels[level] ?? '')}${dots}${times(points)}`,
    rows,
  )
}

/** As wide as a telephone, so that what is written there can be read. */
const [plotWidth, plotHeight, left, above, below] = [310, 120, 46, 8, 22]

function figure(
  title: string,
  series: readonly Series[],
  says: string,
  drawing: Markup,
  rows: readonly (readonly Markup[])[],
): Markup {
  const box = `0 0 ${left + plotWidth + 4} ${above + plotHeight + below}`
  const legend = series.map(({ kind, label }) => html`<li><span class="key is-${kind}"></span>${label}</li>`)
  const head = [text.console.time, ...series.map(({ label }) => label)].map(
    (label) => html`<th scope="col">${label}</th>`,
  )
  return html`<figure class="plot"><figcaption>${title}</figcaption><ul class="legend">${legend}</ul>
<svg viewBox="${box}" role="img" aria-label="${title}: ${says}">${drawing}</svg>
<details><summary>${text.console.asTable}</summary><div class="scroll" tabindex="0" role="region" aria-label="${title}"><table><thead><tr>${head}</tr></thead><tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div></details></figure>`
}

function grid(values: readonly number[], top: number, say: (value: number) => string): Markup {
  return html`${values.map((value) => {
    const y = (above + plotHeight - (value / top) * plotHeight).toFixed(1)
    return html`<line class="grid" x1="${left}" x2="${left + plotWidth}" y1="${y}" y2="${y}"/><text class="tick" x="${left - 6}" y="${y}" dy="3.5" text-anchor="end">${say(value)}</text>`
  })}`
}

/** As many as can be read. */
const maximumTimes = 6

function times(points: readonly { at: number }[]): Markup {
  const step = plotWidth / Math.max(1, points.length)
  const every = Math.ceil(points.length / maximumTimes)
  const isLong = (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0) > 86_400
  const format = new Intl.DateTimeFormat(text.language, { ...(isLong ? day : hour), timeZone: 'UTC' })
  return html`${points.flatMap(({ at }, index) => {
    if (index % every !== 0) return []
    const x = (left + index * step).toFixed(1)
    return html`<text class="tick" x="${x}" y="${above + plotHeight + 16}">${format.format(new Date(at * 1000))}</text>`
  })}`
}

const hour = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
const day = { day: 'numeric', month: 'short' } as const

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

/** 1, 2, 4 or 10 and so on: halves of it are whole where it matters. */
function roundUp(value: number): number {
  const size = 10 ** Math.floor(Math.log10(value))
  const nice = [1, 2, 4, 6, 8, 10].find((factor) => factor * size >= value) ?? 10
  return Math.max(2, nice * size)
}
