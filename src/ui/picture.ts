/** The picture of a connector beside its name; the name says all, so the picture says nothing to whoever hears the page. */

import { html, type Markup } from './markup.ts'

/** Of a `data:` URL that was judged where it was configured; a page loads no other image. */
export function picture(dataUrl: string | undefined): Markup | string {
  return dataUrl === undefined
    ? ''
    : html`<img class="picture" src="${dataUrl}" alt="" width="20" height="20">`
}

/** It goes into pages as it is, where no other way leads out of the attribute that it stands in. */
export function isPictureUrl(url: string): boolean {
  const [, content] = /^data:image\/(?:svg\+xml|png|webp|jpeg);base64,([A-Za-z0-9+/]+={0,2})$/.exec(url) ?? []
  return content !== undefined && content.length <= maximumPictureCharacters
}

/** 48 KB, of which base64 makes a third more. */
export const maximumPictureCharacters = 65_536
