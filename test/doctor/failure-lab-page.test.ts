// The table of docs/reference/failure-lab.md: what counts as noticed, as told apart, and as named.

import { expect, test } from 'vitest'
import { labPage } from '../../bench/doctor-peers/page.ts'

const tools = [
  { name: 'postern doctor', version: '1' },
  { name: 'Other', version: '2' },
]

test('what is said of two faults tells neither; what is said of none is not noticed; what cannot be served is not counted', () => {
  const page = labPage(
    [
      { id: 'first-fault', says: { 'postern doctor': ['first-fault: so'], Other: ['HTTP 401'] } },
      {
        id: 'second-fault',
        says: { 'postern doctor': ['other-name: so', 'b'], Other: ['HTTP 401', 'HTTP 401'] },
      },
      { id: 'third-fault', says: { 'postern doctor': [], Other: ['HTTP 403'] } },
      { id: 'in-dns', says: {} },
    ],
    tools,
  )
  const rows = page.split('\n').filter((line) => /^\| (?:`|postern|Other)/.test(line))
  expect(rows).toEqual([
    '| postern doctor 1 | 2 | 2 | 1 |',
    '| Other 2 | 3 | 1 | — |',
    '| `first-fault` | ● | ○ |',
    '| `second-fault` | ● | ○ |',
    '| `third-fault` |  | ● |',
  ])
  expect(page).toContain('has 4 faults')
})
