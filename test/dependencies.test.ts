/** Keeps docs/decisions/0004-dependencies.md and package.json telling the same. */

import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = new URL('..', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
const decision = readFileSync(new URL('docs/decisions/0004-dependencies.md', root), 'utf8')

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

/** Imported when `--browser headless` asks for them, with a sentence that says what to install where they are missing. */
const optional = ['playwright-core', '@sparticuz/chromium', 'pg']

test('the product imports every dependency, and nothing that is not one', () => {
  const imported = new Set(
    globSync('src/**/*.ts', { cwd: fileURLToPath(root) })
      .flatMap((path) => [
        ...readFileSync(new URL(path, root), 'utf8').matchAll(
          /(?:\bfrom |\bimport\(|^import )'([\w@][\w@/.-]*)'/gm,
        ),
      ])
      .map(([, target = '']) => target.split('/', target.startsWith('@') ? 2 : 1).join('/'))
      .filter((name) => !name.startsWith('node:') && !optional.includes(name)),
  )
  expect([...imported].sort()).toEqual(Object.keys(manifest.dependencies).sort())
})
