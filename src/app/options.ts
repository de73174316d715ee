/** What an operator can set: one table, read from flags, environment and file (in that order of weight), all problems told at once. */

import { z } from 'zod'
import { decodeBase64Url } from '../platform/crypto.ts'
import { readIpRange } from '../platform/request-source.ts'
import { isLoopbackHost, parseUrl } from '../platform/url.ts'
import { connectorPathFault } from './connector-path.ts'
import { claudePreset } from './sources.ts'

/** What `postern serve` runs with. Frozen, with nothing left to decide. */
export interface Options {
  readonly upstream: CommandUpstream | UrlUpstream
  readonly name: string
  readonly path: string
  readonly access: 'oauth' | 'none'
  readonly port: number
  /** Undefined: 127.0.0.1 and ::1. */
  readonly host: string | undefined
  readonly publicUrl: string | undefined
  readonly tunnel: boolean
  readonly trustedHosts: readonly string[]
  readonly data: string
  readonly masterKey: Uint8Array | undefined
  readonly registration: boolean
  readonly metadataDocuments: boolean
  readonly preRegistered: boolean
  readonly invitedOnly: boolean
  /** Undefined: any. */
  readonly allowedRedirects: readonly string[] | undefined
  /** Undefined: any. */
  readonly allowedClientNames: readonly string[] | undefined
  readonly tokenEndpointAudience: boolean
  /** Undefined: all. */
  readonly allowedSources: readonly string[] | undefined
  readonly trustedProxies: readonly string[]
  readonly rateLimits: boolean
  readonly accessTokens: 'opaque' | 'jwt'
  readonly accessTokenSeconds: number
  readonly refreshTokenSeconds: number
  /** Undefined: pretty on a terminal, json elsewhere. */
  readonly logFormat: 'pretty' | 'json' | undefined
  readonly logLevel: LogLevel
}

export interface CommandUpstream {
  readonly kind: 'command'
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string | undefined
  /** The variables that were named, with the values they have here. */
  readonly environment: Readonly<Record<string, string>>
}

