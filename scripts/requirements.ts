/** Prints which requirements the tests cite, group by group; `--uncited` lists the rest; an id that does not exist fails. */

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { groupOf, type Requirement, requirements } from '../test/requirements.ts'

export interface Citation {
  id: string
  path: string
}

export interface Coverage {
  group: string
  cited: number
  total: number
}

/** Every id cited under test/, save in the data itself. */
export function citations(root: string): Citation[] {
  return globSync('test/**/*.ts', { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .filter(
      (path) => !path.startsWith('test/requirements/') && !/^test\/requirements(\.test)?\.ts$/.test(path),
    )
    .sort()
    .flatMap((path) => citedIds(readFileSync(join(root, path), 'utf8')).map((id) => ({ id, path })))
}

/** Ids as whole words, so that the end of `EXT-CC-01` is not taken for `CC-01`. */
export function citedIds(text: string): string[] {
  return [...new Set(text.match(idShape) ?? [])]
}

export function unknownCitations(cited: readonly Citation[]): Citation[] {
  const known = new Set(requirements.map(({ id }) => id))
  return cited.filter(({ id }) => !known.has(id))
}

export function coverage(cited: readonly Citation[]): Coverage[] {
  const ids = new Set(cited.map(({ id }) => id))
  return [...Map.groupBy(requirements, ({ id }) => groupOf(id))].map(([group, members]) => ({
    group,
    cited: members.filter(({ id }) => ids.has(id)).length,
    total: members.length,
  }))
}

export function uncited(cited: readonly Citation[]): Requirement[] {
  const ids = new Set(cited.map(({ id }) => id))
  return requirements.filter(({ id }) => !ids.has(id))
}

/** What the two servers must do, which is the promise that matters most: each is tested, or says why it is not built. */
export function promised(cited: readonly Citation[]): { must: number; tested: number; open: Requirement[] } {
  const ids = new Set(cited.map(({ id }) => id))
  const servers = ['authorization server', 'resource server']
  const must = requirements.filter(
    ({ level, actor }) => level === 'MUST' && actor.split(' and ').some((one) => servers.includes(one)),
  )
  const open = must.filter(({ id }) => !ids.has(id))
  return { must: must.length, tested: must.length - open.length, open }
}

/** Groups by name, and by form where a slip of the pen would make a group that is not there: a wrong date, a wrong RFC. */
const idShape = new RegExp(
  String.raw`(?<![\w-])(?:${['(?:HTTP|AUTH)-\\d{4}-\\d{2}-\\d{2}', 'R\\d{4}', 'EXT-[A-Z]+', ...namedGroups()].join('|')})-\d+(?![\w-])`,
  'g',
)

function namedGroups(): string[] {
  return [...new Set(requirements.map(({ id }) => groupOf(id)))].filter((group) => /^[A-Z]+\d*$/.test(group))
}

function print(): void {
  const cited = citations(fileURLToPath(new URL('..', import.meta.url)))
  const groups = coverage(cited)
  const width = Math.max(...groups.map(({ group }) => group.length))
  for (const { group, cited: count, total } of groups) {
    console.log(`${group.padEnd(width)}  ${String(count).padStart(3)} / ${String(total).padStart(3)}`)
  }
  const all = groups.reduce((sum, { cited: count }) => sum + count, 0)
  console.log(
    `${'all'.padEnd(width)}  ${String(all).padStart(3)} / ${String(requirements.length).padStart(3)}`,
  )

  const { must, tested, open: unbuilt } = promised(cited)
  console.log(`\nMUST on the authorization server and the resource server: ${tested} of ${must} tested`)
  for (const { id, notBuilt } of unbuilt) console.log(`  ${id}: ${notBuilt ?? 'not tested'}`)

  const everything = process.argv.includes('--uncited')
  const open = uncited(cited).filter(({ level }) => everything || level === 'MUST')
  console.log(`\n${everything ? 'Not cited by any test' : 'MUST, and not cited by any test'}: ${open.length}`)
  for (const { id, level, actor, sentence } of open) {
    console.log(`  ${id} (${everything ? `${level}, ` : ''}${actor}): ${sentence}`)
  }

  const unknown = unknownCitations(cited)
  for (const { id, path } of unknown) console.error(`${path} cites ${id}, which does not exist`)
  process.exitCode = unknown.length > 0 ? 1 : 0
}

if (import.meta.main) print()
