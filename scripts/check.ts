/** `npm run check`: types, lint, generated files, requirement ids, links, and the package as it would be published. */

import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { linkProblems } from './links.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'node_modules/.bin')
const scratch = mkdtempSync(join(tmpdir(), 'postern-check-'))

/** What a step has to say when it fails; nothing when it passed. */
type Step = () => string | undefined

/** In order; each runs although an earlier one failed, so that one run tells everything. */
const steps: readonly (readonly [name: string, step: Step])[] = [
  ['types', () => run('tsc', ['-p', 'tsconfig.json'])],
  ['lint and format', () => run('biome', ['check', '.'])],
  ['generated indexes are fresh', () => run('node', ['scripts/generate-indexes.ts', '--check'])],
  ['reference pages are fresh', () => run('node', ['scripts/reference.ts', '--check'])],
  ['cited requirements exist', () => run('node', ['scripts/requirements.ts'])],
  ['links in documents', () => linkProblems(root).join('\n') || undefined],
  ['build', build],
  ['pack', pack],
  ['links in the packed documents', packedLinks],
  ['publint', () => run('publint', ['run', tarball(), '--strict'])],
  [
    'types as consumers resolve them',
    () => run('attw', [tarball(), '--profile', 'esm-only', '--no-definitely-typed']),
  ],
  ['the packed command runs alone', runCommand],
  ['the packed package runs', usePacked],
  ['the example runs on it', runExample],
]

function build(): string | undefined {
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  return run('npm', ['run', '--silent', 'build'])
}

/** Without its scripts, because `prepack` would build a second time. */
function pack(): string | undefined {
  return run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', scratch])
}

function tarball(): string {
  return join(scratch, `postern-${manifest().version}.tgz`)
}

/** Tests, measurements, examples and pictures stay in the repository, and documents may cite them there. */
function packedLinks(): string | undefined {
  const home = join(scratch, 'documents')
  const unpacked = unpack(home)
  if (unpacked !== undefined) return unpacked
  return (
    linkProblems(home, /(?:^|\/)(?:test|bench|examples|images)\/|^CONTRIBUTING\.md$/).join('\n') || undefined
  )
}

/** It is bundled, so what it needs and nobody bundled is missing here. */
function runCommand(): string | undefined {
  const home = join(scratch, 'alone')
  const unpacked = unpack(home)
  if (unpacked !== undefined) return unpacked
  rmSync(join(home, 'src'), { recursive: true })
  return run('node', [join(root, 'scripts/run-command.ts'), home])
}

function unpack(home: string): string | undefined {
  mkdirSync(home, { recursive: true })
  return run('tar', ['-xzf', tarball(), '-C', home, '--strip-components=1'])
}

/**
 * Unpacks the tarball where a project would have installed it, beside our dependencies and nothing else: a file that
 * was left out of the package, or a development dependency that the product needs, fails here.
 */
function usePacked(): string | undefined {
  const modules = join(scratch, 'node_modules')
  const home = join(modules, 'postern')
  const unpacked = unpack(home)
  if (unpacked !== undefined) return unpacked
  for (const name of Object.keys(manifest().dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'dir')
  }

  const doors = Object.keys(manifest().exports)
    .filter((door) => door !== './package.json')
    .map((door) => `postern${door.slice(1)}`)
  const program = doors.map(
    (door) => `if (Object.keys(await import('${door}')).length === 0) throw new Error('${door} is empty')`,
  )
  writeFileSync(join(scratch, 'consumer.mjs'), `${[...program, withoutPg].join('\n')}\n`)
  return run('node', ['consumer.mjs'], scratch)
}

/** An optional peer is not there, as in most installations: whoever asks for it is told what to install. */
const withoutPg = `
const { postgresStorage } = await import('postern/storage/postgres')
const failure = await postgresStorage({ url: 'postgres://127.0.0.1:1/none' }).catch((error) => error.message)
if (!/npm install pg/.test(failure)) throw new Error('without pg: ' + failure)`

/** As a reader of it would: copied out, with the packed postern and the official SDK beside it. */
function runExample(): string | undefined {
  const scope = join(scratch, 'node_modules/@modelcontextprotocol')
  mkdirSync(scope, { recursive: true })
  symlinkSync(join(root, 'node_modules/@modelcontextprotocol/server'), join(scope, 'server'), 'dir')
  const example = join(scratch, 'server.ts')
  copyFileSync(join(root, 'examples/embedded/server.ts'), example)
  return run('node', [join(root, 'scripts/run-example.ts'), example])
}

interface Manifest {
  version: string
  dependencies: Record<string, string>
  exports: Record<string, unknown>
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
}

/** Tools come from node_modules, `node` among them, whatever the machine has on its path. */
function run(command: string, args: readonly string[], cwd: string = root): string | undefined {
  const result = spawnSync(existsSync(join(bin, command)) ? join(bin, command) : command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, NO_COLOR: '1' },
  })
  if (result.status === 0) return undefined
  return (
    `${result.stdout ?? ''}${result.stderr ?? ''}`.trim() ||
    (result.error?.message ?? `ended with ${result.status}`)
  )
}

const failures: string[] = []
try {
  for (const [name, step] of steps) {
    const startedAt = performance.now()
    const problem = step()
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    console.log(`${problem === undefined ? 'ok    ' : 'failed'}  ${name} (${seconds} s)`)
    if (problem !== undefined) failures.push(`--- ${name}\n${problem}`)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
for (const failure of failures) console.error(`\n${failure}`)
console.log(
  failures.length === 0 ? '\nEvery check passed.' : `\n${failures.length} of ${steps.length} checks failed.`,
)
process.exitCode = failures.length === 0 ? 0 : 1
