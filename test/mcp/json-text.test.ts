// Rewriting one value of a JSON text and nothing else.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  elementsOf,
  findValue,
  hasAmbiguousMember,
  membersOf,
  onOneLine,
  replaceValue,
  setValue,
} from '../../src/mcp/json-text.ts'

const objects = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<Record<string, unknown>>
/** As `JSON.stringify` writes it, and with white space as people do. */
const written = fc.tuple(objects, fc.constantFrom(undefined, 1, '\t', '\r\n'))

describe('any JSON object', () => {
  test('is split into the members that JSON.parse finds', () => {
    fc.assert(
      fc.property(written, ([value, space]) => {
        const text = JSON.stringify(value, null, space)
        const members = [...membersOf(text)].map(({ name, start, end }) => [
          name,
          JSON.parse(text.slice(start, end)),
        ])
        expect(members).toEqual(Object.entries(JSON.parse(text)))
      }),
    )
  })

  test('keeps everything but the value that is replaced', () => {
    fc.assert(
      fc.property(written, fc.jsonValue(), ([value, space], replacement) => {
        const [name] = Object.keys(value)
        fc.pre(name !== undefined && name !== '__proto__')
        const text = JSON.stringify(value, null, space)
        const span = findValue(text, [name])
        const replaced = replaceValue(text, [name], replacement)
        expect(JSON.parse(replaced)).toEqual(JSON.parse(JSON.stringify({ ...value, [name]: replacement })))
        expect(replaced.startsWith(text.slice(0, span?.start))).toBe(true)
        expect(replaced.endsWith(text.slice(span?.end))).toBe(true)
      }),
    )
  })

  test('gains a member that it lacks', () => {
    fc.assert(
      fc.property(written, ([value, space]) => {
        const text = JSON.stringify({ params: value }, null, space)
        const set = setValue(text, ['params', 'added here'], 7)
        expect(JSON.parse(set)).toEqual(JSON.parse(JSON.stringify({ params: { ...value, 'added here': 7 } })))
      }),
    )
  })

  test('means the same on one line', () => {
    fc.assert(
      fc.property(written, ([value, space]) => {
        const text = JSON.stringify(value, null, space)
        expect(JSON.parse(onOneLine(text))).toEqual(JSON.parse(text))
        expect(onOneLine(text)).not.toMatch(/[\r\n]/)
      }),
    )
  })
})

test('any JSON array is split into its elements', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 2), (value, space) => {
      const text = JSON.stringify(value, null, space)
      expect([...elementsOf(text)].map(({ start, end }) => JSON.parse(text.slice(start, end)))).toEqual(
        JSON.parse(text),
      )
    }),
  )
})

test.each([
  ['{"id":1,"params":{"id":2},"id":3}', ['id'], 'x', '{"id":1,"params":{"id":2},"id":"x"}'],
  ['{"a":{"b":[1.0,{"c":"}\\"]"}]} , "id" : 1e400}', ['id'], 5, '{"a":{"b":[1.0,{"c":"}\\"]"}]} , "id" : 5}'],
  ['{"\\u0069d":1}', ['id'], 2, '{"\\u0069d":2}'],
  ['{"a":"\\\\","id":1}', ['id'], 2, '{"a":"\\\\","id":2}'],
  ['{"params":[1]}', ['params', 'id'], 2, '{"params":[1]}'],
  ['{"params":7}', ['params', 'id'], 2, '{"params":7}'],
  ['{}', ['params', '_meta', 'progressToken'], 2, '{}'],
])('%s with %j replaced', (text, path, value, expected) => {
  expect(replaceValue(text, path, value)).toBe(expected)
})

test('what cannot be set is left alone', () => {
  expect(setValue('{"params":[]}', ['params', 'x'], 1)).toBe('{"params":[]}')
  expect(setValue('{}', ['params', 'x'], 1)).toBe('{}')
  expect(setValue('{ }', ['x'], 1)).toBe('{ "x":1}')
})

test.each([
  ['{"a":1,"b":2}', false],
  ['{"a":1,"a":2}', true],
  ['{"a":1,"A":2}', true],
  ['{"a":1,"\\u0061":2}', true],
  ['{"\\u0061":2}', true],
  ['{"a":{"b":1,"b":2}}', false],
  ['[]', false],
])('[GW-11] %s is ambiguous: %s', (text, expected) => {
  expect(hasAmbiguousMember(text)).toBe(expected)
})

test('[GW-11] a name that the parser was taught to misread is not let through as another', () => {
  const calls = '{"method":"tools/call","params":{"name":"search","\\u006eame":"erase"}}'
  for (let index = 0; index < 1000; index++) JSON.parse('{"name":"search","\\\\u00":1}')
  expect(hasAmbiguousMember(calls, ['params'])).toBe(true)
  expect(hasAmbiguousMember('{"\\u006eame":"erase"}')).toBe(true)
})

test('the end of a long text is found in time that grows with its length alone', () => {
  const long = '\\\\'.repeat(1_000_000)
  expect(replaceValue(`{"a":"${long}","id":1}`, ['id'], 2).slice(-7)).toBe('"id":2}')
})
