/** Members of the config file that have members of their own, read by a schema. Of secrets they name environment variables, which hold them. */

import { z } from 'zod'
import type { OptionProblem, OptionSources } from './option-sources.ts'

/** Undefined where it is of no use; then problems say why. `Config` is what the schema describes. */
export function readMember<Config>(
  schema: z.ZodType,
  value: unknown,
  place: string,
  problems: OptionProblem[],
): Config | undefined {
  const read = schema.safeParse(value)
  // zod cannot know that an optional member may also be undefined here.
  if (read.success) return read.data as Config
  for (const { path, message } of read.error.issues)
    problems.push({ at: [place, ...path.map(String)].join('.'), says: message })
  return undefined
}

/** Made when something is said of it: making it costs every start more than reading one. */
export function variableName(): z.ZodString {
  const says = 'must be the name of an environment variable that holds the secret'
  return z.string({ error: says }).regex(/^[A-Za-z_][A-Za-z0-9_]*$/, says)
}

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
