// What is installed: the version of a development dependency, as its own package.json says it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { repositoryRoot } from '../child.ts'

export async function packageVersion(name: string): Promise<string> {
  const manifest: unknown = JSON.parse(
    await readFile(join(repositoryRoot, 'node_modules', name, 'package.json'), 'utf8'),
  )
  return (manifest as { version: string }).version
}
