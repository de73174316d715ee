/** Holds the floors of ARCHITECTURE.md: who may import whom, where `node:` may appear, and fresh generated indexes. */

import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { exportName, indexText, staleIndexes } from '../scripts/generate-indexes.ts'

const floors: readonly (readonly string[])[] = [
  ['platform'],
  ['oauth', 'mcp', 'ui'],
  ['storage'],
  ['connections', 'ledger'],
  ['identity', 'credentials', 'client'],
  ['authorization-server', 'gateway', 'account', 'console', 'doctor', 'simulator'],
  ['app'],
]

/** Above every floor: what a program imports by name. */
const publicRoots = ['index.ts', 'node.ts', 'testing.ts']

/** Narrower than its floor: a verdict on other people's servers is credible because it rests on vocabulary alone. */
const roomsClosedToClient = ['storage']

const mayLoadNode = [
  /^src\/app\/node\.ts$/,
  /^src\/app\/cli\//,
  /^src\/gateway\/upstreams\/stdio\.ts$/,
  /^src\/storage\/adapters\/sqlite\.ts$/,
  /^src\/identity\/providers\/local-accounts\.ts$/,
  /^src\/(platform|storage|client|app)\/.*-node\.ts$/,
]

const nodeOnlyPackages = ['pg', 'undici', '@hono/node-server', 'commander', '@clack/prompts', 'prom-client']

/** Path from the repository root to source text. */
type Sources = ReadonlyMap<string, string>

function architectureProblems(sources: Sources): string[] {
  const problems: string[] = []
  for (const path of sources.keys()) {
    for (const target of importsOf(path, sources)) {
      if (isNodeModule(target) && !mayLoadNode.some((place) => place.test(path))) {
        problems.push(`${path} loads ${target}, and is not one of the places for node:`)
      }
      if (!target.startsWith('src/')) continue
      if (!sources.has(target)) problems.push(`${path} imports ${target}, which does not exist`)
      if (!mayImport(roomOf(path), roomOf(target))) problems.push(`${path} must not import ${target}`)
    }
  }
  for (const [path, way] of closureOf('src/index.ts', sources)) {
    for (const target of importsOf(path, sources)) {
      if (
        isNodeModule(target) ||
        nodeOnlyPackages.some((name) => target === name || target.startsWith(`${name}/`))
      ) {
        problems.push(`src/index.ts must be web-standard, but reaches ${target} by ${way.join(' -> ')}`)
      }
    }
  }
  return problems
}

function mayImport(from: string, to: string): boolean {
  if (from === to || publicRoots.includes(from)) return true
  if (from === 'client' && roomsClosedToClient.includes(to)) return false
  return floorOf(to) < floorOf(from)
}

/** A folder on no floor is above everything and below nothing, so that a new folder has to be given a floor. */
function floorOf(room: string): number {
  const floor = floors.findIndex((rooms) => rooms.includes(room))
  return floor < 0 ? Number.NaN : floor
}

function roomOf(path: string): string {
  return path.split('/')[1] ?? ''
}

