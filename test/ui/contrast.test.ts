/** The colours of both themes can be told apart by people who see little contrast (WCAG 2.2 §1.4.3 and §1.4.11). */

import { describe, expect, test } from 'vitest'
import { styleSheet } from '../../src/ui/style.ts'
import { contrast, variablesOf } from './colours.ts'

const themes = (['light', 'dark'] as const).map((name) => ({ name, colours: variablesOf(styleSheet, name) }))

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
