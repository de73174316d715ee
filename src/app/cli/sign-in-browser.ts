/** Who signs in where a command is run: a browser by its name, with a test account of the environment or the steps of a file. */

import { readFileSync } from 'node:fs'
import type { Browser } from '../../client/browser.ts'
import { createFetchBrowser, type Login } from '../../client/browser-fetch.ts'
import { createHeadlessBrowser } from '../../client/browser-headless-node.ts'
import { createSystemBrowser } from '../../client/browser-system-node.ts'
import { type LoginStep, readLoginScript } from '../../client/login-script.ts'
import type { MayBePrivate } from '../../client/private-hosts.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What is typed for the person. */
export interface Typist {
  login: Login | undefined
  script: readonly LoginStep[] | undefined
}

/** Throws `TypeError` for an account or a script that cannot be used. */
export function readTypist(loginScript: string | undefined, env: Environment): Typist {
  return { login: readLogin(env.POSTERN_LOGIN), script: readLoginScriptFile(loginScript, env) }
}

export interface BrowserSurroundings extends Typist {
  mayBePrivate: MayBePrivate
  /** A line beside the results. */
  tell(line: string): void
}

export function createBrowser(
  name: Browser['name'],
  { login, mayBePrivate, script, tell }: BrowserSurroundings,
): Browser {
  if (name === 'fetch') return createFetchBrowser(login)
  if (name === 'headless')
    return createHeadlessBrowser({ login, script, patienceSeconds: pagePatienceSeconds, mayBePrivate })
  return createSystemBrowser({
    patienceSeconds: personPatienceSeconds,
    announce: (address) => tell(`Sign in here, if no browser comes up:\n  ${address}`),
  })
}

/** For a sign-in in which nobody has to think. */
export const pagePatienceSeconds = 60
/** A person may have to look for a password first. */
const personPatienceSeconds = 600

/** Undefined when there is none. */
function readLoginScriptFile(path: string | undefined, env: Environment): LoginStep[] | undefined {
  if (path === undefined) return undefined
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new TypeError(`${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
  try {
    return readLoginScript(text, env)
  } catch (cause) {
    throw new TypeError(`${path}, ${(cause as Error).message}`, { cause })
  }
}

/** The password may hold colons; the user name may not. */
function readLogin(text: string | undefined): Login | undefined {
  if (text === undefined || text === '') return undefined
  const colon = text.indexOf(':')
  if (colon < 1) throw new TypeError('POSTERN_LOGIN has the form user:password')
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}
