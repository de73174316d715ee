/** Keeps the list of requirements and what the tests cite of it honest. */

import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import {
  citations,
  citedIds,
  coverage,
  promised,
  uncited,
  unknownCitations,
} from '../scripts/requirements.ts'
import { requirements } from './requirements.ts'

const cited = citations(fileURLToPath(new URL('..', import.meta.url)))

test('every requirement has one id, a sentence and a source', () => {
  const ids = requirements.map(({ id }) => id)
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  for (const { id, sentence, source } of requirements) {
    expect(id).toMatch(/^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d+$/)
    expect(sentence).toMatch(/\.$/)
    expect(source, id).toMatch(
      /^(https:\/\/\S+|RFC \d{4} §|draft-ietf-|docs\/security\.md rule \d|recorded on )/,
    )
  }
})

test('a requirement that equals another names one that exists', () => {
  const known = new Set(requirements.map(({ id }) => id))
  const named = requirements.flatMap(({ sentence }) => citedIds(sentence))
  expect(named.length).toBeGreaterThan(0)
  expect(named.filter((id) => !known.has(id))).toEqual([])
})

test('every MUST on the authorization server and the resource server is tested, or says why it is not built', () => {
  const { must, open } = promised(cited)
  expect(open.filter(({ notBuilt }) => notBuilt === undefined).map(({ id }) => id)).toEqual([])
  expect(open.length / must).toBeLessThanOrEqual(0.05)
})

test('what is tested is built', () => {
  const untested = new Set(uncited(cited).map(({ id }) => id))
  expect(requirements.filter(({ id, notBuilt }) => notBuilt !== undefined && !untested.has(id))).toEqual([])
})

test('every id that a test cites exists', () => {
  expect(unknownCitations(cited)).toEqual([])
})

test('an id that does not exist is found, and half of a longer id is not taken for one', () => {
  const text = [
    "'[CIMD-99] a'",
    "'[AUTH-2025-11-26-01]'",
    '// EXT-CC-01, RFC-8414',
    "'[R1234-01]' and SHA-256",
  ].join('\n')
  expect(citedIds(text)).toEqual(['CIMD-99', 'AUTH-2025-11-26-01', 'EXT-CC-01', 'R1234-01'])
  const made = citedIds(text).map((id) => ({ id, path: 'test/made-up.test.ts' }))
  expect(unknownCitations(made).map(({ id }) => id)).toEqual(['CIMD-99', 'AUTH-2025-11-26-01', 'R1234-01'])
})

test('coverage counts each requirement once, and the rest is uncited', () => {
  const twice = ['a', 'b'].map((path) => ({ id: 'R7636-02', path }))
  expect(coverage(twice).filter((group) => group.cited > 0)).toEqual([{ group: 'R7636', cited: 1, total: 2 }])
  expect(uncited(twice)).toHaveLength(requirements.length - 1)
})
