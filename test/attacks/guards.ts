// Finds the guards that attacks name in the sources, and takes them out.

import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Mutant } from './attack.ts'

export const root: URL = new URL('../../', import.meta.url)

/** A source file without these guards. Throws where one of them is not to be found, or stands twice. */
export function sourceWithout(removed: readonly Mutant[], file: string): string {
  return removed.filter((mutant) => fileOf(mutant) === file).reduce(removeGuard, readSource(file))
}

/** Where the guard stands now. Throws like `sourceWithout`. */
export function fileOf(mutant: Mutant): string {
  if (!mutant.file.endsWith('/')) return mutant.file
  const known = places.get(mutant)
  if (known !== undefined) return known
  const pattern = patternOf(mutant)
  const files = filesIn(mutant.file).filter((file) => pattern.test(readSource(file)))
  const [place] = files
  if (place === undefined) throw notFound(mutant)
  if (files.length > 1) throw new Error(`${files.join(' and ')} both say: ${mutant.find}\nName one of them.`)
  places.set(mutant, place)
  return place
}

export function removeGuard(text: string, mutant: Mutant): string {
  const found = [...text.matchAll(new RegExp(patternOf(mutant), 'g'))]
  const [place] = found
  if (place === undefined) throw notFound(mutant)
  if (found.length > 1) {
    throw new Error(`${mutant.file} says ${found.length} times: ${mutant.find}\nName one place.`)
  }
  return text.slice(0, place.index) + mutant.replace + text.slice(place.index + place[0].length)
}

function patternOf({ find }: Mutant): RegExp {
  const words = find.split(/\s+/).map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(words.join('\\s+'))
}

function notFound({ file, find }: Mutant): Error {
  const says = 'The guard has moved or is gone: name its new place in test/attacks/.'
  return new Error(`${file} does not say any more: ${find}\n${says}`)
}

const places = new Map<Mutant, string>()
const sources = new Map<string, string>()
const folders = new Map<string, string[]>()

function filesIn(folder: string): string[] {
  const files = folders.get(folder) ?? globSync(`${folder}**/*.ts`, { cwd: fileURLToPath(root) })
  folders.set(folder, files)
  return files
}

function readSource(file: string): string {
  const text = sources.get(file) ?? readFileSync(new URL(file, root), 'utf8')
  sources.set(file, text)
  return text
}
