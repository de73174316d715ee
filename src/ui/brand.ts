/** How the operator's own name, logo and colour look on a page: whatever the colour is, everything can be read (WCAG 2.2 §1.4.3). */

import { isPictureUrl } from './picture.ts'
import { themes } from './theme.ts'

export interface Brand {
  readonly name: string
  /** A `data:` URL of an image, in place of the door. */
  readonly logo?: string | undefined
  /** `#rrggbb`, of buttons, links and marks. */
  readonly colour?: string | undefined
}

export type BrandOptions = { readonly [Member in keyof Brand]?: Brand[Member] | undefined }

/** Throws a `TypeError` for a brand that no page could show. */
export function readBrand({ name = 'Postern', logo, colour }: BrandOptions = {}): Brand {
  if (name.trim() === '' || name.length > maximumNameLength) {
    throw new TypeError(`brand.name must have 1 to ${maximumNameLength} characters`)
  }
  if (logo !== undefined && !isPictureUrl(logo)) {
    throw new TypeError('brand.logo must be a data: URL of an image in base64, of at most 48 KB')
  }
  if (colour !== undefined && !isColour(colour)) {
    throw new TypeError(`brand.colour must look like #14594a, and is ${JSON.stringify(colour)}`)
  }
  return { name, logo, colour }
}

export function isColour(text: string): boolean {
  return /^#[0-9a-f]{6}$/i.test(text)
}

const maximumNameLength = 60

/** Rules that come after those of the style sheet; empty where its own colour stays. */
export function brandStyle({ colour }: Brand): string {
  if (colour === undefined) return ''
  const light = variables(accentOn('light', channelsOf(colour)))
  const dark = variables(accentOn('dark', channelsOf(colour)))
  return `:root{${light}}@media (prefers-color-scheme:dark){:root{${dark}}}`
}

type Channels = readonly [number, number, number]

const black: Channels = [0, 0, 0]
const white: Channels = [255, 255, 255]

/** The colour itself where it can be read on every ground of the theme, else the nearest darker or lighter one that can. */
function accentOn(theme: 'light' | 'dark', colour: Channels): Record<string, Channels> {
  const { paper, panel } = themes[theme]
  const wash = mixed(channelsOf(panel), colour, 0.1)
  const grounds = [channelsOf(paper), channelsOf(panel), wash]
  const far = theme === 'light' ? black : white
  let accent = colour
  for (let step = 1; step <= 100 && !grounds.every((ground) => reads(accent, ground)); step++) {
    accent = mixed(colour, far, step / 100)
  }
  const onAccent = theme === 'light' ? white : mixed(colour, black, 0.9)
  return { accent, 'accent-deep': mixed(accent, far, 0.25), 'on-accent': onAccent, 'accent-wash': wash }
}

/** A little more than is asked for, because colours are rounded. */
const minimumContrast = 4.55

function reads(front: Channels, back: Channels): boolean {
  const [a, b] = [luminance(front), luminance(back)]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) >= minimumContrast
}

/** WCAG 2.2, relative luminance. */
function luminance(channels: Channels): number {
  const [red = 0, green = 0, blue = 0] = channels
    .map((channel) => channel / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function mixed(from: Channels, to: Channels, share: number): Channels {
  const [red, green, blue] = from
  const mix = (channel: number, other: number): number => Math.round(channel + (other - channel) * share)
  return [mix(red, to[0]), mix(green, to[1]), mix(blue, to[2])]
}

function channelsOf(colour: string): Channels {
  const part = (at: number): number => Number.parseInt(colour.slice(at, at + 2), 16)
  return [part(1), part(3), part(5)]
}

function variables(colours: Record<string, Channels>): string {
  return Object.entries(colours)
    .map(([name, channels]) => {
      const digits = channels.map((channel) => channel.toString(16).padStart(2, '0'))
      return `--${name}:#${digits.join('')}`
    })
    .join(';')
}
