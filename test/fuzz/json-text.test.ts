/** Fuzz: what is read of a message without parsing it anew is what a parser reads, member by member (mcp/json-text). */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  elementsOf,
  findValue,
  hasAmbiguousMember,
  membersOf,
  onOneLine,
  replaceValue,
  setValue,
} from '../../src/mcp/json-text.ts'
import { anyText } from './arbitrary.ts'
import { runs } from './runs.ts'

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
/**
 * Never `__proto__`, which a literal keeps and an assignment loses; and without a backslash, since the parser that is
 * compared with errs where it read one before (V8 13.6; test/mcp/json-text.test.ts).
 */
const name = fc
  .oneof(fc.constantFrom('method', 'params', 'id', 'name', '', 'a"b', '\u2028'), anyText(6))
  .filter((text) => text !== '__proto__' && !text.includes('\\'))

/** JSON as people and programs write it: any blanks, any escapes. */
const value: fc.Memo<string> = fc.memo((depth) =>
  depth <= 1 ? leaf : fc.oneof({ weight: 3, arbitrary: leaf }, object(depth - 1), array(depth - 1)),
)
const leaf = fc.oneof(
  fc.jsonValue({ maxDepth: 0 }).map((one) => JSON.stringify(one)),
  anyText(12).map(written),
  fc.constantFrom('1e5', '-0', '0.10', '12345678901234567890', 'true', 'null'),
)

/** Every third character as an escape. */
function written(text: string): string {
  const escaped = [...text].map((character, index) =>
    index % 3 === 0
      ? [...character.split('')]
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
          .join('')
      : JSON.stringify(character).slice(1, -1),
  )
  return `"${escaped.join('')}"`
}

function object(depth: number): fc.Arbitrary<string> {
  return fc
    .array(fc.tuple(name, value(depth), space, space), { maxLength: 4 })
    .map((all) => `{${all.map(([key, text, a, b]) => `${a}${written(key)}${b}:${a}${text}${b}`).join(',')}}`)
}

function array(depth: number): fc.Arbitrary<string> {
  return fc
    .array(fc.tuple(value(depth), space), { maxLength: 4 })
    .map((all) => `[${all.map(([text, a]) => `${a}${text}${a}`).join(',')}]`)
}

const document = fc.tuple(space, object(3), space).map((parts) => parts.join(''))

test('members and elements are those of a parser; of a name twice, the last counts', () => {
  fc.assert(
    fc.property(document, (text) => {
      const parsed = JSON.parse(text) as Record<string, unknown>
      const read = new Map(
        [...membersOf(text)].map(({ name, start, end }) => [name, JSON.parse(text.slice(start, end))]),
      )
      expect(Object.fromEntries(read)).toEqual(parsed)
      const names = [...membersOf(text)].map((member) => member.name)
      // It also names what only some other parser would take for one.
      if (new Set(names).size < names.length) expect(hasAmbiguousMember(text)).toBe(true)
    }),
    runs(1500),
  )
})

test('a batch is cut where a parser cuts it', () => {
  fc.assert(
    fc.property(fc.tuple(space, array(3), space), ([before, text, after]) => {
      const whole = before + text + after
      const elements = [...elementsOf(whole)].map(({ start, end }) => JSON.parse(whole.slice(start, end)))
      expect(elements).toEqual(JSON.parse(whole))
    }),
    runs(1000),
  )
})

test('a value is found, replaced and set without touching its neighbours', () => {
  fc.assert(
    fc.property(
      document,
      fc.array(name, { minLength: 1, maxLength: 3 }),
      fc.jsonValue({ maxDepth: 1 }),
      (text, path, put) => {
        const parsed: unknown = JSON.parse(text)
        const found = findValue(text, path)
        const expected = path.reduce<unknown>(
          (at, step) =>
            typeof at === 'object' && at !== null && !Array.isArray(at) && Object.hasOwn(at, step)
              ? (at as Record<string, unknown>)[step]
              : undefined,
          parsed,
        )
        expect(found === undefined ? undefined : JSON.parse(text.slice(found.start, found.end))).toEqual(
          expected,
        )
        const replaced = replaceValue(text, path, put)
        if (found === undefined) expect(replaced).toBe(text)
        else {
          expect(replaced.startsWith(text.slice(0, found.start))).toBe(true)
          expect(replaced.endsWith(text.slice(found.end))).toBe(true)
        }
        const set = setValue(text, path, put)
        const again = findValue(set, path)
        if (again !== undefined)
          expect(JSON.parse(set.slice(again.start, again.end))).toEqual(JSON.parse(JSON.stringify(put)))
        JSON.parse(set)
        expect(JSON.parse(onOneLine(text))).toEqual(parsed)
      },
    ),
    runs(1500),
  )
})
