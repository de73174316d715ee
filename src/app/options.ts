/** What an operator can set, read from flags, environment and file (in that order of weight), with all problems told at once. */

import { hasPassword } from '../storage/postgres/url.ts'
import type { LogLevel, OptionName } from './config.ts'
import { type OptionDefinition, optionDefinitions } from './option-definitions.ts'
import {
  findGiven,
  type Given,
  nameProblems,
  type OptionProblem,
  type OptionSources,
  settle,
} from './option-sources.ts'
import { readValues } from './option-values.ts'
import { readServed, type Served } from './served-connectors.ts'
import { readIdentity, type ServedIdentity } from './served-identity.ts'

export type { LogLevel } from './config.ts'
export type { OptionProblem, OptionSources } from './option-sources.ts'

/** What `postern serve` runs with. Frozen, with nothing left to decide. */
export interface Options {
  /** One at least. */
  readonly connectors: readonly Served[]
  readonly defaultConnector: string | undefined
  readonly identity: ServedIdentity
  readonly port: number
  /** Undefined: 127.0.0.1 and ::1. */
  readonly host: string | undefined
  readonly publicUrl: string | undefined
  readonly tunnel: boolean
  readonly trustedHosts: readonly string[]
  readonly siteName: string | undefined
  /** A file. */
  readonly siteLogo: string | undefined
  readonly siteColour: string | undefined
  readonly data: string
  /** Undefined: in the data directory. */
  readonly database: string | undefined
  /** Undefined: nothing is passed between instances. */
  readonly internalListen: string | undefined
  /** Undefined: in the data directory. */
  readonly masterKeys: readonly Uint8Array[] | undefined
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
  readonly trustedIssuers: readonly string[]
  readonly unprovenClients: readonly string[]
  readonly trustedProxies: readonly string[]
  readonly rateLimits: boolean
  readonly accessTokenSeconds: number
  readonly refreshTokenSeconds: number
  readonly console: boolean
  readonly consoleToken: string | undefined
  /** Undefined: no metrics. */
  readonly metricsListen: { readonly host: string; readonly port: number } | undefined
  /** Undefined: pretty on a terminal, json elsewhere. */
  readonly logFormat: 'pretty' | 'json' | undefined
  readonly logLevel: LogLevel
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

/** Reads what was given and leaves it as it is. Throws `OptionsError` with every problem. */
export function readOptions(sources: OptionSources): Options {
  const problems: OptionProblem[] = [...nameProblems(sources)]
  const find = (definition: OptionDefinition): ReturnType<typeof findGiven> => findGiven(definition, sources)
  const read = readValues(optionDefinitions, find, problems)
  const { given } = read
  refuseShownPassword(given, problems)
  settle(given, 'command', 'upstream', problems, 'name one MCP server: either a command or a URL')
  for (const name of ['command', 'upstream'] as const)
    settle(given, name, 'connectors', problems, 'each of the connectors has an MCP server of its own')
  settle(given, 'tunnel', 'publicUrl', problems, 'a tunnel brings its own public URL; use one of the two')

  const value = <T>(name: OptionName, otherwise: T): T =>
    (given.get(name)?.value as T | undefined) ?? otherwise
  const [stray] = sources.strays
  const connectors = readServed({
    read,
    environment: sources.environment,
    isServerMisplaced: stray !== undefined && !stray.startsWith('-'),
    problems,
  })
  const identity = readIdentity(given.get('identity'), sources.environment, problems)
  const waysIn = ['registration', 'metadataDocuments', 'preRegistered'] as const
  if (hasSignIn(connectors) && waysIn.every((name) => !value<boolean>(name, true))) {
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
  if (given.has('internalListen') && !given.has('database')) {
    const says = 'means something only where several instances share a database; add --database'
    problems.push({ at: given.get('internalListen')?.at ?? '', says })
  }
  if (given.has('unprovenClient') && !given.has('trustIssuer')) {
    const says = 'means something only where an issuer is trusted; add --trust-issuer'
    problems.push({ at: given.get('unprovenClient')?.at ?? '', says })
  }
  if (given.has('consoleToken') && !value('console', false)) {
    const says = 'opens nothing without the console; add --console'
    problems.push({ at: given.get('consoleToken')?.at ?? '', says })
  }
  if (problems.length > 0) throw new OptionsError(problems)
  return frozen({
    connectors,
    defaultConnector: value<string | undefined>('defaultConnector', undefined),
    identity,
    port: value('port', defaultPort),
    host: value<string | undefined>('host', undefined),
    publicUrl: value<string | undefined>('publicUrl', undefined),
    tunnel: value('tunnel', false),
    trustedHosts: value<string[]>('trustedHost', []),
    siteName: value<string | undefined>('siteName', undefined),
    siteLogo: value<string | undefined>('siteLogo', undefined),
    siteColour: value<string | undefined>('siteColour', undefined),
    data: value('data', defaultDataDirectory),
    database: value<string | undefined>('database', undefined),
    internalListen: value<string | undefined>('internalListen', undefined),
    masterKeys: value<Uint8Array[] | undefined>('masterKey', undefined),
    registration: value('registration', true),
    metadataDocuments: value('metadataDocuments', true),
    preRegistered: value('preRegistered', true),
    invitedOnly: value('invitedOnly', false),
    allowedRedirects: value<string[] | undefined>('allowRedirect', undefined),
    allowedClientNames: value<string[] | undefined>('allowClientName', undefined),
    tokenEndpointAudience: value('tokenEndpointAudience', false),
    allowedSources: value<string[] | undefined>('allowSource', undefined),
    trustedIssuers: [...new Set(value<string[]>('trustIssuer', []))],
    unprovenClients: value<string[]>('unprovenClient', []),
    trustedProxies: value<string[]>('trustedProxy', []),
    rateLimits: value('rateLimits', true),
    accessTokenSeconds: value('accessTokenMinutes', 60) * 60,
    refreshTokenSeconds: value('refreshTokenDays', 90) * 86_400,
    console: value('console', false),
    consoleToken: value<string | undefined>('consoleToken', undefined),
    metricsListen: value<Options['metricsListen']>('metricsListen', undefined),
    logFormat: value<'pretty' | 'json' | undefined>('logFormat', undefined),
    logLevel: value<LogLevel>('logLevel', 'info'),
  })
}

/** For the commands that work on the records of a server and need to know nothing else of it. */
export function readDataOptions(sources: OptionSources): DataOptions {
  const problems: OptionProblem[] = []
  const names: readonly OptionName[] = ['data', 'database', 'masterKey']
  const definitions = optionDefinitions.filter(({ name }) => names.includes(name))
  const { given } = readValues(definitions, (definition) => findGiven(definition, sources), problems)
  refuseShownPassword(given, problems)
  const data = (given.get('data')?.value as string | undefined) ?? defaultDataDirectory
  const database = given.get('database')?.value as string | undefined
  const masterKeys = given.get('masterKey')?.value as Uint8Array[] | undefined
  if (problems.length > 0) throw new OptionsError(problems)
  return Object.freeze({ data, database, masterKeys })
}

export type DataOptions = Pick<Options, 'data' | 'database' | 'masterKeys'>

/** Everybody on the machine sees the words of a command line (house rule 14). */
function refuseShownPassword(given: ReadonlyMap<OptionName, Given>, problems: OptionProblem[]): void {
  const database = given.get('database')
  if (database?.weight !== 3 || !hasPassword(database.value as string)) return
  const says =
    'a password on the command line is seen by everybody on this machine; give the URL in POSTERN_DATABASE, or the password in PGPASSWORD'
  problems.push({ at: database.at, says })
}

const defaultPort = 8787
const defaultDataDirectory = './.postern'

/** True if there is anything to sign in for. */
export function hasSignIn(connectors: readonly Served[]): boolean {
  return connectors.some((one) => one.kind === 'tenants' || one.access !== 'none')
}

/** Whatever is in it, to the last list; what the file itself holds is copied before. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(frozen)
  }
  return value
}
