/** Which MCP server a connector is put before: a command with its environment, or a URL with its headers, and what it is called with. */

import type { UpstreamCredential } from '../credentials/upstream-credential.ts'
import type { OptionName } from './config.ts'
import type { Given, OptionProblem, OptionSources } from './option-sources.ts'
import { maximumNameLength } from './option-values.ts'
import { readCredential } from './served-credential.ts'

interface CalledUpstream {
  /** What it is called with; undefined where nothing is said of it. */
  readonly credential: UpstreamCredential | undefined
}

export interface CommandUpstream extends CalledUpstream {
  readonly kind: 'command'
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string | undefined
  /** The variables that were named, with the values they have here. */
  readonly environment: Readonly<Record<string, string>>
}

export interface UrlUpstream extends CalledUpstream {
  readonly kind: 'url'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

export type ServedUpstream = CommandUpstream | UrlUpstream

/** Undefined where none was named; that is for the caller to tell. */
export function readUpstream(
  given: ReadonlyMap<OptionName, Given>,
  environment: OptionSources['environment'],
  problems: OptionProblem[],
): ServedUpstream | undefined {
  const url = given.get('upstream')
  const command = given.get('command')
  const chosen = url ?? command
  if (chosen === undefined) return undefined
  const idle = url === undefined ? (['upstreamHeader'] as const) : (['env', 'cwd'] as const)
  for (const name of idle) {
    const found = given.get(name)
    if (found === undefined || found.weight < chosen.weight) continue
    const says =
      url === undefined ? 'is for --upstream; a command takes --env' : 'is for a command, not for --upstream'
    problems.push({ at: found.at, says })
  }
  if (url !== undefined) {
    const headers = readHeaders(given.get('upstreamHeader'), environment, problems)
    const credential = readCredential(given.get('credential'), 'url', environment, problems)
    return { kind: 'url', url: url.value as string, headers, credential }
  }
  const [program = '', ...args] = chosen.value as string[]
  return {
    kind: 'command',
    command: program,
    args,
    cwd: given.get('cwd')?.value as string | undefined,
    environment: readNamedVariables(given.get('env'), environment, problems),
    credential: readCredential(given.get('credential'), 'command', environment, problems),
  }
}

function readHeaders(
  given: Given | undefined,
  environment: OptionSources['environment'],
  problems: OptionProblem[],
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const pair of (given?.value ?? []) as string[]) {
    const [header = '', variable = ''] = pair.split('=')
    const value = environment[variable]
    if (value === undefined || value === '') {
      problems.push({ at: given?.at ?? '', says: `names ${variable}, which is not set in this environment` })
    } else if (ownHeaders.test(header)) {
      problems.push({
        at: given?.at ?? '',
        says: `${header} is a header of the protocol, and set by Postern`,
      })
    } else if (/[\r\n\0]/.test(value)) {
      problems.push({ at: given?.at ?? '', says: `names ${variable}, which holds a line break` })
    } else headers[header] = value
  }
  return headers
}

/** Set by the transport itself; a fixed value would break every exchange. */
const ownHeaders =
  /^(?:host|connection|content-length|content-type|transfer-encoding|accept|te|upgrade|mcp-.*|last-event-id)$/i

function readNamedVariables(
  given: Given | undefined,
  environment: OptionSources['environment'],
  problems: OptionProblem[],
): Record<string, string> {
  const named: Record<string, string> = {}
  for (const name of (given?.value ?? []) as string[]) {
    const value = environment[name]
    if (/^POSTERN_/i.test(name)) {
      problems.push({ at: given?.at ?? '', says: `names ${name}; variables of Postern are never handed on` })
    } else if (value === undefined) {
      problems.push({ at: given?.at ?? '', says: `names ${name}, which is not set in this environment` })
    } else named[name] = value
  }
  return named
}

/** What people would call the server: its package, its script, or its host. */
export function defaultName(upstream: ServedUpstream): string {
  if (upstream.kind === 'url') return new URL(upstream.url).hostname.slice(0, maximumNameLength)
  const words = [upstream.command, ...upstream.args].filter((word) =>
    /^[\w@.~/\\:][\w@.~/\\:+-]*$/.test(word),
  )
  const inPackage = words.map(packageOf).find((name) => name !== undefined)
  const word = inPackage ?? words.find((candidate) => !launchers.test(candidate)) ?? ''
  const own = word.split(/[\\/]/).findLast((part) => !nondescript.test(part)) ?? 'mcp-server'
  const bare = own.replace(/(?<=.)@[\w.^~-]+$/, '').replace(/\.(?:[cm]?[jt]s|py|sh|exe)$/, '')
  return bare.slice(0, maximumNameLength)
}

/** Names of files and folders that every project has. */
const nondescript = /^(?:|\.|\.\.|(?:index|main|server|start|run|dist|build|src|lib|bin)(?:\.\w+)?)$/

/** Programs that start other programs, and the names of variables for them; the server is among what follows. */
const launchers =
  /^(?:(?:.*\/)?(?:npx|npm|pnpm|yarn|bunx?|deno|node|tsx|uvx?|pipx|python\d?(?:\.\d+)?|run|exec|dlx|tool|docker|podman|sh|bash|env)(?:\.exe)?|[A-Z][A-Z0-9_]*(?:=.*)?)$/

/** `node_modules/@scope/name/…` and `@scope/name` both name a package. */
function packageOf(word: string): string | undefined {
  const inModules = /node_modules\/(?:@[^/]+\/)?([^/]+)/.exec(word)
  return inModules?.[1] ?? /^@[^/]+\/([^/]+)$/.exec(word)?.[1]
}
