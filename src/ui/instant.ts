/** Instants as people say them, and to the minute for whoever looks closer. */

import { html, type Markup } from './markup.ts'
import { text } from './text.ts'

/** Both are epoch seconds. */
export function instant(at: number, now: number): Markup {
  const date = new Date(at * 1000)
  return html`<time datetime="${date.toISOString()}" title="${exact().format(date)} UTC">${relativeTo(at, now)}</time>`
}

/** For tables that are compared line by line. */
export function exactInstant(at: number): Markup {
  const date = new Date(at * 1000)
  return html`<time datetime="${date.toISOString()}">${exact().format(date)}</time>`
}

function relativeTo(at: number, now: number): string {
  const seconds = at - now
  for (const [unit, length] of units) {
    const count = Math.trunc(seconds / length)
    if (count !== 0) return relative().format(count, unit)
  }
  return text.frame.justNow
}

/** Made once, when the first page needs them: the tables of a language take their time. */
let relativeFormat: Intl.RelativeTimeFormat | undefined
let exactFormat: Intl.DateTimeFormat | undefined

function relative(): Intl.RelativeTimeFormat {
  relativeFormat ??= new Intl.RelativeTimeFormat(text.language, { numeric: 'auto' })
  return relativeFormat
}

function exact(): Intl.DateTimeFormat {
  exactFormat ??= new Intl.DateTimeFormat(text.language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
    timeZone: 'UTC',
  })
  return exactFormat
}

const units = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const
