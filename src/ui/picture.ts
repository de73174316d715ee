/** The picture of a connector beside its name; the name says all, so the picture says nothing to whoever hears the page. */

import { html, type Markup } from './markup.ts'

/** Of a `data:` URL that was judged where it was configured; a page loads no other image. */
export function picture(dataUrl: string | undefined): Markup | string {
  return dataUrl === undefined
    ? ''
    : html`<img class="picture" src="${dataUrl}" alt="" width="20" height="20">`
}
