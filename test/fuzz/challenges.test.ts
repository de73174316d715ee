/** Fuzz: a challenge header of any text is read without harm, and nothing breaks out of a quoted value (RFC 9110 §11.6.1). */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  findBearerChallenge,
  formatBearerChallenge,
  readChallenges,
} from '../../src/oauth/www-authenticate.ts'
import { anyText } from './arbitrary.ts'
import { runs } from './runs.ts'

const piece = fc.constantFrom(
  'Bearer',
  'Basic',
  ' ',
  ',',
  '=',
  '"',
  '\\',
  '\\"',
  'scope',
  'resource_metadata=',
  'https://evil.example',
  'x="',
  '";',
  '\t',
  'error="a"',
  '\u00e9',
  '==',
)
const header = fc.oneof(
  fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
  anyText(100),
)

test('nothing throws, and what is read is a scheme with names and values', () => {
  fc.assert(
    fc.property(header, (text) => {
      for (const { scheme, parameters } of readChallenges(text)) {
        expect(scheme).toMatch(/^[!#$%&'*+.^_`|~\w-]+$/)
        expect(scheme).toBe(scheme.toLowerCase())
        for (const [name, value] of parameters) {
          expect(name).toMatch(/^[!#$%&'*+.^_`|~\w-]+$/)
          expect(value.length).toBeLessThanOrEqual(text.length)
        }
      }
      findBearerChallenge(text)
    }),
    runs(3000),
  )
})

test('[OA21-21] whatever is written, one challenge is read, with these parameters and no others', () => {
  const value = fc.option(fc.oneof(anyText(40), header), { nil: undefined })
  fc.assert(
    fc.property(value, value, value, value, (resourceMetadata, scope, error, errorDescription) => {
      const challenge = { resourceMetadata, scope, error, errorDescription }
      const written = formatBearerChallenge(challenge)
      expect(() => new Headers({ 'www-authenticate': written })).not.toThrow()
      const cleaned = Object.entries(challenge).map(([name, text]) => [
        name,
        text?.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, ''),
      ])
      expect(readChallenges(written)).toHaveLength(1)
      expect(findBearerChallenge(written)).toEqual(Object.fromEntries(cleaned))
    }),
    runs(1000),
  )
})

test('a challenge after a hostile quoted value is still the one that counts', () => {
  fc.assert(
    fc.property(fc.oneof(header, fc.string()), (hostile) => {
      const quoted = hostile.replace(/[\\"]/g, '\\$&').replace(/[\r\n]/g, ' ')
      const challenges = readChallenges(
        `Digest realm="${quoted}", Bearer resource_metadata="https://good.example"`,
      )
      expect(challenges.map(({ scheme }) => scheme)).toEqual(['digest', 'bearer'])
      expect(challenges[1]?.parameters.get('resource_metadata')).toBe('https://good.example')
    }),
    runs(1000),
  )
})

test('a header of 64 kilobytes is read in one pass, whatever it repeats', () => {
  // Looked at anew from each character, each of these would take thousands of millions of steps.
  for (const part of ['a', ' ', ',', '"', '\\"', 'a"', '=', 'a=', ' ="', 'a ', 'a=b,', '\u00e9'])
    for (const start of ['', 'Bearer ', 'Bearer x="', 'Bearer x='])
      expect(Array.isArray(readChallenges(start + part.repeat(65_536 / part.length)))).toBe(true)
})
