/** What a value of each option has to look like, and how one that does not is told. */

import { z } from 'zod'
import { consoleTokenPattern } from '../console/api.ts'
import { hostedClaude } from '../oauth/claude.ts'
import type { ScopeDefinition } from '../oauth/scope.ts'
import { decodeBase64Url } from '../platform/crypto.ts'
import { readIpRange } from '../platform/request-source.ts'
import { isSecureOrLoopback, parseUrl } from '../platform/url.ts'
import { isPostgresUrl } from '../storage/postgres/url.ts'
import { isColour } from '../ui/brand.ts'
import type { OptionName } from './config.ts'
import { connectorPathFault } from './connector-path.ts'
import type { OptionDefinition } from './option-definitions.ts'
import type { Given, OptionProblem } from './option-sources.ts'
import { claudePreset } from './sources.ts'
import { isSecureUrl } from './trusted-issuers.ts'

export interface ReadValues {
  given: Map<OptionName, Given>
  /** Given, and told as a problem. */
  failed: Set<OptionName>
}

/** Of each definition the value that `find` finds, as it is used from here on. */
export function readValues(
  definitions: readonly OptionDefinition[],
  find: (definition: OptionDefinition) => Given | undefined,
  problems: OptionProblem[],
): ReadValues {
  const read: ReadValues = { given: new Map(), failed: new Set() }
  for (const definition of definitions) {
    const found = find(definition)
    if (found === undefined) continue
    const result = optionValues[definition.name]().safeParse(found.value)
    if (result.success) read.given.set(definition.name, { ...found, value: result.data })
    else {
      read.failed.add(definition.name)
      problems.push({ at: found.at, says: faultOf(definition, found.value) })
    }
  }
  return read
}

export const maximumNameLength = 80

/** A flag and a variable are text; a file has types of its own. Both end in the same value. Each is made when its option is given: making all costs more than reading a few. */
const optionValues: Readonly<Record<OptionName, () => z.ZodType>> = {
  command: () =>
    z.union([z.array(z.string()), z.string().transform(readCommandText)]).pipe(z.array(z.string()).min(1)),
  upstream: () => z.string().refine((text) => /^https?:$/.test(parseUrl(text)?.protocol ?? '')),
  upstreamHeader: () => listOf(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+=[A-Za-z_][A-Za-z0-9_]*$/)),
  env: () => listOf(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/)),
  cwd: () => z.string().min(1),
  // What is in it is read with places of its own.
  credential: () => z.looseObject({ kind: z.string() }),
  name: () => z.string().trim().min(1).max(maximumNameLength),
  path: () => z.string().refine((path) => connectorPathFault(path) === undefined),
  access: () => z.enum(['oauth', 'lazy', 'none']),
  publicTools: () =>
    listOf(toolName())
      .refine((names) => !names.includes('read-only') || names.length === 1)
      .transform((names) => (names[0] === 'read-only' ? 'read-only' : names)),
  hiddenTools: () => listOf(toolName()),
  policy: () => z.array(policyRule()).max(100),
  signInForm: () => z.enum(['http', 'in-band', 'by-client']),
  people: () => listOf(z.string().trim().min(1).max(64)),
  clients: () => z.enum(['any', 'own']),
  proofOfPossession: () => z.enum(['offered', 'required']),
  icon: () => z.string().regex(/\.(?:svg|png|webp|jpe?g)$/i),
  scopes: () =>
    z
      .array(scopeDefinition())
      .min(1)
      .max(20)
      .refine((scopes) => scopes.some(({ optional }) => !optional))
      .refine((scopes) => new Set(scopes.map(({ name }) => name)).size === scopes.length),
  // What is in them is read one by one, so that each problem has its place.
  connectors: () => z.array(z.unknown()).min(1).max(1000),
  // What is in it is read with places of its own.
  identity: () =>
    z
      .array(z.looseObject({ kind: z.string() }))
      .min(1)
      .max(20),
  defaultConnector: () => z.string().trim().min(1).max(maximumNameLength),
  tenants: () =>
    z.union([z.record(z.string(), z.unknown()), z.custom((value) => typeof value === 'function')]),
  port: () => wholeNumber(0, 65_535),
  host: () => z.string().regex(/^[A-Za-z0-9.:_-]+$/),
  publicUrl: () => z.string().transform(readOrigin).pipe(z.string()),
  tunnel: () => yesOrNo(),
  trustedHost: () => listOf(z.string().regex(/^[A-Za-z0-9._-]+(?::\d+)?$|^\[[0-9A-Fa-f:]+\](?::\d+)?$/)),
  siteName: () => z.string().trim().min(1).max(60),
  siteLogo: () => z.string().regex(/\.(?:svg|png|webp|jpe?g)$/i),
  siteColour: () => z.string().refine(isColour),
  data: () => z.string().min(1),
  database: () => z.string().refine((text) => isPostgresUrl(text) && parseUrl(text) !== undefined),
  internalListen: () =>
    z
      .string()
      .regex(/^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):[1-9]\d{0,4}$/)
      .refine((text) => !/^(?:0\.0\.0\.0|\[::\]):/.test(text)),
  masterKey: () =>
    z
      .string()
      .transform((text) => text.split(',').map((key) => decodeBase64Url(key.trim().replace(/=+$/, ''))))
      .refine((keys) => keys.length <= 2 && keys.every((bytes) => bytes?.length === 32)),
  registration: () => yesOrNo(),
  metadataDocuments: () => yesOrNo(),
  preRegistered: () => yesOrNo(),
  invitedOnly: () => yesOrNo(),
  allowRedirect: () =>
    listOf(z.string().regex(/^(?:(?:\*\.)?[A-Za-z0-9._-]+(?::\d+)?|\[::1\]|[A-Za-z][A-Za-z0-9+.-]*:)$/)),
  allowClientName: () => listOf(z.string().trim().min(1).max(200)),
  tokenEndpointAudience: () => yesOrNo(),
  allowSource: () =>
    listOf(z.string().refine((text) => text === claudePreset || readIpRange(text) !== undefined)),
  trustedProxy: () => listOf(z.string().refine((text) => readIpRange(text) !== undefined)),
  trustIssuer: () => listOf(z.string().refine(isSecureUrl)),
  unprovenClient: () =>
    listOf(
      z
        .string()
        .trim()
        .min(1)
        .max(500)
        .transform((id) => (id === 'claude' ? hostedClaude : id)),
    ),
  rateLimits: () => yesOrNo(),
  accessTokens: () => z.enum(['opaque', 'jwt']),
  accessTokenMinutes: () => wholeNumber(1, 1440),
  refreshTokenDays: () => wholeNumber(1, 3650),
  console: () => yesOrNo(),
  consoleToken: () => z.string().regex(consoleTokenPattern),
  metricsListen: () =>
    z
      .union([z.string(), z.number().transform(String)])
      .transform(readListenAddress)
      .pipe(z.object({ host: z.string(), port: z.number() })),
  logFormat: () => z.enum(['pretty', 'json']),
  logLevel: () => z.enum(['error', 'warn', 'info', 'debug']),
  config: () => z.string().min(1),
}

