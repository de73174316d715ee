/** Scope as clients really send it: blank, with words of other servers, with `claudeai` (RFC 6749 §3.3). */

import { describe, expect, test } from 'vitest'
import {
  claudeAi,
  defaultScopes,
  formatScope,
  offlineAccess,
  readScope,
  requestedScopes,
} from '../../src/oauth/scope.ts'

describe('reading', () => {
  test.each([
    ['absent', undefined, []],
    ['empty', '', []],
    ['blank', '   ', []],
    ['[CC-09] a leading blank, as hosted Claude sent it', ' offline_access', ['offline_access']],
    ['blanks everywhere', '  read \t write\n', ['read', 'write']],
    ['duplicates', 'read read write read', ['read', 'write']],
    ['the order of the client', 'write read', ['write', 'read']],
    ['case counts', 'Read read', ['Read', 'read']],
    [
      'a URL',
      'https://example.com/auth/x.readonly mcp:tools',
      ['https://example.com/auth/x.readonly', 'mcp:tools'],
    ],
    ['[OA21-21] words with a quote or a backslash', 'read a"b c\\d write', ['read', 'write']],
    ['words that are not ASCII', 'read l\u00e4s \u202ewrite', ['read']],
    ['a null character', 'read\0 write', ['write']],
  ])('%s', (_, text, words) => {
    expect(readScope(text)).toEqual(words)
  })

  test('written and read again, nothing is lost', () => {
    expect(formatScope(['read', 'write'])).toBe('read write')
    expect(readScope(formatScope(readScope(' b  a b ')))).toEqual(['b', 'a'])
    expect(formatScope([])).toBe('')
  })
})

describe('what is asked for', () => {
  const names = (asked: string | undefined): string[] =>
    requestedScopes(asked, defaultScopes).map(({ name }) => name)

  test.each([
    ['[RC-06] nothing', undefined, ['read', 'write']],
    ['[CC-09] blank', ' ', ['read', 'write']],
    ['[CC-09] claudeai, which hosted Claude asked for in 2025', claudeAi, ['read', 'write']],
    ['claudeai beside one scope', 'claudeai read', ['read', 'write']],
    ['offline_access alone', ` ${offlineAccess}`, ['read', 'write']],
    ['[CC-09] unknown words alone', 'openid profile', ['read', 'write']],
    ['[RC-06] unknown words beside known ones', 'openid read email', ['read']],
    ['one of two', 'read offline_access', ['read']],
    ['both, twice and in another order', 'write read write', ['read', 'write']],
    ['case counts', 'READ', ['read', 'write']],
    ['a name inside another word', 'reads xwrite', ['read', 'write']],
  ])('%s', (_, asked, expected) => {
    expect(names(asked)).toEqual(expected)
  })

  test('[AUTH-2026-07-28-28] offline_access and claudeai are never among what is granted', () => {
    for (const asked of [offlineAccess, claudeAi, `${claudeAi} ${offlineAccess} read`]) {
      expect(names(asked)).not.toContain(offlineAccess)
      expect(names(asked)).not.toContain(claudeAi)
    }
  })

  test('at least one scope of the default ones cannot be unticked', () => {
    expect(defaultScopes.some(({ optional }) => !optional)).toBe(true)
  })
})
