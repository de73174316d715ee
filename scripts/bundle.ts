/** Second half of `npm run build`: the command in a few files, because Node spends longer on finding 545 modules than on what is in them. */

import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type OutputChunk, rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'dist/command')

/** Large, and wanted by few: whoever wants them installs them beside Postern (docs/decisions/0004). */
const optionalPackages = ['pg', 'playwright-core', '@sparticuz/chromium']

/** Rooms that the sources import when they are needed stay files of their own. Nothing is renamed, so that a stack trace can be read. */
async function writeBundle(): Promise<readonly OutputChunk[]> {
  const bundle = await rolldown({
    cwd: root,
    input: { main: 'src/app/cli/main.ts' },
    platform: 'node',
    external: [/^postern\//, ...optionalPackages],
    transform: { target: 'esnext' },
    // What is not found, or not exported, would be found out by whoever runs the command.
    onLog(level, log, report) {
      if (level === 'warn') throw new Error(log.message)
      report(level, log)
    },
  })
  const { output } = await bundle.write({
    dir: target,
    format: 'esm',
    chunkFileNames: '[name].js',
    sourcemap: true,
    // The sources are in the package.
    sourcemapExcludeSources: true,
  })
  await bundle.close()
  return output.filter((file) => file.type === 'chunk')
}

/** Of every package that anything of was bundled from. */
function licencesOf(chunks: readonly OutputChunk[]): string {
  const homes = chunks.flatMap(({ moduleIds }) => moduleIds).flatMap((id) => packageHome(id) ?? [])
  const licences = [...new Set(homes)].sort().map(licenceOf)
  return `${introduction}\n\n${licences.join('\n\n')}\n`
}

const introduction =
  'The files beside this one contain code of these packages, each under its own licence. Postern itself is under the Apache License 2.0.'

/** The innermost folder of a package; undefined for our own sources. */
function packageHome(module: string): string | undefined {
  const inside = `${sep}node_modules${sep}`
  const start = module.lastIndexOf(inside) + inside.length
  if (start < inside.length) return undefined
  const [first = '', second = ''] = module.slice(start).split(sep)
  return module.slice(0, start) + (first.startsWith('@') ? join(first, second) : first)
}

function licenceOf(home: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const files = globSync('{LICENSE,LICENCE,COPYING,NOTICE,license,licence}*', { cwd: home }).sort()
  if (typeof license !== 'string' || files.length === 0)
    throw new Error(`${name} has no licence in ${home}, so it cannot be bundled`)
  const texts = files.map((file) => readFileSync(join(home, file), 'utf8').trim())
  return [`${'='.repeat(72)}\n${name} ${version} (${license})`, ...texts].join('\n\n')
}

rmSync(target, { recursive: true, force: true })
writeFileSync(join(target, 'THIRD-PARTY-LICENSES.txt'), licencesOf(await writeBundle()))