function toolName(): z.ZodType<string, string> {
  return z.string().trim().min(1).max(200)
}

function scopeDefinition(): z.ZodType<ScopeDefinition> {
  return z.strictObject({
    name: z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,80}$/),
    label: z.string().trim().min(1).max(80),
    explanation: z.string().trim().max(300),
    optional: z.boolean(),
  })
}

function policyRule(): z.ZodType {
  const names = z.array(z.string().min(1).max(1000)).min(1).max(1000)
  const selection = z.strictObject({
    tools: z.union([names, z.enum(['read-only', 'destructive', 'not-destructive'])]).optional(),
    prompts: names.optional(),
    resources: names.optional(),
    methods: names.optional(),
  })
  return z
    .strictObject({
      scopes: names.optional(),
      groups: names.optional(),
      allow: selection.optional(),
      deny: selection.optional(),
    })
    .refine(({ allow, deny }) => allow !== undefined || deny !== undefined)
}

function wholeNumber(least: number, most: number): z.ZodType {
  const written = z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
  return z.union([z.number(), written]).pipe(z.number().int().min(least).max(most))
}

function yesOrNo(): z.ZodType {
  return z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
}

/** A variable holds a list with commas in it. */
function listOf(element: z.ZodType<string, string>): z.ZodType<string[]> {
  const written = z.string().transform((text) => text.split(',').map((part) => part.trim()))
  return z.union([z.array(z.string()), written]).pipe(z.array(element).max(100))
}

/** A variable holds a command as JSON, or as words where none of them has a blank or a quote. */
function readCommandText(text: string): unknown {
  if (!text.trim().startsWith('[')) return /["'\\]/.test(text) ? undefined : text.split(/\s+/).filter(Boolean)
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function readOrigin(text: string): string | undefined {
  const url = parseUrl(text)
  if (url === undefined || url.username !== '' || `${url.pathname}${url.search}${url.hash}` !== '/')
    return undefined
  return isSecureOrLoopback(url) ? url.origin : undefined
}

/** A port alone is one on this machine. */
function readListenAddress(text: string): { host: string; port: number } | undefined {
  const [, host = '127.0.0.1', digits = ''] =
    /^(?:\[?([A-Za-z0-9.:_-]+?)\]?:)?(\d{1,5})$/.exec(text.trim()) ?? []
  const port = Number(digits)
  return digits === '' || port > 65_535 ? undefined : { host, port }
}

/** The end of a sentence that begins with where it stands. */
function faultOf(definition: OptionDefinition, value: unknown): string {
  const { name, expects } = definition
  if (value === true && definition.flag?.includes('<')) return `needs a value: ${expects}`
  // What was pasted there may be the secret itself.
  if (secretOptions.has(name)) return `is not ${expects}`
  if (name === 'env' || name === 'upstreamHeader') return `give ${expects}; a value would be seen by others`
  const shown = JSON.stringify(value, optionsWithSecrets.has(name) ? withoutText : undefined)?.slice(0, 100)
  const hint =
    name === 'port' && typeof value === 'string' && value.startsWith('tcp://')
      ? ' (Kubernetes sets this variable for a service called postern: set enableServiceLinks to false)'
      : ''
  return `${shown} is not ${expects}${hint}`
}

const secretOptions: ReadonlySet<OptionName> = new Set(['masterKey', 'consoleToken', 'database'])

/** They name variables that hold secrets; whoever mistook that wrote the secret there. */
const optionsWithSecrets: ReadonlySet<OptionName> = new Set(['credential', 'identity', 'connectors'])

function withoutText(_: string, member: unknown): unknown {
  return typeof member === 'string' ? '…' : member
}
