/** Proves the link checker that `npm run check` runs over every document. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { anchorsOf, linkProblems, linksOf } from '../scripts/links.ts'

test('links in prose are found, addresses and code are not', () => {
  const markdown = [
    'See [one](docs/one.md), ![two](<two.png> "title") and [the web](https://example.com/x.md).',
    '`[no](code.md)`',
    '```md',
    '[no](fence.md)',
    '```',
    '[ref]: three.md',
    '<img alt="" src="four.svg">',
  ].join('\n')
  expect(linksOf(markdown)).toEqual(['docs/one.md', 'two.png', 'three.md', 'four.svg'])
})

test('headings get the anchors that GitHub gives them', () => {
  const markdown = '# A `code` & more\n## Same\n## Same\n```\n# no heading\n```\n### [Linked](x.md) 1.2'
  expect([...anchorsOf(markdown)]).toEqual(['a-code--more', 'same', 'same-1', 'linked-12'])
})

test('a link to a missing file or heading is a problem', () => {
  const house = mkdtempSync(join(tmpdir(), 'postern-links-'))
  writeFileSync(
    join(house, 'a.md'),
    '# Here\n[ok](b.md#there) [ok](#here) [bad](c.md) [bad](b.md#here) [bad](#there)',
  )
  writeFileSync(join(house, 'b.md'), '# There')
  expect(linkProblems(house)).toEqual([
    'a.md: c.md leads nowhere',
    'a.md: b.md#here leads nowhere',
    'a.md: #there leads nowhere',
  ])
  rmSync(house, { recursive: true })
})
