/** What the program says about itself, and that its reference pages say the same. */

import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { referencePages, stalePages } from '../../scripts/reference.ts'
import { eventDefinitions } from '../../src/app/cli/events.ts'
import { optionDefinitions } from '../../src/app/option-definitions.ts'
import { repositoryRoot } from '../interop/child.ts'
import { runPostern, temporaryDirectory } from './postern-command.ts'

const commandPaths = [
  'serve',
  'connect',
  'connections show',
  'clients create',
  'clients list',
  'clients remove',
  'clients invite',
  'users create',
  'users list',
  'users remove',
  'users set-password',
  'grants list',
  'grants revoke',
  'keys rotate',
  'keys rotate-signing',
  'storage status',
  'storage migrate',
  'storage copy',
  'storage backup',
]

/** The generated page holds the output of each `--help`, which spares starting a process for each. */
const pages = await referencePages()

function helpOf(command: string): string {
  const page = pages.find(({ path }) => path.endsWith('commands.md'))?.text ?? ''
  return page.split(`\n## ${command}\n`)[1]?.split('\n## ')[0] ?? ''
}

describe('help', () => {
  test('the first page says what to do first, and names every command', async () => {
    const { code, stdout } = await runPostern(['--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/Start here:\n {2}postern serve -- npx/)
    for (const command of [
      'serve',
      'connect',
      'connections',
      'clients',
      'users',
      'grants',
      'keys',
      'storage',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
    }
    expect(stdout).toContain('Exit codes')
  })

  test('without a command it is shown too, and is no failure', async () => {
    const bare = await runPostern([])
    expect(bare.code).toBe(0)
    expect(bare.stdout + bare.stderr).toContain('Start here:')
    expect((await runPostern(['help', 'grants', 'list'])).stdout).toContain('Usage: postern grants list')
    const group = await runPostern(['clients'])
    expect(group.code).toBe(0)
    expect(group.stdout + group.stderr).toMatch(/create.*\n.*list.*\n.*remove/)
  })

  test.each(commandPaths)('%s has examples that can be copied', (command) => {
    const examples = helpOf(`postern ${command}`).split('Examples:')[1] ?? ''
    const copies = examples.match(new RegExp(`postern ${command}\\b`, 'g')) ?? []
    expect(copies.length).toBeGreaterThanOrEqual(2)
  })

  test('no line is wider than the 80 columns of a small window, but for commands to copy', () => {
    const wide = ['', ...commandPaths]
      .flatMap((command) => helpOf(`postern ${command}`.trim()).split('\n'))
      .filter((line) => line.length > 80 && !line.includes('postern '))
    expect(wide).toEqual([])
  })

  test('every flag of the table is in the help of serve', async () => {
    const { stdout } = await runPostern(['serve', '--help'])
    for (const { flag } of optionDefinitions) if (flag !== undefined) expect(stdout).toContain(flag)
  })

  test.each([
    [['serv'], /unknown command 'serv'[\s\S]*serve/],
    [['clients', 'creat'], /unknown command 'creat'[\s\S]*create/],
    [['users', 'create', 'ada', '--password-stdni'], /unknown option[\s\S]*--password-stdin/],
  ])('%j is answered with what was meant', async (words, says) => {
    const { code, stdout, stderr } = await runPostern(words)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(says)
  })

  test('the version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'))
    expect((await runPostern(['--version'])).stdout).toBe(`${version}\n`)
  })

  test('an older Node is told in one sentence which one is needed', async () => {
    const preload = join(temporaryDirectory(), 'older.mjs')
    writeFileSync(preload, "Object.defineProperty(process.versions, 'node', { value: '22.1.0' })")
    const { code, stdout, stderr } = await runPostern(['--version'], {
      env: { NODE_OPTIONS: `--import=${preload}` },
    })
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^Postern needs Node\.js 24\.7 or newer[^\n]*\n$/)
  })
})

describe('reference pages', () => {
  test('are what the program says (npm run generate)', async () => {
    expect(await stalePages(repositoryRoot)).toEqual([])
  })

  test('every event that the sources tell of is explained, and no other', () => {
    const told = new Set<string>()
    for (const path of globSync('src/**/*.ts', { cwd: repositoryRoot })) {
      if (path.endsWith('events.ts')) continue
      const source = readFileSync(join(repositoryRoot, path), 'utf8')
      // Emitted by name, chosen between two names, or handed to a function that emits.
      for (const [, name = ''] of source.matchAll(/'([a-z]+\.[a-z_]+)'/g)) {
        if (eventGroups.has(name.split('.')[0] ?? '')) told.add(name)
      }
      for (const [, group] of source.matchAll(/emit\(`(\w+)\.\$\{rotation\.outcome\}`/g)) {
        told.add(`${group}.rotated`).add(`${group}.repeated`)
      }
    }
    expect([...told].sort()).toEqual(eventDefinitions.map(({ name }) => name).sort())
  })

  test('every emit names its event where the test above can see it', () => {
    const hidden = globSync('src/**/*.ts', { cwd: repositoryRoot }).flatMap((path) => {
      const source = readFileSync(join(repositoryRoot, path), 'utf8')
      const names = source.matchAll(/\bemit\(\s*'([^']+)'/g)
      return [...names]
        .map(([, name = '']) => name)
        .filter((name) => !eventGroups.has(name.split('.')[0] ?? ''))
        .map((name) => `${path}: ${name}`)
    })
    expect(hidden).toEqual([])
  })
})

const eventGroups = new Set(eventDefinitions.map(({ name }) => name.split('.')[0] ?? ''))
