/** Escaped by construction: markup that only `html` can make, and the words of strangers made fit to stand in it. */

import { html } from 'hono/html'

/** What `html` makes. Never a promise here, because a page awaits nothing; `markupText` holds us to it. */
export type Markup = ReturnType<typeof html>

export { html }

export function markupText(markup: Markup): string {
  if (markup instanceof Promise) throw new TypeError('a page must not wait for anything')
  return markup.toString()
}

/**
 * Somebody else's words as one short line that cannot dress up as more: no direction overrides that would show
 * "edualC" as "Claude", nothing invisible, no towers of accents. Escaping is not done here but by `html`.
 */
export function outsideWords(text: string, maximumLength: number): string {
  const visible = text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(invisible, '')
    .replace(/(\p{M}{3})\p{M}+/gu, '$1')
    .replace(/\s+/gu, ' ')
    .trim()
  const characters = [...visible]
  return characters.length <= maximumLength ? visible : `${characters.slice(0, maximumLength - 1).join('')}…`
}

/** Format characters, unassigned and private ones, blanks without an advance. Persian and emoji need the two joiners, U+200C and U+200D. */
const invisible = /(?![\u200c\u200d])[\p{Cf}\p{Cn}\p{Co}\p{Cs}\u115f\u1160\u3164\uffa0\u2800]/gu
