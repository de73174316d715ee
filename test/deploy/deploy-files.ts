// The files under deploy/, read: manifests as values, configurations of proxies as directives, and which programs are here to try them.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { repositoryRoot } from '../interop/child.ts'

export const deployFolder: string = join(repositoryRoot, 'deploy')

export function readDeployFile(path: string): string {
  return readFileSync(join(deployFolder, path), 'utf8')
}

/** Throws where it is no YAML, or says the same key twice. */
export function readManifests(path: string): unknown[] {
  return parseAllDocuments(readDeployFile(path), { strict: true, uniqueKeys: true }).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0]
    return document.toJS() as unknown
  })
}

export interface Directive {
  words: readonly string[]
  /** Of a block. */
  inside: readonly Directive[]
}

/** Of nginx and Caddy alike, as these files are written: a directive on each line, blocks in braces. */
export function readDirectives(text: string): Directive[] {
  const root: Directive[] = []
  const open: Directive[][] = [root]
  for (const [index, line] of text.split('\n').entries()) {
    const said = line.replace(/(^|\s)#.*$/, '').trim()
    if (said === '') continue
    if (said === '}') {
      open.pop()
      if (open.length === 0) throw new SyntaxError(`line ${index + 1} closes what was not open`)
      continue
    }
    const isBlock = said.endsWith(' {')
    const words = said
      .replace(/( \{|;)$/, '')
      .split(/\s+/)
      .map((word) => word.replace(/^"(.*)"$/, '$1'))
    const inside: Directive[] = []
    open.at(-1)?.push({ words, inside })
    if (isBlock) open.push(inside)
  }
  if (open.length !== 1) throw new SyntaxError('a block is not closed')
  return root
}

/** What a block says, by the first word of each of its directives. */
export function saidIn(directives: readonly Directive[], ...path: string[]): Map<string, string[]> {
  const [first, ...rest] = path
  if (first !== undefined) {
    const block = directives.find(({ words }) => words.join(' ').startsWith(first))
    if (block === undefined) throw new Error(`there is no block ${first}`)
    return saidIn(block.inside, ...rest)
  }
  const said = new Map<string, string[]>()
  for (const { words } of directives) {
    const [name = '', ...values] = words
    said.set(name, [...(said.get(name) ?? []), values.join(' ')])
  }
  return said
}

/** Programs that no package brings: what they would prove is proved where they are. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--help'], { stdio: 'ignore' }).error === undefined
}
