/** Which resource is meant, and that no tenant is ever taken for another (RFC 8707, house rule 8). */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  findResource,
  type ResourceIdentifier,
  resourceIdentifier,
  resourceProblems,
} from '../../src/oauth/resource-indicators.ts'

const origin = 'https://mcp.example'
const root = resourceIdentifier(origin, '/')
const mcp = resourceIdentifier(origin, '/mcp')
const a = resourceIdentifier(origin, '/a/mcp')
const b = resourceIdentifier(origin, '/b/mcp')

test('[HS-08] scheme and host come from configuration, in one spelling', () => {
  expect(resourceIdentifier('https://MCP.example:443/', '/mcp/')).toBe('https://mcp.example/mcp')
  expect(root).toBe('https://mcp.example')
  expect(resourceIdentifier('http://localhost:8787', '/mcp')).toBe('http://localhost:8787/mcp')
})

describe('[HS-08] [R8707-06] [TOL-5] [RC-04] [CC-12] spellings of one resource', () => {
  test.each([
    ['as it is', 'https://mcp.example/mcp', mcp],
    ['with a final slash', 'https://mcp.example/mcp/', mcp],
    ['host in capitals', 'https://MCP.Example/mcp', mcp],
    ['scheme in capitals', 'HTTPS://mcp.example/mcp', mcp],
    ['default port', 'https://mcp.example:443/mcp', mcp],
    ['with a query', 'https://mcp.example/mcp?utm_source=plugin', mcp],
    ['with a query after a slash', 'https://mcp.example/mcp/?a=/../b', mcp],
    ['root without slash', 'https://mcp.example', root],
    ['root with slash, as Claude sends it', 'https://mcp.example/', root],
    ['root with a query', 'https://mcp.example?x=1', root],
  ])('%s', (_, text, resource) => {
    expect(findResource(text, [root, mcp, a, b])).toBe(resource)
  })
})

describe('[HS-08] [R8707-02] not a resource of ours', () => {
  test.each([
    ['another host', 'https://other.example/mcp'],
    ['a host that begins alike', 'https://mcp.example.evil.example/mcp'],
    ['the host as userinfo', 'https://mcp.example@evil.example/mcp'],
    ['userinfo', 'https://u:p@mcp.example/mcp'],
    ['a final dot of the host', 'https://mcp.example./mcp'],
    ['http', 'http://mcp.example/mcp'],
    ['another port', 'https://mcp.example:8443/mcp'],
    ['path in capitals', 'https://mcp.example/MCP'],
    ['two final slashes', 'https://mcp.example/mcp//'],
    ['two slashes at the start', 'https://mcp.example//mcp'],
    ['a path below', 'https://mcp.example/mcp/x'],
    ['a path above', 'https://mcp.example/mc'],
    ['traversal', 'https://mcp.example/a/../mcp'],
    ['encoded traversal', 'https://mcp.example/a/%2e%2e/mcp'],
    ['half encoded traversal', 'https://mcp.example/a/.%2E/mcp'],
    ['a single dot', 'https://mcp.example/./mcp'],
    ['an encoded letter', 'https://mcp.example/mc%70'],
    ['an encoded slash', 'https://mcp.example%2Fmcp'],
    ['an encoded slash in the path', 'https://mcp.example/a%2Fmcp'],
    ['a backslash', 'https://mcp.example\\mcp'],
    ['a backslash in the path', 'https://mcp.example/a\\..\\mcp'],
    ['a fragment', 'https://mcp.example/mcp#x'],
    ['an empty fragment', 'https://mcp.example/mcp#'],
    ['a tab inside', 'https://mcp.example/m\tcp'],
    ['a blank after it', 'https://mcp.example/mcp '],
    ['an encoded null', 'https://mcp.example/mcp%00'],
    ['a parameter of the path', 'https://mcp.example/mcp;x'],
    ['relative', '/mcp'],
    ['a name', 'mcp'],
    ['a URN', 'urn:mcp'],
    ['empty', ''],
  ])('%s', (_, text) => {
    expect(findResource(text, [mcp, a, b])).toBeUndefined()
  })

  test.each([
    'https:mcp.example',
    'https:/mcp.example/',
    'https:\\\\mcp.example',
    'https:mcp.example/a/..',
    'https:///mcp.example/',
    ' https://mcp.example',
    'https://mcp.example ',
    'https://mcp\t.example',
    '\0https://mcp.example/',
  ])('a root that a parser would have to mend first: %j', (text) => {
    expect(findResource(text, [root])).toBeUndefined()
  })

  test('nothing is known', () => {
    expect(findResource('https://mcp.example/mcp', [])).toBeUndefined()
  })
})

