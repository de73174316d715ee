/** The table of clients in README is the one that the recorded results give. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  type ClientResult,
  formatClientsTable,
  readClientResults,
  readmePath,
  withClientsTable,
} from '../../scripts/clients-table.ts'

test('README has the table that `node scripts/clients-table.ts` writes', () => {
  const readme = readFileSync(readmePath, 'utf8')
  expect(withClientsTable(readme, formatClientsTable(readClientResults()))).toBe(readme)
})

test('a failure stands in its cell, a way that was not taken is a dash, Claude comes first', () => {
  const run = (changes: Partial<ClientResult>): ClientResult => ({
    client: 'Tool',
    version: '1.0',
    kind: 'program',
    wayIn: 'dynamic registration',
    protocolVersion: '2025-11-25',
    result: 'connected',
    ...changes,
  })
  const table = formatClientsTable([
    run({}),
    run({ wayIn: 'pre-registered', version: '', protocolVersion: '', result: 'Error: a|b' }),
    run({ client: 'Claude', version: '', kind: 'profile' }),
  ])
  expect(table.split('\n').slice(2, 4)).toEqual([
    '| Claude ¹ | 2025-11-25 | ✓ | – | – | – |',
    '| Tool 1.0 | 2025-11-25 | ✓ | – | Error: a\\|b | – |',
  ])
})

test('what is around the marks stays, and a document without them is refused', () => {
  const marked = 'a\n<!-- clients:start -->\nold\n<!-- clients:end -->\nb\n'
  expect(withClientsTable(marked, 'new')).toBe('a\n<!-- clients:start -->\nnew\n<!-- clients:end -->\nb\n')
  for (const document of ['', '<!-- clients:end --><!-- clients:start -->', `${marked}${marked}`]) {
    expect(() => withClientsTable(document, 'new')).toThrow(/exactly one/)
  }
})
