// Every attack, against the door as it is. That each of them bites is shown in test/torture/attacks-bite.test.ts.

import { describe, expect, test } from 'vitest'
import { attacks } from './attacks.ts'
import { fileOf, removeGuard, sourceWithout } from './guards.ts'
import { type House, openHouse } from './house.ts'

const house: House = openHouse()

describe('the door is not opened by', () => {
  test.each(attacks)('$name ($source)', async ({ run }) => {
    expect(await run(await house.openDoor(), house)).toBe('defended')
  })
})

test('there are at least 120 attacks, each with a name of its own and a source', () => {
  const names = attacks.map(({ name }) => name)
  expect(names.length).toBeGreaterThanOrEqual(120)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  for (const { name, source } of attacks) {
    expect(source, name).toMatch(
      /RFC \d{4}|draft-|OAuth 2\.1 §|MCP |JSON-RPC 2\.0|house rules? \d|GHSA-|C[VW]E-\d|CSP Level|Fetch |Unicode TR|OWASP/,
    )
  }
})

/** Found at once and not only in the long run: whoever moves a guard says where it went. */
test('every guard that an attack names is still where it was', () => {
  const problems: string[] = []
  for (const { name, guard, alsoNeeds = [] } of attacks) {
    for (const mutant of [guard, ...alsoNeeds]) {
      try {
        sourceWithout([mutant], fileOf(mutant))
      } catch (error) {
        problems.push(`${name}: ${String(error)}`)
      }
    }
  }
  expect(problems).toEqual([])
})

test('a guard that is not to be found, or stands twice, is no guard that an attack can name', () => {
  const guard = { file: 'src/a.ts', find: 'if (a)\n  return', replace: '' }
  expect(removeGuard('one; if (a) return; two', guard)).toBe('one; ; two')
  expect(() => removeGuard('if (b) return', guard)).toThrow('src/a.ts does not say any more: if (a)')
  expect(() => removeGuard('if (a) return; if (a) return', guard)).toThrow('says 2 times')
})
