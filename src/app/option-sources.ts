/** Where options come from, which source outweighs which, and names in them that mean nothing. */

import type { OptionName } from './config.ts'
import { type OptionDefinition, optionDefinitions } from './option-definitions.ts'
import { findSimilar } from './similar-word.ts'

/** Where a value stands, for the operator who has to mend it. */
export interface OptionProblem {
  readonly at: string
  readonly says: string
}

export interface OptionSources {
  /** By what commander makes of the flag: `publicTool` for `--public-tool`. `true` for a flag that came without its value. */
  readonly flags: Readonly<Record<string, unknown>>
  /** What was on the command line and is no flag of ours. */
  readonly strays: readonly string[]
  /** What came after `--`. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly file: { readonly name: string; readonly content: unknown } | undefined
}

export interface Given {
  value: unknown
  /** How the operator would point at it: the flag, the variable, or the member of the file. */
  at: string
  /** The greater outweighs the lesser: flag, environment, file. */
  weight: 3 | 2 | 1
}

export function findGiven(definition: OptionDefinition, sources: OptionSources): Given | undefined {
  const { name, flag, environment, inFile } = definition
  if (name === 'command' && sources.command.length > 0)
    return { value: [...sources.command], at: '--', weight: 3 }
  const flagValue = flag === undefined ? undefined : sources.flags[attributeOf(flag)]
  if (flag !== undefined && flagValue !== undefined) return { value: flagValue, at: wordOf(flag), weight: 3 }
  const text = environment === undefined ? undefined : sources.environment[environment]
  // An empty variable is how compose files and shells write "not set".
  if (environment !== undefined && text !== undefined && text !== '')
    return { value: text, at: environment, weight: 2 }
  const content = sources.file?.content
  const member = inFile && isRecord(content) ? content[name] : undefined
  return member === undefined ? undefined : { value: member, at: `${sources.file?.name}: ${name}`, weight: 1 }
}

function wordOf(flag: string): string {
  return flag.split(' ')[0] ?? flag
}

function attributeOf(flag: string): string {
  return wordOf(flag)
    .replace(/^--(?:no-)?/, '')
    .replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Nothing that was written is passed over in silence. */
export function nameProblems({ strays, environment, file }: OptionSources): OptionProblem[] {
  return [...strayProblems(strays), ...variableProblems(environment), ...fileProblems(file)]
}

function strayProblems(strays: readonly string[]): OptionProblem[] {
  const flags = optionDefinitions.flatMap(({ flag }) => (flag === undefined ? [] : [wordOf(flag)]))
  const unknown = strays.filter((word) => word.startsWith('-'))
  // A word after an unknown flag is most likely its value, and mended with it.
  const first = strays[0]
  if (first !== undefined && !first.startsWith('-')) {
    const command = strays.join(' ')
    const says = `write "postern serve -- ${command}": the command of your MCP server comes after two dashes`
    return [{ at: first, says }]
  }
  return unknown.map((word) => {
    const name = word.split('=')[0] ?? word
    if (flags.includes(name)) return { at: name, says: 'is a switch and takes no value' }
    return { at: name, says: `is not an option${suggestion(name, flags)}` }
  })
}

/** Only a slip of the pen is a problem: others own variables of our prefix too (Kubernetes makes POSTERN_SERVICE_HOST for a service called postern). */
function variableProblems(environment: OptionSources['environment']): OptionProblem[] {
  const known = optionDefinitions.flatMap(({ environment: variable }) => variable ?? [])
  return Object.keys(environment)
    .filter((name) => name.startsWith('POSTERN_') && !known.includes(name))
    .filter((name) => findSimilar(name, known) !== undefined)
    .map((name) => ({ at: name, says: `is not a variable of Postern${suggestion(name, known)}` }))
}

function fileProblems(file: OptionSources['file']): OptionProblem[] {
  if (file === undefined) return []
  if (!isRecord(file.content)) {
    return [{ at: file.name, says: 'must hold one object with options (in .ts as its default export)' }]
  }
  return memberProblems(file.content, `${file.name}: `, ['door', 'connector', 'tenant'])
}

/** Members of an object in the file that are no options of what it describes. */
export function memberProblems(
  content: Readonly<Record<string, unknown>>,
  place: string,
  owners: readonly OptionDefinition['belongsTo'][],
): OptionProblem[] {
  const known = optionDefinitions
    .filter(({ inFile, belongsTo }) => inFile && owners.includes(belongsTo))
    .map(({ name }) => name)
  return Object.keys(content)
    .filter((name) => !(known as string[]).includes(name))
    .map((name) => ({ at: place + name, says: unknownMember(name, known) }))
}

function unknownMember(name: string, known: readonly string[]): string {
  if (name === 'masterKey') return 'does not belong into a file; use POSTERN_MASTER_KEY or master.key'
  const elsewhere = optionDefinitions.find((definition) => definition.inFile && definition.name === name)
  if (elsewhere !== undefined) return misplacedMember(elsewhere)
  return `is not an option${suggestion(name, known)}`
}

function misplacedMember({ belongsTo }: OptionDefinition): string {
  if (belongsTo === 'template') return 'belongs into one of the connectors, with {tenant} in its path'
  if (belongsTo === 'tenant') return 'differs between tenants, so it belongs into each of them'
  if (belongsTo === 'connector') return 'is the same for all tenants, so it belongs beside tenants'
  return 'is an option of the whole door, so it belongs beside connectors'
}

function suggestion(word: string, known: readonly string[]): string {
  const similar = findSimilar(word, known)
  return similar === undefined ? '' : `; did you mean ${similar}?`
}

/** Of two that exclude each other the weightier stands; of two equals neither can. */
export function settle(
  given: Map<OptionName, Given>,
  one: OptionName,
  other: OptionName,
  problems: OptionProblem[],
  says: string,
): void {
  const [first, second] = [given.get(one), given.get(other)]
  if (first === undefined || second === undefined || first.value === false) return
  if (first.weight === second.weight) problems.push({ at: `${first.at} and ${second.at}`, says })
  given.delete(first.weight > second.weight ? other : one)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
