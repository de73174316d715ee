/** Tool arguments that are mirrored into headers, for whoever stands between client and server (MCP 2026-07-28, `x-mcp-header`). */

/** An argument, by its path through `properties`, and the header that carries it. */
export interface MirroredParameter {
  path: readonly string[]
  header: string
}

/** What one tool's schema asks for; a fault makes the tool unusable, and that tool alone (HTTP-2026-07-28-19). */
export type MirroredParameters = { parameters: readonly MirroredParameter[] } | { fault: string }

/** Never throws. */
export function readMirroredParameters(inputSchema: unknown): MirroredParameters {
  const parameters: MirroredParameter[] = []
  const fault = visit(inputSchema, [], true, parameters, 0)
  return fault === undefined ? { parameters } : { fault }
}

/** The headers for one call; a value that is null, absent or no primitive has none. */
export function mirroredHeaders(
  parameters: readonly MirroredParameter[],
  callArguments: unknown,
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const { path, header } of parameters) {
    const text = primitiveText(path.reduce(memberOf, callArguments))
    if (text !== undefined) headers[`Mcp-Param-${header}`] = formatMirroredValue(text)
  }
  return headers
}

/** HTTP-2026-07-28-18: as it is where a header can carry it unchanged, else `=?base64?…?=`; so also what already looks like that. */
export function formatMirroredValue(text: string): string {
  const isPlain = /^[\x20-\x7e\t]+$/.test(text) && text.trim() === text
  if (isPlain && !/^=\?base64\?.*\?=$/.test(text)) return text
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return `=?base64?${btoa(binary)}?=`
}

const mark = 'x-mcp-header'

/** RFC 9110 §5.6.2. */
const token = /^[!#$%&'*+.^_`|~\w-]+$/

const mirroredTypes: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean'])

/** Below these a property is not there for every value, so that no header could be promised for it. */
const conditionalKeywords = [
  'items',
  'prefixItems',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'propertyNames',
  'oneOf',
  'anyOf',
  'allOf',
  'not',
  'if',
  'then',
  'else',
] as const
const namedSchemaKeywords = ['patternProperties', 'dependentSchemas', '$defs', 'definitions'] as const

/** A schema nested deeper than this is made to be read for ever. */
const maximumDepth = 64

function visit(
  node: unknown,
  path: readonly string[],
  isReachable: boolean,
  found: MirroredParameter[],
  depth: number,
): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  if (depth > maximumDepth) return `the schema is nested deeper than ${maximumDepth} levels`
  const schema = node as Record<string, unknown>
  const fault = mark in schema ? note(schema, path, isReachable, found) : undefined
  if (fault !== undefined) return fault
  for (const [name, child] of Object.entries(objectOf(schema.properties))) {
    const below = visit(child, [...path, name], isReachable, found, depth + 1)
    if (below !== undefined) return below
  }
  const conditional = [
    ...conditionalKeywords.flatMap((keyword) => schema[keyword] ?? []),
    ...namedSchemaKeywords.flatMap((keyword) => Object.values(objectOf(schema[keyword]))),
  ]
  for (const child of conditional) {
    const below = visit(child, path, false, found, depth + 1)
    if (below !== undefined) return below
  }
  return undefined
}

function note(
  schema: Record<string, unknown>,
  path: readonly string[],
  isReachable: boolean,
  found: MirroredParameter[],
): string | undefined {
  const header = schema[mark]
  const where = path.join('.')
  if (!isReachable || path.length === 0)
    return `${mark} at ${JSON.stringify(where)} is not reached through properties alone`
  if (typeof header !== 'string' || !token.test(header)) return `${mark} of ${where} is no header name`
  if (!mirroredTypes.has(schema.type)) return `${mark} of ${where} is not on a string, integer or boolean`
  if (found.some((other) => other.header.toLowerCase() === header.toLowerCase())) {
    return `${mark} ${header} is there twice`
  }
  found.push({ path, header })
  return undefined
}

function primitiveText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  return Number.isSafeInteger(value) ? String(value) : undefined
}

function memberOf(value: unknown, name: string): unknown {
  return objectOf(value)[name]
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}
