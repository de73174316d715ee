/** The operator's own colour, logo and name: whatever they are, pages can be read and obey their own policy. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Brand, brandStyle, readBrand } from '../../src/ui/brand.ts'
import { loginPage } from '../../src/ui/login.ts'
import { styleSheet } from '../../src/ui/style.ts'
import { contrast, variablesOf } from './colours.ts'

const logo = `data:image/svg+xml;base64,${btoa('<svg xmlns="http://www.w3.org/2000/svg"/>')}`
const colours = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(255))
  .map((channels) => `#${channels.map((one) => one.toString(16).padStart(2, '0')).join('')}`)

test('any colour is made readable in both themes (WCAG 2.2 §1.4.3)', () => {
  fc.assert(
    fc.property(colours, (colour) => {
      const own = brandStyle({ name: 'Acme', colour })
      for (const [sheet, theme] of [
        [variablesOf(styleSheet, 'light'), variablesOf(own, 'light')],
        [variablesOf(styleSheet, 'dark'), variablesOf(own, 'dark')],
      ] as const) {
        const all = new Map([...sheet, ...theme])
        for (const [front, back] of readPairs) {
          expect(contrast(all, front, back), `${front} on ${back}`).toBeGreaterThanOrEqual(4.5)
        }
      }
    }),
    { numRuns: 400, examples: [['#000000'], ['#ffffff'], ['#ffff00'], ['#0000ff'], ['#808080']] },
  )
})

const readPairs = [
  ['accent', 'panel'],
  ['accent', 'paper'],
  ['accent', 'accent-wash'],
  ['accent-deep', 'panel'],
  ['on-accent', 'accent'],
  ['on-accent', 'accent-deep'],
  ['ink', 'accent-wash'],
] as const

test('a colour that can be read stays as it is', () => {
  const own = variablesOf(brandStyle({ name: 'Acme', colour: '#7a1fa2' }), 'light')
  expect(own.get('accent')).toBe('#7a1fa2')
})

test('name, logo and colour are on the page, and its policy allows exactly that style', () => {
  const page = show({ name: '<b>Acme & Co</b>', logo, colour: '#7a1fa2' })
  expect(page.html).toContain('&lt;b&gt;Acme &amp; Co&lt;/b&gt;</span>')
  expect(page.html).toContain(`<img src="${logo}" alt=""`)
  expect(page.html.match(/<style>/g)).toHaveLength(2)
  expect(page.csp).toMatch(/style-src 'sha256-[^ ]+' 'sha256-[^ ]+';/)
  expect(show({ name: 'Postern' }).html.match(/<style>/g)).toHaveLength(1)
})

test.each([
  [{ colour: 'red' }, /brand\.colour/],
  [{ colour: '#fff' }, /brand\.colour/],
  [{ colour: '#ffffff;}body{display:none' }, /brand\.colour/],
  [{ logo: 'https://example.com/logo.png' }, /brand\.logo/],
  [{ logo: `${logo}"onload="x` }, /brand\.logo/],
  [{ name: ' ' }, /brand\.name/],
  [{ name: 'x'.repeat(61) }, /brand\.name/],
])('%j is a mistake of the programmer', (brand, message) => {
  expect(() => readBrand(brand)).toThrow(message)
})

function show(brand: Brand) {
  return loginPage({
    brand,
    homePath: '/',
    action: '/login',
    csrf: 'x',
    returnTo: '/',
    username: '',
    fault: undefined,
    isForConnection: false,
  })
}