describe('[HS-08] no tenant equals another, whatever is written around its path', () => {
  const segment = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9._~-]{1,6}$/),
    fc.constantFrom(
      'a',
      'A',
      'b',
      '..',
      '.',
      '%2e%2e',
      '%2E',
      '%61',
      'a%2Fb',
      'a;b',
      '',
      'mcp',
      'mcp%2f',
      '...',
    ),
  )
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join('/')}`)
  const around = fc.constantFrom(
    (text: string) => text,
    (text: string) => `${text}/`,
    (text: string) => `${text}//`,
    (text: string) => `${text}?x=1`,
    (text: string) => `${text}?/../b`,
    (text: string) => `${text}#x`,
    (text: string) => text.replace(/\/([^/]*)$/, '\\$1'),
    (text: string) => `${text}/../b`,
    (text: string) => `${text}/%2e%2e/b`,
    (text: string) => `${text}\\..\\b`,
    (text: string) => text.replace(/([a-z])$/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    (text: string) => text.replace('https:', 'HTTPS:'),
    (text: string) => text.replace('https://', 'https:/'),
    (text: string) => text.replace('https://', 'https:\\\\'),
    (text: string) => ` ${text}`,
    (text: string) => text.toUpperCase(),
    (text: string) => text.replace('mcp.example', 'mcp.example:443'),
  )
  const trimmed = (text: string): string => text.replace(/\/$/, '')

  test('a text that names one tenant never finds the other', () => {
    fc.assert(
      fc.property(path, path, around, (mine, theirs, rewrite) => {
        fc.pre(trimmed(mine) !== trimmed(theirs))
        const known = [resourceIdentifier(origin, mine), resourceIdentifier(origin, theirs)]
        const written = rewrite(origin + mine)
        const found = findResource(written, known)
        // What was found is what was written, letter by letter, but for one slash and what follows the path.
        if (found !== undefined) {
          const path = /^https:\/\/[^/?#\\]*([^?#]*)/i.exec(written)?.[1] ?? 'nothing'
          expect(trimmed(path)).toBe(found.slice(origin.length))
        }
        expect(findResource(origin + mine, [resourceIdentifier(origin, theirs)])).toBeUndefined()
      }),
      { numRuns: 3000 },
    )
  })

  test('the order of what is known makes no difference', () => {
    fc.assert(
      fc.property(path, path, around, (mine, theirs, rewrite) => {
        const known = [resourceIdentifier(origin, mine), resourceIdentifier(origin, theirs)]
        const text = rewrite(origin + mine)
        expect(findResource(text, known)).toBe(findResource(text, [...known].reverse()))
      }),
      { numRuns: 500 },
    )
  })
})

describe('[R8707-01] [R8707-02] a resource is an absolute URL without a fragment', () => {
  test.each(['/mcp', 'mcp', '', 'https://', 'https://mcp.example/#', 'https://mcp.example/mcp#tools'])(
    '%j',
    (text) => {
      expect(resourceProblems(['https://mcp.example/mcp', text])).toMatchObject([
        { code: 'invalid_target', at: 'resource' },
      ])
    },
  )

  test('what is one, wherever it is', () => {
    expect(resourceProblems(['https://mcp.example/mcp', 'https://other.example?x=1', 'urn:x:y'])).toEqual([])
    expect(resourceProblems([])).toEqual([])
  })

  test('of a long one only the beginning is repeated', () => {
    expect(resourceProblems(['x'.repeat(9000)])[0]?.says.length).toBeLessThan(300)
  })
})

test('a path in configuration is kept as it was written, so that no two become one', () => {
  const written = ['/A', '/a', '/a%2Fb', '/a/b', '/%61'].map((path) => resourceIdentifier(origin, path))
  expect(new Set<ResourceIdentifier>(written).size).toBe(written.length)
})