/** Imports of every kind, types too: what a file needs to be understood is what it depends on. */
function importsOf(path: string, sources: Sources): string[] {
  const code = (sources.get(path) ?? '').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const found = code.matchAll(
    /^\s*(?:import|export)\b(?:[^'"`;=]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
  )
  return [...found].map(([, fixed, dynamic]) => {
    const target = fixed ?? dynamic ?? ''
    return target.startsWith('.') ? join(dirname(path), target) : target
  })
}

function closureOf(entry: string, sources: Sources): Map<string, string[]> {
  const ways = new Map([[entry, [entry]]])
  for (const [path, way] of ways) {
    for (const target of importsOf(path, sources)) {
      if (sources.has(target) && !ways.has(target)) ways.set(target, [...way, target])
    }
  }
  return ways
}

function isNodeModule(target: string): boolean {
  return target.startsWith('node:') || isBuiltin(target)
}

const root = fileURLToPath(new URL('..', import.meta.url))
const source: Sources = new Map(
  globSync('src/**/*.ts', { cwd: root }).map((path) => [path, readFileSync(join(root, path), 'utf8')]),
)

test('every import goes down, and node: stays in its places', () => {
  expect(architectureProblems(source)).toEqual([])
})

test.each([
  [
    'upwards',
    { 'src/oauth/pkce.ts': `import { login } from '../identity/login.ts'`, 'src/identity/login.ts': '' },
  ],
  [
    'sideways',
    { 'src/gateway/gateway.ts': `export * from '../doctor/doctor.ts'`, 'src/doctor/doctor.ts': '' },
  ],
  ['sideways by type', { 'src/mcp/a.ts': `import type {\n  A,\n} from '../ui/a.ts'`, 'src/ui/a.ts': '' }],
  ['sideways when called', { 'src/mcp/a.ts': `const a = await import('../ui/a.ts')`, 'src/ui/a.ts': '' }],
  [
    'from a folder without a floor',
    { 'src/utils/a.ts': `import '../platform/url.ts'`, 'src/platform/url.ts': '' },
  ],
  [
    'client to storage',
    { 'src/client/a.ts': `import '../storage/storage.ts'`, 'src/storage/storage.ts': '' },
  ],
  ['to nothing', { 'src/app/options.ts': `import '../oauth/gone.ts'` }],
  ['node: elsewhere', { 'src/platform/crypto.ts': `import { createHash } from 'node:crypto'` }],
  ['a node module by its old name', { 'src/platform/crypto.ts': `import { readFileSync } from 'fs'` }],
  [
    'node: from the root',
    { 'src/index.ts': `export * from './app/node.ts'`, 'src/app/node.ts': `import 'node:http'` },
  ],
  ['a node-only package from the root', { 'src/index.ts': `import { request } from 'undici'` }],
])('refuses an import %s', (_, files) => {
  expect(architectureProblems(new Map(Object.entries(files)))).toHaveLength(1)
})

test('allows what the floors allow', () => {
  const files = {
    'src/index.ts': `export { createPostern } from './app/fetch.ts'`,
    'src/app/fetch.ts': `// import 'node:fs' in a comment is no import\nimport { pkce } from '../oauth/pkce.ts'`,
    'src/oauth/pkce.ts': `import { sha256 } from '../platform/crypto.ts'\nconst text = 'from "node:fs"'\nexport function read(kind: 'path' | 'url') {}`,
    'src/platform/crypto.ts': '',
    'src/app/node.ts': `import { createServer } from 'node:http'\nimport './fetch.ts'`,
  }
  expect(architectureProblems(new Map(Object.entries(files)))).toEqual([])
})

test('every generated index is fresh', () => {
  expect(staleIndexes(root)).toEqual([])
})

test('an index is stale when it is missing, edited, or left behind', () => {
  const house = mkdtempSync(join(tmpdir(), 'postern-indexes-'))
  const folder = join(house, 'src/client/surfaces')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'strict.ts'), '')
  expect(staleIndexes(house)).toEqual(['src/client/surfaces/index.ts'])
  writeFileSync(join(folder, 'index.ts'), indexText(['strict.ts']))
  expect(staleIndexes(house)).toEqual([])
  writeFileSync(join(folder, 'claude-code.ts'), '')
  expect(staleIndexes(house)).toEqual(['src/client/surfaces/index.ts'])
  rmSync(join(folder, 'strict.ts'))
  rmSync(join(folder, 'claude-code.ts'))
  expect(staleIndexes(house)).toEqual(['src/client/surfaces/index.ts'])
  rmSync(house, { recursive: true })
  expect(exportName('claude-hosted-2025.ts')).toBe('claudeHosted2025')
  expect(indexText(['strict.ts'])).toContain(`export { strict } from './strict.ts'`)
})
