/** Fuzz: a scope is a set of allowed words, and what is asked for is always part of what is offered (RFC 6749 §3.3). */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultScopes, formatScope, readScope, requestedScopes } from '../../src/oauth/scope.ts'
import { anyText } from './arbitrary.ts'
import { runs } from './runs.ts'

const scope = fc.oneof(
  anyText(40),
  fc
    .array(
      fc.constantFrom(
        'read',
        'write',
        'claudeai',
        'offline_access',
        'READ',
        'x"',
        'a\\b',
        '',
        '\0',
        'mcp:tools',
        '\u00a0',
        '\n',
      ),
    )
    .map((words) => words.join(' ')),
)

test('reading keeps allowed words once, in order, and reading again changes nothing', () => {
  fc.assert(
    fc.property(scope, (text) => {
      const words = readScope(text)
      expect(new Set(words).size).toBe(words.length)
      for (const word of words) {
        expect(word).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
        expect(text).toContain(word)
      }
      expect(readScope(formatScope(words))).toEqual(words)
    }),
    runs(1000),
  )
})

test('[CC-09] something is always asked for, never more than is offered, and never what was not named beside it', () => {
  fc.assert(
    fc.property(scope, (text) => {
      const asked = requestedScopes(text, defaultScopes)
      expect(asked.length).toBeGreaterThan(0)
      for (const each of asked) expect(defaultScopes).toContain(each)
      const words = text.split(/[ \t\r\n]+/)
      const named = defaultScopes.filter(({ name }) => words.includes(name))
      if (named.length > 0 && !words.includes('claudeai')) expect(asked).toEqual(named)
    }),
    runs(1000),
  )
})
