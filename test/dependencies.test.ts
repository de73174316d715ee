/** Keeps docs/decisions/0004-dependencies.md and package.json telling the same. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const decision = readFileSync(new URL('../docs/decisions/0004-dependencies.md', import.meta.url), 'utf8')

/** Packages are named in the first column of the tables, as links. */
function explainedPackages(heading: string): string[] {
  const section = decision.split(`### ${heading}\n`)[1]?.split('\n#')[0] ?? ''
  const firstColumns = [...section.matchAll(/^\| (\[[^|]+) \|/gm)].map(([, cell = '']) => cell)
  return firstColumns
    .flatMap((cell) => [...cell.matchAll(/\[([^\]]+)\]\(/g)].map(([, name = '']) => name))
    .sort()
}

test('every dependency has its sentence in the decision, and no sentence outlives its dependency', () => {
  expect(explainedPackages('At run time')).toEqual(Object.keys(manifest.dependencies).sort())
  expect(explainedPackages('For development and tests')).toEqual(Object.keys(manifest.devDependencies).sort())
})

test('versions are exact, because a range installs something else on the next machine', () => {
  const versions = Object.values<string>({ ...manifest.dependencies, ...manifest.devDependencies })
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
})