export interface UrlUpstream {
  readonly kind: 'url'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

/** What `postern.config.ts` exports by default, and `postern.config.json` holds. */
export interface ConfigFile {
  command?: readonly string[]
  upstream?: string
  upstreamHeader?: readonly string[]
  env?: readonly string[]
  cwd?: string
  name?: string
  path?: string
  access?: 'oauth' | 'none'
  port?: number
  host?: string
  publicUrl?: string
  tunnel?: boolean
  trustedHost?: readonly string[]
  data?: string
  registration?: boolean
  metadataDocuments?: boolean
  preRegistered?: boolean
  invitedOnly?: boolean
  allowRedirect?: readonly string[]
  allowClientName?: readonly string[]
  tokenEndpointAudience?: boolean
  allowSource?: readonly string[]
  trustedProxy?: readonly string[]
  rateLimits?: boolean
  accessTokens?: 'opaque' | 'jwt'
  accessTokenMinutes?: number
  refreshTokenDays?: number
  logFormat?: 'pretty' | 'json'
  logLevel?: LogLevel
}

type OptionName = keyof ConfigFile | 'config' | 'masterKey'

export interface OptionDefinition {
  /** As `postern.config.ts` writes it. */
  readonly name: OptionName
  readonly group: OptionGroup
  /** Undefined where a flag would show a secret to everybody on the machine, or where `--` says it. */
  readonly flag: string | undefined
  readonly environment: string | undefined
  readonly inFile: boolean
  readonly repeatable: boolean
  /** Completes the sentence "this is not …", and says the unit. */
  readonly expects: string
  /** In words, where it is not a value. */
  readonly default: string
  readonly purpose: string
  readonly consequence: string
}

export type OptionGroup =
  | 'The MCP server behind the door'
  | 'The address of the door'
  | 'Who may come in'
  | 'Records and logs'

export const optionDefinitions: readonly OptionDefinition[] = [
  {
    ...inEverySource('command', 'The MCP server behind the door', undefined),
    expects: 'a list of words: a program and its arguments',
    default: 'none; this or --upstream is required',
    purpose: 'The command that starts your MCP server on stdio. On the command line it stands after `--`.',
    consequence:
      'Runs as the user that runs Postern, one process for each person and client, with only PATH, HOME, LANG, TMPDIR and what --env names in its environment.',
  },
  {
    ...inEverySource('upstream', 'The MCP server behind the door', '--upstream <url>'),
    expects: 'an http or https URL, such as http://127.0.0.1:3000/mcp',
    default: 'none; this or a command is required',
    purpose: 'The URL of an MCP server that runs already (Streamable HTTP).',
    consequence: "Callers' tokens are never sent there; use --upstream-header if it wants a credential.",
  },
  {
    ...inEverySource('upstreamHeader', 'The MCP server behind the door', '--upstream-header <name=var>'),
    repeatable: true,
    expects:
      'a header and the environment variable that holds its value, such as Authorization=UPSTREAM_AUTH',
    default: 'none',
    purpose: 'A header for every request to --upstream. The value is read from the variable that you name.',
    consequence:
      'The secret stays out of the process list and of files. Everybody who may use the connector acts with it.',
  },
  {
    ...inEverySource('env', 'The MCP server behind the door', '--env <name>'),
    repeatable: true,
    expects: 'the name of an environment variable, without its value',
    default: 'none',
    purpose: 'A variable to hand on to the command, by name.',
    consequence:
      'The command, and every tool in it, can read its value. A variable that begins with POSTERN_ is never handed on.',
  },
  {
    ...inEverySource('cwd', 'The MCP server behind the door', '--cwd <directory>'),
    expects: 'a directory',
    default: 'the directory Postern was started in',
    purpose: 'The directory that the command runs in.',
    consequence: "Relative paths in the command's arguments mean something else.",
  },
  {
    ...inEverySource('name', 'The MCP server behind the door', '--name <name>'),
    expects: 'a name of 1 to 80 characters',
    default: 'taken from the command or URL',
    purpose: 'What people are asked to allow: the name on the consent page, and in `claude mcp add`.',
    consequence: 'Seen at the next consent. Connections stay as they are.',
  },
  {
    ...inEverySource('port', 'The address of the door', '--port <n>'),
    expects: 'a whole number from 0 to 65535 (0 takes a free one)',
    default: '8787',
    purpose: 'The port to listen on.',
    consequence:
      'Without --public-url the port is part of the connector URL, so clients have to add the connector again.',
  },
  {
    ...inEverySource('host', 'The address of the door', '--host <address>'),
    expects: 'an address of this machine, such as 0.0.0.0',
    default: '127.0.0.1 and ::1',
    purpose: 'The address to listen on.',
    consequence:
      'Anything but loopback lets other machines connect without TLS; put a proxy that speaks https before it.',
  },
  {
    ...inEverySource('publicUrl', 'The address of the door', '--public-url <url>'),
    expects: 'an https origin without a path, such as https://mcp.example.com (http only for localhost)',
    default: 'http://localhost:PORT',
    purpose: 'The origin under which clients reach Postern: issuer, resource and links are made from it.',
    consequence:
      'A new origin is a new issuer: every connector has to be added again, and everybody signs in again.',
  },
  {
    ...inEverySource('path', 'The address of the door', '--path <path>'),
    expects:
      'a path such as /mcp, without a trailing slash, and not one of Postern itself such as /oauth or /login',
    default: '/mcp',
    purpose: 'Where the MCP endpoint is.',
    consequence: 'Part of the connector URL: clients have to add the connector again, and tokens end.',
  },
  {
    ...inEverySource('tunnel', 'The address of the door', '--tunnel'),
    expects: 'true or false',
    default: 'false',
    purpose: 'Starts an installed cloudflared and uses the https URL that it is given.',
    consequence:
      'Reachable from everywhere while it runs. Each run has a new URL, so the connector has to be added again each time.',
  },
  {
    ...inEverySource('trustedHost', 'The address of the door', '--trusted-host <name>'),
    repeatable: true,
    expects: 'a host name, with its port if it has one, such as mcp.internal:8443',
    default: 'none',
    purpose: 'A further name that requests may have in their Host header.',
    consequence:
      'Requests under that name are answered, always with the URLs of --public-url. Other names get 421, against DNS rebinding.',
  },
  {
    ...inEverySource('trustedProxy', 'The address of the door', '--trusted-proxy <range>'),
    repeatable: true,
    expects: 'an address or a range, such as 127.0.0.1 or 10.0.0.0/8',
    default: 'none',
    purpose: 'A proxy whose X-Forwarded-For says where a request comes from.',
    consequence:
      'Whoever can connect from there can claim any address, for --allow-source and for limits. Behind a proxy that is not listed, all requests seem to come from it. Other forwarded headers are never believed.',
  },
  {
    ...inEverySource('access', 'Who may come in', '--access <mode>'),
    expects: 'oauth or none',
    default: 'oauth',
    purpose: 'Whether people sign in and allow each client, or anybody may call.',
    consequence: '`none` lets everybody who reaches the URL use every tool.',
  },
  {
    ...inEverySource('registration', 'Who may come in', '--no-registration'),
    expects: 'true or false',
    default: 'true',
    purpose: 'Whether clients may register themselves (RFC 7591).',
    consequence:
      'Off, only clients with a metadata document or from `postern clients create` connect: claude.ai and Claude Code still do, many others do not. Clients that had registered stop working.',
  },
  {
    ...inEverySource('metadataDocuments', 'Who may come in', '--no-metadata-documents'),
    expects: 'true or false',
    default: 'true',
    purpose: 'Whether clients may identify themselves by the URL of a metadata document.',
    consequence:
      'Off, Postern fetches nothing from clients. claude.ai and Claude Code then register themselves instead.',
  },
  {
    ...inEverySource('preRegistered', 'Who may come in', '--no-pre-registered'),
    expects: 'true or false',
    default: 'true',
    purpose: 'Whether clients made by `postern clients create` may connect.',
    consequence: 'Off, they are refused, but kept for when it is on again.',
  },
  {
    ...inEverySource('invitedOnly', 'Who may come in', '--invited-only'),
    expects: 'true or false',
    default: 'false',
    purpose: 'Whether clients that register themselves need a token from `postern clients invite`.',
    consequence:
      'On, a registration without one is refused with 401. claude.ai and Claude Code still come in by their metadata documents; they cannot send such a token.',
  },
  {
    ...inEverySource('allowRedirect', 'Who may come in', '--allow-redirect <host>'),
    repeatable: true,
    expects:
      "a host such as claude.ai or *.example.com, localhost for programs on people's own devices, or a scheme such as cursor:",
    default: 'any',
    purpose: 'Where answers of clients that come by themselves may go.',
    consequence:
      'Others are refused, also those that connected before. For Claude: claude.ai, claude.com and, for Claude Code, localhost. Clients from `postern clients create` are not judged.',
  },
  {
    ...inEverySource('allowClientName', 'Who may come in', '--allow-client-name <name>'),
    repeatable: true,
    expects: 'a name such as Claude, or the beginning of one such as Claude Code*',
    default: 'any',
    purpose: 'What clients that come by themselves may be called.',
    consequence:
      "A name is the client's own word: this keeps out products that say who they are, and nobody who lies. A client that was forgotten is not brought back.",
  },
  {
    ...inEverySource('tokenEndpointAudience', 'Who may come in', '--token-endpoint-audience'),
    expects: 'true or false',
    default: 'false',
    purpose:
      'Whether a client that signs may name the token endpoint as the audience, instead of the issuer.',
    consequence:
      'For older products. On, an assertion made for this server can be one that another server was tricked into passing on.',
  },
  {
    ...inEverySource('allowSource', 'Who may come in', '--allow-source <range>'),
    repeatable: true,
    expects: 'an address or a range such as 203.0.113.0/24, or anthropic for 160.79.104.0/21',
    default: 'all',
    purpose: 'Where programs may ask from: the MCP endpoint, metadata, registration and tokens.',
    consequence:
      'Others get 403. With anthropic, claude.ai, Desktop and mobile still connect; Claude Code does not, because it asks from the machine it runs on. People may sign in from anywhere. Behind a proxy, list it with --trusted-proxy.',
  },
  {
    ...inEverySource('rateLimits', 'Who may come in', '--no-rate-limits'),
    expects: 'true or false',
    default: 'true',
    purpose: 'Whether floods are answered with 429 and Retry-After.',
    consequence:
      'Off, nothing slows down whoever registers clients without end; the number of records stays bounded. Honest clients never meet the limits, two registrations a second from one address neither.',
  },
  {
    ...inEverySource('accessTokens', 'Who may come in', '--access-tokens <form>'),
    expects: 'opaque or jwt',
    default: 'opaque',
    purpose:
      'What access tokens look like: opaque, or signed so that a resource server elsewhere reads them.',
    consequence:
      'jwt tokens name the person, the client and the scopes to whoever holds one. Here revoking stays immediate; a server that only checks the signature takes them until they expire. Its keys are at /oauth/jwks.',
  },
  {
    ...inEverySource('accessTokenMinutes', 'Who may come in', '--access-token-minutes <n>'),
    expects: 'a whole number of minutes from 1 to 1440',
    default: '60',
    purpose: 'How long an access token is valid. Clients renew it by themselves.',
    consequence:
      'Revoking is immediate whatever this is. Ten or less makes some clients renew twice at once.',
  },
  {
    ...inEverySource('refreshTokenDays', 'Who may come in', '--refresh-token-days <n>'),
    expects: 'a whole number of days from 1 to 3650',
    default: '90',
    purpose: 'How long a connection lives after its last use.',
    consequence: 'A client that was not used for longer has to be allowed again.',
  },
  {
    ...inEverySource('data', 'Records and logs', '--data <directory>'),
    expects: 'a directory that can be written to',
    default: './.postern',
    purpose: 'Where the database (postern.db) and the master key (master.key) are.',
    consequence:
      'Another directory is another Postern, with its own accounts and connections. Back up both files, apart from each other.',
  },
  {
    ...inEverySource('masterKey', 'Records and logs', undefined),
    inFile: false,
    expects: '32 bytes in base64url: 43 characters',
    default: 'the file master.key in the data directory, made at the first start',
    purpose: 'The key that wraps all other keys, for where secrets come from the environment.',
    consequence: 'Without the right key nothing that was issued works, and Postern does not start.',
  },
  {
    ...inEverySource('logFormat', 'Records and logs', '--log-format <format>'),
    expects: 'pretty or json',
    default: 'pretty on a terminal, json elsewhere',
    purpose: 'How events are written to standard error.',
    consequence: 'json is one object for each event, as docs/reference/events.md names them.',
  },
  {
    ...inEverySource('logLevel', 'Records and logs', '--log-level <level>'),
    expects: 'error, warn, info or debug',
    default: 'info',
    purpose: 'The least important event that is written.',
    consequence: 'debug adds every request and what your MCP server prints to its standard error.',
  },
  {
    ...inEverySource('config', 'Records and logs', '--config <file>'),
    inFile: false,
    expects: 'a .ts, .js or .json file',
    default: 'postern.config.ts or postern.config.json in the current directory, if there is one',
    purpose: 'A file with these options by name. Flags outweigh the environment, which outweighs the file.',
    consequence: 'A .ts or .js file is run as a program. Paths in it are relative to the current directory.',
  },
]

/** Where a value stands, for the operator who has to mend it. */
export interface OptionProblem {
  readonly at: string
  readonly says: string
}

/** Everything that is wrong, so that nobody mends one thing to be told of the next. */
export class OptionsError extends Error {
  readonly problems: readonly OptionProblem[]

