/** Finds and reads `postern.config.ts`, `.js` or `.json`; what is in it is judged by options.ts. */

import { existsSync, readFileSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CommandFailure, exitCodes } from './failure.ts'

export interface ConfigContent {
  /** As the operator would name it. */
  name: string
  content: unknown
}

/** Undefined when none was named and none is there. */
export async function findConfigFile(named: string | undefined): Promise<ConfigContent | undefined> {
  if (named !== undefined) {
    if (!existsSync(named)) throw new CommandFailure(`there is no file ${named}`, exitCodes.usage)
    return readConfigFile(named)
  }
  const [first, second] = usualNames.filter((name) => existsSync(name))
  if (first === undefined) return undefined
  if (second !== undefined) {
    const says = `both ${first} and ${second} are here; keep one, or choose one with --config`
    throw new CommandFailure(says, exitCodes.usage)
  }
  return readConfigFile(first)
}

const usualNames = ['postern.config.ts', 'postern.config.js', 'postern.config.json']

async function readConfigFile(name: string): Promise<ConfigContent> {
  try {
    return { name, content: await contentOf(name) }
  } catch (cause) {
    const says = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new CommandFailure(`${name} cannot be read: ${says}`, exitCodes.usage, { cause })
  }
}

async function contentOf(name: string): Promise<unknown> {
  if (extname(name) === '.json') return JSON.parse(readFileSync(name, 'utf8'))
  const module = await import(pathToFileURL(resolve(name)).href)
  return module.default
}
