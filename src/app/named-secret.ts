/** Secrets of the config file: it names environment variables, which hold them. */

import type { OptionSources } from './option-sources.ts'

/** Throws a `TypeError` where the variable is not set. */
export function readNamedSecret(
  member: string,
  variable: string | undefined,
  environment: OptionSources['environment'],
): string | undefined {
  if (variable === undefined) return undefined
  const value = environment[variable]
  if (value !== undefined && value !== '') return value
  throw new TypeError(`${member} names ${variable}, which is not set in this environment`)
}