  constructor(problems: readonly OptionProblem[]) {
    super(problems.map(({ at, says }) => `${at}: ${says}`).join('\n'))
    this.name = 'OptionsError'
    this.problems = problems
  }
}

export interface OptionSources {
  /** By name. `true` for a flag that came without its value. */
  readonly flags: Readonly<Record<string, unknown>>
  /** What was on the command line and is no flag of ours. */
  readonly strays: readonly string[]
  /** What came after `--`. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly file: { readonly name: string; readonly content: unknown } | undefined
}

/** Reads what was given and leaves it as it is. Throws `OptionsError` with every problem. */
export function readOptions(sources: OptionSources): Options {
  const problems: OptionProblem[] = [...nameProblems(sources)]
  const given = new Map<OptionName, Given>()
  for (const definition of optionDefinitions) {
    const found = findGiven(definition, sources)
    if (found === undefined) continue
    const read = schemas[definition.name].safeParse(found.value)
    if (read.success) given.set(definition.name, { ...found, value: read.data })
    else problems.push({ at: found.at, says: faultOf(definition, found.value) })
  }
  settle(given, 'command', 'upstream', problems, 'name one MCP server: either a command or a URL')
  settle(given, 'tunnel', 'publicUrl', problems, 'a tunnel brings its own public URL; use one of the two')

  const value = <T>(name: OptionName, otherwise: T): T =>
    (given.get(name)?.value as T | undefined) ?? otherwise
  const upstream = readUpstream(given, sources, problems)
  const access = value<'oauth' | 'none'>('access', 'oauth')
  const waysIn = ['registration', 'metadataDocuments', 'preRegistered'] as const
  if (access === 'oauth' && waysIn.every((name) => !value<boolean>(name, true))) {
    const says = 'all three ways in are switched off, so that no client could ever connect; leave one on'
    problems.push({ at: '--no-registration, --no-metadata-documents, --no-pre-registered', says })
  }
  // cloudflared asks from this machine, so that without its word nobody would be let in.
  if (value('tunnel', false) && given.has('allowSource') && !given.has('trustedProxy')) {
    const says = 'through a tunnel every request comes from this machine; add --trusted-proxy 127.0.0.1'
    problems.push({ at: `${given.get('allowSource')?.at} and ${given.get('tunnel')?.at}`, says })
  }
  if (value('invitedOnly', false) && !value('registration', true)) {
    const says = 'nobody can use an invitation where registration is switched off; choose one'
    problems.push({ at: `${given.get('invitedOnly')?.at} and ${given.get('registration')?.at}`, says })
  }
  if (problems.length > 0 || upstream === undefined) throw new OptionsError(problems)
  return frozen({
    upstream,
    name: value('name', defaultName(upstream)),
    path: value('path', '/mcp'),
    access,
    port: value('port', defaultPort),
    host: value<string | undefined>('host', undefined),
    publicUrl: value<string | undefined>('publicUrl', undefined),
    tunnel: value('tunnel', false),
    trustedHosts: value<string[]>('trustedHost', []),
    data: value('data', defaultDataDirectory),
    masterKey: value<Uint8Array | undefined>('masterKey', undefined),
    registration: value('registration', true),
    metadataDocuments: value('metadataDocuments', true),
    preRegistered: value('preRegistered', true),
    invitedOnly: value('invitedOnly', false),
    allowedRedirects: value<string[] | undefined>('allowRedirect', undefined),
    allowedClientNames: value<string[] | undefined>('allowClientName', undefined),
    tokenEndpointAudience: value('tokenEndpointAudience', false),
    allowedSources: value<string[] | undefined>('allowSource', undefined),
    trustedProxies: value<string[]>('trustedProxy', []),
    rateLimits: value('rateLimits', true),
    accessTokens: value<'opaque' | 'jwt'>('accessTokens', 'opaque'),
    accessTokenSeconds: value('accessTokenMinutes', 60) * 60,
    refreshTokenSeconds: value('refreshTokenDays', 90) * 86_400,
    logFormat: value<'pretty' | 'json' | undefined>('logFormat', undefined),
    logLevel: value<LogLevel>('logLevel', 'info'),
  })
}

/** For the commands that work on the records of a server and need to know nothing else of it. */
export function readDataOptions(sources: OptionSources): {
  readonly data: string
  readonly masterKey: Uint8Array | undefined
} {
  const problems: OptionProblem[] = []
  const read = (name: 'data' | 'masterKey'): unknown => {
    const definition = optionDefinitions.find((candidate) => candidate.name === name)
    const found = definition === undefined ? undefined : findGiven(definition, sources)
    if (definition === undefined || found === undefined) return undefined
    const result = schemas[name].safeParse(found.value)
    if (!result.success) problems.push({ at: found.at, says: faultOf(definition, found.value) })
    return result.data
  }
  const data = (read('data') as string | undefined) ?? defaultDataDirectory
  const masterKey = read('masterKey') as Uint8Array | undefined
  if (problems.length > 0) throw new OptionsError(problems)
  return Object.freeze({ data, masterKey })
}

/** The word of the list that was probably meant: at most two slips, or one in a short word. */
export function findSimilar(word: string, known: readonly string[]): string | undefined {
  const folded = word.toLowerCase()
  const ranked = known
    .map((candidate) => ({ candidate, slips: slipsBetween(folded, candidate.toLowerCase()) }))
    .sort((one, other) => one.slips - other.slips)
  const best = ranked[0]
  return best !== undefined && best.slips <= (folded.length < 6 ? 1 : 2) ? best.candidate : undefined
}

const defaultPort = 8787
const maximumNameLength = 80
const defaultDataDirectory = './.postern'

function inEverySource(
  name: OptionName,
  group: OptionGroup,
  flag: string | undefined,
): Pick<OptionDefinition, 'name' | 'group' | 'flag' | 'environment' | 'inFile' | 'repeatable'> {
  const environment = `POSTERN_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
  return { name, group, flag, environment, inFile: true, repeatable: false }
}

/** A flag and a variable are text; a file has types of its own. Both end in the same value. */
const schemas: Record<OptionName, z.ZodType> = {
  command: z
    .union([z.array(z.string()), z.string().transform(readCommandText)])
    .pipe(z.array(z.string()).min(1)),
  upstream: z.string().refine((text) => /^https?:$/.test(parseUrl(text)?.protocol ?? '')),
  upstreamHeader: listOf(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+=[A-Za-z_][A-Za-z0-9_]*$/)),
  env: listOf(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/)),
  cwd: z.string().min(1),
  name: z.string().trim().min(1).max(maximumNameLength),
  path: z.string().refine((path) => connectorPathFault(path) === undefined),
  access: z.enum(['oauth', 'none']),
  port: wholeNumber(0, 65_535),
  host: z.string().regex(/^[A-Za-z0-9.:_-]+$/),
  publicUrl: z.string().transform(readOrigin).pipe(z.string()),
  tunnel: yesOrNo(),
  trustedHost: listOf(z.string().regex(/^[A-Za-z0-9._-]+(?::\d+)?$|^\[[0-9A-Fa-f:]+\](?::\d+)?$/)),
  data: z.string().min(1),
  masterKey: z
    .string()
    .transform((text) => decodeBase64Url(text.trim().replace(/=+$/, '')))
    .refine((bytes) => bytes?.length === 32),
  registration: yesOrNo(),
  metadataDocuments: yesOrNo(),
  preRegistered: yesOrNo(),
  invitedOnly: yesOrNo(),
  allowRedirect: listOf(
    z.string().regex(/^(?:(?:\*\.)?[A-Za-z0-9._-]+(?::\d+)?|\[::1\]|[A-Za-z][A-Za-z0-9+.-]*:)$/),
  ),
  allowClientName: listOf(z.string().trim().min(1).max(200)),
  tokenEndpointAudience: yesOrNo(),
  allowSource: listOf(z.string().refine((text) => text === claudePreset || readIpRange(text) !== undefined)),
  trustedProxy: listOf(z.string().refine((text) => readIpRange(text) !== undefined)),
  rateLimits: yesOrNo(),
  accessTokens: z.enum(['opaque', 'jwt']),
  accessTokenMinutes: wholeNumber(1, 1440),
  refreshTokenDays: wholeNumber(1, 3650),
  logFormat: z.enum(['pretty', 'json']),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']),
  config: z.string().min(1),
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
function listOf(element: z.ZodType<string, string>): z.ZodType {
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
  if (url.protocol === 'https:') return url.origin
  return url.protocol === 'http:' && isLoopbackHost(url.hostname) ? url.origin : undefined
}

interface Given {
  value: unknown
  /** How the operator would point at it: the flag, the variable, or the member of the file. */
  at: string
  /** The greater outweighs the lesser: flag, environment, file. */
  weight: 3 | 2 | 1
}

function findGiven(definition: OptionDefinition, sources: OptionSources): Given | undefined {
  const { name, flag, environment, inFile } = definition
  if (name === 'command' && sources.command.length > 0)
    return { value: [...sources.command], at: '--', weight: 3 }
  const flagValue = flag === undefined ? undefined : sources.flags[name]
  if (flagValue !== undefined) return { value: flagValue, at: flag?.split(' ')[0] ?? name, weight: 3 }
  const text = environment === undefined ? undefined : sources.environment[environment]
  // An empty variable is how compose files and shells write "not set".
  if (environment !== undefined && text !== undefined && text !== '')
    return { value: text, at: environment, weight: 2 }
  const content = sources.file?.content
  const member = inFile && isRecord(content) ? content[name] : undefined
  return member === undefined ? undefined : { value: member, at: `${sources.file?.name}: ${name}`, weight: 1 }
}

function nameProblems({ strays, environment, file }: OptionSources): OptionProblem[] {
  return [...strayProblems(strays), ...variableProblems(environment), ...fileProblems(file)]
}

function strayProblems(strays: readonly string[]): OptionProblem[] {
  const flags = optionDefinitions.flatMap(({ flag }) =>
    flag === undefined ? [] : [flag.split(' ')[0] ?? flag],
  )
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
  const known = optionDefinitions.filter(({ inFile }) => inFile).map(({ name }) => name)
  return Object.keys(file.content)
    .filter((name) => !(known as string[]).includes(name))
    .map((name) => ({ at: `${file.name}: ${name}`, says: unknownMember(name, known) }))
}

function unknownMember(name: string, known: readonly string[]): string {
  if (name === 'masterKey') return 'does not belong into a file; use POSTERN_MASTER_KEY or master.key'
  return `is not an option${suggestion(name, known)}`
}

function suggestion(word: string, known: readonly string[]): string {
  const similar = findSimilar(word, known)
  return similar === undefined ? '' : `; did you mean ${similar}?`
}

function faultOf(definition: OptionDefinition, value: unknown): string {
  const { name, expects } = definition
  if (value === true && definition.flag?.includes('<')) return `needs a value: ${expects}`
  // What was pasted there may be the secret itself.
  if (name === 'masterKey') return `is not ${expects}`
  if (name === 'env' || name === 'upstreamHeader') return `give ${expects}; a value would be seen by others`
  const shown = JSON.stringify(value)?.slice(0, 100)
  const hint =
    name === 'port' && typeof value === 'string' && value.startsWith('tcp://')
      ? ' (Kubernetes sets this variable for a service called postern: set enableServiceLinks to false)'
      : ''
  return `${shown} is not ${expects}${hint}`
}

/** Of two that exclude each other the weightier stands; of two equals neither can. */
function settle(
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

function readUpstream(
  given: ReadonlyMap<OptionName, Given>,
  sources: OptionSources,
  problems: OptionProblem[],
): Options['upstream'] | undefined {
  const url = given.get('upstream')
  const command = given.get('command')
  const chosen = url ?? command
  if (chosen === undefined) {
    const failed = problems.some(({ at }) => /^(?:--|--upstream|POSTERN_COMMAND|POSTERN_UPSTREAM)$/.test(at))
    const misplaced = sources.strays[0] !== undefined && !sources.strays[0].startsWith('-')
    const says =
      'say which MCP server to put behind the door: postern serve -- COMMAND ARGUMENTS, or --upstream URL'
    if (!failed && !misplaced) problems.push({ at: 'MCP server', says })
    return undefined
  }
  const idle = url === undefined ? (['upstreamHeader'] as const) : (['env', 'cwd'] as const)
  for (const name of idle) {
    const found = given.get(name)
    if (found === undefined || found.weight < chosen.weight) continue
    const says =
      url === undefined ? 'is for --upstream; a command takes --env' : 'is for a command, not for --upstream'
    problems.push({ at: found.at, says })
  }
  if (url !== undefined) {
    const headers = readHeaders(given.get('upstreamHeader'), sources.environment, problems)
    return { kind: 'url', url: url.value as string, headers }
  }
  const [program = '', ...args] = chosen.value as string[]
  const environment = readNamedVariables(given.get('env'), sources.environment, problems)
  return {
    kind: 'command',
    command: program,
    args,
    cwd: given.get('cwd')?.value as string | undefined,
    environment,
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
function defaultName(upstream: Options['upstream']): string {
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

/** Insertions, deletions, changes and swaps of neighbours (optimal string alignment). */
function slipsBetween(one: string, other: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const change = one[row - 1] === other[column - 1] ? 0 : 1
      const isSwap = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + change,
        isSwap && row > 1 && column > 1 ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return last[other.length] ?? 0
}

function frozen(options: Options): Options {
  Object.freeze(options.trustedHosts)
  Object.freeze(options.allowedRedirects)
  Object.freeze(options.allowedClientNames)
  Object.freeze(options.allowedSources)
  Object.freeze(options.trustedProxies)
  const { upstream } = options
  if (upstream.kind === 'command') {
    Object.freeze(upstream.args)
    Object.freeze(upstream.environment)
  } else Object.freeze(upstream.headers)
  Object.freeze(upstream)
  return Object.freeze(options)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
