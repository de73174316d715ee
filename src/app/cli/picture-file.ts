/** A picture of a connector or an operator, read from its file into a `data:` URL: pages load nothing from elsewhere. */

import { readFileSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { maximumPictureCharacters } from '../../ui/picture.ts'
import type { OptionProblem } from '../options.ts'

/** `at` is where the option was given. */
export function pictureProblems(path: string, at: string): OptionProblem[] {
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined) return [{ at, says: `there is no file ${path}` }]
  return size <= maximumBytes ? [] : [{ at, says: `${path} has more than ${maximumBytes / 1024} KB` }]
}

export function readPicture(path: string): string {
  const type = types[extname(path).toLowerCase()] ?? 'image/png'
  return `data:${type};base64,${readFileSync(path).toString('base64')}`
}

/** Of each three bytes base64 makes four characters. */
const maximumBytes = (maximumPictureCharacters / 4) * 3

const types: Readonly<Record<string, string>> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
}
