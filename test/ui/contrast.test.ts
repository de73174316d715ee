/** The colours of both themes can be told apart by people who see little contrast (WCAG 2.2 §1.4.3 and §1.4.11). */

import { describe, expect, test } from 'vitest'
import { styleSheet } from '../../src/ui/style.ts'

const dark = /@media \(prefers-color-scheme:dark\)\{:root\{([^}]*)\}/.exec(styleSheet)?.[1] ?? ''
const themes = [
  { name: 'light', colours: variables(/^:root\{([^}]*)\}/.exec(styleSheet)?.[1] ?? '') },
  { name: 'dark', colours: variables(dark) },
]

const text: readonly [string, string][] = [
  ['ink', 'paper'],
  ['ink', 'panel'],
  ['ink', 'accent-wash'],
  ['muted', 'paper'],
  ['muted', 'panel'],
  ['accent', 'panel'],
  ['accent', 'paper'],
  ['accent', 'accent-wash'],
  ['accent-deep', 'panel'],
  ['on-accent', 'accent'],
  ['on-accent', 'accent-deep'],
  ['warn-ink', 'warn-wash'],
  ['error-ink', 'error-wash'],
  ['error-ink', 'panel'],
]

/** Borders of fields and buttons, the focus ring. */
const parts: readonly [string, string][] = [
  ['field-line', 'panel'],
  ['error-line', 'panel'],
  ['accent', 'panel'],
  ['accent', 'paper'],
]

describe.each(themes)('in the $name theme', ({ colours }) => {
  test.each(text)('%s on %s reads at 4.5 to 1 or more', (front, back) => {
    expect(contrast(colours, front, back)).toBeGreaterThanOrEqual(4.5)
  })

  test.each(parts)('%s on %s shows at 3 to 1 or more', (front, back) => {
    expect(contrast(colours, front, back)).toBeGreaterThanOrEqual(3)
  })
})

test('both themes define the same colours', () => {
  const [light, other] = themes.map(({ colours }) => [...colours.keys()])
  expect(light?.length).toBeGreaterThan(10)
  expect(other).toEqual(light)
})

function variables(block: string): Map<string, string> {
  return new Map(
    [...block.matchAll(/--([a-z-]+):(#[0-9a-f]{6})/g)].map(([, name = '', value = '']) => [name, value]),
  )
}

function contrast(colours: Map<string, string>, front: string, back: string): number {
  const [a, b] = [luminance(colours.get(front)), luminance(colours.get(back))]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

/** WCAG 2.2, relative luminance. */
function luminance(colour: string | undefined): number {
  if (colour === undefined) return Number.NaN
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
